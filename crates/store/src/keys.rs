//! Wrapped keys as documents, apart from the catalog and its backups.

use std::sync::{Arc, Mutex, PoisonError};

use base::Fault;
use base::id::KeyId;
use base::ports::{Documents, Keys};

use crate::error::StoreError;

const FOLDER: &str = "keys";

/// Wrapped keys, one document each. A key is written once and never replaced.
pub struct LocalKeys {
    documents: Arc<dyn Documents>,
    /// Looking whether an id is free and taking it is one step. There is one process, see the folder's lock.
    putting: Mutex<()>,
}

impl LocalKeys {
    /// Keys among these documents, under `keys/`.
    #[must_use]
    pub fn new(documents: Arc<dyn Documents>) -> Self {
        Self { documents, putting: Mutex::new(()) }
    }
}

fn name(key: KeyId) -> String {
    format!("{FOLDER}/{key}")
}

impl Keys for LocalKeys {
    fn put(&self, key: KeyId, wrapped: &[u8]) -> Result<(), Fault> {
        let _one_at_a_time = self.putting.lock().unwrap_or_else(PoisonError::into_inner);
        match self.documents.read(&name(key))? {
            // Also after a put that failed and may have taken effect: writing it again would leave the first copy on the disk
            // when the key is destroyed. The caller takes a fresh id.
            Some(_) => Err(StoreError::Taken(format!("key `{key}` exists")).into()),
            None => self.documents.replace(&name(key), wrapped),
        }
    }

    fn get(&self, key: KeyId) -> Result<Vec<u8>, Fault> {
        let held = self.documents.read(&name(key))?;
        Ok(held.ok_or_else(|| StoreError::Missing(format!("no key `{key}`")))?)
    }

    fn list(&self) -> Result<Vec<KeyId>, Fault> {
        let names = self.documents.list(FOLDER)?;
        let id = |name: &String| {
            let id = name.rsplit('/').next().and_then(|text| text.parse::<KeyId>().ok());
            Ok(id.ok_or_else(|| StoreError::Corrupt(format!("document `{name}` lies among the keys and is none")))?)
        };
        names.iter().map(id).collect()
    }

    fn destroy(&self, key: KeyId) -> Result<(), Fault> {
        self.documents.remove(&name(key))
    }
}

//! Blobs and documents in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use base::id::BlobId;
use base::ports::{BlobWriter, Blobs, Documents};
use base::{Fault, Kind};
use store::name::check_document_name;

use crate::locked;

/// Documents in memory. Cloning shares them.
#[derive(Clone, Debug, Default)]
pub struct MemoryDocuments {
    held: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
}

impl Documents for MemoryDocuments {
    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, Fault> {
        check_document_name(name)?;
        Ok(locked(&self.held).get(name).cloned())
    }

    fn replace(&self, name: &str, bytes: &[u8]) -> Result<(), Fault> {
        check_document_name(name)?;
        locked(&self.held).insert(name.to_owned(), bytes.to_vec());
        Ok(())
    }

    fn remove(&self, name: &str) -> Result<(), Fault> {
        check_document_name(name)?;
        locked(&self.held).remove(name);
        Ok(())
    }

    fn list(&self, prefix: &str) -> Result<Vec<String>, Fault> {
        check_document_name(prefix)?;
        let below = format!("{prefix}/");
        Ok(locked(&self.held).keys().filter(|name| name.starts_with(&below)).cloned().collect())
    }
}

type Held = Arc<Mutex<BTreeMap<BlobId, Vec<u8>>>>;

/// Blobs in memory. Cloning shares them.
#[derive(Clone, Debug, Default)]
pub struct MemoryBlobs {
    held: Held,
}

struct MemoryBlobWriter {
    held: Held,
    name: BlobId,
}

impl Blobs for MemoryBlobs {
    fn create(&self, name: BlobId) -> Result<Box<dyn BlobWriter>, Fault> {
        let mut held = locked(&self.held);
        if held.contains_key(&name) {
            return Err(Fault::new(Kind::Conflict, format!("creating blob `{name}`")));
        }
        held.insert(name, Vec::new());
        Ok(Box::new(MemoryBlobWriter { held: Arc::clone(&self.held), name }))
    }

    fn read_at(&self, name: BlobId, offset: u64, buffer: &mut [u8]) -> Result<(), Fault> {
        let held = locked(&self.held);
        let fault = |kind| Fault::new(kind, format!("reading blob `{name}`"));
        let blob = held.get(&name).ok_or_else(|| fault(Kind::Missing))?;
        let from = usize::try_from(offset).unwrap_or(usize::MAX);
        let bytes = blob.get(from..).and_then(|rest| rest.get(..buffer.len()));
        buffer.copy_from_slice(bytes.ok_or_else(|| fault(Kind::Corrupt))?);
        Ok(())
    }

    fn delete(&self, name: BlobId) -> Result<(), Fault> {
        locked(&self.held).remove(&name);
        Ok(())
    }

    fn list(&self) -> Result<Vec<BlobId>, Fault> {
        Ok(locked(&self.held).keys().copied().collect())
    }
}

impl BlobWriter for MemoryBlobWriter {
    fn append(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        let mut held = locked(&self.held);
        let gone = || Fault::new(Kind::Unavailable, format!("writing blob `{}`", self.name));
        held.get_mut(&self.name).ok_or_else(gone)?.extend_from_slice(bytes);
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<(), Fault> {
        Ok(())
    }
}

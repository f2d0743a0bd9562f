//! Blobs and documents in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use base::id::BlobId;
use base::ports::{BlobReader, BlobWriter, Blobs, Documents};
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

struct MemoryBlob {
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
        Ok(Box::new(MemoryBlob { held: Arc::clone(&self.held), name }))
    }

    fn open(&self, name: BlobId) -> Result<Box<dyn BlobReader>, Fault> {
        if locked(&self.held).contains_key(&name) {
            Ok(Box::new(MemoryBlob { held: Arc::clone(&self.held), name }))
        } else {
            Err(Fault::new(Kind::Missing, format!("opening blob `{name}`")))
        }
    }

    fn delete(&self, name: BlobId) -> Result<(), Fault> {
        locked(&self.held).remove(&name);
        Ok(())
    }

    fn list(&self) -> Result<Vec<BlobId>, Fault> {
        Ok(locked(&self.held).keys().copied().collect())
    }
}

impl BlobReader for MemoryBlob {
    fn read_at(&self, offset: u64, length: usize, buffer: &mut Vec<u8>) -> Result<(), Fault> {
        let held = locked(&self.held);
        let fault = |kind| Fault::new(kind, format!("reading blob `{}`", self.name));
        let blob = held.get(&self.name).ok_or_else(|| fault(Kind::Missing))?;
        let from = usize::try_from(offset).unwrap_or(usize::MAX);
        let bytes = blob.get(from..).and_then(|rest| rest.get(..length));
        buffer.extend_from_slice(bytes.ok_or_else(|| fault(Kind::Corrupt))?);
        Ok(())
    }
}

impl BlobWriter for MemoryBlob {
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

//! Sealed blobs in local files.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;

use base::Fault;
use base::id::BlobId;
use base::ports::{BlobReader, BlobWriter, Blobs};

use crate::durable::{DiskFile, DiskReader, remove};
use crate::error::{StoreError, during};
use crate::folder::Folder;

/// Blobs are spread over folders named by this many characters of their id: 1024 folders hold a hundred million blobs at a
/// hundred thousand each, which directories of common file systems carry well.
const SPREAD_CHARACTERS: usize = 2;

/// Sealed blobs, one file each. Cloning shares them.
#[derive(Clone)]
pub struct LocalBlobs {
    folder: Arc<Folder>,
}

impl LocalBlobs {
    pub(crate) const fn new(folder: Arc<Folder>) -> Self {
        Self { folder }
    }

    /// The folder a blob lies in.
    fn spread(&self, name: BlobId) -> PathBuf {
        let text = name.to_string();
        let id = text.chars().skip(BlobId::PREFIX.len().saturating_add(1));
        self.folder.blobs().join(id.take(SPREAD_CHARACTERS).collect::<String>())
    }

    fn path(&self, name: BlobId) -> PathBuf {
        self.spread(name).join(name.to_string())
    }
}

struct LocalBlobReader {
    file: Box<dyn DiskReader>,
    name: BlobId,
}

struct LocalBlobWriter {
    folder: Arc<Folder>,
    path: PathBuf,
    file: Box<dyn DiskFile>,
    name: BlobId,
}

impl Blobs for LocalBlobs {
    fn create(&self, name: BlobId) -> Result<Box<dyn BlobWriter>, Fault> {
        let attempt = format!("creating blob `{name}`");
        let path = self.path(name);
        self.folder.ensure(&self.spread(name)).map_err(during(attempt.as_str()))?;
        let file = self.folder.disk.create(&path).map_err(|source| match source.kind() {
            ErrorKind::AlreadyExists => StoreError::Taken(format!("blob `{name}` exists")),
            _ => StoreError::Disk { attempt, source },
        })?;
        Ok(Box::new(LocalBlobWriter { folder: Arc::clone(&self.folder), path, file, name }))
    }

    fn open(&self, name: BlobId) -> Result<Box<dyn BlobReader>, Fault> {
        let file = self.folder.disk.reader(&self.path(name)).map_err(|source| match source.kind() {
            ErrorKind::NotFound => StoreError::Missing(format!("no blob `{name}`")),
            _ => StoreError::Disk { attempt: format!("opening blob `{name}`"), source },
        })?;
        Ok(Box::new(LocalBlobReader { file, name }))
    }

    fn delete(&self, name: BlobId) -> Result<(), Fault> {
        let removed = remove(&*self.folder.disk, &self.path(name));
        Ok(removed.map_err(during(format!("deleting blob `{name}`")))?)
    }

    fn list(&self) -> Result<Vec<BlobId>, Fault> {
        let mut blobs = Vec::new();
        let list = |path: PathBuf| self.folder.disk.list(&path).map_err(during("listing blobs"));
        for spread in list(self.folder.blobs())? {
            if spread.folder {
                let held = list(self.folder.blobs().join(spread.name))?;
                // What is not named like a blob is none of ours, and not ours to sweep.
                blobs.extend(held.iter().filter_map(|entry| entry.name.parse::<BlobId>().ok()));
            }
        }
        Ok(blobs)
    }
}

impl BlobReader for LocalBlobReader {
    fn read_at(&self, offset: u64, length: usize, buffer: &mut Vec<u8>) -> Result<(), Fault> {
        let read = self.file.read_at(offset, length, buffer);
        Ok(read.map_err(|source| match source.kind() {
            ErrorKind::UnexpectedEof => StoreError::Corrupt(format!("blob `{}` is shorter than it must be", self.name)),
            _ => StoreError::Disk { attempt: format!("reading blob `{}`", self.name), source },
        })?)
    }
}

impl BlobWriter for LocalBlobWriter {
    fn append(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        Ok(self.file.append(bytes).map_err(during(format!("writing blob `{}`", self.name)))?)
    }

    fn finish(self: Box<Self>) -> Result<(), Fault> {
        let attempt = format!("flushing blob `{}`", self.name);
        // DURABLE: the bytes are on the disk. A crash before leaves a short or empty file under a name that only an intent
        // knows; the sweep kills the intent and deletes the file.
        self.file.sync().map_err(during(attempt.as_str()))?;
        // DURABLE: the name leads to them. Only now may a version name the blob.
        let folder = self.path.parent().unwrap_or(&self.path);
        Ok(self.folder.disk.sync_folder(folder).map_err(during(attempt))?)
    }
}

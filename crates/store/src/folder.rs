//! The store's folder: who may open it, and what lies where.
//!
//! ```text
//! lock          held by the process that serves the folder
//! blobs/3v/…    sealed bytes, spread over 1024 folders by the first characters of their id
//! documents/…   small named documents: the deployment's id, wrapped keys, tiles, checkpoints
//! fences        one slot for each engagement
//! new/…         files on their way in or out; emptied when the folder is opened
//! ```

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use base::id::DeploymentId;

use crate::blobs::LocalBlobs;
use crate::documents::LocalDocuments;
use crate::durable::{Disk, ensure_folder, erase};
use crate::error::{StoreError, during};
use crate::fences::FenceFile;
use crate::keys::LocalKeys;

const LOCK: &str = "lock";
const BLOBS: &str = "blobs";
const DOCUMENTS: &str = "documents";
const FENCES: &str = "fences";
const NEW: &str = "new";

/// The document that says whose folder it is.
const DEPLOYMENT: &str = "deployment";

/// A folder that this process alone serves, for as long as any part of it is held.
pub(crate) struct Folder {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) root: PathBuf,
    fresh: AtomicU64,
    /// Folders known to be durable. None is ever removed.
    made: Mutex<BTreeSet<PathBuf>>,
    _lock: Box<dyn Send + Sync>,
}

impl Folder {
    /// A path for a file that is not in its place yet. No two are the same in one opening of the folder.
    pub(crate) fn fresh(&self) -> PathBuf {
        self.root.join(NEW).join(self.fresh.fetch_add(1, Ordering::Relaxed).to_string())
    }

    /// The path of a document on its way out; always the same, so that a second attempt finds what the first left.
    pub(crate) fn leaving(&self, name: &str) -> PathBuf {
        self.root.join(NEW).join(name.replace('/', "~"))
    }

    /// Makes a folder durably, unless it is known to be.
    pub(crate) fn ensure(&self, path: &Path) -> std::io::Result<()> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if !made.contains(path) {
            ensure_folder(&*self.disk, path)?;
            made.insert(path.to_owned());
        }
        Ok(())
    }

    pub(crate) fn blobs(&self) -> PathBuf {
        self.root.join(BLOBS)
    }

    pub(crate) fn documents(&self) -> PathBuf {
        self.root.join(DOCUMENTS)
    }
}

/// The parts of a local store.
///
/// Each part holds the folder's lock; it is given up when the last of them is dropped.
pub struct Store {
    folder: Arc<Folder>,
}

impl Store {
    /// Opens the store of a deployment in a folder whose parent exists; an empty one becomes this deployment's.
    ///
    /// # Errors
    /// `Unavailable` when another process serves it or the disk fails; `Invalid` with a remedy when it is another
    /// deployment's.
    pub fn open(disk: Arc<dyn Disk>, root: &Path, deployment: DeploymentId) -> Result<Self, StoreError> {
        let attempt = "opening the store's folder";
        ensure_folder(&*disk, root).map_err(during(attempt))?;
        let lock = disk.lock(&root.join(LOCK)).map_err(during("locking the store's folder"))?;
        let lock = lock.ok_or(StoreError::InUse)?;
        for part in [BLOBS, DOCUMENTS, NEW] {
            ensure_folder(&*disk, &root.join(part)).map_err(during(attempt))?;
        }
        empty_new(&*disk, &root.join(NEW)).map_err(during("removing unfinished files"))?;
        let folder =
            Folder { disk, root: root.to_owned(), fresh: AtomicU64::new(0), made: Mutex::default(), _lock: lock };
        let store = Self { folder: Arc::new(folder) };
        store.check_deployment(deployment)?;
        Ok(store)
    }

    fn check_deployment(&self, expected: DeploymentId) -> Result<(), StoreError> {
        let attempt = "reading whose store this is";
        let Some(bytes) = self.documents().read_document(DEPLOYMENT)? else {
            // Only an empty store may be claimed: one that lost its mark could be anybody's.
            let list = |path: PathBuf| self.folder.disk.list(&path).map_err(during(attempt));
            if !list(self.folder.documents())?.is_empty() || !list(self.folder.blobs())?.is_empty() {
                return Err(StoreError::NoDeployment);
            }
            return self.documents().replace_document(DEPLOYMENT, expected.to_string().as_bytes());
        };
        let found = std::str::from_utf8(&bytes).ok().and_then(|text| text.parse::<DeploymentId>().ok());
        let corrupt = || StoreError::Corrupt("the document that says whose store this is does not read".to_owned());
        let found = found.ok_or_else(corrupt)?;
        if found == expected { Ok(()) } else { Err(StoreError::OtherDeployment { found, expected }) }
    }

    /// Sealed bytes.
    #[must_use]
    pub fn blobs(&self) -> LocalBlobs {
        LocalBlobs::new(Arc::clone(&self.folder))
    }

    /// Small named documents. The names `deployment` and `keys/…` are the store's own.
    #[must_use]
    pub fn documents(&self) -> LocalDocuments {
        LocalDocuments::new(Arc::clone(&self.folder))
    }

    /// Wrapped keys.
    #[must_use]
    pub fn keys(&self) -> LocalKeys {
        LocalKeys::new(Arc::new(self.documents()))
    }

    /// The fence file, made when it is not there.
    ///
    /// # Errors
    /// `Unavailable`.
    pub fn fences(&self) -> Result<FenceFile, StoreError> {
        FenceFile::open(Arc::clone(&self.folder.disk), &self.folder.root.join(FENCES))
    }
}

/// Erases what a crash left on its way in or out: a key on its way out must not survive there.
fn empty_new(disk: &dyn Disk, path: &Path) -> std::io::Result<()> {
    disk.list(path)?.into_iter().try_for_each(|entry| erase(disk, &path.join(entry.name)))
}

//! Small named documents in local files, replaced whole.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base::Fault;
use base::ports::Documents;

use crate::durable;
use crate::error::{StoreError, during};
use crate::folder::Folder;
use crate::name::check_document_name;

/// Documents, one file each. Cloning shares them.
///
/// LIMIT: a name cannot be both a document and the beginning of another's path; the second of the two is `Unavailable`.
#[derive(Clone)]
pub struct LocalDocuments {
    folder: Arc<Folder>,
}

impl LocalDocuments {
    pub(crate) const fn new(folder: Arc<Folder>) -> Self {
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.documents().join(name)
    }

    pub(crate) fn read_document(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        match self.folder.disk.read(&self.path(name)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(source) => Err(StoreError::Disk { attempt: format!("reading document `{name}`"), source }),
        }
    }

    pub(crate) fn replace_document(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let attempt = format!("writing document `{name}`");
        let target = self.path(name);
        self.ensure_folders(name).map_err(during(attempt.as_str()))?;
        durable::replace(&*self.folder.disk, &self.folder.fresh(), &target, bytes).map_err(during(attempt))
    }

    fn ensure_folders(&self, name: &str) -> std::io::Result<()> {
        let mut path = self.folder.documents();
        let (folders, _) = name.rsplit_once('/').unwrap_or_default();
        for segment in folders.split('/').filter(|segment| !segment.is_empty()) {
            path.push(segment);
            self.folder.ensure(&path)?;
        }
        Ok(())
    }

    /// Takes a document out of its place and erases it: documents hold wrapped keys, and destroying one leaves no copy.
    fn remove_document(&self, name: &str) -> std::io::Result<()> {
        let disk = &*self.folder.disk;
        let (target, leaving) = (self.path(name), self.folder.leaving(name));
        // Left by a removal that failed halfway.
        durable::erase(disk, &leaving)?;
        match disk.rename(&target, &leaving) {
            Err(error) if error.kind() == ErrorKind::NotFound => return durable::remove(disk, &target),
            other => other?,
        }
        // DURABLE: the document is gone from here on. A crash before may bring it back whole, and the caller asks again; one
        // after leaves it where the next opening of the folder erases it.
        disk.sync_folder(target.parent().unwrap_or(&target))?;
        durable::erase(disk, &leaving)
    }

    fn below(&self, folder: &Path, prefix: &str) -> Result<Vec<String>, StoreError> {
        let mut names = Vec::new();
        // The depth is bounded by the longest name.
        let mut open = vec![(folder.to_owned(), prefix.to_owned())];
        while let Some((path, prefix)) = open.pop() {
            let entries = match self.folder.disk.list(&path) {
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => continue,
                other => other.map_err(during(format!("listing documents below `{prefix}`")))?,
            };
            for entry in entries {
                let name = format!("{prefix}/{}", entry.name);
                if entry.folder {
                    open.push((path.join(&entry.name), name));
                } else if check_document_name(&name).is_ok() {
                    names.push(name);
                }
            }
        }
        names.sort_unstable();
        Ok(names)
    }
}

impl Documents for LocalDocuments {
    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, Fault> {
        check_document_name(name)?;
        Ok(self.read_document(name)?)
    }

    fn replace(&self, name: &str, bytes: &[u8]) -> Result<(), Fault> {
        check_document_name(name)?;
        Ok(self.replace_document(name, bytes)?)
    }

    fn remove(&self, name: &str) -> Result<(), Fault> {
        check_document_name(name)?;
        Ok(self.remove_document(name).map_err(during(format!("removing document `{name}`")))?)
    }

    fn list(&self, prefix: &str) -> Result<Vec<String>, Fault> {
        check_document_name(prefix)?;
        Ok(self.below(&self.path(prefix), prefix)?)
    }
}

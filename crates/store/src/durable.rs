//! The one place where files are written.
//!
//! [`Disk`] is what the store needs of a file system, one call for each thing that can fail on its own, so that a test can
//! fail each of them. Two facts shape everything above it: bytes are durable when their file was synced, a *name* is durable
//! when its folder was synced; and neither implies the other.
//!
//! Files are for their owner alone (0600, folders 0700). No call follows a name that is not an id or a checked document name.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::num::NonZeroU64;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::Path;

use rustix::buffer::spare_capacity;

/// What a folder holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DiskEntry {
    /// The name in the folder.
    pub name: String,
    /// Whether it is a folder.
    pub folder: bool,
}

/// A file system, as far as the store uses it.
///
/// Errors are those of the operating system; `NotFound` and `AlreadyExists` are told apart by callers.
pub trait Disk: Send + Sync {
    /// Makes a folder in an existing one.
    ///
    /// # Errors
    /// `AlreadyExists`, or any other.
    fn make_folder(&self, path: &Path) -> io::Result<()>;

    /// Creates a file that must not exist.
    ///
    /// # Errors
    /// `AlreadyExists`, or any other.
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;

    /// Opens a file for writing in place.
    ///
    /// # Errors
    /// `NotFound`, or any other.
    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;

    /// Reads a whole file.
    ///
    /// # Errors
    /// `NotFound`, or any other.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// Opens a file for reading.
    ///
    /// # Errors
    /// `NotFound`, or any other.
    fn reader(&self, path: &Path) -> io::Result<Box<dyn DiskReader>>;

    /// Gives a file another name, replacing what had it.
    ///
    /// # Errors
    /// Any.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// `NotFound`, or any other.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Makes the names in a folder durable.
    ///
    /// # Errors
    /// Any.
    fn sync_folder(&self, path: &Path) -> io::Result<()>;

    /// What a folder holds, in no order.
    ///
    /// # Errors
    /// `NotFound`, or any other.
    fn list(&self, path: &Path) -> io::Result<Vec<DiskEntry>>;

    /// Locks a file, creating it, until what is returned is dropped or the process ends; `None` if another has it.
    ///
    /// # Errors
    /// Any.
    fn lock(&self, path: &Path) -> io::Result<Option<Box<dyn Send + Sync>>>;
}

/// A file being read.
pub trait DiskReader: Send + Sync {
    /// Appends `length` bytes from `offset` on to `buffer`.
    ///
    /// # Errors
    /// `UnexpectedEof` if the file ends before, or any other; some of the bytes may have been added.
    fn read_at(&self, offset: u64, length: usize, buffer: &mut Vec<u8>) -> io::Result<()>;
}

/// A file being written.
pub trait DiskFile: Send + Sync {
    /// Adds bytes at the end.
    ///
    /// # Errors
    /// Any; some of the bytes may have been added.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Writes bytes in place.
    ///
    /// # Errors
    /// Any; some of the bytes may have been written.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// Makes the bytes and the length durable, not the name.
    ///
    /// # Errors
    /// Any. What was written since the last sync may then be lost for good: sync again only after writing it again.
    fn sync(&self) -> io::Result<()>;
}

/// The machine's own file system.
#[derive(Clone, Copy, Debug, Default)]
pub struct LocalDisk;

impl Disk for LocalDisk {
    fn make_folder(&self, path: &Path) -> io::Result<()> {
        DirBuilder::new().mode(0o700).create(path)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        Ok(LocalFile::boxed(file))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(LocalFile::boxed(OpenOptions::new().write(true).open(path)?))
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        std::fs::read(path)
    }

    fn reader(&self, path: &Path) -> io::Result<Box<dyn DiskReader>> {
        Ok(LocalFile::boxed(File::open(path)?))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        std::fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        std::fs::remove_file(path)
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }

    fn list(&self, path: &Path) -> io::Result<Vec<DiskEntry>> {
        let entry = |entry: io::Result<std::fs::DirEntry>| {
            let entry = entry?;
            // A name that is not text is none of ours; callers pass over what they cannot parse.
            let name = entry.file_name().to_string_lossy().into_owned();
            Ok(DiskEntry { name, folder: entry.file_type()?.is_dir() })
        };
        std::fs::read_dir(path)?.map(entry).collect()
    }

    fn lock(&self, path: &Path) -> io::Result<Option<Box<dyn Send + Sync>>> {
        let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Box::new(file))),
            Err(std::fs::TryLockError::WouldBlock) => Ok(None),
            Err(std::fs::TryLockError::Error(error)) => Err(error),
        }
    }
}

struct LocalFile {
    file: File,
    appended: u64,
}

/// How much is appended before the system is asked to begin writing it: a sync at the end of a long file then finds little left
/// to wait for.
const WRITE_BEHIND_BYTES: u64 = 8 * 1024 * 1024;

impl LocalFile {
    fn boxed(file: File) -> Box<Self> {
        Box::new(Self { file, appended: 0 })
    }
}

impl DiskReader for LocalFile {
    fn read_at(&self, offset: u64, length: usize, buffer: &mut Vec<u8>) -> io::Result<()> {
        let end = buffer.len().saturating_add(length);
        buffer.reserve_exact(length);
        let mut at = offset;
        while buffer.len() < end {
            // The system takes offsets up to i64::MAX, and no file reaches that far.
            if i64::try_from(at).is_err() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            // Into room that was never written: a buffer need not be cleared only to be filled.
            match rustix::io::pread(&self.file, spare_capacity(buffer), at) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => at = at.saturating_add(count as u64),
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        // There may have been more room than was asked for.
        buffer.truncate(end);
        Ok(())
    }
}

impl DiskFile for LocalFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        let behind = |bytes: u64| bytes.saturating_sub(bytes.checked_rem(WRITE_BEHIND_BYTES).unwrap_or(0));
        let (from, to) = (behind(self.appended), behind(self.appended.saturating_add(bytes.len() as u64)));
        self.appended = self.appended.saturating_add(bytes.len() as u64);
        if let Some(length) = NonZeroU64::new(to.saturating_sub(from)) {
            // Linux answers this advice by beginning to write what is dirty; that stays in the cache. Nothing depends on it.
            let _ = rustix::fs::fadvise(&self.file, from, Some(length), rustix::fs::Advice::DontNeed);
        }
        Ok(())
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all_at(bytes, offset)
    }

    fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }
}

/// Makes a folder durably, unless it is there.
pub(crate) fn ensure_folder(disk: &dyn Disk, path: &Path) -> io::Result<()> {
    match disk.make_folder(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        // Even one that exists may be there by name only: whoever made it may have died before this line.
        _ => {}
    }
    // DURABLE: the folder survives a power loss from here on; before, recovery makes it again.
    path.parent().map_or(Ok(()), |parent| disk.sync_folder(parent))
}

/// Writes a whole file durably under a name of its own, then gives it its place.
///
/// `fresh` and `target` must lie in folders that exist; `fresh` must not exist.
///
/// LIMIT: a power loss before the new name is durable can leave the bytes in blocks that the file system has freed.
pub(crate) fn replace(disk: &dyn Disk, fresh: &Path, target: &Path, bytes: &[u8]) -> io::Result<()> {
    let written = disk.create(fresh).and_then(|mut file| {
        file.append(bytes)?;
        // DURABLE: the new bytes are on the disk before any name leads to them; a crash before the rename leaves the old
        // file in its place, and recovery removes the fresh one.
        file.sync()
    });
    if let Err(error) = written.and_then(|()| disk.rename(fresh, target)) {
        // Best effort: what is left is erased when the store is opened next.
        let _ = erase(disk, fresh);
        return Err(error);
    }
    // DURABLE: the new file is in its place from here on; a crash before this line leaves either.
    target.parent().map_or(Ok(()), |folder| disk.sync_folder(folder))
}

/// Removes a file durably; done already if it is not there.
pub(crate) fn remove(disk: &dyn Disk, path: &Path) -> io::Result<()> {
    match disk.remove(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        // One that is not there may still be there after a power loss, until its folder was synced.
        _ => {}
    }
    // DURABLE: the name stays away from here on; a crash before may bring it back, and the caller, unanswered, asks again.
    match path.parent().map_or(Ok(()), |folder| disk.sync_folder(folder)) {
        // There is no folder, so there was no file.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Overwrites a file and removes it, both durably; done already if it is not there.
///
/// LIMIT: a disk that writes elsewhere than it says (flash, copy on write) may keep the old blocks until it reuses them.
pub(crate) fn erase(disk: &dyn Disk, path: &Path) -> io::Result<()> {
    match disk.read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
        Ok(bytes) => {
            let file = disk.open(path)?;
            file.write_at(0, &vec![0; bytes.len()])?;
            // DURABLE: the bytes are gone; a crash before leaves the file, which whoever opens the folder erases.
            file.sync()?;
        }
    }
    remove(disk, path)
}

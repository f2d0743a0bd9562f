//! The program's own small files: the deployment's id, keys, identities, `run.json`. Written through the store's disk, durably,
//! for their owner alone.

use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use base::Plain;
use store::Disk;

use crate::error::Error;

/// Longer than any small file of ours.
const LONGEST_FILE_BYTES: u64 = 64 * 1024;

/// Makes a folder and those above it, durably.
///
/// # Errors
/// [`Error::File`].
pub fn ensure_folder(disk: &dyn Disk, path: &Path) -> Result<(), Error> {
    let failed = |source| Error::file("making the folder", path, source);
    if path.is_dir() {
        return Ok(());
    }
    let above = above(path);
    if above != path {
        ensure_folder(disk, &above)?;
    }
    match disk.make_folder(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(failed(error)),
        _ => {}
    }
    disk.sync_folder(&above).map_err(failed)
}

/// Writes a file that must not be there yet. A crash leaves it whole or not at all.
///
/// # Errors
/// [`Error::File`], also when it is there already.
pub fn create(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> Result<(), Error> {
    if path.exists() {
        return Err(Error::file("writing", path, ErrorKind::AlreadyExists.into()));
    }
    replace(disk, path, bytes)
}

/// Writes a file, replacing what was there. A crash leaves the old or the new one.
///
/// # Errors
/// [`Error::File`].
pub fn replace(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let failed = |source| Error::file("writing", path, source);
    let mut fresh = path.as_os_str().to_owned();
    fresh.push(".new");
    let fresh = PathBuf::from(fresh);
    // What a crash left of an earlier attempt is nobody's.
    match disk.remove(&fresh) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    let mut file = disk.create(&fresh).map_err(failed)?;
    file.append(bytes).map_err(failed)?;
    // DURABLE: the bytes are on the disk before the name leads to them.
    file.sync().map_err(failed)?;
    disk.rename(&fresh, path).map_err(failed)?;
    disk.sync_folder(&above(path)).map_err(failed)
}

/// Removes a file; done already if it is not there.
///
/// # Errors
/// [`Error::File`].
pub fn remove(disk: &dyn Disk, path: &Path) -> Result<(), Error> {
    match disk.remove(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::file("removing", path, error)),
        _ => Ok(()),
    }
}

/// Reads a small text file; nothing if there is none.
///
/// # Errors
/// [`Error::File`].
pub fn read_text(path: &Path) -> Result<Option<String>, Error> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::file("reading", path, error)),
    }
}

/// Reads a file that holds a secret and must be its owner's alone.
///
/// # Errors
/// [`Error::File`] when it cannot be read; `Refused` with a remedy when others can.
pub fn read_secret(what: &str, path: &Path) -> Result<Plain, Error> {
    let attempt = format!("reading {what} `{}`", path.display());
    let file = store::private_file(path).map_err(|error| Error::part(attempt, error.kind(), error))?;
    // INVARIANT: the buffer is as large as the file may be, so that growing leaves no copy behind.
    let mut bytes = Vec::with_capacity(usize::try_from(LONGEST_FILE_BYTES).unwrap_or(0));
    let read = file.take(LONGEST_FILE_BYTES).read_to_end(&mut bytes);
    let plain = Plain::new(bytes);
    read.map_err(|error| Error::file("reading", path, error))?;
    Ok(plain)
}

/// The folder a file lies in; a bare name lies in the current one.
fn above(path: &Path) -> PathBuf {
    match path.parent() {
        Some(above) if above.as_os_str().is_empty() => PathBuf::from("."),
        Some(above) => above.to_owned(),
        None => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn files_are_whole_and_their_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/secret");
        ensure_folder(&store::LocalDisk, &folder.path().join("a/b")).unwrap();
        std::fs::write(folder.path().join("a/b/secret.new"), "left by a crash").unwrap();
        create(&store::LocalDisk, &path, b"one").unwrap();
        assert!(create(&store::LocalDisk, &path, b"two").is_err());
        replace(&store::LocalDisk, &path, b"three").unwrap();
        assert!(read_secret("it", &path).unwrap().expose(|bytes| bytes == b"three"));
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(&folder.path().join("a"))), (0o600, 0o700));
        assert_eq!(std::fs::read_dir(folder.path().join("a/b")).unwrap().count(), 1);
    }
}

//! Looks for what was stored in the files of the deployment: catalog, journals, blobs, tiles. Nothing must be found.

use std::path::Path;

use memchr::memmem::Finder;

use crate::error::Error;

/// What was looked through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Searched {
    pub(super) files: u64,
    pub(super) bytes: u64,
    /// How many times a marker was found.
    pub(super) found: u64,
}

/// Searches every file below `folder` for each of the markers.
///
/// # Errors
/// A file that is there cannot be read.
pub(super) fn search(folder: &Path, markers: &[Vec<u8>]) -> Result<Searched, Error> {
    let finders: Vec<Finder<'_>> = markers.iter().map(Finder::new).collect();
    let mut searched = Searched::default();
    walk(folder, &finders, &mut searched)?;
    Ok(searched)
}

fn walk(folder: &Path, finders: &[Finder<'_>], searched: &mut Searched) -> Result<(), Error> {
    let failed = |source| Error::file("searching", folder, source);
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() {
            walk(&path, finders, searched)?;
            continue;
        }
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            // The program is running: a file may be replaced or removed between the listing and the look.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(Error::file("searching", &path, error)),
        };
        searched.files = searched.files.saturating_add(1);
        searched.bytes = searched.bytes.saturating_add(bytes.len() as u64);
        let found: usize = finders.iter().map(|finder| finder.find_iter(&bytes).count()).sum();
        searched.found = searched.found.saturating_add(found as u64);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_is_found_wherever_it_lies() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("inner")).unwrap();
        std::fs::write(folder.path().join("a"), b"nothing here").unwrap();
        let markers = [b"the marker".to_vec(), b"another".to_vec()];
        let clean = Searched { files: 1, bytes: 12, found: 0 };
        assert_eq!(search(folder.path(), &markers).unwrap(), clean);
        std::fs::write(folder.path().join("inner/b"), b"\0\0the marker\0").unwrap();
        assert_eq!(search(folder.path(), &markers).unwrap(), Searched { files: 2, bytes: 25, found: 1 });
    }
}

//! Files that hold secrets, such as the root key, must be their owner's alone.
//!
//! # Threats
//! Another user of the machine wants to read the key, or to have us read one of theirs through a link or a file they can
//! still write.

use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::error::{StoreError, during};

/// Bits of the mode that let the group or others read, write or run.
const OTHERS: u32 = 0o077;

/// Opens a file for reading if it is a plain file that its owner alone can read and write.
///
/// What is checked is the file that was opened, not whatever has its name a moment later.
///
/// # Errors
/// `Refused` with a remedy when it is a link, no plain file, or open to others; `Unavailable` when it cannot be read.
pub fn private_file(path: &Path) -> Result<File, StoreError> {
    let attempt = "opening a private file";
    let named = std::fs::symlink_metadata(path).map_err(during(attempt))?;
    let refuse = |why, remedy| Err(StoreError::NotPrivate { why, remedy });
    if named.is_symlink() {
        return refuse("a private file must not be a symbolic link", "name the file itself");
    }
    if !named.is_file() {
        return refuse("a private file must be a plain file", "name a file");
    }
    let file = File::open(path).map_err(during(attempt))?;
    let opened = file.metadata().map_err(during(attempt))?;
    if (named.dev(), named.ino()) != (opened.dev(), opened.ino()) {
        return refuse("a private file was exchanged while it was opened", "find out who can write its folder");
    }
    if opened.mode() & OTHERS != 0 {
        return refuse(
            "a private file can be read or written by others than its owner",
            "take that away with `chmod 600`",
        );
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use base::Kind;

    use super::*;

    #[test]
    fn only_the_owners_own_plain_file_opens() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("root.key");
        assert_eq!(private_file(&path).unwrap_err().kind(), Kind::Unavailable);
        std::fs::write(&path, "secret").unwrap();
        for (mode, fine) in
            [(0o600, true), (0o400, true), (0o640, false), (0o604, false), (0o620, false), (0o644, false)]
        {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(private_file(&path).is_ok(), fine, "{mode:o}");
        }
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        let link = folder.path().join("link");
        symlink(&path, &link).unwrap();
        for refused in [link.as_path(), folder.path()] {
            let error = private_file(refused).unwrap_err();
            assert_eq!(error.kind(), Kind::Refused);
            assert!(!error.to_string().contains("root.key"), "no path in the message");
        }
    }
}

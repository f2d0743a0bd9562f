//! Lists what there is to scan below the paths that were named.

use std::fs;
use std::path::{Path, PathBuf};

/// How deep folders may nest. What lies deeper is listed as unreadable: file systems allow more than a stack of open
/// folders should hold.
const DEEPEST: usize = 256;

/// One thing that was found in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listed {
    /// A regular file and its size when it was listed.
    File(PathBuf, u64),
    /// Something that is not scanned, and why.
    Passed(PathBuf, &'static str),
    /// Something that could not be looked at, and why.
    Unreadable(PathBuf, String),
}

/// Everything below the named paths, in the order of their names, each file once a path.
#[derive(Clone, Debug, Default)]
pub struct Walk {
    /// What was found.
    pub listed: Vec<Listed>,
    /// The sum of the files' sizes.
    pub bytes: u64,
}

impl Walk {
    /// Lists `paths`. Symbolic links are followed where they are named, and nowhere below.
    #[must_use]
    pub fn of(paths: &[PathBuf]) -> Self {
        let mut walk = Self::default();
        for path in paths {
            match fs::metadata(path) {
                Ok(found) => walk.visit(path, &found, 0),
                Err(error) => walk.listed.push(Listed::Unreadable(path.clone(), error.to_string())),
            }
        }
        walk
    }

    fn visit(&mut self, path: &Path, found: &fs::Metadata, depth: usize) {
        if found.is_dir() {
            self.folder(path, depth);
        } else if found.is_file() {
            self.bytes = self.bytes.saturating_add(found.len());
            self.listed.push(Listed::File(path.to_owned(), found.len()));
        } else if found.is_symlink() {
            self.listed.push(Listed::Passed(path.to_owned(), "symbolic-link"));
        } else {
            // A pipe would wait for somebody to write into it, a device may never end.
            self.listed.push(Listed::Passed(path.to_owned(), "not-a-file"));
        }
    }

    fn folder(&mut self, path: &Path, depth: usize) {
        if depth >= DEEPEST {
            self.listed.push(Listed::Unreadable(path.to_owned(), format!("more than {DEEPEST} folders deep")));
            return;
        }
        let mut inside = Vec::new();
        match fs::read_dir(path) {
            Err(error) => self.listed.push(Listed::Unreadable(path.to_owned(), error.to_string())),
            Ok(entries) => {
                for entry in entries {
                    match entry {
                        Ok(entry) => inside.push(entry.path()),
                        Err(error) => self.listed.push(Listed::Unreadable(path.to_owned(), error.to_string())),
                    }
                }
            }
        }
        inside.sort();
        for path in inside {
            match fs::symlink_metadata(&path) {
                Ok(found) => self.visit(&path, &found, depth.saturating_add(1)),
                Err(error) => self.listed.push(Listed::Unreadable(path, error.to_string())),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_listed_in_order_and_links_are_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("b/c")).unwrap();
        fs::write(at("b/c/two"), "22").unwrap();
        fs::write(at("a"), "1").unwrap();
        std::os::unix::fs::symlink(folder.path(), at("round")).unwrap();
        let walk = Walk::of(&[folder.path().to_owned(), at("nothing")]);
        assert_eq!(
            walk.listed.get(..3),
            Some(
                &[
                    Listed::File(at("a"), 1),
                    Listed::File(at("b/c/two"), 2),
                    Listed::Passed(at("round"), "symbolic-link"),
                ][..]
            )
        );
        assert!(matches!(walk.listed.get(3), Some(Listed::Unreadable(path, _)) if *path == at("nothing")));
        assert_eq!((walk.bytes, walk.listed.len()), (3, 4));
    }
}

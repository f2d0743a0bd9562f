//! Names of documents, and what may be a path.
//!
//! Nothing but ids and document names ever becomes a path. A document name is a relative path of `[a-z0-9_.-]` segments; what
//! could climb out of the folder or hide in it is refused here, before any path is built.

use base::{Fault, Kind};

/// The longest document name in bytes. Ours are far shorter; every file system takes this much.
pub const LONGEST_DOCUMENT_NAME_BYTES: usize = 200;

/// Checks a document name: segments of `[a-z0-9_.-]` joined by `/`, none empty and none beginning with a dot.
///
/// # Errors
/// `Invalid` otherwise.
pub fn check_document_name(name: &str) -> Result<(), Fault> {
    let plain = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_.-".contains(byte);
    let segment = |text: &str| !text.is_empty() && !text.starts_with('.') && text.as_bytes().iter().all(plain);
    if name.len() <= LONGEST_DOCUMENT_NAME_BYTES && name.split('/').all(segment) {
        return Ok(());
    }
    Err(Fault::new(
        Kind::Invalid,
        format!(
            "not a document name: `{}`\nuse segments of a-z, 0-9, `_`, `.` and `-`, joined by `/`",
            name.escape_debug()
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_leave_the_folder_is_no_name() {
        for good in ["checkpoint", "tile/0/x001/000", "tile/0/x001/000.p/7", "keys/key_abc", "a-b_c.d"] {
            assert!(check_document_name(good).is_ok(), "{good}");
        }
        let long = "x".repeat(LONGEST_DOCUMENT_NAME_BYTES + 1);
        for bad in [
            "",
            "/",
            "/etc/passwd",
            "..",
            "a/../b",
            "a//b",
            "a/",
            ".hidden",
            "a/.tmp",
            "A",
            "a b",
            "a\\b",
            "a\0",
            "é",
            &long,
        ] {
            assert!(check_document_name(bad).is_err(), "{bad}");
        }
    }
}

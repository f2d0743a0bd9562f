//! First bytes that tell a format no detector reads.

use crate::report::Reason;

/// Offset, bytes that stand there, what that means. Formats whose beginning is text ("PK", "BM") have bytes that text
/// has not.
const MARKS: &[(usize, &[u8], Reason)] = &[
    (0, b"\x1f\x8b", Reason::Compressed),
    (0, b"\x28\xb5\x2f\xfd", Reason::Compressed),
    (0, b"BZh", Reason::Compressed),
    (0, b"\xfd7zXZ\0", Reason::Compressed),
    (0, b"\x04\x22\x4d\x18", Reason::Compressed),
    (0, b"\xff\x06\0\0sNaPpY", Reason::Compressed),
    (0, b"PK\x03\x04", Reason::Archive),
    (0, b"PK\x05\x06", Reason::Archive),
    (0, b"7z\xbc\xaf\x27\x1c", Reason::Archive),
    (0, b"Rar!\x1a\x07", Reason::Archive),
    (257, b"ustar", Reason::Archive),
    (0, b"PAR1", Reason::Columnar),
    (0, b"PARE", Reason::Columnar),
    (0, b"ARROW1", Reason::Columnar),
    (0, b"ORC", Reason::Columnar),
    (0, b"Obj\x01", Reason::Columnar),
    (0, b"\x89HDF\r\n\x1a\n", Reason::Columnar),
    (0, b"\x93NUMPY", Reason::Columnar),
    (0, b"%PDF-", Reason::Document),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Reason::Document),
    (0, b"{\\rtf", Reason::Document),
    (0, b"\x89PNG\r\n\x1a\n", Reason::Image),
    (0, b"\xff\xd8\xff", Reason::Image),
    (0, b"GIF87a", Reason::Image),
    (0, b"GIF89a", Reason::Image),
    (0, b"II*\0", Reason::Image),
    (0, b"MM\0*", Reason::Image),
    (8, b"WEBP", Reason::Image),
    (8, b"WAVE", Reason::Media),
    (8, b"AVI ", Reason::Media),
    (4, b"ftyp", Reason::Media),
    (0, b"OggS", Reason::Media),
    (0, b"fLaC", Reason::Media),
    (0, b"ID3", Reason::Media),
    (0, b"\x1a\x45\xdf\xa3", Reason::Media),
    (0, b"SQLite format 3\0", Reason::Database),
    (0, b"\x7fELF", Reason::Program),
    (0, b"\xca\xfe\xba\xbe", Reason::Program),
    (0, b"\0asm", Reason::Program),
    (0, b"\xff\xfe", Reason::WideText),
    (0, b"\xfe\xff", Reason::WideText),
];

/// What the first bytes of an object say it is.
pub(crate) fn reason(start: &[u8]) -> Option<Reason> {
    let stands = |offset: usize, mark: &[u8]| start.get(offset..).is_some_and(|rest| rest.starts_with(mark));
    MARKS
        .iter()
        .find(|(offset, mark, _)| stands(*offset, mark) && is_certain(mark, start))
        .map(|(_, _, reason)| *reason)
}

/// Marks of letters alone could begin a text ("ORC ate my homework"): they count only where bytes follow that text has
/// not.
fn is_certain(mark: &[u8], start: &[u8]) -> bool {
    let printable = mark.iter().all(|byte| matches!(byte, b' '..=b'~'));
    let structured = mark.starts_with(b"%PDF-") || mark.starts_with(b"{\\rtf") || mark == b"ustar";
    !printable || structured || start.iter().take(512).any(|byte| *byte < b'\t' || *byte >= 0x80)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binary_formats_are_known() {
        assert_eq!(reason(b"PAR1\x15\x04\x15\x10"), Some(Reason::Columnar));
        assert_eq!(reason(b"\x1f\x8b\x08\0"), Some(Reason::Compressed));
        assert_eq!(reason(b"RIFF\x10\0\0\0WAVEfmt "), Some(Reason::Media));
        assert_eq!(reason(b"%PDF-1.7\n"), Some(Reason::Document));
    }

    #[test]
    fn text_that_begins_alike_is_text() {
        for text in ["ORC ate my homework", "ID3 is a tag", "BZh", "PK is a password", "GIF89a"] {
            assert_eq!(reason(text.as_bytes()), None, "{text}");
        }
    }
}

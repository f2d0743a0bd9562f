//! WebP: chunks of RIFF.
//!
//! SPEC: RFC 9649, 2.3 and 2.7.

use super::{Found, LONGEST_TEXT_BYTES};
use crate::cursor::Cursor;
use crate::error::Stop;
use crate::source::Slice;

pub(super) fn read(slice: &Slice<'_>, found: &mut Found<'_>) -> Result<(), Stop> {
    let mut cursor = Cursor::whole(slice);
    cursor.skip(12)?;
    while cursor.left() >= 8 {
        found.part()?;
        let kind: [u8; 4] = cursor.array()?;
        let len = u64::from(u32::from_le_bytes(cursor.array()?));
        let from = cursor.at();
        let range = from..from.saturating_add(len);
        match &kind {
            b"EXIF" => {
                // Some writers keep the head that only JPEG has.
                let jpeg = cursor.peek(6)?.starts_with(b"Exif\0\0");
                let at = from.saturating_add(if jpeg { 6 } else { 0 });
                found.exif(&slice.part(at..range.end), at)?;
            }
            b"XMP " => {
                let text = cursor.bytes(len.min(LONGEST_TEXT_BYTES as u64))?;
                found.add("XMP", text, range.clone())?;
            }
            _ => {}
        }
        // Chunks are filled up to an even length.
        cursor.go(range.end.saturating_add(len & 1).min(slice.len()))?;
    }
    Ok(())
}

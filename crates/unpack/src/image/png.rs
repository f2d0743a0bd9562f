//! PNG: chunks of text.
//!
//! SPEC: W3C PNG, 5.3 (chunks), 11.3.3 (text) and 11.3.5.6 (EXIF).

use std::io::Read;

use super::{Found, LONGEST_TEXT_BYTES};
use crate::cursor::Cursor;
use crate::error::Stop;
use crate::source::Slice;

/// A longer chunk of text is passed over up to here.
const LONGEST_CHUNK_BYTES: u64 = LONGEST_TEXT_BYTES as u64;

pub(super) fn read(slice: &Slice<'_>, found: &mut Found<'_>) -> Result<(), Stop> {
    let mut cursor = Cursor::whole(slice);
    cursor.skip(8)?;
    while cursor.left() > 0 {
        found.part()?;
        let len = u64::from(u32::from_be_bytes(cursor.array()?));
        let kind: [u8; 4] = cursor.array()?;
        let from = cursor.at();
        let range = from..from.saturating_add(len);
        match &kind {
            b"tEXt" | b"zTXt" | b"iTXt" => {
                let chunk = cursor.bytes(len.min(LONGEST_CHUNK_BYTES))?;
                text(kind, chunk, range.clone(), found)?;
            }
            b"eXIf" => found.exif(&slice.part(range.clone()), from)?,
            b"IEND" => return Ok(()),
            _ => {}
        }
        cursor.go(range.end)?;
        // The checksum.
        cursor.skip(4)?;
    }
    Ok(())
}

/// A key, a zero, and by kind a way of compression, a language and a translated key; then the text.
fn text(kind: [u8; 4], chunk: &[u8], range: std::ops::Range<u64>, found: &mut Found<'_>) -> Result<(), Stop> {
    let Some((key, rest)) = split(chunk) else { return Ok(()) };
    let key = String::from_utf8_lossy(key).into_owned();
    match (&kind, rest) {
        (b"tEXt", text) => found.add(&key, text, range),
        (b"zTXt", [0, packed @ ..]) => found.add(&key, &inflate(packed), range),
        (b"iTXt", [packed, _, rest @ ..]) => {
            let Some((_, rest)) = split(rest) else { return Ok(()) };
            let Some((_, text)) = split(rest) else { return Ok(()) };
            if *packed == 0 { found.add(&key, text, range) } else { found.add(&key, &inflate(text), range) }
        }
        _ => Ok(()),
    }
}

/// What stands before a zero, and what behind.
fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let zero = memchr::memchr(0, bytes)?;
    Some((bytes.get(..zero)?, bytes.get(zero.checked_add(1)?..)?))
}

/// Unpacks a text, as far as it goes and no further than a text may.
fn inflate(packed: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    let most = LONGEST_TEXT_BYTES as u64;
    // What was unpacked before an error is a text all the same.
    let _ = flate2::read::ZlibDecoder::new(packed).take(most).read_to_end(&mut text);
    text
}

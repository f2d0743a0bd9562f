//! JPEG: segments up to the picture.
//!
//! SPEC: ITU-T T.81, B.1.1.4: 0xff, a marker, a length of two bytes that counts itself.

use super::{Found, iptc};
use crate::cursor::Cursor;
use crate::error::Stop;
use crate::source::Slice;

const EXIF: &[u8] = b"Exif\0\0";
const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
/// The rest of XMP that does not fit a segment: behind this, a digest, a length and an offset.
const MORE_XMP: &[u8] = b"http://ns.adobe.com/xmp/extension/\0";
const MORE_XMP_HEAD_BYTES: usize = 40;
const PHOTOSHOP: &[u8] = b"Photoshop 3.0\0";

pub(super) fn read(slice: &Slice<'_>, found: &mut Found<'_>) -> Result<(), Stop> {
    let mut cursor = Cursor::whole(slice);
    cursor.skip(2)?;
    loop {
        if cursor.byte()? != 0xff {
            return Err(Stop::broken("bytes between the segments of an image"));
        }
        let marker = cursor.byte()?;
        match marker {
            // Filling.
            0xff => {
                cursor.go(cursor.at().saturating_sub(1))?;
                continue;
            }
            // Marks without a segment.
            0x01 | 0xd0..=0xd8 => continue,
            // The picture; the end.
            0xda | 0xd9 => return Ok(()),
            _ => {}
        }
        found.part()?;
        let len = u64::from(u16::from_be_bytes(cursor.array()?)).checked_sub(2);
        let len = len.ok_or_else(|| Stop::broken("a segment that is shorter than its own length"))?;
        let from = cursor.at();
        let body = cursor.bytes(len)?;
        let range = from..from.saturating_add(len);
        match marker {
            0xe1 if body.starts_with(EXIF) => {
                let at = from.saturating_add(EXIF.len() as u64);
                found.exif(&slice.part(at..range.end), at)?;
            }
            0xe1 if body.starts_with(XMP) => {
                found.add("XMP", body.get(XMP.len()..).unwrap_or_default(), range)?;
            }
            0xe1 if body.starts_with(MORE_XMP) => {
                let skipped = MORE_XMP.len().saturating_add(MORE_XMP_HEAD_BYTES);
                found.add("XMP", body.get(skipped..).unwrap_or_default(), range)?;
            }
            0xed if body.starts_with(PHOTOSHOP) => {
                let at = from.saturating_add(PHOTOSHOP.len() as u64);
                photoshop(body.get(PHOTOSHOP.len()..).unwrap_or_default(), at, found)?;
            }
            0xfe => found.add("Comment", body, range)?,
            _ => {}
        }
    }
}

/// The resources of Photoshop, of which one is IPTC.
fn photoshop(bytes: &[u8], at: u64, found: &mut Found<'_>) -> Result<(), Stop> {
    const IPTC: u16 = 0x0404;
    let mut rest = bytes;
    while let Some((b"8BIM", behind)) = rest.split_first_chunk::<4>() {
        found.part()?;
        let Some((id, behind)) = behind.split_first_chunk::<2>() else { break };
        // A name with its length, filled up to an even number.
        let name = usize::from(behind.first().copied().unwrap_or(0)).saturating_add(2) & !1;
        let Some((len, behind)) = behind.get(name..).and_then(<[u8]>::split_first_chunk::<4>) else { break };
        let len = u32::from_be_bytes(*len) as usize;
        let Some(body) = behind.get(..len) else { break };
        if u16::from_be_bytes(*id) == IPTC {
            iptc(body, at.saturating_add(bytes.len().saturating_sub(behind.len()) as u64), found)?;
        }
        rest = behind.get(len.saturating_add(len & 1)..).unwrap_or_default();
    }
    Ok(())
}

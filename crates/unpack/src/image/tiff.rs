//! TIFF, and so EXIF, which is a TIFF without a picture: folders of tags.
//!
//! SPEC: TIFF 6.0, section 2; CIPA DC-008 (Exif 2.32), 4.6.
//!
//! # Threats
//! Folders point at folders and values anywhere: each offset is looked at once, and at most [`MOST_FOLDERS`] are.

use std::collections::BTreeSet;

use super::{Found, LONGEST_TEXT_BYTES, iptc};
use crate::cursor::Cursor;
use crate::error::Stop;
use crate::source::Slice;

/// How many folders are read: pages of a scan, thumbnails, what cameras add.
const MOST_FOLDERS: usize = 1 << 12;

/// Tags that lead to other folders: of EXIF, of GPS, of exchange between cameras, of smaller pictures.
const FOLDERS: [u16; 4] = [0x8769, 0x8825, 0xa005, 0x014a];
const GPS_FOLDER: u16 = 0x8825;

/// Tags whose texts are kept as bytes.
const XMP: u16 = 0x02bc;
const IPTC: u16 = 0x83bb;
const USER_COMMENT: u16 = 0x9286;
/// From here to `WINDOWS_LAST` texts are in UTF-16: title, comment, author, key words, subject.
const WINDOWS_FIRST: u16 = 0x9c9b;
const WINDOWS_LAST: u16 = 0x9c9f;

/// Reads `slice`, whose offsets count from its beginning.
pub(super) fn read(slice: &Slice<'_>, found: &mut Found<'_>) -> Result<(), Stop> {
    let mut cursor = Cursor::whole(slice);
    let order = match cursor.array()? {
        [b'I', b'I', 0x2a, 0] => Order::Little,
        [b'M', b'M', 0, 0x2a] => Order::Big,
        _ => return Err(Stop::broken("EXIF that does not begin as it should")),
    };
    let mut folders = vec![(u64::from(order.long(cursor.array()?)), 0)];
    let mut seen = BTreeSet::new();
    while let Some((at, of)) = folders.pop() {
        if at == 0 || !seen.insert(at) {
            continue;
        }
        if seen.len() > MOST_FOLDERS {
            return Err(Stop::broken("more folders than any image has"));
        }
        let read = folder(&mut cursor, order, (at, of), &mut folders, found);
        found.survive(read)?;
    }
    Ok(())
}

/// Reads the folder at `at`, to which the tag `of` led.
fn folder(
    cursor: &mut Cursor<'_>,
    order: Order,
    (at, of): (u64, u16),
    folders: &mut Vec<(u64, u16)>,
    found: &mut Found<'_>,
) -> Result<(), Stop> {
    cursor.go(at)?;
    let tags = order.short(cursor.array()?);
    for nth in 0..u64::from(tags) {
        found.part()?;
        cursor.go(at.saturating_add(2).saturating_add(nth.saturating_mul(12)))?;
        let tag = Tag::read(cursor, order)?;
        let read = if FOLDERS.contains(&tag.id) {
            tag.folders(cursor, order, folders)
        } else {
            tag.text(cursor, order, of, found)
        };
        found.survive(read)?;
    }
    // Another page or a smaller picture follows; behind a folder that a tag led to nothing has to stand.
    if of == 0 {
        cursor.go(at.saturating_add(2).saturating_add(u64::from(tags).saturating_mul(12)))?;
        folders.push((u64::from(order.long(cursor.array()?)), 0));
    }
    Ok(())
}

/// Which byte of a number comes first.
#[derive(Clone, Copy)]
enum Order {
    Little,
    Big,
}

impl Order {
    const fn short(self, bytes: [u8; 2]) -> u16 {
        match self {
            Self::Little => u16::from_le_bytes(bytes),
            Self::Big => u16::from_be_bytes(bytes),
        }
    }

    const fn long(self, bytes: [u8; 4]) -> u32 {
        match self {
            Self::Little => u32::from_le_bytes(bytes),
            Self::Big => u32::from_be_bytes(bytes),
        }
    }
}

/// One entry of a folder.
struct Tag {
    id: u16,
    kind: u16,
    /// Where its value stands, and how many bytes it has.
    at: u64,
    len: u64,
}

impl Tag {
    fn read(cursor: &mut Cursor<'_>, order: Order) -> Result<Self, Stop> {
        let id = order.short(cursor.array()?);
        let kind = order.short(cursor.array()?);
        let count = u64::from(order.long(cursor.array()?));
        let width: u64 = match kind {
            1 | 2 | 6 | 7 | 129 => 1,
            3 | 8 => 2,
            4 | 9 | 11 | 13 => 4,
            5 | 10 | 12 => 8,
            _ => 0,
        };
        let len = count.saturating_mul(width);
        let inline = cursor.at();
        let at = if len <= 4 { inline } else { u64::from(order.long(cursor.array()?)) };
        Ok(Self { id, kind, at, len })
    }

    fn folders(&self, cursor: &mut Cursor<'_>, order: Order, folders: &mut Vec<(u64, u16)>) -> Result<(), Stop> {
        cursor.go(self.at)?;
        for _ in 0..self.len.min(64).checked_div(4).unwrap_or(0) {
            folders.push((u64::from(order.long(cursor.array()?)), self.id));
        }
        Ok(())
    }

    /// Takes the text of the tag, if it has one. `of` is the tag that led to its folder.
    fn text(&self, cursor: &mut Cursor<'_>, order: Order, of: u16, found: &mut Found<'_>) -> Result<(), Stop> {
        let is_text = self.kind == 2 || self.kind == 129;
        let is_bytes = matches!(self.id, XMP | IPTC | USER_COMMENT | WINDOWS_FIRST..=WINDOWS_LAST);
        if !is_text && !is_bytes || self.len == 0 {
            return Ok(());
        }
        cursor.go(self.at)?;
        let range = self.at..self.at.saturating_add(self.len);
        let bytes = cursor.bytes(self.len.min(LONGEST_TEXT_BYTES as u64))?;
        match self.id {
            _ if of == GPS_FOLDER => found.add("GPS", bytes, range),
            IPTC => iptc(bytes, self.at, found),
            XMP => found.add("XMP", bytes, range),
            USER_COMMENT => match bytes.split_first_chunk::<8>() {
                Some((b"UNICODE\0", wide)) => found.add_wide("UserComment", units(wide, order), range),
                Some((_, text)) => found.add("UserComment", text, range),
                None => Ok(()),
            },
            WINDOWS_FIRST..=WINDOWS_LAST => found.add_wide(field(self.id), units(bytes, Order::Little), range),
            id => found.add(field(id), bytes, range),
        }
    }
}

fn units(bytes: &[u8], order: Order) -> impl Iterator<Item = u16> {
    bytes.chunks_exact(2).filter_map(move |unit| unit.try_into().ok().map(|unit| order.short(unit)))
}

/// What people call a tag.
const fn field(id: u16) -> &'static str {
    match id {
        0x010d => "DocumentName",
        0x010e => "ImageDescription",
        0x010f => "Make",
        0x0110 => "Model",
        0x0131 => "Software",
        0x013b => "Artist",
        0x013c => "HostComputer",
        0x8298 => "Copyright",
        0x9c9b => "Title",
        0x9c9c => "Comment",
        0x9c9d => "Author",
        0x9c9e => "Keywords",
        0x9c9f => "Subject",
        0xa430 => "OwnerName",
        0xa431 => "SerialNumber",
        _ => "EXIF",
    }
}

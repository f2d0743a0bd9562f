//! Files that are pickles, or hold one: what is in them, and what loading them would do.

use scan::{Hint, Passage};

use super::{Pickle, Text, is_pickle, read as read_pickles};
use crate::cursor::Cursor;
use crate::error::Stop;
use crate::place::Spot;
use crate::report::{Entry, Why};
use crate::source::Slice;
use crate::walk::Walk;

/// Of a longer text this much is looked at at once.
const PIECE_BYTES: u64 = 512 << 10;

/// What two neighbouring pieces share. A value that is in both is found twice, which no count of people minds.
const SHARED_BYTES: u64 = 1 << 10;

/// The longest text that names the next one.
const LONGEST_KEY_BYTES: u64 = 40;

/// Shorter texts hold nothing that any detector finds.
const SHORTEST_TEXT_BYTES: u64 = 6;

/// Reads a file of pickles.
pub(crate) fn read(walk: &mut Walk<'_>, entry: &mut Entry, _: &Hint<'_>, slice: &Slice<'_>) -> Result<(), Stop> {
    let read = pickles(walk, entry, slice, 0);
    entry.bytes = slice.len();
    let end = read?;
    if end < slice.len() {
        // Of an old `torch.save`: the numbers of its tensors.
        return Err(Why::Unsupported("bytes behind the last pickle: numbers of tensors, as a rule").into());
    }
    Ok(())
}

/// Reads the pickles from `from` on, and returns where they end.
fn pickles(walk: &mut Walk<'_>, entry: &mut Entry, slice: &Slice<'_>, from: u64) -> Result<u64, Stop> {
    let mut cursor = Cursor::new(slice, from..u64::MAX);
    let mut found = Pickle::default();
    let mut key = Vec::new();
    let read = read_pickles(&mut cursor, &mut found, &mut |text| {
        let is_key = text.len <= LONGEST_KEY_BYTES;
        look(walk, entry, slice, text, &key)?;
        if is_key {
            key = vec![0; usize::try_from(text.len).unwrap_or(0)];
            slice.read(text.from, &mut key)?;
        }
        Ok(())
    });
    entry.imports.append(&mut found.imports);
    entry.members = found.pickles;
    read.map(|()| found.end)
}

/// Looks at a text where it stands.
fn look(walk: &mut Walk<'_>, entry: &mut Entry, slice: &Slice<'_>, text: &Text, key: &[u8]) -> Result<(), Stop> {
    if text.len < SHORTEST_TEXT_BYTES {
        return Ok(());
    }
    let end = text.from.saturating_add(text.len);
    let mut from = text.from;
    loop {
        let to = from.saturating_add(PIECE_BYTES).min(end);
        let mut bytes = zeroize::Zeroizing::new(vec![0; usize::try_from(to.saturating_sub(from)).unwrap_or(0)]);
        slice.read_exact(from, &mut bytes, "a text that is cut off")?;
        // Numbers of arrays are bytes too.
        if is_text(&bytes) {
            let passage = Passage { bytes: &bytes, names: [key, b""], record: text.object, part: 0, lines: false };
            walk.passage(entry, &passage, Spot::Offsets, slice.outer(from..to).range);
        }
        if to == end {
            return Ok(());
        }
        from = to.saturating_sub(SHARED_BYTES);
    }
}

/// Whether bytes are text: valid but for a character that a cut may have split.
fn is_text(bytes: &[u8]) -> bool {
    let valid = match std::str::from_utf8(bytes) {
        Ok(_) => bytes.len(),
        Err(error) => error.valid_up_to(),
    };
    bytes.len().saturating_sub(valid) < 4 && !bytes.iter().take(512).any(|byte| *byte == 0)
}

/// The first bytes of an array of numpy.
pub(crate) const NUMPY_MARK: &[u8] = b"\x93NUMPY";

/// The longest description of an array that is believed.
const LONGEST_DESCRIPTION_BYTES: u64 = 64 << 10;

/// Reads an array of numpy. One of objects is a pickle.
// SPEC: `numpy.lib.format`: mark, version, length of the description, description, data.
pub(crate) fn read_numpy(
    walk: &mut Walk<'_>,
    entry: &mut Entry,
    hint: &Hint<'_>,
    slice: &Slice<'_>,
) -> Result<(), Stop> {
    let mut cursor = Cursor::whole(slice);
    cursor.skip(NUMPY_MARK.len() as u64)?;
    let [version, _] = cursor.array()?;
    let len = match version {
        1 => u64::from(u16::from_le_bytes(cursor.array()?)),
        _ => u64::from(u32::from_le_bytes(cursor.array()?)),
    };
    if len > LONGEST_DESCRIPTION_BYTES {
        return Err(Stop::broken("a description of an array that is longer than any"));
    }
    let description = String::from_utf8_lossy(cursor.bytes(len)?).into_owned();
    let data = cursor.at();
    entry.bytes = data;
    // The type of an element: `'descr': '<U12'`, or a list of fields.
    let kind = description.split("'descr':").nth(1).map(str::trim_start).unwrap_or_default();
    if kind.contains("'|O'") || kind.contains("'O'") {
        let end = pickles(walk, entry, slice, data)?;
        entry.bytes = end;
        return Ok(());
    }
    let mut start = [0; 8];
    let read = slice.read(data, &mut start)?;
    if is_pickle(start.get(..read).unwrap_or_default(), hint.name) {
        // Whatever the description says.
        pickles(walk, entry, slice, data)?;
    }
    let width = kind.strip_prefix("'<U").and_then(|rest| rest.split('\'').next()).and_then(|width| width.parse().ok());
    match width {
        Some(width) => wide_texts(walk, entry, slice, data, width),
        None if kind.starts_with("'|S") => Err(Why::Unsupported("an array of bytes").into()),
        None => Err(Why::Unsupported("the numbers of an array").into()),
    }
}

/// Texts of four bytes a character, padded with zeros.
fn wide_texts(walk: &mut Walk<'_>, entry: &mut Entry, slice: &Slice<'_>, from: u64, width: u64) -> Result<(), Stop> {
    let mut cursor = Cursor::new(slice, from..u64::MAX);
    let stride = width.saturating_mul(4).max(4);
    let mut record = 0_u64;
    while cursor.left() >= stride {
        let at = cursor.at();
        let words =
            cursor.bytes(stride)?.chunks_exact(4).map_while(|word| word.try_into().ok().map(u32::from_le_bytes));
        let text: String =
            words.take_while(|word| *word != 0).map(|word| char::from_u32(word).unwrap_or('\u{fffd}')).collect();
        let passage = Passage { bytes: text.as_bytes(), record, ..Passage::default() };
        let outer = slice.outer(at..at.saturating_add(stride)).range;
        walk.passage(entry, &passage, Spot::Cell { group: 0, row: record, column: "" }, outer);
        record = record.saturating_add(1);
    }
    entry.bytes = slice.len();
    Ok(())
}

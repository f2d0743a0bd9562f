//! Sheets of a workbook: rows of cells, whose columns are named by the first row.

use scan::Passage;
use zeroize::Zeroizing;

use super::xml::{Node, Xml, attribute};
use crate::error::Stop;
use crate::place::Spot;
use crate::report::Entry;
use crate::walk::Walk;

/// How much of the shared texts is kept for the cells. Those behind are looked at by themselves.
const SHARED_BYTES: usize = 4 << 20;
const MOST_SHARED: usize = 512 << 10;

/// How many columns keep their names: as many as a sheet can have.
const MOST_COLUMNS: usize = 16_384;

/// The longest cell, in bytes: 32,767 characters.
const LONGEST_CELL_BYTES: usize = 4 * 32_767;

/// The texts that cells share.
#[derive(Default)]
pub(crate) struct Strings {
    text: Zeroizing<Vec<u8>>,
    /// Where each ends.
    ends: Vec<u32>,
    full: bool,
}

impl Strings {
    /// Reads them. What is kept is looked at cell by cell, in its column.
    pub(super) fn read(&mut self, walk: &mut Walk<'_>, entry: &mut Entry, xml: &mut Xml<'_>) -> Result<(), Stop> {
        if self.text.capacity() == 0 {
            // A vector that grew by itself would leave its old bytes behind.
            self.text.reserve_exact(SHARED_BYTES);
        }
        let mut text = Zeroizing::new(Vec::new());
        let mut inside = false;
        // Furigana say the same again.
        let mut phonetic = false;
        xml.each(|xml, node| {
            match node {
                Node::Open(element) => match element.local_name().as_ref() {
                    b"t" => inside = !phonetic,
                    b"rPh" => phonetic = true,
                    _ => {}
                },
                Node::Text(piece) if inside => text.extend_from_slice(piece),
                Node::Text(_) => {}
                Node::Close(b"t") => inside = false,
                Node::Close(b"rPh") => phonetic = false,
                Node::Close(b"si") => {
                    if !self.keep(&text) {
                        let record = entry.records;
                        let passage = Passage { bytes: &text, record, ..Passage::default() };
                        walk.passage(entry, &passage, Spot::Offsets, xml.take_outer());
                    }
                    text.clear();
                }
                Node::Close(_) => {}
            }
            Ok(())
        })
    }

    fn keep(&mut self, text: &[u8]) -> bool {
        let end = self.text.len().saturating_add(text.len());
        self.full |= end > SHARED_BYTES || self.ends.len() >= MOST_SHARED;
        if self.full {
            return false;
        }
        self.text.extend_from_slice(text);
        self.ends.push(u32::try_from(end).unwrap_or(u32::MAX));
        true
    }

    fn text(&self, number: usize) -> Option<&[u8]> {
        let end = *self.ends.get(number)? as usize;
        let from = number.checked_sub(1).map_or(Some(0), |before| self.ends.get(before).map(|end| *end as usize))?;
        self.text.get(from..end)
    }
}

/// Reads sheet `group`.
pub(super) fn read(
    walk: &mut Walk<'_>,
    entry: &mut Entry,
    group: u32,
    strings: &Strings,
    xml: &mut Xml<'_>,
) -> Result<(), Stop> {
    let mut sheet =
        Sheet { group, strings, names: Vec::new(), row: 0, column: 0, shared: false, text: Zeroizing::default() };
    let mut inside = false;
    xml.each(|xml, node| {
        match node {
            Node::Open(element) => match element.local_name().as_ref() {
                b"c" => sheet.open(element),
                b"v" | b"t" | b"f" => {
                    inside = true;
                    // A formula and its value are two texts.
                    if !sheet.text.is_empty() {
                        sheet.text.push(b' ');
                    }
                }
                _ => {}
            },
            Node::Text(piece) if inside => sheet.say(piece),
            // Headers, footers, validations: no cell, but somebody wrote it.
            Node::Text(piece) if piece.len() > 5 => {
                let passage = Passage { bytes: piece, record: entry.records, ..Passage::default() };
                walk.passage(entry, &passage, Spot::Offsets, xml.take_outer());
            }
            Node::Text(_) => {}
            Node::Close(b"v" | b"t" | b"f") => inside = false,
            Node::Close(b"c") => sheet.close(walk, entry, xml),
            Node::Close(b"row") => {
                sheet.row = sheet.row.saturating_add(1);
                sheet.column = 0;
                entry.records = entry.records.saturating_add(1);
            }
            Node::Close(_) => {}
        }
        Ok(())
    })
}

struct Sheet<'s> {
    group: u32,
    strings: &'s Strings,
    names: Vec<Vec<u8>>,
    row: u64,
    column: usize,
    /// Whether the cell under way holds the number of a shared text.
    shared: bool,
    text: Zeroizing<Vec<u8>>,
}

impl Sheet<'_> {
    /// A cell begins. It says where it is; empty ones are left out.
    fn open(&mut self, element: &quick_xml::events::BytesStart<'_>) {
        self.text.clear();
        self.shared = attribute(element, b"t").is_some_and(|kind| kind == b"s");
        if let Some(column) = attribute(element, b"r").and_then(|place| column(&place)) {
            self.column = column;
        }
    }

    fn say(&mut self, piece: &[u8]) {
        let room = LONGEST_CELL_BYTES.saturating_sub(self.text.len());
        self.text.extend_from_slice(piece.get(..piece.len().min(room)).unwrap_or_default());
    }

    fn close(&mut self, walk: &mut Walk<'_>, entry: &mut Entry, xml: &mut Xml<'_>) {
        let number = || std::str::from_utf8(self.text.trim_ascii()).ok()?.parse().ok();
        let shared = if self.shared { number().and_then(|number| self.strings.text(number)) } else { None };
        let bytes = shared.unwrap_or(&self.text);
        if self.row == 0 && self.column < MOST_COLUMNS {
            self.names.resize(self.column.max(self.names.len()), Vec::new());
            self.names.push(bytes.to_vec());
        }
        let named = if self.row == 0 { None } else { self.names.get(self.column) };
        let name = named.map_or(&[][..], Vec::as_slice);
        let column = String::from_utf8_lossy(name);
        let records = entry.records;
        let passage = Passage { bytes, names: [name, &[]], record: records, part: 0, lines: false };
        let spot = Spot::Cell { group: self.group, row: self.row, column: &column };
        walk.passage(entry, &passage, spot, xml.take_outer());
        // The row goes on.
        entry.records = records;
        self.column = self.column.saturating_add(1);
    }
}

/// The column of a cell, counted from 0: 27 for `AB12`.
fn column(place: &[u8]) -> Option<usize> {
    let letters = place.iter().take_while(|byte| byte.is_ascii_alphabetic());
    let number = letters.map(|letter| usize::from(letter.to_ascii_uppercase().saturating_sub(b'@')));
    let column = number.fold(0_usize, |sum, digit| sum.saturating_mul(26).saturating_add(digit));
    column.checked_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_counted_by_letters() {
        assert_eq!([b"A1".as_slice(), b"Z9", b"AA1", b"AB12"].map(column), [Some(0), Some(25), Some(26), Some(27)]);
        assert_eq!(column(b"12"), None);
    }

    #[test]
    fn shared_texts_are_kept_up_to_a_bound() {
        let mut strings = Strings::default();
        assert!(strings.keep(b"one") && strings.keep(b"") && strings.keep(b"three"));
        assert_eq!(
            [0, 1, 2, 3].map(|number| strings.text(number)),
            [Some(&b"one"[..]), Some(b""), Some(b"three"), None]
        );
        assert!(!strings.keep(&vec![b'x'; SHARED_BYTES]));
        assert!(!strings.keep(b"order stays"), "numbers behind one that is missing would be wrong");
    }
}

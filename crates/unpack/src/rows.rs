//! Tables: cells that come column by column, and findings that leave row by row.
//!
//! A columnar file holds one column after the other, but a row is what is about one person. So the cells of a stretch
//! of rows are looked at as they come, what is found is kept, and when the stretch is over it leaves in the order of
//! the rows. Only findings wait, never texts.

use std::collections::HashMap;
use std::ops::Range;

use scan::{Finding, Hint, Passage, Reason};

use crate::image::{is_image, texts_of};
use crate::place::{Place, Spot};
use crate::report::{Entry, Why};
use crate::source::{Slice, Source};
use crate::walk::Walk;

/// How many rows are one stretch. A row of a table full of people has three or four findings of a hundred bytes each.
pub(crate) const STRETCH_ROWS: u64 = 16 << 10;

/// A longer cell is looked at in pieces, so that a finding's context has an end.
const PIECE_BYTES: usize = 1 << 20;

/// What two neighbouring pieces share: no value is longer.
const SHARED_BYTES: usize = 2 << 10;

/// Numbers with fewer digits than a telephone number are not looked at, save in a column that a contract knows: a table of
/// tokens has billions of them.
const SMALLEST_NUMBER: u64 = 1_000_000;

/// Whole numbers above this are not exact in floating point, so nobody keeps identifiers there.
const LARGEST_EXACT: f64 = 9_007_199_254_740_992.0;

/// How many parts a text in a cell is taken to have at most, before they meet those of the next.
const PARTS_INSIDE: u32 = 64;

/// How much of a cell tells whether it is a text, and how many control characters a text has at most.
const LOOKED_AT_BYTES: usize = 64;
const TEXT_BYTES_PER_CONTROL: usize = 50;

/// A column, as context and for people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Column {
    /// Its path: `messages[].content`.
    pub(crate) path: String,
    /// Its name, then that of what it is in.
    pub(crate) names: [String; 2],
}

impl Column {
    /// Makes the names out of the steps of a path, outermost first; an empty step is an element of a list.
    pub(crate) fn new(steps: &[&str]) -> Self {
        let mut path = String::new();
        for step in steps {
            if step.is_empty() {
                path.push_str("[]");
            } else {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(step);
            }
        }
        let mut names = steps.iter().rev().filter(|step| !step.is_empty()).map(|step| (*step).to_owned());
        Self { path, names: [names.next().unwrap_or_default(), names.next().unwrap_or_default()] }
    }
}

/// One cell, or one element of a list in a cell.
pub(crate) struct Cell {
    /// The row, counted from 0 in the file.
    pub(crate) row: u64,
    /// As in [`scan::Finding::part`].
    pub(crate) part: u32,
    /// The column's place in the list that [`Rows::leave`] is given.
    pub(crate) column: usize,
    /// The bytes of the object that it was read from.
    pub(crate) outer: Range<u64>,
}

/// What was found in a stretch of rows.
#[derive(Default)]
pub(crate) struct Rows {
    found: Vec<Found>,
    fresh: Vec<Finding>,
    /// Bytes that were looked at.
    bytes: u64,
    /// What the first cell holds that no detector reads.
    unread: Option<Reason>,
}

struct Found {
    row: u64,
    column: usize,
    outer: Range<u64>,
    finding: Finding,
}

impl Rows {
    /// Looks at a text, and returns what is found in it for other cells that have the same.
    pub(crate) fn text(&mut self, walk: &mut Walk<'_>, column: &Column, cell: &Cell, bytes: &[u8]) -> &[Finding] {
        self.fresh.clear();
        if is_image(bytes) {
            self.image(walk, column, bytes);
        } else if is_binary(bytes) {
            self.unread.get_or_insert(Reason::Binary);
        } else if is_json(bytes) {
            self.bytes = self.bytes.saturating_add(bytes.len() as u64);
            // Keys inside are better context than the column's name. They are no fields of the record.
            let mut scan = walk.begin_unknowing(&Hint { content_type: Some("application/json"), name: "" });
            scan.push(bytes, &mut self.fresh);
            scan.finish(&mut self.fresh);
        } else {
            self.bytes = self.bytes.saturating_add(bytes.len() as u64);
            look(walk, column, bytes, &mut self.fresh);
        }
        for finding in &self.fresh {
            self.found.push(found(cell, finding));
        }
        &self.fresh
    }

    /// Looks at what is written about a picture in a cell. What is broken there is no more unread than the picture.
    fn image(&mut self, walk: &mut Walk<'_>, column: &Column, bytes: &[u8]) {
        self.unread.get_or_insert(Reason::Image);
        let held = Bytes(bytes);
        let mut texts = Vec::new();
        let _ = texts_of(&Slice::object(&held), &mut texts);
        for text in texts {
            let names = [text.field, column.names[0].clone()];
            look(walk, &Column { path: String::new(), names }, &text.bytes, &mut self.fresh);
        }
    }

    /// Why something in a cell was not read, if that is so.
    pub(crate) fn unread(&self) -> Option<Why> {
        self.unread.map(Why::Unreadable)
    }

    /// A cell whose text was looked at before.
    pub(crate) fn again(&mut self, cell: &Cell, findings: &[Finding]) {
        self.found.extend(findings.iter().map(|finding| found(cell, finding)));
    }

    /// Looks at a whole number as if it were written out.
    pub(crate) fn number(&mut self, walk: &mut Walk<'_>, column: &Column, cell: &Cell, number: i64) -> &[Finding] {
        if walk.knows(column) {
            return self.text(walk, column, cell, number.to_string().as_bytes());
        }
        if number.unsigned_abs() < SMALLEST_NUMBER {
            return &[];
        }
        self.text(walk, column, cell, number.unsigned_abs().to_string().as_bytes())
    }

    /// Looks at a number in floating point if it is a whole one: what a table with gaps makes of identifiers.
    pub(crate) fn float(&mut self, walk: &mut Walk<'_>, column: &Column, cell: &Cell, number: f64) -> &[Finding] {
        if number.fract() != 0.0 || number.abs() >= LARGEST_EXACT {
            return &[];
        }
        self.number(walk, column, cell, number as i64)
    }

    /// Hands over what was found in the stretch, row by row.
    pub(crate) fn leave(&mut self, walk: &mut Walk<'_>, entry: &mut Entry, group: u32, columns: &[Column]) {
        self.found.sort_by_key(|found| found.row);
        entry.bytes = entry.bytes.saturating_add(std::mem::take(&mut self.bytes));
        entry.findings = entry.findings.saturating_add(self.found.len() as u64);
        for Found { row, column, outer, mut finding } in self.found.drain(..) {
            finding.record = walk.records.saturating_add(row);
            let column = columns.get(column).map_or("", |column| column.path.as_str());
            let place = Place { path: &walk.path, outer, spot: Spot::Cell { group, row, column } };
            walk.sink.take(&place, finding);
        }
    }
}

/// Which values of a dictionary were looked at, and what was found in them: each is looked at once.
#[derive(Default)]
pub(crate) struct Seen {
    /// A bit for each place.
    places: Vec<u64>,
    found: HashMap<u64, Box<[Finding]>>,
}

impl Seen {
    /// Puts what the value at `place` holds into a cell; `look` looks at it when it is met first.
    pub(crate) fn look(
        &mut self,
        place: u64,
        cell: &Cell,
        rows: &mut Rows,
        look: impl for<'r> FnOnce(&'r mut Rows) -> &'r [Finding],
    ) {
        let word = usize::try_from(place >> 6).unwrap_or(usize::MAX);
        let bit = 1_u64.wrapping_shl((place & 63) as u32);
        if self.places.get(word).is_some_and(|word| word & bit != 0) {
            if let Some(found) = self.found.get(&place) {
                rows.again(cell, found);
            }
            return;
        }
        let found = look(rows);
        if !found.is_empty() {
            self.found.insert(place, found.into());
        }
        // INVARIANT: the caller has a value at this place, so there are no more words than a dictionary has values.
        if self.places.len() <= word {
            self.places.resize(word.saturating_add(1), 0);
        }
        if let Some(word) = self.places.get_mut(word) {
            *word |= bit;
        }
    }
}

/// A finding of a text, in the cell that has it.
fn found(cell: &Cell, finding: &Finding) -> Found {
    // Records and parts of a text inside a cell are parts of the row.
    let inside =
        u32::try_from(finding.record).unwrap_or(u32::MAX).wrapping_mul(PARTS_INSIDE).wrapping_add(finding.part);
    let part = cell.part.wrapping_mul(PARTS_INSIDE.wrapping_mul(PARTS_INSIDE)).wrapping_add(inside);
    Found {
        row: cell.row,
        column: cell.column,
        outer: cell.outer.clone(),
        finding: Finding { part, ..finding.clone() },
    }
}

/// The bytes of a cell, to be read at offsets.
struct Bytes<'a>(&'a [u8]);

impl Source for Bytes<'_> {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> std::io::Result<usize> {
        self.0.read_at(offset, into)
    }
}

/// Whether the first bytes of a cell are none that a text begins with.
fn is_binary(bytes: &[u8]) -> bool {
    let start = bytes.get(..bytes.len().min(LOOKED_AT_BYTES)).unwrap_or_default();
    let controls = start.iter().filter(|byte| matches!(byte, 0..=8 | 14..=26 | 28..=31)).count();
    controls > start.len() / TEXT_BYTES_PER_CONTROL
}

/// Whether a cell holds a JSON document: chat messages are often kept so.
fn is_json(bytes: &[u8]) -> bool {
    let body = bytes.trim_ascii();
    matches!((body.first(), body.last()), (Some(b'{'), Some(b'}')) | (Some(b'['), Some(b']')))
}

/// Looks at a text, in pieces if it is long.
fn look(walk: &mut Walk<'_>, column: &Column, bytes: &[u8], fresh: &mut Vec<Finding>) {
    let names = [column.names[0].as_bytes(), column.names[1].as_bytes()];
    let (mut start, mut own_from) = (0_usize, 0_u64);
    loop {
        let end = start.saturating_add(PIECE_BYTES).min(bytes.len());
        let last = end == bytes.len();
        let own_to = if last { u64::MAX } else { end.saturating_sub(SHARED_BYTES) as u64 };
        let mut piece = Piece { base: start as u64, owned: own_from..own_to, fresh };
        let passage = bytes.get(start..end).unwrap_or_default();
        walk.look(&Passage { bytes: passage, names, record: 0, part: 0, lines: false }, &mut piece);
        if last {
            return;
        }
        own_from = own_to;
        start = end.saturating_sub(SHARED_BYTES.saturating_mul(2));
    }
}

/// Takes the findings of a piece that begin in what is its own.
struct Piece<'a> {
    base: u64,
    owned: Range<u64>,
    fresh: &'a mut Vec<Finding>,
}

impl scan::Sink for Piece<'_> {
    fn take(&mut self, mut finding: Finding) {
        finding.from = finding.from.saturating_add(self.base);
        finding.to = finding.to.saturating_add(self.base);
        if self.owned.contains(&finding.from) {
            self.fresh.push(finding);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_written_as_people_would() {
        let column = Column::new(&["messages", "", "content"]);
        assert_eq!(column.path, "messages[].content");
        assert_eq!(column.names, ["content", "messages"]);
        assert_eq!(Column::new(&["phones", ""]).names, ["phones", ""]);
    }

    #[test]
    fn bytes_are_no_text() {
        assert!(is_binary(b"\0\x01\xff"));
        assert!(!is_binary("naïve\ttext\n".as_bytes()));
        assert!(!is_binary(b""));
    }

    #[test]
    fn json_is_known_by_its_brackets() {
        assert!(is_json(br#" {"a": 1}"#));
        assert!(is_json(b"[]\n"));
        assert!(!is_json(b"[1] a footnote"));
        assert!(!is_json(b""));
    }
}

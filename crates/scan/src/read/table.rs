//! Reads tables: CSV and its relatives. A row is a record, and a column's name is the context of its cells.
//!
//! SPEC: RFC 4180. A quotation mark opens a cell only at its beginning; one that is followed by something other than a
//! delimiter does not close it.

use memchr::{memchr, memchr2};

use super::{Decoded, Output, Piece, Reader, Step, Window};
use crate::report::LimitKind;
use crate::text::{ALL, Name, Offsets, Text};

/// How many column names are kept. Cells further right are read all the same.
const MOST_COLUMNS: usize = 4096;

/// How a cell is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Between quotation marks, doubled inside.
    Quoted,
    /// As it is.
    Bare,
}

/// Reads rows of cells.
pub(super) struct Table {
    delimiter: u8,
    /// Whether the row under way names the columns.
    header: bool,
    columns: Vec<Name>,
    column: usize,
    record: u64,
    /// Whether the row under way holds anything.
    busy: bool,
    long: Option<(Kind, Piece)>,
    decoded: Decoded,
}

/// A cell's place, relative to where its text begins.
struct Cell {
    /// One past the last byte of its text.
    end: usize,
    /// The delimiter or line break behind it, or the end of the stream.
    next: usize,
    /// Whether it holds doubled quotation marks.
    escaped: bool,
}

impl Table {
    pub(super) fn new(delimiter: u8, header: bool) -> Self {
        let decoded = Decoded::default();
        Self { delimiter, header, columns: Vec::new(), column: 0, record: 0, busy: false, long: None, decoded }
    }

    /// Reads the cell that begins at `at`, and what stands behind it.
    fn cell(&mut self, at: usize, window: &Window<'_>, output: &mut Output<'_>) -> Step {
        let (kind, start) = match window.bytes.get(at) {
            Some(b'"') => (Kind::Quoted, at.saturating_add(1)),
            _ => (Kind::Bare, at),
        };
        match self.find(kind, start, window) {
            Some(cell) => {
                self.text(kind, start, &cell, window, output);
                self.behind(&cell, window)
            }
            None if at > 0 => Step::Wait(at),
            None => {
                output.limit(LimitKind::LongText, window.offset(start));
                self.piece(kind, Piece { own_from: window.offset(start) }, start, window, output)
            }
        }
    }

    /// The cell whose text begins at `start`, if the window shows its end.
    fn find(&self, kind: Kind, start: usize, window: &Window<'_>) -> Option<Cell> {
        let rest = window.slice(start..window.bytes.len());
        match kind {
            Kind::Bare => {
                let len = match memchr2(self.delimiter, b'\n', rest) {
                    Some(len) => len,
                    None if window.last => rest.len(),
                    None => return None,
                };
                let text = window.slice(start..start.saturating_add(len));
                let len_without_return = text.strip_suffix(b"\r").unwrap_or(text).len();
                Some(Cell {
                    end: start.saturating_add(len_without_return),
                    next: start.saturating_add(len),
                    escaped: false,
                })
            }
            Kind::Quoted => self.find_quoted(start, window),
        }
    }

    fn find_quoted(&self, start: usize, window: &Window<'_>) -> Option<Cell> {
        let mut at = start;
        let mut escaped = false;
        loop {
            let rest = window.slice(at..window.bytes.len());
            let Some(mark) = memchr(b'"', rest) else {
                let end = window.bytes.len();
                return window.last.then_some(Cell { end, next: end, escaped });
            };
            let end = at.saturating_add(mark);
            match rest.get(mark.saturating_add(1)..).unwrap_or_default() {
                // What follows decides, so it must be seen.
                [] | [b'\r'] if !window.last => return None,
                [b'"', ..] => escaped = true,
                [b'\r', b'\n', ..] | [b'\r'] => return Some(Cell { end, next: end.saturating_add(2), escaped }),
                [] => return Some(Cell { end, next: end.saturating_add(1), escaped }),
                [b'\n', ..] => return Some(Cell { end, next: end.saturating_add(1), escaped }),
                [byte, ..] if *byte == self.delimiter => {
                    return Some(Cell { end, next: end.saturating_add(1), escaped });
                }
                // A mark inside the cell that nobody doubled.
                _ => {
                    at = end.saturating_add(1);
                    continue;
                }
            }
            at = end.saturating_add(2);
        }
    }

    /// Steps over the delimiter or line break behind a cell.
    fn behind(&mut self, cell: &Cell, window: &Window<'_>) -> Step {
        match window.bytes.get(cell.next) {
            Some(b'\n') => self.end_row(),
            Some(_) => self.column = self.column.saturating_add(1),
            None => {}
        }
        Step::On(cell.next.saturating_add(1).min(window.bytes.len()))
    }

    fn end_row(&mut self) {
        if self.busy {
            self.record = self.record.saturating_add(u64::from(!self.header));
            self.header = false;
        }
        self.busy = false;
        self.column = 0;
    }

    /// Examines a cell.
    fn text(&mut self, kind: Kind, start: usize, cell: &Cell, window: &Window<'_>, output: &mut Output<'_>) {
        let raw = window.slice(start..cell.end);
        self.busy |= !raw.is_empty();
        if self.header {
            if self.column < MOST_COLUMNS {
                self.columns.push(Name::new(raw));
            } else {
                output.limit(LimitKind::ManyColumns, window.offset(start));
            }
        }
        if raw.len() < output.examiner.shortest_bytes() {
            return;
        }
        let base = window.offset(start);
        if kind == Kind::Quoted && cell.escaped {
            self.decoded.restart(base, raw.len());
            undouble(raw, true, &mut self.decoded);
            output.text(&self.decoded_text());
        } else {
            let offsets = Offsets::plain(base);
            output.text(&Text { bytes: raw, offsets: &offsets, ..self.decoded_text() });
        }
    }

    /// Reads a piece of a long cell, and leaves the rest for the next window.
    fn piece(&mut self, kind: Kind, piece: Piece, start: usize, window: &Window<'_>, output: &mut Output<'_>) -> Step {
        self.busy = true;
        self.decode(kind, start, window.bytes.len(), false, window);
        let (owned, next) = piece.cut(&self.decoded.offsets, self.decoded.text.len());
        let own_from = owned.end;
        output.text(&Text { owned, ..self.decoded_text() });
        self.long = Some((kind, Piece { own_from }));
        Step::Wait(window.position(next))
    }

    /// Goes on with a long cell at the beginning of the window.
    fn resume(&mut self, kind: Kind, piece: Piece, window: &Window<'_>, output: &mut Output<'_>) -> Step {
        let Some(cell) = self.find(kind, 0, window) else { return self.piece(kind, piece, 0, window, output) };
        self.decode(kind, 0, cell.end, true, window);
        output.text(&Text { owned: piece.rest(), ..self.decoded_text() });
        self.behind(&cell, window)
    }

    fn decode(&mut self, kind: Kind, start: usize, end: usize, whole: bool, window: &Window<'_>) {
        let raw = window.slice(start..end);
        self.decoded.restart(window.offset(start), raw.len());
        match kind {
            Kind::Quoted => undouble(raw, whole, &mut self.decoded),
            Kind::Bare => self.decoded.plain(raw),
        }
    }

    /// The text in the buffer, in its place.
    fn decoded_text(&self) -> Text<'_> {
        let name = if self.header { &[] } else { self.columns.get(self.column).map_or(&[][..], Name::as_bytes) };
        Text {
            bytes: &self.decoded.text,
            offsets: &self.decoded.offsets,
            names: [name, &[]],
            owned: ALL,
            record: self.record,
            part: 0,
            lines: false,
        }
    }
}

impl Reader for Table {
    fn read(&mut self, window: &Window<'_>, output: &mut Output<'_>) -> usize {
        let mut at = 0;
        if let Some((kind, piece)) = self.long.take() {
            match self.resume(kind, piece, window, output) {
                Step::On(next) => at = next,
                Step::Wait(done) => return done,
            }
        }
        while at < window.bytes.len() {
            match self.cell(at, window, output) {
                Step::On(next) => at = next,
                Step::Wait(done) => return done,
            }
        }
        at
    }

    fn records(&self) -> u64 {
        self.record.saturating_add(u64::from(self.busy && !self.header))
    }
}

/// Turns doubled quotation marks into single ones. When the text is not `whole`, a mark at its very end is left out: it
/// may be the first of two.
fn undouble(raw: &[u8], whole: bool, decoded: &mut Decoded) {
    let mut at = 0;
    while let Some(rest) = raw.get(at..).filter(|rest| !rest.is_empty()) {
        let plain = memchr(b'"', rest).unwrap_or(rest.len());
        let (before, marks) = rest.split_at(plain);
        decoded.plain(before);
        let from = at.saturating_add(plain);
        match marks {
            [_, b'"', ..] => {
                at = from.saturating_add(2);
                decoded.escape(b"\"", from..at);
            }
            [_] if !whole => return,
            [_, ..] => {
                at = from.saturating_add(1);
                decoded.plain(b"\"");
            }
            [] => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(text: &str, kind: Kind, last: bool) -> Option<(usize, usize, bool)> {
        let window = Window { bytes: text.as_bytes(), at: 0, last };
        let start = usize::from(kind == Kind::Quoted);
        Table::new(b',', false).find(kind, start, &window).map(|cell| (cell.end, cell.next, cell.escaped))
    }

    #[test]
    fn quoted_cells_end_where_a_delimiter_follows() {
        assert_eq!(cell("\"a,b\",c", Kind::Quoted, false), Some((4, 5, false)));
        assert_eq!(cell("\"a\"\"b\"\r\n", Kind::Quoted, false), Some((5, 7, true)));
        assert_eq!(cell("\"a\"b\"\n", Kind::Quoted, false), Some((4, 5, false)));
        assert_eq!(cell("\"a\nb\"", Kind::Quoted, true), Some((4, 5, false)));
        assert_eq!(cell("\"a\nb\"", Kind::Quoted, false), None);
        assert_eq!(cell("\"never closed", Kind::Quoted, true), Some((13, 13, false)));
    }

    #[test]
    fn bare_cells_end_at_delimiters_and_lines() {
        assert_eq!(cell("ab,c", Kind::Bare, false), Some((2, 2, false)));
        assert_eq!(cell("ab\r\nc", Kind::Bare, false), Some((2, 3, false)));
        assert_eq!(cell("ab", Kind::Bare, false), None);
        assert_eq!(cell("ab", Kind::Bare, true), Some((2, 2, false)));
    }
}

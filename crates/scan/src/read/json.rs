//! Reads JSON: lines of values, and documents.
//!
//! The reader follows strings and nesting and nothing else; it accepts more than JSON, and never loses bytes: what
//! stands outside strings where a number could stand is a text too, so a line that is no JSON is still searched.

use memchr::{memchr2, memchr3};

use super::escape::unescape;
use super::{Decoded, Output, Piece, Reader, Step, Window};
use crate::report::LimitKind;
use crate::text::{ALL, Name, Offsets, Text};

/// How deep keys are kept as context. Deeper values are read all the same.
const DEEPEST_LEVEL: usize = 64;

/// One object or array that is open; the first level is the stream itself.
struct Level {
    /// The key of the value under way.
    key: Name,
    /// The innermost object it is in or is; see [`crate::Finding::part`].
    part: u32,
    /// An array rather than an object.
    array: bool,
}

const STREAM: Level = Level { key: Name::NONE, part: 0, array: false };

/// How a text ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// At a quotation mark.
    String,
    /// At punctuation.
    Bare,
}

/// Reads JSON.
pub(super) struct Json {
    lines: bool,
    levels: Vec<Level>,
    /// How many levels are open beyond the deepest that is kept.
    deeper: u64,
    record: u64,
    /// Whether the record under way holds anything.
    busy: bool,
    /// Objects begun in the record under way.
    objects: u32,
    /// Whether the text under way is a key.
    is_key: bool,
    long: Option<(Kind, Piece)>,
    decoded: Decoded,
}

impl Json {
    /// A line break ends a record, whatever is open.
    pub(super) fn lines() -> Self {
        Self::new(true)
    }

    /// Elements of an outermost array are records, and so is any other outermost value.
    pub(super) fn document() -> Self {
        Self::new(false)
    }

    fn new(lines: bool) -> Self {
        let decoded = Decoded::default();
        Self {
            lines,
            levels: vec![STREAM],
            deeper: 0,
            record: 0,
            busy: false,
            objects: 0,
            is_key: false,
            long: None,
            decoded,
        }
    }

    fn end_record(&mut self) {
        self.record = self.record.saturating_add(u64::from(self.busy));
        self.busy = false;
        self.objects = 0;
    }

    fn open(&mut self, array: bool, offset: u64, output: &mut Output<'_>) {
        // The outermost array is no record but holds records.
        self.busy |= !array || self.levels.len() > 1;
        if self.levels.len() >= DEEPEST_LEVEL {
            self.deeper = self.deeper.saturating_add(1);
            output.limit(LimitKind::DeepNesting, offset);
            return;
        }
        let part = if array {
            self.part()
        } else {
            self.objects = self.objects.saturating_add(1);
            self.objects
        };
        self.levels.push(Level { key: Name::NONE, part, array });
    }

    fn close(&mut self) {
        if self.deeper > 0 {
            self.deeper = self.deeper.saturating_sub(1);
            return;
        }
        if self.levels.len() > 1 {
            self.levels.pop();
        }
        if self.is_between_records() {
            self.end_record();
        }
    }

    /// Whether a comma or a closing bracket here ends a record.
    fn is_between_records(&self) -> bool {
        !self.lines
            && (self.levels.len() == 1 || (self.levels.len() == 2 && self.levels.last().is_some_and(|top| top.array)))
    }

    fn break_line(&mut self) {
        if self.lines {
            self.end_record();
            self.levels.clear();
            self.levels.push(STREAM);
            self.deeper = 0;
        }
    }

    fn part(&self) -> u32 {
        self.levels.last().map_or(0, |top| top.part)
    }

    /// Reads the string whose quotation mark stands at `at`.
    fn string(&mut self, at: usize, window: &Window<'_>, output: &mut Output<'_>) -> Step {
        self.busy = true;
        let start = at.saturating_add(1);
        let Some(text) = Quoted::find(window.bytes, start, self.lines) else {
            return self.unfinished(Kind::String, at, start, window, output);
        };
        let ahead = window.slice(text.next..window.bytes.len());
        let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r') || (*byte == b'\n' && !self.lines);
        let gap = ahead.iter().take_while(|byte| blank(byte)).count();
        let after = ahead.get(gap);
        // What follows tells a key from a value, so it must be seen.
        if after.is_none() && at > 0 && !window.last {
            return Step::Wait(at);
        }
        if after != Some(&b':') {
            self.text(start, text.end, text.escaped, window, output);
            return Step::On(text.next);
        }
        // A key is the value of nothing.
        if let Some(top) = self.levels.last_mut() {
            top.key = Name::NONE;
        }
        self.is_key = true;
        self.text(start, text.end, text.escaped, window, output);
        self.is_key = false;
        if let Some(top) = self.levels.last_mut() {
            top.key = Name::new(window.slice(start..text.end));
        }
        Step::On(text.next.saturating_add(gap).saturating_add(1))
    }

    /// Reads what begins at `at` and is neither a string nor punctuation.
    fn bare(&mut self, at: usize, window: &Window<'_>, output: &mut Output<'_>) -> Step {
        self.busy = true;
        match end_of_bare(window.bytes, at) {
            Some(end) => {
                self.text(at, end, false, window, output);
                Step::On(end)
            }
            None => self.unfinished(Kind::Bare, at, at, window, output),
        }
    }

    /// A text whose end the window does not show begins at `start`, its unit at `at`.
    fn unfinished(
        &mut self,
        kind: Kind,
        at: usize,
        start: usize,
        window: &Window<'_>,
        output: &mut Output<'_>,
    ) -> Step {
        if window.last {
            self.text(start, window.bytes.len(), kind == Kind::String, window, output);
            return Step::On(window.bytes.len());
        }
        if at > 0 {
            return Step::Wait(at);
        }
        output.limit(LimitKind::LongText, window.offset(start));
        self.piece(kind, Piece { own_from: window.offset(start) }, start, window, output)
    }

    /// Reads a piece of a long text, and leaves the rest for the next window.
    fn piece(&mut self, kind: Kind, piece: Piece, start: usize, window: &Window<'_>, output: &mut Output<'_>) -> Step {
        let raw = window.slice(start..window.bytes.len());
        self.decoded.restart(window.offset(start), raw.len());
        match kind {
            Kind::String => unescape(raw, false, &mut self.decoded),
            Kind::Bare => self.decoded.plain(raw),
        }
        let (owned, next) = piece.cut(&self.decoded.offsets, self.decoded.text.len());
        let own_from = owned.end;
        output.text(&Text { owned, ..self.decoded_text() });
        self.long = Some((kind, Piece { own_from }));
        Step::Wait(window.position(next))
    }

    /// Goes on with a long text at the beginning of the window.
    fn resume(&mut self, kind: Kind, piece: Piece, window: &Window<'_>, output: &mut Output<'_>) -> Step {
        let found = match kind {
            Kind::String => Quoted::find(window.bytes, 0, self.lines),
            Kind::Bare => end_of_bare(window.bytes, 0).map(|end| Quoted { end, next: end, escaped: false }),
        };
        let end = match found {
            Some(text) => text,
            None if window.last => Quoted { end: window.bytes.len(), next: window.bytes.len(), escaped: true },
            None => return self.piece(kind, piece, 0, window, output),
        };
        let raw = window.slice(0..end.end);
        self.decoded.restart(window.at, raw.len());
        match kind {
            Kind::String => unescape(raw, true, &mut self.decoded),
            Kind::Bare => self.decoded.plain(raw),
        }
        output.text(&Text { owned: piece.rest(), ..self.decoded_text() });
        Step::On(end.next)
    }

    /// Examines the text in `start..end` of the window.
    fn text(&mut self, start: usize, end: usize, escaped: bool, window: &Window<'_>, output: &mut Output<'_>) {
        let raw = window.slice(start..end);
        if raw.len() < output.examiner.shortest_bytes() {
            return;
        }
        let base = window.offset(start);
        if escaped {
            self.decoded.restart(base, raw.len());
            unescape(raw, true, &mut self.decoded);
            output.text(&self.decoded_text());
        } else {
            let offsets = Offsets::plain(base);
            output.text(&Text { bytes: raw, offsets: &offsets, ..self.decoded_text() });
        }
    }

    /// The text in the buffer, in its place.
    fn decoded_text(&self) -> Text<'_> {
        let mut around = self.levels.iter().rev().map(|level| level.key.as_bytes()).filter(|key| !key.is_empty());
        let mut next = || around.next().unwrap_or_default();
        let names = if self.is_key { [&[], next()] } else { [next(), next()] };
        Text {
            bytes: &self.decoded.text,
            offsets: &self.decoded.offsets,
            names,
            owned: ALL,
            record: self.record,
            part: self.part(),
            lines: false,
        }
    }
}

impl Reader for Json {
    fn read(&mut self, window: &Window<'_>, output: &mut Output<'_>) -> usize {
        let mut at = 0;
        if let Some((kind, piece)) = self.long.take() {
            match self.resume(kind, piece, window, output) {
                Step::On(next) => at = next,
                Step::Wait(done) => return done,
            }
        }
        while let Some(byte) = window.bytes.get(at) {
            let step = match byte {
                b'"' => self.string(at, window, output),
                b' ' | b'\t' | b'\r' | b':' => Step::On(at.saturating_add(1)),
                b'\n' | b',' | b'{' | b'[' | b'}' | b']' => {
                    match byte {
                        b'\n' => self.break_line(),
                        b',' if self.is_between_records() && self.deeper == 0 => self.end_record(),
                        b'{' | b'[' => self.open(*byte == b'[', window.offset(at), output),
                        b'}' | b']' => self.close(),
                        _ => {}
                    }
                    Step::On(at.saturating_add(1))
                }
                _ => self.bare(at, window, output),
            };
            match step {
                Step::On(next) => at = next,
                Step::Wait(done) => return done,
            }
        }
        at
    }

    fn records(&self) -> u64 {
        self.record.saturating_add(u64::from(self.busy))
    }
}

/// A string's place.
struct Quoted {
    /// One past its last byte.
    end: usize,
    /// Where reading goes on: behind the quotation mark, or at the line break that cut it off.
    next: usize,
    /// Whether it holds escapes.
    escaped: bool,
}

impl Quoted {
    /// The string whose text begins at `start`. In lines, a line break ends it: valid JSON has none inside a string,
    /// and a missing quotation mark must not swallow the lines that follow.
    fn find(bytes: &[u8], start: usize, lines: bool) -> Option<Self> {
        let mut at = start;
        let mut escaped = false;
        loop {
            let rest = bytes.get(at..)?;
            let stop = if lines { memchr3(b'"', b'\\', b'\n', rest) } else { memchr2(b'"', b'\\', rest) }?;
            let end = at.saturating_add(stop);
            match bytes.get(end) {
                Some(b'\\') => escaped = true,
                Some(b'"') => return Some(Self { end, next: end.saturating_add(1), escaped }),
                _ => return Some(Self { end, next: end, escaped }),
            }
            let after_escape = end.saturating_add(2);
            // The escaped character of a line that ends in a backslash is the line break.
            let cut_off = lines && bytes.get(end.saturating_add(1)) == Some(&b'\n');
            at = if cut_off { end.saturating_add(1) } else { after_escape };
        }
    }
}

/// Where what begins at `at` outside strings ends.
fn end_of_bare(bytes: &[u8], at: usize) -> Option<usize> {
    let ends = |byte: &u8| matches!(byte, b',' | b'"' | b'\n' | b'{' | b'[' | b'}' | b']');
    let len = bytes.get(at..)?.iter().position(ends)?;
    Some(at.saturating_add(len))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_break_ends_a_string_in_lines_only() {
        let text = b"abc\ndef\"";
        assert_eq!(Quoted::find(text, 0, true).map(|text| (text.end, text.next)), Some((3, 3)));
        assert_eq!(Quoted::find(text, 0, false).map(|text| (text.end, text.next)), Some((7, 8)));
        assert_eq!(Quoted::find(b"ab\\\nx\"", 0, true).map(|text| text.end), Some(3));
    }
}

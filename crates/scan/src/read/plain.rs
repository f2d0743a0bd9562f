//! Reads plain text. A paragraph is a record, and each of its lines a part of it.
//!
//! Context crosses lines ("Phone:" on one, the number on the next) but not paragraphs.

use memchr::memchr;

use super::{Output, Piece, Reader, Step, Window};
use crate::report::LimitKind;
use crate::text::{ALL, Offsets, Text};

/// A paragraph that goes on longer than this is a list or a log: it is cut between lines, so that people who only share
/// a file do not share a record.
const LONGEST_PARAGRAPH_LINES: usize = 32;
const LONGEST_PARAGRAPH_BYTES: usize = 32 << 10;

/// Reads paragraphs.
pub(super) struct Plain {
    record: u64,
    long: Option<Piece>,
}

impl Plain {
    pub(super) fn new() -> Self {
        Self { record: 0, long: None }
    }

    /// Reads the paragraph that begins at `at`.
    fn paragraph(&mut self, at: usize, window: &Window<'_>, output: &mut Output<'_>) -> Step {
        match end_of_paragraph(window, at) {
            Some(end) => {
                self.text(at, end, ALL, window, output);
                self.record = self.record.saturating_add(1);
                Step::On(end)
            }
            None if at > 0 => Step::Wait(at),
            None => {
                output.limit(LimitKind::LongText, window.at);
                self.piece(Piece { own_from: window.at }, window, output)
            }
        }
    }

    /// Reads a piece of a line that fills the window.
    fn piece(&mut self, piece: Piece, window: &Window<'_>, output: &mut Output<'_>) -> Step {
        let (owned, next) = piece.cut(&Offsets::plain(window.at), window.bytes.len());
        let own_from = owned.end;
        self.text(0, window.bytes.len(), owned, window, output);
        self.long = Some(Piece { own_from });
        Step::Wait(window.position(next))
    }

    /// Goes on with a long line at the beginning of the window.
    fn resume(&mut self, piece: Piece, window: &Window<'_>, output: &mut Output<'_>) -> Step {
        let end = match memchr(b'\n', window.bytes) {
            Some(end) => end,
            None if window.last => window.bytes.len(),
            None => return self.piece(piece, window, output),
        };
        self.text(0, end, piece.rest(), window, output);
        self.record = self.record.saturating_add(1);
        Step::On(end)
    }

    fn text(
        &self,
        start: usize,
        end: usize,
        owned: std::ops::Range<u64>,
        window: &Window<'_>,
        output: &mut Output<'_>,
    ) {
        let offsets = Offsets::plain(window.offset(start));
        let bytes = window.slice(start..end);
        output.text(&Text {
            bytes,
            offsets: &offsets,
            names: [&[]; 2],
            owned,
            record: self.record,
            part: 0,
            lines: true,
        });
    }
}

impl Reader for Plain {
    fn read(&mut self, window: &Window<'_>, output: &mut Output<'_>) -> usize {
        let mut at = 0;
        if let Some(piece) = self.long.take() {
            match self.resume(piece, window, output) {
                Step::On(next) => at = next,
                Step::Wait(done) => return done,
            }
        }
        while let Some(byte) = window.bytes.get(at) {
            let step = match byte {
                b'\n' | b'\r' => Step::On(at.saturating_add(1)),
                _ => self.paragraph(at, window, output),
            };
            match step {
                Step::On(next) => at = next,
                Step::Wait(done) => return done,
            }
        }
        at
    }

    fn records(&self) -> u64 {
        self.record.saturating_add(u64::from(self.long.is_some()))
    }
}

/// Where the paragraph that begins at `at` ends, if the window shows it: before a blank line, or where it is too long.
fn end_of_paragraph(window: &Window<'_>, at: usize) -> Option<usize> {
    let mut line = at;
    for _ in 0..LONGEST_PARAGRAPH_LINES {
        let Some(len) = memchr(b'\n', window.bytes.get(line..)?) else {
            return window.last.then_some(window.bytes.len());
        };
        let end = line.saturating_add(len);
        let next = end.saturating_add(1);
        match window.bytes.get(next..).unwrap_or_default() {
            [] | [b'\r'] if !window.last => return None,
            [] | [b'\n', ..] | [b'\r', b'\n', ..] => return Some(end),
            _ if next.saturating_sub(at) > LONGEST_PARAGRAPH_BYTES => return Some(end),
            _ => line = next,
        }
    }
    Some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(text: &str, last: bool) -> Option<usize> {
        end_of_paragraph(&Window { bytes: text.as_bytes(), at: 0, last }, 0)
    }

    #[test]
    fn paragraphs_end_at_blank_lines() {
        assert_eq!(end("ab\ncd\n\nef", false), Some(5));
        assert_eq!(end("ab\r\ncd\r\n\r\nef", false), Some(7));
        assert_eq!(end("ab\ncd", false), None);
        assert_eq!(end("ab\ncd\n", false), None);
        assert_eq!(end("ab\ncd", true), Some(5));
        assert_eq!(end("ab\ncd\n", true), Some(5));
    }

    #[test]
    fn a_log_is_cut_between_lines() {
        assert_eq!(end(&"line\n".repeat(100), false), Some(LONGEST_PARAGRAPH_LINES * 5));
        let wide = format!("{}\n", "x".repeat(20 << 10)).repeat(4);
        assert_eq!(end(&wide, false), Some((40 << 10) + 1));
    }
}

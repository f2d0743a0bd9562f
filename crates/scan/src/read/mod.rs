//! Readers: each knows one format, cuts the stream into records and texts, and says what names a text.
//!
//! A reader is shown the stream through a window. It reads whole units (a value, a cell, a paragraph) and says how many
//! bytes it is done with; the rest is shown again, with more behind it. A unit that fills the whole window is read in
//! pieces that overlap ([`Piece`]), so memory is bounded whatever the input.

mod escape;
mod json;
mod markup;
mod plain;
mod table;
mod tag;

use std::ops::Range;

use zeroize::Zeroizing;

use crate::examine::Examiner;
use crate::finding::Sink;
use crate::report::{Format, LimitKind, Limits};
use crate::text::{Offsets, Text};

/// How much of a long text two neighbouring pieces share behind a cut: any value that begins before the cut ends in it.
const OVERLAP_BYTES: usize = 1024;

/// How much they share before a cut: the context of a value that begins at it.
const LEAD_BYTES: usize = 256;

/// A stretch of the stream.
pub(crate) struct Window<'a> {
    /// Its bytes. All windows but the last are equally long, so that what a reader sees does not depend on chunking.
    pub(crate) bytes: &'a [u8],
    /// The offset of its first byte.
    pub(crate) at: u64,
    /// Whether the stream ends here.
    pub(crate) last: bool,
}

impl Window<'_> {
    /// The offset of the byte at `position`.
    fn offset(&self, position: usize) -> u64 {
        self.at.saturating_add(position as u64)
    }

    /// The bytes of `range`; a range that is not in the window has none.
    fn slice(&self, range: Range<usize>) -> &[u8] {
        self.bytes.get(range).unwrap_or_default()
    }

    /// How many of its bytes precede `offset`.
    fn position(&self, offset: u64) -> usize {
        usize::try_from(offset.saturating_sub(self.at)).unwrap_or(usize::MAX).min(self.bytes.len())
    }
}

/// Where a reader's texts go.
pub(crate) struct Output<'a> {
    /// Examines each text.
    pub(crate) examiner: &'a mut Examiner,
    /// Takes the findings.
    pub(crate) sink: &'a mut dyn Sink,
    /// What could not be read as it should be.
    pub(crate) limits: &'a mut Limits,
}

impl Output<'_> {
    fn text(&mut self, text: &Text<'_>) {
        self.examiner.examine(text, self.sink);
    }

    fn limit(&mut self, kind: LimitKind, offset: u64) {
        self.limits.note(kind, offset);
    }
}

/// Reads one format.
pub(crate) trait Reader: Send {
    /// Reads what is whole in `window` and returns how many bytes are done with: all of them in the last window, at
    /// least one in every other.
    fn read(&mut self, window: &Window<'_>, output: &mut Output<'_>) -> usize;

    /// How many records there were.
    fn records(&self) -> u64;
}

/// The reader of `format`.
pub(crate) fn reader(format: Format) -> Box<dyn Reader> {
    match format {
        Format::JsonLines => Box::new(json::Json::lines()),
        Format::Json => Box::new(json::Json::document()),
        Format::Table { delimiter, header } => Box::new(table::Table::new(delimiter, header)),
        Format::Html => Box::new(markup::Markup::new(true)),
        Format::Xml => Box::new(markup::Markup::new(false)),
        Format::Plain => Box::new(plain::Plain::new()),
    }
}

/// What a reader does after a unit.
enum Step {
    /// Goes on at this position.
    On(usize),
    /// Is done with the bytes before this position and waits for more.
    Wait(usize),
}

/// A text under way that is longer than the window.
///
/// LIMIT: a row of digit groups that begins more than [`LEAD_BYTES`] before a cut and crosses it may be grouped
/// differently on its two sides.
struct Piece {
    /// Findings that begin before this offset were made in the piece before.
    own_from: u64,
}

impl Piece {
    /// The offsets this piece owns, and where the next one begins. `None` when it is the last.
    ///
    /// `offsets` leads back from the `len` bytes of decoded text that the window shows of it.
    fn cut(&self, offsets: &Offsets, len: usize) -> (Range<u64>, u64) {
        let cut = len.saturating_sub(OVERLAP_BYTES);
        (self.own_from..offsets.from(cut), offsets.from(cut.saturating_sub(LEAD_BYTES)))
    }

    /// The offsets the last piece owns.
    const fn rest(&self) -> Range<u64> {
        self.own_from..u64::MAX
    }
}

/// A buffer for decoded text and the way back from it. The text is erased when the reader is dropped.
#[derive(Default)]
struct Decoded {
    text: Zeroizing<Vec<u8>>,
    offsets: Offsets,
}

impl Decoded {
    /// Starts over for a text of at most `len` bytes that begins at `base`.
    fn restart(&mut self, base: u64, len: usize) {
        if self.text.capacity() < len {
            // A vector that grew by itself would leave its old bytes behind.
            self.text = Zeroizing::new(Vec::with_capacity(len.next_power_of_two()));
        }
        self.text.clear();
        self.offsets.restart(base);
    }

    /// Appends bytes that stand in the object as they are.
    fn plain(&mut self, bytes: &[u8]) {
        self.text.extend_from_slice(bytes);
    }

    /// Appends `bytes` that were written as the escape at `raw`.
    fn escape(&mut self, bytes: &[u8], raw: Range<usize>) {
        let from = self.text.len();
        self.text.extend_from_slice(bytes);
        self.offsets.escape(from..self.text.len(), raw);
    }
}

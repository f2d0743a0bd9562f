//! Where a finding is.

use std::ops::Range;

use scan::Finding;

use crate::report::Entry;

/// Where in the object a finding is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// The path to the text that it is in, from the object's name on: `shard.tar!docs/a.jsonl.gz!a.jsonl`.
    pub path: &'a str,
    /// The bytes of the object that hold it. Of a text that stands there as it is, exactly its own; of compressed bytes,
    /// those that it was unpacked from: whoever reads others is not shown it.
    pub outer: Range<u64>,
    /// Where in the text, for people.
    pub spot: Spot<'a>,
}

/// Where in a text something is, in the words of its format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spot<'a> {
    /// At the finding's own offsets.
    Offsets,
    /// On a page or slide, counted from 1.
    Page(u32),
    /// In a cell. The finding's offsets count from its beginning.
    Cell {
        /// The row group, or the sheet, counted from 0.
        group: u32,
        /// The row, counted from 0 through the whole file.
        row: u64,
        /// The column's path.
        column: &'a str,
    },
    /// In a field of a header: a tag of an image, a key of metadata.
    Field(&'a str),
}

/// Takes what an examination finds, as it finds it.
pub trait Sink {
    /// Takes a finding. Its offsets count from the beginning of the text at `place`; its record counts through the whole
    /// object, and the findings of one record come together.
    fn take(&mut self, place: &Place<'_>, finding: Finding);

    /// Takes an entry, once it was read: what is inside comes before what it is inside of.
    fn read(&mut self, entry: &Entry) {
        let _ = entry;
    }
}

/// Lets a scanner's sink take the findings: their offsets become those of the object's bytes that hold them.
#[derive(Debug)]
pub struct Flat<S>(pub S);

impl<S: scan::Sink> Sink for Flat<S> {
    fn take(&mut self, place: &Place<'_>, mut finding: Finding) {
        finding.from = place.outer.start;
        finding.to = place.outer.end;
        self.0.take(finding);
    }
}

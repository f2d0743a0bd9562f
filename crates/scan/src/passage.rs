//! Passages: texts that somebody else has taken out of a format which the readers here do not know: a cell of a columnar
//! file, a page of a document.
//!
//! Offsets of what is found are positions in the passage; the caller knows where the passage came from.

use std::sync::Arc;

use crate::examine::Examiner;
use crate::finding::{Digester, Sink};
use crate::scanner::Scanner;
use crate::text::{ALL, Offsets, Text};

/// One text, with what is known about it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Passage<'a> {
    /// What is written there.
    pub bytes: &'a [u8],
    /// What names it: the column or field, then what is around that. Empty where there is nothing.
    pub names: [&'a [u8]; 2],
    /// As in [`crate::Finding::record`].
    pub record: u64,
    /// As in [`crate::Finding::part`].
    pub part: u32,
    /// Whether each line of it is a part of its own, as in prose.
    pub lines: bool,
}

/// Looks at passages, one after the other, reusing its buffers.
#[must_use = "passages that nobody shows it are not looked at"]
pub struct Passages {
    examiner: Examiner,
}

impl Scanner {
    /// Begins to look at passages.
    pub fn passages(&self, digester: Arc<dyn Digester>) -> Passages {
        Passages { examiner: self.examiner(digester) }
    }
}

impl Passages {
    /// Hands what is found in `passage` to `sink`. Time is linear in its length; nothing of it is kept.
    pub fn examine(&mut self, passage: &Passage<'_>, sink: &mut dyn Sink) {
        let offsets = Offsets::plain(0);
        let text = Text {
            bytes: passage.bytes,
            offsets: &offsets,
            names: passage.names,
            owned: ALL,
            record: passage.record,
            part: passage.part,
            lines: passage.lines,
        };
        self.examiner.examine(&text, sink);
    }

    /// How many findings were made.
    #[must_use]
    pub const fn findings(&self) -> u64 {
        self.examiner.findings
    }
}

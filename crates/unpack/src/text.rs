//! Hands a stream to the scanner, and leads its findings back to the object.

use std::collections::VecDeque;
use std::ops::Range;

use scan::{Finding, Hint, Outcome, WINDOW_BYTES};

use crate::error::Stop;
use crate::place::{Place, Sink, Spot};
use crate::report::{Entry, Why};
use crate::source::Outer;
use crate::stream::{Stream, chunk};
use crate::walk::Walk;

/// How far back a finding can lie behind the last byte pushed: the scanner holds one window.
const REACH_BYTES: u64 = WINDOW_BYTES as u64 * 2;

/// Stretches shorter than this are joined, so that a stream that comes in crumbs does not make the trail long.
const STRETCH_BYTES: u64 = 4 << 10;

/// Scans `stream`, which is called `name`.
pub(crate) fn scan(
    walk: &mut Walk<'_>,
    entry: &mut Entry,
    hint: &Hint<'_>,
    stream: &mut dyn Stream,
) -> Result<(), Stop> {
    let mut scan = walk.begin(hint);
    let mut placing = Placing::new(walk);
    let mut chunk = chunk();
    let stopped = loop {
        let read = match stream.read(&mut chunk) {
            Ok(0) => break None,
            Ok(read) => read,
            Err(Stop::Inside(why)) => break Some(why),
            Err(failed) => return Err(failed),
        };
        placing.trail.push(read, &stream.outer());
        scan.push(chunk.get(..read).unwrap_or_default(), &mut placing);
    };
    let report = scan.finish(&mut placing);
    let records = placing.records;
    entry.format = report.format;
    entry.bytes = report.bytes;
    entry.records = report.records.max(records);
    entry.findings = report.findings;
    entry.limits = report.limits;
    match (stopped, report.outcome) {
        (Some(why), _) => Err(why.into()),
        (None, Outcome::Unscannable { reason }) => {
            // Its bytes went by unread.
            entry.bytes = 0;
            Err(Why::Unreadable(reason).into())
        }
        (None, Outcome::Scanned) => Ok(()),
    }
}

/// Puts findings in their place.
struct Placing<'a> {
    trail: Trail,
    path: &'a str,
    /// How many records the texts before had.
    before: u64,
    /// How many records were seen to have findings: one more than the number of the last.
    records: u64,
    sink: &'a mut dyn Sink,
}

impl<'a> Placing<'a> {
    fn new(walk: &'a mut Walk<'_>) -> Self {
        Self { trail: Trail::default(), path: &walk.path, before: walk.records, records: 0, sink: walk.sink }
    }
}

impl scan::Sink for Placing<'_> {
    fn take(&mut self, mut finding: Finding) {
        self.records = self.records.max(finding.record.saturating_add(1));
        finding.record = finding.record.saturating_add(self.before);
        let outer = self.trail.of(finding.from..finding.to);
        self.sink.take(&Place { path: self.path, outer, spot: Spot::Offsets }, finding);
    }
}

/// The way back from offsets in a stream to ranges of the object, for as far back as anybody asks.
#[derive(Default)]
struct Trail {
    stretches: VecDeque<Stretch>,
    end: u64,
}

/// Bytes of the stream from `from` on, up to the next stretch.
struct Stretch {
    from: u64,
    outer: Outer,
}

impl Trail {
    /// The next `len` bytes came from `outer`.
    fn push(&mut self, len: usize, outer: &Outer) {
        let from = self.end;
        self.end = from.saturating_add(len as u64);
        match self.stretches.back_mut() {
            Some(last) if last.outer.exact && outer.exact && last.outer.range.end == outer.range.start => {
                last.outer.range.end = outer.range.end;
            }
            Some(last) if !last.outer.exact && from.saturating_sub(last.from) < STRETCH_BYTES => last.outer.join(outer),
            _ => self.stretches.push_back(Stretch { from, outer: outer.clone() }),
        }
        let needed = self.end.saturating_sub(REACH_BYTES);
        while self.stretches.get(1).is_some_and(|second| second.from <= needed) {
            self.stretches.pop_front();
        }
    }

    /// Where the bytes of `range` came from.
    fn of(&self, range: Range<u64>) -> Range<u64> {
        let first = self.stretches.partition_point(|stretch| stretch.from <= range.start).saturating_sub(1);
        let mut whole = Outer::NONE;
        for stretch in self.stretches.range(first.min(self.stretches.len())..) {
            if stretch.from >= range.end && stretch.from > range.start {
                break;
            }
            let within = |offset: u64| offset.saturating_sub(stretch.from);
            whole.join(&stretch.outer.part(within(range.start)..within(range.end)));
        }
        whole.range
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trail_leads_back() {
        let mut trail = Trail::default();
        trail.push(10, &Outer { range: 100..110, exact: true });
        trail.push(10, &Outer { range: 110..120, exact: true });
        trail.push(10, &Outer { range: 200..203, exact: false });
        trail.push(5000, &Outer { range: 203..300, exact: false });
        trail.push(9, &Outer { range: 300..301, exact: false });
        assert_eq!(trail.stretches.len(), 3);
        assert_eq!(trail.of(3..12), 103..112);
        assert_eq!(trail.of(18..21), 118..300);
        assert_eq!(trail.of(25..26), 200..300);
        assert_eq!(trail.of(5030..5031), 300..301);
    }

    #[test]
    fn a_trail_forgets_what_nobody_asks_for() {
        let mut trail = Trail::default();
        for at in 0..10_000_u64 {
            trail.push(16 << 10, &Outer { range: at * 10..at * 10 + 10, exact: false });
        }
        assert!(trail.stretches.len() < 40);
    }
}

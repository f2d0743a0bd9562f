//! Examines one text: anchors, detectors, overlaps, identities.

use base::word::DataType;

use std::sync::Arc;

use zeroize::Zeroizing;

use crate::anchor::Anchors;
use crate::detect::{self, Candidate, Detector};
use crate::finding::{Digester, Finding, Sink};
use crate::text::{SHORTEST_BYTES, Text};

/// The longest canonical form is an e-mail's: 64 bytes, `@` and 253.
const LONGEST_CANONICAL_BYTES: usize = 320;

/// Looks at texts, one after the other, reusing its buffers.
pub(crate) struct Examiner {
    detectors: Vec<&'static dyn Detector>,
    digester: Arc<dyn Digester>,
    anchors: Anchors,
    candidates: Vec<Candidate>,
    canonical: Zeroizing<Vec<u8>>,
    /// How many findings were made.
    pub(crate) findings: u64,
}

impl Examiner {
    /// Looks for `types`.
    pub(crate) fn new(types: &[DataType], digester: Arc<dyn Digester>) -> Self {
        Self {
            detectors: detect::ALL.iter().copied().filter(|detector| types.contains(&detector.data_type())).collect(),
            digester,
            anchors: Anchors::default(),
            candidates: Vec::new(),
            canonical: Zeroizing::new(Vec::with_capacity(LONGEST_CANONICAL_BYTES)),
            findings: 0,
        }
    }

    /// Hands what is found in `text` to `sink`.
    pub(crate) fn examine(&mut self, text: &Text<'_>, sink: &mut dyn Sink) {
        if text.bytes.len() < SHORTEST_BYTES || !self.anchors.find(text.bytes) {
            return;
        }
        for detector in &self.detectors {
            detector.detect(text, &self.anchors, &mut self.candidates);
        }
        let mut candidates = std::mem::take(&mut self.candidates);
        settle(&mut candidates);
        let mut line = Lines { text: text.bytes, at: 0, line: text.part };
        for candidate in candidates.drain(..) {
            let from = text.offsets.from(candidate.span.start);
            if text.owned.contains(&from) {
                let part = if text.lines { line.of(candidate.span.start) } else { text.part };
                self.hand_over(text, candidate, from, part, sink);
            }
        }
        self.candidates = candidates;
    }

    fn hand_over(&mut self, text: &Text<'_>, candidate: Candidate, from: u64, part: u32, sink: &mut dyn Sink) {
        let Some(value) = text.bytes.get(candidate.span.clone()) else { return };
        let Some(detector) = self.detectors.iter().find(|detector| detector.data_type() == candidate.data_type) else {
            return;
        };
        self.canonical.clear();
        detector.canonical(value, &mut self.canonical);
        self.findings = self.findings.saturating_add(1);
        sink.take(Finding {
            data_type: candidate.data_type,
            from,
            to: text.offsets.to(candidate.span.end),
            record: text.record,
            part,
            validator: candidate.validator,
            confidence: candidate.confidence,
            identity: self.digester.digest(candidate.data_type, &self.canonical),
        });
    }
}

/// Sorts candidates by place and leaves none that overlaps another: the stronger stays, of equals the longer, then the
/// first.
fn settle(candidates: &mut Vec<Candidate>) {
    if candidates.len() < 2 {
        return;
    }
    candidates.sort_by_key(|candidate| (candidate.span.start, std::cmp::Reverse(candidate.span.end)));
    candidates.dedup_by(|next, kept| {
        let overlap = next.span.start < kept.span.end;
        if overlap && (next.strength, next.span.len()) > (kept.strength, kept.span.len()) {
            std::mem::swap(next, kept);
        }
        overlap
    });
}

/// Counts lines up to places that come in order.
struct Lines<'a> {
    text: &'a [u8],
    at: usize,
    line: u32,
}

impl Lines<'_> {
    fn of(&mut self, place: usize) -> u32 {
        let passed = memchr::memchr_iter(b'\n', self.text.get(self.at..place).unwrap_or_default()).count();
        self.at = place;
        self.line = self.line.saturating_add(u32::try_from(passed).unwrap_or(u32::MAX));
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::Strength;
    use crate::finding::Confidence;

    fn candidate(data_type: DataType, span: std::ops::Range<usize>, strength: Strength) -> Candidate {
        Candidate { data_type, span, strength, confidence: Confidence::High, validator: "" }
    }

    #[test]
    fn of_two_that_overlap_the_stronger_stays() {
        let phone = candidate(DataType::Phone, 0..12, Strength::Shape);
        let card = candidate(DataType::Card, 5..24, Strength::Checksum);
        let late = candidate(DataType::Ssn, 24..35, Strength::Ranges);
        let mut candidates = vec![late.clone(), phone, card.clone()];
        settle(&mut candidates);
        assert_eq!(candidates, [card, late]);
    }

    #[test]
    fn of_equals_the_longer_stays() {
        let short = candidate(DataType::Phone, 0..8, Strength::Ranges);
        let long = candidate(DataType::Ssn, 2..13, Strength::Ranges);
        let mut candidates = vec![short, long.clone()];
        settle(&mut candidates);
        assert_eq!(candidates, [long]);
    }

    #[test]
    fn lines_are_counted_on() {
        let mut lines = Lines { text: b"a\nb\n\nc", at: 0, line: 3 };
        assert_eq!([lines.of(0), lines.of(2), lines.of(5)], [3, 4, 6]);
    }
}

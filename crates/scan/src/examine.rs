//! Examines one text: anchors, detectors, overlaps, identities.

use std::sync::{Arc, Mutex};

use base::word::DataType;

use zeroize::Zeroizing;

use crate::detect::{Candidate, Scratch};
use crate::finding::{Digester, Finding, Sink};
use crate::names::people::People;
use crate::rules::{RuleId, Rules};
use crate::sample::Sample;
use crate::scanner::Options;
use crate::structure::{Known, Looks, Said};
use crate::text::{SHORTEST_BYTES, Text};

/// The longest canonical form is an e-mail's: 64 bytes, `@` and 253.
const LONGEST_CANONICAL_BYTES: usize = 320;

/// Looks at texts, one after the other, reusing its buffers.
pub(crate) struct Examiner {
    rules: Arc<Rules>,
    /// For each rule, the type of what it finds if that is looked for.
    wanted: Arc<[Option<DataType>]>,
    digester: Arc<dyn Digester>,
    scratch: Option<Scratch>,
    pool: Arc<Pool>,
    /// What finds names, if they are looked for.
    people: Option<People>,
    candidates: Vec<Candidate>,
    canonical: Zeroizing<Vec<u8>>,
    /// What is known of the fields beforehand.
    pub(crate) known: Option<Arc<Known>>,
    /// How many findings were made.
    pub(crate) findings: u64,
}

impl Examiner {
    /// Looks for what `options` say, and by each rule for what is `wanted` of it.
    pub(crate) fn new(
        options: &Options,
        wanted: Arc<[Option<DataType>]>,
        digester: Arc<dyn Digester>,
        pool: &Arc<Pool>,
    ) -> Self {
        let Options { types, rules, names } = options;
        Self {
            rules: Arc::clone(rules),
            wanted,
            digester,
            scratch: Some(pool.take().unwrap_or_else(|| rules.detection().scratch())),
            pool: Arc::clone(pool),
            people: names.then(|| People::new(rules, types)).flatten(),
            candidates: Vec::new(),
            canonical: Zeroizing::new(Vec::with_capacity(LONGEST_CANONICAL_BYTES)),
            known: None,
            findings: 0,
        }
    }

    /// A text of fewer bytes than this holds nothing that is looked for: a name may have two, a number of a contract one.
    pub(crate) const fn shortest_bytes(&self) -> usize {
        if self.people.is_some() || self.known.is_some() { 1 } else { SHORTEST_BYTES }
    }

    /// Hands what is found in `text` to `sink`, and what is known of it beforehand.
    pub(crate) fn examine(&mut self, text: &Text<'_>, sink: &mut dyn Sink) {
        match self.known.clone() {
            None => self.look(text, sink),
            Some(known) => known.examine(text, self, sink),
        }
    }

    /// Hands what detectors find in `text` to `sink`.
    fn look(&mut self, text: &Text<'_>, sink: &mut dyn Sink) {
        let mut candidates = std::mem::take(&mut self.candidates);
        if let Some(scratch) = &mut self.scratch {
            self.rules.detection().detect(text, scratch, &mut candidates);
        }
        if let Some(people) = &mut self.people {
            people.detect(text, &mut candidates);
        }
        if candidates.is_empty() {
            self.candidates = candidates;
            return;
        }
        candidates.retain(|candidate| self.type_of(candidate.rule).is_some());
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

    /// The type of what `rule` finds, if that is looked for.
    fn type_of(&self, rule: RuleId) -> Option<DataType> {
        self.wanted.get(rule.index()).copied().flatten()
    }

    fn hand_over(&mut self, text: &Text<'_>, candidate: Candidate, from: u64, part: u32, sink: &mut dyn Sink) {
        let Some(value) = text.bytes.get(candidate.span.clone()) else { return };
        let Some(data_type) = self.type_of(candidate.rule) else { return };
        self.canonical.clear();
        self.rules.detection().canonical(candidate.rule, value, &mut self.canonical);
        self.findings = self.findings.saturating_add(1);
        sink.take(Finding {
            data_type,
            rule: candidate.rule,
            from,
            to: text.offsets.to(candidate.span.end),
            record: text.record,
            part,
            validator: candidate.validator,
            confidence: candidate.confidence,
            sample: Sample::of(data_type, value),
            residence: None,
            identity: self.digester.digest(data_type, &self.canonical),
        });
    }
}

impl Drop for Examiner {
    fn drop(&mut self) {
        if let Some(scratch) = self.scratch.take() {
            self.pool.give(scratch);
        }
    }
}

/// What scans of one scanner hand on to each other. The automaton of the patterns is made while it reads, and thousands
/// of small objects would each make it again.
#[derive(Default)]
pub(crate) struct Pool(Mutex<Vec<Scratch>>);

impl Pool {
    /// As many as cores that scan at once; each takes half a megabyte.
    const MOST: usize = 16;

    fn take(&self) -> Option<Scratch> {
        self.0.lock().ok()?.pop()
    }

    fn give(&self, mut scratch: Scratch) {
        scratch.forget();
        if let Ok(mut pool) = self.0.lock()
            && pool.len() < Self::MOST
        {
            pool.push(scratch);
        }
    }
}

impl Looks for Examiner {
    fn look(&mut self, text: &Text<'_>, sink: &mut dyn Sink) {
        Self::look(self, text, sink);
    }

    fn hand_over(&mut self, text: &Text<'_>, said: &Said, canonical: &[u8], sink: &mut dyn Sink) {
        let Said { data_type, confidence, residence, form, identity } = *said;
        self.canonical.clear();
        if let Some(rule) = form {
            self.rules.detection().canonical(rule, canonical, &mut self.canonical);
        }
        if self.canonical.is_empty() {
            // No rule has a form for it.
            self.canonical.extend_from_slice(canonical);
        }
        self.findings = self.findings.saturating_add(1);
        sink.take(Finding {
            data_type,
            rule: RuleId::CONTRACT,
            from: text.offsets.from(0),
            to: text.offsets.to(text.bytes.len()),
            record: text.record,
            part: text.part,
            validator: "contract",
            confidence,
            sample: Sample::of(data_type, text.bytes),
            residence,
            identity: identity.unwrap_or_else(|| self.digester.digest(data_type, &self.canonical)),
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

    fn candidate(rule: &str, span: std::ops::Range<usize>, strength: Strength) -> Candidate {
        let rule = Rules::built_in().find(rule).unwrap();
        Candidate { rule, span, strength, confidence: Confidence::High, validator: "" }
    }

    #[test]
    fn of_two_that_overlap_the_stronger_stays() {
        let phone = candidate("phone", 0..12, Strength::Shape);
        let card = candidate("card", 5..24, Strength::Checksum);
        let late = candidate("us-ssn", 24..35, Strength::Ranges);
        let mut candidates = vec![late.clone(), phone, card.clone()];
        settle(&mut candidates);
        assert_eq!(candidates, [card, late]);
    }

    #[test]
    fn of_equals_the_longer_stays() {
        let short = candidate("phone", 0..8, Strength::Ranges);
        let long = candidate("us-ssn", 2..13, Strength::Ranges);
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

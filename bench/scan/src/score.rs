//! The rule of scoring.
//!
//! Types of both sides are turned into canonical ones ([`crate::peer_names`]). Within a document and a type, spans of one side
//! are merged over gaps of at most one character, so that "John" "Smith" equals "John Smith". A gold span is found if
//! predictions of its type cover at least half of it; a prediction is right if gold spans of its type cover at least half
//! of it. Only types that the set labels are scored: a set that labels no dates says nothing about dates.

use std::collections::{BTreeMap, BTreeSet};

use crate::peer_names::canonical;
use crate::sets::Span;

/// How well one type was found.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Score {
    /// Gold spans.
    pub(crate) gold: u64,
    /// Gold spans that were found.
    pub(crate) found: u64,
    /// Predictions.
    pub(crate) predicted: u64,
    /// Predictions that are right.
    pub(crate) right: u64,
}

impl Score {
    pub(crate) fn precision(self) -> f64 {
        share(self.right, self.predicted)
    }

    pub(crate) fn recall(self) -> f64 {
        share(self.found, self.gold)
    }

    pub(crate) fn f1(self) -> f64 {
        let (precision, recall) = (self.precision(), self.recall());
        if precision + recall > 0.0 { 2.0 * precision * recall / (precision + recall) } else { 0.0 }
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.gold = self.gold.saturating_add(other.gold);
        self.found = self.found.saturating_add(other.found);
        self.predicted = self.predicted.saturating_add(other.predicted);
        self.right = self.right.saturating_add(other.right);
    }
}

/// `part / whole`, 0 of nothing.
pub(crate) fn share(part: u64, whole: u64) -> f64 {
    // Counts far below 2^52 are exact as floats.
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

type Spans = Vec<(u64, u64)>;

/// Spans by type and document.
pub(crate) type Sides<'a> = BTreeMap<&'a str, BTreeMap<&'a str, Spans>>;

/// Merged spans by canonical type and document.
pub(crate) fn sides(spans: &[Span]) -> Sides<'_> {
    let mut sides: Sides<'_> = BTreeMap::new();
    for span in spans {
        if let Some(name) = canonical(&span.label) {
            let documents = sides.entry(name).or_default();
            documents.entry(span.doc_id.as_str()).or_default().push((span.start, span.end));
        }
    }
    sides.values_mut().flat_map(BTreeMap::values_mut).for_each(merge);
    sides
}

/// The score of each type that `gold` has.
pub(crate) fn score<'a>(gold: &Sides<'a>, predicted: &Sides<'_>) -> BTreeMap<&'a str, Score> {
    let nothing = BTreeMap::new();
    gold.iter().map(|(name, gold)| (*name, one(gold, predicted.get(name).unwrap_or(&nothing)))).collect()
}

fn one(gold: &BTreeMap<&str, Spans>, predicted: &BTreeMap<&str, Spans>) -> Score {
    let mut score = Score::default();
    let nothing = Spans::new();
    let documents: BTreeSet<&str> = gold.keys().chain(predicted.keys()).copied().collect();
    for document in documents {
        let (gold, predicted) = (gold.get(document).unwrap_or(&nothing), predicted.get(document).unwrap_or(&nothing));
        let hits = |of: &Spans, by: &Spans| of.iter().filter(|span| covered(**span, by)).count() as u64;
        score.add(Score {
            gold: gold.len() as u64,
            found: hits(gold, predicted),
            predicted: predicted.len() as u64,
            right: hits(predicted, gold),
        });
    }
    score
}

/// Whether at least half of `span` lies in `by`, which are merged, and something does.
pub(crate) fn covered(span: (u64, u64), by: &Spans) -> bool {
    let shared = |other: &(u64, u64)| span.1.min(other.1).saturating_sub(span.0.max(other.0));
    let covered: u64 = by.iter().map(shared).fold(0, u64::saturating_add);
    covered > 0 && covered.saturating_mul(2) >= span.1.saturating_sub(span.0)
}

fn merge(spans: &mut Spans) {
    spans.sort_unstable();
    spans.dedup_by(|next, kept| {
        let touches = next.0 <= kept.1.saturating_add(1);
        if touches {
            kept.1 = kept.1.max(next.1);
        }
        touches
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(doc_id: &str, start: u64, end: u64, label: &str) -> Span {
        Span { doc_id: doc_id.to_owned(), start, end, label: label.to_owned() }
    }

    fn scored(gold: &[Span], predicted: &[Span]) -> Score {
        score(&sides(gold), &sides(predicted))["PERSON"]
    }

    #[test]
    fn spans_are_merged_over_a_gap_of_one() {
        let gold = [span("a", 0, 4, "FIRSTNAME"), span("a", 5, 10, "LASTNAME"), span("a", 12, 15, "PER")];
        let score = scored(&gold, &[span("a", 0, 10, "PERSON")]);
        assert_eq!(score, Score { gold: 2, found: 1, predicted: 1, right: 1 });
    }

    #[test]
    fn half_is_enough_and_less_is_not() {
        let gold = [span("a", 10, 20, "PERSON")];
        let of = |start, end| scored(&gold, &[span("a", start, end, "PERSON")]);
        assert_eq!(of(10, 15), Score { gold: 1, found: 1, predicted: 1, right: 1 });
        assert_eq!(of(10, 14), Score { gold: 1, found: 0, predicted: 1, right: 1 });
        assert_eq!(of(10, 31), Score { gold: 1, found: 1, predicted: 1, right: 0 });
        assert_eq!(of(20, 22), Score { gold: 1, found: 0, predicted: 1, right: 0 });
    }

    #[test]
    fn other_documents_and_types_do_not_help() {
        let gold = [span("a", 0, 4, "PERSON")];
        let score = scored(&gold, &[span("b", 0, 4, "PERSON"), span("a", 0, 4, "PHONE_NUMBER")]);
        assert_eq!(score, Score { gold: 1, found: 0, predicted: 1, right: 0 });
        assert_eq!((score.precision(), score.recall(), score.f1()), (0.0, 0.0, 0.0));
    }
}

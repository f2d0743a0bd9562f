//! Byte spans of one object: what was asked for, received, or said to be released.

use std::ops::Range;

use serde::Serialize;

/// Sorted, disjoint, non-empty spans.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(super) struct Spans(Vec<Range<u64>>);

impl Spans {
    /// Adds a span; empty ones add nothing.
    pub(super) fn add(&mut self, added: Range<u64>) {
        if added.is_empty() {
            return;
        }
        let first = self.0.partition_point(|span| span.end < added.start);
        let mut merged = added;
        let mut last = first;
        while let Some(span) = self.0.get(last).filter(|span| span.start <= merged.end) {
            merged = merged.start.min(span.start)..merged.end.max(span.end);
            last = last.saturating_add(1);
        }
        self.0.splice(first..last, [merged]);
    }

    /// How many bytes they span.
    pub(super) fn len(&self) -> u64 {
        self.0.iter().map(|span| span.end.saturating_sub(span.start)).sum()
    }

    /// Whether every byte of `other` is in one of these.
    pub(super) fn covers(&self, other: &Self) -> bool {
        other.0.iter().all(|wanted| self.0.iter().any(|span| span.start <= wanted.start && wanted.end <= span.end))
    }

    /// Each span with `more` bytes after it, as far as `within` goes there.
    pub(super) fn extended(&self, more: u64, within: &Self) -> Self {
        let end = |span: &Range<u64>| {
            let around = within.0.iter().find(|around| around.start <= span.start && span.end <= around.end);
            around.map_or(span.end, |around| span.end.saturating_add(more).min(around.end))
        };
        self.0.iter().map(|span| span.start..end(span)).collect()
    }

    /// Whether a byte of `span` is in one of these.
    pub(super) fn meets(&self, span: &Range<u64>) -> bool {
        let first = self.0.partition_point(|mine| mine.end <= span.start);
        self.0.get(first).is_some_and(|mine| mine.start < span.end)
    }
}

impl FromIterator<Range<u64>> for Spans {
    fn from_iter<I: IntoIterator<Item = Range<u64>>>(spans: I) -> Self {
        let mut all = Self::default();
        spans.into_iter().for_each(|span| all.add(span));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_grow_together() {
        let spans: Spans = [10..20, 30..40, 0..5, 20..25, 4..11, 7..7].into_iter().collect();
        assert_eq!(spans, Spans(vec![0..25, 30..40]));
        assert_eq!(spans.len(), 35);
    }

    #[test]
    fn a_span_is_covered_whole_or_not_at_all() {
        let spans: Spans = [0..25, 30..40].into_iter().collect();
        let covers = |span: Range<u64>| spans.covers(&[span].into_iter().collect());
        assert!(covers(0..25) && covers(31..40) && covers(9..9));
        assert!(!covers(0..26) && !covers(24..31) && !covers(40..41));
    }

    #[test]
    fn spans_extend_as_far_as_others_go() {
        let spans = |all: &[Range<u64>]| all.iter().cloned().collect::<Spans>();
        let within = spans(&[0..25, 30..100]);
        assert_eq!(spans(&[0..20, 30..40]).extended(10, &within), spans(&[0..25, 30..50]));
        assert_eq!(spans(&[26..28, 99..100]).extended(10, &within), spans(&[26..28, 99..100]));
    }

    #[test]
    fn touching_is_not_meeting() {
        let mut spans = Spans::default();
        spans.add(10..20);
        assert!(spans.meets(&(0..11)) && spans.meets(&(19..30)) && spans.meets(&(12..13)));
        assert!(!spans.meets(&(0..10)) && !spans.meets(&(20..30)));
    }
}

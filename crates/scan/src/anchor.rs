//! Anchors: the few places of a text where a detector looks closer.
//!
//! One pass finds `@` signs and runs of digits. Stretches of text without digits, which is most of it, are skipped 32
//! bytes at a time by a test that compiles to vector instructions; the rest of the scanner sees anchors only.

use std::ops::Range;

use memchr::memchr_iter;

/// The fewest digits in a cluster that any detector wants.
pub(crate) const FEWEST_DIGITS: usize = 6;

/// The longest gap between two runs of one cluster, in bytes: ` (0)` has its own run, so ` - `, `) ` and a no-break
/// space fit.
const WIDEST_GAP_BYTES: usize = 3;

/// How many bytes are tested at once.
const STRIDE_BYTES: usize = 32;

/// Runs of digits that separators join into what may be one number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cluster {
    /// Which runs, as indices into [`Anchors::runs`].
    pub(crate) runs: Range<usize>,
    /// How many digits they have together.
    pub(crate) digits: usize,
}

/// The anchors of one text.
#[derive(Debug, Default)]
pub(crate) struct Anchors {
    /// Positions of `@`.
    pub(crate) ats: Vec<usize>,
    /// Every maximal run of digits, in order.
    pub(crate) runs: Vec<Range<usize>>,
    /// Clusters of at least [`FEWEST_DIGITS`] digits.
    pub(crate) clusters: Vec<Cluster>,
}

impl Anchors {
    /// Finds the anchors of `text`; says whether there are any.
    pub(crate) fn find(&mut self, text: &[u8]) -> bool {
        self.ats.clear();
        self.runs.clear();
        self.clusters.clear();
        self.ats.extend(memchr_iter(b'@', text));
        if self.find_runs(text) >= FEWEST_DIGITS {
            self.join(text);
        }
        !(self.ats.is_empty() && self.runs.is_empty())
    }

    /// The texts of one cluster's runs.
    pub(crate) fn cluster_runs(&self, cluster: &Cluster) -> &[Range<usize>] {
        self.runs.get(cluster.runs.clone()).unwrap_or_default()
    }

    /// Collects the runs; returns how many digits there are.
    fn find_runs(&mut self, text: &[u8]) -> usize {
        let mut digits: usize = 0;
        for (stride, bytes) in text.chunks(STRIDE_BYTES).enumerate() {
            if !bytes.iter().fold(false, |any, byte| any | is_digit(*byte)) {
                continue;
            }
            let base = stride.saturating_mul(STRIDE_BYTES);
            for (position, byte) in (base..).zip(bytes) {
                if !is_digit(*byte) {
                    continue;
                }
                digits = digits.saturating_add(1);
                match self.runs.last_mut() {
                    Some(run) if run.end == position => run.end = position.saturating_add(1),
                    _ => self.runs.push(position..position.saturating_add(1)),
                }
            }
        }
        digits
    }

    /// Joins runs into clusters.
    fn join(&mut self, text: &[u8]) {
        let mut open = Cluster { runs: 0..0, digits: 0 };
        let mut end = 0;
        for (index, run) in self.runs.iter().enumerate() {
            if index > 0 && text.get(end..run.start).is_some_and(joins) {
                open.runs.end = index.saturating_add(1);
                open.digits = open.digits.saturating_add(run.len());
            } else {
                let next = Cluster { runs: index..index.saturating_add(1), digits: run.len() };
                keep(&mut self.clusters, std::mem::replace(&mut open, next));
            }
            end = run.end;
        }
        keep(&mut self.clusters, open);
    }
}

/// Keeps a finished cluster if it is worth a look.
fn keep(clusters: &mut Vec<Cluster>, cluster: Cluster) {
    if cluster.digits >= FEWEST_DIGITS {
        clusters.push(cluster);
    }
}

/// Whether `gap` may stand inside a number.
fn joins(gap: &[u8]) -> bool {
    gap.len() <= WIDEST_GAP_BYTES
        && (gap == NO_BREAK_SPACE || gap.iter().all(|byte| matches!(byte, b' ' | b'-' | b'.' | b'(' | b')' | b'/')))
}

/// U+00A0 in UTF-8.
pub(crate) const NO_BREAK_SPACE: &[u8] = "\u{a0}".as_bytes();

/// Branch-free, so that a loop over it becomes vector code.
const fn is_digit(byte: u8) -> bool {
    byte.wrapping_sub(b'0') < 10
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clusters(text: &str) -> Vec<&str> {
        let mut anchors = Anchors::default();
        anchors.find(text.as_bytes());
        let spans = anchors.clusters.iter().map(|cluster| {
            let runs = anchors.cluster_runs(cluster);
            &text[runs[0].start..runs.last().unwrap().end]
        });
        spans.collect()
    }

    #[test]
    fn separators_join_and_words_part() {
        assert_eq!(clusters("call (212) 555-0123 or +1 646.555.0199 now"), ["212) 555-0123", "1 646.555.0199"]);
        assert_eq!(clusters("in 1999, 23 of 4567 and 12"), [] as [&str; 0]);
        assert_eq!(clusters("a1234567b, 12:34:56:78"), ["1234567"]);
    }

    #[test]
    fn runs_across_strides_are_whole() {
        let text = format!("{}1234567890123456{}99887766", " ".repeat(25), "-".repeat(40));
        assert_eq!(clusters(&text), ["1234567890123456", "99887766"]);
    }
}

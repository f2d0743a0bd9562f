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
    /// How many of each kind memory is kept for.
    const KEPT: usize = 256;

    /// Finds the anchors of `text`.
    pub(crate) fn find(&mut self, text: &[u8]) {
        self.ats.clear();
        self.runs.clear();
        self.clusters.clear();
        if self.find_runs(text) >= FEWEST_DIGITS {
            self.join(text);
        }
    }

    /// Gives back the memory that a text full of anchors took.
    pub(crate) fn shrink(&mut self) {
        self.ats.clear();
        self.runs.clear();
        self.clusters.clear();
        self.ats.shrink_to(Self::KEPT);
        self.runs.shrink_to(Self::KEPT);
        self.clusters.shrink_to(Self::KEPT);
    }

    /// The texts of one cluster's runs.
    pub(crate) fn cluster_runs(&self, cluster: &Cluster) -> &[Range<usize>] {
        self.runs.get(cluster.runs.clone()).unwrap_or_default()
    }

    /// Collects the runs and the positions of `@`; returns how many digits there are.
    fn find_runs(&mut self, text: &[u8]) -> usize {
        let mut digits: usize = 0;
        let (strides, rest) = text.as_chunks::<STRIDE_BYTES>();
        let mut base: usize = 0;
        for stride in strides {
            digits = digits.saturating_add(self.stride(stride, base));
            base = base.saturating_add(STRIDE_BYTES);
        }
        let mut last = [0; STRIDE_BYTES];
        last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        digits.saturating_add(self.stride(&last, base))
    }

    /// Collects what one stride holds, which begins at `base`.
    fn stride(&mut self, stride: &[u8; STRIDE_BYTES], base: usize) -> usize {
        let mut signs = 0;
        let mut digits = [0; STRIDE_BYTES];
        for (mark, byte) in digits.iter_mut().zip(stride) {
            *mark = u8::from(is_digit(*byte));
            signs |= *mark | u8::from(*byte == b'@');
        }
        if signs == 0 {
            return 0;
        }
        self.ats.extend(memchr_iter(b'@', stride).map(|at| base.saturating_add(at)));
        let mut left = mask(&digits);
        let count = left.count_ones() as usize;
        // Of the bits that are left, each run of ones is a run of digits.
        while left != 0 {
            let from = left.trailing_zeros();
            let len = (left >> from).trailing_ones();
            left &= !(u32::MAX.wrapping_shr(32_u32.saturating_sub(len)).wrapping_shl(from));
            let start = base.saturating_add(from as usize);
            let end = start.saturating_add(len as usize);
            match self.runs.last_mut() {
                Some(run) if run.end == start => run.end = end,
                _ => self.runs.push(start..end),
            }
        }
        count
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

/// One bit for each byte of `marks`, which are 0 or 1.
///
/// The multiplication moves the low bit of each of eight bytes to a bit of its own in the highest byte.
fn mask(marks: &[u8; STRIDE_BYTES]) -> u32 {
    let (words, _) = marks.as_chunks::<8>();
    let bits = words.iter().map(|word| u64::from_le_bytes(*word).wrapping_mul(0x0102_0408_1020_4080) >> 56);
    bits.enumerate().fold(0, |mask, (place, bits)| mask | (bits as u32).wrapping_shl((place as u32).wrapping_mul(8)))
}

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
    fn runs_are_those_of_the_slow_way() {
        let text = b"1a22b333c@4444d55555e666666f7777777g88888888 @h999999999i0000000000 12 3";
        for from in 0..text.len() {
            let text = &text[from..];
            let mut anchors = Anchors::default();
            anchors.find(text);
            let mut slow: Vec<Range<usize>> = Vec::new();
            for at in (0..text.len()).filter(|at| text[*at].is_ascii_digit()) {
                match slow.last_mut() {
                    Some(run) if run.end == at => run.end = at + 1,
                    _ => slow.push(at..at + 1),
                }
            }
            assert_eq!(anchors.runs, slow);
            assert!(anchors.ats.iter().copied().eq((0..text.len()).filter(|at| text[*at] == b'@')));
        }
    }

    #[test]
    fn runs_across_strides_are_whole() {
        let text = format!("{}1234567890123456{}99887766", " ".repeat(25), "-".repeat(40));
        assert_eq!(clusters(&text), ["1234567890123456", "99887766"]);
    }
}

//! Byte ranges of one version: sorted, disjoint, never adjacent, never empty.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::number::{put, take};

/// Ranges by the ordinal of their version.
pub type Partial = BTreeMap<u64, Vec<Range<u64>>>;

/// Ranges in order, empty ones dropped, overlapping and adjacent ones joined.
#[must_use]
pub fn merged(mut ranges: Vec<Range<u64>>) -> Vec<Range<u64>> {
    ranges.retain(|range| !range.is_empty());
    ranges.sort_by_key(|range| range.start);
    let mut joined: Vec<Range<u64>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match joined.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => joined.push(range),
        }
    }
    joined
}

/// Adds a range.
pub fn add(ranges: &mut Vec<Range<u64>>, added: Range<u64>) {
    if added.is_empty() {
        return;
    }
    let first = ranges.partition_point(|range| range.end < added.start);
    let mut merged = added;
    let mut last = first;
    while let Some(range) = ranges.get(last).filter(|range| range.start <= merged.end) {
        merged = merged.start.min(range.start)..merged.end.max(range.end);
        last = last.saturating_add(1);
    }
    ranges.splice(first..last, [merged]);
}

/// How many bytes they are.
#[must_use]
pub fn length(ranges: &[Range<u64>]) -> u64 {
    ranges.iter().fold(0, |sum, range| sum.saturating_add(range.end.saturating_sub(range.start)))
}

/// Writes ranges: ordinals as differences, how many ranges, then gap and length of each.
pub(crate) fn write(out: &mut Vec<u8>, all: &Partial) {
    put(out, all.len() as u64);
    let mut floor = 0;
    for (ordinal, ranges) in all {
        put(out, ordinal.saturating_sub(floor));
        floor = ordinal.saturating_add(1);
        put(out, ranges.len() as u64);
        let mut end = 0;
        for range in ranges {
            put(out, range.start.saturating_sub(end));
            put(out, range.end.saturating_sub(range.start));
            end = range.end;
        }
    }
}

/// Reads what [`write`] wrote: sorted, disjoint and not adjacent, or nothing.
pub(crate) fn read(bytes: &mut &[u8]) -> Option<Partial> {
    let mut all = BTreeMap::new();
    let mut floor = 0u64;
    for _ in 0..take(bytes)? {
        let ordinal = floor.checked_add(take(bytes)?)?;
        floor = ordinal.saturating_add(1);
        let mut ranges: Vec<Range<u64>> = Vec::new();
        let mut end = 0u64;
        for at in 0..take(bytes)? {
            let gap = take(bytes)?;
            let start = end.checked_add(gap)?;
            end = start.checked_add(take(bytes)?)?;
            if start == end || (gap == 0 && at > 0) {
                return None;
            }
            ranges.push(start..end);
        }
        (!ranges.is_empty() && all.insert(ordinal, ranges).is_none()).then_some(())?;
    }
    Some(all)
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "small numbers of tests")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Joined or added one by one, they are the same bytes in the same form, and read back.
        #[test]
        fn ranges_have_one_form(
            spans in prop::collection::btree_map(any::<u64>(), prop::collection::vec((0u64..60, 0u64..9), 1..9), 0..5),
        ) {
            let mut all = Partial::new();
            for (ordinal, spans) in spans {
                let ranges: Vec<Range<u64>> = spans.iter().map(|(start, len)| *start..start + len).collect();
                let joined = merged(ranges.clone());
                let mut added = Vec::new();
                ranges.iter().for_each(|range| add(&mut added, range.clone()));
                prop_assert_eq!(&added, &joined);
                for byte in 0..80u64 {
                    let before = ranges.iter().any(|range| range.contains(&byte));
                    prop_assert_eq!(before, joined.iter().any(|range| range.contains(&byte)));
                }
                prop_assert!(joined.windows(2).all(|pair| pair[0].end < pair[1].start));
                if !joined.is_empty() {
                    all.insert(ordinal, joined);
                }
            }
            let mut out = Vec::new();
            write(&mut out, &all);
            let mut rest = out.as_slice();
            prop_assert_eq!(read(&mut rest), Some(all));
            prop_assert!(rest.is_empty());
        }
    }
}

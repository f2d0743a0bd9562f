//! One row of the touch index: which versions were touched, whole or in part.
//!
//! A row is a union, so it does not matter in which order or in how many pieces touches arrive: the same touches are the same
//! bytes. Its first and last touch are kept, so that a window which cuts the row's span but none of its touches needs no
//! second look at the ledger.

use std::ops::Range;

use base::Timestamp;
use roaring::{RoaringBitmap, RoaringTreemap};

use crate::check;
use crate::number::{put, put_counted, take, take_counted};
use crate::ranges::{self, Partial};

/// First byte of an encoded row.
const VERSION: u8 = 1;

/// When the first and the last touch of a row were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// The first.
    pub first: Timestamp,
    /// The last.
    pub last: Timestamp,
}

/// Which versions, whole or in part.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Touches {
    /// Ordinals of versions touched whole, or by name.
    pub whole: RoaringTreemap,
    /// Byte ranges of versions touched in part, merged, by ordinal.
    pub partial: Partial,
    /// How many accesses.
    pub events: u64,
    /// How many bytes, repeats counted.
    pub bytes: u64,
    /// When; nothing if nothing was touched yet.
    pub times: Option<Times>,
}

impl Touches {
    /// Counts one access.
    pub fn count(&mut self, at: Timestamp, bytes: u64) {
        self.events = self.events.saturating_add(1);
        self.bytes = self.bytes.saturating_add(bytes);
        self.spread(Times { first: at, last: at });
    }

    /// Adds bytes of a version.
    pub fn add(&mut self, ordinal: u64, window: Range<u64>) {
        if !window.is_empty() {
            ranges::add(self.partial.entry(ordinal).or_default(), window);
        }
    }

    /// Adds what another row says. Counts add up; what is touched is a union.
    pub fn merge(&mut self, other: &Self) {
        self.events = self.events.saturating_add(other.events);
        self.bytes = self.bytes.saturating_add(other.bytes);
        if let Some(times) = other.times {
            self.spread(times);
        }
        self.unite(other);
    }

    /// Adds what another row touched, and leaves the counts as they are.
    pub fn unite(&mut self, other: &Self) {
        self.whole |= &other.whole;
        for (ordinal, more) in &other.partial {
            let known = self.partial.entry(*ordinal).or_default();
            more.iter().for_each(|range| ranges::add(known, range.clone()));
        }
    }

    fn spread(&mut self, more: Times) {
        let known = self.times.unwrap_or(more);
        self.times = Some(Times { first: known.first.min(more.first), last: known.last.max(more.last) });
    }

    /// Whether every touch was in the window.
    #[must_use]
    pub fn within(&self, window: &Range<Timestamp>) -> bool {
        self.times.is_none_or(|times| window.contains(&times.first) && window.contains(&times.last))
    }

    /// Whether no touch was in the window.
    #[must_use]
    pub fn outside(&self, window: &Range<Timestamp>) -> bool {
        self.times.is_none_or(|times| times.last < window.start || window.end <= times.first)
    }

    /// Every version that was touched.
    #[must_use]
    pub fn ordinals(&self) -> RoaringTreemap {
        let mut all = self.whole.clone();
        all.extend(self.partial.keys());
        all
    }

    /// The bytes that are kept: the same for the same touches.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = vec![VERSION];
        put(&mut out, self.events);
        put(&mut out, self.bytes);
        put(&mut out, u64::from(self.times.is_some()));
        if let Some(Times { first, last }) = self.times {
            out.extend_from_slice(&first.0.to_le_bytes());
            put(&mut out, last.micros_since(first));
        }
        let bitmaps: Vec<(u32, RoaringBitmap)> =
            self.whole.bitmaps().map(|(high, low)| (high, canonical(low))).collect();
        put(&mut out, bitmaps.len() as u64);
        for (high, low) in bitmaps {
            put(&mut out, u64::from(high));
            put_bitmap(&mut out, &low);
        }
        ranges::write(&mut out, &self.partial);
        check::seal(out)
    }

    /// Reads what [`Self::encode`] wrote; nothing if it is damaged.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut rest = check::open(bytes, VERSION)?;
        let events = take(&mut rest)?;
        let bytes = take(&mut rest)?;
        let times = match take(&mut rest)? {
            0 => None,
            1 => {
                let (first, after) = rest.split_first_chunk()?;
                rest = after;
                let first = i64::from_le_bytes(*first);
                let last = first.checked_add_unsigned(take(&mut rest)?)?;
                Some(Times { first: Timestamp(first), last: Timestamp(last) })
            }
            _ => return None,
        };
        let mut bitmaps = Vec::new();
        for _ in 0..take(&mut rest)? {
            let high = u32::try_from(take(&mut rest)?).ok()?;
            if bitmaps.last().is_some_and(|(before, _)| *before >= high) {
                return None;
            }
            bitmaps.push((high, take_bitmap(&mut rest)?));
        }
        let partial = ranges::read(&mut rest)?;
        let whole = RoaringTreemap::from_bitmaps(bitmaps);
        rest.is_empty().then_some(Self { whole, partial, events, bytes, times })
    }
}

/// The one form of a bitmap: how its containers are kept depends on what is in them, not on how it came there.
pub(crate) fn canonical(bitmap: &RoaringBitmap) -> RoaringBitmap {
    let mut one = bitmap.clone();
    one.remove_run_compression();
    one.optimize();
    one
}

pub(crate) fn put_bitmap(out: &mut Vec<u8>, bitmap: &RoaringBitmap) {
    let mut bytes = Vec::with_capacity(bitmap.serialized_size());
    // Writing to memory cannot fail; if it could, the check over the whole would not mend it, but reading would refuse it.
    let _ = bitmap.serialize_into(&mut bytes);
    put_counted(out, &bytes);
}

pub(crate) fn take_bitmap(bytes: &mut &[u8]) -> Option<RoaringBitmap> {
    let mut bitmap = take_counted(bytes)?;
    let read = RoaringBitmap::deserialize_from(&mut bitmap).ok()?;
    bitmap.is_empty().then_some(read)
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "small numbers of tests")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// One access: when, which version, how much of it.
    type Access = (i64, u64, Option<Range<u64>>);

    fn accesses() -> impl Strategy<Value = Vec<Access>> {
        let ordinal = prop_oneof![0u64..300, 65_000..66_000u64, (1u64 << 32)..(1 << 32) + 9];
        let part = prop::option::of((0u64..50, 0u64..9).prop_map(|(from, len)| from..from + len));
        prop::collection::vec((-5i64..1_000_000, ordinal, part), 0..60)
    }

    fn fold(accesses: &[Access]) -> Touches {
        let mut touches = Touches::default();
        for (at, ordinal, part) in accesses {
            touches.count(Timestamp(*at), 3);
            match part {
                Some(part) => touches.add(*ordinal, part.clone()),
                None => _ = touches.whole.insert(*ordinal),
            }
        }
        touches
    }

    proptest! {
        /// However the accesses are cut and in whichever order they come, the bytes are the same, and read back.
        #[test]
        fn the_same_touches_are_the_same_bytes(accesses in accesses(), cut in any::<prop::sample::Index>(), run in 0u64..9_000) {
            let mut at_once = fold(&accesses);
            at_once.whole.insert_range(500..500 + run);
            let cut = if accesses.is_empty() { 0 } else { cut.index(accesses.len()) };
            let mut pieces = Touches::default();
            // The run comes one by one here, and at once above.
            (500..500 + run).rev().for_each(|ordinal| _ = pieces.whole.insert(ordinal));
            pieces.merge(&fold(&accesses[cut..]));
            pieces.merge(&fold(&accesses[..cut]));
            let bytes = at_once.encode();
            prop_assert_eq!(&bytes, &pieces.encode());
            prop_assert_eq!(Touches::decode(&bytes), Some(at_once));
        }

        /// Damage is refused, and never panics.
        #[test]
        fn damage_is_refused(accesses in accesses(), at in any::<prop::sample::Index>(), by in 1u8.., noise in prop::collection::vec(any::<u8>(), 0..64)) {
            let mut bytes = fold(&accesses).encode();
            let at = at.index(bytes.len());
            prop_assert_eq!(Touches::decode(&bytes[..at]), None);
            bytes[at] ^= by;
            prop_assert_eq!(Touches::decode(&bytes), None);
            let mut nonsense = vec![VERSION];
            nonsense.extend(noise);
            let _ = Touches::decode(&check::seal(nonsense));
        }
    }

    #[test]
    fn a_window_holds_all_of_a_row_some_or_none() {
        let row = fold(&[(10, 1, None), (20, 2, None)]);
        let window = |from, to| Timestamp(from)..Timestamp(to);
        assert!(row.within(&window(10, 21)) && !row.within(&window(10, 20)) && !row.within(&window(11, 21)));
        assert!(row.outside(&window(0, 10)) && row.outside(&window(21, 30)) && !row.outside(&window(15, 16)));
    }
}

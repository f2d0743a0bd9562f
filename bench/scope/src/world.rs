//! What is generated: sums that any language repeats, so that another database can hold the very same accesses and facts.
//!
//! ```text
//! access   the i-th of a credential in an hour reads the object ((hour · a + i) + credential · 7919) · STEP mod OBJECTS
//! object   names 1 to 79 people out of ten thousand neighbours, each with the types of one of five kinds of record
//! ```

#![expect(clippy::arithmetic_side_effects, reason = "remainders below ten million, and one")]

use std::collections::BTreeMap;

use base::word::DataType;
use roaring::RoaringBitmap;
use scope::pack::Fact;

/// How many credentials there are.
pub(crate) const CREDENTIALS: u64 = 1000;

/// How many hours: thirty days.
pub(crate) const HOURS: u64 = 720;

/// How many objects. The one asked for reads a million of them, four of five at random: no group whole.
pub(crate) const OBJECTS: u64 = 1_250_000;

/// How many people.
pub(crate) const PEOPLE: u64 = 10_000_000;

/// Has no divisor in common with OBJECTS: a credential's accesses reach every object before they reach one twice.
const STEP: u64 = 741_457;

/// Who is asked for.
pub(crate) const ASKED: u64 = 500;

/// The first hour of the first size; each further one begins a thousand hours later.
const FIRST_HOUR: i64 = 490_000;

/// One size of the index.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    pub(crate) accesses_an_hour: u64,
    pub(crate) first_hour: i64,
}

/// From a million accesses to a billion.
pub(crate) const SIZES: [Size; 4] = [
    Size { accesses_an_hour: 2, first_hour: FIRST_HOUR },
    Size { accesses_an_hour: 14, first_hour: FIRST_HOUR + 1000 },
    Size { accesses_an_hour: 139, first_hour: FIRST_HOUR + 2000 },
    Size { accesses_an_hour: 1389, first_hour: FIRST_HOUR + 3000 },
];

impl Size {
    /// All accesses of this size.
    pub(crate) const fn accesses(&self) -> u64 {
        self.accesses_an_hour.saturating_mul(CREDENTIALS).saturating_mul(HOURS)
    }

    /// The ordinals that a credential reads in an hour, in the order in which it does.
    pub(crate) fn reads(&self, credential: u64, hour: u64) -> impl Iterator<Item = u64> + use<> {
        let (each, first) = (self.accesses_an_hour, credential.wrapping_mul(7919));
        (0..each).map(move |access| {
            let place = hour.wrapping_mul(each).wrapping_add(access).wrapping_add(first);
            place.wrapping_mul(STEP) % OBJECTS + 1
        })
    }
}

/// The kinds of record: which types of data stand beside each other.
const KINDS: [&[DataType]; 5] = [
    &[DataType::Name, DataType::Email],
    &[DataType::Ssn],
    &[DataType::Name, DataType::BirthDate],
    &[DataType::Email, DataType::Card],
    &[DataType::Phone],
];

/// The people an object names, and the kind of record of each.
pub(crate) fn mentions(ordinal: u64) -> BTreeMap<u32, usize> {
    let count = ordinal.wrapping_mul(7) % 79 + 1;
    let mut people = BTreeMap::new();
    for one in 0..count {
        let near = one
            .wrapping_mul(one)
            .wrapping_mul(31)
            .wrapping_add(one.wrapping_mul(197))
            .wrapping_add(ordinal.wrapping_mul(17));
        let subject = (ordinal.wrapping_mul(8).wrapping_add(near % 10_000)) % PEOPLE + 1;
        let kind = (ordinal.wrapping_add(subject)) % 5;
        people.insert(u32::try_from(subject).unwrap_or(0), usize::try_from(kind).unwrap_or(0));
    }
    people
}

/// The same as facts.
pub(crate) fn facts(ordinal: u64) -> (Vec<Fact>, u64) {
    let mut types: BTreeMap<DataType, Vec<u32>> = BTreeMap::new();
    let mut count = 0u64;
    for (subject, kind) in mentions(ordinal) {
        for data_type in KINDS.get(kind).copied().unwrap_or_default() {
            types.entry(*data_type).or_default().push(subject);
            count = count.saturating_add(1);
        }
    }
    let fact = |(data_type, subjects)| Fact { block: 0, data_type, subjects, unresolved: 0 };
    (types.into_iter().map(fact).collect(), count)
}

/// Where people live: eleven codes, and nobody knows of every third.
pub(crate) fn residences() -> Vec<RoaringBitmap> {
    let mut codes = vec![RoaringBitmap::new(); 11];
    for subject in 1..=u32::try_from(PEOPLE).unwrap_or(0) {
        if subject % 3 != 0
            && let Some(code) = codes.get_mut(usize::try_from(subject / 7 % 11).unwrap_or(0))
        {
            code.insert(subject);
        }
    }
    codes
}

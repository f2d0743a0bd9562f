//! Touches joined with packs: who is in what was reached, by type of data, sent and authorised, in one pass.
//!
//! Of blocks that were touched in part, all people count for the maximum and none for the minimum: nobody knows which of a
//! block's people stand in which half. What was sent was authorised, so each list is decoded once and counts for both.

use std::collections::BTreeMap;
use std::ops::Range;

use base::id::DatasetId;
use base::word::DataType;
use roaring::{RoaringBitmap, RoaringTreemap};

use crate::bits::Bits;
use crate::directory::{Directory, Member};
use crate::pack::{self, GROUP, Held};
use crate::ranges;
use crate::touches::Touches;
use crate::typeset::TypeSet;

/// The block of what lies nobody knows where in its version: whoever touched anything reached it, and certainly who read all.
pub const ANYWHERE: u32 = u32::MAX;

/// How many sets of types are gathered apart. Beyond, people are gathered by single type: slower, and the same answer.
const MOST_SETS: usize = 64;

/// A figure and what it is at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pair<T> {
    /// What certainly was.
    pub sent: T,
    /// What was allowed.
    pub authorised: T,
}

/// People, in all and by type.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct People {
    /// Everybody.
    pub all: RoaringBitmap,
    /// By type of data.
    pub types: BTreeMap<DataType, RoaringBitmap>,
    /// How many mentions there are of people whom nothing tells apart.
    pub unresolved: u64,
}

impl People {
    /// The people of whom every one of these types was reached, in whichever versions each.
    #[must_use]
    pub fn with_all(&self, types: TypeSet) -> RoaringBitmap {
        let mut sets: Vec<&RoaringBitmap> = Vec::new();
        for data_type in types.types() {
            match self.types.get(&data_type) {
                Some(people) => sets.push(people),
                None => return RoaringBitmap::new(),
            }
        }
        // The smallest first: no step is larger than what is left.
        sets.sort_by_key(|people| people.len());
        let mut sets = sets.into_iter();
        let Some(mut all) = sets.next().cloned() else { return RoaringBitmap::new() };
        sets.for_each(|people| all &= people);
        all
    }

    /// How many of the people are in each of these sets, and how many in none: for example by where they live.
    #[must_use]
    pub fn split(&self, sets: &[RoaringBitmap]) -> (Vec<u64>, u64) {
        let mut known = RoaringBitmap::new();
        let mut counts = Vec::with_capacity(sets.len());
        for set in sets {
            let mut here = set.clone();
            here &= &self.all;
            counts.push(here.len());
            known |= here;
        }
        (counts, self.all.len().saturating_sub(known.len()))
    }
}

/// Versions and their bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Weight {
    /// How many versions.
    pub versions: u64,
    /// How many bytes, repeats counted once.
    pub bytes: u64,
}

impl Weight {
    fn add(&mut self, bytes: u64) {
        self.versions = self.versions.saturating_add(1);
        self.bytes = self.bytes.saturating_add(bytes);
    }
}

/// What was reached, and who is in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// Who.
    pub people: Pair<People>,
    /// What, by dataset.
    pub datasets: BTreeMap<DatasetId, Pair<Weight>>,
    /// Versions that no detector has read.
    pub unscanned: u64,
    /// How many versions were found. Less than were touched means that the index names some which do not exist.
    pub found: u64,
}

impl Summary {
    /// Bytes of all datasets.
    #[must_use]
    pub fn bytes(&self) -> Pair<u64> {
        self.datasets.values().fold(Pair::default(), |sum, one| Pair {
            sent: sum.sent.saturating_add(one.sent.bytes),
            authorised: sum.authorised.saturating_add(one.authorised.bytes),
        })
    }
}

/// Which of a group's versions were read whole.
type Mask = [u64; 16];

// INVARIANT: a group's versions have a bit each.
const _: () = assert!(GROUP == 64 * 16);

/// What of one group was reached.
#[derive(Clone, Copy, Default)]
pub struct Reach {
    sent: Mask,
    authorised: Mask,
    /// Whether any version was touched in part.
    partial: bool,
}

impl Reach {
    /// What was reached, by group.
    #[must_use]
    pub fn of(touches: &Pair<Touches>) -> BTreeMap<u64, Self> {
        let mut all: BTreeMap<u64, Self> = BTreeMap::new();
        let mut mark = |whole: &RoaringTreemap, mask: fn(&mut Self) -> &mut Mask| {
            let mut ordinals = whole.iter().peekable();
            while let Some(first) = ordinals.peek().copied() {
                let group = pack::group(first);
                let mask = mask(all.entry(group).or_default());
                while let Some(ordinal) = ordinals.next_if(|ordinal| pack::group(*ordinal) == group) {
                    let (word, bit) = place(ordinal);
                    if let Some(word) = mask.get_mut(word) {
                        *word |= bit;
                    }
                }
            }
        };
        mark(&touches.sent.whole, |reach| &mut reach.sent);
        mark(&touches.authorised.whole, |reach| &mut reach.authorised);
        for ordinal in touches.sent.partial.keys().chain(touches.authorised.partial.keys()) {
            all.entry(pack::group(*ordinal)).or_default().partial = true;
        }
        all
    }

    /// How much of a version was read whole.
    fn whole(&self, ordinal: u64) -> Pair<bool> {
        let (word, bit) = place(ordinal);
        let has = |mask: &Mask| mask.get(word).is_some_and(|word| word & bit != 0);
        Pair { sent: has(&self.sent), authorised: has(&self.authorised) }
    }
}

const fn place(ordinal: u64) -> (usize, u64) {
    (((ordinal >> 6) & 15) as usize, 1 << (ordinal & 63))
}

/// Which piece of a pack is needed next to its directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// None: nothing with people was reached.
    Nothing,
    /// The unions: everything was read whole.
    Unions,
    /// The lists.
    Lists,
}

/// What is known of what was reached in a block: at least allowed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Sent,
    Authorised,
}

/// People on their way into sets.
#[derive(Default)]
struct Sets {
    lists: BTreeMap<TypeSet, Bits>,
    unions: BTreeMap<TypeSet, RoaringBitmap>,
}

/// Gathers what was reached, group after group.
pub struct Gatherer<'t> {
    touches: &'t Pair<Touches>,
    sent: Sets,
    /// Who is not certain to be in what was sent.
    more: Sets,
    unresolved: Pair<u64>,
    summary: Summary,
}

impl<'t> Gatherer<'t> {
    /// Of these touches.
    #[must_use]
    pub fn new(touches: &'t Pair<Touches>) -> Self {
        Self {
            touches,
            sent: Sets::default(),
            more: Sets::default(),
            unresolved: Pair::default(),
            summary: Summary::default(),
        }
    }

    /// Which piece of a group's pack is needed next to its directory. Versions in `newer` count as if the pack did not have them.
    #[must_use]
    pub fn needs(&self, reach: &Reach, directory: &Directory, newer: &RoaringTreemap) -> Needs {
        let (mut reached, mut all) = (false, Pair { sent: true, authorised: true });
        for member in &directory.members {
            let whole = reach.whole(member.ordinal);
            if newer.contains(member.ordinal) {
                all = Pair::default();
                continue;
            }
            all.sent &= whole.sent;
            all.authorised &= whole.authorised;
            reached |= !member.lists.is_empty() && self.is_reached(member, whole, reach.partial);
        }
        match (reached, all) {
            (false, _) => Needs::Nothing,
            // Both levels must agree, or what is certain would have to be looked for in the lists all the same.
            (true, Pair { sent: true, authorised: true }) => Needs::Unions,
            (true, Pair { sent: false, authorised: true }) if reach.sent == Mask::default() && !reach.partial => {
                Needs::Unions
            }
            (true, _) => Needs::Lists,
        }
    }

    /// Weighs what was reached of a group.
    pub fn weigh(&mut self, reach: &Reach, directory: &Directory, newer: &RoaringTreemap) {
        for member in directory.members.iter().filter(|member| !newer.contains(member.ordinal)) {
            let whole = reach.whole(member.ordinal);
            self.weigh_one(member.ordinal, whole, member.dataset, member.size, member.scanned);
        }
    }

    /// Takes a group's unions, where all of it was read whole; nothing if they are damaged.
    pub fn unions(&mut self, reach: &Reach, directory: &Directory, unions: &[u8]) -> Option<()> {
        let sent = reach.sent != Mask::default();
        let sets = if sent { &mut self.sent } else { &mut self.more };
        for (set, people) in directory.unions(unions)? {
            *sets.unions.entry(set).or_default() |= people;
        }
        self.name_unresolved(if sent { Level::Sent } else { Level::Authorised }, directory.unresolved);
        Some(())
    }

    /// Takes a group's lists; nothing if they are damaged.
    pub fn lists(&mut self, reach: &Reach, directory: &Directory, lists: &[u8], newer: &RoaringTreemap) -> Option<()> {
        let lists = directory.lists(lists)?;
        for member in &directory.members {
            let whole = reach.whole(member.ordinal);
            if member.lists.is_empty()
                || newer.contains(member.ordinal)
                || !self.is_reached(member, whole, reach.partial)
            {
                continue;
            }
            for listed in lists.blocks(member) {
                let listed = listed?;
                let Some(level) = self.level(member.ordinal, whole, listed.block) else { continue };
                self.name_unresolved(level, listed.unresolved);
                let sets = if level == Level::Sent { &mut self.sent } else { &mut self.more };
                lists.people(&listed, |set, list| sets.list(set, list))?;
            }
        }
        Some(())
    }

    /// Takes a version that no pack has, or that has changed since.
    pub fn version(&mut self, held: &Held) {
        let whole = self.whole(held.ordinal);
        if self.weigh_one(held.ordinal, whole, held.dataset, held.size, held.scanned) {
            for fact in &held.facts {
                self.fact(held.ordinal, fact.block, fact.data_type, &fact.subjects, fact.unresolved);
            }
        }
    }

    /// Takes one fact of a version that is loose.
    pub fn fact(&mut self, ordinal: u64, block: u32, data_type: DataType, subjects: &[u32], unresolved: u64) {
        let Some(level) = self.level(ordinal, self.whole(ordinal), block) else { return };
        self.name_unresolved(level, unresolved);
        let sets = if level == Level::Sent { &mut self.sent } else { &mut self.more };
        let into = sets.lists.entry(TypeSet::one(data_type)).or_default();
        subjects.iter().for_each(|subject| into.insert(*subject));
    }

    /// What was gathered.
    #[must_use]
    pub fn finish(self) -> Summary {
        let mut people = Pair::<People>::default();
        people.sent.unresolved = self.unresolved.sent;
        people.authorised.unresolved = self.unresolved.authorised;
        for (set, here) in self.sent.finish() {
            people.sent.add(set, &here);
            people.authorised.add(set, &here);
        }
        for (set, here) in self.more.finish() {
            people.authorised.add(set, &here);
        }
        Summary { people, ..self.summary }
    }

    fn whole(&self, ordinal: u64) -> Pair<bool> {
        Pair {
            sent: self.touches.sent.whole.contains(ordinal),
            authorised: self.touches.authorised.whole.contains(ordinal),
        }
    }

    fn is_reached(&self, member: &Member, whole: Pair<bool>, partial: bool) -> bool {
        let in_part = |touches: &Touches| touches.partial.contains_key(&member.ordinal);
        whole.sent
            || whole.authorised
            || (partial && (in_part(&self.touches.authorised) || in_part(&self.touches.sent)))
    }

    /// Weighs a version; whether any byte of it was reached.
    fn weigh_one(&mut self, ordinal: u64, whole: Pair<bool>, dataset: DatasetId, size: u64, scanned: bool) -> bool {
        let covered = |whole: bool, touches: &Touches| {
            if whole { Some(size) } else { touches.partial.get(&ordinal).map(|ranges| ranges::length(ranges)) }
        };
        let sent = covered(whole.sent, &self.touches.sent);
        let authorised = covered(whole.authorised, &self.touches.authorised);
        let weights = match (sent, authorised) {
            (None, None) => return false,
            _ => self.summary.datasets.entry(dataset).or_default(),
        };
        if let Some(bytes) = sent {
            weights.sent.add(bytes);
        }
        if let Some(bytes) = authorised {
            weights.authorised.add(bytes);
            self.summary.unscanned = self.summary.unscanned.saturating_add(u64::from(!scanned));
        }
        self.summary.found = self.summary.found.saturating_add(1);
        true
    }

    /// What is known of a block; nothing if it was not reached.
    fn level(&self, ordinal: u64, whole: Pair<bool>, block: u32) -> Option<Level> {
        let bytes = bytes_of(block);
        let ranges = |touches: &'t Touches| touches.partial.get(&ordinal).into_iter().flatten();
        if whole.sent || ranges(&self.touches.sent).any(|range| range.start <= bytes.start && bytes.end <= range.end) {
            Some(Level::Sent)
        } else if whole.authorised
            || ranges(&self.touches.authorised).any(|range| range.start < bytes.end && bytes.start < range.end)
        {
            Some(Level::Authorised)
        } else {
            None
        }
    }

    fn name_unresolved(&mut self, level: Level, more: u64) {
        self.unresolved.authorised = self.unresolved.authorised.saturating_add(more);
        if level == Level::Sent {
            self.unresolved.sent = self.unresolved.sent.saturating_add(more);
        }
    }
}

/// Facts are kept for blocks of this many plaintext bytes, counted from the start of the object. It is the size of a sealed
/// segment, but does not shift with stream headers and part boundaries, so that a block's place follows from its number.
pub const BLOCK_BYTES: u64 = 64 * 1024;

/// The bytes of a block.
fn bytes_of(block: u32) -> Range<u64> {
    if block == ANYWHERE {
        return 0..u64::MAX;
    }
    let from = u64::from(block).saturating_mul(BLOCK_BYTES);
    from..from.saturating_add(BLOCK_BYTES)
}

impl Sets {
    fn list(&mut self, set: TypeSet, list: &mut &[u8]) -> Option<()> {
        if self.lists.len() < MOST_SETS || self.lists.contains_key(&set) {
            return self.lists.entry(set).or_default().insert_list(list);
        }
        let start = *list;
        for data_type in set.types() {
            *list = start;
            self.lists.entry(TypeSet::one(data_type)).or_default().insert_list(list)?;
        }
        Some(())
    }

    fn finish(mut self) -> BTreeMap<TypeSet, RoaringBitmap> {
        for (set, bits) in self.lists {
            *self.unions.entry(set).or_default() |= bits.to_bitmap();
        }
        self.unions
    }
}

impl People {
    fn add(&mut self, set: TypeSet, people: &RoaringBitmap) {
        if people.is_empty() {
            return;
        }
        self.all |= people;
        set.types().for_each(|data_type| *self.types.entry(data_type).or_default() |= people);
    }
}

#[cfg(test)]
#[path = "people_tests.rs"]
mod tests;

//! What 1,024 consecutive versions hold, of whom: an engagement's facts of one group of ordinals, as three pieces of bytes.
//!
//! ```text
//! directory   version · group · types · sets of types · unresolved · checks of the other two · datasets
//!             a version: ordinal · dataset · size · flags · bytes of its lists
//! unions      a set of types: everybody who occurs with exactly these types in one of the blocks
//! lists       a version: its blocks: number · bytes · types without people · (set of types, people as differences)
//! ```
//!
//! Whoever read all versions of a group needs its unions only; whoever read some decodes each of theirs once, and fills the set
//! of people of one *set of types* at a time. A version whose facts are too many is *loose*: the pack says so, and its facts
//! are read from their rows, where decoding weighs more than looking up.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use base::id::DatasetId;
use base::word::DataType;
use roaring::RoaringBitmap;

use crate::check;
use crate::directory::{Directory, Member};
use crate::number::{put, put_counted, take, take_as, take_counted};
use crate::touches::{canonical, put_bitmap, take_bitmap};
use crate::typeset::TypeSet;

/// How many ordinals a group has.
pub const GROUP: u64 = 1024;

/// How long the lists of one version may be, so that a pack stays below some sixteen megabytes.
const LISTS_BYTES: usize = 16 * 1024;

/// First byte of each piece.
const VERSION: u8 = 1;

/// The group of an ordinal.
#[must_use]
pub const fn group(ordinal: u64) -> u64 {
    ordinal / GROUP
}

/// The ordinals of a group.
#[must_use]
pub const fn range(group: u64) -> Range<u64> {
    let first = group.saturating_mul(GROUP);
    first..first.saturating_add(GROUP)
}

/// One fact on its way into a pack, or out of it: these people occur with this type of data in this block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// The block.
    pub block: u32,
    /// The type.
    pub data_type: DataType,
    /// Who; sorted and distinct.
    pub subjects: Vec<u32>,
    /// How many more people are named there.
    pub unresolved: u64,
}

/// What is to be packed of one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Its ordinal.
    pub ordinal: u64,
    /// The dataset it was written to.
    pub dataset: DatasetId,
    /// Its size in bytes.
    pub size: u64,
    /// Whether a detector has read all of it.
    pub scanned: bool,
    /// Whether its facts are too many to be looked at here. They are not given then.
    pub loose: bool,
    /// Its facts, in any order, one for each block and type.
    pub facts: Vec<Fact>,
}

/// A pack, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pack {
    /// Which versions.
    pub directory: Vec<u8>,
    /// Everybody in them.
    pub unions: Vec<u8>,
    /// Who is in which.
    pub lists: Vec<u8>,
}

/// One block of one version, as it is packed.
#[derive(Default)]
struct Block {
    people: BTreeMap<u32, TypeSet>,
    /// Types that occur with nobody who is known, or with more people than are known.
    bare: BTreeMap<DataType, u64>,
}

impl Pack {
    /// Packs a group. The same versions are the same bytes, in whichever order they and their facts come.
    #[must_use]
    pub fn of(group: u64, held: &[Held]) -> Self {
        let mut held: Vec<&Held> = held.iter().collect();
        held.sort_by_key(|one| one.ordinal);
        let blocks: Vec<BTreeMap<u32, Block>> = held.iter().map(|one| blocks(&one.facts)).collect();
        let types: BTreeSet<DataType> = held.iter().flat_map(|one| &one.facts).map(|fact| fact.data_type).collect();
        let types: Vec<DataType> = types.into_iter().collect();
        let sets: BTreeSet<TypeSet> =
            blocks.iter().flat_map(BTreeMap::values).flat_map(|block| block.people.values()).copied().collect();
        let mut directory = Directory { types, sets: sets.into_iter().collect(), ..Directory::default() };
        let (mut lists, mut unions) = (Vec::new(), BTreeMap::<TypeSet, RoaringBitmap>::new());
        for (one, blocks) in held.iter().zip(&blocks) {
            let own = write_blocks(&directory, blocks);
            let loose = one.loose || own.len() > LISTS_BYTES;
            let start = lists.len();
            if !loose {
                lists.extend_from_slice(&own);
                for block in blocks.values() {
                    block.people.iter().for_each(|(subject, set)| _ = unions.entry(*set).or_default().insert(*subject));
                    directory.unresolved =
                        block.bare.values().fold(directory.unresolved, |sum, more| sum.saturating_add(*more));
                }
            }
            let lists = start..lists.len();
            directory.members.push(Member {
                ordinal: one.ordinal,
                dataset: one.dataset,
                size: one.size,
                scanned: one.scanned,
                loose,
                lists,
            });
        }
        let mut united = vec![VERSION];
        put(&mut united, unions.len() as u64);
        for (set, people) in &unions {
            put(&mut united, directory.sets.binary_search(set).unwrap_or_default() as u64);
            put_bitmap(&mut united, &canonical(people));
        }
        lists.insert(0, VERSION);
        directory.checks = [check::sum(&united), check::sum(&lists)];
        let mut kept = vec![VERSION];
        directory.write(group, &mut kept);
        Self { directory: check::seal(kept), unions: united, lists }
    }

    /// Reads a directory; nothing if it is damaged or another group's.
    #[must_use]
    pub fn directory(bytes: &[u8], group: u64) -> Option<Directory> {
        Directory::read(check::open(bytes, VERSION)?, group)
    }
}

impl Directory {
    /// Everybody in the lists, by set of types; nothing if the bytes are damaged or do not belong to this directory.
    #[must_use]
    pub fn unions(&self, bytes: &[u8]) -> Option<Vec<(TypeSet, RoaringBitmap)>> {
        let mut rest = self.piece(bytes, 0)?;
        let mut unions = Vec::new();
        for _ in 0..take(&mut rest)? {
            let set = *self.sets.get(take_as::<usize>(&mut rest)?)?;
            unions.push((set, take_bitmap(&mut rest)?));
        }
        rest.is_empty().then_some(unions)
    }

    /// The lists, checked; nothing if they are damaged or do not belong to this directory.
    #[must_use]
    pub fn lists<'b>(&self, bytes: &'b [u8]) -> Option<Lists<'b, '_>> {
        let bytes = self.piece(bytes, 1)?;
        let length = self.members.last().map_or(0, |last| last.lists.end);
        (bytes.len() == length).then_some(Lists { bytes, directory: self })
    }

    fn piece<'b>(&self, bytes: &'b [u8], which: usize) -> Option<&'b [u8]> {
        (self.checks.get(which) == Some(&check::sum(bytes))).then_some(())?;
        let (version, rest) = bytes.split_first()?;
        (*version == VERSION).then_some(rest)
    }
}

/// The lists of a pack.
#[derive(Clone, Copy)]
pub struct Lists<'b, 'd> {
    bytes: &'b [u8],
    directory: &'d Directory,
}

/// One block of a version, still encoded.
pub struct Listed<'b> {
    /// The block.
    pub block: u32,
    /// How many people are named there whom nothing tells apart.
    pub unresolved: u64,
    bare: &'b [u8],
    people: &'b [u8],
}

impl<'b> Lists<'b, '_> {
    /// The blocks of a version; nothing in the iterator's place where they are damaged.
    pub fn blocks(&self, member: &Member) -> impl Iterator<Item = Option<Listed<'b>>> + use<'b> {
        let mut rest = self.bytes.get(member.lists.clone()).unwrap_or_default();
        let mut floor = 0u64;
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let listed = listed(&mut rest, &mut floor);
            if listed.is_none() {
                rest = &[];
            }
            Some(listed)
        })
    }

    /// Hands every list of people of a block to `take`, which must move past it; nothing if it is damaged.
    pub(crate) fn people(
        &self,
        listed: &Listed<'b>,
        mut take_list: impl FnMut(TypeSet, &mut &'b [u8]) -> Option<()>,
    ) -> Option<()> {
        let mut rest = listed.people;
        while !rest.is_empty() {
            let set = *self.directory.sets.get(take_as::<usize>(&mut rest)?)?;
            take_list(set, &mut rest)?;
        }
        Some(())
    }

    /// The facts of a version as they were packed; nothing if they are damaged.
    #[must_use]
    pub fn facts(&self, member: &Member) -> Option<Vec<Fact>> {
        let mut facts = Vec::new();
        for listed in self.blocks(member) {
            let listed = listed?;
            let mut found: BTreeMap<DataType, (BTreeSet<u32>, u64)> = BTreeMap::new();
            let mut bare = listed.bare;
            while !bare.is_empty() {
                let data_type = *self.directory.types.get(take_as::<usize>(&mut bare)?)?;
                found.entry(data_type).or_default().1 = take(&mut bare)?;
            }
            self.people(&listed, |set, list| {
                let subjects = take_list(list)?;
                set.types().for_each(|data_type| found.entry(data_type).or_default().0.extend(&subjects));
                Some(())
            })?;
            facts.extend(found.into_iter().map(|(data_type, (subjects, unresolved))| Fact {
                block: listed.block,
                data_type,
                subjects: subjects.into_iter().collect(),
                unresolved,
            }));
        }
        Some(facts)
    }
}

fn listed<'b>(rest: &mut &'b [u8], floor: &mut u64) -> Option<Listed<'b>> {
    let block = floor.checked_add(take(rest)?)?;
    *floor = block.checked_add(1)?;
    let mut inside = take_counted(rest)?;
    let unresolved = take(&mut inside)?;
    let bare = take_counted(&mut inside)?;
    Some(Listed { block: u32::try_from(block).ok()?, unresolved, bare, people: inside })
}

fn blocks(facts: &[Fact]) -> BTreeMap<u32, Block> {
    let mut blocks: BTreeMap<u32, Block> = BTreeMap::new();
    for fact in facts {
        let block = blocks.entry(fact.block).or_default();
        for subject in &fact.subjects {
            let set = block.people.entry(*subject).or_default();
            *set = set.with(TypeSet::one(fact.data_type));
        }
        if fact.subjects.is_empty() || fact.unresolved > 0 {
            let more = block.bare.entry(fact.data_type).or_default();
            *more = more.saturating_add(fact.unresolved);
        }
    }
    blocks
}

fn write_blocks(directory: &Directory, blocks: &BTreeMap<u32, Block>) -> Vec<u8> {
    let mut out = Vec::new();
    let mut floor = 0u64;
    for (number, block) in blocks {
        put(&mut out, u64::from(*number).saturating_sub(floor));
        floor = u64::from(*number).saturating_add(1);
        let mut inside = Vec::new();
        put(&mut inside, block.bare.values().fold(0, |sum, more| sum.saturating_add(*more)));
        let mut bare = Vec::new();
        for (data_type, more) in &block.bare {
            put(&mut bare, directory.types.binary_search(data_type).unwrap_or_default() as u64);
            put(&mut bare, *more);
        }
        put_counted(&mut inside, &bare);
        let mut by_set: BTreeMap<TypeSet, Vec<u32>> = BTreeMap::new();
        block.people.iter().for_each(|(subject, set)| by_set.entry(*set).or_default().push(*subject));
        for (set, people) in &by_set {
            put(&mut inside, directory.sets.binary_search(set).unwrap_or_default() as u64);
            put_list(&mut inside, people);
        }
        put_counted(&mut out, &inside);
    }
    out
}

/// Writes a sorted list of distinct numbers: how many, then the differences.
pub(crate) fn put_list(out: &mut Vec<u8>, list: &[u32]) {
    put(out, list.len() as u64);
    let mut floor = 0;
    for member in list {
        put(out, u64::from(*member).saturating_sub(floor));
        floor = u64::from(*member).saturating_add(1);
    }
}

/// Reads what [`put_list`] wrote.
fn take_list(list: &mut &[u8]) -> Option<Vec<u32>> {
    let mut members = Vec::new();
    let mut floor = 0u64;
    for _ in 0..take(list)? {
        let member = floor.checked_add(take(list)?)?;
        floor = member.checked_add(1)?;
        members.push(u32::try_from(member).ok()?);
    }
    Some(members)
}

#[cfg(test)]
#[path = "pack_tests.rs"]
pub(crate) mod tests;

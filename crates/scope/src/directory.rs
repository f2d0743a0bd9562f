//! The directory of a pack: which versions of a group an engagement has, and where their lists begin.

use std::ops::Range;

use base::id::DatasetId;
use base::word::DataType;

use crate::number::{put, put_counted, take, take_as, take_counted};
use crate::typeset::TypeSet;

/// What the directory says of one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its ordinal.
    pub ordinal: u64,
    /// The dataset it was written to.
    pub dataset: DatasetId,
    /// Its size in bytes.
    pub size: u64,
    /// Whether a detector has read all of it.
    pub scanned: bool,
    /// Whether its facts are too many for the pack: they are read from their rows.
    pub loose: bool,
    /// Where its lists lie.
    pub(crate) lists: Range<usize>,
}

/// The first part of a pack.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Directory {
    /// The versions, in order.
    pub members: Vec<Member>,
    /// The types that lists name by number.
    pub(crate) types: Vec<DataType>,
    /// The sets of types that lists name by number.
    pub(crate) sets: Vec<TypeSet>,
    /// How many people are named in the lists whom nothing tells apart.
    pub unresolved: u64,
    /// Check of the unions that belong to it, and of the lists.
    pub(crate) checks: [u64; 2],
}

const SCANNED: u64 = 1;
const LOOSE: u64 = 2;

impl Directory {
    pub(crate) fn write(&self, group: u64, out: &mut Vec<u8>) {
        put(out, group);
        put(out, self.types.len() as u64);
        self.types.iter().for_each(|data_type| put_counted(out, data_type.word().as_bytes()));
        put(out, self.sets.len() as u64);
        for set in &self.sets {
            let of_table =
                |(at, data_type): (usize, &DataType)| if set.has(*data_type) { 1u64 << (at % 64) } else { 0 };
            put(out, self.types.iter().enumerate().map(of_table).fold(0, |all, one| all | one));
        }
        put(out, self.unresolved);
        self.checks.iter().for_each(|check| out.extend_from_slice(&check.to_le_bytes()));
        let mut datasets: Vec<DatasetId> = self.members.iter().map(|member| member.dataset).collect();
        datasets.sort_unstable();
        datasets.dedup();
        put(out, datasets.len() as u64);
        datasets.iter().for_each(|dataset| out.extend_from_slice(dataset.as_bytes()));
        put(out, self.members.len() as u64);
        let mut floor = 0;
        for member in &self.members {
            put(out, member.ordinal.saturating_sub(floor));
            floor = member.ordinal.saturating_add(1);
            put(out, datasets.binary_search(&member.dataset).unwrap_or_default() as u64);
            put(out, member.size);
            put(out, (if member.scanned { SCANNED } else { 0 }) | (if member.loose { LOOSE } else { 0 }));
            put(out, member.lists.len() as u64);
        }
    }

    pub(crate) fn read(mut rest: &[u8], group: u64) -> Option<Self> {
        let rest = &mut rest;
        (take(rest)? == group).then_some(())?;
        let mut types = Vec::new();
        for _ in 0..take(rest)? {
            types.push(std::str::from_utf8(take_counted(rest)?).ok()?.parse::<DataType>().ok()?);
        }
        let mut sets = Vec::new();
        for _ in 0..take(rest)? {
            let bits = take(rest)?;
            let of_table = types.iter().enumerate().filter(|(at, _)| bits & (1 << (at % 64)) != 0);
            sets.push(of_table.map(|(_, data_type)| *data_type).collect());
        }
        let unresolved = take(rest)?;
        let mut checks = [0; 2];
        for check in &mut checks {
            let (bytes, after) = rest.split_first_chunk()?;
            *rest = after;
            *check = u64::from_le_bytes(*bytes);
        }
        let mut datasets = Vec::new();
        for _ in 0..take(rest)? {
            let (bytes, after) = rest.split_at_checked(16)?;
            *rest = after;
            datasets.push(DatasetId::from_slice(bytes)?);
        }
        let mut members = Vec::new();
        let (mut floor, mut end) = (0u64, 0usize);
        for _ in 0..take(rest)? {
            let ordinal = floor.checked_add(take(rest)?)?;
            floor = ordinal.saturating_add(1);
            let dataset = *datasets.get(take_as::<usize>(rest)?)?;
            let size = take(rest)?;
            let flags = take(rest)?;
            let start = end;
            end = start.checked_add(take_as(rest)?)?;
            let (scanned, loose) = (flags & SCANNED != 0, flags & LOOSE != 0);
            if flags > SCANNED | LOOSE || (loose && start != end) || !crate::pack::range(group).contains(&ordinal) {
                return None;
            }
            members.push(Member { ordinal, dataset, size, scanned, loose, lists: start..end });
        }
        rest.is_empty().then_some(Self { members, types, sets, unresolved, checks })
    }
}

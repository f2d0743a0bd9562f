//! How much may be unpacked, and the account that is kept of it.

use std::cell::Cell;

use crate::error::Stop;
use crate::report::Why;

/// How much of an object may be unpacked. What lies beyond is reported, not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Containers inside containers. People pack a gzip in a tar in a zip; nobody packs deeper by hand, bombs do.
    pub depth: u8,
    /// Unpacked bytes for each byte of the object. Gzip itself reaches 1032; logs and repetitive JSON stay below 200.
    pub ratio: u64,
    /// Unpacked bytes that are always allowed, so that small files may be as repetitive as they like.
    pub always_bytes: u64,
    /// Unpacked bytes of one object in all: a few hours of one core.
    pub total_bytes: u64,
    /// Members in all. The largest shards of data sets hold some hundred thousand.
    pub members: u64,
    /// A member that must be read at offsets (a zip, a document, a columnar file) and lies in a compressed stream is held
    /// in memory while it is read, if it is no larger.
    pub held_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            depth: 4,
            ratio: 1000,
            always_bytes: 64 << 20,
            total_bytes: 1 << 40,
            members: 4 << 20,
            held_bytes: 8 << 20,
        }
    }
}

/// What of the limits is used up. One for the whole object, so that nesting multiplies nothing.
pub(crate) struct Budget {
    pub(crate) limits: Limits,
    object_bytes: u64,
    unpacked: Cell<u64>,
    members: Cell<u64>,
}

impl Budget {
    pub(crate) const fn new(limits: Limits, object_bytes: u64) -> Self {
        Self { limits, object_bytes, unpacked: Cell::new(0), members: Cell::new(0) }
    }

    /// Counts bytes that were unpacked.
    pub(crate) fn unpack(&self, bytes: usize) -> Result<(), Stop> {
        let unpacked = self.unpacked.get().saturating_add(bytes as u64);
        self.unpacked.set(unpacked);
        let by_ratio = self.object_bytes.saturating_mul(self.limits.ratio).max(self.limits.always_bytes);
        if unpacked > by_ratio {
            return Err(Why::Bomb.into());
        }
        if unpacked > self.limits.total_bytes {
            return Err(Why::TooLarge.into());
        }
        Ok(())
    }

    /// Counts a member.
    pub(crate) fn member(&self) -> Result<(), Stop> {
        let members = self.members.get().saturating_add(1);
        self.members.set(members);
        if members > self.limits.members { Err(Why::TooMany.into()) } else { Ok(()) }
    }

    /// How many bytes were unpacked.
    pub(crate) const fn unpacked(&self) -> u64 {
        self.unpacked.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_object_may_unpack_to_much_and_a_bomb_may_not() {
        let limits = Limits { always_bytes: 1000, ratio: 10, ..Limits::default() };
        let budget = Budget::new(limits, 10);
        assert!(budget.unpack(1000).is_ok());
        assert!(matches!(budget.unpack(1), Err(Stop::Inside(Why::Bomb))));
        assert!(matches!(budget.unpack(0), Err(Stop::Inside(Why::Bomb))), "once over, always over");
        assert!(Budget::new(limits, 1000).unpack(10_000).is_ok());
    }
}

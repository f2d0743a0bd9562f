//! Content: which people stand in which block of a version.
//!
//! Three kinds of people are counted: those whom an identifier tells apart, by ordinal; mentions that no identifier tells apart,
//! each as one person more; and those in what no detector has read, of whom nobody knows anything. Of the last, each started
//! mebibyte counts as one person: seventy thousand photographs are seventy thousand people at least.

use std::collections::BTreeMap;
use std::ops::Range;

use roaring::RoaringBitmap;

/// Bytes of a block.
pub const BLOCK_BYTES: u64 = 64 * 1024;

/// The block of what lies nobody knows where: it is released with any byte of the version.
pub const ANYWHERE: u32 = u32::MAX;

/// How many blocks of what nobody has read count as one person: a mebibyte.
pub const UNREAD_BLOCKS: u32 = 16;

/// Who stands in one block.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Here {
    /// Ordinals of people.
    pub people: RoaringBitmap,
    /// How many mentions no identifier tells apart.
    pub strangers: u64,
}

/// Who stands where in a version, or in the part of it that is asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Content {
    blocks: BTreeMap<u32, Here>,
    unread: bool,
}

/// One block that a window touches.
pub(crate) struct Piece<'a> {
    /// Its first byte that the window may not have without it.
    pub(crate) from: u64,
    /// By what its strangers are known: the same block holds the same strangers.
    pub(crate) key: u32,
    pub(crate) people: Option<&'a RoaringBitmap>,
    pub(crate) strangers: u64,
}

impl Content {
    /// Of a version that was scanned.
    #[must_use]
    pub const fn scanned(blocks: BTreeMap<u32, Here>) -> Self {
        Self { blocks, unread: false }
    }

    /// Of a version that no detector has read.
    #[must_use]
    pub const fn unread() -> Self {
        Self { blocks: BTreeMap::new(), unread: true }
    }

    /// The blocks that a window touches.
    #[must_use]
    pub fn blocks_of(window: &Range<u64>) -> Range<u32> {
        let block = |byte: u64| u32::try_from(byte / BLOCK_BYTES).unwrap_or(ANYWHERE.saturating_sub(1));
        match window.end.checked_sub(1) {
            Some(last) if window.start <= last => block(window.start)..block(last).saturating_add(1),
            _ => 0..0,
        }
    }

    /// What the window touches, in order; what lies nobody knows where comes first. Blocks in which nobody stands are left out.
    pub(crate) fn pieces<'a>(&'a self, window: &Range<u64>) -> impl Iterator<Item = Piece<'a>> + use<'a> {
        let touched = Self::blocks_of(window);
        let anywhere = if touched.is_empty() { None } else { self.blocks.get_key_value(&ANYWHERE) };
        let start = window.start;
        let known = anywhere.into_iter().chain(self.blocks.range(touched.clone())).map(move |(block, here)| {
            let from =
                if *block == ANYWHERE { start } else { u64::from(*block).saturating_mul(BLOCK_BYTES).max(start) };
            Piece { from, key: *block, people: Some(&here.people), strangers: here.strangers }
        });
        let first = touched.start / UNREAD_BLOCKS;
        let last = touched.end.div_ceil(UNREAD_BLOCKS);
        let unread = if self.unread && !touched.is_empty() { first..last } else { 0..0 };
        known.chain(unread.map(move |group| {
            let from = u64::from(group).saturating_mul(BLOCK_BYTES.saturating_mul(UNREAD_BLOCKS.into()));
            Piece { from: from.max(start), key: group, people: None, strangers: 1 }
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(content: &Content, window: Range<u64>) -> Vec<(u64, u32)> {
        content.pieces(&window).map(|piece| (piece.from, piece.key)).collect()
    }

    #[test]
    fn a_window_touches_the_blocks_it_has_bytes_of() {
        for (window, blocks) in [
            (0..0, 0..0),
            (5..5, 0..0),
            (0..1, 0..1),
            (0..BLOCK_BYTES, 0..1),
            (BLOCK_BYTES - 1..BLOCK_BYTES + 1, 0..2),
            (BLOCK_BYTES..3 * BLOCK_BYTES, 1..3),
        ] {
            assert_eq!(Content::blocks_of(&window), blocks, "{window:?}");
        }
    }

    #[test]
    fn pieces_come_in_order_and_begin_where_the_window_must_stop_without_them() {
        let somebody = Here { people: [1].into(), strangers: 0 };
        let content = Content::scanned([0, 2, 5, ANYWHERE].map(|block| (block, somebody.clone())).into());
        assert_eq!(keys(&content, 10..10), []);
        let two = 2 * BLOCK_BYTES;
        assert_eq!(keys(&content, 10..two + 1), [(10, ANYWHERE), (10, 0), (two, 2)]);
        assert_eq!(keys(&content, two + 7..two + 8), [(two + 7, ANYWHERE), (two + 7, 2)]);
    }

    #[test]
    fn of_what_nobody_has_read_every_mebibyte_is_somebody() {
        let mebibyte = 1024 * 1024;
        let content = Content::unread();
        assert_eq!(keys(&content, 0..1), [(0, 0)]);
        assert_eq!(keys(&content, 0..mebibyte + 1), [(0, 0), (mebibyte, 1)]);
        assert_eq!(keys(&content, mebibyte + 5..mebibyte + 6), [(mebibyte + 5, 1)]);
        assert_eq!(keys(&content, 0..0), []);
    }
}

//! Tiles: the tree and its entries as static files of 256, in the layout of C2SP tlog-tiles.
//!
//! Row `L` of a tree holds the roots of its full subtrees of `256^L` leaves; a tile is 256 neighbours of a row. A tile that is
//! not full yet is *partial* and carries its width in its name, so that no file ever changes. Entry bundles hold the data
//! of the same leaves as the tiles of row 0.
//
// SPEC: C2SP tlog-tiles, "Merkle Tree" and "Log Entries".

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;

use base::{Fault, Kind};

use crate::digest::Hash;
use crate::entry::MAX_ENTRY_BYTES;
use crate::error::Error;
use crate::tree::{self, Nodes};

/// How many hashes or entries a full tile holds.
pub const TILE_WIDTH: u64 = 256;

const HASH_BYTES: usize = 32;

/// How many tiles a [`TileNodes`] remembers (8 KiB each): a proof in a log of 2^40 entries touches five.
const REMEMBERED: usize = 64;

/// Which row a tile is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Row {
    /// Hashes: 0 is the leaf hashes, 1 the roots of 256 leaves, and so on to 7.
    Hashes(u8),
    /// The entries themselves.
    Entries,
}

impl Row {
    /// How many hashes or entries the row has in a tree of `size` leaves.
    #[must_use]
    pub const fn length(self, size: u64) -> u64 {
        match self {
            Self::Hashes(level) if level > 7 => 0,
            Self::Hashes(level) => size.wrapping_shr(8_u32.wrapping_mul(level as u32)),
            Self::Entries => size,
        }
    }
}

/// One tile: its row, its place in the row, and how much of it there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    row: Row,
    index: u64,
    // INVARIANT: 1 to 256. A tile of width 0 does not exist.
    width: u64,
}

impl Tile {
    /// The tile at `index` as a tree of `size` leaves has it; `None` if the tree does not reach that far.
    #[must_use]
    pub fn of(row: Row, index: u64, size: u64) -> Option<Self> {
        let width = row.length(size).saturating_sub(index.checked_mul(TILE_WIDTH)?).min(TILE_WIDTH);
        (width > 0).then_some(Self { row, index, width })
    }

    /// Its row.
    #[must_use]
    pub const fn row(self) -> Row {
        self.row
    }

    /// Its place in the row.
    #[must_use]
    pub const fn index(self) -> u64 {
        self.index
    }

    /// How many hashes or entries it holds, 1 to 256.
    #[must_use]
    pub const fn width(self) -> u64 {
        self.width
    }

    /// The tiles that may replace it as the log grows, narrowest first. Each begins with what this one holds.
    pub fn wider(self) -> impl Iterator<Item = Self> {
        (self.width..TILE_WIDTH).map(move |width| Self { width: width.saturating_add(1), ..self })
    }

    /// Whether it will never have a successor.
    #[must_use]
    pub const fn is_full(self) -> bool {
        self.width == TILE_WIDTH
    }
}

impl fmt::Display for Tile {
    /// Its path, for example `tile/0/x001/000` or `tile/entries/001.p/44`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.row {
            Row::Hashes(level) => write!(f, "tile/{level}/")?,
            Row::Entries => f.write_str("tile/entries/")?,
        }
        // Groups of three digits, all but the last marked with an `x`.
        let digits = self.index.to_string();
        let groups = digits.len().div_ceil(3);
        let padded = format!("{:0>width$}", digits, width = groups.saturating_mul(3));
        for (place, digit) in padded.chars().enumerate() {
            let last_group = place.div_euclid(3).saturating_add(1) == groups;
            match (place.rem_euclid(3), last_group) {
                (0, false) => f.write_str(if place == 0 { "x" } else { "/x" })?,
                (0, true) if place > 0 => f.write_str("/")?,
                _ => {}
            }
            write!(f, "{digit}")?;
        }
        if self.is_full() { Ok(()) } else { write!(f, ".p/{}", self.width) }
    }
}

/// Every tile that a tree of `new` leaves has and one of `old` leaves had not, or had narrower: row by row, entries last.
#[must_use]
pub fn changed(old: u64, new: u64) -> Vec<Tile> {
    let rows = (0..8).map(Row::Hashes).chain([Row::Entries]);
    rows.filter(|row| row.length(new) > row.length(old))
        .flat_map(|row| {
            let first = row.length(old).div_euclid(TILE_WIDTH);
            let end = row.length(new).div_ceil(TILE_WIDTH);
            (first..end).filter_map(move |index| Tile::of(row, index, new))
        })
        .collect()
}

/// Where tiles are read.
pub trait Tiles {
    /// The content of a tile that was written.
    ///
    /// # Errors
    /// A [`Fault`] of the store behind it; `Missing` or `Corrupt` if the tile is not there.
    fn read(&self, tile: Tile) -> Result<Vec<u8>, Fault>;
}

impl<F: Fn(Tile) -> Result<Vec<u8>, Fault>> Tiles for F {
    fn read(&self, tile: Tile) -> Result<Vec<u8>, Fault> {
        self(tile)
    }
}

/// The tiles and bundles to write when `data` is appended to a log of `old` entries: exactly those of [`changed`].
///
/// Reads at most one partial tile a row, and one partial bundle.
///
/// # Errors
/// [`Error::Nodes`] if a tile of the old tree cannot be read or has the wrong length; [`Error::EntryTooLong`].
pub fn grow<D: AsRef<[u8]>>(tiles: &dyn Tiles, old: u64, data: &[D]) -> Result<Vec<(Tile, Vec<u8>)>, Error> {
    if let Some(long) = data.iter().find(|data| data.as_ref().len() > MAX_ENTRY_BYTES) {
        return Err(Error::EntryTooLong { bytes: long.as_ref().len() });
    }
    let bundles = extend(tiles, Row::Entries, old, data, |data, bytes| {
        let data = data.as_ref();
        // Entries were measured above, so the length fits.
        bytes.extend_from_slice(&u16::try_from(data.len()).unwrap_or(u16::MAX).to_be_bytes());
        bytes.extend_from_slice(data);
    })?;

    let mut written = Vec::new();
    let mut hashes: Vec<Hash> = data.iter().map(|data| tree::leaf(data.as_ref())).collect();
    for level in 0..8 {
        if hashes.is_empty() {
            break;
        }
        let row = Row::Hashes(level);
        let grown = extend(tiles, row, row.length(old), &hashes, |hash, bytes| bytes.extend_from_slice(hash))?;
        // The tiles that are full now are the next hashes of the row above.
        hashes = grown.iter().filter(|(tile, _)| tile.is_full()).map(|(_, bytes)| subtree(bytes)).collect();
        written.extend(grown);
    }
    written.extend(bundles);
    Ok(written)
}

/// Appends `items` to a row that is `length` long, and cuts the result into tiles.
fn extend<D>(
    tiles: &dyn Tiles,
    row: Row,
    length: u64,
    items: &[D],
    write: impl Fn(&D, &mut Vec<u8>),
) -> Result<Vec<(Tile, Vec<u8>)>, Error> {
    let mut tile = Tile { row, index: length.div_euclid(TILE_WIDTH), width: length.rem_euclid(TILE_WIDTH) };
    let mut bytes = if tile.width > 0 { read_checked(tiles, tile).map_err(Error::Nodes)? } else { Vec::new() };
    let mut written = Vec::new();
    for item in items {
        write(item, &mut bytes);
        tile.width = tile.width.saturating_add(1);
        if tile.is_full() {
            written.push((tile, std::mem::take(&mut bytes)));
            tile = Tile { row, index: tile.index.saturating_add(1), width: 0 };
        }
    }
    if tile.width > 0 && !items.is_empty() {
        written.push((tile, bytes));
    }
    Ok(written)
}

/// Reads a tile and checks that it holds what its name says.
fn read_checked(tiles: &dyn Tiles, tile: Tile) -> Result<Vec<u8>, Fault> {
    let bytes = tiles.read(tile)?;
    let held = match tile.row {
        Row::Hashes(_) if bytes.len().checked_rem(HASH_BYTES) == Some(0) => bytes.len().checked_div(HASH_BYTES),
        Row::Hashes(_) => None,
        Row::Entries => entries(&bytes).ok().map(|entries| entries.len()),
    };
    if held.and_then(|held| u64::try_from(held).ok()) == Some(tile.width) {
        Ok(bytes)
    } else {
        Err(Fault::new(Kind::Corrupt, format!("reading `{tile}`: it does not hold {} items", tile.width)))
    }
}

/// The entries of a bundle.
///
/// # Errors
/// [`Error::Reading`] if a length points past the end.
pub fn entries(bundle: &[u8]) -> Result<Vec<&[u8]>, Error> {
    let mut rest = bundle;
    let mut entries = Vec::new();
    while !rest.is_empty() {
        let cut = || Error::reading("an entry bundle", "it ends inside an entry");
        let (length, after) = rest.split_first_chunk::<2>().ok_or_else(cut)?;
        let (entry, after) = after.split_at_checked(usize::from(u16::from_be_bytes(*length))).ok_or_else(cut)?;
        entries.push(entry);
        rest = after;
    }
    Ok(entries)
}

/// The root over a power of two of neighbouring hashes, given as bytes.
fn subtree(bytes: &[u8]) -> Hash {
    let mut row: Vec<Hash> = bytes.as_chunks::<HASH_BYTES>().0.to_vec();
    while row.len() > 1 {
        row = row.as_chunks::<2>().0.iter().map(|[left, right]| tree::node(left, right)).collect();
    }
    row.first().copied().unwrap_or_else(tree::empty)
}

/// [`Nodes`] over tiles: proofs from published files alone.
///
/// Remembers the tiles it read, so proving neighbours costs few reads. Make a new one for each tree size.
pub struct TileNodes<'a> {
    tiles: &'a dyn Tiles,
    size: u64,
    read: RefCell<BTreeMap<Tile, Vec<u8>>>,
}

impl<'a> TileNodes<'a> {
    /// The tree of `size` leaves whose tiles `tiles` has.
    #[must_use]
    pub fn new(tiles: &'a dyn Tiles, size: u64) -> Self {
        Self { tiles, size, read: RefCell::new(BTreeMap::new()) }
    }
}

impl Nodes for TileNodes<'_> {
    fn node(&self, level: u8, index: u64) -> Result<Hash, Fault> {
        let outside = || Fault::new(Kind::Bug, format!("a tree of size {} has no node {level}/{index}", self.size));
        let row = Row::Hashes(level.div_euclid(8));
        let within = u32::from(level.rem_euclid(8));
        let count = 1_u64.wrapping_shl(within);
        let first = index.checked_mul(count).ok_or_else(outside)?;
        let offset = first.rem_euclid(TILE_WIDTH);
        let tile = Tile::of(row, first.div_euclid(TILE_WIDTH), self.size).ok_or_else(outside)?;

        let mut read = self.read.borrow_mut();
        if read.len() >= REMEMBERED && !read.contains_key(&tile) {
            read.clear();
        }
        let bytes = match read.entry(tile) {
            std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::btree_map::Entry::Vacant(space) => space.insert(read_checked(self.tiles, tile)?),
        };
        let hashes = bytes.as_chunks::<HASH_BYTES>().0;
        let range = usize::try_from(offset).ok().zip(usize::try_from(offset.saturating_add(count)).ok());
        let wanted = range.and_then(|(from, to)| hashes.get(from..to)).ok_or_else(outside)?;
        Ok(subtree(wanted.as_flattened()))
    }
}

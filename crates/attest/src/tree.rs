//! The Merkle tree of RFC 6962: hashes, an append-only frontier, and proofs, made and checked.
//!
//! A tree of `n` leaves splits at the largest power of two below `n`. Its perfect subtrees never change once they are full,
//! so a proof is put together from them: whoever can answer [`Nodes`] can prove.
//
// SPEC: RFC 6962 section 2.1 (hashes, proofs), RFC 9162 sections 2.1.3.2 and 2.1.4.2 (checking them).
#![expect(
    clippy::arithmetic_side_effects,
    reason = "sizes and indexes only shrink or shift right; every subtraction is of a smaller number, as noted at its line"
)]

use base::Fault;

use crate::digest::{Hash, sha256};
use crate::error::Error;

/// The root of no leaves.
#[must_use]
pub fn empty() -> Hash {
    sha256(&[])
}

/// The hash of a leaf with this data.
#[must_use]
pub fn leaf(data: &[u8]) -> Hash {
    sha256(&[&[0], data])
}

/// The hash of a node with these children.
#[must_use]
pub fn node(left: &Hash, right: &Hash) -> Hash {
    sha256(&[&[1], left, right])
}

/// The right edge of a growing tree: the roots of its perfect subtrees, largest first.
///
/// Takes at most 64 hashes whatever the size; a push costs two hashes on average.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    // INVARIANT: one root for each bit set in `size`, highest bit first.
    full: Vec<Hash>,
}

impl Frontier {
    /// An empty tree.
    #[must_use]
    pub const fn new() -> Self {
        Self { size: 0, full: Vec::new() }
    }

    /// The edge of an existing tree of `size` leaves.
    ///
    /// # Errors
    /// [`Error::Nodes`] if `nodes` fails.
    pub fn of(nodes: &dyn Nodes, size: u64) -> Result<Self, Error> {
        Ok(Self { size, full: perfect(nodes, 0, size)? })
    }

    /// How many leaves it has.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf hash.
    pub fn push(&mut self, leaf: Hash) {
        let mut root = leaf;
        // Each trailing one of the size is a perfect subtree that the new leaf completes.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.full.pop() {
                root = node(&left, &root);
            }
        }
        self.full.push(root);
        self.size = self.size.saturating_add(1);
    }

    /// The root of the tree so far.
    #[must_use]
    pub fn root(&self) -> Hash {
        fold(&self.full)
    }
}

/// The hashes of perfect subtrees.
pub trait Nodes {
    /// The root of leaves `index << level` up to `(index + 1) << level`, which must all exist; level 0 is the leaf hashes.
    ///
    /// # Errors
    /// A [`Fault`] of the store behind it.
    fn node(&self, level: u8, index: u64) -> Result<Hash, Fault>;
}

/// The root of the first `size` leaves.
///
/// # Errors
/// [`Error::Nodes`].
pub fn root(nodes: &dyn Nodes, size: u64) -> Result<Hash, Error> {
    Ok(fold(&perfect(nodes, 0, size)?))
}

/// The proof that leaf `index` is in the tree of the first `size` leaves: siblings from the leaf upward.
///
/// # Errors
/// [`Error::OutsideTree`] unless `index < size`; [`Error::Nodes`].
pub fn inclusion(nodes: &dyn Nodes, index: u64, size: u64) -> Result<Vec<Hash>, Error> {
    if index >= size {
        return Err(Error::OutsideTree { index, size });
    }
    let (mut from, mut to) = (0, size);
    let mut proof = Vec::new();
    while to - from > 1 {
        let middle = from + split(to - from);
        if index < middle {
            proof.push(range(nodes, middle, to)?);
            to = middle;
        } else {
            proof.push(range(nodes, from, middle)?);
            from = middle;
        }
    }
    proof.reverse();
    Ok(proof)
}

/// The proof that the tree of the first `new` leaves continues that of the first `old`.
///
/// # Errors
/// [`Error::OutsideTree`] if `old > new`; [`Error::Nodes`].
pub fn consistency(nodes: &dyn Nodes, old: u64, new: u64) -> Result<Vec<Hash>, Error> {
    if old > new {
        return Err(Error::OutsideTree { index: old, size: new });
    }
    if old == 0 || old == new {
        return Ok(Vec::new());
    }
    let (mut from, mut to) = (0, new);
    let mut proof = Vec::new();
    while to != old {
        let middle = from + split(to - from);
        if old <= middle {
            proof.push(range(nodes, middle, to)?);
            to = middle;
        } else {
            proof.push(range(nodes, from, middle)?);
            from = middle;
        }
    }
    // When the old tree is itself a subtree of the new one, the verifier has its root already.
    if from > 0 {
        proof.push(range(nodes, from, to)?);
    }
    proof.reverse();
    Ok(proof)
}

/// Checks that leaf hash `leaf` is at `index` in the tree of `size` leaves with this root.
///
/// # Errors
/// [`Error::NotIncluded`].
pub fn verify_inclusion(leaf: &Hash, index: u64, size: u64, proof: &[Hash], root: &Hash) -> Result<(), Error> {
    if index >= size {
        return Err(Error::NotIncluded);
    }
    // `size` is at least 1 here.
    let mut walk = Walk { at: index, last: size - 1 };
    let mut hash = *leaf;
    for sibling in proof {
        hash = match walk.step().ok_or(Error::NotIncluded)? {
            Side::Left => node(sibling, &hash),
            Side::Right => node(&hash, sibling),
        };
    }
    if walk.last == 0 && hash == *root { Ok(()) } else { Err(Error::NotIncluded) }
}

/// Checks that the tree `new` continues the tree `old`; each is a size and a root.
///
/// # Errors
/// [`Error::NotConsistent`].
pub fn verify_consistency(old: (u64, &Hash), new: (u64, &Hash), proof: &[Hash]) -> Result<(), Error> {
    let ((old_size, old_root), (new_size, new_root)) = (old, new);
    let holds = if old_size == new_size {
        proof.is_empty() && old_root == new_root
    } else if old_size == 0 {
        proof.is_empty() && *old_root == empty()
    } else {
        old_size < new_size && connects(old_size, old_root, new_size, new_root, proof)
    };
    if holds { Ok(()) } else { Err(Error::NotConsistent) }
}

/// The walk of RFC 9162 section 2.1.4.2, for `0 < old_size < new_size`.
fn connects(old_size: u64, old_root: &Hash, new_size: u64, new_root: &Hash, proof: &[Hash]) -> bool {
    let (first, rest) = if old_size.is_power_of_two() {
        (old_root, proof)
    } else {
        let Some((first, rest)) = proof.split_first() else { return false };
        (first, rest)
    };
    // Both sizes are at least 1 here.
    let mut walk = Walk { at: old_size - 1, last: new_size - 1 };
    walk.climb(walk.at.trailing_ones());
    let (mut of_old, mut of_new) = (*first, *first);
    for hash in rest {
        match walk.step() {
            Some(Side::Left) => {
                of_old = node(hash, &of_old);
                of_new = node(hash, &of_new);
            }
            Some(Side::Right) => of_new = node(&of_new, hash),
            None => return false,
        }
    }
    of_old == *old_root && of_new == *new_root && walk.last == 0
}

/// Where a checker stands: the node it has the hash of, and the last node of the same level.
struct Walk {
    at: u64,
    last: u64,
}

/// On which side the next hash of the proof stands.
enum Side {
    Left,
    Right,
}

impl Walk {
    fn climb(&mut self, levels: u32) {
        self.at = self.at.checked_shr(levels).unwrap_or(0);
        self.last = self.last.checked_shr(levels).unwrap_or(0);
    }

    /// Takes one hash of the proof and climbs above it; `None` when the root was reached already.
    fn step(&mut self) -> Option<Side> {
        if self.last == 0 {
            return None;
        }
        let side = if self.at & 1 == 1 || self.at == self.last { Side::Left } else { Side::Right };
        if matches!(side, Side::Left) && self.at & 1 == 0 {
            // The last node of an odd row has no sibling: it is its own parent until a left sibling appears. `at` is not
            // zero here, because `at == last` and `last` is not.
            self.climb(self.at.trailing_zeros());
        }
        self.climb(1);
        Some(side)
    }
}

/// The largest power of two below `size`, which must be at least 2.
const fn split(size: u64) -> u64 {
    1 << (size - 1).ilog2()
}

/// The root of leaves `from` up to `to`, a range that splitting a tree yields.
fn range(nodes: &dyn Nodes, from: u64, to: u64) -> Result<Hash, Error> {
    Ok(fold(&perfect(nodes, from, to)?))
}

/// The perfect subtrees of a range, largest first. `from` is a multiple of the largest: splitting a tree only yields such.
fn perfect(nodes: &dyn Nodes, from: u64, to: u64) -> Result<Vec<Hash>, Error> {
    let mut at = from;
    let mut roots = Vec::new();
    for level in (0..64u8).rev().filter(|level| (to - from) >> level & 1 == 1) {
        roots.push(nodes.node(level, at >> level).map_err(Error::Nodes)?);
        at += 1 << level;
    }
    Ok(roots)
}

/// The root over perfect subtrees, largest first.
fn fold(full: &[Hash]) -> Hash {
    let mut from_right = full.iter().rev();
    match from_right.next() {
        Some(last) => from_right.fold(*last, |right, left| node(left, &right)),
        None => empty(),
    }
}

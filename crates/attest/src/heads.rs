//! The tree of chain heads: how a pack proves that nothing of its chain was left out.
//!
//! Every checkpoint's last leaf is a *heads* entry in the system's chain. It holds the root of a Merkle tree with one leaf
//! for each chain, as all heads stood just before that entry:
//!
//! ```text
//! leaf = SHA-256( 0x00 || "cofferdam/head/v1" || chain[16] || u64be(length) || data[32] )
//! ```
//!
//! Nodes are those of RFC 6962. A chain's place in the tree is its ordinal, given with its first entry and kept for ever; the
//! system's is 0. The entry is `{"v":1,"kind":"heads","at":"<RFC 3339>","chains":<number>,"root":"<base64>"}`.
//!
//! An engagement's first entry states its ordinal, and a pack that holds that entry is refused if the chain is proven at another
//! one: nobody can be shown a second chain that begins with the same entry.

use base::ports::ChainHead;
use base::{Fault, Kind, Timestamp};
use serde::{Deserialize, Serialize};

use crate::digest::{Hash, as_base64, sha256};
use crate::error::Error;
use crate::tree::{self, Nodes};

const LABEL: &[u8] = b"cofferdam/head/v1";

/// The leaf hash of one head.
#[must_use]
pub fn leaf(head: &ChainHead) -> Hash {
    sha256(&[&[0], LABEL, head.chain.as_bytes(), &head.length.to_be_bytes(), &head.data])
}

/// The tree over all heads. Building it costs two hashes a chain.
pub struct HeadsTree {
    /// Row 0 holds the leaves, each row above the full pairs of the one below.
    rows: Vec<Vec<Hash>>,
}

impl HeadsTree {
    /// The tree of these heads, in the order of their ordinals.
    ///
    /// # Errors
    /// [`Error::Writing`] if the ordinals are not 0, 1, 2 and so on.
    pub fn of(heads: &[ChainHead]) -> Result<Self, Error> {
        if (0..).zip(heads).any(|(ordinal, head)| head.ordinal != ordinal) {
            return Err(Error::Writing { what: "a tree of heads whose ordinals have a gap" });
        }
        let mut rows = vec![heads.iter().map(leaf).collect::<Vec<Hash>>()];
        while let Some(below) = rows.last().filter(|row| row.len() > 1) {
            let row = below.as_chunks::<2>().0.iter().map(|[left, right]| tree::node(left, right)).collect();
            rows.push(row);
        }
        Ok(Self { rows })
    }

    /// How many heads it has.
    #[must_use]
    pub fn chains(&self) -> u64 {
        self.rows.first().and_then(|row| u64::try_from(row.len()).ok()).unwrap_or(0)
    }

    /// Its root.
    ///
    /// # Errors
    /// [`Error::Nodes`] never in practice.
    pub fn root(&self) -> Result<Hash, Error> {
        tree::root(self, self.chains())
    }

    /// The proof for the head at `ordinal`.
    ///
    /// # Errors
    /// [`Error::OutsideTree`].
    pub fn prove(&self, ordinal: u64) -> Result<Vec<Hash>, Error> {
        tree::inclusion(self, ordinal, self.chains())
    }
}

impl Nodes for HeadsTree {
    fn node(&self, level: u8, index: u64) -> Result<Hash, Fault> {
        let place = usize::try_from(index).ok();
        let row = self.rows.get(usize::from(level));
        row.zip(place)
            .and_then(|(row, place)| row.get(place).copied())
            .ok_or_else(|| Fault::new(Kind::Bug, format!("the tree of heads has no node {level}/{index}")))
    }
}

/// The heads entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadsEntry {
    /// When it was made.
    pub at: Timestamp,
    /// How many chains there are.
    pub chains: u64,
    /// The root over their heads.
    pub root: Hash,
}

#[derive(Serialize, Deserialize)]
struct Written<'a> {
    v: u64,
    kind: &'a str,
    at: Timestamp,
    chains: u64,
    #[serde(with = "as_base64")]
    root: Hash,
}

impl HeadsEntry {
    /// The `kind` of such an entry.
    pub const KIND: &'static str = "heads";

    /// The entry as JSON.
    ///
    /// # Errors
    /// [`Error::Writing`] never in practice.
    pub fn write(&self) -> Result<String, Error> {
        let written = Written { v: 1, kind: Self::KIND, at: self.at, chains: self.chains, root: self.root };
        serde_json::to_string(&written).map_err(|_| Error::Writing { what: "a heads entry" })
    }

    /// Reads an entry. Members it does not know are ignored: they are committed like the rest.
    ///
    /// # Errors
    /// [`Error::Reading`] if it is not a heads entry.
    pub fn read(entry: &[u8]) -> Result<Self, Error> {
        const WHAT: &str = "a heads entry";
        let written: Written<'_> =
            serde_json::from_slice(entry).map_err(|_| Error::reading(WHAT, "a member is missing or malformed"))?;
        if written.v != 1 || written.kind != Self::KIND {
            return Err(Error::reading(WHAT, "expected version 1 and kind `heads`"));
        }
        Ok(Self { at: written.at, chains: written.chains, root: written.root })
    }

    /// Checks that this entry covers `head`.
    ///
    /// # Errors
    /// [`Error::NotIncluded`].
    pub fn covers(&self, head: &ChainHead, path: &[Hash]) -> Result<(), Error> {
        tree::verify_inclusion(&leaf(head), head.ordinal, self.chains, path, &self.root)
    }
}

#[cfg(test)]
mod tests {
    use base::id::{ChainId, EngagementId};

    use super::*;

    fn heads(count: u8) -> Vec<ChainHead> {
        let chain = |n| if n == 0 { ChainId::SYSTEM } else { EngagementId::from_bytes([n; 16]).into() };
        (0..count)
            .map(|n| ChainHead { chain: chain(n), ordinal: n.into(), length: 7 + u64::from(n), data: [!n; 32] })
            .collect()
    }

    /// Recomputed in Python from the formula above.
    #[test]
    fn the_leaf_is_as_documented() {
        let chain = EngagementId::from_bytes([0x11; 16]).into();
        let head = ChainHead { chain, ordinal: 1, length: 7, data: [0x22; 32] };
        assert_eq!(
            crate::digest::hex(&leaf(&head)),
            "e149e8e98c0243f2861ca38933347fb85ac052d92129ac6422c3c12ea5c360ad"
        );
    }

    #[test]
    fn every_head_is_covered_at_its_ordinal_and_nowhere_else() {
        for count in 1..20 {
            let heads = heads(count);
            let tree = HeadsTree::of(&heads).unwrap();
            let entry = HeadsEntry { at: Timestamp(0), chains: tree.chains(), root: tree.root().unwrap() };
            for head in &heads {
                let path = tree.prove(head.ordinal).unwrap();
                assert!(entry.covers(head, &path).is_ok());
                assert!(entry.covers(&ChainHead { length: head.length + 1, ..head.clone() }, &path).is_err());
                assert!(entry.covers(&ChainHead { data: [0; 32], ..head.clone() }, &path).is_err());
                for ordinal in (0..u64::from(count) + 1).filter(|ordinal| *ordinal != head.ordinal) {
                    assert!(entry.covers(&ChainHead { ordinal, ..head.clone() }, &path).is_err());
                }
            }
        }
    }

    #[test]
    fn ordinals_have_no_gap() {
        assert!(HeadsTree::of(&heads(3)[1..]).is_err());
        assert_eq!(HeadsTree::of(&[]).unwrap().root().unwrap(), tree::empty());
    }

    #[test]
    fn the_entry_is_written_in_fixed_order() {
        let entry = HeadsEntry { at: Timestamp::from_seconds(1_700_000_000), chains: 2, root: [0; 32] };
        let text = entry.write().unwrap();
        assert_eq!(
            text,
            r#"{"v":1,"kind":"heads","at":"2023-11-14T22:13:20.000000Z","chains":2,"root":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}"#
        );
        assert_eq!(HeadsEntry::read(text.as_bytes()).unwrap(), entry);
        assert!(HeadsEntry::read(text.replace("heads", "other").as_bytes()).is_err());
    }
}

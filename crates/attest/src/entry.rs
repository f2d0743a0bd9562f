//! An entry of the ledger: what is committed, how it is linked, and the two members every entry has.
//!
//! The log holds commitments, so that published tiles reveal nothing:
//!
//! ```text
//! data = SHA-256( "cofferdam/entry/v1" || salt[32] || u32be(length of link) || link || entry )
//! link = chain[16] || u64be(seq) || previous[32]                               always 56 bytes
//! leaf = SHA-256( 0x00 || data )                                               RFC 6962
//! ```
//!
//! `entry` is the JSON text as it was written; it is never re-serialized. `chain` is zeros for the system's chain, `seq` counts
//! from 0 in each chain, and `previous` is the data of the entry before it in the same chain (zeros for the first).

use base::Timestamp;
use base::id::{ChainId, ID_BYTES};
use serde::Deserialize;

use crate::digest::{Hash, sha256};
use crate::error::Error;

/// The longest entry in bytes: what an entry bundle could hold, and what a person can still read.
pub const MAX_ENTRY_BYTES: usize = 65_535;

/// How long an encoded link is.
pub const LINK_BYTES: usize = 56;

/// The `previous` of a chain's first entry, and the head of a chain that has none.
pub const START: Hash = [0; 32];

const LABEL: &[u8] = b"cofferdam/entry/v1";

/// The place of an entry in its chain; assigned when entries are ordered, outside the entry itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// The chain.
    pub chain: ChainId,
    /// The place in it, from 0.
    pub seq: u64,
    /// The data of the entry before it, or [`START`].
    pub previous: Hash,
}

impl Link {
    /// `chain[16] || u64be(seq) || previous[32]`.
    #[must_use]
    pub fn encode(&self) -> [u8; LINK_BYTES] {
        let mut bytes = [0; LINK_BYTES];
        let seq = self.seq.to_be_bytes();
        let parts = self.chain.as_bytes().iter().chain(&seq).chain(&self.previous);
        bytes.iter_mut().zip(parts).for_each(|(byte, part)| *byte = *part);
        bytes
    }

    /// Reads what [`Self::encode`] wrote.
    ///
    /// # Errors
    /// [`Error::Reading`] if there are not 56 bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let read = || {
            let (chain, rest) = bytes.split_first_chunk::<ID_BYTES>()?;
            let (seq, rest) = rest.split_first_chunk::<8>()?;
            let previous = rest.try_into().ok()?;
            Some(Self { chain: ChainId::from_slice(chain)?, seq: u64::from_be_bytes(*seq), previous })
        };
        read().ok_or(Error::reading("a link", "expected 56 bytes"))
    }
}

/// The commitment of an entry: the data of its leaf.
#[must_use]
pub fn commit(salt: &[u8; 32], link: &Link, entry: &[u8]) -> Hash {
    const LENGTH: [u8; 4] = [0, 0, 0, 56];
    sha256(&[LABEL, salt, &LENGTH, &link.encode(), entry])
}

/// What every entry says: what kind it is and when it was made. The rest is the business of its kind.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Outline {
    /// What kind of entry it is, for example `access`.
    pub kind: String,
    /// When it was made.
    pub at: Timestamp,
    /// In a chain's first entry: the chain's place among the heads, for ever.
    #[serde(default)]
    pub ordinal: Option<u64>,
}

impl Outline {
    /// Reads the outline of an entry.
    ///
    /// # Errors
    /// [`Error::Reading`] if the entry is not a JSON object with one `kind` and one `at`.
    pub fn read(entry: &[u8]) -> Result<Self, Error> {
        serde_json::from_slice(entry)
            .map_err(|_| Error::reading("an entry", "expected a JSON object with a `kind` and an RFC 3339 `at`"))
    }
}

#[cfg(test)]
mod tests {
    use base::id::EngagementId;

    use super::*;

    fn link() -> Link {
        Link { chain: EngagementId::from_bytes([0x11; 16]).into(), seq: 258, previous: [0x22; 32] }
    }

    #[test]
    fn a_link_reads_back() {
        let bytes = link().encode();
        assert_eq!(Link::decode(&bytes).unwrap(), link());
        assert_eq!(&bytes[16..24], &[0, 0, 0, 0, 0, 0, 1, 2]);
        assert!(Link::decode(&bytes[..55]).is_err());
        assert!(Link::decode(&[0; 57]).is_err());
    }

    /// Recomputed in Python: `sha256(b"cofferdam/entry/v1" + b"\x33"*32 + struct.pack(">I", 56) + link + b"{}")`.
    #[test]
    fn the_commitment_is_as_documented() {
        let data = commit(&[0x33; 32], &link(), b"{}");
        assert_eq!(crate::digest::hex(&data), "9c4525d38617816205cc113cb8baa08954f2766f11a98fe4c6a5b95b9d2e9f45");
    }

    #[test]
    fn every_part_is_committed() {
        let data = commit(&[0; 32], &link(), b"{}");
        assert_ne!(data, commit(&[1; 32], &link(), b"{}"));
        assert_ne!(data, commit(&[0; 32], &Link { seq: 259, ..link() }, b"{}"));
        assert_ne!(data, commit(&[0; 32], &link(), b"{} "));
    }

    #[test]
    fn an_outline_needs_one_kind_and_one_time() {
        let outline = Outline::read(br#"{"v":1,"kind":"access","at":"2026-11-24T05:42:00.000000Z","x":[1]}"#).unwrap();
        assert_eq!((outline.kind.as_str(), outline.at), ("access", Timestamp::from_seconds(1_795_498_920)));
        for bad in [
            r#"{"kind":"access"}"#,
            r#"{"kind":"a","kind":"b","at":"2026-11-24T05:42:00Z"}"#,
            r#"{"kind":"a","at":"yesterday"}"#,
            "[]",
            "",
        ] {
            assert!(Outline::read(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}

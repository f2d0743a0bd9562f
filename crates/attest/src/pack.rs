//! The evidence pack: the whole record of one chain, with everything a stranger needs to check it offline.
//!
//! A tar archive with these members, in this order:
//!
//! | member | what it is |
//! |---|---|
//! | `README.txt` | how to check the pack, with and without our verifier |
//! | `pack.json` | which chain of which log, from where to where |
//! | `checkpoint` | the signed checkpoint, with its cosignatures |
//! | `keys.txt` | a trust policy with the log's key: a convenience, since whoever made the pack wrote it |
//! | `heads.json` | the heads entry, opened and proven; the chain's head, proven in it |
//! | `entries.jsonl` | one line an entry: opened and proven |
//! | `SHA256SUMS` | of the members above: finds damage, proves nothing |
//!
//! Completeness: entries are numbered without gaps and each names the one before it, every one is in the log, and the last is
//! the head that the heads entry covers, which is the last leaf of the signed checkpoint.

mod archive;
mod broken;
mod verify;
mod write;

use std::str::FromStr;

use base::Timestamp;
use base::id::ChainId;
use base::ports::ChainHead;
use serde::{Deserialize, Serialize};

pub use self::broken::{Broken, Place, Rule};
pub use self::verify::{KeySource, Trust, Verified, verify};
pub use self::write::PackWriter;
use crate::digest::{self, Hash, as_base64, as_base64_list, read_decimal};
use crate::entry::{Link, commit};
use crate::error::Error;
use crate::payload::SealedPayload;
use crate::private::PrivateFields;

/// The format of a pack.
pub const FORMAT: &str = "cofferdam/pack/1";

/// How far times may run backwards within a chain: clocks of several nodes differ, and batches overtake each other.
pub const MOST_CLOCK_STEP_SECONDS: i64 = 5;

/// The members of a pack, in order.
pub(crate) mod member {
    pub(crate) const README: &str = "README.txt";
    pub(crate) const PACK: &str = "pack.json";
    pub(crate) const CHECKPOINT: &str = "checkpoint";
    pub(crate) const KEYS: &str = "keys.txt";
    pub(crate) const HEADS: &str = "heads.json";
    pub(crate) const ENTRIES: &str = "entries.jsonl";
    pub(crate) const SUMS: &str = "SHA256SUMS";
    pub(crate) const ALL: [&str; 7] = [README, PACK, CHECKPOINT, KEYS, HEADS, ENTRIES, SUMS];
}

/// What `pack.json` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    format: String,
    /// The log.
    pub origin: String,
    /// The chain.
    pub chain: ChainId,
    /// The first entry's place in the chain.
    pub from: u64,
    /// One past the last entry's place: the length of the chain.
    pub to: u64,
    /// When the pack was made. Nothing proves it.
    pub made_at: Timestamp,
}

impl Header {
    /// The header of a pack of `chain`, entries `from` up to `to`.
    #[must_use]
    pub fn new(origin: String, chain: ChainId, from: u64, to: u64, made_at: Timestamp) -> Self {
        Self { format: FORMAT.to_owned(), origin, chain, from, to, made_at }
    }
}

/// One line of `entries.jsonl`: an entry, all that its commitment is made from, and its inclusion proof.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackedEntry {
    index: u64,
    seq: u64,
    #[serde(with = "as_base64")]
    salt: [u8; 32],
    #[serde(with = "as_base64")]
    previous: Hash,
    entry: String,
    #[serde(with = "as_base64_list")]
    proof: Vec<Hash>,
    #[serde(default, skip_serializing_if = "PrivateFields::is_empty")]
    private: PrivateFields,
}

impl PackedEntry {
    /// The entry at `index` of the log, with the proof that it is there.
    ///
    /// # Errors
    /// [`Error::Reading`] if the entry is not text.
    pub fn new(index: u64, payload: SealedPayload, proof: Vec<Hash>) -> Result<Self, Error> {
        let SealedPayload { salt, link, entry, private } = payload;
        let entry = String::from_utf8(entry).map_err(|_| Error::reading("an entry", "it is not UTF-8"))?;
        Ok(Self { index, seq: link.seq, salt, previous: link.previous, entry, proof, private })
    }

    /// The same without its private fields.
    #[must_use]
    pub fn without_private_fields(self) -> Self {
        Self { private: PrivateFields::new(), ..self }
    }

    fn data(&self, chain: ChainId) -> Hash {
        commit(&self.salt, &Link { chain, seq: self.seq, previous: self.previous }, self.entry.as_bytes())
    }
}

/// `heads.json`: the heads entry, opened and proven, and the head of the pack's chain, proven in it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackedHeads {
    index: u64,
    seq: u64,
    #[serde(with = "as_base64")]
    salt: [u8; 32],
    #[serde(with = "as_base64")]
    previous: Hash,
    entry: String,
    #[serde(with = "as_base64_list")]
    proof: Vec<Hash>,
    ordinal: u64,
    length: u64,
    #[serde(with = "as_base64")]
    data: Hash,
    #[serde(with = "as_base64_list")]
    path: Vec<Hash>,
}

impl PackedHeads {
    /// The heads `entry`, and the `head` that it covers by `path`.
    #[must_use]
    pub fn new(entry: PackedEntry, head: &ChainHead, path: Vec<Hash>) -> Self {
        let PackedEntry { index, seq, salt, previous, entry, proof, private: _ } = entry;
        let ChainHead { chain: _, ordinal, length, data } = *head;
        Self { index, seq, salt, previous, entry, proof, ordinal, length, data, path }
    }

    fn data(&self) -> Hash {
        let link = Link { chain: ChainId::SYSTEM, seq: self.seq, previous: self.previous };
        commit(&self.salt, &link, self.entry.as_bytes())
    }

    fn head(&self, chain: ChainId) -> ChainHead {
        ChainHead { chain, ordinal: self.ordinal, length: self.length, data: self.data }
    }
}

/// A head that an earlier pack proved. Its text form is `LENGTH:BASE64`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Since {
    /// The length of the chain then.
    pub length: u64,
    /// The data of its last entry then.
    pub data: Hash,
}

impl std::fmt::Display for Since {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.length, digest::base64(&self.data))
    }
}

impl FromStr for Since {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let read = || {
            let (length, data) = text.split_once(':')?;
            Some(Self { length: read_decimal(length)?, data: digest::read_base64(data)? })
        };
        read().ok_or(Error::reading("a proven head", "expected `LENGTH:BASE64`"))
    }
}

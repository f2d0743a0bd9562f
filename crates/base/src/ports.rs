//! Ports: the narrow traits through which the parts reach what they must not know.
//!
//! All of them block. Local disks and SQLite answer in microseconds and are called where they stand; implementations over a
//! network are called from threads that may wait.

use crate::error::Fault;
use crate::id::{BlobId, ChainId, EngagementId, KeyId};
use crate::word::State;

/// Sealed bytes at rest.
pub trait Blobs: Send + Sync {
    /// Starts a new blob. Nothing of it is durable before [`BlobWriter::finish`].
    ///
    /// # Errors
    /// `Conflict` if the name is taken, `Unavailable` if the store does not answer.
    fn create(&self, name: BlobId) -> Result<Box<dyn BlobWriter>, Fault>;

    /// Opens a blob for reading. One that is deleted meanwhile may be read to its end.
    ///
    /// # Errors
    /// `Missing` or `Unavailable`.
    fn open(&self, name: BlobId) -> Result<Box<dyn BlobReader>, Fault>;

    /// Deletes a blob; deleting one that is not there is done already.
    ///
    /// # Errors
    /// `Unavailable`.
    fn delete(&self, name: BlobId) -> Result<(), Fault>;

    /// Every blob in the store, for the sweep of what no version and no live intent names.
    ///
    /// # Errors
    /// `Unavailable`.
    fn list(&self) -> Result<Vec<BlobId>, Fault>;
}

/// A blob being read.
pub trait BlobReader: Send + Sync {
    /// Appends the `length` bytes from `offset` on to `buffer`, into the room it has. A blob that ends before is `Corrupt`;
    /// the buffer may hold some of the bytes then.
    ///
    /// # Errors
    /// `Corrupt` (truncated) or `Unavailable`.
    fn read_at(&self, offset: u64, length: usize, buffer: &mut Vec<u8>) -> Result<(), Fault>;
}

/// A blob being written.
pub trait BlobWriter: Send {
    /// Appends sealed bytes.
    ///
    /// # Errors
    /// `Unavailable`, for example when the disk is full.
    fn append(&mut self, bytes: &[u8]) -> Result<(), Fault>;

    /// Makes the blob durable: bytes and name are on stable storage when this returns.
    ///
    /// # Errors
    /// `Unavailable`; the blob may or may not exist then.
    fn finish(self: Box<Self>) -> Result<(), Fault>;
}

/// Small named documents that are replaced whole and durably: wrapped keys, checkpoints, tiles, fences.
///
/// A name is a relative path of `[a-z0-9_.-]` segments, for example `tile/0/x001/000`.
pub trait Documents: Send + Sync {
    /// Reads a document; `None` if there is none of that name.
    ///
    /// # Errors
    /// `Unavailable`.
    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, Fault>;

    /// Replaces a document. When this returns, the new bytes are durable; after a crash either the old or the new are there,
    /// never a mixture.
    ///
    /// # Errors
    /// `Unavailable`; either version may be there then.
    fn replace(&self, name: &str, bytes: &[u8]) -> Result<(), Fault>;

    /// Removes a document durably; removing one that is not there is done already.
    ///
    /// # Errors
    /// `Unavailable`.
    fn remove(&self, name: &str) -> Result<(), Fault>;

    /// The names below `prefix` (a whole path segment), sorted.
    ///
    /// # Errors
    /// `Unavailable`.
    fn list(&self, prefix: &str) -> Result<Vec<String>, Fault>;
}

/// One entry as it rests in the catalog: its place and commitment in the clear, its content sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerRow {
    /// Index of the leaf in the log.
    pub index: u64,
    /// The chain it belongs to.
    pub chain: ChainId,
    /// Its place in the chain, from 0.
    pub seq: u64,
    /// The commitment: what the log's entry bundle holds.
    pub data: [u8; 32],
    /// Salt, link, entry and private fields, sealed under the chain's record key.
    pub sealed: Vec<u8>,
}

/// The head of one chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainHead {
    /// The chain.
    pub chain: ChainId,
    /// Its place in the tree of heads, from its first entry on: 0 is the system's.
    pub ordinal: u64,
    /// How many entries it has.
    pub length: u64,
    /// The commitment of its last entry; zeros before the first.
    pub data: [u8; 32],
}

/// What a reopened log finds.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Tail {
    /// How many entries are durable; the next one's index.
    pub size: u64,
    /// Every chain's head, by ordinal.
    pub heads: Vec<ChainHead>,
}

/// The commit queue's side of the catalog: one batch is one transaction.
pub trait Committer: Send {
    /// A change of the catalog that travels with entries.
    type Change: Send + 'static;
    /// What applying a change answers, for example an ordinal that was assigned.
    type Applied: Send + 'static;

    /// Reads what is durable now. Called at start, and after a commit whose outcome is unknown.
    ///
    /// # Errors
    /// `Unavailable`, or `Corrupt` when rows contradict each other.
    fn tail(&mut self) -> Result<Tail, Fault>;

    /// Begins a batch.
    ///
    /// # Errors
    /// `Unavailable`.
    fn begin(&mut self) -> Result<Box<dyn Transaction<Change = Self::Change, Applied = Self::Applied> + '_>, Fault>;
}

/// A batch under way. Dropping it rolls it back.
pub trait Transaction {
    /// As in [`Committer::Change`].
    type Change;
    /// As in [`Committer::Applied`].
    type Applied;

    /// Applies the changes of one act, all or none. An act that is rejected leaves no trace and does not harm the batch.
    ///
    /// # Errors
    /// `Conflict`, `Missing` or `Refused` when a change does not fit the state; any other kind dooms the whole batch.
    fn apply(&mut self, changes: Vec<Self::Change>) -> Result<Vec<Self::Applied>, Fault>;

    /// Adds entries and the heads of the chains they moved.
    ///
    /// # Errors
    /// Any error dooms the batch.
    fn append(&mut self, rows: &[LedgerRow], heads: &[ChainHead]) -> Result<(), Fault>;

    /// Makes the batch durable.
    ///
    /// # Errors
    /// After an error the outcome is unknown until [`Committer::tail`] was read.
    fn commit(self: Box<Self>) -> Result<(), Fault>;
}

/// Reads back what was committed, for publishing, indexing and proofs.
pub trait LedgerRows: Send + Sync {
    /// Up to `limit` rows from `index` on, in order, without gaps.
    ///
    /// # Errors
    /// `Unavailable`, or `Corrupt` when a row is missing or malformed.
    fn rows(&self, index: u64, limit: usize) -> Result<Vec<LedgerRow>, Fault>;

    /// Up to `limit` rows of one chain from `seq` on.
    ///
    /// # Errors
    /// As [`Self::rows`].
    fn chain_rows(&self, chain: ChainId, seq: u64, limit: usize) -> Result<Vec<LedgerRow>, Fault>;

    /// Up to `limit` commitments from `index` on.
    ///
    /// # Errors
    /// As [`Self::rows`].
    fn commitments(&self, index: u64, limit: usize) -> Result<Vec<[u8; 32]>, Fault>;
}

/// Seals entries before they rest in the catalog. Implemented by `seal`, used by `ledger`.
pub trait EntrySealer: Send + Sync {
    /// Seals `plain` under the record key of `chain`, bound to chain and place.
    ///
    /// # Errors
    /// `Unavailable` when the key is not at hand; `Missing` for an unknown chain.
    fn seal(&self, chain: ChainId, seq: u64, plain: &[u8]) -> Result<Vec<u8>, Fault>;

    /// Opens what [`Self::seal`] made.
    ///
    /// # Errors
    /// `Corrupt` when it does not verify; otherwise as [`Self::seal`].
    fn open(&self, chain: ChainId, seq: u64, sealed: &[u8]) -> Result<Vec<u8>, Fault>;
}

/// Where wrapped engagement and epoch keys rest, apart from the catalog: destroying a key must not leave copies in the
/// catalog's backups.
pub trait Keys: Send + Sync {
    /// Stores a wrapped key durably under its id.
    ///
    /// # Errors
    /// `Conflict` if the id is taken, `Unavailable`.
    fn put(&self, key: KeyId, wrapped: &[u8]) -> Result<(), Fault>;

    /// Reads a wrapped key.
    ///
    /// # Errors
    /// `Missing` if it never existed or was destroyed, `Unavailable`.
    fn get(&self, key: KeyId) -> Result<Vec<u8>, Fault>;

    /// Every key, for start-up.
    ///
    /// # Errors
    /// `Unavailable`.
    fn list(&self) -> Result<Vec<KeyId>, Fault>;

    /// Destroys a key durably.
    ///
    /// # Errors
    /// `Unavailable`.
    fn destroy(&self, key: KeyId) -> Result<(), Fault>;
}

/// The register of pauses outside the catalog: at start, a pause in either stands.
pub trait PauseRegister: Send + Sync {
    /// Every engagement it knows, with its state and pause epoch. A slot that cannot be read counts as paused.
    ///
    /// # Errors
    /// `Unavailable`, or `Corrupt` when it cannot even be said whose slot is damaged.
    fn read_all(&self) -> Result<Vec<(EngagementId, State, u64)>, Fault>;

    /// Writes one engagement's slot durably. Blocks for one flush of the disk.
    ///
    /// # Errors
    /// `Unavailable`; the slot then holds the old, the new, or something that reads as paused.
    fn write(&self, engagement: EngagementId, state: State, epoch: u64) -> Result<(), Fault>;
}

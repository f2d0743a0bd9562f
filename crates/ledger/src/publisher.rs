//! Behind the write path: integrates entries into the tree, writes tiles, signs checkpoints.
//!
//! *Sequenced* (durable, a receipt was minted) and *published* (in tiles, under a signed checkpoint) are two levels; this file
//! takes entries from the first to the second, within about a second.
//!
//! # Order of writes, and what a crash means
//! 1. the heads entry, through the queue: the last leaf of the checkpoint to come;
//! 2. tiles and entry bundles: they hold commitments only; a crash leaves tiles of no checkpoint, which the next publication
//!    writes again, identically;
//! 3. the sealed bundle of the new entries: the record survives a catalog that is rolled back;
//! 4. the heads that the checkpoint covers, without which nobody could be shown a complete chain;
//! 5. the checkpoint. INVARIANT: it is durable before anybody sees it, and the next one continues the durable one, so that two
//!    checkpoints never contradict each other.

use std::sync::Arc;
use std::time::Duration;

use attest::checkpoint::Checkpoint;
use attest::digest::Hash;
use attest::note::{Note, Signer};
use attest::tile::{self, Row, Tile, TileNodes, Tiles};
use attest::tree;
use base::ports::{ChainHead, Documents, LedgerRow, LedgerRows};
use base::{Fault, Kind};
use tokio::sync::Mutex;

use crate::error::LedgerError;
use crate::queue::{Cut, Queue};

/// How long entries gather before they are published. SPEC: design §6, "within about a second".
const GATHER: Duration = Duration::from_secs(1);

/// How many entries are integrated at once; bounds memory after a long pause.
const PAGE: usize = 65_536;

/// The names of the published documents.
const CHECKPOINT: &str = "checkpoint";
const HEADS: &str = "heads";
const SEALED: &str = "sealed";

/// What was published last.
#[derive(Clone)]
pub struct Published {
    /// The checkpoint, signed.
    pub note: Note,
    /// The checkpoint, read.
    pub checkpoint: Checkpoint,
    /// The heads it covers: those before its last leaf.
    pub heads: Vec<ChainHead>,
}

/// Integrates and publishes.
pub struct Publisher<Change, Applied> {
    queue: Queue<Change, Applied>,
    rows: Arc<dyn LedgerRows>,
    documents: Arc<dyn Documents>,
    signer: Signer,
    last: Mutex<Option<Published>>,
}

impl<Change, Applied> Publisher<Change, Applied> {
    /// Opens what was published and checks that the catalog has not fallen behind it.
    ///
    /// # Errors
    /// `Corrupt` when the catalog holds fewer entries than the published checkpoint, or the checkpoint does not verify.
    pub fn open(
        queue: Queue<Change, Applied>,
        rows: Arc<dyn LedgerRows>,
        documents: Arc<dyn Documents>,
        signer: Signer,
    ) -> Result<Self, LedgerError> {
        let last = read_published(documents.as_ref(), &signer)?;
        let durable = *queue.size().borrow();
        if let Some(published) = &last
            && published.checkpoint.size > durable
        {
            let rolled_back = format!(
                "the catalog holds {durable} entries, but a checkpoint over {} was published\n\
                 restore the catalog that belongs to this store; do not go on with an older copy",
                published.checkpoint.size
            );
            return Err(LedgerError::Corrupt(Fault::new(Kind::Corrupt, rolled_back)));
        }
        Ok(Self { queue, rows, documents, signer, last: Mutex::new(last) })
    }

    /// Writes everything from tiles to checkpoint, in the order that the module's description states.
    fn write(&self, old: u64, cut: Cut) -> Result<Published, LedgerError> {
        self.integrate(old, cut.size)?;
        self.bundle(old, cut.size)?;
        self.documents.replace(HEADS, &encode_heads(cut.size, &cut.heads)).map_err(LedgerError::Publishing)?;
        let root = tree::root(&self.nodes(cut.size), cut.size).map_err(publishing)?;
        let checkpoint = Checkpoint { origin: self.origin().to_owned(), size: cut.size, root };
        let note = checkpoint.sign(&self.signer).map_err(publishing)?;
        // DURABLE: once this returns, the checkpoint may be shown.
        self.documents.replace(CHECKPOINT, note.to_string().as_bytes()).map_err(LedgerError::Publishing)?;
        self.prune(old, cut.size);
        Ok(Published { note, checkpoint, heads: cut.heads })
    }

    /// What was published last, if anything was.
    pub async fn last(&self) -> Option<Published> {
        self.last.lock().await.clone()
    }

    /// The name of the log.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.signer.verifier().name()
    }

    /// The key that checkpoints verify under.
    #[must_use]
    pub const fn verifier(&self) -> &attest::note::Verifier {
        self.signer.verifier()
    }

    /// The published tree of `size` leaves, for proofs.
    #[must_use]
    pub fn nodes(&self, size: u64) -> TileNodes<'_> {
        TileNodes::new(self, size)
    }

    /// Writes the tiles that change between two sizes.
    fn integrate(&self, old: u64, new: u64) -> Result<(), LedgerError> {
        let mut from = old;
        while from < new {
            let limit = PAGE.min(usize::try_from(new.saturating_sub(from)).unwrap_or(PAGE));
            let data = self.rows.commitments(from, limit).map_err(LedgerError::Reading)?;
            if data.is_empty() {
                let gap = format!("the catalog ends at entry {from}, before {new}");
                return Err(LedgerError::Corrupt(Fault::new(Kind::Corrupt, gap)));
            }
            for (tile, bytes) in tile::grow(self, from, &data).map_err(publishing)? {
                self.documents.replace(&document(tile), &bytes).map_err(LedgerError::Publishing)?;
            }
            from = from.saturating_add(data.len() as u64);
        }
        Ok(())
    }

    /// Copies the new entries, sealed as they are, to the store.
    fn bundle(&self, old: u64, new: u64) -> Result<(), LedgerError> {
        let mut from = old;
        while from < new {
            let limit = PAGE.min(usize::try_from(new.saturating_sub(from)).unwrap_or(PAGE));
            let rows = self.rows.rows(from, limit).map_err(LedgerError::Reading)?;
            let Some(last) = rows.last() else { break };
            let next = last.index.saturating_add(1);
            self.documents
                .replace(&format!("{SEALED}/{from:020}"), &encode_rows(&rows))
                .map_err(LedgerError::Publishing)?;
            from = next;
        }
        Ok(())
    }

    /// Removes partial tiles that wider ones have replaced. Failing to costs space, nothing else.
    fn prune(&self, old: u64, new: u64) {
        for tile in tile::changed(old, new) {
            let narrower = Tile::of(tile.row(), tile.index(), old);
            if let Some(narrower) = narrower.filter(|narrower| narrower.width() < tile.width())
                && let Err(fault) = self.documents.remove(&document(narrower))
            {
                tracing::warn!(error = base::error::chain(&fault), "a replaced tile stays in the store");
            }
        }
    }
}

impl<Change: Send + 'static, Applied: Send + 'static> Publisher<Change, Applied> {
    /// Publishes as entries come; runs until the program stops.
    pub async fn publish_forever(self: &Arc<Self>) {
        let mut size = self.queue.size();
        let mut published = self.last.lock().await.as_ref().map_or(0, |last| last.checkpoint.size);
        loop {
            if size.wait_for(|size| *size > published).await.is_err() {
                return;
            }
            tokio::time::sleep(GATHER).await;
            match self.publish().await {
                Ok(now) => published = now.checkpoint.size,
                Err(error) => {
                    tracing::error!(error = base::error::chain(&error), "the ledger's tree was not published");
                    if matches!(error, LedgerError::Stopped) {
                        return;
                    }
                }
            }
        }
    }

    /// Publishes what is durable now. When nothing came since the last checkpoint, that one stands.
    ///
    /// # Errors
    /// `Publishing` when tiles or checkpoint cannot be written; the entries are safe all the same.
    pub async fn publish(self: &Arc<Self>) -> Result<Published, LedgerError> {
        let mut last = self.last.lock().await;
        let old = last.as_ref().map_or(0, |last| last.checkpoint.size);
        if let Some(last) = last.as_ref()
            && *self.queue.size().borrow() == old
        {
            return Ok(last.clone());
        }
        let cut = self.queue.cut().await?;
        // Reading back thousands of entries and flushing files is work for a thread of its own.
        let publisher = Arc::clone(self);
        let written = tokio::task::spawn_blocking(move || publisher.write(old, cut)).await;
        let published = written.map_err(|error| {
            LedgerError::Publishing(Fault::new(Kind::Bug, "the task that publishes ended early").because(error))
        })??;
        *last = Some(published.clone());
        Ok(published)
    }
}

impl<Change, Applied> Tiles for Publisher<Change, Applied> {
    // INVARIANT: a narrow tile is removed once a wider one is there, perhaps while somebody reads the tree of an older
    // checkpoint. Looked for from narrow to wide, the one that replaced it is always still ahead. Hashes are of one length,
    // so the wider tile begins with them; bundles of entries are read by the publisher alone, before it removes any.
    fn read(&self, tile: Tile) -> Result<Vec<u8>, Fault> {
        if let Some(bytes) = self.documents.read(&document(tile))? {
            return Ok(bytes);
        }
        if let (Row::Hashes(_), Ok(width)) = (tile.row(), usize::try_from(tile.width())) {
            for wider in tile.wider() {
                if let Some(mut bytes) = self.documents.read(&document(wider))? {
                    bytes.truncate(width.saturating_mul(size_of::<Hash>()));
                    return Ok(bytes);
                }
            }
        }
        Err(Fault::new(Kind::Corrupt, format!("tile `{}` is missing", document(tile))))
    }
}

/// The name of a tile's document. The published path has directories named like `001.p`; so has the document.
fn document(tile: Tile) -> String {
    tile.to_string()
}

fn read_published(documents: &dyn Documents, signer: &Signer) -> Result<Option<Published>, LedgerError> {
    let Some(bytes) = documents.read(CHECKPOINT).map_err(LedgerError::Reading)? else { return Ok(None) };
    let corrupt = |what: &str| LedgerError::Corrupt(Fault::new(Kind::Corrupt, format!("the published {what}")));
    let text = String::from_utf8(bytes).map_err(|_| corrupt("checkpoint is not text"))?;
    let note = Note::parse(&text).map_err(|_| corrupt("checkpoint is malformed"))?;
    note.verify([signer.verifier()]).map_err(|_| corrupt("checkpoint is not signed by this deployment's key"))?;
    let checkpoint: Checkpoint = note.text().parse().map_err(|_| corrupt("checkpoint is malformed"))?;
    let heads = documents.read(HEADS).map_err(LedgerError::Reading)?;
    // A crash between heads and checkpoint leaves heads of a size that was never signed; the next publication mends it.
    let heads = heads.and_then(|bytes| decode_heads(&bytes)).filter(|(size, _)| *size == checkpoint.size);
    Ok(Some(Published { note, checkpoint, heads: heads.map(|(_, heads)| heads).unwrap_or_default() }))
}

/// `u64be size`, then per chain: id, `u64be length`, last commitment.
fn encode_heads(size: u64, heads: &[ChainHead]) -> Vec<u8> {
    let mut bytes = size.to_be_bytes().to_vec();
    for head in heads {
        bytes.extend_from_slice(head.chain.as_bytes());
        bytes.extend_from_slice(&head.length.to_be_bytes());
        bytes.extend_from_slice(&head.data);
    }
    bytes
}

fn decode_heads(bytes: &[u8]) -> Option<(u64, Vec<ChainHead>)> {
    let (size, rest) = bytes.split_first_chunk::<8>()?;
    let (heads, []) = rest.as_chunks::<56>() else { return None };
    let read = |(ordinal, head): (usize, &[u8; 56])| {
        let (chain, rest) = head.split_first_chunk::<16>()?;
        let (length, data) = rest.split_first_chunk::<8>()?;
        Some(ChainHead {
            chain: base::id::ChainId::from_slice(chain)?,
            ordinal: ordinal as u64,
            length: u64::from_be_bytes(*length),
            data: data.try_into().ok()?,
        })
    };
    Some((u64::from_be_bytes(*size), heads.iter().enumerate().map(read).collect::<Option<_>>()?))
}

/// Per row: `u64be index`, chain, `u64be seq`, commitment, `u32be length`, sealed entry.
fn encode_rows(rows: &[LedgerRow]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for row in rows {
        bytes.extend_from_slice(&row.index.to_be_bytes());
        bytes.extend_from_slice(row.chain.as_bytes());
        bytes.extend_from_slice(&row.seq.to_be_bytes());
        bytes.extend_from_slice(&row.data);
        // An entry has at most 65,535 bytes and its private fields are short; the sealed form is far below 4 GiB.
        bytes.extend_from_slice(&u32::try_from(row.sealed.len()).unwrap_or(u32::MAX).to_be_bytes());
        bytes.extend_from_slice(&row.sealed);
    }
    bytes
}

fn publishing(error: attest::Error) -> LedgerError {
    LedgerError::Publishing(Fault::new(error.kind(), "integrating entries into the tree").because(error))
}

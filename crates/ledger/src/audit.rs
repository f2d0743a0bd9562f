//! The audit of one's own ledger: every entry opened, every chain walked, every tile recomputed, the checkpoint verified.
//!
//! This is the operator's own check, made with the keys at hand. What a stranger can check without keys is in `attest::pack`.

use std::collections::HashMap;

use attest::tree::{self, Frontier};
use base::id::ChainId;
use base::{Fault, Kind};

use crate::error::LedgerError;
use crate::publisher::Publisher;
use crate::reader::Reader;

/// What an audit found in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audited {
    /// How many entries were opened and agree with their commitments and their chains.
    pub entries: u64,
    /// In how many chains.
    pub chains: u64,
    /// The size of the checkpoint that was verified; 0 if none was published.
    pub published: u64,
}

/// Walks the whole ledger. Costs one decryption and two hashes an entry.
///
/// # Errors
/// `Corrupt`, naming the first entry, chain or tile that does not agree.
pub async fn audit<Change, Applied>(
    reader: &Reader,
    publisher: &Publisher<Change, Applied>,
) -> Result<Audited, LedgerError> {
    let published = publisher.last().await;
    let size = published.as_ref().map_or(0, |published| published.checkpoint.size);
    let mut chains: HashMap<ChainId, (u64, [u8; 32])> = HashMap::new();
    let mut frontier = Frontier::new();
    let mut root = (size == 0).then(|| frontier.root());
    let mut next = 0u64;
    loop {
        let page = reader.page(next)?;
        if page.is_empty() {
            break;
        }
        for entry in page {
            if entry.index != next {
                return Err(corrupt(format!("entry {next} is missing")));
            }
            let link = entry.payload.link;
            let (length, data) = chains.entry(link.chain).or_insert((0, [0; 32]));
            if link.seq != *length || link.previous != *data {
                return Err(corrupt(format!("entry {next} does not continue chain `{}`", link.chain)));
            }
            *length = length.saturating_add(1);
            *data = entry.data;
            frontier.push(tree::leaf(&entry.data));
            next = next.saturating_add(1);
            if next == size {
                root = Some(frontier.root());
            }
        }
    }
    if let Some(published) = &published {
        if root != Some(published.checkpoint.root) {
            return Err(corrupt(format!("the checkpoint over {size} entries has another root")));
        }
        let from_tiles = tree::root(&publisher.nodes(size), size)
            .map_err(|error| LedgerError::Corrupt(Fault::new(Kind::Corrupt, "reading the tiles").because(error)))?;
        if from_tiles != published.checkpoint.root {
            return Err(corrupt(format!("the tiles of {size} entries have another root")));
        }
    }
    Ok(Audited { entries: next, chains: chains.len() as u64, published: size })
}

fn corrupt(what: String) -> LedgerError {
    LedgerError::Corrupt(Fault::new(Kind::Corrupt, what))
}

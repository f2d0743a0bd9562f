//! Makes evidence packs: the whole record of one chain under a published checkpoint.

use attest::pack::{Header, PackWriter, PackedEntry, PackedHeads};
use attest::trust::Policy;
use attest::{heads::HeadsTree, tree};
use base::id::ChainId;
use base::{Fault, Kind, Timestamp};

use crate::error::LedgerError;
use crate::publisher::{Published, Publisher};
use crate::reader::Reader;

/// Makes the pack of `chain` from its entry `from` on, complete up to `published`.
///
/// `from` is 0, or the length that an earlier pack proved. Costs one decryption and one proof an entry; the pack is built in
/// memory.
///
/// # Errors
/// `Reading` with `Missing` if the checkpoint does not cover the chain; `Corrupt` if an entry does not verify.
pub fn pack<Change, Applied>(
    reader: &Reader,
    publisher: &Publisher<Change, Applied>,
    published: &Published,
    chain: ChainId,
    from: u64,
    made_at: Timestamp,
) -> Result<Vec<u8>, LedgerError> {
    let size = published.checkpoint.size;
    let head = published.heads.iter().find(|head| head.chain == chain).ok_or_else(|| {
        LedgerError::Reading(Fault::new(
            Kind::Missing,
            format!("the published checkpoint does not cover `{chain}` yet"),
        ))
    })?;
    let nodes = publisher.nodes(size);
    let heads_index = size.saturating_sub(1);
    let opened = reader.one(heads_index)?.ok_or_else(|| {
        LedgerError::Corrupt(Fault::new(Kind::Corrupt, format!("the heads entry {heads_index} is missing")))
    })?;
    let proof = tree::inclusion(&nodes, heads_index, size).map_err(proving)?;
    let path = HeadsTree::of(&published.heads).and_then(|tree| tree.prove(head.ordinal)).map_err(proving)?;
    let entry = PackedEntry::new(heads_index, opened.payload, proof).map_err(proving)?;
    let heads = PackedHeads::new(entry, head, path);
    let keys = Policy::of_log(publisher.verifier().clone()).map_err(proving)?;
    let header = Header::new(publisher.origin().to_owned(), chain, from, head.length, made_at);
    let mut writer = PackWriter::new(header, &published.note, &keys, heads);
    let mut next = from;
    while next < head.length {
        let page = reader.chain_page(chain, next)?;
        if page.is_empty() {
            let gap = format!("chain `{chain}` ends at {next}, before {}", head.length);
            return Err(LedgerError::Corrupt(Fault::new(Kind::Corrupt, gap)));
        }
        for entry in page {
            if entry.payload.link.seq >= head.length {
                break;
            }
            next = entry.payload.link.seq.saturating_add(1);
            let proof = tree::inclusion(&nodes, entry.index, size).map_err(proving)?;
            let packed = PackedEntry::new(entry.index, entry.payload, proof).map_err(proving)?;
            writer.push(&packed).map_err(proving)?;
        }
    }
    writer.finish().map_err(proving)
}

fn proving(error: attest::Error) -> LedgerError {
    LedgerError::Reading(Fault::new(error.kind(), "making an evidence pack").because(error))
}

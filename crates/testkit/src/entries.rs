//! Entries as a ledger would make them, without a ledger.

use std::collections::BTreeMap;

use base::id::ChainId;
use base::ports::{ChainHead, LedgerRow, Tail};

/// Makes rows and heads that follow each other.
#[derive(Clone, Debug, Default)]
pub struct EntryMaker {
    size: u64,
    heads: BTreeMap<ChainId, ChainHead>,
}

impl EntryMaker {
    /// Goes on from a tail.
    #[must_use]
    pub fn after(tail: &Tail) -> Self {
        Self { size: tail.size, heads: tail.heads.iter().map(|head| (head.chain, head.clone())).collect() }
    }

    /// One entry for each of `chains`, and the heads they move. A chain that is new gets the next ordinal.
    pub fn batch(&mut self, chains: &[ChainId]) -> (Vec<LedgerRow>, Vec<ChainHead>) {
        let mut rows = Vec::with_capacity(chains.len());
        let mut moved = BTreeMap::new();
        for chain in chains {
            let ordinal = u64::try_from(self.heads.len()).unwrap_or(u64::MAX);
            let fresh = ChainHead { chain: *chain, ordinal, length: 0, data: [0; 32] };
            let head = self.heads.entry(*chain).or_insert(fresh);
            let mut data = [0; 32];
            for (byte, from) in data.iter_mut().zip(self.size.to_le_bytes().into_iter().cycle()) {
                *byte = from;
            }
            let sealed = format!("entry {} of {chain}", head.length).into_bytes();
            rows.push(LedgerRow { index: self.size, chain: *chain, seq: head.length, data, sealed });
            head.length = head.length.saturating_add(1);
            head.data = data;
            self.size = self.size.saturating_add(1);
            moved.insert(*chain, head.clone());
        }
        (rows, moved.into_values().collect())
    }

    /// The tail of everything made.
    #[must_use]
    pub fn tail(&self) -> Tail {
        let mut heads: Vec<ChainHead> = self.heads.values().cloned().collect();
        heads.sort_by_key(|head| head.ordinal);
        Tail { size: self.size, heads }
    }
}

//! A commit queue's catalog in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use base::id::ChainId;
use base::ports::{ChainHead, Committer, LedgerRow, LedgerRows, Tail, Transaction};
use base::{Fault, Kind};

use crate::locked;

/// The one change this catalog knows: a number that is kept, or an act that is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Keeps a number; answers how many are kept with it.
    Keep(u64),
    /// Fails with this kind. `Conflict`, `Missing` and `Refused` reject the act alone; any other kind dooms the batch.
    Fail(Kind),
}

#[derive(Clone, Debug, Default)]
struct Durable {
    rows: Vec<LedgerRow>,
    heads: BTreeMap<ChainId, ChainHead>,
    kept: Vec<u64>,
}

/// What a database would hold, in memory: a commit is the durable point, and what was not committed never happened.
/// Cloning shares it, so a clone is what a reopened database shows.
#[derive(Clone, Debug, Default)]
pub struct MemoryCommitter {
    durable: Arc<Mutex<Durable>>,
}

impl MemoryCommitter {
    /// The numbers kept by committed acts, in order.
    #[must_use]
    pub fn kept(&self) -> Vec<u64> {
        locked(&self.durable).kept.clone()
    }
}

/// What a batch adds. One committer has one batch at a time.
struct MemoryTransaction {
    durable: Arc<Mutex<Durable>>,
    size: u64,
    kept_before: u64,
    added: Durable,
    doomed: bool,
}

impl Committer for MemoryCommitter {
    type Change = Act;
    type Applied = u64;

    fn tail(&mut self) -> Result<Tail, Fault> {
        let durable = locked(&self.durable);
        let mut heads: Vec<ChainHead> = durable.heads.values().cloned().collect();
        heads.sort_by_key(|head| head.ordinal);
        Ok(Tail { size: count(&durable.rows), heads })
    }

    fn begin(&mut self) -> Result<Box<dyn Transaction<Change = Act, Applied = u64> + '_>, Fault> {
        let durable = locked(&self.durable);
        Ok(Box::new(MemoryTransaction {
            durable: Arc::clone(&self.durable),
            size: count(&durable.rows),
            kept_before: count(&durable.kept),
            added: Durable::default(),
            doomed: false,
        }))
    }
}

impl Transaction for MemoryTransaction {
    type Change = Act;
    type Applied = u64;

    fn apply(&mut self, changes: Vec<Act>) -> Result<Vec<u64>, Fault> {
        let before = self.added.kept.len();
        let mut answers = Vec::with_capacity(changes.len());
        for change in changes {
            match change {
                Act::Keep(number) => {
                    self.added.kept.push(number);
                    answers.push(self.kept_before.saturating_add(count(&self.added.kept)));
                }
                Act::Fail(kind) => {
                    self.added.kept.truncate(before);
                    self.doomed |= !matches!(kind, Kind::Conflict | Kind::Missing | Kind::Refused);
                    return Err(Fault::new(kind, "applying a change made to fail"));
                }
            }
        }
        Ok(answers)
    }

    fn append(&mut self, rows: &[LedgerRow], heads: &[ChainHead]) -> Result<(), Fault> {
        for row in rows {
            if row.index != self.size.saturating_add(count(&self.added.rows)) {
                self.doomed = true;
                return Err(Fault::new(Kind::Conflict, format!("adding entry {} out of order", row.index)));
            }
            self.added.rows.push(row.clone());
        }
        for head in heads {
            let durable = locked(&self.durable);
            let stored = self.added.heads.get(&head.chain).or_else(|| durable.heads.get(&head.chain));
            if stored.is_some_and(|stored| stored.length >= head.length || stored.ordinal != head.ordinal) {
                self.doomed = true;
                return Err(Fault::new(Kind::Conflict, format!("moving the head of chain `{}` backwards", head.chain)));
            }
            self.added.heads.insert(head.chain, head.clone());
        }
        Ok(())
    }

    fn commit(self: Box<Self>) -> Result<(), Fault> {
        if self.doomed {
            return Err(Fault::new(Kind::Bug, "committing a doomed batch"));
        }
        let mut durable = locked(&self.durable);
        durable.rows.extend(self.added.rows);
        durable.heads.extend(self.added.heads);
        durable.kept.extend(self.added.kept);
        Ok(())
    }
}

impl LedgerRows for MemoryCommitter {
    fn rows(&self, index: u64, limit: usize) -> Result<Vec<LedgerRow>, Fault> {
        let durable = locked(&self.durable);
        let from = usize::try_from(index).unwrap_or(usize::MAX);
        Ok(durable.rows.iter().skip(from).take(limit).cloned().collect())
    }

    fn chain_rows(&self, chain: ChainId, seq: u64, limit: usize) -> Result<Vec<LedgerRow>, Fault> {
        let durable = locked(&self.durable);
        let wanted = durable.rows.iter().filter(|row| row.chain == chain && row.seq >= seq);
        Ok(wanted.take(limit).cloned().collect())
    }

    fn commitments(&self, index: u64, limit: usize) -> Result<Vec<[u8; 32]>, Fault> {
        Ok(self.rows(index, limit)?.into_iter().map(|row| row.data).collect())
    }
}

fn count<T>(items: &[T]) -> u64 {
    u64::try_from(items.len()).unwrap_or(u64::MAX)
}

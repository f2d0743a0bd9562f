//! The indexes that scope is answered from, built behind the write path: touches from the ledger, packs from facts.
//!
//! Rows and mark move in one transaction: a crash between rounds folds the same entries again, from the same mark. What is old
//! enough becomes longer rows, seen from the newest entry that is indexed. So the index at a mark has one form, whenever and
//! in however many steps it was built; `forget_index` and building it anew gives the same bytes.

use base::Kind;
use base::id::ChainId;
use catalog::model::Change;

use crate::custody::Custody;
use crate::error::CustodyError;
use crate::touch::{Fold, Release};

/// How long entries gather before they are indexed; a query folds what is not indexed yet by itself.
const GATHER: std::time::Duration = std::time::Duration::from_millis(500);

/// How many entries one transaction indexes at most.
const ROUND: u64 = 16_384;

/// How many rows one transaction makes longer at most: some tens of milliseconds in which other acts wait.
const AGED_AT_ONCE: usize = 512;

/// How many groups are packed in a round. Those with the most unpacked versions come first; a query reads the others' rows.
const PACKED_A_ROUND: usize = 16;

impl Custody {
    /// Indexes entries as they come; runs until the program stops.
    pub async fn index_forever(&self) {
        let mut size = self.queue.size();
        let mut fold = Fold::new(&self.deployment.fields, |_| true);
        loop {
            let mark = match self.index(&mut fold).await {
                Ok(mark) => mark,
                Err(error) => {
                    // What was folded and not kept must not be kept with what is folded next.
                    fold = Fold::new(&self.deployment.fields, |_| true);
                    tracing::error!(error = base::error::chain(&error), "the touch index is behind");
                    *size.borrow()
                }
            };
            let packed = self.pack_facts(PACKED_A_ROUND).await.unwrap_or_else(|error| {
                tracing::error!(error = base::error::chain(&error), "facts are not packed");
                0
            });
            // A full round may have left some over; otherwise there is nothing to do until there is another entry.
            if packed < PACKED_A_ROUND && size.wait_for(|size| *size > mark).await.is_err() {
                return;
            }
            tokio::time::sleep(GATHER).await;
        }
    }

    /// Indexes every entry that is durable now, and packs what is not packed.
    ///
    /// # Errors
    /// `Corrupt` if an entry cannot be read; the index stays at its mark, and queries go on from there.
    pub async fn index_now(&self) -> Result<u64, CustodyError> {
        let mut fold = Fold::new(&self.deployment.fields, |_| true);
        let mark = self.index(&mut fold).await?;
        while self.pack_facts(PACKED_A_ROUND).await? > 0 {}
        Ok(mark)
    }

    /// Forgets the touch index and builds it anew from the ledger. Answers are right meanwhile: a query folds what is not
    /// indexed.
    ///
    /// # Errors
    /// As [`Self::index_now`].
    pub async fn index_anew(&self) -> Result<u64, CustodyError> {
        self.queue.record(vec![Change::ForgetTouches], Vec::new()).await?;
        self.index_now().await
    }

    async fn index(&self, fold: &mut Fold<'_>) -> Result<u64, CustodyError> {
        let mut mark = self.catalog.indexed()?;
        let size = *self.queue.size().borrow();
        while mark < size {
            let end = size.min(mark.saturating_add(ROUND));
            let next = self.fold_entries(fold, mark, end).await?;
            if next == mark {
                break;
            }
            let rows = fold.take();
            self.queue.record(vec![Change::Touched { from: mark, indexed: next, rows }], Vec::new()).await?;
            mark = next;
        }
        self.age(mark).await?;
        Ok(mark)
    }

    /// Makes longer rows of those that are old enough, seen from the last entry that is indexed.
    async fn age(&self, mark: u64) -> Result<(), CustodyError> {
        let newest = self.reader.last_time(mark)?.hour();
        while self.catalog.is_aging(newest)? {
            let change = Change::AgeTouches { newest, rows: AGED_AT_ONCE };
            self.queue.record(vec![change], Vec::new()).await?;
        }
        Ok(())
    }

    /// Packs up to `count` groups; returns how many.
    async fn pack_facts(&self, count: usize) -> Result<usize, CustodyError> {
        let groups = self.catalog.unpacked_groups(count)?;
        for (engagement, number) in &groups {
            // Others' requests get their turn after every group.
            tokio::task::yield_now().await;
            let row = self.catalog.pack(*engagement, *number)?;
            match self.queue.record(vec![Change::Packed(Box::new(row))], Vec::new()).await {
                // Somebody else has packed it meanwhile.
                Err(error) if error.kind() == Kind::Conflict => {}
                packed => _ = packed?,
            }
        }
        Ok(groups.len())
    }

    /// Folds the entries `from` up to `to`; returns how far it came. Others' requests get their turn after every page.
    async fn fold_entries(&self, fold: &mut Fold<'_>, from: u64, to: u64) -> Result<u64, CustodyError> {
        let mut next = from;
        while next < to {
            tokio::task::yield_now().await;
            let page = self.reader.page(next)?;
            if page.is_empty() {
                break;
            }
            for entry in page {
                if entry.index >= to {
                    break;
                }
                next = entry.index.saturating_add(1);
                if let Some(release) = Release::read(&entry)? {
                    fold.release(release);
                } else {
                    fold.settlement(&entry, |chain, seq| self.release_at(chain, seq))?;
                }
            }
        }
        Ok(next)
    }

    /// The release at a place of a chain, read back from the ledger.
    pub(crate) fn release_at(&self, chain: ChainId, seq: u64) -> Result<Option<Release>, CustodyError> {
        Release::read(&self.reader.at(chain, seq)?)
    }
}

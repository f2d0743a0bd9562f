//! The touch index, built from the ledger behind the write path.
//!
//! Rows and mark move in one transaction: a crash between rounds folds the same entries again, from the same mark.

use base::id::ChainId;

use catalog::model::Change;

use crate::custody::Custody;
use crate::error::CustodyError;
use crate::touch::{Fold, Release};

/// How long entries gather before they are indexed; a query folds what is not indexed yet by itself.
const GATHER: std::time::Duration = std::time::Duration::from_millis(500);

/// How many entries one transaction indexes at most.
const ROUND: u64 = 16_384;

impl Custody {
    /// Indexes entries as they come; runs until the program stops.
    pub async fn index_forever(&self) {
        let mut size = self.queue.size();
        let mut fold = Fold::new(&self.deployment.fields, |_| true);
        loop {
            let mark = match self.index(&mut fold).await {
                Ok(mark) => mark,
                Err(error) => {
                    tracing::error!(error = base::error::chain(&error), "the touch index is behind");
                    *size.borrow()
                }
            };
            if size.wait_for(|size| *size > mark).await.is_err() {
                return;
            }
            tokio::time::sleep(GATHER).await;
        }
    }

    /// Indexes every entry that is durable now.
    ///
    /// # Errors
    /// `Corrupt` if an entry cannot be read; the index stays at its mark, and queries go on from there.
    pub async fn index_now(&self) -> Result<u64, CustodyError> {
        let mut fold = Fold::new(&self.deployment.fields, |_| true);
        self.index(&mut fold).await
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
            self.queue.record(vec![Change::Touched { indexed: next, rows }], Vec::new()).await?;
            mark = next;
        }
        Ok(mark)
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

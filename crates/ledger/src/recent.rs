//! The rows that were committed last, for those who read every row once, right behind the writer: publisher and index.
//!
//! What is kept is a copy of what is durable, sealed as it rests in the catalog. It bounds itself, and whoever asks for what is
//! no longer kept gets it from the catalog.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base::Fault;
use base::id::ChainId;
use base::ports::{LedgerRow, LedgerRows};

/// How many bytes of rows are kept: a second at twenty thousand reads a second, and readers come every second.
const KEPT_BYTES: usize = 16 * 1024 * 1024;

/// Bytes of a row beside what is sealed.
const ROW_BYTES: usize = size_of::<LedgerRow>();

/// Rows kept, without a gap. Cloning shares them.
#[derive(Clone, Default)]
pub(crate) struct Recent(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    rows: VecDeque<LedgerRow>,
    bytes: usize,
}

impl Recent {
    /// Keeps the rows of a batch.
    // INVARIANT: called by the sequencer alone, after the commit.
    pub(crate) fn add(&self, batch: Vec<LedgerRow>) {
        let mut kept = self.kept();
        let follows = |last: &LedgerRow| batch.first().is_none_or(|first| first.index == last.index.saturating_add(1));
        if !kept.rows.back().is_none_or(follows) {
            *kept = Kept::default();
        }
        let added = batch.iter().fold(0, |sum: usize, row| sum.saturating_add(weight(row)));
        kept.bytes = kept.bytes.saturating_add(added);
        kept.rows.extend(batch);
        while kept.bytes > KEPT_BYTES
            && let Some(oldest) = kept.rows.pop_front()
        {
            kept.bytes = kept.bytes.saturating_sub(weight(&oldest));
        }
    }

    /// What `take` makes of up to `limit` rows from `index` on, if the first of them is kept.
    fn read<T>(&self, index: u64, limit: usize, take: impl Fn(&LedgerRow) -> T) -> Option<Vec<T>> {
        let kept = self.kept();
        let skipped = usize::try_from(index.checked_sub(kept.rows.front()?.index)?).ok()?;
        let taken: Vec<T> = kept.rows.iter().skip(skipped).take(limit).map(take).collect();
        (!taken.is_empty()).then_some(taken)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn weight(row: &LedgerRow) -> usize {
    row.sealed.len().saturating_add(ROW_BYTES)
}

/// Rows from memory where they are kept, else from the catalog.
pub(crate) struct Rows {
    pub(crate) recent: Recent,
    pub(crate) catalog: Arc<dyn LedgerRows>,
}

impl LedgerRows for Rows {
    fn rows(&self, index: u64, limit: usize) -> Result<Vec<LedgerRow>, Fault> {
        let recent = self.recent.read(index, limit, LedgerRow::clone);
        recent.map_or_else(|| self.catalog.rows(index, limit), Ok)
    }

    fn chain_rows(&self, chain: ChainId, seq: u64, limit: usize) -> Result<Vec<LedgerRow>, Fault> {
        self.catalog.chain_rows(chain, seq, limit)
    }

    fn commitments(&self, index: u64, limit: usize) -> Result<Vec<[u8; 32]>, Fault> {
        let recent = self.recent.read(index, limit, |row| row.data);
        recent.map_or_else(|| self.catalog.commitments(index, limit), Ok)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(index: u64, bytes: usize) -> LedgerRow {
        LedgerRow { index, chain: ChainId::SYSTEM, seq: index, data: [1; 32], sealed: vec![0; bytes] }
    }

    fn indices(recent: &Recent, index: u64, limit: usize) -> Option<Vec<u64>> {
        recent.read(index, limit, |row| row.index)
    }

    #[test]
    fn what_is_kept_is_read_and_nothing_else() {
        let recent = Recent::default();
        assert_eq!(indices(&recent, 0, 9), None, "empty");
        recent.add(vec![row(7, 1), row(8, 1)]);
        recent.add(vec![row(9, 1)]);
        assert_eq!(indices(&recent, 7, 9), Some(vec![7, 8, 9]));
        assert_eq!(indices(&recent, 8, 1), Some(vec![8]));
        assert_eq!(indices(&recent, 6, 9), None, "the catalog has it");
        assert_eq!(indices(&recent, 10, 9), None, "the catalog says whether it is there");
    }

    #[test]
    fn a_gap_forgets_what_lay_before_it() {
        let recent = Recent::default();
        recent.add(vec![row(0, 1)]);
        recent.add(vec![row(2, 1)]);
        assert_eq!(indices(&recent, 0, 9), None);
        assert_eq!(indices(&recent, 2, 9), Some(vec![2]));
    }

    #[test]
    fn the_oldest_go_when_there_are_too_many() {
        let recent = Recent::default();
        for index in 0..10 {
            recent.add(vec![row(index, KEPT_BYTES / 4)]);
        }
        assert_eq!(indices(&recent, 6, 9), None);
        assert_eq!(indices(&recent, 7, 9), Some(vec![7, 8, 9]));
        assert!(recent.kept().bytes <= KEPT_BYTES);
    }
}

//! What every `Committer` does, together with the `LedgerRows` that read what it committed.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a suite is test code")]

use base::Kind;
use base::id::{ChainId, EngagementId};
use base::ports::{ChainHead, Committer, LedgerRows, Tail};

use crate::entries::EntryMaker;

/// An implementation under test.
pub trait CommitterCase {
    /// The committer.
    type Committer: Committer;
    /// What reads its entries.
    type Rows: LedgerRows;

    /// An empty database.
    fn fresh(&self) -> (Self::Committer, Self::Rows);
    /// A change that fits; it may be applied any number of times.
    fn accepted(&self) -> <Self::Committer as Committer>::Change;
    /// A change that is rejected.
    fn rejected(&self) -> <Self::Committer as Committer>::Change;
    /// How many accepted changes are durable.
    fn kept(&self, rows: &Self::Rows) -> u64;
}

const SYSTEM: ChainId = ChainId::SYSTEM;

fn other() -> ChainId {
    EngagementId::from_bytes([7; 16]).into()
}

/// The contract of [`Committer`] and [`LedgerRows`].
pub fn committer<K: CommitterCase>(case: &K) {
    an_empty_log_is_empty(case);
    what_was_committed_reads_back(case);
    a_dropped_batch_never_happened(case);
    a_rejected_act_leaves_no_trace_and_harms_nothing(case);
    entries_have_no_gaps(case);
    a_chain_only_grows(case);
}

fn an_empty_log_is_empty<K: CommitterCase>(case: &K) {
    let (mut committer, rows) = case.fresh();
    assert_eq!(committer.tail().unwrap(), Tail::default());
    assert_eq!(rows.rows(0, 10).unwrap(), []);
    assert_eq!(rows.chain_rows(SYSTEM, 0, 10).unwrap(), []);
    assert_eq!(rows.commitments(3, 10).unwrap(), Vec::<[u8; 32]>::new());
}

fn what_was_committed_reads_back<K: CommitterCase>(case: &K) {
    let (mut committer, rows) = case.fresh();
    let mut maker = EntryMaker::default();
    let mut all = Vec::new();
    for chains in [vec![SYSTEM, other(), SYSTEM], vec![], vec![other()]] {
        let (added, heads) = maker.batch(&chains);
        let mut batch = committer.begin().unwrap();
        assert_eq!(batch.apply(vec![]).unwrap().len(), 0);
        assert_eq!(batch.apply(vec![case.accepted(), case.accepted()]).unwrap().len(), 2);
        batch.append(&added, &heads).unwrap();
        assert_eq!(rows.rows(0, 10).unwrap(), all, "nothing shows before the commit");
        batch.commit().unwrap();
        all.extend(added);
        assert_eq!(committer.tail().unwrap(), maker.tail());
    }
    assert_eq!(case.kept(&rows), 6);
    assert_eq!(rows.rows(0, 10).unwrap(), all);
    assert_eq!(rows.rows(1, 2).unwrap(), all[1..3]);
    assert_eq!(rows.rows(4, 10).unwrap(), []);
    assert_eq!(rows.commitments(2, 10).unwrap(), [all[2].data, all[3].data]);
    assert_eq!(rows.chain_rows(SYSTEM, 1, 10).unwrap(), [all[2].clone()]);
    assert_eq!(rows.chain_rows(other(), 0, 10).unwrap(), [all[1].clone(), all[3].clone()]);
}

fn a_dropped_batch_never_happened<K: CommitterCase>(case: &K) {
    let (mut committer, rows) = case.fresh();
    let (added, heads) = EntryMaker::default().batch(&[SYSTEM]);
    for _ in 0..2 {
        let mut batch = committer.begin().unwrap();
        batch.apply(vec![case.accepted()]).unwrap();
        batch.append(&added, &heads).unwrap();
        drop(batch);
        assert_eq!(committer.tail().unwrap(), Tail::default());
        assert_eq!(case.kept(&rows), 0);
    }
}

fn a_rejected_act_leaves_no_trace_and_harms_nothing<K: CommitterCase>(case: &K) {
    let (mut committer, rows) = case.fresh();
    let mut maker = EntryMaker::default();
    let mut batch = committer.begin().unwrap();
    batch.apply(vec![case.accepted()]).unwrap();
    let rejection = batch.apply(vec![case.accepted(), case.rejected(), case.accepted()]).err().unwrap();
    assert!(matches!(rejection.kind(), Kind::Conflict | Kind::Missing | Kind::Refused), "{rejection}");
    batch.apply(vec![case.accepted()]).unwrap();
    let (added, heads) = maker.batch(&[SYSTEM]);
    batch.append(&added, &heads).unwrap();
    batch.commit().unwrap();
    assert_eq!(case.kept(&rows), 2);
    assert_eq!(committer.tail().unwrap(), maker.tail());
}

fn entries_have_no_gaps<K: CommitterCase>(case: &K) {
    let (mut committer, _rows) = case.fresh();
    let mut maker = EntryMaker::default();
    maker.batch(&[SYSTEM]);
    let (added, heads) = maker.batch(&[SYSTEM]);
    let mut batch = committer.begin().unwrap();
    assert!(batch.append(&added, &heads).is_err(), "entry 1 without entry 0");
    assert!(batch.commit().is_err(), "a doomed batch does not commit");
    assert_eq!(committer.tail().unwrap(), Tail::default());
}

fn a_chain_only_grows<K: CommitterCase>(case: &K) {
    let (mut committer, _rows) = case.fresh();
    let mut maker = EntryMaker::default();
    let (first, old) = maker.batch(&[SYSTEM]);
    let (second, heads) = maker.batch(&[SYSTEM]);
    let mut batch = committer.begin().unwrap();
    batch.append(&[first, second].concat(), &heads).unwrap();
    batch.commit().unwrap();
    let tail = committer.tail().unwrap();
    let moved = ChainHead { ordinal: 5, length: 9, ..old[0].clone() };
    for stale in [old[0].clone(), heads[0].clone(), moved] {
        let mut batch = committer.begin().unwrap();
        assert!(batch.append(&[], &[stale]).is_err());
        assert!(batch.commit().is_err());
        assert_eq!(committer.tail().unwrap(), tail);
    }
}

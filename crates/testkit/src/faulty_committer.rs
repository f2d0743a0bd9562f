//! A committer whose calls fail to order.

use base::Fault;
use base::ports::{ChainHead, Committer, LedgerRow, Tail, Transaction};

use crate::faults::{Faults, ordered};

/// Wraps a committer; `tail`, `begin`, `apply`, `append` and `commit` each count as one call.
pub struct FaultyCommitter<C> {
    inner: C,
    faults: Faults,
}

impl<C> FaultyCommitter<C> {
    /// A committer that fails as `faults` say.
    pub const fn new(inner: C, faults: Faults) -> Self {
        Self { inner, faults }
    }
}

struct FaultyTransaction<'c, C: Committer> {
    inner: Box<dyn Transaction<Change = C::Change, Applied = C::Applied> + 'c>,
    faults: Faults,
}

impl<C: Committer> Committer for FaultyCommitter<C> {
    type Change = C::Change;
    type Applied = C::Applied;

    fn tail(&mut self) -> Result<Tail, Fault> {
        self.faults.run(|| ordered("reading the tail"), || self.inner.tail())
    }

    fn begin(&mut self) -> Result<Box<dyn Transaction<Change = C::Change, Applied = C::Applied> + '_>, Fault> {
        let inner = self.faults.run(|| ordered("beginning a batch"), || self.inner.begin())?;
        Ok(Box::new(FaultyTransaction::<C> { inner, faults: self.faults.clone() }))
    }
}

impl<C: Committer> Transaction for FaultyTransaction<'_, C> {
    type Change = C::Change;
    type Applied = C::Applied;

    fn apply(&mut self, changes: Vec<C::Change>) -> Result<Vec<C::Applied>, Fault> {
        self.faults.run(|| ordered("applying an act"), || self.inner.apply(changes))
    }

    fn append(&mut self, rows: &[LedgerRow], heads: &[ChainHead]) -> Result<(), Fault> {
        self.faults.run(|| ordered("adding entries"), || self.inner.append(rows, heads))
    }

    fn commit(self: Box<Self>) -> Result<(), Fault> {
        let Self { inner, faults } = *self;
        faults.run(|| ordered("committing a batch"), || inner.commit())
    }
}

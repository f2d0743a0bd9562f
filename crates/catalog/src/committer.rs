//! The commit queue's side of the catalog: a batch is one transaction.
//!
//! Entries and the changes they record are in the same transaction, so record and state cannot disagree.

use base::Fault;
use base::Kind;
use base::ports::{ChainHead, Committer, LedgerRow, Tail, Transaction};

use crate::apply::apply;
use crate::catalog::Catalog;
use crate::entries;
use crate::error::{CatalogError, conflict};
use crate::model::{Applied, Change};
use crate::sql::Sql;
use crate::sqlite::Sqlite;

/// The one writer of a catalog. Dropping it gives the writer back.
pub struct CatalogCommitter {
    /// `None` only while it is being dropped.
    sql: Option<Sqlite>,
    catalog: Catalog,
}

impl CatalogCommitter {
    pub(crate) const fn new(sql: Sqlite, catalog: Catalog) -> Self {
        Self { sql: Some(sql), catalog }
    }

    /// The connection, with no transaction left open by a batch that could not be rolled back.
    fn idle(&mut self) -> Result<&mut Sqlite, CatalogError> {
        let sql = self.sql.as_mut().ok_or(CatalogError::WriterTaken)?;
        sql.rollback().map_err(|error| error.during("rolling back an abandoned batch"))?;
        Ok(sql)
    }
}

impl Drop for CatalogCommitter {
    fn drop(&mut self) {
        if let Some(sql) = self.sql.take() {
            self.catalog.give_back(sql);
        }
    }
}

impl Committer for CatalogCommitter {
    type Change = Change;
    type Applied = Applied;

    fn tail(&mut self) -> Result<Tail, Fault> {
        Ok(entries::tail(self.idle()?)?)
    }

    fn begin(&mut self) -> Result<Box<dyn Transaction<Change = Change, Applied = Applied> + '_>, Fault> {
        let sql = self.idle()?;
        sql.begin().map_err(|error| error.during("beginning a batch"))?;
        Ok(Box::new(Batch { sql, next: None, open: true, doomed: false }))
    }
}

struct Batch<'c> {
    sql: &'c mut Sqlite,
    /// The index of the next entry, once it was read.
    next: Option<u64>,
    open: bool,
    doomed: bool,
}

impl Batch<'_> {
    /// Applies the changes of one act between two marks.
    fn act(&mut self, changes: Vec<Change>) -> Result<Vec<Applied>, CatalogError> {
        let attempt = "applying an act";
        self.sql.savepoint().map_err(|error| error.during(attempt))?;
        let answers: Result<Vec<Applied>, CatalogError> =
            changes.into_iter().map(|change| apply(self.sql, change)).collect();
        match &answers {
            Ok(_) => self.sql.release(),
            Err(error) if error.is_rejection() => self.sql.undo(),
            Err(_) => return answers,
        }
        .map_err(|error| error.during(attempt))?;
        answers
    }

    fn add(&mut self, rows: &[LedgerRow], heads: &[ChainHead]) -> Result<(), CatalogError> {
        let mut next = match self.next {
            Some(next) => next,
            None => entries::size(self.sql)?,
        };
        for row in rows {
            // INVARIANT: entries have no gaps; a second writer, whose entries we do not know of, is found out here.
            if row.index != next {
                return Err(conflict(format!("adding entry {} where {next} comes next", row.index)));
            }
            entries::add(self.sql, row)?;
            next = next.saturating_add(1);
        }
        for head in heads {
            entries::move_head(self.sql, head)?;
        }
        self.next = Some(next);
        Ok(())
    }
}

impl Transaction for Batch<'_> {
    type Change = Change;
    type Applied = Applied;

    fn apply(&mut self, changes: Vec<Change>) -> Result<Vec<Applied>, Fault> {
        if changes.is_empty() {
            return Ok(Vec::new());
        }
        self.act(changes).map_err(|error| {
            self.doomed |= !error.is_rejection();
            error.into()
        })
    }

    fn append(&mut self, rows: &[LedgerRow], heads: &[ChainHead]) -> Result<(), Fault> {
        self.add(rows, heads).map_err(|error| {
            self.doomed = true;
            error.into()
        })
    }

    fn commit(mut self: Box<Self>) -> Result<(), Fault> {
        if self.doomed {
            return Err(Fault::new(Kind::Bug, "committing a doomed batch"));
        }
        // DURABLE: from here on entries and changes are on stable storage together; before it, neither is. An error leaves
        // open which: the queue reads the tail.
        self.sql.commit().map_err(|error| error.during("committing a batch"))?;
        self.open = false;
        Ok(())
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        // A rollback that fails is tried again before the next batch begins, and prevents it.
        if self.open && self.sql.rollback().is_err() {
            tracing::warn!("a batch could not be rolled back yet");
        }
    }
}

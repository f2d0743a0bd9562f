//! Budgets: the sealed plan of each engagement for which one was set.

use base::id::EngagementId;

use crate::catalog::Catalog;
use crate::error::{CatalogError, conflict};
use crate::model::Sealed;
use crate::sql::{Sql, Value, one, rows, write};

const BUDGETS: &str = "budgets";

/// Replaces the plan of an engagement by its next revision.
pub(crate) fn set(sql: &mut dyn Sql, engagement: EngagementId, revision: u64, plan: &[u8]) -> Result<(), CatalogError> {
    let id: Value<'_> = engagement.as_bytes().into();
    let text = "SELECT revision FROM budgets WHERE engagement = $1";
    let stored = one(sql, BUDGETS, text, &[id], |row| row.number::<u64>())?.unwrap_or_default();
    // INVARIANT: nobody changes a plan that is not the one they saw.
    if stored.checked_add(1) != Some(revision) {
        return Err(conflict(format!("moving the budgets of `{engagement}` from revision {stored} to {revision}")));
    }
    let text = "INSERT INTO budgets (engagement, revision, plan) VALUES ($1, $2, $3)
        ON CONFLICT (engagement) DO UPDATE SET revision = excluded.revision, plan = excluded.plan";
    write(sql, BUDGETS, text, &[id, revision.into(), plan.into()]).map(|_| ())
}

impl Catalog {
    /// Every plan that was set: engagement, revision, sealed plan.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`.
    pub fn budgets(&self) -> Result<Vec<(EngagementId, u64, Sealed)>, CatalogError> {
        let text = "SELECT engagement, revision, plan FROM budgets ORDER BY engagement";
        self.read(|sql| {
            rows(sql, BUDGETS, text, &[], |row| Ok((row.id(EngagementId::from_slice)?, row.number()?, row.vec()?)))
        })
    }
}

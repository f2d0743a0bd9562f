//! What scans said of versions, and what reviewers decided. Rows are added and never changed.

use base::Timestamp;
use base::id::{PrincipalId, VersionId};
use base::word::Decision;

use crate::catalog::Catalog;
use crate::error::{CatalogError, conflict};
use crate::model::{ReviewRow, ScanRow, VersionRow};
use crate::sql::{Sql, limit, one, rows, write};
use crate::versions::{self, version_columns};

const SCANS: &str = "scans";
const REVIEWS: &str = "reviews";

pub(crate) fn add(
    sql: &mut dyn Sql,
    version: VersionId,
    generation: u32,
    at: Timestamp,
    report: &[u8],
) -> Result<(), CatalogError> {
    let (ordinal, _) = versions::place(sql, version)?;
    let text = "INSERT INTO scans (ordinal, generation, at, report) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    match write(sql, SCANS, text, &[ordinal.into(), generation.into(), at.into(), report.into()])? {
        0 => Err(conflict(format!("scan {generation} of version `{version}` is reported already"))),
        _ => Ok(()),
    }
}

/// Whether a scan of a version came to its end.
pub(crate) fn is_reported(sql: &mut dyn Sql, ordinal: u64, generation: u32) -> Result<bool, CatalogError> {
    let text = "SELECT at FROM scans WHERE ordinal = $1 AND generation = $2";
    one(sql, SCANS, text, &[ordinal.into(), generation.into()], |row| row.time()).map(|found| found.is_some())
}

pub(crate) fn add_review(sql: &mut dyn Sql, version: VersionId, review: &ReviewRow) -> Result<(), CatalogError> {
    let (ordinal, _) = versions::place(sql, version)?;
    let text = "SELECT COALESCE(MAX(seq), 0) + 1 FROM reviews WHERE ordinal = $1";
    let seq: u64 = one(sql, REVIEWS, text, &[ordinal.into()], |row| row.number())?.unwrap_or(1);
    let text = "INSERT INTO reviews (ordinal, seq, at, reviewer, decision, reason) VALUES ($1, $2, $3, $4, $5, $6)";
    let values = [
        ordinal.into(),
        seq.into(),
        review.at.into(),
        review.reviewer.as_bytes().into(),
        review.decision.word().into(),
        (&review.reason).into(),
    ];
    write(sql, REVIEWS, text, &values).map(|_| ())
}

impl Catalog {
    /// What scans said of a version, by its ordinal, the last one first.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`.
    pub fn scans(&self, ordinal: u64) -> Result<Vec<ScanRow>, CatalogError> {
        let text = "SELECT generation, at, report FROM scans WHERE ordinal = $1 ORDER BY generation DESC";
        self.read(|sql| {
            rows(sql, SCANS, text, &[ordinal.into()], |row| {
                Ok(ScanRow { generation: row.number()?, at: row.time()?, report: row.vec()? })
            })
        })
    }

    /// What reviewers decided about a version, by its ordinal, the first decision first.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`.
    pub fn reviews(&self, ordinal: u64) -> Result<Vec<ReviewRow>, CatalogError> {
        let text = "SELECT at, reviewer, decision, reason FROM reviews WHERE ordinal = $1 ORDER BY seq";
        self.read(|sql| {
            rows(sql, REVIEWS, text, &[ordinal.into()], |row| {
                Ok(ReviewRow {
                    at: row.time()?,
                    reviewer: row.id(PrincipalId::from_slice)?,
                    decision: row.word::<Decision>()?,
                    reason: row.vec()?,
                })
            })
        })
    }

    /// Up to `count` kept versions that lie in quarantine, with ordinals above `after`, oldest first.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`.
    pub fn quarantined(&self, after: u64, count: usize) -> Result<Vec<VersionRow>, CatalogError> {
        let text = concat!(
            version_columns!(),
            "versions v WHERE v.scan = 'quarantined' AND v.gone IS NULL AND v.ordinal > $1 ORDER BY v.ordinal LIMIT $2"
        );
        self.read(|sql| rows(sql, SCANS, text, &[after.into(), limit(count)], versions::read))
    }
}

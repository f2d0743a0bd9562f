//! What is kept under a key: versions and delete markers that are not gone, the newest first.

use base::id::{DatasetId, VersionId};

use crate::catalog::Catalog;
use crate::error::CatalogError;
use crate::model::{KeptRow, VersionRow};
use crate::sql::{Value, limit, one, rows};
use crate::versions::{after_prefix, read, version_columns};

const VERSIONS: &str = "versions";

impl Catalog {
    /// The newest that is kept under a key: the current version, or the delete marker that hides what is below it.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`.
    pub fn latest(&self, dataset: DatasetId, key: &[u8]) -> Result<Option<VersionRow>, CatalogError> {
        let text = concat!(
            version_columns!(),
            "versions v WHERE v.dataset = $1 AND v.key = $2 AND v.gone IS NULL ORDER BY v.ordinal DESC LIMIT 1"
        );
        self.read(|sql| one(sql, VERSIONS, text, &[dataset.as_bytes().into(), key.into()], read))
    }

    /// The null version of a key, which may be a delete marker. Costs a row for every version that is kept above it.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`.
    pub fn null_version(&self, dataset: DatasetId, key: &[u8]) -> Result<Option<VersionRow>, CatalogError> {
        let text = concat!(
            version_columns!(),
            "versions v WHERE v.dataset = $1 AND v.key = $2 AND v.gone IS NULL AND v.null_version = 1"
        );
        self.read(|sql| one(sql, VERSIONS, text, &[dataset.as_bytes().into(), key.into()], read))
    }

    /// Up to `count` versions and markers that are kept under keys that begin with `prefix`, in the order of the keys' bytes and
    /// the newest first: from the key `start` on, and of that key only those older than the ordinal `below`.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`.
    pub fn kept(
        &self,
        dataset: DatasetId,
        prefix: &[u8],
        start: &[u8],
        below: Option<u64>,
        count: usize,
    ) -> Result<Vec<KeptRow>, CatalogError> {
        let text = "SELECT v.key, v.ordinal, v.version, v.null_version, v.marker,
                CASE WHEN EXISTS (SELECT 1 FROM versions n WHERE n.dataset = v.dataset AND n.key = v.key
                    AND n.gone IS NULL AND n.ordinal > v.ordinal) THEN 0 ELSE 1 END, v.size, v.modified, v.meta
            FROM versions v
            WHERE v.dataset = $1 AND v.key >= $2 AND v.key < $3 AND v.gone IS NULL AND (v.key > $2 OR v.ordinal < $4)
            ORDER BY v.key, v.ordinal DESC LIMIT $5";
        let below = below.filter(|_| start >= prefix);
        let start = start.max(prefix);
        let end = after_prefix(prefix);
        let below = below.map_or(Value::Integer(i64::MAX), Value::Unsigned);
        let values = [dataset.as_bytes().into(), start.into(), (&end).into(), below, limit(count)];
        self.read(|sql| {
            rows(sql, VERSIONS, text, &values, |row| {
                Ok(KeptRow {
                    key: row.vec()?,
                    ordinal: row.number()?,
                    version: row.id(VersionId::from_slice)?,
                    null: row.truth()?,
                    marker: row.truth()?,
                    latest: row.truth()?,
                    size: row.number()?,
                    modified: row.time()?,
                    meta: row.vec()?,
                })
            })
        })
    }
}

//! Notes, and how much there is of everything.

use base::Bytes;
use base::id::EngagementId;

use crate::catalog::Catalog;
use crate::error::CatalogError;
use crate::sql::{Sql, one, write};

const NOTES: &str = "notes";

pub(crate) fn set_note(sql: &mut dyn Sql, name: &str, value: &[u8]) -> Result<(), CatalogError> {
    let text =
        "INSERT INTO notes (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    write(sql, NOTES, text, &[name.into(), value.into()]).map(|_| ())
}

/// How much there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Entries of the ledger.
    pub entries: u64,
    /// Engagements.
    pub engagements: u64,
    /// Datasets.
    pub datasets: u64,
    /// Current objects.
    pub objects: u64,
    /// Plaintext bytes of current objects.
    pub bytes: Bytes,
    /// Versions, those that are gone included.
    pub versions: u64,
    /// Uploads under way.
    pub uploads: u64,
    /// Blobs that wait to be swept.
    pub garbage: u64,
    /// People, summed over engagements.
    pub subjects: u64,
}

impl Catalog {
    /// A note by its name.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`.
    pub fn note(&self, name: &str) -> Result<Option<Vec<u8>>, CatalogError> {
        self.read(|sql| one(sql, NOTES, "SELECT value FROM notes WHERE name = $1", &[name.into()], |row| row.vec()))
    }

    /// Plaintext bytes of an engagement's current objects: what its grants could reach at most. Reads its versions' index.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`.
    pub fn engagement_bytes(&self, engagement: EngagementId) -> Result<Bytes, CatalogError> {
        let text = "SELECT CAST(COALESCE(SUM(v.size), 0) AS BIGINT) FROM versions v
            WHERE v.engagement = $1 AND v.gone IS NULL";
        let sum = self.read(|sql| one(sql, "versions", text, &[engagement.as_bytes().into()], |row| row.number()))?;
        Ok(Bytes(sum.unwrap_or_default()))
    }

    /// Counts everything. Reads every version: about a third of a second for a million.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`.
    pub fn statistics(&self) -> Result<Statistics, CatalogError> {
        self.read(|sql| {
            let mut count = |table, text| one(sql, table, text, &[], |row| row.number()).map(Option::unwrap_or_default);
            Ok(Statistics {
                entries: count("entries", "SELECT COALESCE(MAX(leaf) + 1, 0) FROM entries")?,
                engagements: count("engagements", "SELECT COUNT(*) FROM engagements")?,
                datasets: count("datasets", "SELECT COUNT(*) FROM datasets")?,
                objects: count("current_versions", "SELECT COUNT(*) FROM current_versions")?,
                bytes: Bytes(count(
                    "versions",
                    "SELECT CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM versions WHERE gone IS NULL",
                )?),
                versions: count("versions", "SELECT COALESCE(MAX(ordinal), 0) FROM versions")?,
                uploads: count("uploads", "SELECT COUNT(*) FROM uploads")?,
                garbage: count("blobs", "SELECT COUNT(*) FROM blobs WHERE state = 'garbage'")?,
                subjects: count(
                    "subject_counts",
                    "SELECT CAST(COALESCE(SUM(subjects), 0) AS BIGINT) FROM subject_counts",
                )?,
            })
        })
    }
}

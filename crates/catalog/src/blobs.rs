//! The life of a blob: `intended → used → garbage → forgotten`, or `intended → garbage`.
//!
//! A blob is intended before its first byte is written, used from the commit that makes it visible, and garbage from the
//! commit that makes it unreachable. The sweep deletes only garbage, so a writer that was slow and a sweep that was quick
//! meet in one row, and one of them loses before anything is deleted.

use base::Timestamp;
use base::id::{BlobId, RequestId};
use base::object::{Body, Part};

use crate::catalog::Catalog;
use crate::error::{CatalogError, conflict};
use crate::sql::{Sql, limit, one, rows, write};

const BLOBS: &str = "blobs";

pub(crate) fn intend(
    sql: &mut dyn Sql,
    blobs: &[BlobId],
    request: RequestId,
    at: Timestamp,
) -> Result<(), CatalogError> {
    let text = "INSERT INTO blobs (blob, state, request, at) VALUES ($1, 'intended', $2, $3)";
    for blob in blobs {
        write(sql, BLOBS, text, &[blob.as_bytes().into(), request.as_bytes().into(), at.into()])?;
    }
    Ok(())
}

/// Kills intents that are still alive. One that was used meanwhile is left alone.
pub(crate) fn kill(sql: &mut dyn Sql, blobs: &[BlobId]) -> Result<(), CatalogError> {
    let text = "UPDATE blobs SET state = 'garbage' WHERE blob = $1 AND state = 'intended'";
    blobs.iter().try_for_each(|blob| write(sql, BLOBS, text, &[blob.as_bytes().into()]).map(|_| ()))
}

/// Turns a live intent into use.
pub(crate) fn claim(sql: &mut dyn Sql, blob: BlobId) -> Result<(), CatalogError> {
    let text = "UPDATE blobs SET state = 'used' WHERE blob = $1 AND state = 'intended'";
    match write(sql, BLOBS, text, &[blob.as_bytes().into()])? {
        0 => Err(conflict(format!("the intent of blob `{blob}` is dead"))),
        _ => Ok(()),
    }
}

/// Makes a used blob garbage.
pub(crate) fn discard(sql: &mut dyn Sql, blob: BlobId) -> Result<(), CatalogError> {
    let text = "UPDATE blobs SET state = 'garbage' WHERE blob = $1 AND state = 'used'";
    match write(sql, BLOBS, text, &[blob.as_bytes().into()])? {
        0 => {
            Err(CatalogError::Corrupt { table: BLOBS, key: blob.to_string(), what: "a blob in use is not marked used" })
        }
        _ => Ok(()),
    }
}

/// Forgets blobs that the sweep has deleted. Only garbage, or what was never known, can have been.
pub(crate) fn swept(sql: &mut dyn Sql, blobs: &[BlobId]) -> Result<(), CatalogError> {
    for blob in blobs {
        write(sql, BLOBS, "DELETE FROM blobs WHERE blob = $1 AND state = 'garbage'", &[blob.as_bytes().into()])?;
        if known(sql, *blob)? {
            return Err(conflict(format!("blob `{blob}` is no garbage")));
        }
    }
    Ok(())
}

/// The blobs of parts.
pub(crate) fn of_parts(parts: &[Part]) -> impl Iterator<Item = BlobId> {
    parts.iter().filter_map(|part| match part.body {
        Body::Blob(blob) => Some(blob),
        Body::Inline(_) => None,
    })
}

fn known(sql: &mut dyn Sql, blob: BlobId) -> Result<bool, CatalogError> {
    let text = "SELECT blob FROM blobs WHERE blob = $1 AND state <> 'garbage'";
    one(sql, BLOBS, text, &[blob.as_bytes().into()], |row| row.vec()).map(|found| found.is_some())
}

impl Catalog {
    /// Up to `count` blobs that nothing reaches any more.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`.
    pub fn garbage(&self, count: usize) -> Result<Vec<BlobId>, CatalogError> {
        let text = "SELECT blob FROM blobs WHERE state = 'garbage' ORDER BY blob LIMIT $1";
        self.read(|sql| rows(sql, BLOBS, text, &[limit(count)], |row| row.id(BlobId::from_slice)))
    }

    /// Live intents made before an instant, oldest first: their writers may have died.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`.
    pub fn intents(&self, older_than: Timestamp) -> Result<Vec<(BlobId, RequestId, Timestamp)>, CatalogError> {
        let text = "SELECT blob, request, at FROM blobs WHERE state = 'intended' AND at < $1 ORDER BY at, blob";
        self.read(|sql| {
            rows(sql, BLOBS, text, &[older_than.into()], |row| {
                Ok((row.id(BlobId::from_slice)?, row.id(RequestId::from_slice)?, row.time()?))
            })
        })
    }

    /// Whether a version, an upload or a live intent names the blob. What the store holds beyond that may be deleted.
    ///
    /// # Errors
    /// `Unavailable`.
    pub fn blob_in_use(&self, blob: BlobId) -> Result<bool, CatalogError> {
        self.read(|sql| known(sql, blob))
    }
}

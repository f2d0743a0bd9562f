//! Requests to the store that its own log told of: those that a fetch of ours explains, and those that went round the program.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use base::Timestamp;
use base::id::{BlobId, EngagementId};

use crate::catalog::Catalog;
use crate::codec::{InlineBody, read_parts};
use crate::error::CatalogError;
use crate::model::{BlobOwner, Digest, StoreRequestRow};
use crate::row::Reader;
use crate::sql::{Sql, Value, each, one, rows, write};

const REQUESTS: &str = "store_requests";
const VERSIONS: &str = "versions";

/// Remembers requests. One that is known already is left as it is: a log may be imported twice.
pub(crate) fn add(sql: &mut dyn Sql, requests: &[StoreRequestRow]) -> Result<(), CatalogError> {
    let text = "INSERT INTO store_requests (request, act, blob, at, sent, bypass, engagement, ordinal)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (request) DO NOTHING";
    for read in requests {
        let values = [
            (&read.request).into(),
            read.act.as_str().into(),
            read.blob.as_ref().map_or(Value::Null, |id| Value::Bytes(id.as_bytes())),
            read.at.into(),
            read.sent.map_or(Value::Null, Value::Unsigned),
            read.bypass.as_deref().map_or(Value::Null, Value::Text),
            read.engagement.as_ref().map_or(Value::Null, |id| Value::Bytes(id.as_bytes())),
            read.ordinal.map_or(Value::Null, Value::Unsigned),
        ];
        write(sql, REQUESTS, text, &values)?;
    }
    Ok(())
}

macro_rules! request_columns {
    () => {
        "SELECT request, act, blob, at, sent, bypass, engagement, ordinal FROM store_requests "
    };
}

fn read(row: &mut Reader<'_>) -> Result<StoreRequestRow, CatalogError> {
    Ok(StoreRequestRow {
        request: row.array()?,
        act: row.text()?.to_owned(),
        blob: row.maybe(|row| row.id(BlobId::from_slice))?,
        at: row.time()?,
        sent: row.maybe(Reader::number)?,
        bypass: row.maybe(Reader::text)?.map(str::to_owned),
        engagement: row.maybe(|row| row.id(EngagementId::from_slice))?,
        ordinal: row.maybe(Reader::number)?,
    })
}

impl Catalog {
    /// Whether a request is known.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`.
    pub fn knows_store_request(&self, request: &Digest) -> Result<bool, CatalogError> {
        let text = "SELECT request FROM store_requests WHERE request = $1";
        self.read(|sql| one(sql, REQUESTS, text, &[request.into()], |row| row.vec())).map(|found| found.is_some())
    }

    /// Reads of a blob in a window that fetches of ours explain.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`.
    pub fn explained_reads(
        &self,
        blob: BlobId,
        window: Range<Timestamp>,
    ) -> Result<Vec<StoreRequestRow>, CatalogError> {
        let text =
            concat!(request_columns!(), "WHERE blob = $1 AND at >= $2 AND at < $3 AND bypass IS NULL ORDER BY at");
        let values = [blob.as_bytes().into(), window.start.into(), window.end.into()];
        self.read(|sql| rows(sql, REQUESTS, text, &values, read))
    }

    /// Requests for an engagement's blobs in a window that went round the program, in order of time.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`.
    pub fn bypasses(
        &self,
        engagement: EngagementId,
        window: Range<Timestamp>,
    ) -> Result<Vec<StoreRequestRow>, CatalogError> {
        let text = concat!(
            request_columns!(),
            "WHERE engagement = $1 AND at >= $2 AND at < $3 AND bypass IS NOT NULL ORDER BY at, request"
        );
        let values = [engagement.as_bytes().into(), window.start.into(), window.end.into()];
        self.read(|sql| rows(sql, REQUESTS, text, &values, read))
    }

    /// Whether any log of the store was ever imported that told of anything.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`.
    pub fn knows_store_log(&self) -> Result<bool, CatalogError> {
        let text = "SELECT request FROM store_requests LIMIT 1";
        self.read(|sql| one(sql, REQUESTS, text, &[], |row| row.vec())).map(|found| found.is_some())
    }

    /// Whose blobs these are; those of no version are left out. Reads the parts of every version there ever was, about a
    /// microsecond each.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`.
    pub fn owners_of(&self, blobs: &BTreeSet<BlobId>) -> Result<BTreeMap<BlobId, BlobOwner>, CatalogError> {
        let mut owners = BTreeMap::new();
        let text = "SELECT ordinal, engagement, segment_size, parts FROM versions WHERE marker = 0";
        self.read(|sql| {
            each(sql, VERSIONS, text, &[], |row| {
                let ordinal = row.number()?;
                let engagement = row.id(EngagementId::from_slice)?;
                let segment_size = row.number()?;
                let parts = read_parts(row.bytes()?, InlineBody::Erased)
                    .ok_or_else(|| row.corrupt("parts that do not read"))?;
                let mut before = 0_u64;
                for part in parts {
                    if let base::object::Body::Blob(blob) = part.body
                        && blobs.contains(&blob)
                    {
                        let plain = before..before.saturating_add(part.size);
                        owners.insert(blob, BlobOwner { engagement, ordinal, segment_size, plain });
                    }
                    before = before.saturating_add(part.size);
                }
                Ok(())
            })
        })?;
        Ok(owners)
    }
}

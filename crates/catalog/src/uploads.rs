//! Multipart uploads under way.

use base::Timestamp;
use base::id::{BlobId, DatasetId, EngagementId, KeyId, ObjectId, PrincipalId, UploadId, VersionId};
use base::object::{Body, Part, WrappedKey};
use bytes::Bytes;

use crate::catalog::Catalog;
use crate::error::{CatalogError, conflict, missing, refused};
use crate::model::{UploadPartRow, UploadRow};
use crate::row::Reader;
use crate::sql::{Sql, Value, limit, one, rows, write};
use crate::versions::{LONGEST_KEY_BYTES, after_prefix};
use crate::{blobs, parties};

const UPLOADS: &str = "uploads";
const PARTS: &str = "upload_parts";

/// How many uploads go with their dataset. Each may have ten thousand parts, and all other writers wait meanwhile.
const MOST_ABORTED: usize = 100;

pub(crate) fn add(sql: &mut dyn Sql, row: &UploadRow) -> Result<(), CatalogError> {
    if row.key.is_empty() || row.key.len() > LONGEST_KEY_BYTES {
        return Err(refused(format!("a key has 1 to {LONGEST_KEY_BYTES} bytes, this one {}", row.key.len())));
    }
    parties::check_dataset(sql, row.dataset, row.engagement)?;
    let text =
        "INSERT INTO uploads (id, engagement, dataset, key, object, version, wrapped_under, wrapped, meta, writer,
            begun)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    let values = [
        row.id.as_bytes().into(),
        row.engagement.as_bytes().into(),
        row.dataset.as_bytes().into(),
        (&row.key).into(),
        row.object.as_bytes().into(),
        row.version.as_bytes().into(),
        row.wrapped.under.as_bytes().into(),
        (&row.wrapped.bytes).into(),
        (&row.meta).into(),
        row.writer.as_bytes().into(),
        row.begun.into(),
    ];
    write(sql, UPLOADS, text, &values).map(|_| ())
}

pub(crate) fn add_part(sql: &mut dyn Sql, row: &UploadPartRow) -> Result<(), CatalogError> {
    let upload: Value<'_> = row.upload.as_bytes().into();
    if one(sql, UPLOADS, "SELECT id FROM uploads WHERE id = $1", &[upload], |row| row.vec())?.is_none() {
        return Err(gone(row.upload));
    }
    let (blob, body) = match &row.part.body {
        Body::Blob(blob) => (Some(blob), None),
        Body::Inline(body) => (None, Some(body.as_ref())),
    };
    if let Some(blob) = blob {
        blobs::claim(sql, *blob)?;
    }
    let text = "SELECT number, blob FROM upload_parts WHERE upload = $1 AND number = $2";
    if let Some(Some(replaced)) = one(sql, PARTS, text, &[upload, row.part.number.into()], read_blob)? {
        blobs::discard(sql, replaced)?;
    }
    let text = "INSERT INTO upload_parts (upload, number, size, modified, meta, blob, body)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (upload, number) DO UPDATE SET size = excluded.size, modified = excluded.modified,
            meta = excluded.meta, blob = excluded.blob, body = excluded.body";
    let values = [
        upload,
        row.part.number.into(),
        row.part.size.into(),
        row.modified.into(),
        (&row.meta).into(),
        blob.map(BlobId::as_bytes).into(),
        body.into(),
    ];
    write(sql, PARTS, text, &values).map(|_| ())
}

pub(crate) fn abort(sql: &mut dyn Sql, upload: UploadId) -> Result<(), CatalogError> {
    end(sql, upload)?.into_iter().try_for_each(|blob| blobs::discard(sql, blob))
}

/// Aborts what was begun in a dataset that goes: an upload that nobody completed holds nothing back.
// SPEC: S3 DeleteBucket: a bucket is empty when it has no object and no version.
// LIMIT: a dataset with more uploads under way than are aborted in one transaction stays, until some of them were aborted.
pub(crate) fn abort_all(sql: &mut dyn Sql, dataset: DatasetId) -> Result<(), CatalogError> {
    let text = "SELECT id FROM uploads WHERE dataset = $1 LIMIT $2";
    let values = [dataset.as_bytes().into(), limit(MOST_ABORTED.saturating_add(1))];
    let found = rows(sql, UPLOADS, text, &values, |row| row.id(UploadId::from_slice))?;
    if found.len() > MOST_ABORTED {
        return Err(conflict(format!("dataset `{dataset}` has more than {MOST_ABORTED} uploads under way")));
    }
    found.into_iter().try_for_each(|upload| abort(sql, upload))
}

/// Removes an upload and answers the blobs of its parts, which are still marked used.
pub(crate) fn end(sql: &mut dyn Sql, upload: UploadId) -> Result<Vec<BlobId>, CatalogError> {
    let id: [Value<'_>; 1] = [upload.as_bytes().into()];
    let found = rows(sql, PARTS, "SELECT number, blob FROM upload_parts WHERE upload = $1", &id, read_blob)?;
    write(sql, PARTS, "DELETE FROM upload_parts WHERE upload = $1", &id)?;
    match write(sql, UPLOADS, "DELETE FROM uploads WHERE id = $1", &id)? {
        0 => Err(gone(upload)),
        _ => Ok(found.into_iter().flatten().collect()),
    }
}

fn gone(upload: UploadId) -> CatalogError {
    missing(format!("no upload `{upload}`"))
}

fn read_blob(row: &mut Reader<'_>) -> Result<Option<BlobId>, CatalogError> {
    row.integer()?;
    row.maybe(|row| row.id(BlobId::from_slice))
}

macro_rules! upload_columns {
    () => {
        "SELECT id, engagement, dataset, key, object, version, wrapped_under, wrapped, meta, writer, begun FROM uploads "
    };
}

fn read(row: &mut Reader<'_>) -> Result<UploadRow, CatalogError> {
    Ok(UploadRow {
        id: row.id(UploadId::from_slice)?,
        engagement: row.id(EngagementId::from_slice)?,
        dataset: row.id(DatasetId::from_slice)?,
        key: row.vec()?,
        object: row.id(ObjectId::from_slice)?,
        version: row.id(VersionId::from_slice)?,
        wrapped: WrappedKey { under: row.id(KeyId::from_slice)?, bytes: row.vec()? },
        meta: row.vec()?,
        writer: row.id(PrincipalId::from_slice)?,
        begun: row.time()?,
    })
}

fn read_part(row: &mut Reader<'_>, upload: UploadId) -> Result<UploadPartRow, CatalogError> {
    let number = row.number()?;
    let size = row.number()?;
    let modified: Timestamp = row.time()?;
    let meta = row.vec()?;
    let blob = row.maybe(|row| row.id(BlobId::from_slice))?;
    let body = match (blob, row.maybe(Reader::bytes)?) {
        (Some(blob), None) => Body::Blob(blob),
        (None, Some(body)) => Body::Inline(Bytes::copy_from_slice(body)),
        _ => return Err(row.corrupt("a part with no body or two")),
    };
    Ok(UploadPartRow { upload, part: Part { number, size, body }, meta, modified })
}

impl Catalog {
    /// An upload under way.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`.
    pub fn upload(&self, id: UploadId) -> Result<Option<UploadRow>, CatalogError> {
        let text = concat!(upload_columns!(), "WHERE id = $1");
        self.read(|sql| one(sql, UPLOADS, text, &[id.as_bytes().into()], read))
    }

    /// Up to `count` parts of an upload with numbers after `after`, by number.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`.
    pub fn upload_parts(&self, id: UploadId, after: u32, count: usize) -> Result<Vec<UploadPartRow>, CatalogError> {
        let text = "SELECT number, size, modified, meta, blob, body FROM upload_parts
            WHERE upload = $1 AND number > $2 ORDER BY number LIMIT $3";
        let values = [id.as_bytes().into(), after.into(), limit(count)];
        self.read(|sql| rows(sql, PARTS, text, &values, |row| read_part(row, id)))
    }

    /// Up to `count` uploads whose keys begin with `prefix` and lie at `from` or after it, by key and id; of the key `from`
    /// itself only those after the upload `after`.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`.
    pub fn uploads(
        &self,
        dataset: DatasetId,
        prefix: &[u8],
        from: &[u8],
        after: Option<UploadId>,
        count: usize,
    ) -> Result<Vec<UploadRow>, CatalogError> {
        let text = concat!(
            upload_columns!(),
            "WHERE dataset = $1 AND key >= $2 AND key < $3 AND (key <> $4 OR id > $5) ORDER BY key, id LIMIT $6"
        );
        // No key is empty, so without an upload the fourth condition always holds.
        let (key, id) = after.map_or(([].as_slice(), UploadId::from_bytes([0; 16])), |id| (from, id));
        let end = after_prefix(prefix);
        let start = from.max(prefix);
        let values =
            [dataset.as_bytes().into(), start.into(), (&end).into(), key.into(), id.as_bytes().into(), limit(count)];
        self.read(|sql| rows(sql, UPLOADS, text, &values, read))
    }
}

//! Versions of objects: which one is current, and everything that ever was.

use std::collections::BTreeSet;

use base::Timestamp;
use base::id::{DatasetId, EngagementId, KeyId, ObjectId, PrincipalId, VersionId};
use base::lock::{Lock, Retention};
use base::object::{Body, WrappedKey};
use base::word::{LegalHold, RetentionMode, ScanState};

use crate::catalog::Catalog;
use crate::codec::{InlineBody, read_parts, write_parts};
use crate::error::{CatalogError, conflict, missing, refused};
use crate::model::{Applied, ListedRow, Precondition, PutVersion, VersionRow};
use crate::row::Reader;
use crate::sql::{Sql, Value, limit, one, rows, write};
use crate::{blobs, jobs, packs, parties, uploads};

const VERSIONS: &str = "versions";
const CURRENT: &str = "current_versions";

/// The longest key, as in S3.
pub(crate) const LONGEST_KEY_BYTES: usize = 1024;

/// What reports say of a version, without what opening it would need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionBrief {
    /// Its place in the deployment's sequence of versions.
    pub ordinal: u64,
    /// The version.
    pub version: VersionId,
    /// The compartment.
    pub engagement: EngagementId,
    /// The dataset.
    pub dataset: DatasetId,
    /// The S3 key.
    pub key: Vec<u8>,
    /// Plaintext bytes.
    pub size: u64,
    /// When it became visible.
    pub modified: Timestamp,
    /// How far the scanner got.
    pub scan: ScanState,
    /// When it was deleted or replaced.
    pub gone: Option<Timestamp>,
    /// Which scan's facts hold.
    pub generation: u32,
}

pub(crate) fn put(sql: &mut dyn Sql, put: PutVersion) -> Result<Applied, CatalogError> {
    let row = &put.row;
    check_row(row)?;
    let current = current(sql, row.dataset, &row.key)?;
    check_revision(sql, row.dataset, row.engagement, put.revision)?;
    let holds = match (&put.precondition, &current) {
        (Precondition::None, _) | (Precondition::Absent, None) => true,
        (Precondition::Is(wanted), Some((_, found))) => wanted == found,
        (Precondition::Absent, Some(_)) | (Precondition::Is(_), None) => false,
    };
    if !holds {
        return Err(conflict("the current version is not the one that was expected"));
    }
    take_blobs(sql, &put)?;
    let replaced = if row.null { null_version(sql, row.dataset, &row.key)? } else { None };
    if let Some((ordinal, _)) = replaced {
        erase(sql, ordinal, row.modified)?;
    }
    let next = "SELECT COALESCE(MAX(ordinal), 0) + 1 FROM versions";
    let ordinal = one(sql, VERSIONS, next, &[], |row| row.number())?.unwrap_or(1);
    insert(sql, row, ordinal)?;
    if !row.marker {
        packs::changed(sql, row.engagement, ordinal)?;
    }
    if row.scan == ScanState::Pending && !row.marker {
        jobs::queue_pending(sql, row, ordinal)?;
    }
    show(sql, row.dataset, &row.key, (!row.marker).then_some(ordinal))?;
    Ok(Applied::Version { ordinal, replaced: replaced.map(|(_, version)| version) })
}

/// INVARIANT: what was decided under settings that no longer hold changes nothing. A put of before versioning was enabled would
/// destroy what versioning protects.
fn check_revision(
    sql: &mut dyn Sql,
    dataset: DatasetId,
    engagement: EngagementId,
    decided_under: u64,
) -> Result<(), CatalogError> {
    match parties::check_dataset(sql, dataset, engagement)? {
        revision if revision == decided_under => Ok(()),
        revision => Err(conflict(format!("dataset `{dataset}` is at revision {revision}, not {decided_under}"))),
    }
}

fn check_row(row: &VersionRow) -> Result<(), CatalogError> {
    if row.key.is_empty() || row.key.len() > LONGEST_KEY_BYTES {
        return Err(refused(format!("a key has 1 to {LONGEST_KEY_BYTES} bytes, this one {}", row.key.len())));
    }
    if row.gone.is_some() || row.wrapped.is_none() != row.marker {
        return Err(refused(format!("version `{}` has no key or is gone before it came", row.version)));
    }
    if row.marker && (row.size > 0 || !row.parts.is_empty() || row.lock != Lock::default()) {
        return Err(refused(format!("marker `{}` has a body or a lock", row.version)));
    }
    if row.parts.iter().filter(|part| matches!(part.body, Body::Inline(_))).count() > 1 {
        return Err(refused(format!("version `{}` has more than one inline part", row.version)));
    }
    Ok(())
}

/// INVARIANT: every blob of a visible version was claimed, from a live intent or from the upload it completes; what was
/// claimed and is not part of the version becomes garbage.
fn take_blobs(sql: &mut dyn Sql, put: &PutVersion) -> Result<(), CatalogError> {
    let mut claimed: BTreeSet<_> = put.intents.iter().copied().collect();
    claimed.iter().try_for_each(|blob| blobs::claim(sql, *blob))?;
    if let Some(upload) = put.upload {
        claimed.extend(uploads::end(sql, upload)?);
    }
    for blob in blobs::of_parts(&put.row.parts) {
        if !claimed.remove(&blob) {
            return Err(conflict(format!("blob `{blob}` was neither intended nor uploaded")));
        }
    }
    claimed.into_iter().try_for_each(|blob| blobs::discard(sql, blob))
}

fn insert(sql: &mut dyn Sql, row: &VersionRow, ordinal: u64) -> Result<(), CatalogError> {
    let text = "INSERT INTO versions (ordinal, version, engagement, dataset, key, object, size, modified, scan, writer,
            segment_size, mac, wrapped_under, wrapped, meta, parts, body, null_version, marker, retention, retained_until,
            legal_hold, generation)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)";
    let parts = write_parts(&row.parts);
    let body = row.parts.iter().find_map(|part| match &part.body {
        Body::Inline(body) => Some(body.as_ref()),
        Body::Blob(_) => None,
    });
    let values = [
        ordinal.into(),
        row.version.as_bytes().into(),
        row.engagement.as_bytes().into(),
        row.dataset.as_bytes().into(),
        (&row.key).into(),
        row.object.as_bytes().into(),
        row.size.into(),
        row.modified.into(),
        row.scan.word().into(),
        row.writer.as_bytes().into(),
        row.segment_size.into(),
        (&row.mac).into(),
        row.wrapped.as_ref().map(|key| key.under.as_bytes()).into(),
        row.wrapped.as_ref().map(|key| &key.bytes).into(),
        (&row.meta).into(),
        (&parts).into(),
        body.into(),
        Value::Integer(i64::from(row.null)),
        Value::Integer(i64::from(row.marker)),
        row.lock.retention.map(|retention| retention.mode.word()).into(),
        row.lock.retention.map(|retention| retention.until).into(),
        row.lock.legal_hold.map(LegalHold::word).into(),
        row.generation.into(),
    ];
    write(sql, VERSIONS, text, &values).map(|_| ())
}

pub(crate) fn retire(
    sql: &mut dyn Sql,
    version: VersionId,
    was: &[u8; 32],
    revision: u64,
    at: Timestamp,
) -> Result<(), CatalogError> {
    let text = "SELECT ordinal, engagement, dataset, key, mac, gone FROM versions WHERE version = $1";
    let found = one(sql, VERSIONS, text, &[version.as_bytes().into()], |row| {
        let (ordinal, engagement) = (row.number()?, row.id(EngagementId::from_slice)?);
        let (dataset, key) = (row.id(DatasetId::from_slice)?, row.vec()?);
        let same = row.array()? == *was && row.maybe(Reader::time)?.is_none();
        Ok((ordinal, engagement, dataset, key, same))
    })?;
    let (ordinal, engagement, dataset, key, same) = found.ok_or_else(|| missing(format!("no version `{version}`")))?;
    check_revision(sql, dataset, engagement, revision)?;
    if !same {
        return Err(conflict(format!("version `{version}` is not what it was")));
    }
    erase(sql, ordinal, at)?;
    let text = "SELECT ordinal, marker FROM versions WHERE dataset = $1 AND key = $2 AND gone IS NULL
        ORDER BY ordinal DESC LIMIT 1";
    let latest =
        one(sql, VERSIONS, text, &[dataset.as_bytes().into(), (&key).into()], |row| Ok((row.number()?, row.truth()?)))?;
    show(sql, dataset, &key, latest.and_then(|(ordinal, marker)| (!marker).then_some(ordinal)))
}

/// Makes a version the one that is read under its key, or none.
fn show(sql: &mut dyn Sql, dataset: DatasetId, key: &[u8], ordinal: Option<u64>) -> Result<(), CatalogError> {
    let id: Value<'_> = dataset.as_bytes().into();
    let Some(ordinal) = ordinal else {
        let text = "DELETE FROM current_versions WHERE dataset = $1 AND key = $2";
        return write(sql, CURRENT, text, &[id, key.into()]).map(|_| ());
    };
    let text = "INSERT INTO current_versions (dataset, key, ordinal) VALUES ($1, $2, $3)
        ON CONFLICT (dataset, key) DO UPDATE SET ordinal = excluded.ordinal";
    write(sql, CURRENT, text, &[id, key.into(), ordinal.into()]).map(|_| ())
}

/// Marks a version gone. Its wrapped key and inline body are erased and its blobs become garbage; the rest stays, for scope.
fn erase(sql: &mut dyn Sql, ordinal: u64, at: Timestamp) -> Result<(), CatalogError> {
    let text = "UPDATE versions SET gone = $2, wrapped_under = NULL, wrapped = NULL, body = NULL
        WHERE ordinal = $1 AND gone IS NULL RETURNING ordinal, parts";
    let parts = one(sql, VERSIONS, text, &[ordinal.into(), at.into()], |row| {
        row.integer()?;
        read_parts(row.bytes()?, InlineBody::Erased).ok_or_else(|| row.corrupt("parts that do not read"))
    })?;
    let Some(parts) = parts else {
        return Err(CatalogError::Corrupt {
            table: VERSIONS,
            key: ordinal.to_string(),
            what: "a version that was kept is gone",
        });
    };
    jobs::drop_of(sql, ordinal)?;
    blobs::of_parts(&parts).try_for_each(|blob| blobs::discard(sql, blob))
}

/// What steers policy of a version.
pub(crate) struct Steered {
    pub(crate) scan: ScanState,
    pub(crate) generation: u32,
    pub(crate) lock: Lock,
    pub(crate) mac: [u8; 32],
}

pub(crate) fn steer(sql: &mut dyn Sql, version: VersionId, was: &[u8; 32], now: Steered) -> Result<(), CatalogError> {
    let text = "UPDATE versions SET scan = $3, mac = $4, retention = $5, retained_until = $6, legal_hold = $7,
            generation = $8
        WHERE version = $1 AND mac = $2";
    let Steered { scan, generation, lock, mac } = now;
    let values = [
        version.as_bytes().into(),
        was.into(),
        scan.word().into(),
        (&mac).into(),
        lock.retention.map(|retention| retention.mode.word()).into(),
        lock.retention.map(|retention| retention.until).into(),
        lock.legal_hold.map(LegalHold::word).into(),
        generation.into(),
    ];
    let changed = write(sql, VERSIONS, text, &values)? > 0;
    let (ordinal, engagement) = place(sql, version)?;
    if changed {
        return packs::changed(sql, engagement, ordinal);
    }
    Err(conflict(format!("version `{version}` is not what it was")))
}

pub(crate) fn set_meta(sql: &mut dyn Sql, version: VersionId, meta: &[u8]) -> Result<(), CatalogError> {
    let text = "UPDATE versions SET meta = $2 WHERE version = $1 AND gone IS NULL";
    match write(sql, VERSIONS, text, &[version.as_bytes().into(), meta.into()])? {
        0 => Err(missing(format!("no version `{version}`"))),
        _ => Ok(()),
    }
}

fn current(sql: &mut dyn Sql, dataset: DatasetId, key: &[u8]) -> Result<Option<(u64, VersionId)>, CatalogError> {
    let text = "SELECT v.ordinal, v.version FROM current_versions c JOIN versions v ON v.ordinal = c.ordinal
        WHERE c.dataset = $1 AND c.key = $2";
    one(sql, CURRENT, text, &[dataset.as_bytes().into(), key.into()], |row| {
        Ok((row.number()?, row.id(VersionId::from_slice)?))
    })
}

/// The null version of a key, wherever it stands among the others.
fn null_version(sql: &mut dyn Sql, dataset: DatasetId, key: &[u8]) -> Result<Option<(u64, VersionId)>, CatalogError> {
    let text = "SELECT ordinal, version FROM versions
        WHERE dataset = $1 AND key = $2 AND gone IS NULL AND null_version = 1";
    one(sql, VERSIONS, text, &[dataset.as_bytes().into(), key.into()], |row| {
        Ok((row.number()?, row.id(VersionId::from_slice)?))
    })
}

/// The ordinal and engagement of a version.
pub(crate) fn place(sql: &mut dyn Sql, version: VersionId) -> Result<(u64, EngagementId), CatalogError> {
    let text = "SELECT ordinal, engagement FROM versions WHERE version = $1";
    let found = one(sql, VERSIONS, text, &[version.as_bytes().into()], |row| {
        Ok((row.number()?, row.id(EngagementId::from_slice)?))
    })?;
    found.ok_or_else(|| missing(format!("no version `{version}`")))
}

macro_rules! version_columns {
    () => {
        "SELECT v.ordinal, v.version, v.engagement, v.dataset, v.key, v.object, v.size, v.modified, v.scan, v.writer,
            v.gone, v.segment_size, v.mac, v.wrapped_under, v.wrapped, v.meta, v.parts, v.body, v.null_version, v.marker,
            v.retention, v.retained_until, v.legal_hold, v.generation FROM "
    };
}
pub(crate) use version_columns;

pub(crate) fn read(row: &mut Reader<'_>) -> Result<VersionRow, CatalogError> {
    let mut version = VersionRow {
        ordinal: row.number()?,
        version: row.id(VersionId::from_slice)?,
        engagement: row.id(EngagementId::from_slice)?,
        dataset: row.id(DatasetId::from_slice)?,
        key: row.vec()?,
        object: row.id(ObjectId::from_slice)?,
        size: row.number()?,
        modified: row.time()?,
        scan: row.word::<ScanState>()?,
        generation: 0,
        writer: row.id(PrincipalId::from_slice)?,
        gone: row.maybe(Reader::time)?,
        segment_size: row.number()?,
        mac: row.array()?,
        wrapped: None,
        meta: Vec::new(),
        parts: Vec::new(),
        null: false,
        marker: false,
        lock: Lock::default(),
    };
    let under = row.maybe(|row| row.id(KeyId::from_slice))?;
    version.wrapped = match (under, row.maybe(Reader::vec)?) {
        (Some(under), Some(bytes)) => Some(WrappedKey { under, bytes }),
        (None, None) => None,
        _ => return Err(row.corrupt("half a wrapped key")),
    };
    version.meta = row.vec()?;
    let parts = row.bytes()?;
    let body = row.maybe(Reader::bytes)?;
    let inline = if version.gone.is_some() { InlineBody::Erased } else { InlineBody::Kept(body) };
    version.parts = read_parts(parts, inline).ok_or_else(|| row.corrupt("parts that do not read"))?;
    version.null = row.truth()?;
    version.marker = row.truth()?;
    let mode = row.maybe(|row| row.word::<RetentionMode>())?;
    version.lock.retention = match (mode, row.maybe(Reader::time)?) {
        (Some(mode), Some(until)) => Some(Retention { mode, until }),
        (None, None) => None,
        _ => return Err(row.corrupt("half a retention")),
    };
    version.lock.legal_hold = row.maybe(|row| row.word::<LegalHold>())?;
    version.generation = row.number()?;
    Ok(version)
}

/// The least key after every key that begins with `prefix`, or one beyond all keys.
pub(crate) fn after_prefix(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if let Some(next) = last.checked_add(1) {
            end.push(next);
            return end;
        }
    }
    // No key is longer than LONGEST_KEY_BYTES, so all of them sort before this.
    vec![u8::MAX; LONGEST_KEY_BYTES.saturating_add(1)]
}

/// The least key after `key`.
pub(crate) fn successor(key: &[u8]) -> Vec<u8> {
    [key, &[0]].concat()
}

impl Catalog {
    /// The current version under a key. The hot path: one statement, microseconds.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`.
    pub fn current(&self, dataset: DatasetId, key: &[u8]) -> Result<Option<VersionRow>, CatalogError> {
        let text = concat!(
            version_columns!(),
            "current_versions c JOIN versions v ON v.ordinal = c.ordinal WHERE c.dataset = $1 AND c.key = $2"
        );
        self.read(|sql| one(sql, VERSIONS, text, &[dataset.as_bytes().into(), key.into()], read))
    }

    /// A version, current or gone. The inline body of one that is gone is erased and reads as empty.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`.
    pub fn version(&self, id: VersionId) -> Result<Option<VersionRow>, CatalogError> {
        let text = concat!(version_columns!(), "versions v WHERE v.version = $1");
        self.read(|sql| one(sql, VERSIONS, text, &[id.as_bytes().into()], read))
    }

    /// A version by its ordinal.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`.
    pub fn version_by_ordinal(&self, ordinal: u64) -> Result<Option<VersionRow>, CatalogError> {
        let text = concat!(version_columns!(), "versions v WHERE v.ordinal = $1");
        self.read(|sql| one(sql, VERSIONS, text, &[ordinal.into()], read))
    }

    /// What reports say of these versions, in the order asked. Costs a few microseconds each.
    ///
    /// # Errors
    /// `Corrupt` also when there is no version of an ordinal: ordinals come from indexes of versions. `Unavailable`.
    pub fn versions_by_ordinals(&self, ordinals: &[u64]) -> Result<Vec<VersionBrief>, CatalogError> {
        let text = "SELECT ordinal, version, engagement, dataset, key, size, modified, scan, gone, generation
            FROM versions WHERE ordinal = $1";
        let brief = |row: &mut Reader<'_>| {
            Ok(VersionBrief {
                ordinal: row.number()?,
                version: row.id(VersionId::from_slice)?,
                engagement: row.id(EngagementId::from_slice)?,
                dataset: row.id(DatasetId::from_slice)?,
                key: row.vec()?,
                size: row.number()?,
                modified: row.time()?,
                scan: row.word()?,
                gone: row.maybe(Reader::time)?,
                generation: row.number()?,
            })
        };
        self.read(|sql| {
            let one_of = |ordinal: &u64| {
                let found = one(sql, VERSIONS, text, &[Value::Unsigned(*ordinal)], brief)?;
                let what = "an index names a version that does not exist";
                found.ok_or_else(|| CatalogError::Corrupt { table: VERSIONS, key: ordinal.to_string(), what })
            };
            ordinals.iter().map(one_of).collect()
        })
    }

    /// Up to `count` current versions whose keys begin with `prefix` and lie after `after` (or at it, if `inclusive`), in
    /// the order of the keys' bytes.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`.
    pub fn list(
        &self,
        dataset: DatasetId,
        prefix: &[u8],
        after: Option<&[u8]>,
        inclusive: bool,
        count: usize,
    ) -> Result<Vec<ListedRow>, CatalogError> {
        let text = "SELECT c.key, v.version, v.ordinal, v.size, v.modified, v.scan, v.writer, v.meta
            FROM current_versions c JOIN versions v ON v.ordinal = c.ordinal
            WHERE c.dataset = $1 AND c.key >= $2 AND c.key < $3 ORDER BY c.key LIMIT $4";
        let start = after.map_or_else(Vec::new, |key| if inclusive { key.to_vec() } else { successor(key) });
        let start = start.as_slice().max(prefix);
        let end = after_prefix(prefix);
        let values = [dataset.as_bytes().into(), start.into(), (&end).into(), limit(count)];
        self.read(|sql| {
            rows(sql, CURRENT, text, &values, |row| {
                Ok(ListedRow {
                    key: row.vec()?,
                    version: row.id(VersionId::from_slice)?,
                    ordinal: row.number()?,
                    size: row.number()?,
                    modified: row.time()?,
                    scan: row.word()?,
                    writer: row.id(PrincipalId::from_slice)?,
                    meta: row.vec()?,
                })
            })
        })
    }
}

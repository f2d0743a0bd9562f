//! Multipart uploads: intake in pieces, which come in any order.
//!
//! Each part is a sealed stream of its own under the object's one key. Records straddle parts, so the whole is scanned when it
//! is complete: until then the version is pending, readable by its writer and the scanner alone.

use std::sync::Arc;

use base::Timestamp;
use base::id::{ObjectId, RequestId, UploadId, VersionId};
use base::object::Part;
use base::word::{ScanState, Verb};
use bytes::Bytes;
use catalog::model::{Change, DatasetRow, Precondition, PutVersion, UploadPartRow, UploadRow, VersionRow};
use seal::{Identity as SealedIdentity, ObjectSealer};

use crate::custody::Custody;
use crate::digests::{Algorithm, Digests, composite, md5_of};
use crate::directory::Engagement;
use crate::entries::{Uploaded, kind};
use crate::error::{Clash, CustodyError, Thing};
use crate::facts::Facts;
use crate::identity::Caller;
use crate::intake::{Expected, Mismatch, NewObject, Stored, check_key, writing};
use crate::meta::Meta;
use crate::settings::Dataset;
use crate::sink::Sink;

/// The smallest part, but for the last. SPEC: S3 multipart limits.
pub const SMALLEST_PART_BYTES: u64 = 5 * 1024 * 1024;

/// How many parts one page of a listing holds.
pub const PARTS_A_PAGE: usize = 1000;

/// A part that was uploaded.
#[derive(Clone, Debug)]
pub struct UploadedPart {
    /// Its number.
    pub number: u32,
    /// Its size.
    pub size: u64,
    /// Its digests.
    pub meta: Meta,
    /// When it was uploaded.
    pub modified: Timestamp,
}

/// The answer to a finished part.
pub enum FinishedPart {
    /// It is durable.
    Stored(UploadedPart),
    /// It is not what the client said; nothing was kept.
    Mismatch(Mismatch),
}

/// A part of an upload under way.
pub struct IncomingPart {
    custody: Arc<Custody>,
    caller: Arc<Caller>,
    request: RequestId,
    engagement: Arc<Engagement>,
    dataset: Arc<Dataset>,
    upload: UploadRow,
    number: u32,
    sink: Sink,
}

/// A part as the client lists it to complete the upload.
#[derive(Clone, Debug)]
pub struct ListedPart {
    /// Its number.
    pub number: u32,
    /// Its ETag, without quotes.
    pub etag: String,
}

impl Custody {
    /// Begins an upload.
    ///
    /// # Errors
    /// As a put answers.
    pub async fn create_upload(
        &self,
        caller: &Caller,
        request: RequestId,
        bucket: &str,
        key: &[u8],
        new: NewObject,
    ) -> Result<UploadId, CustodyError> {
        let engagement = self.compartment(caller)?;
        let dataset = self.dataset(caller, bucket)?;
        check_key(key)?;
        let permit = self.judge(caller, writing(request, &engagement, &dataset)).await?;
        let id = UploadId::fresh(self.entropy.as_ref());
        let object = ObjectId::fresh(self.entropy.as_ref());
        let version = VersionId::fresh(self.entropy.as_ref());
        let identity = SealedIdentity { engagement: engagement.id, dataset: dataset.id, object, version };
        let now = self.clock.now();
        let mut meta = new.meta;
        // What the parts will be summed by is remembered as a checksum without a value.
        meta.checksums = new.algorithms.iter().map(|algorithm| (algorithm.name().to_owned(), String::new())).collect();
        let row = UploadRow {
            id,
            engagement: engagement.id,
            dataset: dataset.id,
            key: key.to_vec(),
            object,
            version,
            wrapped: ObjectSealer::begin(&self.ring, identity, now.day())?.suspend(id)?,
            meta: meta.seal(&engagement.fields, version)?,
            writer: caller.who().principal,
            begun: now,
        };
        let what = Uploaded { dataset: dataset.id, upload: id, part: None, size: None };
        let draft = self.draft(caller, request, engagement.id.into(), kind::UPLOAD, what)?;
        self.act(caller, permit, vec![Change::Upload(row)], draft).await?;
        Ok(id)
    }

    /// Begins a part. Policy has allowed it when this returns; no byte of the body need have been read.
    ///
    /// # Errors
    /// `Missing` upload; as a put answers.
    #[expect(clippy::too_many_arguments, reason = "as the request has them")]
    pub async fn upload_part(
        self: &Arc<Self>,
        caller: Arc<Caller>,
        request: RequestId,
        bucket: &str,
        key: &[u8],
        upload: UploadId,
        number: u32,
        algorithms: &[Algorithm],
        sha256: bool,
    ) -> Result<IncomingPart, CustodyError> {
        let engagement = self.compartment(&caller)?;
        let dataset = self.dataset(&caller, bucket)?;
        if !(1..=seal::MOST_PARTS).contains(&number) {
            return Err(CustodyError::invalid(format!("a part number lies between 1 and {}", seal::MOST_PARTS)));
        }
        let _permit = self.judge(&caller, writing(request, &engagement, &dataset)).await?;
        let upload = self.upload_of(&dataset, key, upload)?;
        let sealer = ObjectSealer::resume(&self.ring, identity_of(&upload), upload.id, &upload.wrapped)?;
        let mut wanted: Vec<Algorithm> = algorithms.to_vec();
        let meta = Meta::open(&engagement.fields, upload.version, &upload.meta)?;
        wanted.extend(meta.checksums.keys().filter_map(|name| Algorithm::named(name)));
        wanted.sort_unstable();
        wanted.dedup();
        let sink =
            Sink::new(Arc::clone(self), request, sealer.part(number)?, Digests::new(&wanted, sha256), None, false);
        Ok(IncomingPart { custody: Arc::clone(self), caller, request, engagement, dataset, upload, number, sink })
    }

    /// Completes an upload from the parts the client lists. The version is visible to its writer when this returns; others
    /// see it once it is scanned.
    ///
    /// # Errors
    /// `Missing` upload; `Conflict` for parts that are missing, out of order or too small, or a condition that fails.
    #[expect(clippy::too_many_arguments, reason = "as the request has them")]
    pub async fn complete_upload(
        self: &Arc<Self>,
        caller: &Arc<Caller>,
        request: RequestId,
        bucket: &str,
        key: &[u8],
        upload: UploadId,
        listed: &[ListedPart],
        conditions: &NewObject,
    ) -> Result<Stored, CustodyError> {
        let engagement = self.compartment(caller)?;
        let dataset = self.dataset(caller, bucket)?;
        let _permit = self.judge(caller, writing(request, &engagement, &dataset)).await?;
        let upload = self.upload_of(&dataset, key, upload)?;
        let (parts, metas) = self.choose(&engagement, &upload, listed)?;
        let mut meta = Meta::open(&engagement.fields, upload.version, &upload.meta)?;
        sum_up(&mut meta, &parts, &metas)?;
        let sealer = ObjectSealer::resume(&self.ring, identity_of(&upload), upload.id, &upload.wrapped)?;
        let segment_size = sealer.segment_size();
        let wrapped = sealer.finish(&parts)?;
        let size = parts.iter().map(|part| part.size).sum();
        let row = VersionRow {
            engagement: engagement.id,
            dataset: dataset.id,
            key: upload.key.clone(),
            object: upload.object,
            version: upload.version,
            ordinal: 0,
            size,
            modified: self.clock.now(),
            segment_size,
            parts,
            wrapped: Some(wrapped),
            meta: meta.seal(&engagement.fields, upload.version)?,
            scan: ScanState::Pending,
            writer: caller.who().principal,
            mac: [0; 32],
            gone: None,
        };
        let version = row.version;
        let put = PutVersion { row, precondition: Precondition::None, intents: Vec::new(), upload: Some(upload.id) };
        let facts = Facts { state: ScanState::Pending, mentions: Vec::new(), digest: String::new() };
        self.reveal_version(caller, request, &engagement, &dataset, put, facts, conditions).await?;
        self.scan_soon();
        Ok(Stored { version, meta, size })
    }

    /// Gives an upload up.
    ///
    /// # Errors
    /// `Missing` upload; as policy answers.
    pub async fn abort_upload(
        &self,
        caller: &Caller,
        request: RequestId,
        bucket: &str,
        key: &[u8],
        upload: UploadId,
    ) -> Result<(), CustodyError> {
        let engagement = self.compartment(caller)?;
        let dataset = self.dataset(caller, bucket)?;
        let permit = self.judge(caller, writing(request, &engagement, &dataset)).await?;
        let upload = self.upload_of(&dataset, key, upload)?;
        let what = Uploaded { dataset: dataset.id, upload: upload.id, part: None, size: None };
        let draft = self.draft(caller, request, engagement.id.into(), kind::UPLOAD_ABORT, what)?;
        self.act(caller, permit, vec![Change::AbortUpload(upload.id)], draft).await?;
        Ok(())
    }

    /// The parts of an upload, from the one after `after` on; at most a page.
    ///
    /// # Errors
    /// `Missing` upload; as policy answers.
    #[expect(clippy::too_many_arguments, reason = "as the request has them")]
    pub async fn parts(
        &self,
        caller: &Caller,
        request: RequestId,
        bucket: &str,
        key: &[u8],
        upload: UploadId,
        after: u32,
        limit: usize,
    ) -> Result<Vec<UploadedPart>, CustodyError> {
        let dataset = self.head_bucket(caller, request, bucket).await?;
        let engagement = self.compartment(caller)?;
        let upload = self.upload_of(&dataset, key, upload)?;
        let rows = self.catalog.upload_parts(upload.id, after, limit.min(PARTS_A_PAGE))?;
        rows.into_iter().map(|row| uploaded(&engagement, &upload, row)).collect()
    }

    /// Uploads under way in a bucket: key, id and beginning, from the markers on.
    ///
    /// # Errors
    /// As policy answers.
    #[expect(clippy::too_many_arguments, reason = "as the request has them")]
    pub async fn uploads(
        &self,
        caller: &Caller,
        request: RequestId,
        bucket: &str,
        prefix: &[u8],
        key_marker: Option<&[u8]>,
        upload_marker: Option<UploadId>,
        limit: usize,
    ) -> Result<Vec<(Vec<u8>, UploadId, Timestamp)>, CustodyError> {
        let dataset = self.head_bucket(caller, request, bucket).await?;
        let rows = self.catalog.uploads(dataset.id, prefix, key_marker, upload_marker, limit.min(PARTS_A_PAGE))?;
        Ok(rows.into_iter().map(|row| (row.key, row.id, row.begun)).collect())
    }

    fn upload_of(&self, dataset: &DatasetRow, key: &[u8], upload: UploadId) -> Result<UploadRow, CustodyError> {
        self.catalog
            .upload(upload)?
            .filter(|row| row.dataset == dataset.id && row.key == key)
            .ok_or_else(|| CustodyError::missing(Thing::Upload, upload))
    }

    /// The parts the client lists, checked against what was uploaded.
    fn choose(
        &self,
        engagement: &Engagement,
        upload: &UploadRow,
        listed: &[ListedPart],
    ) -> Result<(Vec<Part>, Vec<Meta>), CustodyError> {
        if listed.is_empty() {
            return Err(CustodyError::Conflict(Clash::InvalidPart));
        }
        if !listed.is_sorted_by(|before, after| before.number < after.number) {
            return Err(CustodyError::Conflict(Clash::InvalidPartOrder));
        }
        let (mut parts, mut metas) = (Vec::with_capacity(listed.len()), Vec::with_capacity(listed.len()));
        let mut have = self.catalog.upload_parts(upload.id, 0, usize::try_from(seal::MOST_PARTS).unwrap_or(10_000))?;
        for (place, wanted) in listed.iter().enumerate() {
            let at = have.iter().position(|row| row.part.number == wanted.number);
            let row = at.map(|at| have.swap_remove(at)).ok_or(CustodyError::Conflict(Clash::InvalidPart))?;
            let meta = Meta::open(&engagement.fields, upload.version, &row.meta)?;
            if meta.etag != wanted.etag {
                return Err(CustodyError::Conflict(Clash::InvalidPart));
            }
            if row.part.size < SMALLEST_PART_BYTES && place.saturating_add(1) < listed.len() {
                return Err(CustodyError::Conflict(Clash::PartTooSmall));
            }
            parts.push(row.part);
            metas.push(meta);
        }
        Ok((parts, metas))
    }
}

impl IncomingPart {
    /// Takes the next bytes of the body.
    ///
    /// # Errors
    /// As [`crate::intake::Incoming::push`].
    pub async fn push(&mut self, bytes: &Bytes) -> Result<(), CustodyError> {
        if !Custody::is_open(&self.engagement) {
            return Err(CustodyError::Paused);
        }
        if self.sink.taken().saturating_add(bytes.len() as u64) > crate::intake::LARGEST_PUT_BYTES {
            return Err(CustodyError::invalid("the part is larger than 5 GiB"));
        }
        self.sink.push(bytes).await
    }

    /// Ends the part, checks it against what the client said, and records it.
    ///
    /// # Errors
    /// As [`Custody::upload_part`].
    pub async fn finish(self, expected: &Expected) -> Result<FinishedPart, CustodyError> {
        let Self { custody, caller, request, engagement, dataset, upload, number, sink } = self;
        let sunk = sink.finish().await?;
        if let Some(mismatch) = expected.compare(&sunk.digested) {
            custody.forget(sunk.intents).await;
            custody.failed(&caller, request, engagement.id, Verb::Write, Some(&dataset), "mismatch").await?;
            return Ok(FinishedPart::Mismatch(mismatch));
        }
        let size = sunk.digested.length;
        let meta = Meta {
            etag: data_encoding::HEXLOWER.encode(&sunk.digested.md5),
            checksums: sunk.digested.checksums,
            ..Meta::default()
        };
        let row = UploadPartRow {
            upload: upload.id,
            part: Part { number, size, body: sunk.body },
            meta: meta.seal(&engagement.fields, upload.version)?,
            modified: custody.clock.now(),
        };
        let modified = row.modified;
        let permit = custody.judge(&caller, writing(request, &engagement, &dataset)).await?;
        let what = Uploaded { dataset: dataset.id, upload: upload.id, part: Some(number), size: Some(size) };
        let draft = custody.draft(&caller, request, engagement.id.into(), kind::UPLOAD_PART, what)?;
        let recorded = custody.act(&caller, permit, vec![Change::UploadPart(row)], draft).await;
        if let Err(error) = recorded {
            custody.forget(sunk.intents).await;
            return Err(match error {
                ledger::LedgerError::Rejected(fault) if fault.kind() == base::Kind::Missing => {
                    CustodyError::missing(Thing::Upload, upload.id)
                }
                other => other.into(),
            });
        }
        Ok(FinishedPart::Stored(UploadedPart { number, size, meta, modified }))
    }

    /// Gives the part up.
    pub async fn abandon(self) {
        self.sink.abandon().await;
    }
}

/// The ETag and checksums of the whole from those of the parts. SPEC: standards §10.5, §10.6.
fn sum_up(meta: &mut Meta, parts: &[Part], metas: &[Meta]) -> Result<(), CustodyError> {
    let corrupt = || CustodyError::Corrupt("the digests of an uploaded part".to_owned());
    let mut digests = Vec::with_capacity(metas.len().saturating_mul(16));
    for part in metas {
        digests.extend(data_encoding::HEXLOWER.decode(part.etag.as_bytes()).map_err(|_| corrupt())?);
    }
    meta.etag = format!("{}-{}", data_encoding::HEXLOWER.encode(&md5_of(&digests)), metas.len());
    let wanted: Vec<Algorithm> = meta.checksums.keys().filter_map(|name| Algorithm::named(name)).collect();
    meta.checksums.clear();
    for algorithm in wanted {
        let mut raw = Vec::with_capacity(metas.len());
        for part in metas {
            let text = part.checksums.get(algorithm.name()).ok_or_else(corrupt)?;
            raw.push(data_encoding::BASE64.decode(text.as_bytes()).map_err(|_| corrupt())?);
        }
        let value = match algorithm.combine(&raw, parts).filter(|_| !meta.composite) {
            Some(whole) => whole,
            None => {
                meta.composite = true;
                format!("{}-{}", composite(algorithm, &raw), metas.len())
            }
        };
        meta.checksums.insert(algorithm.name().to_owned(), value);
    }
    Ok(())
}

fn uploaded(engagement: &Engagement, upload: &UploadRow, row: UploadPartRow) -> Result<UploadedPart, CustodyError> {
    let meta = Meta::open(&engagement.fields, upload.version, &row.meta)?;
    Ok(UploadedPart { number: row.part.number, size: row.part.size, meta, modified: row.modified })
}

const fn identity_of(upload: &UploadRow) -> SealedIdentity {
    SealedIdentity {
        engagement: upload.engagement,
        dataset: upload.dataset,
        object: upload.object,
        version: upload.version,
    }
}

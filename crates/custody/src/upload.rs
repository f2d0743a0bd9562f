//! Multipart uploads: intake in pieces, which come in any order.
//!
//! Each part is a sealed stream of its own under the object's one key. Records straddle parts, so the whole is scanned when it
//! is complete: until then the version is pending, readable by its writer and the scanner alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::Timestamp;
use base::id::{ObjectId, RequestId, UploadId, VersionId};
use base::lock::Lock;
use base::object::Part;
use base::word::{ScanState, Verb};
use catalog::model::{Change, DatasetRow, Precondition, PutVersion, UploadPartRow, UploadRow, VersionRow};
use seal::{Identity as SealedIdentity, ObjectSealer};

use crate::custody::Custody;
use crate::digests::{Algorithm, Digests, composite, md5_of};
use crate::directory::Engagement;
use crate::entries::{Uploaded, kind};
use crate::error::{Clash, CustodyError, Thing};
use crate::facts::Facts;
use crate::identity::Caller;
use crate::incoming::{Ended, Expected, Finished, Incoming};
use crate::intake::{NewObject, Stored, check_key, writing};
use crate::meta::Meta;
use crate::settings::Dataset;
use crate::sink::Sink;
use crate::version::Version;

/// The smallest part, but for the last. SPEC: S3 multipart limits.
pub const SMALLEST_PART_BYTES: u64 = 5 * 1024 * 1024;

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

/// A part that a client is about to send.
#[derive(Clone, Copy, Debug)]
pub struct NewPart {
    /// Of which upload.
    pub upload: UploadId,
    /// Its number.
    pub number: u32,
    /// The algorithm of the checksum that comes with it.
    pub algorithm: Option<Algorithm>,
    /// The version it is copied from.
    pub copied_from: Option<VersionId>,
}

/// What a part under way will become.
pub struct PartOf {
    upload: UploadRow,
    number: u32,
    shown: Option<Algorithm>,
    copied_from: Option<VersionId>,
}

/// A part as the client lists it to complete the upload.
#[derive(Clone, Debug, Default)]
pub struct ListedPart {
    /// Its number.
    pub number: u32,
    /// Its ETag, without quotes.
    pub etag: String,
    /// Its checksums in base64, as far as the client repeats them.
    pub checksums: Vec<(Algorithm, String)>,
}

/// How a client completes an upload.
#[derive(Clone, Debug, Default)]
pub struct Completion {
    /// The parts, in rising order.
    pub parts: Vec<ListedPart>,
    /// The checksums the whole must have, in base64; a composite one with or without its `-N`.
    pub checksums: Vec<(Algorithm, String)>,
    /// Whether the client takes the checksum for a composite one.
    pub composite: Option<bool>,
    /// How many bytes the whole must have.
    pub size: Option<u64>,
    /// The conditions under which it may become visible.
    pub conditions: NewObject,
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
        dataset.check_lock(&new.lock, now)?;
        let mut meta = new.meta;
        meta.lock = (new.lock != Lock::default()).then_some(new.lock);
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
        let what = Uploaded { dataset: dataset.id, upload: id, part: None, size: None, copied_from: None };
        let draft = self.draft(caller, request, engagement.id.into(), kind::UPLOAD, what)?;
        self.act(caller, permit, vec![Change::Upload(row)], draft).await?;
        Ok(id)
    }

    /// Begins a part. Policy has allowed it when this returns; no byte of the body need have been read.
    ///
    /// # Errors
    /// `Missing` upload; as a put answers.
    pub async fn upload_part(
        self: &Arc<Self>,
        caller: Arc<Caller>,
        request: RequestId,
        bucket: &str,
        key: &[u8],
        part: NewPart,
    ) -> Result<Incoming<PartOf>, CustodyError> {
        let engagement = self.compartment(&caller)?;
        let dataset = self.dataset(&caller, bucket)?;
        let number = part.number;
        if !(1..=seal::MOST_PARTS).contains(&number) {
            return Err(CustodyError::invalid(format!("a part number lies between 1 and {}", seal::MOST_PARTS)));
        }
        let _permit = self.judge(&caller, writing(request, &engagement, &dataset)).await?;
        let upload = self.upload_of(&caller, request, &dataset, key, part.upload).await?;
        let sealer = ObjectSealer::resume(&self.ring, identity_of(&upload), upload.id, &upload.wrapped)?;
        let meta = Meta::open(&engagement.fields, upload.version, &upload.meta)?;
        let chosen = chosen(&meta);
        if let (Some(chosen), Some(sent)) = (chosen, part.algorithm)
            && chosen != sent
        {
            let (chosen, sent) = (chosen.name(), sent.name());
            return Err(CustodyError::invalid(format!(
                "checksum type mismatch occurred, expected checksum type: {chosen}, actual checksum type: {sent}"
            )));
        }
        let mut wanted: Vec<Algorithm> = part.algorithm.into_iter().chain([chosen.unwrap_or(DEFAULT)]).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let sink =
            Sink::new(Arc::clone(self), request, sealer.part(number)?, Digests::new(&wanted, false), None, false);
        let of = PartOf { upload, number, shown: chosen.or(part.algorithm), copied_from: part.copied_from };
        Ok(Incoming::begin(Arc::clone(self), caller, request, engagement, dataset, sink, of))
    }

    /// Completes an upload from the parts the client lists. The version is visible to its writer when this returns; others
    /// see it once it is scanned. Completing it once more answers what it came to, as long as that is current.
    ///
    /// # Errors
    /// `Missing` upload; `Conflict` for parts that are missing, out of order or too small, or a condition that fails;
    /// `Invalid` for what contradicts how the upload began.
    pub async fn complete_upload(
        self: &Arc<Self>,
        caller: &Arc<Caller>,
        request: RequestId,
        bucket: &str,
        key: &[u8],
        upload: UploadId,
        completion: &Completion,
    ) -> Result<Stored, CustodyError> {
        let engagement = self.compartment(caller)?;
        let dataset = self.dataset(caller, bucket)?;
        let _permit = self.judge(caller, writing(request, &engagement, &dataset)).await?;
        let upload = match self.upload_of(caller, request, &dataset, key, upload).await {
            Err(missing @ CustodyError::Missing { .. }) => {
                let before = self.completed(caller, request, &engagement, &dataset, key, upload, completion).await?;
                return before.ok_or(missing);
            }
            upload => upload?,
        };
        let completed = self.complete(caller, request, &engagement, &dataset, upload, completion).await;
        if let Err(error) = &completed {
            let failure = error.kind().name();
            self.failed(caller, request, engagement.id, Verb::Write, Some(&dataset), failure).await?;
        }
        completed
    }

    async fn complete(
        self: &Arc<Self>,
        caller: &Caller,
        request: RequestId,
        engagement: &Engagement,
        dataset: &DatasetRow,
        upload: UploadRow,
        completion: &Completion,
    ) -> Result<Stored, CustodyError> {
        let mut meta = Meta::open(&engagement.fields, upload.version, &upload.meta)?;
        let (parts, metas) = self.choose(engagement, &upload, &meta, &completion.parts)?;
        sum_up(&mut meta, &parts, &metas)?;
        meta.upload = Some(upload.id);
        let lock = meta.lock.take().unwrap_or_default();
        let size = parts.iter().map(|part| part.size).sum();
        completion.check(&meta, size)?;
        let sealer = ObjectSealer::resume(&self.ring, identity_of(&upload), upload.id, &upload.wrapped)?;
        let segment_size = sealer.segment_size();
        let wrapped = sealer.finish(&parts)?;
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
            generation: 0,
            writer: caller.who().principal,
            mac: [0; 32],
            gone: None,
            null: true,
            marker: false,
            lock,
        };
        let (version, modified) = (row.version, row.modified);
        let put = PutVersion {
            row,
            revision: 0,
            precondition: Precondition::None,
            intents: Vec::new(),
            upload: Some(upload.id),
        };
        let conditions = &completion.conditions;
        let name = self.reveal_version(caller, request, engagement, dataset, put, Facts::pending(), conditions).await?;
        Ok(Stored { version, name, meta, size, modified })
    }

    /// What an upload that is over came to, if these parts were it and the version is still current.
    // SPEC: S3: a CompleteMultipartUpload that is repeated, perhaps because its answer was lost, answers the same.
    #[expect(clippy::too_many_arguments, reason = "as the request has them")]
    async fn completed(
        &self,
        caller: &Caller,
        request: RequestId,
        engagement: &Engagement,
        dataset: &Dataset,
        key: &[u8],
        upload: UploadId,
        completion: &Completion,
    ) -> Result<Option<Stored>, CustodyError> {
        let Some(row) = self.catalog.current(dataset.id, key)? else { return Ok(None) };
        let version = Version::check(row, &engagement.fields)?;
        let listed: Option<Vec<[u8; 16]>> = completion.parts.iter().map(|part| read_md5(&part.etag)).collect();
        let same = version.meta.upload == Some(upload)
            && listed.is_some_and(|listed| etag_of(&listed) == version.meta.etag)
            && completion.check(&version.meta, version.row.size).is_ok();
        if !same {
            return Ok(None);
        }
        self.reveal(caller, request, Verb::Head, engagement, dataset, &version).await?;
        let name = dataset.name_of(&version);
        let Version { row, meta, .. } = version;
        let (version, size, modified) = (row.version, row.size, row.modified);
        Ok(Some(Stored { version, name, meta: Meta::clone(&meta), size, modified }))
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
        let upload = self.upload_of(caller, request, &dataset, key, upload).await?;
        let what = Uploaded { dataset: dataset.id, upload: upload.id, part: None, size: None, copied_from: None };
        let draft = self.draft(caller, request, engagement.id.into(), kind::UPLOAD_ABORT, what)?;
        self.act(caller, permit, vec![Change::AbortUpload(upload.id)], draft).await?;
        Ok(())
    }

    /// The upload of a key. That it is not there is entered before it is answered.
    pub(crate) async fn upload_of(
        &self,
        caller: &Caller,
        request: RequestId,
        dataset: &DatasetRow,
        key: &[u8],
        upload: UploadId,
    ) -> Result<UploadRow, CustodyError> {
        if let Some(row) = self.catalog.upload(upload)?.filter(|row| row.dataset == dataset.id && row.key == key) {
            return Ok(row);
        }
        let missing = CustodyError::missing(Thing::Upload, upload);
        let failure = missing.kind().name();
        self.failed(caller, request, dataset.engagement, Verb::Write, Some(dataset), failure).await?;
        Err(missing)
    }

    /// The parts the client lists, checked against what was uploaded.
    fn choose(
        &self,
        engagement: &Engagement,
        upload: &UploadRow,
        begun: &Meta,
        listed: &[ListedPart],
    ) -> Result<(Vec<Part>, Vec<Meta>), CustodyError> {
        if listed.is_empty() {
            return Err(CustodyError::Conflict(Clash::InvalidPart));
        }
        if !listed.is_sorted_by(|before, after| before.number < after.number) {
            return Err(CustodyError::Conflict(Clash::InvalidPartOrder));
        }
        let have = self.catalog.upload_parts(upload.id, 0, usize::try_from(seal::MOST_PARTS).unwrap_or(10_000))?;
        let mut have: BTreeMap<u32, UploadPartRow> = have.into_iter().map(|row| (row.part.number, row)).collect();
        let (mut parts, mut metas) = (Vec::with_capacity(listed.len()), Vec::with_capacity(listed.len()));
        for (place, wanted) in listed.iter().enumerate() {
            let row = have.remove(&wanted.number).ok_or(CustodyError::Conflict(Clash::InvalidPart))?;
            let meta = Meta::open(&engagement.fields, upload.version, &row.meta)?;
            let repeats =
                |(algorithm, value): &(Algorithm, String)| meta.checksums.get(algorithm.name()) == Some(value);
            if meta.etag != wanted.etag || !wanted.checksums.iter().all(repeats) {
                return Err(CustodyError::Conflict(Clash::InvalidPart));
            }
            // SPEC: S3: a composite checksum is made of checksums that the client repeats.
            if let Some(algorithm) = chosen(begun)
                && begun.composite
                && !wanted.checksums.iter().any(|(repeated, _)| *repeated == algorithm)
            {
                return Err(CustodyError::invalid(format!(
                    "the upload was created using a {} checksum: the complete request must include the checksum for each \
                     part, it was missing for part {}",
                    algorithm.name(),
                    wanted.number
                )));
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

impl Completion {
    /// Holds what the client says against what the parts came to.
    fn check(&self, meta: &Meta, size: u64) -> Result<(), CustodyError> {
        if self.size.is_some_and(|expected| expected != size) {
            return Err(CustodyError::invalid("the parts do not come to the size that x-amz-mp-object-size says"));
        }
        if self.composite.is_some_and(|composite| composite != meta.composite) {
            return Err(CustodyError::invalid("the upload was begun with another checksum type"));
        }
        for (algorithm, value) in &self.checksums {
            let whole = meta.checksums.get(algorithm.name()).ok_or_else(|| {
                CustodyError::invalid(format!("the upload was not begun with a {} checksum", algorithm.name()))
            })?;
            let bare = whole.split_once('-').map_or(whole.as_str(), |(bare, _)| bare);
            if value != whole && value != bare {
                return Err(CustodyError::Conflict(Clash::Digest));
            }
        }
        Ok(())
    }
}

impl Incoming<PartOf> {
    /// Ends the part, checks it against what the client said, and records it.
    ///
    /// # Errors
    /// As [`Custody::upload_part`].
    pub async fn finish(self, expected: &Expected) -> Result<Finished<UploadedPart>, CustodyError> {
        let ended = match self.end(expected).await? {
            Ok(ended) => ended,
            Err(mismatch) => return Ok(Finished::Mismatch(mismatch)),
        };
        let Ended { custody, caller, request, engagement, dataset, sunk, of } = ended;
        let PartOf { upload, number, shown, copied_from } = of;
        let size = sunk.digested.length;
        let mut meta = Meta {
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
        let what =
            Uploaded { dataset: dataset.id, upload: upload.id, part: Some(number), size: Some(size), copied_from };
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
        show(&mut meta, shown);
        Ok(Finished::Stored(UploadedPart { number, size, meta, modified }))
    }
}

/// The algorithm of an upload whose client chose none, over the full object. SPEC: standards §10.3.
const DEFAULT: Algorithm = Algorithm::Crc64Nvme;

/// The algorithm the client chose when the upload began. It is remembered as a checksum without a value.
pub(crate) fn chosen(meta: &Meta) -> Option<Algorithm> {
    meta.checksums.keys().find_map(|name| Algorithm::named(name))
}

/// Leaves of a part's checksums the one that its client knows of.
pub(crate) fn show(meta: &mut Meta, shown: Option<Algorithm>) {
    meta.checksums.retain(|name, _| shown.is_some_and(|shown| shown.name() == name.as_str()));
}

fn read_md5(etag: &str) -> Option<[u8; 16]> {
    data_encoding::HEXLOWER.decode(etag.as_bytes()).ok()?.try_into().ok()
}

/// The ETag of a whole from the MD5s of its parts. SPEC: standards §10.6.
fn etag_of(parts: &[[u8; 16]]) -> String {
    format!("{}-{}", data_encoding::HEXLOWER.encode(&md5_of(&parts.concat())), parts.len())
}

/// The ETag and checksums of the whole from those of the parts. SPEC: standards §10.5, §10.6.
fn sum_up(meta: &mut Meta, parts: &[Part], metas: &[Meta]) -> Result<(), CustodyError> {
    let corrupt = || CustodyError::Corrupt("the digests of an uploaded part".to_owned());
    let digests: Option<Vec<[u8; 16]>> = metas.iter().map(|part| read_md5(&part.etag)).collect();
    meta.etag = etag_of(&digests.ok_or_else(corrupt)?);
    let algorithm = chosen(meta).unwrap_or(DEFAULT);
    let texts: Option<Vec<String>> = metas.iter().map(|part| part.checksums.get(algorithm.name()).cloned()).collect();
    meta.parts = texts.ok_or_else(corrupt)?;
    let raw: Result<Vec<Vec<u8>>, _> =
        meta.parts.iter().map(|text| data_encoding::BASE64.decode(text.as_bytes())).collect();
    let raw = raw.map_err(|_| corrupt())?;
    let value = if meta.composite {
        format!("{}-{}", composite(algorithm, &raw), raw.len())
    } else {
        algorithm.combine(&raw, parts).ok_or_else(corrupt)?
    };
    meta.checksums = BTreeMap::from([(algorithm.name().to_owned(), value)]);
    Ok(())
}

const fn identity_of(upload: &UploadRow) -> SealedIdentity {
    SealedIdentity {
        engagement: upload.engagement,
        dataset: upload.dataset,
        object: upload.object,
        version: upload.version,
    }
}

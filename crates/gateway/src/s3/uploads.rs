//! Multipart uploads.

use std::sync::Arc;

use base::id::UploadId;
use custody::digests::Algorithm;
use custody::incoming::Finished;
use custody::intake::NewObject;
use custody::listing::ListQuestion;
use custody::upload::{Completion, ListedPart, NewPart};
use custody::upload_listing::{PartsPage, UploadsPage};
use s3s::S3Response;
use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, ChecksumAlgorithm, ChecksumType, CommonPrefix,
    CompleteMultipartUploadInput, CompleteMultipartUploadOutput, CompletedPart, CreateMultipartUploadInput,
    CreateMultipartUploadOutput, Initiator, ListMultipartUploadsInput, ListMultipartUploadsOutput, ListPartsInput,
    ListPartsOutput, MultipartUpload, Owner, Part, StorageClass, UploadPartInput, UploadPartOutput,
};

use super::checksums::{kind, named, read_checksums, type_of, write_checksums};
use super::page::{Spelling, limit};
use super::private::owner;
use super::write::{KeptHeaders, expected, kept_headers, mismatched, new_meta, take_in};
use super::{Door, Refused, etag, new_version_id, timestamp};
use crate::asked::Asked;
use s3wire::{Code, Refusal};

pub(super) async fn create_multipart_upload(
    door: &Door,
    asked: Arc<Asked>,
    input: CreateMultipartUploadInput,
) -> Result<S3Response<CreateMultipartUploadOutput>, Refused> {
    asked.unconditional()?;
    let algorithm = input.checksum_algorithm.as_ref().map(named).transpose()?;
    let composite = is_composite(algorithm, input.checksum_type.as_ref())?;
    let mut meta = new_meta(kept_headers!(input), input.metadata)?;
    asked.labels.put_on(&mut meta);
    meta.composite = composite;
    let lock = asked.labels.lock;
    let new = NewObject { meta, lock, algorithms: algorithm.into_iter().collect(), ..NewObject::default() };
    let key = input.key.as_bytes();
    let created = door.custody.create_upload(&asked.caller, asked.request, &input.bucket, key, new).await;
    let upload = created.map_err(|error| asked.refuse(error))?;
    Ok(S3Response::new(CreateMultipartUploadOutput {
        bucket: Some(input.bucket),
        key: Some(input.key),
        upload_id: Some(upload.to_string()),
        checksum_type: algorithm.map(|_| kind(composite)),
        checksum_algorithm: input.checksum_algorithm,
        ..CreateMultipartUploadOutput::default()
    }))
}

pub(super) async fn upload_part(
    door: &Door,
    asked: Arc<Asked>,
    input: UploadPartInput,
) -> Result<S3Response<UploadPartOutput>, Refused> {
    asked.unconditional()?;
    let upload = read_id(&input.upload_id)?;
    let number = super::read::part_number(input.part_number)?;
    let claimed = &asked.claimed;
    let algorithm = claimed.checksum.as_ref().map(|checksum| checksum.algorithm).or(claimed.trailer);
    let new = NewPart { upload, number, algorithm, copied_from: None };
    let (caller, key) = (Arc::clone(&asked.caller), input.key.as_bytes());
    let begun = door.custody.upload_part(caller, asked.request, &input.bucket, key, new).await;
    let incoming = begun.map_err(|error| asked.refuse(error))?;
    let length = input.content_length.and_then(|length| u64::try_from(length).ok());
    let incoming = take_in(&asked, incoming, input.body).await?;
    let stored = match incoming.finish(&expected(&asked, length)).await.map_err(|error| asked.refuse(error))? {
        Finished::Stored(stored) => stored,
        Finished::Mismatch(mismatch) => return Err(mismatched(mismatch).into()),
    };
    let mut output = UploadPartOutput { e_tag: Some(etag(&stored.meta.etag)), ..UploadPartOutput::default() };
    write_checksums!(output, &stored.meta.checksums);
    Ok(S3Response::new(output))
}

pub(super) async fn complete_multipart_upload(
    door: &Door,
    asked: Arc<Asked>,
    input: CompleteMultipartUploadInput,
) -> Result<S3Response<CompleteMultipartUploadOutput>, Refused> {
    let upload = read_id(&input.upload_id)?;
    let mut conditions = NewObject::default();
    asked.bind(&mut conditions)?;
    let size = input.mpu_object_size.map(|size| {
        u64::try_from(size).map_err(|_| Refusal::new(Code::InvalidRequest, "x-amz-mp-object-size must not be negative"))
    });
    let parts: Option<Vec<ListedPart>> =
        input.multipart_upload.and_then(|upload| upload.parts).unwrap_or_default().into_iter().map(listed).collect();
    let completion = Completion {
        parts: parts.ok_or_else(|| Refusal::new(Code::MalformedXML, "every part needs a part number and an ETag"))?,
        checksums: asked.claimed.object.clone(),
        composite: input.checksum_type.map(|kind| kind.as_str() == ChecksumType::COMPOSITE),
        size: size.transpose()?,
        conditions,
    };
    if completion.parts.is_empty() {
        return Err(Refusal::new(Code::MalformedXML, "an upload is completed from at least one part").into());
    }
    let key = input.key.as_bytes();
    let completed =
        door.custody.complete_upload(&asked.caller, asked.request, &input.bucket, key, upload, &completion).await;
    let stored = completed.map_err(|error| asked.refuse(error))?;
    let mut output = CompleteMultipartUploadOutput {
        location: Some(format!("/{}/{}", input.bucket, Spelling::Url.write(key)?)),
        e_tag: Some(etag(&stored.meta.etag)),
        version_id: new_version_id(stored.name),
        checksum_type: type_of(&stored.meta),
        bucket: Some(input.bucket),
        key: Some(input.key),
        ..CompleteMultipartUploadOutput::default()
    };
    write_checksums!(output, &stored.meta.checksums);
    Ok(S3Response::new(output))
}

/// A part as the client lists it. Its ETag may come with quotes or without.
fn listed(part: CompletedPart) -> Option<ListedPart> {
    let number = part.part_number.and_then(|number| u32::try_from(number).ok())?;
    let etag = part.e_tag.as_ref()?.value().trim_matches('"').to_owned();
    Some(ListedPart { number, etag, checksums: read_checksums!(part) })
}

pub(super) async fn abort_multipart_upload(
    door: &Door,
    asked: Arc<Asked>,
    input: AbortMultipartUploadInput,
) -> Result<S3Response<AbortMultipartUploadOutput>, Refused> {
    asked.unconditional()?;
    let (upload, key) = (read_id(&input.upload_id)?, input.key.as_bytes());
    let aborted = door.custody.abort_upload(&asked.caller, asked.request, &input.bucket, key, upload).await;
    aborted.map_err(|error| asked.refuse(error))?;
    Ok(S3Response::new(AbortMultipartUploadOutput::default()))
}

pub(super) async fn list_parts(
    door: &Door,
    asked: Arc<Asked>,
    input: ListPartsInput,
) -> Result<S3Response<ListPartsOutput>, Refused> {
    let (upload, key) = (read_id(&input.upload_id)?, input.key.as_bytes());
    let max_parts = limit(input.max_parts)?;
    let after = input.part_number_marker.unwrap_or_default();
    let from = u32::try_from(after)
        .map_err(|_| Refusal::new(Code::InvalidArgument, "part-number-marker must not be negative"))?;
    let wanted = usize::try_from(max_parts).unwrap_or_default();
    let page = door.custody.parts(&asked.caller, asked.request, &input.bucket, key, upload, from, wanted).await;
    let PartsPage { parts, more, algorithm, composite } = page.map_err(|error| asked.refuse(error))?;
    let more = more && wanted > 0;
    let last = parts.last().and_then(|part| i32::try_from(part.number).ok());
    let parts = parts
        .into_iter()
        .map(|stored| {
            let mut part = Part {
                part_number: i32::try_from(stored.number).ok(),
                size: i64::try_from(stored.size).ok(),
                e_tag: Some(etag(&stored.meta.etag)),
                last_modified: Some(timestamp(stored.modified)),
                ..Part::default()
            };
            write_checksums!(part, &stored.meta.checksums);
            part
        })
        .collect();
    Ok(S3Response::new(ListPartsOutput {
        bucket: Some(input.bucket),
        key: Some(input.key),
        upload_id: Some(input.upload_id),
        max_parts: Some(max_parts),
        part_number_marker: Some(after),
        next_part_number_marker: last.filter(|_| more),
        is_truncated: Some(more),
        parts: Some(parts),
        checksum_algorithm: algorithm.map(algorithm_name),
        checksum_type: algorithm.map(|_| kind(composite)),
        initiator: Some(initiator(owner(door, &asked))),
        owner: Some(owner(door, &asked)),
        // LIMIT: an upload's class is not told before it is an object.
        storage_class: Some(StorageClass::from_static(StorageClass::STANDARD)),
        ..ListPartsOutput::default()
    }))
}

/// Who began an upload: the engagement, like everything in it.
fn initiator(owner: Owner) -> Initiator {
    Initiator { display_name: owner.display_name, id: owner.id }
}

pub(super) async fn list_multipart_uploads(
    door: &Door,
    asked: Arc<Asked>,
    input: ListMultipartUploadsInput,
) -> Result<S3Response<ListMultipartUploadsOutput>, Refused> {
    let spelling = Spelling::asked(input.encoding_type.as_ref())?;
    let max_uploads = limit(input.max_uploads)?;
    let key_marker = input.key_marker.as_deref().filter(|marker| !marker.is_empty());
    // SPEC: S3: an upload marker means nothing without a key marker.
    let upload_marker = input.upload_id_marker.as_deref().filter(|marker| key_marker.is_some() && !marker.is_empty());
    let upload_marker = upload_marker.map(read_id).transpose()?;
    let prefix = input.prefix.as_deref().unwrap_or_default();
    let question = ListQuestion {
        prefix: prefix.as_bytes(),
        delimiter: input.delimiter.as_deref().unwrap_or_default().as_bytes(),
        after: key_marker.map(str::as_bytes),
        limit: usize::try_from(max_uploads).unwrap_or_default(),
    };
    let page = door.custody.uploads(&asked.caller, asked.request, &input.bucket, &question, upload_marker).await;
    let UploadsPage { uploads, prefixes, next } = page.map_err(|error| asked.refuse(error))?;
    let (next_key, next_upload) = next.clone().unzip();
    let listed: Result<Vec<MultipartUpload>, Refusal> = uploads
        .into_iter()
        .map(|upload| {
            Ok(MultipartUpload {
                key: Some(spelling.write(&upload.key)?),
                upload_id: Some(upload.upload.to_string()),
                initiated: Some(timestamp(upload.begun)),
                checksum_algorithm: upload.algorithm.map(algorithm_name),
                checksum_type: upload.algorithm.map(|_| kind(upload.composite)),
                initiator: Some(initiator(owner(door, &asked))),
                owner: Some(owner(door, &asked)),
                storage_class: Some(StorageClass::from_static(StorageClass::STANDARD)),
            })
        })
        .collect();
    let prefixes: Result<Vec<CommonPrefix>, Refusal> =
        prefixes.iter().map(|prefix| Ok(CommonPrefix { prefix: Some(spelling.write(prefix)?) })).collect();
    Ok(S3Response::new(ListMultipartUploadsOutput {
        uploads: Some(listed?),
        common_prefixes: Some(prefixes?),
        is_truncated: Some(next.is_some()),
        max_uploads: Some(max_uploads),
        next_key_marker: next_key.map(|key| spelling.write(&key)).transpose()?,
        next_upload_id_marker: next_upload.flatten().map(|upload| upload.to_string()),
        key_marker: spelling.write_all(input.key_marker.as_deref())?,
        upload_id_marker: input.upload_id_marker,
        prefix: Some(spelling.write(prefix.as_bytes())?),
        delimiter: spelling.write_all(input.delimiter.as_deref())?,
        bucket: Some(input.bucket),
        encoding_type: input.encoding_type,
        ..ListMultipartUploadsOutput::default()
    }))
}

/// An upload's id; one that cannot be ours names no upload.
pub(super) fn read_id(text: &str) -> Result<UploadId, Refusal> {
    text.parse().map_err(|_| Refusal::new(Code::NoSuchUpload, "the specified multipart upload does not exist"))
}

fn algorithm_name(algorithm: Algorithm) -> ChecksumAlgorithm {
    ChecksumAlgorithm::from_static(algorithm.name())
}

/// Whether the object's checksum is composed of the parts'.
// SPEC: S3: CRC64NVME is of the full object only, SHA-1 and SHA-256 composite only, the other CRCs composite by default.
fn is_composite(algorithm: Option<Algorithm>, kind: Option<&ChecksumType>) -> Result<bool, Refusal> {
    let kind = kind.map(ChecksumType::as_str);
    let refused = || Refusal::new(Code::InvalidRequest, "the checksum type does not go with the checksum algorithm");
    match (algorithm, kind) {
        (None, None) => Ok(false),
        (Some(Algorithm::Crc64Nvme), None | Some(ChecksumType::FULL_OBJECT)) => Ok(false),
        (Some(Algorithm::Sha1 | Algorithm::Sha256), None | Some(ChecksumType::COMPOSITE)) => Ok(true),
        (Some(Algorithm::Crc32 | Algorithm::Crc32c), None | Some(ChecksumType::COMPOSITE)) => Ok(true),
        (Some(Algorithm::Crc32 | Algorithm::Crc32c), Some(ChecksumType::FULL_OBJECT)) => Ok(false),
        _ => Err(refused()),
    }
}

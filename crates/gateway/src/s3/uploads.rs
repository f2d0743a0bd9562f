//! Multipart uploads.

use std::sync::Arc;

use base::id::UploadId;
use custody::digests::Algorithm;
use custody::intake::NewObject;
use custody::upload::{FinishedPart, ListedPart};
use s3s::S3Response;
use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, ChecksumType, CompleteMultipartUploadInput,
    CompleteMultipartUploadOutput, CreateMultipartUploadInput, CreateMultipartUploadOutput, ListMultipartUploadsInput,
    ListMultipartUploadsOutput, ListPartsInput, ListPartsOutput, MultipartUpload, Part, UploadPartInput,
    UploadPartOutput,
};

use super::checksums::{type_of, write_checksums};
use super::page::{Spelling, limit};
use super::write::{KeptHeaders, expected, mismatched, new_meta, next};
use super::{Door, Refused, etag, timestamp, unsupported};
use crate::asked::Asked;
use s3wire::{Code, Refusal};

pub(super) async fn create_multipart_upload(
    door: &Door,
    asked: Arc<Asked>,
    input: CreateMultipartUploadInput,
) -> Result<S3Response<CreateMultipartUploadOutput>, Refused> {
    asked.unconditional()?;
    let algorithm = input.checksum_algorithm.as_ref().map(|name| named(name.as_str())).transpose()?;
    let composite = is_composite(algorithm, input.checksum_type.as_ref())?;
    let headers = KeptHeaders {
        cache_control: input.cache_control,
        content_disposition: input.content_disposition,
        content_encoding: input.content_encoding,
        content_language: input.content_language,
        content_type: input.content_type,
        expires: input.expires,
    };
    let mut meta = new_meta(headers, input.metadata)?;
    asked.labels.put_on(&mut meta);
    meta.composite = composite;
    let new = NewObject { meta, algorithms: algorithm.into_iter().collect(), ..NewObject::default() };
    let key = input.key.as_bytes();
    let created = door.custody.create_upload(&asked.caller, asked.request, &input.bucket, key, new).await;
    let upload = created.map_err(|error| asked.refuse(error))?;
    let kind = if composite { ChecksumType::COMPOSITE } else { ChecksumType::FULL_OBJECT };
    Ok(S3Response::new(CreateMultipartUploadOutput {
        bucket: Some(input.bucket),
        key: Some(input.key),
        upload_id: Some(upload.to_string()),
        checksum_type: input.checksum_algorithm.is_some().then(|| ChecksumType::from_static(kind)),
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
    let number = u32::try_from(input.part_number).unwrap_or_default();
    let claimed = &asked.claimed;
    let algorithm = claimed.checksum.as_ref().map(|checksum| checksum.algorithm).or(claimed.trailer);
    let algorithms: Vec<Algorithm> = algorithm.into_iter().collect();
    let (caller, key) = (Arc::clone(&asked.caller), input.key.as_bytes());
    let begun =
        door.custody.upload_part(caller, asked.request, &input.bucket, key, upload, number, &algorithms, false).await;
    let mut part = begun.map_err(|error| asked.refuse(error))?;
    let length = input.content_length.and_then(|length| u64::try_from(length).ok());
    let mut body = input.body;
    while let Some(data) = next(&mut body).await {
        let pushed = match data {
            Ok(data) => part.push(&data).await.map_err(|error| asked.refuse(error)),
            Err(refusal) => Err(refusal),
        };
        if let Err(refusal) = pushed {
            part.abandon().await;
            return Err(refusal.into());
        }
    }
    let finished = part.finish(&expected(&asked, length)).await;
    let stored = match finished.map_err(|error| asked.refuse(error))? {
        FinishedPart::Stored(stored) => stored,
        FinishedPart::Mismatch(mismatch) => return Err(mismatched(mismatch).into()),
    };
    let mut output = UploadPartOutput { e_tag: Some(etag(&stored.meta.etag)), ..UploadPartOutput::default() };
    write_checksums!(output, &stored.meta);
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
    let listed = input.multipart_upload.and_then(|upload| upload.parts).unwrap_or_default();
    let listed: Option<Vec<ListedPart>> = listed
        .into_iter()
        .map(|part| {
            let number = part.part_number.and_then(|number| u32::try_from(number).ok())?;
            Some(ListedPart { number, etag: part.e_tag?.value().trim_matches('"').to_owned() })
        })
        .collect();
    let listed =
        listed.ok_or_else(|| Refusal::new(Code::MalformedXML, "every part needs a part number and an ETag"))?;
    let key = input.key.as_bytes();
    let completed = door
        .custody
        .complete_upload(&asked.caller, asked.request, &input.bucket, key, upload, &listed, &conditions)
        .await;
    let stored = completed.map_err(|error| asked.refuse(error))?;
    let mut output = CompleteMultipartUploadOutput {
        location: Some(format!("/{}/{}", input.bucket, Spelling::Url.write(key)?)),
        e_tag: Some(etag(&stored.meta.etag)),
        checksum_type: type_of(&stored.meta),
        bucket: Some(input.bucket),
        key: Some(input.key),
        ..CompleteMultipartUploadOutput::default()
    };
    write_checksums!(output, &stored.meta);
    Ok(S3Response::new(output))
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
    let wanted = usize::try_from(max_parts).unwrap_or_default();
    // One more than asked tells whether there is another page.
    let from = u32::try_from(after).unwrap_or_default();
    let asked_for = wanted.saturating_add(1);
    let parts = door.custody.parts(&asked.caller, asked.request, &input.bucket, key, upload, from, asked_for).await;
    let mut parts = parts.map_err(|error| asked.refuse(error))?;
    let more = parts.len() > wanted && wanted > 0;
    parts.truncate(wanted);
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
            write_checksums!(part, &stored.meta);
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
        ..ListPartsOutput::default()
    }))
}

pub(super) async fn list_multipart_uploads(
    door: &Door,
    asked: Arc<Asked>,
    input: ListMultipartUploadsInput,
) -> Result<S3Response<ListMultipartUploadsOutput>, Refused> {
    if input.delimiter.as_ref().is_some_and(|delimiter| !delimiter.is_empty()) {
        return Err(unsupported("listing uploads by delimiter is not implemented").into());
    }
    let spelling = Spelling::asked(input.encoding_type.as_ref())?;
    let max_uploads = limit(input.max_uploads)?;
    let wanted = usize::try_from(max_uploads).unwrap_or_default();
    let key_marker = input.key_marker.as_deref().filter(|marker| !marker.is_empty());
    // SPEC: S3: an upload marker means nothing without a key marker.
    let upload_marker = input.upload_id_marker.as_deref().filter(|marker| key_marker.is_some() && !marker.is_empty());
    let upload_marker = upload_marker.map(read_id).transpose()?;
    let prefix = input.prefix.as_deref().unwrap_or_default();
    let (marker, asked_for) = (key_marker.map(str::as_bytes), wanted.saturating_add(1));
    let uploads = door
        .custody
        .uploads(&asked.caller, asked.request, &input.bucket, prefix.as_bytes(), marker, upload_marker, asked_for)
        .await;
    let mut uploads = uploads.map_err(|error| asked.refuse(error))?;
    let more = uploads.len() > wanted && wanted > 0;
    uploads.truncate(wanted);
    let last = uploads.last().filter(|_| more);
    let next_key = last.map(|(key, _, _)| spelling.write(key)).transpose()?;
    let next_upload = last.map(|(_, upload, _)| upload.to_string());
    let listed: Result<Vec<MultipartUpload>, Refusal> = uploads
        .iter()
        .map(|(key, upload, begun)| {
            Ok(MultipartUpload {
                key: Some(spelling.write(key)?),
                upload_id: Some(upload.to_string()),
                initiated: Some(timestamp(*begun)),
                ..MultipartUpload::default()
            })
        })
        .collect();
    Ok(S3Response::new(ListMultipartUploadsOutput {
        uploads: Some(listed?),
        is_truncated: Some(more),
        max_uploads: Some(max_uploads),
        next_key_marker: next_key,
        next_upload_id_marker: next_upload,
        key_marker: spelling.write_all(input.key_marker.as_deref())?,
        upload_id_marker: input.upload_id_marker,
        prefix: Some(spelling.write(prefix.as_bytes())?),
        bucket: Some(input.bucket),
        encoding_type: input.encoding_type,
        ..ListMultipartUploadsOutput::default()
    }))
}

/// An upload's id; one that cannot be ours names no upload.
fn read_id(text: &str) -> Result<UploadId, Refusal> {
    text.parse().map_err(|_| Refusal::new(Code::NoSuchUpload, "the specified multipart upload does not exist"))
}

fn named(name: &str) -> Result<Algorithm, Refusal> {
    Algorithm::named(name)
        .ok_or_else(|| Refusal::new(Code::InvalidRequest, "checksum algorithm provided is unsupported"))
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

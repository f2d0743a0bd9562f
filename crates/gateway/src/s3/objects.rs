//! Objects: read, described, written, deleted.

use std::sync::Arc;

use custody::access::{Description, Got, Span};
use custody::delivery::{self, Delivery};
use custody::digests::Algorithm;
use custody::intake::{Expected, Finished, Mismatch, NewObject};
use custody::meta::Meta;
use custody::{CustodyError, intake};
use futures_util::StreamExt;
use http::HeaderMap;
use http::header::{CONTENT_RANGE, ETAG, HeaderValue, LAST_MODIFIED};
use s3s::S3Response;
use s3s::dto::{
    ChecksumMode, DeleteObjectInput, DeleteObjectOutput, DeleteObjectsInput, DeleteObjectsOutput, DeletedObject, Error,
    GetObjectInput, GetObjectOutput, HeadObjectInput, HeadObjectOutput, PutObjectInput, PutObjectOutput, StreamingBlob,
    Timestamp, TimestampFormat,
};

use super::checksums::{self, type_of, user_metadata, write_checksums};
use super::{Door, Refused, etag, timestamp, unsupported};
use crate::asked::Asked;
use crate::body::{Outgoing, Source, Step};
use s3wire::{Code, Refusal};

/// How many keys of a DeleteObjects request are deleted at once: their entries share flushes.
const DELETES_AT_ONCE: usize = 32;

/// How many keys one DeleteObjects request may name.
// SPEC: S3 DeleteObjects.
const MOST_DELETES: usize = 1000;

/// How many bytes of user metadata an object may have.
// SPEC: S3: names and values together, 2 KB.
const LARGEST_METADATA_BYTES: usize = 2048;

impl Source for Box<Delivery> {
    type Error = CustodyError;

    fn step(&mut self) -> Step<CustodyError> {
        match Delivery::step(self) {
            delivery::Step::Segment(plain) => Step::Segment(plain),
            delivery::Step::Earn => Step::Earn,
            delivery::Step::End => Step::End,
            delivery::Step::Broken(error) => Step::Broken(error),
        }
    }

    async fn earn(&mut self) -> Result<(), CustodyError> {
        Delivery::earn(self).await
    }

    fn settle(&mut self, sent: u64) {
        Delivery::settle(self, sent);
    }
}

pub(super) async fn get_object(
    door: &Door,
    asked: Arc<Asked>,
    input: GetObjectInput,
) -> Result<S3Response<GetObjectOutput>, Refused> {
    refuse_parts_and_versions(input.part_number, input.version_id.as_deref())?;
    let caller = Arc::clone(&asked.caller);
    let key = input.key.as_bytes();
    let got = door.custody.get(caller, asked.request, &input.bucket, key, asked.span, &asked.conditions).await;
    let (about, (from, to), delivery) = body_of(got.map_err(|error| asked.refuse(error))?)?;
    let length = to.saturating_sub(from);
    // INVARIANT: the wire is in the register before the first segment is taken.
    door.register.enter(&asked.wire, delivery.engagement());
    let body = Outgoing::new(delivery, length, Arc::clone(&asked.wire));
    let mut output = GetObjectOutput {
        body: Some(StreamingBlob::from(s3s::Body::http_body_unsync(body))),
        accept_ranges: Some("bytes".to_owned()),
        content_length: i64::try_from(length).ok(),
        e_tag: Some(etag(&about.meta.etag)),
        last_modified: Some(timestamp(about.modified)),
        metadata: user_metadata(&about.meta),
        cache_control: kept(&about.meta, "cache-control"),
        content_disposition: kept(&about.meta, "content-disposition"),
        content_encoding: kept(&about.meta, "content-encoding"),
        content_language: kept(&about.meta, "content-language"),
        content_type: content_type(&about.meta),
        expires: expires(&about.meta),
        ..GetObjectOutput::default()
    };
    if asked.span != Span::Whole {
        output.content_range = Some(content_range(from, to, about.size));
    } else if wants_checksums(input.checksum_mode.as_ref()) {
        write_checksums!(output, &about.meta);
        output.checksum_type = type_of(&about.meta);
    }
    Ok(S3Response::new(output))
}

pub(super) async fn head_object(
    door: &Door,
    asked: Arc<Asked>,
    input: HeadObjectInput,
) -> Result<S3Response<HeadObjectOutput>, Refused> {
    refuse_parts_and_versions(input.part_number, input.version_id.as_deref())?;
    let key = input.key.as_bytes();
    let got = door.custody.head(&asked.caller, asked.request, &input.bucket, key, &asked.conditions).await;
    let (about, _, _) = body_of(got.map_err(|error| asked.refuse(error))?)?;
    let window = asked.span.window(about.size).ok_or_else(|| unsatisfiable(about.size))?;
    let mut output = HeadObjectOutput {
        accept_ranges: Some("bytes".to_owned()),
        content_length: i64::try_from(window.len()).ok(),
        e_tag: Some(etag(&about.meta.etag)),
        last_modified: Some(timestamp(about.modified)),
        metadata: user_metadata(&about.meta),
        cache_control: kept(&about.meta, "cache-control"),
        content_disposition: kept(&about.meta, "content-disposition"),
        content_encoding: kept(&about.meta, "content-encoding"),
        content_language: kept(&about.meta, "content-language"),
        content_type: content_type(&about.meta),
        expires: expires(&about.meta),
        ..HeadObjectOutput::default()
    };
    if asked.span != Span::Whole {
        output.content_range = Some(content_range(window.from, window.to, about.size));
    } else if wants_checksums(input.checksum_mode.as_ref()) {
        write_checksums!(output, &about.meta);
        output.checksum_type = type_of(&about.meta);
    }
    Ok(S3Response::new(output))
}

pub(super) async fn put_object(
    door: &Door,
    asked: Arc<Asked>,
    input: PutObjectInput,
) -> Result<S3Response<PutObjectOutput>, Refused> {
    let headers = KeptHeaders {
        cache_control: input.cache_control,
        content_disposition: input.content_disposition,
        content_encoding: input.content_encoding,
        content_language: input.content_language,
        content_type: input.content_type,
        expires: input.expires,
    };
    let meta = new_meta(headers, input.metadata)?;
    let mut new = NewObject { meta, algorithms: vec![algorithm_of(&asked)], ..NewObject::default() };
    asked.bind(&mut new)?;
    let caller = Arc::clone(&asked.caller);
    let put = door.custody.put(caller, asked.request, &input.bucket, input.key.as_bytes(), new).await;
    let mut incoming: intake::Incoming = put.map_err(|error| asked.refuse(error))?;
    let length = input.content_length.and_then(|length| u64::try_from(length).ok());
    let mut body = input.body;
    while let Some(data) = next(&mut body).await {
        let pushed = match data {
            Ok(data) => incoming.push(&data).await.map_err(|error| asked.refuse(error)),
            Err(refusal) => Err(refusal),
        };
        if let Err(refusal) = pushed {
            incoming.abandon().await;
            return Err(refusal.into());
        }
    }
    let finished = incoming.finish(&expected(&asked, length)).await;
    let stored = match finished.map_err(|error| asked.refuse(error))? {
        Finished::Stored(stored) => stored,
        Finished::Mismatch(mismatch) => return Err(mismatched(mismatch).into()),
    };
    let mut output = PutObjectOutput { e_tag: Some(etag(&stored.meta.etag)), ..PutObjectOutput::default() };
    write_checksums!(output, &stored.meta);
    output.checksum_type = type_of(&stored.meta);
    Ok(S3Response::new(output))
}

pub(super) async fn delete_object(
    door: &Door,
    asked: Arc<Asked>,
    input: DeleteObjectInput,
) -> Result<S3Response<DeleteObjectOutput>, Refused> {
    asked.unconditional()?;
    refuse_parts_and_versions(None, input.version_id.as_deref())?;
    let deleted = door.custody.delete(&asked.caller, asked.request, &input.bucket, input.key.as_bytes()).await;
    deleted.map_err(|error| asked.refuse(error))?;
    Ok(S3Response::new(DeleteObjectOutput::default()))
}

pub(super) async fn delete_objects(
    door: &Door,
    asked: Arc<Asked>,
    input: DeleteObjectsInput,
) -> Result<S3Response<DeleteObjectsOutput>, Refused> {
    let claimed = &asked.claimed;
    if claimed.md5.is_none() && claimed.checksum.is_none() && claimed.trailer.is_none() {
        return Err(Refusal::new(
            Code::InvalidRequest,
            "missing required header for this request: Content-MD5 or a checksum",
        )
        .into());
    }
    if input.delete.objects.len() > MOST_DELETES {
        return Err(Refusal::new(Code::MalformedXML, "a request may name at most 1000 keys").into());
    }
    let (asked, bucket) = (&asked, &input.bucket);
    let outcomes: Vec<(String, Result<(), Refusal>)> = futures_util::stream::iter(input.delete.objects)
        .map(|object| async move {
            let conditional = object.e_tag.is_some() || object.last_modified_time.is_some() || object.size.is_some();
            let outcome = if conditional {
                Err(unsupported("conditional deletes are not implemented"))
            } else if let Err(refusal) = refuse_parts_and_versions(None, object.version_id.as_deref()) {
                Err(refusal)
            } else {
                let deleted = door.custody.delete(&asked.caller, asked.request, bucket, object.key.as_bytes()).await;
                deleted.map(|_| ()).map_err(|error| asked.refuse(error))
            };
            (object.key, outcome)
        })
        .buffered(DELETES_AT_ONCE)
        .collect()
        .await;
    let quiet = input.delete.quiet.unwrap_or(false);
    let (mut deleted, mut errors) = (Vec::new(), Vec::new());
    for (key, outcome) in outcomes {
        match outcome {
            Ok(()) if quiet => {}
            Ok(()) => deleted.push(DeletedObject { key: Some(key), ..DeletedObject::default() }),
            Err(refusal) => errors.push(Error {
                code: Some(refusal.code().name().to_owned()),
                key: Some(key),
                message: Some(refusal.message().to_owned()),
                version_id: None,
            }),
        }
    }
    let output = DeleteObjectsOutput {
        deleted: Some(deleted),
        errors: (!errors.is_empty()).then_some(errors),
        ..DeleteObjectsOutput::default()
    };
    Ok(S3Response::new(output))
}

/// The algorithm an upload is measured with: the one its sender chose, or the default.
pub(super) fn algorithm_of(asked: &Asked) -> Algorithm {
    let claimed = &asked.claimed;
    claimed.checksum.as_ref().map(|checksum| checksum.algorithm).or(claimed.trailer).unwrap_or(checksums::DEFAULT)
}

/// What the client said the body would come to. Complete only once the body was read: the trailer comes last.
pub(super) fn expected(asked: &Asked, length: Option<u64>) -> Expected {
    let checksum = asked.claimed.checksum.as_ref().or(asked.trailer.checksum());
    Expected {
        // The signed SHA-256 was checked while the body was read.
        sha256: None,
        md5: asked.claimed.md5,
        checksums: checksum.map(|checksum| (checksum.algorithm, checksum.value.clone())).into_iter().collect(),
        length,
    }
}

pub(super) fn mismatched(mismatch: Mismatch) -> Refusal {
    match mismatch {
        Mismatch::Length => Refusal::new(Code::IncompleteBody, "the body is not as long as announced"),
        Mismatch::Sha256 => Refusal::new(Code::XAmzContentSHA256Mismatch, "the body is not what was signed"),
        Mismatch::Md5 => Refusal::new(Code::BadDigest, "the Content-MD5 you specified did not match what we received"),
        Mismatch::Checksum(algorithm) => {
            let why = format!("the {} you specified did not match the calculated checksum", algorithm.name());
            Refusal::new(Code::BadDigest, why)
        }
    }
}

/// The next data of a request's body.
pub(super) async fn next(body: &mut Option<StreamingBlob>) -> Option<Result<bytes::Bytes, Refusal>> {
    let data = body.as_mut()?.next().await?;
    Some(data.map_err(|error| match error.downcast::<Refusal>() {
        Ok(refusal) => *refusal,
        Err(_) => Refusal::new(Code::IncompleteBody, "the body could not be read to its end"),
    }))
}

/// The headers S3 keeps with an object.
pub(super) struct KeptHeaders {
    pub(super) cache_control: Option<String>,
    pub(super) content_disposition: Option<String>,
    pub(super) content_encoding: Option<String>,
    pub(super) content_language: Option<String>,
    pub(super) content_type: Option<String>,
    pub(super) expires: Option<Timestamp>,
}

/// The metadata of a new object.
pub(super) fn new_meta(headers: KeptHeaders, user: Option<s3s::dto::Metadata>) -> Result<Meta, Refusal> {
    let user = user.unwrap_or_default();
    let size =
        user.iter().fold(0usize, |size, (name, value)| size.saturating_add(name.len()).saturating_add(value.len()));
    if size > LARGEST_METADATA_BYTES {
        return Err(Refusal::new(
            Code::MetadataTooLarge,
            "your metadata headers exceed the maximum allowed metadata size",
        ));
    }
    let expires = headers.expires.and_then(|expires| {
        let mut text = Vec::new();
        expires.format(TimestampFormat::HttpDate, &mut text).ok()?;
        String::from_utf8(text).ok()
    });
    let kept = [
        ("cache-control", headers.cache_control),
        ("content-disposition", headers.content_disposition),
        ("content-encoding", headers.content_encoding),
        ("content-language", headers.content_language),
        ("content-type", headers.content_type),
        ("expires", expires),
    ];
    let headers = kept.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
    Ok(Meta { headers, user: user.into_iter().collect(), ..Meta::default() })
}

fn kept(meta: &Meta, name: &str) -> Option<String> {
    meta.headers.get(name).cloned()
}

fn content_type(meta: &Meta) -> Option<String> {
    kept(meta, "content-type").or_else(|| Some("binary/octet-stream".to_owned()))
}

fn expires(meta: &Meta) -> Option<Timestamp> {
    meta.headers.get("expires").and_then(|text| Timestamp::parse(TimestampFormat::HttpDate, text).ok())
}

fn wants_checksums(mode: Option<&ChecksumMode>) -> bool {
    mode.is_some_and(|mode| mode.as_str() == ChecksumMode::ENABLED)
}

fn content_range(from: u64, to: u64, size: u64) -> String {
    format!("bytes {from}-{}/{size}", to.saturating_sub(1))
}

/// Whose versions are addressed is not implemented; the only one that can be named is the current one.
fn refuse_parts_and_versions(part: Option<i32>, version: Option<&str>) -> Result<(), Refusal> {
    if part.is_some() {
        return Err(unsupported("reading by part number is not implemented"));
    }
    match version {
        None | Some("null") => Ok(()),
        Some(_) => Err(unsupported("reading and deleting by version is not implemented")),
    }
}

/// A read that has a body: what it is, its first byte and the one after its last, and where they come from.
type Content = (Description, (u64, u64), Box<Delivery>);

/// What a read came to, with the answers that have no body as errors.
fn body_of(got: Got) -> Result<Content, Refused> {
    match got {
        Got::Body { about, window, delivery } => Ok((about, (window.from, window.to), delivery)),
        Got::NotModified(about) => {
            let mut headers = HeaderMap::new();
            if let Ok(value) = HeaderValue::from_str(&format!("\"{}\"", about.meta.etag)) {
                headers.insert(ETAG, value);
            }
            if let Ok(value) = HeaderValue::from_str(&about.modified.to_http()) {
                headers.insert(LAST_MODIFIED, value);
            }
            let mut error = Refused::from(Refusal::new(Code::NotModified, "not modified"));
            error.0.set_headers(headers);
            Err(error)
        }
        Got::PreconditionFailed => {
            Err(Refusal::new(Code::PreconditionFailed, "at least one of the pre-conditions you specified did not hold")
                .into())
        }
        Got::Unsatisfiable(size) => Err(unsatisfiable(size)),
    }
}

// SPEC: RFC 9110 §15.5.17: a 416 names the current size.
fn unsatisfiable(size: u64) -> Refused {
    let mut error = Refused::from(Refusal::new(Code::InvalidRange, "the requested range is not satisfiable"));
    if let Ok(value) = HeaderValue::from_str(&format!("bytes */{size}")) {
        let headers = HeaderMap::from_iter([
            (CONTENT_RANGE, value),
            (http::header::CONTENT_TYPE, HeaderValue::from_static("application/xml")),
        ]);
        error.0.set_headers(headers);
    }
    error
}

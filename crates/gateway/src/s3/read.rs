//! Objects read and described.

use std::sync::Arc;

use custody::CustodyError;
use custody::access::{Description, Got, Span};
use custody::delivery::{self, Delivery};
use custody::meta::Meta;
use http::HeaderMap;
use http::header::{CONTENT_RANGE, ETAG, HeaderValue, LAST_MODIFIED};
use s3s::S3Response;
use s3s::dto::{
    ChecksumMode, GetObjectInput, GetObjectOutput, HeadObjectInput, HeadObjectOutput, StreamingBlob, Timestamp,
    TimestampFormat,
};

use super::checksums::{type_of, user_metadata, write_checksums};
use super::{Door, Refused, etag, timestamp, unsupported};
use crate::asked::Asked;
use crate::body::{Outgoing, Source, Step};
use s3wire::{Code, Refusal};

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
    refuse_part(input.part_number)?;
    refuse_version(input.version_id.as_deref())?;
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
    refuse_part(input.part_number)?;
    refuse_version(input.version_id.as_deref())?;
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

fn refuse_part(part: Option<i32>) -> Result<(), Refusal> {
    match part {
        None => Ok(()),
        Some(_) => Err(unsupported("reading by part number is not implemented")),
    }
}

/// Whose versions are addressed is not implemented; the only one that can be named is the current one.
pub(super) fn refuse_version(version: Option<&str>) -> Result<(), Refusal> {
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

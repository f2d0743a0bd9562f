//! Objects read and described.

use std::collections::BTreeMap;
use std::sync::Arc;

use custody::access::{Description, Got, Span};
use custody::delivery::{self, Delivery};
use custody::meta::Meta;
use custody::{CustodyError, Window};
use http::HeaderMap;
use http::header::{CONTENT_RANGE, ETAG, HeaderValue, LAST_MODIFIED};
use s3s::S3Response;
use s3s::dto::{
    ChecksumMode, GetObjectInput, GetObjectOutput, HeadObjectInput, HeadObjectOutput, StorageClass, StreamingBlob,
    Timestamp, TimestampFormat,
};

use super::checksums::{kind, user_metadata, write_checksums};
use super::{Door, Refused, etag, locks, object, timestamp, version_id};
use crate::asked::Asked;
use crate::body::{Outgoing, Source, Step};
use s3wire::{Code, Refusal};

/// The highest number of a part.
// SPEC: S3 multipart limits.
const LAST_PART: u32 = 10_000;

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

/// What GET and HEAD say alike: both outputs have these fields.
macro_rules! describe {
    ($output:ident, $content:expr, $mode:expr) => {{
        let content = $content;
        let meta = &content.about.meta;
        let checksums = content.checksums($mode);
        let retention = content.about.lock().retention;
        let mut output = $output {
            accept_ranges: Some("bytes".to_owned()),
            content_length: i64::try_from(content.window.len()).ok(),
            content_range: content.range(),
            parts_count: content.parts_count(),
            e_tag: Some(etag(&meta.etag)),
            version_id: version_id(content.about.name),
            object_lock_mode: retention.map(|retention| locks::mode(retention.mode)),
            object_lock_retain_until_date: retention.map(|retention| timestamp(retention.until)),
            object_lock_legal_hold_status: content.about.lock().legal_hold.map(locks::hold),
            last_modified: Some(timestamp(content.about.modified)),
            metadata: user_metadata(meta),
            cache_control: kept(meta, "cache-control"),
            content_disposition: kept(meta, "content-disposition"),
            content_encoding: kept(meta, "content-encoding"),
            content_language: kept(meta, "content-language"),
            content_type: content_type(meta),
            expires: expires(meta),
            storage_class: meta.storage_class.clone().map(StorageClass::from),
            checksum_type: (!checksums.is_empty()).then(|| kind(meta.composite)),
            ..$output::default()
        };
        write_checksums!(output, &checksums);
        output
    }};
}

pub(super) async fn get_object(
    door: &Door,
    asked: Arc<Asked>,
    input: GetObjectInput,
) -> Result<S3Response<GetObjectOutput>, Refused> {
    let object = object(&input.bucket, &input.key, input.version_id.as_deref())?;
    let span = span(&asked, input.part_number)?;
    let caller = Arc::clone(&asked.caller);
    let got = door.custody.get(caller, asked.request, object, span, &asked.conditions).await;
    let content = content_of(got.map_err(|error| unread(&asked, error))?, span)?;
    let mut output = describe!(GetObjectOutput, &content, input.checksum_mode.as_ref());
    output.tag_count = i32::try_from(content.about.meta.tags.len()).ok().filter(|count| *count > 0);
    // INVARIANT: the wire is in the register before the first segment is taken.
    door.register.enter(&asked.wire, content.delivery.engagement());
    let body = Outgoing::new(content.delivery, content.window.len(), Arc::clone(&asked.wire));
    output.body = Some(StreamingBlob::from(s3s::Body::http_body_unsync(body)));
    Ok(S3Response::new(output))
}

pub(super) async fn head_object(
    door: &Door,
    asked: Arc<Asked>,
    input: HeadObjectInput,
) -> Result<S3Response<HeadObjectOutput>, Refused> {
    let object = object(&input.bucket, &input.key, input.version_id.as_deref())?;
    let span = span(&asked, input.part_number)?;
    let got = door.custody.head(&asked.caller, asked.request, object, span, &asked.conditions).await;
    let content = content_of(got.map_err(|error| unread(&asked, error))?, span)?;
    let mut output = describe!(HeadObjectOutput, &content, input.checksum_mode.as_ref());
    // SPEC: S3 HeadObject: its caller may word the answer. For GET, `s3s` does this.
    output.cache_control = input.response_cache_control.or(output.cache_control);
    output.content_disposition = input.response_content_disposition.or(output.content_disposition);
    output.content_encoding = input.response_content_encoding.or(output.content_encoding);
    output.content_language = input.response_content_language.or(output.content_language);
    output.content_type = input.response_content_type.or(output.content_type);
    output.expires = input.response_expires.or(output.expires);
    let mut response = S3Response::new(output);
    // The document of `s3s` has no place for it here.
    let tags = content.about.meta.tags.len();
    if tags > 0 {
        response.headers.insert("x-amz-tagging-count", HeaderValue::from(tags));
    }
    Ok(response)
}

/// Which bytes are asked for: a part, a range, or all.
fn span(asked: &Asked, part: Option<i32>) -> Result<Span, Refusal> {
    let Some(part) = part else { return Ok(asked.span) };
    if asked.span != Span::Whole {
        let why = "cannot specify both Range header and partNumber query parameter";
        return Err(Refusal::new(Code::InvalidRequest, why));
    }
    part_number(part).map(Span::Part)
}

/// Reads the number of a part.
///
/// # Errors
/// `InvalidArgument` for what numbers no part.
pub(super) fn part_number(number: i32) -> Result<u32, Refusal> {
    u32::try_from(number).ok().filter(|number| (1..=LAST_PART).contains(number)).ok_or_else(|| {
        Refusal::new(Code::InvalidArgument, "part number must be an integer between 1 and 10000, inclusive")
    })
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

/// What a read is refused with. A delete marker says that it is one.
// SPEC: S3: x-amz-delete-marker, and what may be done with a marker that was named itself.
pub(super) fn unread(asked: &Asked, error: CustodyError) -> Refused {
    let CustodyError::Deleted(marker) = error else { return asked.refuse(error).into() };
    let mut headers = HeaderMap::new();
    headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    headers.insert("x-amz-delete-marker", HeaderValue::from_static("true"));
    if let Ok(value) = HeaderValue::from_str(&marker.name.to_string()) {
        headers.insert("x-amz-version-id", value);
    }
    if marker.asked_for {
        headers.insert(http::header::ALLOW, HeaderValue::from_static("DELETE"));
        if let Ok(value) = HeaderValue::from_str(&marker.modified.to_http()) {
            headers.insert(LAST_MODIFIED, value);
        }
    }
    let mut refused = Refused::from(asked.refuse(error));
    refused.0.set_headers(headers);
    refused
}

/// A read that has a body: what it is, what was asked for, which bytes answer it, and where they come from.
pub(super) struct Content {
    pub(super) about: Description,
    pub(super) span: Span,
    pub(super) window: Window,
    pub(super) delivery: Box<Delivery>,
}

impl Content {
    /// `Content-Range`: wherever not simply the whole was asked for. An empty part has no range to name.
    fn range(&self) -> Option<String> {
        let Window { from, to } = self.window;
        let partial = self.span != Span::Whole && from < to;
        partial.then(|| format!("bytes {from}-{}/{}", to.saturating_sub(1), self.about.size))
    }

    // SPEC: S3: x-amz-mp-parts-count answers a part number only.
    fn parts_count(&self) -> Option<i32> {
        let count = self.about.parts().len();
        (matches!(self.span, Span::Part(_)) && count > 0).then(|| i32::try_from(count).ok()).flatten()
    }

    /// The checksums of exactly the bytes that follow, if they are asked for and known: of the whole, or of a part.
    // SPEC: S3: never on a range; clients would hold the range against the checksum of the whole.
    fn checksums(&self, mode: Option<&ChecksumMode>) -> BTreeMap<String, String> {
        let whole = &self.about.meta.checksums;
        match self.span {
            _ if mode.is_none_or(|mode| mode.as_str() != ChecksumMode::ENABLED) => BTreeMap::new(),
            Span::Part(number) if self.about.parts().len() > 0 => {
                let part = self.about.parts().find(|part| part.number == number).and_then(|part| part.checksum);
                let algorithm = whole.keys().next();
                algorithm.zip(part).map(|(name, value)| (name.clone(), value.to_owned())).into_iter().collect()
            }
            Span::Whole | Span::Part(_) => whole.clone(),
            Span::Between(..) | Span::From(_) | Span::Last(_) => BTreeMap::new(),
        }
    }
}

/// What a read came to, with the answers that have no body as errors.
pub(super) fn content_of(got: Got, asked: Span) -> Result<Content, Refused> {
    match got {
        Got::Body { about, span, window, delivery } => Ok(Content { about, span, window, delivery }),
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
        Got::PreconditionFailed => Err(failed().into()),
        Got::Unsatisfiable(size) => Err(unsatisfiable(size, asked)),
    }
}

/// A condition of a read does not hold.
pub(super) fn failed() -> Refusal {
    Refusal::new(Code::PreconditionFailed, "at least one of the pre-conditions you specified did not hold")
}

// SPEC: RFC 9110 §15.5.17: a 416 names the current size.
fn unsatisfiable(size: u64, asked: Span) -> Refused {
    let mut error = Refused::from(match asked {
        Span::Part(_) => Refusal::new(Code::InvalidPartNumber, "the requested partnumber is not satisfiable"),
        _ => Refusal::new(Code::InvalidRange, "the requested range is not satisfiable"),
    });
    if let Ok(value) = HeaderValue::from_str(&format!("bytes */{size}")) {
        let headers = HeaderMap::from_iter([
            (CONTENT_RANGE, value),
            (http::header::CONTENT_TYPE, HeaderValue::from_static("application/xml")),
        ]);
        error.0.set_headers(headers);
    }
    error
}

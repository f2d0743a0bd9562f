//! Objects written: the metadata they bring, and the one loop in which their bytes come in.

use std::sync::Arc;

use custody::digests::Algorithm;
use custody::incoming::{Expected, Finished, Incoming, Mismatch};
use custody::intake::NewObject;
use custody::meta::Meta;
use futures_util::StreamExt;
use s3s::S3Response;
use s3s::dto::{PutObjectInput, PutObjectOutput, StreamingBlob, Timestamp, TimestampFormat};

use super::checksums::{self, type_of, write_checksums};
use super::{Door, Refused, etag, new_version_id};
use crate::asked::Asked;
use crate::upload::refusal_of;
use s3wire::{Code, Refusal};

/// How many bytes of user metadata an object may have.
// SPEC: S3: names and values together, 2 KB.
const LARGEST_METADATA_BYTES: usize = 2048;

/// Takes the headers that S3 keeps out of an input that has the six fields.
macro_rules! kept_headers {
    ($input:ident) => {
        KeptHeaders {
            cache_control: $input.cache_control,
            content_disposition: $input.content_disposition,
            content_encoding: $input.content_encoding,
            content_language: $input.content_language,
            content_type: $input.content_type,
            expires: $input.expires,
        }
    };
}
pub(super) use kept_headers;

pub(super) async fn put_object(
    door: &Door,
    asked: Arc<Asked>,
    input: PutObjectInput,
) -> Result<S3Response<PutObjectOutput>, Refused> {
    let mut meta = new_meta(kept_headers!(input), input.metadata)?;
    asked.labels.put_on(&mut meta);
    let mut new = NewObject { meta, algorithms: vec![algorithm_of(&asked)], ..NewObject::default() };
    asked.bind(&mut new)?;
    new.lock = asked.lock()?;
    let caller = Arc::clone(&asked.caller);
    let put = door.custody.put(caller, asked.request, &input.bucket, input.key.as_bytes(), new).await;
    let incoming = put.map_err(|error| asked.refuse(error))?;
    let length = input.content_length.and_then(|length| u64::try_from(length).ok());
    let incoming = take_in(&asked, incoming, input.body).await?;
    let stored = match incoming.finish(&expected(&asked, length)).await.map_err(|error| asked.refuse(error))? {
        Finished::Stored(stored) => stored,
        Finished::Mismatch(mismatch) => return Err(mismatched(mismatch).into()),
    };
    let mut output = PutObjectOutput {
        e_tag: Some(etag(&stored.meta.etag)),
        version_id: new_version_id(stored.name),
        ..PutObjectOutput::default()
    };
    write_checksums!(output, &stored.meta.checksums);
    output.checksum_type = type_of(&stored.meta);
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

/// Takes a request's body in, an object's or a part's. What ends badly is given up.
pub(super) async fn take_in<Of>(
    asked: &Asked,
    mut incoming: Incoming<Of>,
    body: Option<StreamingBlob>,
) -> Result<Incoming<Of>, Refusal> {
    let Some(mut body) = body else { return Ok(incoming) };
    while let Some(data) = body.next().await {
        let taken = match data {
            Ok(data) => incoming.push(&data).await.map_err(|error| asked.refuse(error)),
            Err(error) => Err(refusal_of(error)),
        };
        if let Err(refusal) = taken {
            incoming.abandon().await;
            return Err(refusal);
        }
    }
    Ok(incoming)
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

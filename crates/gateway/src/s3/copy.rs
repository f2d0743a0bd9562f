//! Copies, of objects and into parts: what is read and what is written, both asked of custody.

use std::sync::Arc;

use custody::access::{Got, Span};
use custody::incoming::{Expected, Finished, Incoming};
use custody::intake::{LARGEST_PUT_BYTES, NewObject};
use custody::upload::NewPart;
use custody::{CustodyError, DeleteMarker};
use s3s::S3Response;
use s3s::dto::{
    CopyObjectInput, CopyObjectOutput, CopyObjectResult, CopyPartResult, CopySource, MetadataDirective,
    TaggingDirective, UploadPartCopyInput, UploadPartCopyOutput,
};

use super::checksums::{self, named, type_of, write_checksums};
use super::read::{Content, content_of, failed};
use super::uploads::read_id;
use super::write::{KeptHeaders, kept_headers, mismatched, new_meta};
use super::{Door, Refused, etag, new_version_id, object, timestamp, unsupported, version_id};
use crate::asked::Asked;
use s3wire::range;
use s3wire::{Code, Refusal};

pub(super) async fn copy_object(
    door: &Door,
    asked: Arc<Asked>,
    input: CopyObjectInput,
) -> Result<S3Response<CopyObjectOutput>, Refused> {
    let replaces = directive(input.metadata_directive.as_ref().map(MetadataDirective::as_str), "metadata")?;
    let retags = directive(input.tagging_directive.as_ref().map(TaggingDirective::as_str), "tagging")?;
    let (bucket, key, version) = place(&input.copy_source)?;
    let algorithm = input.checksum_algorithm.as_ref().map(named).transpose()?;
    let itself = bucket == &*input.bucket && key == &*input.key && version.is_none();
    if itself && !replaces && algorithm.is_none() && input.storage_class.is_none() {
        return Err(Refusal::new(
            Code::InvalidRequest,
            "this copy request is illegal because it is trying to copy an object to itself without changing the \
             object's metadata, storage class, website redirect location or encryption attributes",
        )
        .into());
    }
    let mut new = NewObject::default();
    asked.bind(&mut new)?;
    if replaces {
        new.meta = new_meta(kept_headers!(input), input.metadata)?;
    }
    let source = open(door, &asked, &input.copy_source, Span::Whole).await?;
    let about = &source.about;
    asked.labels.put_on(&mut new.meta);
    if !retags {
        new.meta.tags.clone_from(&about.meta.tags);
    }
    if !replaces {
        new.meta.headers.clone_from(&about.meta.headers);
        new.meta.user.clone_from(&about.meta.user);
    }
    // SPEC: S3 CopyObject: the source's algorithm, unless another is asked for.
    let kept = about.meta.checksums.keys().find_map(|name| custody::digests::Algorithm::named(name));
    new.algorithms = vec![algorithm.or(kept).unwrap_or(checksums::DEFAULT)];
    new.copied_from = Some(about.version);
    new.lock = asked.labels.lock;
    let copy_source_version_id = version_id(about.name);
    let caller = Arc::clone(&asked.caller);
    let put = door.custody.put(caller, asked.request, &input.bucket, input.key.as_bytes(), new).await;
    let incoming = put.map_err(|error| asked.refuse(error))?;
    let (incoming, expected) = fill(&asked, incoming, source).await?;
    let stored = match incoming.finish(&expected).await.map_err(|error| asked.refuse(error))? {
        Finished::Stored(stored) => stored,
        Finished::Mismatch(mismatch) => return Err(mismatched(mismatch).into()),
    };
    let mut result = CopyObjectResult {
        e_tag: Some(etag(&stored.meta.etag)),
        last_modified: Some(timestamp(stored.modified)),
        checksum_type: type_of(&stored.meta),
        ..CopyObjectResult::default()
    };
    write_checksums!(result, &stored.meta.checksums);
    Ok(S3Response::new(CopyObjectOutput {
        copy_object_result: Some(result),
        copy_source_version_id,
        version_id: new_version_id(stored.name),
        ..CopyObjectOutput::default()
    }))
}

pub(super) async fn upload_part_copy(
    door: &Door,
    asked: Arc<Asked>,
    input: UploadPartCopyInput,
) -> Result<S3Response<UploadPartCopyOutput>, Refused> {
    asked.unconditional()?;
    let upload = read_id(&input.upload_id)?;
    let number = super::read::part_number(input.part_number)?;
    let range = input.copy_source_range.as_deref().map(|text| {
        range::of_copy(text).ok_or_else(|| {
            let why = "the x-amz-copy-source-range value must be of the form bytes=first-last where first and last are \
                       the zero-based offsets of the first and last bytes to copy";
            Refusal::new(Code::InvalidArgument, why)
        })
    });
    let range = range.transpose()?;
    let source =
        open(door, &asked, &input.copy_source, range.map_or(Span::Whole, |(a, b)| Span::Between(a, b))).await?;
    if range.is_some_and(|(_, last)| last >= source.about.size) {
        return Err(beyond(source.about.size).into());
    }
    let copy_source_version_id = version_id(source.about.name);
    let new = NewPart { upload, number, algorithm: None, copied_from: Some(source.about.version) };
    let (caller, key) = (Arc::clone(&asked.caller), input.key.as_bytes());
    let begun = door.custody.upload_part(caller, asked.request, &input.bucket, key, new).await;
    let incoming = begun.map_err(|error| asked.refuse(error))?;
    let (incoming, expected) = fill(&asked, incoming, source).await?;
    let stored = match incoming.finish(&expected).await.map_err(|error| asked.refuse(error))? {
        Finished::Stored(stored) => stored,
        Finished::Mismatch(mismatch) => return Err(mismatched(mismatch).into()),
    };
    let mut result = CopyPartResult {
        e_tag: Some(etag(&stored.meta.etag)),
        last_modified: Some(timestamp(stored.modified)),
        ..CopyPartResult::default()
    };
    write_checksums!(result, &stored.meta.checksums);
    Ok(S3Response::new(UploadPartCopyOutput {
        copy_part_result: Some(result),
        copy_source_version_id,
        ..UploadPartCopyOutput::default()
    }))
}

/// Whether the copy's metadata, or tags, come with the request rather than from the source.
fn directive(asked: Option<&str>, of: &str) -> Result<bool, Refusal> {
    match asked {
        None | Some("COPY") => Ok(false),
        Some("REPLACE") => Ok(true),
        Some(_) => Err(Refusal::new(Code::InvalidArgument, format!("unknown {of} directive"))),
    }
}

/// Where the source lies: bucket, key, version.
fn place(source: &CopySource) -> Result<(&str, &str, Option<&str>), Refusal> {
    match source {
        CopySource::Bucket { bucket, key, version_id } => Ok((&**bucket, &**key, version_id.as_deref())),
        CopySource::AccessPoint { .. } | CopySource::Outpost { .. } => {
            Err(unsupported("there are no access points\nname the source as bucket/key"))
        }
    }
}

/// Asks for the source's bytes. Every condition that does not hold is a failed one: a copy has no "not modified".
async fn open(door: &Door, asked: &Asked, source: &CopySource, span: Span) -> Result<Content, Refused> {
    let (bucket, key, version) = place(source)?;
    let (caller, conditions) = (Arc::clone(&asked.caller), &asked.source_conditions);
    let got = door.custody.get(caller, asked.request, object(bucket, key, version)?, span, conditions).await;
    let content = match got.map_err(|error| unread_source(asked, error))? {
        Got::NotModified(_) => return Err(failed().into()),
        Got::Unsatisfiable(size) => return Err(beyond(size).into()),
        got => content_of(got, span)?,
    };
    if content.window.len() > LARGEST_PUT_BYTES {
        let why = format!(
            "the specified copy source is larger than the maximum allowable size for a copy source: {LARGEST_PUT_BYTES}"
        );
        return Err(Refusal::new(Code::InvalidRequest, why).into());
    }
    Ok(content)
}

/// What a copy is refused with whose source cannot be read.
// SPEC: S3 CopyObject: a delete marker that is named itself is no source.
fn unread_source(asked: &Asked, error: CustodyError) -> Refusal {
    match error {
        CustodyError::Deleted(DeleteMarker { asked_for: true, .. }) => Refusal::new(
            Code::InvalidRequest,
            "the source of a copy request may not refer to a delete marker by version id",
        ),
        error => asked.refuse(error),
    }
}

fn beyond(size: u64) -> Refusal {
    Refusal::new(Code::InvalidRange, format!("range specified is not valid for source object of size: {size}"))
}

/// Moves the source's bytes into what takes them in; answers it with what they must have come to.
async fn fill<Of>(
    asked: &Asked,
    mut incoming: Incoming<Of>,
    source: Content,
) -> Result<(Incoming<Of>, Expected), Refused> {
    let expected = Expected { length: Some(source.window.len()), ..Expected::default() };
    match incoming.fill(source.delivery).await {
        Ok(()) => Ok((incoming, expected)),
        Err(error) => {
            incoming.abandon().await;
            Err(asked.refuse(error).into())
        }
    }
}

//! Objects deleted, one by one or many at once.

use std::sync::Arc;

use custody::removal::{Removal, Removed};
use futures_util::StreamExt;
use s3s::S3Response;
use s3s::dto::{
    DeleteObjectInput, DeleteObjectOutput, DeleteObjectsInput, DeleteObjectsOutput, DeletedObject, Error,
    ObjectIdentifier,
};

use super::{Door, Refused, object, read_timestamp, version_id};
use crate::asked::Asked;
use s3wire::{Code, Refusal};

/// How many keys of a DeleteObjects request are deleted at once: their entries share flushes.
const DELETES_AT_ONCE: usize = 32;

/// How many keys one DeleteObjects request may name.
// SPEC: S3 DeleteObjects.
const MOST_DELETES: usize = 1000;

pub(super) async fn delete_object(
    door: &Door,
    asked: Arc<Asked>,
    input: DeleteObjectInput,
) -> Result<S3Response<DeleteObjectOutput>, Refused> {
    let object = object(&input.bucket, &input.key, input.version_id.as_deref())?;
    let removal = Removal {
        etag: asked.if_match()?,
        modified: input.if_match_last_modified_time.map(read_timestamp),
        size: input.if_match_size.map(read_size),
        bypass_governance: input.bypass_governance_retention == Some(true),
    };
    let deleted = door.custody.delete(&asked.caller, asked.request, object, &removal).await;
    let Removed { version, marker } = deleted.map_err(|error| asked.refuse(error))?;
    Ok(S3Response::new(DeleteObjectOutput {
        delete_marker: marker.then_some(true),
        version_id: version_id(version),
        ..DeleteObjectOutput::default()
    }))
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
    let bypass_governance = input.bypass_governance_retention == Some(true);
    let outcomes: Vec<(ObjectIdentifier, Result<Removed, Refusal>)> = futures_util::stream::iter(input.delete.objects)
        .map(|named| async move {
            let outcome = delete_one(door, asked, bucket, &named, bypass_governance).await;
            (named, outcome)
        })
        .buffered(DELETES_AT_ONCE)
        .collect()
        .await;
    let quiet = input.delete.quiet.unwrap_or(false);
    let (mut deleted, mut errors) = (Vec::new(), Vec::new());
    for (named, outcome) in outcomes {
        match outcome {
            Ok(_) if quiet => {}
            Ok(removed) => deleted.push(said(named, removed)),
            Err(refusal) => errors.push(Error {
                code: Some(refusal.code().name().to_owned()),
                key: Some(named.key),
                message: Some(refusal.message().to_owned()),
                version_id: named.version_id,
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

async fn delete_one(
    door: &Door,
    asked: &Asked,
    bucket: &str,
    named: &ObjectIdentifier,
    bypass_governance: bool,
) -> Result<Removed, Refusal> {
    // SPEC: S3 DeleteObjects: a version that cannot be one is not there, of this key.
    let object = object(bucket, &named.key, named.version_id.as_deref())
        .map_err(|_| Refusal::new(Code::NoSuchVersion, "the specified version does not exist"))?;
    let removal = Removal {
        etag: named.e_tag.as_ref().map(|tag| tag.value().trim_matches('"').to_owned()),
        modified: named.last_modified_time.clone().map(read_timestamp),
        size: named.size.map(read_size),
        bypass_governance,
    };
    let deleted = door.custody.delete(&asked.caller, asked.request, object, &removal).await;
    deleted.map_err(|error| asked.refuse(error))
}

/// What a delete came to, in the words of DeleteObjects.
// SPEC: S3 DeletedObject: VersionId is what was asked for, DeleteMarkerVersionId the marker that was written or deleted.
fn said(named: ObjectIdentifier, removed: Removed) -> DeletedObject {
    DeletedObject {
        key: Some(named.key),
        version_id: named.version_id,
        delete_marker: removed.marker.then_some(true),
        delete_marker_version_id: version_id(removed.version.filter(|_| removed.marker)),
    }
}

/// A size of an object. No object has a negative one.
fn read_size(size: i64) -> u64 {
    u64::try_from(size).unwrap_or(u64::MAX)
}

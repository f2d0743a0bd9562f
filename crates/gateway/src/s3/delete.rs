//! Objects deleted, one by one or many at once.

use std::sync::Arc;

use futures_util::StreamExt;
use s3s::S3Response;
use s3s::dto::{DeleteObjectInput, DeleteObjectOutput, DeleteObjectsInput, DeleteObjectsOutput, DeletedObject, Error};

use super::read::refuse_version;
use super::{Door, Refused, unsupported};
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
    asked.unconditional()?;
    refuse_version(input.version_id.as_deref())?;
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
            } else if let Err(refusal) = refuse_version(object.version_id.as_deref()) {
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

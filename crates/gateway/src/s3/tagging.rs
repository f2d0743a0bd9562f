//! Tags of objects.

use std::collections::BTreeMap;
use std::sync::Arc;

use s3s::S3Response;
use s3s::dto::{
    DeleteObjectTaggingInput, DeleteObjectTaggingOutput, GetObjectTaggingInput, GetObjectTaggingOutput,
    PutObjectTaggingInput, PutObjectTaggingOutput,
};

use super::read::refuse_version;
use super::{Door, Refused};
use crate::asked::Asked;
use crate::tags;

pub(super) async fn get_object_tagging(
    door: &Door,
    asked: Arc<Asked>,
    input: GetObjectTaggingInput,
) -> Result<S3Response<GetObjectTaggingOutput>, Refused> {
    refuse_version(input.version_id.as_deref())?;
    let found = door.custody.tags(&asked.caller, asked.request, &input.bucket, input.key.as_bytes()).await;
    let tag_set = tags::to_set(&found.map_err(|error| asked.refuse(error))?);
    Ok(S3Response::new(GetObjectTaggingOutput { tag_set, version_id: None }))
}

pub(super) async fn put_object_tagging(
    door: &Door,
    asked: Arc<Asked>,
    input: PutObjectTaggingInput,
) -> Result<S3Response<PutObjectTaggingOutput>, Refused> {
    let tags = tags::of_document(input.tagging, tags::MOST_OF_OBJECT)?;
    tag(door, &asked, (&input.bucket, &input.key), input.version_id.as_deref(), tags).await?;
    Ok(S3Response::new(PutObjectTaggingOutput::default()))
}

pub(super) async fn delete_object_tagging(
    door: &Door,
    asked: Arc<Asked>,
    input: DeleteObjectTaggingInput,
) -> Result<S3Response<DeleteObjectTaggingOutput>, Refused> {
    tag(door, &asked, (&input.bucket, &input.key), input.version_id.as_deref(), BTreeMap::new()).await?;
    Ok(S3Response::new(DeleteObjectTaggingOutput::default()))
}

async fn tag(
    door: &Door,
    asked: &Asked,
    (bucket, key): (&str, &str),
    version: Option<&str>,
    tags: BTreeMap<String, String>,
) -> Result<(), Refused> {
    refuse_version(version)?;
    let tagged = door.custody.tag(&asked.caller, asked.request, bucket, key.as_bytes(), tags).await;
    Ok(tagged.map_err(|error| asked.refuse(error))?)
}

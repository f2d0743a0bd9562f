//! Tags of objects.

use std::collections::BTreeMap;
use std::sync::Arc;

use custody::version::ObjectName;
use s3s::S3Response;
use s3s::dto::{
    DeleteObjectTaggingInput, DeleteObjectTaggingOutput, GetObjectTaggingInput, GetObjectTaggingOutput,
    PutObjectTaggingInput, PutObjectTaggingOutput,
};

use super::read::unread;
use super::{Door, Refused, object, version_id};
use crate::asked::Asked;
use crate::tags;

pub(super) async fn get_object_tagging(
    door: &Door,
    asked: Arc<Asked>,
    input: GetObjectTaggingInput,
) -> Result<S3Response<GetObjectTaggingOutput>, Refused> {
    let object = object(&input.bucket, &input.key, input.version_id.as_deref())?;
    let found = door.custody.tags(&asked.caller, asked.request, object).await;
    let (name, tags) = found.map_err(|error| unread(&asked, error))?;
    Ok(S3Response::new(GetObjectTaggingOutput { tag_set: tags::to_set(&tags), version_id: version_id(name) }))
}

pub(super) async fn put_object_tagging(
    door: &Door,
    asked: Arc<Asked>,
    input: PutObjectTaggingInput,
) -> Result<S3Response<PutObjectTaggingOutput>, Refused> {
    let tags = tags::of_document(input.tagging, tags::MOST_OF_OBJECT)?;
    let object = object(&input.bucket, &input.key, input.version_id.as_deref())?;
    let version_id = tag(door, &asked, object, tags).await?;
    Ok(S3Response::new(PutObjectTaggingOutput { version_id }))
}

pub(super) async fn delete_object_tagging(
    door: &Door,
    asked: Arc<Asked>,
    input: DeleteObjectTaggingInput,
) -> Result<S3Response<DeleteObjectTaggingOutput>, Refused> {
    let object = object(&input.bucket, &input.key, input.version_id.as_deref())?;
    let version_id = tag(door, &asked, object, BTreeMap::new()).await?;
    Ok(S3Response::new(DeleteObjectTaggingOutput { version_id }))
}

async fn tag(
    door: &Door,
    asked: &Asked,
    object: ObjectName<'_>,
    tags: BTreeMap<String, String>,
) -> Result<Option<String>, Refused> {
    let tagged = door.custody.tag(&asked.caller, asked.request, object, tags).await;
    Ok(version_id(tagged.map_err(|error| unread(asked, error))?))
}

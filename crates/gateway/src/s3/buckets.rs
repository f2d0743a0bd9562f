//! Buckets: the datasets of the session's engagement.

use std::sync::Arc;

use custody::settings::{Dataset, DatasetSettings};
use s3s::S3Response;
use s3s::dto::{
    Bucket, CreateBucketInput, CreateBucketOutput, DeleteBucketInput, DeleteBucketOutput, GetBucketLocationInput,
    GetBucketLocationOutput, GetBucketVersioningInput, GetBucketVersioningOutput, HeadBucketInput, HeadBucketOutput,
    ListBucketsInput, ListBucketsOutput,
};

use super::private::owner;
use super::{Door, Refused, timestamp};
use crate::asked::Asked;

pub(super) async fn list_buckets(
    door: &Door,
    asked: Arc<Asked>,
    _input: ListBucketsInput,
) -> Result<S3Response<ListBucketsOutput>, Refused> {
    let rows = door.custody.buckets(&asked.caller, asked.request).await.map_err(|error| asked.refuse(error))?;
    let buckets = rows
        .iter()
        .map(|row| Bucket {
            name: Some(row.bucket.clone()),
            creation_date: Some(timestamp(row.created)),
            ..Bucket::default()
        })
        .collect();
    let owner = Some(owner(door, &asked));
    Ok(S3Response::new(ListBucketsOutput { buckets: Some(buckets), owner, ..ListBucketsOutput::default() }))
}

pub(super) async fn create_bucket(
    door: &Door,
    asked: Arc<Asked>,
    input: CreateBucketInput,
) -> Result<S3Response<CreateBucketOutput>, Refused> {
    let created =
        door.custody.create_bucket(&asked.caller, asked.request, &input.bucket, DatasetSettings::default()).await;
    created.map_err(|error| asked.refuse(error))?;
    Ok(S3Response::new(CreateBucketOutput { location: Some(format!("/{}", input.bucket)) }))
}

pub(super) async fn head_bucket(
    door: &Door,
    asked: Arc<Asked>,
    input: HeadBucketInput,
) -> Result<S3Response<HeadBucketOutput>, Refused> {
    know(door, &asked, &input.bucket).await?;
    Ok(S3Response::new(HeadBucketOutput::default()))
}

pub(super) async fn delete_bucket(
    door: &Door,
    asked: Arc<Asked>,
    input: DeleteBucketInput,
) -> Result<S3Response<DeleteBucketOutput>, Refused> {
    let deleted = door.custody.delete_bucket(&asked.caller, asked.request, &input.bucket).await;
    deleted.map_err(|error| asked.refuse(error))?;
    Ok(S3Response::new(DeleteBucketOutput {}))
}

/// No constraint: what S3 answers for its oldest region, and clients take for "any".
pub(super) async fn get_bucket_location(
    door: &Door,
    asked: Arc<Asked>,
    input: GetBucketLocationInput,
) -> Result<S3Response<GetBucketLocationOutput>, Refused> {
    know(door, &asked, &input.bucket).await?;
    Ok(S3Response::new(GetBucketLocationOutput::default()))
}

/// Versions are kept inside; the interface shows the current one only, as a bucket without versioning does.
pub(super) async fn get_bucket_versioning(
    door: &Door,
    asked: Arc<Asked>,
    input: GetBucketVersioningInput,
) -> Result<S3Response<GetBucketVersioningOutput>, Refused> {
    know(door, &asked, &input.bucket).await?;
    Ok(S3Response::new(GetBucketVersioningOutput::default()))
}

/// That the bucket exists is itself released by receipt.
pub(super) async fn know(door: &Door, asked: &Asked, bucket: &str) -> Result<Arc<Dataset>, Refused> {
    let known = door.custody.head_bucket(&asked.caller, asked.request, bucket).await;
    Ok(known.map_err(|error| asked.refuse(error))?)
}

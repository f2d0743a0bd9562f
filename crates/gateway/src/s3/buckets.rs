//! Buckets: the datasets of the session's engagement.

use std::sync::Arc;

use base::word::Verb;
use custody::record::Failure;
use custody::settings::{Dataset, DatasetSettings, ObjectLock, Versioning};
use custody::{Clash, CustodyError};
use s3s::S3Response;
use s3s::dto::{
    Bucket, CreateBucketInput, CreateBucketOutput, DeleteBucketInput, DeleteBucketOutput, GetBucketLocationInput,
    GetBucketLocationOutput, HeadBucketInput, HeadBucketOutput, ListBucketsInput, ListBucketsOutput,
};

use super::page::Listed;
use super::private::owner;
use super::{Door, Refused, timestamp};
use crate::asked::Asked;
use s3wire::{Code, Refusal};

/// The region every bucket says it is in: S3's oldest, which clients take when they were told none.
const REGION: &str = "us-east-1";

/// How many buckets a page may have.
// SPEC: S3 ListBuckets.
const MOST_BUCKETS: i32 = 10_000;

pub(super) async fn list_buckets(
    door: &Door,
    asked: Arc<Asked>,
    input: ListBucketsInput,
) -> Result<S3Response<ListBucketsOutput>, Refused> {
    let most = match input.max_buckets.unwrap_or(MOST_BUCKETS) {
        most @ 1..=MOST_BUCKETS => usize::try_from(most).unwrap_or_default(),
        _ => return Err(Refusal::new(Code::InvalidArgument, "max-buckets must be from 1 to 10000").into()),
    };
    let listed = Listed { bucket: "", prefix: input.prefix.as_deref().unwrap_or_default(), delimiter: "" };
    let after = input.continuation_token.as_deref().map(|token| listed.after(token)).transpose()?.unwrap_or_default();
    let rows = door.custody.buckets(&asked.caller, asked.request).await.map_err(|error| asked.refuse(error))?;
    let mut rest = rows.iter().filter(|row| row.bucket.starts_with(listed.prefix) && row.bucket.as_bytes() > &*after);
    let page: Vec<_> = rest.by_ref().take(most).collect();
    let next = page.last().filter(|_| rest.next().is_some()).map(|row| listed.token(row.bucket.as_bytes()));
    let buckets = page
        .into_iter()
        .map(|row| Bucket {
            name: Some(row.bucket.clone()),
            creation_date: Some(timestamp(row.created)),
            ..Bucket::default()
        })
        .collect();
    let owner = Some(owner(door, &asked));
    Ok(S3Response::new(ListBucketsOutput {
        buckets: Some(buckets),
        continuation_token: next,
        owner,
        prefix: input.prefix,
    }))
}

pub(super) async fn create_bucket(
    door: &Door,
    asked: Arc<Asked>,
    input: CreateBucketInput,
) -> Result<S3Response<CreateBucketOutput>, Refused> {
    let mut settings = DatasetSettings::default();
    // SPEC: S3 CreateBucket: object lock brings versioning with it.
    if input.object_lock_enabled_for_bucket == Some(true) {
        settings.versioning = Some(Versioning::Enabled);
        settings.lock = Some(ObjectLock::default());
    }
    let created = door.custody.create_bucket(&asked.caller, asked.request, &input.bucket, settings).await;
    match created {
        Ok(_) => {}
        // SPEC: S3 in its oldest region: who owns the bucket already is told that it is there. Nothing was created, and that is
        // what is entered.
        Err(clash @ CustodyError::Conflict(Clash::BucketOwned)) => {
            let (verb, bucket, kind) = (Verb::CreateDataset, Some(input.bucket.as_str()), clash.kind());
            let failure = Failure { operation: "CreateBucket", verb, bucket, kind };
            let entered = door.custody.enter_failure(&asked.caller, asked.request, failure).await;
            entered.map_err(|error| asked.refuse(error))?;
        }
        // Nothing else of what was asked can be invalid.
        Err(CustodyError::Invalid(why)) => return Err(Refusal::new(Code::InvalidBucketName, why).into()),
        Err(error) => return Err(asked.refuse(error).into()),
    }
    Ok(S3Response::new(CreateBucketOutput { location: Some(format!("/{}", input.bucket)) }))
}

pub(super) async fn head_bucket(
    door: &Door,
    asked: Arc<Asked>,
    input: HeadBucketInput,
) -> Result<S3Response<HeadBucketOutput>, Refused> {
    know(door, &asked, &input.bucket).await?;
    Ok(S3Response::new(HeadBucketOutput { bucket_region: Some(REGION.to_owned()), ..HeadBucketOutput::default() }))
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

/// That the bucket exists is itself released by receipt.
pub(super) async fn know(door: &Door, asked: &Asked, bucket: &str) -> Result<Arc<Dataset>, Refused> {
    let known = door.custody.head_bucket(&asked.caller, asked.request, bucket).await;
    Ok(known.map_err(|error| asked.refuse(error))?)
}

//! What users keep with a bucket: tags, and the rules for browsers.

use std::sync::Arc;

use custody::CustodyError;
use custody::settings::DatasetSettings;
use s3s::S3Response;
use s3s::dto::{
    DeleteBucketCorsInput, DeleteBucketCorsOutput, DeleteBucketTaggingInput, DeleteBucketTaggingOutput,
    GetBucketCorsInput, GetBucketCorsOutput, GetBucketTaggingInput, GetBucketTaggingOutput, PutBucketCorsInput,
    PutBucketCorsOutput, PutBucketTaggingInput, PutBucketTaggingOutput,
};
use s3wire::{Code, Refusal};

use super::buckets::know;
use super::{Door, Refused};
use crate::asked::Asked;
use crate::{cors, tags};

/// The settings these are kept under, as the record names them.
const TAGS: &str = "tags";
const CORS: &str = "cors";

pub(super) async fn get_bucket_tagging(
    door: &Door,
    asked: Arc<Asked>,
    input: GetBucketTaggingInput,
) -> Result<S3Response<GetBucketTaggingOutput>, Refused> {
    let dataset = know(door, &asked, &input.bucket).await?;
    if dataset.settings.tags.is_empty() {
        return Err(Refusal::new(Code::NoSuchTagSet, "the TagSet does not exist").into());
    }
    Ok(S3Response::new(GetBucketTaggingOutput { tag_set: tags::to_set(&dataset.settings.tags) }))
}

pub(super) async fn put_bucket_tagging(
    door: &Door,
    asked: Arc<Asked>,
    input: PutBucketTaggingInput,
) -> Result<S3Response<PutBucketTaggingOutput>, Refused> {
    let tags = tags::of_document(input.tagging, tags::MOST_OF_BUCKET)?;
    configure(door, &asked, &input.bucket, TAGS, tags.len(), |settings| settings.tags = tags).await?;
    Ok(S3Response::new(PutBucketTaggingOutput {}))
}

pub(super) async fn delete_bucket_tagging(
    door: &Door,
    asked: Arc<Asked>,
    input: DeleteBucketTaggingInput,
) -> Result<S3Response<DeleteBucketTaggingOutput>, Refused> {
    configure(door, &asked, &input.bucket, TAGS, 0, |settings| settings.tags.clear()).await?;
    Ok(S3Response::new(DeleteBucketTaggingOutput {}))
}

pub(super) async fn get_bucket_cors(
    door: &Door,
    asked: Arc<Asked>,
    input: GetBucketCorsInput,
) -> Result<S3Response<GetBucketCorsOutput>, Refused> {
    let dataset = know(door, &asked, &input.bucket).await?;
    if dataset.settings.cors.is_empty() {
        return Err(Refusal::new(Code::NoSuchCORSConfiguration, "the CORS configuration does not exist").into());
    }
    Ok(S3Response::new(GetBucketCorsOutput { cors_rules: Some(cors::to_document(&dataset.settings.cors)) }))
}

pub(super) async fn put_bucket_cors(
    door: &Door,
    asked: Arc<Asked>,
    input: PutBucketCorsInput,
) -> Result<S3Response<PutBucketCorsOutput>, Refused> {
    let rules = cors::of_document(input.cors_configuration.cors_rules)?;
    configure(door, &asked, &input.bucket, CORS, rules.len(), |settings| settings.cors = rules).await?;
    Ok(S3Response::new(PutBucketCorsOutput {}))
}

pub(super) async fn delete_bucket_cors(
    door: &Door,
    asked: Arc<Asked>,
    input: DeleteBucketCorsInput,
) -> Result<S3Response<DeleteBucketCorsOutput>, Refused> {
    configure(door, &asked, &input.bucket, CORS, 0, |settings| settings.cors.clear()).await?;
    Ok(S3Response::new(DeleteBucketCorsOutput {}))
}

/// Changes a setting; the record says how many there are now, and what they say stays sealed.
async fn configure(
    door: &Door,
    asked: &Asked,
    bucket: &str,
    setting: &'static str,
    count: usize,
    change: impl FnOnce(&mut DatasetSettings) + Send,
) -> Result<(), Refused> {
    let change = |settings: &mut DatasetSettings| {
        change(settings);
        Ok::<String, CustodyError>(count.to_string())
    };
    let configured = door.custody.configure(&asked.caller, asked.request, bucket, setting, change).await;
    Ok(configured.map_err(|error| asked.refuse(error))?)
}

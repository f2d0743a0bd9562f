//! The operations of S3, each a few lines between `s3s`'s documents and custody's verbs.

mod absent;
mod attributes;
mod buckets;
mod checksums;
mod copy;
mod delete;
mod documents;
mod listing;
pub(crate) mod locks;
mod page;
mod private;
mod read;
mod tagging;
mod uploads;
mod versions;
mod write;

use std::sync::Arc;

use async_trait::async_trait;
use custody::Custody;
use custody::CustodyError;
use custody::version::{ObjectName, VersionName};
use s3s::dto;
use s3s::{S3, S3Error, S3Request, S3Response, S3Result};

use crate::asked::Asked;
use crate::errors;
use crate::register::Register;
use s3wire::{Code, Refusal};

/// The door to custody's verbs.
pub(crate) struct Door {
    custody: Arc<Custody>,
    register: Arc<Register>,
}

impl Door {
    pub(crate) fn new(custody: Arc<Custody>, register: Arc<Register>) -> Self {
        Self { custody, register }
    }
}

impl Asked {
    /// What an error of custody comes to for this request.
    fn refuse(&self, error: CustodyError) -> Refusal {
        errors::refusal(self.request, error)
    }
}

/// What the front door left for the operation. A request without it never passed there.
// INVARIANT: what `s3s` takes a request for is what the front door took it for.
fn asked<T>(request: &S3Request<T>, method: &str) -> Result<Arc<Asked>, Refusal> {
    let asked = request.extensions.get::<Arc<Asked>>();
    let asked = asked.ok_or_else(|| Refusal::new(Code::InternalError, "the request came past the front door"))?;
    if !asked.operation.is(method) {
        return Err(Refusal::new(Code::InvalidArgument, "the query string can be read in two ways"));
    }
    Ok(Arc::clone(asked))
}

/// The text of an answer whose document `s3s` would write otherwise than S3 does. Travels in the answer's extensions.
#[derive(Clone)]
pub(crate) struct Document(pub(crate) String);

/// A refusal in the form in which `s3s` renders it.
pub(crate) struct Refused(S3Error);

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        let code = s3s::S3ErrorCode::from_bytes(refusal.code().name().as_bytes());
        let message = refusal.message().to_owned();
        let mut error = S3Error::with_message(code.unwrap_or(s3s::S3ErrorCode::InternalError), message);
        error.set_status_code(refusal.code().status());
        Self(error)
    }
}

fn unsupported(what: &'static str) -> Refusal {
    Refusal::new(Code::NotImplemented, what)
}

fn read_timestamp(at: dto::Timestamp) -> base::Timestamp {
    let nanos = time::OffsetDateTime::from(at).unix_timestamp_nanos();
    base::Timestamp(i64::try_from(nanos.div_euclid(1000)).unwrap_or(i64::MAX))
}

fn timestamp(at: base::Timestamp) -> dto::Timestamp {
    let nanos = i128::from(at.0).saturating_mul(1000);
    let civil = time::OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
    dto::Timestamp::from(civil)
}

/// An object as a request names it.
fn object<'a>(bucket: &'a str, key: &'a str, version: Option<&str>) -> Result<ObjectName<'a>, Refusal> {
    let version = version.map(read_version).transpose()?;
    Ok(ObjectName { bucket, key: key.as_bytes(), version })
}

fn read_version(text: &str) -> Result<VersionName, Refusal> {
    text.parse().map_err(|_| Refusal::new(Code::InvalidArgument, "invalid version id specified"))
}

fn version_id(name: Option<VersionName>) -> Option<String> {
    name.map(|name| name.to_string())
}

/// The version that a write made.
// SPEC: S3: under suspended versioning an answer to a write names none.
fn new_version_id(name: Option<VersionName>) -> Option<String> {
    version_id(name.filter(|name| *name != VersionName::Null))
}

fn etag(value: &str) -> dto::ETag {
    dto::ETag::Strong(value.to_owned())
}

/// Each operation: what the front door left, the operation, its outcome with the request's id.
macro_rules! operations {
    ($($name:ident($input:ident) -> $output:ident = $file:ident;)*) => {
        /// The operations that are implemented, as the trait spells them.
        pub(crate) const IMPLEMENTED: &[&str] = &[$(stringify!($name)),*];

        #[async_trait]
        impl S3 for Door {
            $(async fn $name(&self, request: S3Request<dto::$input>) -> S3Result<S3Response<dto::$output>> {
                let asked = asked(&request, stringify!($name)).map_err(|refusal| Refused::from(refusal).0)?;
                let id = asked.request.to_string();
                let outcome: Result<S3Response<dto::$output>, Refused> = $file::$name(self, asked, request.input).await;
                outcome.map_err(|Refused(mut error)| {
                    error.set_request_id(id);
                    error
                })
            })*
        }
    };
}

operations! {
    list_buckets(ListBucketsInput) -> ListBucketsOutput = buckets;
    create_bucket(CreateBucketInput) -> CreateBucketOutput = buckets;
    head_bucket(HeadBucketInput) -> HeadBucketOutput = buckets;
    delete_bucket(DeleteBucketInput) -> DeleteBucketOutput = buckets;
    get_bucket_location(GetBucketLocationInput) -> GetBucketLocationOutput = buckets;
    get_bucket_versioning(GetBucketVersioningInput) -> GetBucketVersioningOutput = versions;
    put_bucket_versioning(PutBucketVersioningInput) -> PutBucketVersioningOutput = versions;
    list_object_versions(ListObjectVersionsInput) -> ListObjectVersionsOutput = versions;
    get_object_lock_configuration(GetObjectLockConfigurationInput) -> GetObjectLockConfigurationOutput = locks;
    put_object_lock_configuration(PutObjectLockConfigurationInput) -> PutObjectLockConfigurationOutput = locks;
    get_object_retention(GetObjectRetentionInput) -> GetObjectRetentionOutput = locks;
    put_object_retention(PutObjectRetentionInput) -> PutObjectRetentionOutput = locks;
    get_object_legal_hold(GetObjectLegalHoldInput) -> GetObjectLegalHoldOutput = locks;
    put_object_legal_hold(PutObjectLegalHoldInput) -> PutObjectLegalHoldOutput = locks;
    list_objects(ListObjectsInput) -> ListObjectsOutput = listing;
    list_objects_v2(ListObjectsV2Input) -> ListObjectsV2Output = listing;
    get_object(GetObjectInput) -> GetObjectOutput = read;
    head_object(HeadObjectInput) -> HeadObjectOutput = read;
    get_object_attributes(GetObjectAttributesInput) -> GetObjectAttributesOutput = attributes;
    copy_object(CopyObjectInput) -> CopyObjectOutput = copy;
    put_object(PutObjectInput) -> PutObjectOutput = write;
    delete_object(DeleteObjectInput) -> DeleteObjectOutput = delete;
    delete_objects(DeleteObjectsInput) -> DeleteObjectsOutput = delete;
    create_multipart_upload(CreateMultipartUploadInput) -> CreateMultipartUploadOutput = uploads;
    upload_part(UploadPartInput) -> UploadPartOutput = uploads;
    upload_part_copy(UploadPartCopyInput) -> UploadPartCopyOutput = copy;
    complete_multipart_upload(CompleteMultipartUploadInput) -> CompleteMultipartUploadOutput = uploads;
    abort_multipart_upload(AbortMultipartUploadInput) -> AbortMultipartUploadOutput = uploads;
    list_parts(ListPartsInput) -> ListPartsOutput = uploads;
    list_multipart_uploads(ListMultipartUploadsInput) -> ListMultipartUploadsOutput = uploads;
    get_bucket_tagging(GetBucketTaggingInput) -> GetBucketTaggingOutput = documents;
    put_bucket_tagging(PutBucketTaggingInput) -> PutBucketTaggingOutput = documents;
    delete_bucket_tagging(DeleteBucketTaggingInput) -> DeleteBucketTaggingOutput = documents;
    get_bucket_cors(GetBucketCorsInput) -> GetBucketCorsOutput = documents;
    put_bucket_cors(PutBucketCorsInput) -> PutBucketCorsOutput = documents;
    delete_bucket_cors(DeleteBucketCorsInput) -> DeleteBucketCorsOutput = documents;
    get_object_tagging(GetObjectTaggingInput) -> GetObjectTaggingOutput = tagging;
    put_object_tagging(PutObjectTaggingInput) -> PutObjectTaggingOutput = tagging;
    delete_object_tagging(DeleteObjectTaggingInput) -> DeleteObjectTaggingOutput = tagging;
    get_bucket_analytics_configuration(GetBucketAnalyticsConfigurationInput) -> GetBucketAnalyticsConfigurationOutput = absent;
    get_bucket_intelligent_tiering_configuration(GetBucketIntelligentTieringConfigurationInput) -> GetBucketIntelligentTieringConfigurationOutput = absent;
    get_bucket_inventory_configuration(GetBucketInventoryConfigurationInput) -> GetBucketInventoryConfigurationOutput = absent;
    get_bucket_metrics_configuration(GetBucketMetricsConfigurationInput) -> GetBucketMetricsConfigurationOutput = absent;
    get_bucket_lifecycle_configuration(GetBucketLifecycleConfigurationInput) -> GetBucketLifecycleConfigurationOutput = absent;
    get_bucket_policy(GetBucketPolicyInput) -> GetBucketPolicyOutput = absent;
    get_bucket_replication(GetBucketReplicationInput) -> GetBucketReplicationOutput = absent;
    get_bucket_website(GetBucketWebsiteInput) -> GetBucketWebsiteOutput = absent;
    delete_bucket_analytics_configuration(DeleteBucketAnalyticsConfigurationInput) -> DeleteBucketAnalyticsConfigurationOutput = absent;
    delete_bucket_intelligent_tiering_configuration(DeleteBucketIntelligentTieringConfigurationInput) -> DeleteBucketIntelligentTieringConfigurationOutput = absent;
    delete_bucket_inventory_configuration(DeleteBucketInventoryConfigurationInput) -> DeleteBucketInventoryConfigurationOutput = absent;
    delete_bucket_metrics_configuration(DeleteBucketMetricsConfigurationInput) -> DeleteBucketMetricsConfigurationOutput = absent;
    get_bucket_accelerate_configuration(GetBucketAccelerateConfigurationInput) -> GetBucketAccelerateConfigurationOutput = absent;
    get_bucket_logging(GetBucketLoggingInput) -> GetBucketLoggingOutput = absent;
    get_bucket_notification_configuration(GetBucketNotificationConfigurationInput) -> GetBucketNotificationConfigurationOutput = absent;
    list_bucket_analytics_configurations(ListBucketAnalyticsConfigurationsInput) -> ListBucketAnalyticsConfigurationsOutput = absent;
    list_bucket_intelligent_tiering_configurations(ListBucketIntelligentTieringConfigurationsInput) -> ListBucketIntelligentTieringConfigurationsOutput = absent;
    list_bucket_inventory_configurations(ListBucketInventoryConfigurationsInput) -> ListBucketInventoryConfigurationsOutput = absent;
    list_bucket_metrics_configurations(ListBucketMetricsConfigurationsInput) -> ListBucketMetricsConfigurationsOutput = absent;
    delete_bucket_lifecycle(DeleteBucketLifecycleInput) -> DeleteBucketLifecycleOutput = absent;
    delete_bucket_policy(DeleteBucketPolicyInput) -> DeleteBucketPolicyOutput = absent;
    delete_bucket_replication(DeleteBucketReplicationInput) -> DeleteBucketReplicationOutput = absent;
    delete_bucket_website(DeleteBucketWebsiteInput) -> DeleteBucketWebsiteOutput = absent;
    put_bucket_notification_configuration(PutBucketNotificationConfigurationInput) -> PutBucketNotificationConfigurationOutput = absent;
    get_bucket_acl(GetBucketAclInput) -> GetBucketAclOutput = private;
    put_bucket_acl(PutBucketAclInput) -> PutBucketAclOutput = private;
    get_object_acl(GetObjectAclInput) -> GetObjectAclOutput = private;
    put_object_acl(PutObjectAclInput) -> PutObjectAclOutput = private;
    get_public_access_block(GetPublicAccessBlockInput) -> GetPublicAccessBlockOutput = private;
    put_public_access_block(PutPublicAccessBlockInput) -> PutPublicAccessBlockOutput = private;
    get_bucket_policy_status(GetBucketPolicyStatusInput) -> GetBucketPolicyStatusOutput = private;
    get_bucket_ownership_controls(GetBucketOwnershipControlsInput) -> GetBucketOwnershipControlsOutput = private;
    put_bucket_ownership_controls(PutBucketOwnershipControlsInput) -> PutBucketOwnershipControlsOutput = private;
    get_bucket_encryption(GetBucketEncryptionInput) -> GetBucketEncryptionOutput = private;
    put_bucket_encryption(PutBucketEncryptionInput) -> PutBucketEncryptionOutput = private;
    delete_bucket_encryption(DeleteBucketEncryptionInput) -> DeleteBucketEncryptionOutput = private;
    get_bucket_request_payment(GetBucketRequestPaymentInput) -> GetBucketRequestPaymentOutput = private;
    put_bucket_request_payment(PutBucketRequestPaymentInput) -> PutBucketRequestPaymentOutput = private;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_keeps_its_name_and_status_through_s3s() {
        for code in [Code::InvalidChunkSizeError, Code::NoSuchKey, Code::InvalidRange, Code::MalformedTrailerError] {
            let error = Refused::from(Refusal::new(code, "x")).0;
            assert_eq!(error.code().as_str(), code.name());
            assert_eq!(error.status_code(), Some(code.status()));
        }
    }
}

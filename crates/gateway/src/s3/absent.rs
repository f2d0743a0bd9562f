//! Documents that no bucket has, because what they ask for is refused: none is there to read, and nothing is there to delete.

use std::sync::Arc;

use s3s::S3Response;
use s3s::dto;
use s3wire::{Code, Refusal};

use super::buckets::know;
use super::private::affirm;
use super::{Door, Refused, unsupported};
use crate::asked::Asked;

/// Reading a document that is not there: S3's code for it.
macro_rules! absent {
    ($($name:ident($input:ident) -> $output:ident = $code:ident $why:literal;)*) => {
        $(pub(super) async fn $name(
            door: &Door,
            asked: Arc<Asked>,
            input: dto::$input,
        ) -> Result<S3Response<dto::$output>, Refused> {
            know(door, &asked, &input.bucket).await?;
            Err(Refusal::new(Code::$code, $why).into())
        })*
    };
}

/// Reading a document or a list that is empty.
macro_rules! empty {
    ($($name:ident($input:ident) -> $output:ident;)*) => {
        $(pub(super) async fn $name(
            door: &Door,
            asked: Arc<Asked>,
            input: dto::$input,
        ) -> Result<S3Response<dto::$output>, Refused> {
            know(door, &asked, &input.bucket).await?;
            Ok(S3Response::new(dto::$output::default()))
        })*
    };
}

/// Deleting a document that is not there, which succeeds.
macro_rules! deleted {
    ($($name:ident($input:ident) -> $output:ident;)*) => {
        $(pub(super) async fn $name(
            door: &Door,
            asked: Arc<Asked>,
            input: dto::$input,
        ) -> Result<S3Response<dto::$output>, Refused> {
            affirm(door, &asked, &input.bucket).await?;
            Ok(S3Response::new(dto::$output::default()))
        })*
    };
}

absent! {
    get_bucket_analytics_configuration(GetBucketAnalyticsConfigurationInput) -> GetBucketAnalyticsConfigurationOutput
        = NoSuchConfiguration "the specified configuration does not exist";
    get_bucket_intelligent_tiering_configuration(GetBucketIntelligentTieringConfigurationInput)
        -> GetBucketIntelligentTieringConfigurationOutput
        = NoSuchConfiguration "the specified configuration does not exist";
    get_bucket_inventory_configuration(GetBucketInventoryConfigurationInput) -> GetBucketInventoryConfigurationOutput
        = NoSuchConfiguration "the specified configuration does not exist";
    get_bucket_metrics_configuration(GetBucketMetricsConfigurationInput) -> GetBucketMetricsConfigurationOutput
        = NoSuchConfiguration "the specified configuration does not exist";
    get_bucket_lifecycle_configuration(GetBucketLifecycleConfigurationInput) -> GetBucketLifecycleConfigurationOutput
        = NoSuchLifecycleConfiguration "the lifecycle configuration does not exist";
    get_bucket_policy(GetBucketPolicyInput) -> GetBucketPolicyOutput
        = NoSuchBucketPolicy "the bucket policy does not exist";
    get_bucket_replication(GetBucketReplicationInput) -> GetBucketReplicationOutput
        = ReplicationConfigurationNotFoundError "the replication configuration was not found";
    get_bucket_website(GetBucketWebsiteInput) -> GetBucketWebsiteOutput
        = NoSuchWebsiteConfiguration "the specified bucket does not have a website configuration";
    delete_bucket_analytics_configuration(DeleteBucketAnalyticsConfigurationInput)
        -> DeleteBucketAnalyticsConfigurationOutput
        = NoSuchConfiguration "the specified configuration does not exist";
    delete_bucket_intelligent_tiering_configuration(DeleteBucketIntelligentTieringConfigurationInput)
        -> DeleteBucketIntelligentTieringConfigurationOutput
        = NoSuchConfiguration "the specified configuration does not exist";
    delete_bucket_inventory_configuration(DeleteBucketInventoryConfigurationInput)
        -> DeleteBucketInventoryConfigurationOutput
        = NoSuchConfiguration "the specified configuration does not exist";
    delete_bucket_metrics_configuration(DeleteBucketMetricsConfigurationInput) -> DeleteBucketMetricsConfigurationOutput
        = NoSuchConfiguration "the specified configuration does not exist";
}

empty! {
    get_bucket_accelerate_configuration(GetBucketAccelerateConfigurationInput)
        -> GetBucketAccelerateConfigurationOutput;
    get_bucket_logging(GetBucketLoggingInput) -> GetBucketLoggingOutput;
    get_bucket_notification_configuration(GetBucketNotificationConfigurationInput)
        -> GetBucketNotificationConfigurationOutput;
    list_bucket_analytics_configurations(ListBucketAnalyticsConfigurationsInput)
        -> ListBucketAnalyticsConfigurationsOutput;
    list_bucket_intelligent_tiering_configurations(ListBucketIntelligentTieringConfigurationsInput)
        -> ListBucketIntelligentTieringConfigurationsOutput;
    list_bucket_inventory_configurations(ListBucketInventoryConfigurationsInput)
        -> ListBucketInventoryConfigurationsOutput;
    list_bucket_metrics_configurations(ListBucketMetricsConfigurationsInput) -> ListBucketMetricsConfigurationsOutput;
}

deleted! {
    delete_bucket_lifecycle(DeleteBucketLifecycleInput) -> DeleteBucketLifecycleOutput;
    delete_bucket_policy(DeleteBucketPolicyInput) -> DeleteBucketPolicyOutput;
    delete_bucket_replication(DeleteBucketReplicationInput) -> DeleteBucketReplicationOutput;
    delete_bucket_website(DeleteBucketWebsiteInput) -> DeleteBucketWebsiteOutput;
}

/// An empty configuration says what is so: nobody is notified.
pub(super) async fn put_bucket_notification_configuration(
    door: &Door,
    asked: Arc<Asked>,
    input: dto::PutBucketNotificationConfigurationInput,
) -> Result<S3Response<dto::PutBucketNotificationConfigurationOutput>, Refused> {
    if input.notification_configuration != dto::NotificationConfiguration::default() {
        return Err(unsupported("nobody is notified of what happens in a compartment").into());
    }
    affirm(door, &asked, &input.bucket).await?;
    Ok(S3Response::new(dto::PutBucketNotificationConfigurationOutput {}))
}

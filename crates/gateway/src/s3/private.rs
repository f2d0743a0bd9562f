//! What is said of a bucket's privacy and is always so: who owns it, that nobody else has access, that everything is sealed.
//!
//! Asking is answered with what is so. Saying so is judged, entered and changes nothing; saying anything else is refused.

use std::sync::Arc;

use custody::access::{Conditions, Span};
use s3s::S3Response;
use s3s::dto::{
    AccessControlPolicy, DeleteBucketEncryptionInput, DeleteBucketEncryptionOutput, GetBucketAclInput,
    GetBucketAclOutput, GetBucketEncryptionInput, GetBucketEncryptionOutput, GetBucketOwnershipControlsInput,
    GetBucketOwnershipControlsOutput, GetBucketPolicyStatusInput, GetBucketPolicyStatusOutput,
    GetBucketRequestPaymentInput, GetBucketRequestPaymentOutput, GetObjectAclInput, GetObjectAclOutput,
    GetPublicAccessBlockInput, GetPublicAccessBlockOutput, ObjectOwnership, Owner, OwnershipControls,
    OwnershipControlsRule, Payer, PolicyStatus, PublicAccessBlockConfiguration, PutBucketAclInput, PutBucketAclOutput,
    PutBucketEncryptionInput, PutBucketEncryptionOutput, PutBucketOwnershipControlsInput,
    PutBucketOwnershipControlsOutput, PutBucketRequestPaymentInput, PutBucketRequestPaymentOutput, PutObjectAclInput,
    PutObjectAclOutput, PutPublicAccessBlockInput, PutPublicAccessBlockOutput, ServerSideEncryption,
    ServerSideEncryptionByDefault, ServerSideEncryptionConfiguration, ServerSideEncryptionRule,
};
use s3wire::{Code, Refusal};

use super::buckets::know;
use super::read::unread;
use super::{Door, Refused, object, unsupported};
use crate::acl;
use crate::asked::Asked;

/// Who owns everything that a caller can see: the engagement of its session.
pub(super) fn owner(door: &Door, asked: &Asked) -> Owner {
    let engagement = asked.caller.engagement();
    let name = engagement.and_then(|id| door.custody.directory().engagement(id)).map(|of| of.name.clone());
    Owner { id: engagement.map(|id| id.to_string()), display_name: name }
}

pub(super) async fn get_bucket_acl(
    door: &Door,
    asked: Arc<Asked>,
    input: GetBucketAclInput,
) -> Result<S3Response<GetBucketAclOutput>, Refused> {
    know(door, &asked, &input.bucket).await?;
    let owner = owner(door, &asked);
    Ok(S3Response::new(GetBucketAclOutput { grants: Some(acl::of(&owner)), owner: Some(owner) }))
}

pub(super) async fn put_bucket_acl(
    door: &Door,
    asked: Arc<Asked>,
    input: PutBucketAclInput,
) -> Result<S3Response<PutBucketAclOutput>, Refused> {
    check_acl(&asked, input.access_control_policy.as_ref())?;
    affirm(door, &asked, &input.bucket).await?;
    Ok(S3Response::new(PutBucketAclOutput {}))
}

pub(super) async fn get_object_acl(
    door: &Door,
    asked: Arc<Asked>,
    input: GetObjectAclInput,
) -> Result<S3Response<GetObjectAclOutput>, Refused> {
    know_object(door, &asked, &input.bucket, &input.key, input.version_id.as_deref()).await?;
    let owner = owner(door, &asked);
    let grants = Some(acl::of(&owner));
    Ok(S3Response::new(GetObjectAclOutput { grants, owner: Some(owner), ..GetObjectAclOutput::default() }))
}

pub(super) async fn put_object_acl(
    door: &Door,
    asked: Arc<Asked>,
    input: PutObjectAclInput,
) -> Result<S3Response<PutObjectAclOutput>, Refused> {
    check_acl(&asked, input.access_control_policy.as_ref())?;
    know_object(door, &asked, &input.bucket, &input.key, input.version_id.as_deref()).await?;
    Ok(S3Response::new(PutObjectAclOutput::default()))
}

// SPEC: S3 PutBucketAcl: a canned ACL or grants in the headers, or a document. The front door has accepted the headers.
fn check_acl(asked: &Asked, document: Option<&AccessControlPolicy>) -> Result<(), Refusal> {
    match (asked.labels.says_private, document) {
        (true, None) => Ok(()),
        (false, Some(document)) => acl::check_document(document, &asked.owner()),
        (true, Some(_)) => {
            Err(Refusal::new(Code::InvalidRequest, "an ACL is in the headers or in the body, not in both"))
        }
        (false, None) => {
            Err(Refusal::new(Code::MissingSecurityHeader, "your request was missing a required header: x-amz-acl"))
        }
    }
}

pub(super) async fn get_public_access_block(
    door: &Door,
    asked: Arc<Asked>,
    input: GetPublicAccessBlockInput,
) -> Result<S3Response<GetPublicAccessBlockOutput>, Refused> {
    know(door, &asked, &input.bucket).await?;
    let all = PublicAccessBlockConfiguration {
        block_public_acls: Some(true),
        block_public_policy: Some(true),
        ignore_public_acls: Some(true),
        restrict_public_buckets: Some(true),
    };
    Ok(S3Response::new(GetPublicAccessBlockOutput { public_access_block_configuration: Some(all) }))
}

pub(super) async fn put_public_access_block(
    door: &Door,
    asked: Arc<Asked>,
    input: PutPublicAccessBlockInput,
) -> Result<S3Response<PutPublicAccessBlockOutput>, Refused> {
    let block = input.public_access_block_configuration;
    let all =
        [block.block_public_acls, block.block_public_policy, block.ignore_public_acls, block.restrict_public_buckets];
    if all.iter().any(|blocked| *blocked != Some(true)) {
        return Err(Refusal::new(Code::AccessDenied, "public access stays blocked").into());
    }
    affirm(door, &asked, &input.bucket).await?;
    Ok(S3Response::new(PutPublicAccessBlockOutput {}))
}

pub(super) async fn get_bucket_policy_status(
    door: &Door,
    asked: Arc<Asked>,
    input: GetBucketPolicyStatusInput,
) -> Result<S3Response<GetBucketPolicyStatusOutput>, Refused> {
    know(door, &asked, &input.bucket).await?;
    let policy_status = Some(PolicyStatus { is_public: Some(false) });
    Ok(S3Response::new(GetBucketPolicyStatusOutput { policy_status }))
}

pub(super) async fn get_bucket_ownership_controls(
    door: &Door,
    asked: Arc<Asked>,
    input: GetBucketOwnershipControlsInput,
) -> Result<S3Response<GetBucketOwnershipControlsOutput>, Refused> {
    know(door, &asked, &input.bucket).await?;
    let object_ownership = ObjectOwnership::from_static(ObjectOwnership::BUCKET_OWNER_ENFORCED);
    let ownership_controls = Some(OwnershipControls { rules: vec![OwnershipControlsRule { object_ownership }] });
    Ok(S3Response::new(GetBucketOwnershipControlsOutput { ownership_controls }))
}

pub(super) async fn put_bucket_ownership_controls(
    door: &Door,
    asked: Arc<Asked>,
    input: PutBucketOwnershipControlsInput,
) -> Result<S3Response<PutBucketOwnershipControlsOutput>, Refused> {
    let enforced =
        |rule: &OwnershipControlsRule| rule.object_ownership.as_str() == ObjectOwnership::BUCKET_OWNER_ENFORCED;
    match input.ownership_controls.rules.as_slice() {
        [rule] if enforced(rule) => {}
        [_] => return Err(Refusal::new(Code::AccessDenied, "the owner of a bucket owns everything in it").into()),
        _ => return Err(Refusal::new(Code::MalformedXML, "ownership controls have one rule").into()),
    }
    affirm(door, &asked, &input.bucket).await?;
    Ok(S3Response::new(PutBucketOwnershipControlsOutput {}))
}

pub(super) async fn get_bucket_encryption(
    door: &Door,
    asked: Arc<Asked>,
    input: GetBucketEncryptionInput,
) -> Result<S3Response<GetBucketEncryptionOutput>, Refused> {
    know(door, &asked, &input.bucket).await?;
    let default = ServerSideEncryptionByDefault {
        kms_master_key_id: None,
        sse_algorithm: ServerSideEncryption::from_static(ServerSideEncryption::AES256),
    };
    let rule = ServerSideEncryptionRule {
        apply_server_side_encryption_by_default: Some(default),
        bucket_key_enabled: Some(false),
    };
    let configuration = ServerSideEncryptionConfiguration { rules: vec![rule] };
    Ok(S3Response::new(GetBucketEncryptionOutput { server_side_encryption_configuration: Some(configuration) }))
}

pub(super) async fn put_bucket_encryption(
    door: &Door,
    asked: Arc<Asked>,
    input: PutBucketEncryptionInput,
) -> Result<S3Response<PutBucketEncryptionOutput>, Refused> {
    let [rule] = input.server_side_encryption_configuration.rules.as_slice() else {
        return Err(Refusal::new(Code::MalformedXML, "an encryption configuration has one rule").into());
    };
    let default = rule.apply_server_side_encryption_by_default.as_ref();
    if default.is_some_and(|default| {
        default.sse_algorithm.as_str() != ServerSideEncryption::AES256 || default.kms_master_key_id.is_some()
    }) {
        let why = "every object is sealed with a key of its own\nask for `AES256`, or for nothing";
        return Err(Refusal::new(Code::NotImplemented, why).into());
    }
    affirm(door, &asked, &input.bucket).await?;
    Ok(S3Response::new(PutBucketEncryptionOutput {}))
}

pub(super) async fn delete_bucket_encryption(
    door: &Door,
    asked: Arc<Asked>,
    input: DeleteBucketEncryptionInput,
) -> Result<S3Response<DeleteBucketEncryptionOutput>, Refused> {
    affirm(door, &asked, &input.bucket).await?;
    Ok(S3Response::new(DeleteBucketEncryptionOutput {}))
}

pub(super) async fn get_bucket_request_payment(
    door: &Door,
    asked: Arc<Asked>,
    input: GetBucketRequestPaymentInput,
) -> Result<S3Response<GetBucketRequestPaymentOutput>, Refused> {
    know(door, &asked, &input.bucket).await?;
    let payer = Some(Payer::from_static(Payer::BUCKET_OWNER));
    Ok(S3Response::new(GetBucketRequestPaymentOutput { payer }))
}

pub(super) async fn put_bucket_request_payment(
    door: &Door,
    asked: Arc<Asked>,
    input: PutBucketRequestPaymentInput,
) -> Result<S3Response<PutBucketRequestPaymentOutput>, Refused> {
    match input.request_payment_configuration.payer.as_str() {
        Payer::BUCKET_OWNER => {}
        Payer::REQUESTER => return Err(unsupported("nobody pays for requests").into()),
        _ => return Err(Refusal::new(Code::MalformedXML, "the payer is `BucketOwner` or `Requester`").into()),
    }
    affirm(door, &asked, &input.bucket).await?;
    Ok(S3Response::new(PutBucketRequestPaymentOutput {}))
}

/// Enters that the caller said of a bucket what is so.
pub(super) async fn affirm(door: &Door, asked: &Asked, bucket: &str) -> Result<(), Refused> {
    let affirmed = door.custody.affirm(&asked.caller, asked.request, bucket).await;
    Ok(affirmed.map_err(|error| asked.refuse(error))?)
}

async fn know_object(
    door: &Door,
    asked: &Asked,
    bucket: &str,
    key: &str,
    version: Option<&str>,
) -> Result<(), Refused> {
    let (object, conditions) = (object(bucket, key, version)?, Conditions::default());
    let known = door.custody.head(&asked.caller, asked.request, object, Span::Whole, &conditions).await;
    known.map(|_| ()).map_err(|error| unread(asked, error))
}

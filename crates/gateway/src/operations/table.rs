//! Every operation of S3, in the order in which a request is compared with them: those with more marks first.

use base::word::Verb::{ConfigureDataset, CreateDataset, Delete, DeleteDataset, Head, List, Read, Write};
use http::Method;
use s3wire::Code;

use super::Mark::{Form, Header, Key, Pair, Parameter};
use super::Standing::{Refused, Served};
use super::{Operation, Standing, Target};

const PLAIN: Standing = Served("");
const EMPTY: Standing = Served("empty");
const NONE_EXISTS: Standing = Served("none exists");
const OWNER_ALONE: Standing = Served("the owner, alone");
const PRIVATE_ONLY: Standing = Served("what says *private*; else `AccessControlListNotSupported`: use grants");

const TIERS: Standing = refused("there is one class of storage, and nothing is moved");
const REPORTS: Standing = refused("the ledger is the record of every access");
const TABLES: Standing = refused("names and metadata rest sealed and are in no table");
const DIRECTORY: Standing = refused("there are no directory buckets; sessions are issued by people");

const fn refused(why: &'static str) -> Standing {
    Refused(Code::NotImplemented, why)
}

/// Rows: method, target, name, marks, verbs, standing.
macro_rules! rows {
    ($($method:ident $target:ident $name:ident [$($mark:expr),*] [$($verb:expr),*] $standing:expr;)*) => {
        &[$(Operation {
            name: stringify!($name),
            method: Method::$method,
            target: Target::$target,
            marks: &[$($mark),*],
            verbs: &[$($verb),*],
            standing: $standing,
        },)*]
    };
}

/// Every operation.
pub static TABLE: &[Operation] = rows! {
    HEAD Bucket HeadBucket [] [List] PLAIN;
    HEAD Object HeadObject [] [Head] PLAIN;
    // Reading what is said of buckets.
    GET Service ListDirectoryBuckets [Pair("x-id", "ListDirectoryBuckets")] [List] DIRECTORY;
    GET Service ListBuckets [] [List] Served("those of the session's engagement");
    GET Bucket GetBucketAnalyticsConfiguration [Key("analytics"), Parameter("id")] [List] NONE_EXISTS;
    GET Bucket GetBucketIntelligentTieringConfiguration [Key("intelligent-tiering"), Parameter("id")] [List]
        NONE_EXISTS;
    GET Bucket GetBucketInventoryConfiguration [Key("inventory"), Parameter("id")] [List] NONE_EXISTS;
    GET Bucket GetBucketMetricsConfiguration [Key("metrics"), Parameter("id")] [List] NONE_EXISTS;
    GET Bucket CreateSession [Key("session")] [List] DIRECTORY;
    GET Bucket GetBucketAccelerateConfiguration [Key("accelerate")] [List] Served("never enabled");
    GET Bucket GetBucketAcl [Key("acl")] [List] OWNER_ALONE;
    GET Bucket GetBucketCors [Key("cors")] [List] PLAIN;
    GET Bucket GetBucketEncryption [Key("encryption")] [List] Served("AES256: everything is sealed");
    GET Bucket GetBucketLifecycleConfiguration [Key("lifecycle")] [List] NONE_EXISTS;
    GET Bucket GetBucketLocation [Key("location")] [List] PLAIN;
    GET Bucket GetBucketLogging [Key("logging")] [List] EMPTY;
    GET Bucket GetBucketMetadataTableConfiguration [Key("metadataTable")] [List] TABLES;
    GET Bucket GetBucketNotificationConfiguration [Key("notification")] [List] EMPTY;
    GET Bucket GetBucketOwnershipControls [Key("ownershipControls")] [List] Served("BucketOwnerEnforced");
    GET Bucket GetBucketPolicy [Key("policy")] [List] NONE_EXISTS;
    GET Bucket GetBucketPolicyStatus [Key("policyStatus")] [List] Served("not public");
    GET Bucket GetBucketReplication [Key("replication")] [List] NONE_EXISTS;
    GET Bucket GetBucketRequestPayment [Key("requestPayment")] [List] Served("the owner");
    GET Bucket GetBucketTagging [Key("tagging")] [List] PLAIN;
    GET Bucket GetBucketVersioning [Key("versioning")] [List] PLAIN;
    GET Bucket GetBucketWebsite [Key("website")] [List] NONE_EXISTS;
    GET Bucket GetObjectLockConfiguration [Key("object-lock")] [List] PLAIN;
    GET Bucket GetPublicAccessBlock [Key("publicAccessBlock")] [List] Served("all four, always");
    GET Bucket ListBucketAnalyticsConfigurations [Key("analytics")] [List] EMPTY;
    GET Bucket ListBucketIntelligentTieringConfigurations [Key("intelligent-tiering")] [List] EMPTY;
    GET Bucket ListBucketInventoryConfigurations [Key("inventory")] [List] EMPTY;
    GET Bucket ListBucketMetricsConfigurations [Key("metrics")] [List] EMPTY;
    GET Bucket ListMultipartUploads [Key("uploads")] [List] PLAIN;
    GET Bucket ListObjectVersions [Key("versions")] [List] PLAIN;
    GET Bucket ListObjectsV2 [Pair("list-type", "2")] [List] PLAIN;
    GET Bucket ListObjects [] [List] PLAIN;
    // Reading objects.
    GET Object GetObjectAttributes [Key("attributes")] [Head] PLAIN;
    GET Object GetObjectAcl [Key("acl")] [Head] OWNER_ALONE;
    GET Object GetObjectLegalHold [Key("legal-hold")] [Head] PLAIN;
    GET Object GetObjectRetention [Key("retention")] [Head] PLAIN;
    GET Object GetObjectTagging [Key("tagging")] [Head] PLAIN;
    GET Object GetObjectTorrent [Key("torrent")] [Read] Refused(Code::MethodNotAllowed, "nothing is public");
    GET Object ListParts [Key("uploadId")] [List] PLAIN;
    GET Object GetObject [] [Read, Head] PLAIN;
    // Posts.
    POST Bucket CreateBucketMetadataTableConfiguration [Key("metadataTable")] [ConfigureDataset] TABLES;
    POST Bucket DeleteObjects [Key("delete")] [Delete] PLAIN;
    POST Bucket WriteGetObjectResponse [Header("x-amz-request-route"), Header("x-amz-request-token")] [Write]
        refused("nothing stands between the receipt and the reader");
    POST Bucket PostObject [Form] [Write] Served("Signature Version 4 forms");
    POST Object SelectObjectContent [Key("select"), Pair("select-type", "2")] [Read]
        Refused(Code::MethodNotAllowed, "read the ranges that you need; a receipt names bytes");
    POST Object CreateMultipartUpload [Key("uploads")] [Write] PLAIN;
    POST Object RestoreObject [Key("restore")] [Write] Refused(Code::InvalidObjectState, "nothing is archived");
    POST Object CompleteMultipartUpload [Key("uploadId")] [Write] PLAIN;
    // Saying something of buckets.
    PUT Bucket PutBucketAnalyticsConfiguration [Key("analytics"), Parameter("id")] [ConfigureDataset] REPORTS;
    PUT Bucket PutBucketIntelligentTieringConfiguration [Key("intelligent-tiering"), Parameter("id")] [ConfigureDataset]
        TIERS;
    PUT Bucket PutBucketInventoryConfiguration [Key("inventory"), Parameter("id")] [ConfigureDataset] REPORTS;
    PUT Bucket PutBucketMetricsConfiguration [Key("metrics"), Parameter("id")] [ConfigureDataset] REPORTS;
    PUT Bucket PutBucketAccelerateConfiguration [Key("accelerate")] [ConfigureDataset]
        refused("bytes take one way, which the record knows");
    PUT Bucket PutBucketAcl [Key("acl")] [ConfigureDataset] PRIVATE_ONLY;
    PUT Bucket PutBucketCors [Key("cors")] [ConfigureDataset] PLAIN;
    PUT Bucket PutBucketEncryption [Key("encryption")] [ConfigureDataset] Served("AES256 only");
    PUT Bucket PutBucketLifecycleConfiguration [Key("lifecycle")] [ConfigureDataset]
        refused("nothing is deleted unless somebody asks; uploads that nobody completes are swept");
    PUT Bucket PutBucketLogging [Key("logging")] [ConfigureDataset] REPORTS;
    PUT Bucket PutBucketNotificationConfiguration [Key("notification")] [ConfigureDataset] Served("an empty one only");
    PUT Bucket PutBucketOwnershipControls [Key("ownershipControls")] [ConfigureDataset] Served("BucketOwnerEnforced only");
    PUT Bucket PutBucketPolicy [Key("policy")] [ConfigureDataset]
        Refused(Code::AccessDenied, "access is given by grants: `cofferdam grant create`");
    PUT Bucket PutBucketReplication [Key("replication")] [ConfigureDataset]
        refused("a copy that leaves by itself would have no reader to record");
    PUT Bucket PutBucketRequestPayment [Key("requestPayment")] [ConfigureDataset] Served("BucketOwner only");
    PUT Bucket PutBucketTagging [Key("tagging")] [ConfigureDataset] PLAIN;
    PUT Bucket PutBucketVersioning [Key("versioning")] [ConfigureDataset] PLAIN;
    PUT Bucket PutBucketWebsite [Key("website")] [ConfigureDataset] refused("nothing is public");
    PUT Bucket PutObjectLockConfiguration [Key("object-lock")] [ConfigureDataset] PLAIN;
    PUT Bucket PutPublicAccessBlock [Key("publicAccessBlock")] [ConfigureDataset] Served("all four only");
    PUT Bucket CreateBucket [] [CreateDataset] PLAIN;
    // Writing objects.
    PUT Object UpdateObjectEncryption [Key("encryption")] [Write]
        refused("every version has a key of its own; rotation never rewrites data");
    PUT Object PutObjectAcl [Key("acl")] [Head] PRIVATE_ONLY;
    PUT Object PutObjectLegalHold [Key("legal-hold")] [Write, ConfigureDataset] PLAIN;
    PUT Object PutObjectRetention [Key("retention")] [Write] PLAIN;
    PUT Object PutObjectTagging [Key("tagging")] [Write] PLAIN;
    PUT Object UploadPartCopy [Parameter("partNumber"), Key("uploadId"), Header("x-amz-copy-source")] [Write] PLAIN;
    PUT Object UploadPart [Parameter("partNumber"), Key("uploadId")] [Write] PLAIN;
    PUT Object CopyObject [Header("x-amz-copy-source")] [Write] PLAIN;
    PUT Object PutObject [] [Write] PLAIN;
    // Taking back what was said of buckets.
    DELETE Bucket DeleteBucketAnalyticsConfiguration [Key("analytics"), Parameter("id")] [ConfigureDataset] NONE_EXISTS;
    DELETE Bucket DeleteBucketIntelligentTieringConfiguration [Key("intelligent-tiering"), Parameter("id")] [ConfigureDataset]
        NONE_EXISTS;
    DELETE Bucket DeleteBucketInventoryConfiguration [Key("inventory"), Parameter("id")] [ConfigureDataset] NONE_EXISTS;
    DELETE Bucket DeleteBucketMetricsConfiguration [Key("metrics"), Parameter("id")] [ConfigureDataset] NONE_EXISTS;
    DELETE Bucket DeleteBucketCors [Key("cors")] [ConfigureDataset] PLAIN;
    DELETE Bucket DeleteBucketEncryption [Key("encryption")] [ConfigureDataset] Served("back to the default, AES256");
    DELETE Bucket DeleteBucketLifecycle [Key("lifecycle")] [ConfigureDataset] NONE_EXISTS;
    DELETE Bucket DeleteBucketMetadataTableConfiguration [Key("metadataTable")] [ConfigureDataset] TABLES;
    DELETE Bucket DeleteBucketOwnershipControls [Key("ownershipControls")] [ConfigureDataset]
        Refused(Code::AccessDenied, "the owner owns everything, always");
    DELETE Bucket DeleteBucketPolicy [Key("policy")] [ConfigureDataset] NONE_EXISTS;
    DELETE Bucket DeleteBucketReplication [Key("replication")] [ConfigureDataset] NONE_EXISTS;
    DELETE Bucket DeleteBucketTagging [Key("tagging")] [ConfigureDataset] PLAIN;
    DELETE Bucket DeleteBucketWebsite [Key("website")] [ConfigureDataset] NONE_EXISTS;
    DELETE Bucket DeletePublicAccessBlock [Key("publicAccessBlock")] [ConfigureDataset]
        Refused(Code::AccessDenied, "public access stays blocked");
    DELETE Bucket DeleteBucket [] [DeleteDataset] Served("an empty one");
    // Deleting objects.
    DELETE Object DeleteObjectTagging [Key("tagging")] [Write] PLAIN;
    DELETE Object AbortMultipartUpload [Key("uploadId")] [Write] PLAIN;
    DELETE Object DeleteObject [] [Delete] PLAIN;
};

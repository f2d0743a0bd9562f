//! Headers that change what a request means beside its operation: what is accepted, and what is refused on purpose.
//!
//! # Threats
//! A header that is ignored could have asked for more protection than it gets. So one that we do not implement is refused,
//! unless it asks for what is so anyway.

use std::collections::BTreeMap;

use base::Timestamp;
use base::lock::{Lock, Retention};
use custody::meta::Meta;
use http::header::HeaderName;
use http::request::Parts;
use http::{HeaderMap, Method};
use s3wire::{Code, Refusal, sigv4};

use crate::operations::{self, Target};
use crate::s3::locks;
use crate::{acl, tags};

/// Not implemented, by prefix, with the reason.
const REFUSED: [(&str, &str); 6] = [
    (
        "x-amz-copy-source-server-side-encryption-customer-",
        "is refused: the keys are the engagement's, never a request's",
    ),
    ("x-amz-mfa", "is refused: what must not be deleted is locked"),
    ("x-amz-server-side-encryption-customer-", "is refused: the keys are the engagement's, never a request's"),
    ("x-amz-server-side-encryption-", "is refused: which key seals an object is not for a request to say"),
    ("x-amz-website-redirect-location", "is refused: nothing here is a website"),
    ("x-amz-write-offset-bytes", "is refused: versions are immutable"),
];

const OWNERS: [&str; 2] = ["x-amz-expected-bucket-owner", "x-amz-source-expected-bucket-owner"];
const LOCK_MODE: &str = "x-amz-object-lock-mode";
const LOCK_UNTIL: &str = "x-amz-object-lock-retain-until-date";
const LOCK_HOLD: &str = "x-amz-object-lock-legal-hold";
const STORAGE_CLASS: &str = "x-amz-storage-class";
const ENCRYPTION: HeaderName = HeaderName::from_static("x-amz-server-side-encryption");
const SEALED: &str = "AES256";

/// Classes whose name is kept and answered, as S3 has them. All are stored alike.
// LIMIT: the archives are refused: clients would not read from one without asking for a restore first.
const CLASSES: [&str; 6] =
    ["STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR"];

/// Operations that answer how the object is encrypted.
const SEALING: [&str; 9] = [
    "CompleteMultipartUpload",
    "CopyObject",
    "CreateMultipartUpload",
    "GetObject",
    "HeadObject",
    "PostObject",
    "PutObject",
    "UploadPart",
    "UploadPartCopy",
];

/// What the headers of a write say of the object beside its content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Labels {
    /// The storage class, if it is not the standard one.
    pub(crate) storage_class: Option<String>,
    /// `x-amz-tagging`.
    pub(crate) tags: BTreeMap<String, String>,
    /// `x-amz-object-lock-*`.
    pub(crate) lock: Lock,
    /// Whether they speak of access: what they say is *private*.
    pub(crate) says_private: bool,
}

impl Labels {
    /// Writes them into the metadata of a new object.
    pub(crate) fn put_on(&self, meta: &mut Meta) {
        meta.storage_class.clone_from(&self.storage_class);
        meta.tags.clone_from(&self.tags);
    }
}

/// Accepts or refuses the headers of an established caller's request, whose buckets belong to `owner`.
///
/// # Errors
/// The refusal of the first header that is not accepted.
pub(crate) fn check(parts: &Parts, owner: &str) -> Result<Labels, Refusal> {
    let headers = &parts.headers;
    for name in headers.keys() {
        if let Some((_, why)) = REFUSED.iter().find(|(prefix, _)| name.as_str().starts_with(prefix)) {
            return Err(Refusal::new(Code::NotImplemented, format!("the header `{name}` {why}")));
        }
    }
    // SPEC: S3: the condition fails with a bare AccessDenied.
    if OWNERS.iter().any(|name| headers.get(*name).is_some_and(|expected| expected.as_bytes() != owner.as_bytes())) {
        return Err(Refusal::new(Code::AccessDenied, "Access Denied"));
    }
    acl::check_headers(headers, owner).map_err(|refusal| of_a_new_bucket(parts, refusal))?;
    check_copy_source(headers)?;
    check_attributes(parts)?;
    check_ownership(headers)?;
    check_encryption(parts)?;
    let (storage_class, tags) = (storage_class(headers)?, tags::of_header(headers)?);
    Ok(Labels { storage_class, tags, lock: lock(headers)?, says_private: acl::is_in(headers) })
}

// SPEC: S3 CreateBucket: a list that shares is refused under a code of its own.
fn of_a_new_bucket(parts: &Parts, refusal: Refusal) -> Refusal {
    let creates = parts.method == Method::PUT && parts.uri.query().is_none_or(str::is_empty);
    let shares = refusal.code() == Code::AccessControlListNotSupported;
    if creates && shares && operations::addressed(parts.uri.path()).0 == Target::Bucket {
        let why = "a bucket whose owner is enforced cannot have ACLs\ngive access with `cofferdam grant create`";
        return Refusal::new(Code::InvalidBucketAclWithObjectOwnership, why);
    }
    refusal
}

// SPEC: S3 CopyObject: x-amz-copy-source is bucket/key, escaped. To `s3s` another is merely a bad header.
fn check_copy_source(headers: &HeaderMap) -> Result<(), Refusal> {
    let Some(source) = headers.get("x-amz-copy-source") else { return Ok(()) };
    let path = source.to_str().ok().map(|source| source.split_once('?').map_or(source, |(path, _)| path));
    let decoded = path.and_then(sigv4::decode).unwrap_or_default();
    match decoded.strip_prefix('/').unwrap_or(&decoded).split_once('/') {
        Some((bucket, key)) if !bucket.is_empty() && !key.is_empty() => Ok(()),
        _ => Err(Refusal::new(
            Code::InvalidArgument,
            "the copy source must name the source's bucket and key, escaped: bucket/key",
        )),
    }
}

// SPEC: S3 GetObjectAttributes: at least one attribute is named.
fn check_attributes(parts: &Parts) -> Result<(), Refusal> {
    let mut pairs = parts.uri.query().unwrap_or_default().split('&');
    let asked = pairs.any(|pair| pair.split_once('=').map_or(pair, |(key, _)| key) == "attributes");
    let named = parts.headers.get("x-amz-object-attributes").is_some_and(|names| !names.is_empty());
    if asked && !named {
        return Err(Refusal::new(Code::InvalidArgument, "the header `x-amz-object-attributes` is missing or empty"));
    }
    Ok(())
}

// SPEC: S3 CreateBucket: BucketOwnerEnforced, BucketOwnerPreferred or ObjectWriter.
fn check_ownership(headers: &HeaderMap) -> Result<(), Refusal> {
    match headers.get("x-amz-object-ownership").map(|value| value.as_bytes()) {
        None | Some(b"BucketOwnerEnforced") => Ok(()),
        Some(_) => Err(Refusal::new(Code::AccessDenied, "the owner of a bucket owns everything in it")),
    }
}

// SPEC: S3: SSE-S3 is asked for as `AES256`, and may not be asked for where nothing is written.
fn check_encryption(parts: &Parts) -> Result<(), Refusal> {
    let Some(asked) = parts.headers.get(&ENCRYPTION) else { return Ok(()) };
    if matches!(parts.method, Method::GET | Method::HEAD) {
        return Err(Refusal::new(Code::InvalidArgument, "the encryption of an object is not for its reader to say"));
    }
    match asked.as_bytes() {
        asked if asked == SEALED.as_bytes() => Ok(()),
        b"aws:kms" | b"aws:kms:dsse" => {
            let why = "which key seals an object is not for a request to say\nask for `AES256`, or for nothing";
            Err(Refusal::new(Code::NotImplemented, why))
        }
        _ => Err(Refusal::new(Code::InvalidArgument, "the encryption method specified is not supported")),
    }
}

/// What is to lock a new version.
// SPEC: S3 PutObject: a mode comes with a date, and a date with a mode.
fn lock(headers: &HeaderMap) -> Result<Lock, Refusal> {
    let refused = |why: &'static str| Refusal::new(Code::InvalidArgument, why);
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let retention = match (text(LOCK_MODE), text(LOCK_UNTIL)) {
        (None, None) => None,
        (Some(mode), Some(until)) => {
            let mode = locks::read_mode(mode).ok_or_else(|| refused("unknown wormMode directive"))?;
            let until = Timestamp::from_rfc3339(until)
                .ok_or_else(|| refused("the retain until date must be provided in ISO 8601 format"))?;
            Some(Retention { mode, until })
        }
        _ => {
            let why = "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied";
            return Err(refused(why));
        }
    };
    let hold = text(LOCK_HOLD)
        .map(|hold| locks::read_hold(hold).ok_or_else(|| refused("legal hold must be either of 'ON' or 'OFF'")));
    Ok(Lock { retention, legal_hold: hold.transpose()? })
}

fn storage_class(headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    let Some(class) = headers.get(STORAGE_CLASS) else { return Ok(None) };
    match class.to_str().ok().filter(|class| CLASSES.contains(class)) {
        // SPEC: S3: the standard class is not named in answers.
        Some("STANDARD") => Ok(None),
        Some(class) => Ok(Some(class.to_owned())),
        None => Err(Refusal::new(Code::InvalidStorageClass, "the storage class you specified is not valid")),
    }
}

/// Says in a successful answer that the object is encrypted, where S3 does.
pub(crate) fn say_sealed(operation: &str, headers: &mut HeaderMap) {
    if SEALING.contains(&operation) {
        headers.insert(ENCRYPTION, http::HeaderValue::from_static(SEALED));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(method: Method, headers: &[(&str, &str)]) -> Result<Labels, Code> {
        let mut request = http::Request::builder().method(method);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        check(&parts, "eng_1").map_err(|refusal| refusal.code())
    }

    #[test]
    fn what_is_so_anyway_is_accepted() {
        let headers = [
            ("x-amz-server-side-encryption", "AES256"),
            ("x-amz-expected-bucket-owner", "eng_1"),
            ("x-amz-request-payer", "requester"),
            ("x-amz-storage-class", "STANDARD"),
            ("x-amz-object-ownership", "BucketOwnerEnforced"),
        ];
        assert_eq!(checked(Method::PUT, &headers), Ok(Labels::default()));
        let kept = checked(Method::PUT, &[("x-amz-storage-class", "STANDARD_IA")]).unwrap();
        assert_eq!(kept.storage_class.as_deref(), Some("STANDARD_IA"));
    }

    #[test]
    fn what_would_ask_for_more_or_less_is_refused() {
        for (header, code) in [
            (("x-amz-server-side-encryption", "aws:kms"), Code::NotImplemented),
            (("x-amz-server-side-encryption", "none"), Code::InvalidArgument),
            (("x-amz-server-side-encryption-aws-kms-key-id", "k"), Code::NotImplemented),
            (("x-amz-server-side-encryption-customer-algorithm", "AES256"), Code::NotImplemented),
            (("x-amz-expected-bucket-owner", "123456789012"), Code::AccessDenied),
            (("x-amz-source-expected-bucket-owner", "eng_2"), Code::AccessDenied),
            (("x-amz-website-redirect-location", "/x"), Code::NotImplemented),
            (("x-amz-storage-class", "GLACIER"), Code::InvalidStorageClass),
            (("x-amz-object-ownership", "ObjectWriter"), Code::AccessDenied),
        ] {
            assert_eq!(checked(Method::PUT, &[header]), Err(code), "{header:?}");
        }
        let read = checked(Method::GET, &[("x-amz-server-side-encryption", "AES256")]);
        assert_eq!(read, Err(Code::InvalidArgument));
    }
}

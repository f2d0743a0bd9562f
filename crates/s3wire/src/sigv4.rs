//! AWS Signature Version 4: what a request claims, as text.
//!
//! This reads the three forms S3 clients use, the `Authorization` header, the presigned URL and the HTML form, and builds the text that the
//! client must have signed. It holds no secret and computes no signature: `custody` does, with the session's key. What is
//! returned is a [`Claim`] and worth nothing until it was verified.
//!
//! The text is built from the request target as it came over the wire. Decoding and encoding again would let two different
//! keys share one signature, and breaks keys with `+`, `%2F` or spaces.
//!
//! # Threats
//! Strangers write these bytes. They want a request accepted that its owner did not sign: another header, another query
//! parameter, another day, a body of their own. So parsing is strict (each part exactly once, known names only), `host` and
//! every `x-amz-` header must be covered, and whatever is not understood is refused rather than skipped.

mod canonical;
pub mod form;
mod header;
mod presigned;
mod scope;
mod stream;

use base::Timestamp;
use http::Uri;
use http::request::Parts;

pub use presigned::decode;
pub use scope::Scope;
pub use stream::{ChunkKey, ChunkStrings};

use crate::digest::{hex, read_hex, sha256};
use crate::refusal::{Code, Refusal};

/// How far a client's clock may be off, in either direction.
// SPEC: S3: RequestTimeTooSkewed beyond 15 minutes.
pub const CLOCK_SKEW_SECONDS: i64 = 15 * 60;

/// The longest life of a presigned URL.
// SPEC: S3: X-Amz-Expires is 1 to 604800.
pub const LONGEST_PRESIGN_SECONDS: u32 = 604_800;

/// The longest session token. Ours are far shorter; the bound keeps a stranger's header from being carried around.
pub const LONGEST_TOKEN_BYTES: usize = 4096;

/// The service of every signature.
pub const SERVICE: &str = "s3";

/// The one algorithm.
pub const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// The header that declares the payload.
pub const CONTENT_SHA256: &str = "x-amz-content-sha256";
/// The header, or query parameter, of a session token.
pub const SECURITY_TOKEN: &str = "x-amz-security-token";

/// What a request says about itself, unverified. No `Debug`: it holds a session token.
#[must_use = "a claim proves nothing until custody has verified it"]
pub struct Claim {
    /// The public name of the credential.
    pub access_key: String,
    /// The session token, where one was sent.
    pub session_token: Option<String>,
    /// When the client says it signed.
    pub at: Timestamp,
    /// Day, region and service that the signing key is derived for.
    pub scope: Scope,
    /// The signature to compare with, in constant time.
    pub signature: [u8; 32],
    /// For a presigned request: how long it is good for.
    pub good_for_seconds: Option<u32>,
    /// How the body is covered.
    pub payload: PayloadForm,
    /// The text whose HMAC must be `signature`.
    pub string_to_sign: String,
}

/// How a signature covers the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayloadForm {
    /// Not at all.
    Unsigned,
    /// As a whole, by this SHA-256.
    Whole([u8; 32]),
    /// Chunk by chunk, each signed.
    Chunks,
    /// Chunk by chunk, each signed, and a signed trailer with a checksum.
    ChunksAndTrailer,
    /// By a checksum in an unsigned trailer.
    UnsignedTrailer,
}

impl PayloadForm {
    /// Reads the value of `x-amz-content-sha256`.
    // SPEC: S3: the values of x-amz-content-sha256.
    pub fn read(text: &str) -> Result<Self, Refusal> {
        match text {
            "UNSIGNED-PAYLOAD" => Ok(Self::Unsigned),
            "STREAMING-UNSIGNED-PAYLOAD-TRAILER" => Ok(Self::UnsignedTrailer),
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" => Ok(Self::Chunks),
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER" => Ok(Self::ChunksAndTrailer),
            ecdsa if ecdsa.starts_with("STREAMING-AWS4-ECDSA-") => {
                Err(Refusal::new(Code::NotImplemented, "asymmetric signatures (SigV4A) are not supported"))
            }
            digest => read_hex(digest).map(Self::Whole).ok_or_else(|| {
                Refusal::new(
                    Code::InvalidArgument,
                    "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, a STREAMING form, or a valid sha256 value",
                )
            }),
        }
    }

    /// Whether the body arrives in `aws-chunked` framing.
    #[must_use]
    pub const fn is_chunked(self) -> bool {
        matches!(self, Self::Chunks | Self::ChunksAndTrailer | Self::UnsignedTrailer)
    }
}

/// Reads the claim of a request.
///
/// # Errors
/// A [`Refusal`] when there is none, when it is malformed, or when its time is out of bounds.
pub fn read(request: &Parts, now: Timestamp) -> Result<Claim, Refusal> {
    let by_header = request.headers.get(http::header::AUTHORIZATION).is_some_and(|value| !value.is_empty());
    let by_query = presigned::is_presigned(request);
    refuse_version_2(request)?;
    match (by_header, by_query) {
        (true, false) => header::read(request, now),
        (false, true) => presigned::read(request, now),
        (true, true) => Err(Refusal::new(Code::InvalidArgument, "only one of header and query may carry a signature")),
        (false, false) => {
            Err(Refusal::new(Code::AccessDenied, "the request is not signed; anonymous access does not exist"))
        }
    }
}

/// The target without the parameters of a presigned URL.
pub fn without_signature(uri: &Uri) -> Result<Uri, Refusal> {
    let Some(query) = uri.query() else { return Ok(uri.clone()) };
    let kept: Vec<&str> = query
        .split('&')
        .filter(|pair| !presigned::PARAMETERS.contains(&pair.split_once('=').map_or(*pair, |(name, _)| name)))
        .collect();
    let target = if kept.is_empty() { uri.path().to_owned() } else { format!("{}?{}", uri.path(), kept.join("&")) };
    target.parse().map_err(|_| Refusal::new(Code::InvalidURI, "the request target cannot be read"))
}

/// Whether a request carries signature version 2, in either form. Its keys are long-lived and its digest is SHA-1.
fn refuse_version_2(request: &Parts) -> Result<(), Refusal> {
    let in_header = request
        .headers
        .get(http::header::AUTHORIZATION)
        .is_some_and(|value| value.as_bytes().starts_with(b"AWS ") || value.as_bytes().starts_with(b"AWS\t"));
    let in_query = canonical::pairs(request.uri.query().unwrap_or_default()).any(|(name, _)| name == "AWSAccessKeyId");
    if in_header || in_query {
        return Err(version_2());
    }
    Ok(())
}

fn version_2() -> Refusal {
    Refusal::new(
        Code::InvalidRequest,
        "the authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.\n\
         set the client's signature version to s3v4, or its region to another than us-east-1",
    )
}

/// The text to sign, for a canonical request.
// SPEC: SigV4: algorithm, time, scope, digest of the canonical request, one a line.
fn string_to_sign(at: Timestamp, scope: &Scope, canonical_request: &[u8]) -> String {
    format!("{ALGORITHM}\n{}\n{scope}\n{}", at.to_amz(), hex(&sha256(canonical_request)))
}

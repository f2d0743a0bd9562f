//! The presigned form: a URL that carries its own signature.

use base::Timestamp;
use http::request::Parts;

use super::canonical::{self, SignedHeaders, pairs};
use super::scope::Credential;
use super::{
    ALGORITHM, CLOCK_SKEW_SECONDS, CONTENT_SHA256, Claim, LONGEST_PRESIGN_SECONDS, LONGEST_TOKEN_BYTES, PayloadForm,
};
use crate::digest::read_hex;
use crate::refusal::{Code, Refusal};

pub(crate) const SIGNATURE: &str = "X-Amz-Signature";

/// The parameters of a signature; they are stripped from the request once it was verified.
pub(crate) const PARAMETERS: [&str; 8] = [
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-SignedHeaders",
    SIGNATURE,
    "X-Amz-Security-Token",
    "X-Amz-Content-Sha256",
];

/// Whether any parameter of a signature is in the query.
pub(super) fn is_presigned(request: &Parts) -> bool {
    pairs(request.uri.query().unwrap_or_default()).any(|(name, _)| PARAMETERS.contains(&name))
}

pub(super) fn read(request: &Parts, now: Timestamp) -> Result<Claim, Refusal> {
    let query = request.uri.query().unwrap_or_default();
    match required(query, "X-Amz-Algorithm")?.as_str() {
        ALGORITHM => {}
        ecdsa if ecdsa.starts_with("AWS4-ECDSA-") => {
            return Err(Refusal::new(Code::NotImplemented, "asymmetric signatures (SigV4A) are not supported"));
        }
        _ => return Err(malformed("X-Amz-Algorithm must be AWS4-HMAC-SHA256")),
    }
    let credential = Credential::read(&required(query, "X-Amz-Credential")?).map_err(malformed)?;
    let signature = read_hex(&required(query, SIGNATURE)?)
        .ok_or_else(|| malformed("X-Amz-Signature must be 64 lower-case hex digits"))?;
    let list = required(query, "X-Amz-SignedHeaders")?;
    let signed = SignedHeaders::read(&list, request)?;

    let at = Timestamp::from_amz(&required(query, "X-Amz-Date")?)
        .ok_or_else(|| malformed("X-Amz-Date must be written as YYYYMMDDTHHMMSSZ"))?;
    if !credential.scope.is_of(at) {
        return Err(malformed("the day of the credential is not the day of X-Amz-Date"));
    }
    let good_for_seconds = check_validity(at, &required(query, "X-Amz-Expires")?, now)?;

    let hash = payload_hash(request, query, &signed)?;
    let payload = PayloadForm::read(&hash)?;
    let session_token = optional(query, "X-Amz-Security-Token")?;
    if session_token.as_ref().is_some_and(|token| token.len() > LONGEST_TOKEN_BYTES) {
        return Err(Refusal::new(Code::InvalidToken, "the session token is too long"));
    }
    let canonical = canonical::request(request, Some(SIGNATURE), &signed, &hash)?;
    Ok(Claim {
        access_key: credential.access_key,
        session_token,
        at,
        signature,
        good_for_seconds: Some(good_for_seconds),
        payload,
        string_to_sign: super::string_to_sign(at, &credential.scope, &canonical),
        scope: credential.scope,
    })
}

fn check_validity(at: Timestamp, expires: &str, now: Timestamp) -> Result<u32, Refusal> {
    let plain = !expires.is_empty() && expires.bytes().all(|byte| byte.is_ascii_digit());
    let seconds =
        expires.parse::<u32>().ok().filter(|seconds| plain && (1..=LONGEST_PRESIGN_SECONDS).contains(seconds));
    let seconds = seconds.ok_or_else(|| malformed("X-Amz-Expires must be 1 to 604800 seconds"))?;
    if at > now.plus_seconds(CLOCK_SKEW_SECONDS) {
        return Err(Refusal::new(Code::AccessDenied, "the request is not yet valid"));
    }
    if now > at.plus_seconds(i64::from(seconds)) {
        return Err(Refusal::new(Code::AccessDenied, "the request has expired"));
    }
    Ok(seconds)
}

/// The hash the body was signed with: a parameter, a covered header, or by default none.
fn payload_hash(request: &Parts, query: &str, signed: &SignedHeaders<'_>) -> Result<String, Refusal> {
    if let Some(parameter) = optional(query, "X-Amz-Content-Sha256")? {
        return Ok(parameter);
    }
    let header = request.headers.get(CONTENT_SHA256).filter(|_| signed.covers(CONTENT_SHA256));
    match header.map(|value| value.to_str()) {
        Some(Ok(value)) => Ok(value.to_owned()),
        Some(Err(_)) => Err(Refusal::new(Code::InvalidRequest, "the header `x-amz-content-sha256` is not text")),
        None => Ok("UNSIGNED-PAYLOAD".to_owned()),
    }
}

fn required(query: &str, name: &'static str) -> Result<String, Refusal> {
    optional(query, name)?
        .ok_or_else(|| malformed("Algorithm, Credential, Date, Expires, SignedHeaders and Signature are required"))
}

/// A parameter that may stand once, decoded.
fn optional(query: &str, name: &'static str) -> Result<Option<String>, Refusal> {
    let mut values = pairs(query).filter(|(candidate, _)| *candidate == name).map(|(_, value)| value);
    let first = values.next();
    if values.next().is_some() {
        return Err(malformed("a parameter is repeated"));
    }
    first.map(|value| decode(value).ok_or_else(|| malformed("a parameter is not text"))).transpose()
}

/// Decodes percent escapes; `None` for what is no text then. A `+` stays.
#[must_use]
pub fn decode(value: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(value.len());
    let mut bytes = value.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(if byte == b'%' {
            let digits = [bytes.next()?, bytes.next()?];
            data_encoding::HEXLOWER_PERMISSIVE.decode(&digits).ok()?.first().copied()?
        } else {
            byte
        });
    }
    String::from_utf8(decoded).ok()
}

fn malformed(what: &'static str) -> Refusal {
    Refusal::new(Code::AuthorizationQueryParametersError, format!("the query is malformed: {what}"))
}

//! The `Authorization` header form.

use base::Timestamp;
use http::request::Parts;

use super::canonical::{self, SignedHeaders};
use super::scope::Credential;
use super::{ALGORITHM, CLOCK_SKEW_SECONDS, CONTENT_SHA256, Claim, LONGEST_TOKEN_BYTES, PayloadForm, SECURITY_TOKEN};
use crate::digest::read_hex;
use crate::refusal::{Code, Refusal};

pub(super) fn read(request: &Parts, now: Timestamp) -> Result<Claim, Refusal> {
    let fields = Fields::read(single(request, "authorization")?.ok_or_else(|| malformed("the header is missing"))?)?;
    let credential = Credential::read(fields.credential).map_err(malformed)?;
    let signature =
        read_hex(fields.signature).ok_or_else(|| malformed("the signature must be 64 lower-case hex digits"))?;
    let signed = SignedHeaders::read(fields.signed_headers, request)?;

    let date = single(request, "x-amz-date")?.and_then(Timestamp::from_amz);
    let at = date.ok_or_else(|| {
        Refusal::new(Code::AccessDenied, "AWS authentication requires a valid x-amz-date header: YYYYMMDDTHHMMSSZ")
    })?;
    if !credential.scope.is_of(at) {
        return Err(malformed("the day of the credential is not the day of x-amz-date"));
    }
    if at < now.plus_seconds(-CLOCK_SKEW_SECONDS) || at > now.plus_seconds(CLOCK_SKEW_SECONDS) {
        return Err(Refusal::new(
            Code::RequestTimeTooSkewed,
            "the difference between the request time and the current time is too large: set the client's clock",
        ));
    }

    let hash = single(request, CONTENT_SHA256)?.ok_or_else(|| {
        Refusal::new(Code::InvalidRequest, "missing required header for this request: x-amz-content-sha256")
    })?;
    let payload = PayloadForm::read(hash)?;
    let session_token = single(request, SECURITY_TOKEN)?;
    if session_token.is_some_and(|token| token.len() > LONGEST_TOKEN_BYTES) {
        return Err(Refusal::new(Code::InvalidToken, "the session token is too long"));
    }
    let canonical = canonical::request(request, None, &signed, hash)?;
    Ok(Claim {
        access_key: credential.access_key,
        session_token: session_token.map(str::to_owned),
        at,
        signature,
        good_for_seconds: None,
        payload,
        string_to_sign: super::string_to_sign(at, &credential.scope, &canonical),
        scope: credential.scope,
    })
}

/// The three fields after the algorithm.
struct Fields<'a> {
    credential: &'a str,
    signed_headers: &'a str,
    signature: &'a str,
}

impl<'a> Fields<'a> {
    fn read(value: &'a str) -> Result<Self, Refusal> {
        let rest = match value.split_once(' ') {
            Some((ALGORITHM, rest)) => rest,
            Some((other, _)) if other.starts_with("AWS4-ECDSA-") => {
                return Err(Refusal::new(Code::NotImplemented, "asymmetric signatures (SigV4A) are not supported"));
            }
            _ => return Err(Refusal::new(Code::InvalidArgument, "unsupported authorization type")),
        };
        let (mut credential, mut signed_headers, mut signature) = (None, None, None);
        for field in rest.split(',') {
            let (name, value) = field.trim().split_once('=').ok_or_else(|| malformed("a field has no value"))?;
            let place = match name {
                "Credential" => &mut credential,
                "SignedHeaders" => &mut signed_headers,
                "Signature" => &mut signature,
                _ => return Err(malformed("there is an unknown field")),
            };
            if place.replace(value).is_some() {
                return Err(malformed("a field is repeated"));
            }
        }
        match (credential, signed_headers, signature) {
            (Some(credential), Some(signed_headers), Some(signature)) => {
                Ok(Self { credential, signed_headers, signature })
            }
            _ => Err(malformed("Credential, SignedHeaders and Signature are required")),
        }
    }
}

/// A header that may stand once, as text.
fn single<'a>(request: &'a Parts, name: &str) -> Result<Option<&'a str>, Refusal> {
    let mut values = request.headers.get_all(name).iter();
    let first = values.next();
    if values.next().is_some() {
        return Err(Refusal::new(Code::InvalidRequest, format!("the header `{name}` is repeated")));
    }
    first
        .map(|value| {
            value.to_str().map_err(|_| Refusal::new(Code::InvalidRequest, format!("the header `{name}` is not text")))
        })
        .transpose()
}

fn malformed(what: &'static str) -> Refusal {
    Refusal::new(Code::AuthorizationHeaderMalformed, format!("the authorization header is malformed: {what}"))
}

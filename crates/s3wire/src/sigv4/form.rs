//! The form: a policy that was signed, among the fields of an HTML form.

use base::Timestamp;

use super::scope::Credential;
use super::{
    ALGORITHM, CLOCK_SKEW_SECONDS, Claim, LONGEST_PRESIGN_SECONDS, LONGEST_TOKEN_BYTES, PayloadForm, SECURITY_TOKEN,
};
use crate::digest::read_hex;
use crate::form::Fields;
use crate::refusal::{Code, Refusal};

/// The fields of signature version 2.
const VERSION_2: [&str; 2] = ["awsaccesskeyid", "signature"];

/// The fields of a signature.
const SIGNATURE: [&str; 4] = ["x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-signature"];

/// Reads the claim of a form. What is signed is the policy, as it stands.
///
/// # Errors
/// A [`Refusal`] when there is none, when it is malformed, or when its time is out of bounds.
// SPEC: S3 POST Object, authenticating with Signature Version 4: the text to sign is the policy in base64.
pub fn read(fields: &Fields, now: Timestamp) -> Result<Claim, Refusal> {
    if VERSION_2.iter().any(|name| fields.find(name).is_some()) {
        return Err(super::version_2());
    }
    if SIGNATURE.iter().chain(&["policy"]).all(|name| fields.find(name).is_none()) {
        return Err(Refusal::new(Code::AccessDenied, "the form is not signed; anonymous access does not exist"));
    }
    let policy = required(fields, "policy")?;
    let [algorithm, credential, date, signature] = SIGNATURE.map(|name| required(fields, name));
    if algorithm? != ALGORITHM {
        return Err(invalid("x-amz-algorithm must be AWS4-HMAC-SHA256"));
    }
    let credential = Credential::read(credential?).map_err(invalid)?;
    let at = Timestamp::from_amz(date?).ok_or_else(|| invalid("x-amz-date must be written as YYYYMMDDTHHMMSSZ"))?;
    if !credential.scope.is_of(at) {
        return Err(invalid("the day of the credential is not the day of x-amz-date"));
    }
    if at > now.plus_seconds(CLOCK_SKEW_SECONDS) {
        return Err(Refusal::new(Code::AccessDenied, "the request is not yet valid"));
    }
    let signature = read_hex(signature?).ok_or_else(|| invalid("x-amz-signature must be 64 lower-case hex digits"))?;
    let session_token = fields.find(SECURITY_TOKEN);
    if session_token.is_some_and(|token| token.len() > LONGEST_TOKEN_BYTES) {
        return Err(Refusal::new(Code::InvalidToken, "the session token is too long"));
    }
    Ok(Claim {
        access_key: credential.access_key,
        session_token: session_token.map(str::to_owned),
        at,
        scope: credential.scope,
        signature,
        // The policy's own expiry comes earlier, as a rule; a signing key is not good for longer than this.
        good_for_seconds: Some(LONGEST_PRESIGN_SECONDS),
        payload: PayloadForm::Unsigned,
        string_to_sign: policy.to_owned(),
    })
}

fn required<'a>(fields: &'a Fields, name: &str) -> Result<&'a str, Refusal> {
    fields.find(name).ok_or_else(|| {
        let why = format!(
            "Bucket POST must contain a field named '{name}'. If it is specified, please check the order of the fields."
        );
        Refusal::new(Code::InvalidArgument, why)
    })
}

fn invalid(what: &'static str) -> Refusal {
    Refusal::new(Code::InvalidArgument, what)
}

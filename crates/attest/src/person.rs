//! Requests that a person signs with their own key: HTTP message signatures (RFC 9421), one narrow form of them.
//!
//! ```text
//! Content-Digest: sha-256=:<base64>:
//! Signature-Input: cofferdam=("@method" "@authority" "@path" "@query" "content-digest");created=<seconds>;nonce="<nonce>";keyid="<keyid>";alg="ed25519"
//! Signature: cofferdam=:<base64>:
//! ```
//!
//! # Threats
//! Anyone may send such headers. Only this form is read, so nothing can be left out of what is signed. Whether `created` is
//! fresh and the nonce unused is for the caller, who holds the clock and the memory.
//
// SPEC: RFC 9421 sections 2.2, 2.3, 2.5, 3.3.6 and 4; RFC 9530 section 2.

use base::Timestamp;

use crate::digest::{Hash, base64, read_base64, read_decimal, sha256};
use crate::error::Error;
use crate::key::{PublicKey, SigningKey};

const WHAT: &str = "a signed request";
const COMPONENTS: &str = r#"("@method" "@authority" "@path" "@query" "content-digest")"#;
const LABEL: &str = "cofferdam=";

/// A nonce has 16 to 64 of `A-Z a-z 0-9 - _`.
const NONCE_CHARS: std::ops::RangeInclusive<usize> = 16..=64;

/// A key id has 16 hexadecimal digits.
const KEYID_CHARS: usize = 16;

/// What of a request is signed. The body goes in through its digest.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The method, for example `POST`.
    pub method: &'a str,
    /// Host, and port unless it is the scheme's own; in any case.
    pub authority: &'a str,
    /// The path as sent, at least `/`.
    pub path: &'a str,
    /// The query as sent, without its `?`.
    pub query: Option<&'a str>,
    /// SHA-256 of the body.
    pub body: &'a Hash,
}

/// The headers that make a request a signed one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Headers {
    /// `Content-Digest`.
    pub content_digest: String,
    /// `Signature-Input`.
    pub signature_input: String,
    /// `Signature`.
    pub signature: String,
}

/// When a request was signed, its nonce, and by which key it says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// When it was signed, in whole seconds.
    pub created: Timestamp,
    /// Never used twice.
    pub nonce: String,
    /// The public name of the key.
    pub keyid: String,
}

/// A signature that was read and not yet checked. It says whose key to look up.
#[must_use = "a claim proves nothing until it is verified"]
pub struct Claim {
    stamp: Stamp,
    content: Hash,
    signature: Vec<u8>,
}

/// Signs a request.
///
/// # Errors
/// [`Error::Reading`] if the nonce or a part of the request has characters it cannot have.
pub fn sign(request: &Request<'_>, created: Timestamp, nonce: &str, key: &SigningKey) -> Result<Headers, Error> {
    let stamp = Stamp { created, nonce: nonce.to_owned(), keyid: key.public().keyid() };
    check_stamp(&stamp)?;
    let signature = key.sign(signature_base(request, &stamp)?.as_bytes());
    Ok(Headers {
        content_digest: content_digest(request.body),
        signature_input: format!("{LABEL}{}", parameters(&stamp)),
        signature: format!("{LABEL}:{}:", base64(&signature)),
    })
}

/// Reads the three headers of a signed request.
///
/// # Errors
/// [`Error::Reading`] if they are not of the one form above.
pub fn read(content_digest: &str, signature_input: &str, signature: &str) -> Result<Claim, Error> {
    let content = content_digest.strip_prefix("sha-256=").and_then(bytes).and_then(read_base64);
    let content = content.ok_or(Error::reading(WHAT, "expected a content digest `sha-256=:..:`"))?;
    let signature = signature.strip_prefix(LABEL).and_then(bytes).and_then(read_base64::<64>);
    let signature = signature.ok_or(Error::reading(WHAT, "expected a signature `cofferdam=:..:` of 64 bytes"))?;
    let stamp = read_parameters(signature_input)
        .ok_or(Error::reading(WHAT, "its signature input is not of the one form that is accepted"))?;
    check_stamp(&stamp)?;
    Ok(Claim { stamp, content, signature: signature.to_vec() })
}

impl Claim {
    /// When, with which nonce and by whom it says to be signed.
    #[must_use]
    pub const fn stamp(&self) -> &Stamp {
        &self.stamp
    }

    /// Checks the claim against the request as it arrived and the key that is registered under the claimed key id.
    ///
    /// # Errors
    /// [`Error::OtherContent`] if the body has another digest; [`Error::BadSignature`].
    pub fn verify(self, request: &Request<'_>, key: &PublicKey) -> Result<Stamp, Error> {
        if self.content != *request.body {
            return Err(Error::OtherContent);
        }
        let base = signature_base(request, &self.stamp)?;
        if key.keyid() != self.stamp.keyid || !key.accepts(base.as_bytes(), &self.signature) {
            return Err(Error::BadSignature { signer: self.stamp.keyid });
        }
        Ok(self.stamp)
    }
}

/// The header `Content-Digest` of a body with this SHA-256.
#[must_use]
pub fn content_digest(body: &Hash) -> String {
    format!("sha-256=:{}:", base64(body))
}

/// SHA-256 of a body.
#[must_use]
pub fn body_digest(body: &[u8]) -> Hash {
    sha256(&[body])
}

/// The text that is signed.
fn signature_base(request: &Request<'_>, stamp: &Stamp) -> Result<String, Error> {
    let authority = request.authority.to_ascii_lowercase();
    let query = format!("?{}", request.query.unwrap_or(""));
    let digest = content_digest(request.body);
    let lines = [
        ("@method", request.method),
        ("@authority", &authority),
        ("@path", request.path),
        ("@query", &query),
        ("content-digest", &digest),
    ];
    // INVARIANT: no value can hold a line break, so that no value can pose as the next line.
    if lines.iter().any(|(_, value)| value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_graphic())) {
        return Err(Error::reading(WHAT, "a part of the request is empty or not printable"));
    }
    Ok(join(&lines, &parameters(stamp)))
}

fn join(lines: &[(&str, &str)], parameters: &str) -> String {
    let mut base = String::new();
    for (name, value) in lines {
        base.push_str(&format!("\"{name}\": {value}\n"));
    }
    base.push_str(&format!("\"@signature-params\": {parameters}"));
    base
}

fn parameters(Stamp { created, nonce, keyid }: &Stamp) -> String {
    format!(r#"{COMPONENTS};created={};nonce="{nonce}";keyid="{keyid}";alg="ed25519""#, created.seconds())
}

fn read_parameters(signature_input: &str) -> Option<Stamp> {
    let rest = signature_input.strip_prefix(LABEL)?.strip_prefix(COMPONENTS)?.strip_prefix(";created=")?;
    let (created, rest) = rest.split_once(";nonce=\"")?;
    let (nonce, rest) = rest.split_once("\";keyid=\"")?;
    let keyid = rest.strip_suffix("\";alg=\"ed25519\"")?;
    let created = Timestamp::from_seconds(i64::try_from(read_decimal(created)?).ok()?);
    Some(Stamp { created, nonce: nonce.to_owned(), keyid: keyid.to_owned() })
}

/// Checks that nothing in a stamp could end a quoted string early, and that it is signed as it was read.
fn check_stamp(stamp: &Stamp) -> Result<(), Error> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if !NONCE_CHARS.contains(&stamp.nonce.len()) || !stamp.nonce.bytes().all(plain) {
        return Err(Error::reading(WHAT, "its nonce is not 16 to 64 of `A-Z a-z 0-9 - _`"));
    }
    if stamp.keyid.len() != KEYID_CHARS || !stamp.keyid.bytes().all(hex) {
        return Err(Error::reading(WHAT, "its key id is not 16 hexadecimal digits"));
    }
    if stamp.created < Timestamp(0) || stamp.created.seconds() > 999_999_999_999 {
        return Err(Error::reading(WHAT, "its time is out of range"));
    }
    Ok(())
}

/// A structured field's bytes: `:<base64>:`.
fn bytes(field: &str) -> Option<&str> {
    field.strip_prefix(':')?.strip_suffix(':')
}

#[cfg(test)]
mod tests {
    use base::Secret;

    use super::*;

    const NONCE: &str = "b3k2pp5k7z-50gnwp_yemd";

    fn key(byte: u8) -> SigningKey {
        SigningKey::from_seed(&Secret::take(&mut [byte; 32])).unwrap()
    }

    fn request(body: &Hash) -> Request<'_> {
        Request { method: "POST", authority: "LocalHost:8800", path: "/v1/engagements/pause", query: None, body }
    }

    fn signed(body: &Hash) -> Headers {
        sign(&request(body), Timestamp::from_seconds(1_700_000_000), NONCE, &key(9)).unwrap()
    }

    fn claim(headers: &Headers) -> Claim {
        read(&headers.content_digest, &headers.signature_input, &headers.signature).unwrap()
    }

    /// RFC 9421 appendix B.2.6, with the key of B.1.4.
    #[test]
    fn rfc9421_b_2_6() {
        let mut seed = read_base64("n4Ni+HpISpVObnQMW0wOhCKROaIKqKtW/2ZYb2p9KcU=").unwrap();
        let key = SigningKey::from_seed(&Secret::take(&mut seed)).unwrap();
        assert_eq!(base64(key.public().as_bytes()), "JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=");
        let lines = [
            ("date", "Tue, 20 Apr 2021 02:07:55 GMT"),
            ("@method", "POST"),
            ("@path", "/foo"),
            ("@authority", "example.com"),
            ("content-type", "application/json"),
            ("content-length", "18"),
        ];
        let parameters = r#"("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519""#;
        assert_eq!(
            base64(&key.sign(join(&lines, parameters).as_bytes())),
            "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw=="
        );
    }

    #[test]
    fn the_base_is_as_documented() {
        let body = body_digest(b"{}");
        let stamp = Stamp {
            created: Timestamp::from_seconds(1_700_000_000),
            nonce: "0123456789abcdef".into(),
            keyid: "00112233aabbccdd".into(),
        };
        assert_eq!(
            signature_base(&request(&body), &stamp).unwrap(),
            "\"@method\": POST\n\
             \"@authority\": localhost:8800\n\
             \"@path\": /v1/engagements/pause\n\
             \"@query\": ?\n\
             \"content-digest\": sha-256=:RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=:\n\
             \"@signature-params\": (\"@method\" \"@authority\" \"@path\" \"@query\" \"content-digest\");created=1700000000;nonce=\"0123456789abcdef\";keyid=\"00112233aabbccdd\";alg=\"ed25519\""
        );
    }

    #[test]
    fn a_signed_request_verifies_and_says_when() {
        let body = body_digest(b"{}");
        let stamp = claim(&signed(&body)).verify(&request(&body), &key(9).public()).unwrap();
        assert_eq!(stamp.created, Timestamp::from_seconds(1_700_000_000));
        assert_eq!(stamp.keyid, key(9).public().keyid());
    }

    #[test]
    fn nothing_of_a_request_can_change() {
        let body = body_digest(b"{}");
        let good = request(&body);
        let other = body_digest(b"{ }");
        for changed in [
            Request { method: "PUT", ..good },
            Request { authority: "localhost:8801", ..good },
            Request { path: "/v1/engagements/resume", ..good },
            Request { query: Some("force=1"), ..good },
            Request { body: &other, ..good },
        ] {
            assert!(claim(&signed(&body)).verify(&changed, &key(9).public()).is_err(), "{changed:?}");
        }
        assert!(claim(&signed(&body)).verify(&good, &key(8).public()).is_err());
    }

    #[test]
    fn a_key_signs_in_its_own_name_only() {
        let body = body_digest(b"{}");
        let stamp =
            Stamp { created: Timestamp::from_seconds(1), nonce: NONCE.to_owned(), keyid: key(8).public().keyid() };
        let signature = key(9).sign(signature_base(&request(&body), &stamp).unwrap().as_bytes()).to_vec();
        assert!(Claim { stamp, content: body, signature }.verify(&request(&body), &key(9).public()).is_err());
    }

    #[test]
    fn only_one_form_is_read() {
        let headers = signed(&body_digest(b"{}"));
        let input = &headers.signature_input;
        for bad in [
            input.replace("\"@query\" ", ""),
            input.replace(";alg=\"ed25519\"", ""),
            input.replace("ed25519", "hmac-sha256"),
            input.replace("created=1", "created=01"),
            input.replace("cofferdam=", "sig1="),
            input.replace("nonce=\"", "nonce=\"\\"),
            input.replace(";keyid", ";expires=1;keyid"),
            format!("{input}, sig2=()"),
            format!("{input};tag=\"x\""),
        ] {
            assert!(read(&headers.content_digest, &bad, &headers.signature).is_err(), "{bad}");
        }
        assert!(read("md5=:AA==:", input, &headers.signature).is_err());
        assert!(read(&headers.content_digest, input, "cofferdam=:AA==:").is_err());
    }

    #[test]
    fn a_line_break_cannot_pose_as_the_next_line() {
        let body = body_digest(b"");
        let request = Request { path: "/x\n\"@query\": ?", ..request(&body) };
        assert!(sign(&request, Timestamp(0), "0123456789abcdef", &key(9)).is_err());
    }
}

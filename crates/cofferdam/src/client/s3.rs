//! A small S3 client: signs as SDKs do (Signature Version 4, headers), streams what it receives.
//!
//! The text that is signed is built here from the published rules and shares no code with the gateway that checks it.
//!
//! SPEC: standards of S3: canonical request, percent-encoding of each path byte once, payload hash in a header.

use std::fmt::Write as _;
use std::sync::Arc;

use base::time::Clock;
use base::{Secret, Timestamp};
use bytes::Bytes;
use custody::sessions::Issued;
use custody::signature::SigningKey;
use http::{Method, Request};
use http_body_util::Full;

use crate::client::endpoint::Endpoint;
use crate::client::http::{Http, Response};
use crate::clock::SystemClock;
use crate::error::Error;

/// The region that sessions are handed out with. The server takes any; this is no region of Amazon's, because in `us-east-1`
/// SDKs presign with Signature Version 2, which is refused.
pub const REGION: &str = "local";

/// What a session's holder signs with. No `Debug`.
#[derive(Clone)]
pub struct Credentials {
    /// `AWS_ACCESS_KEY_ID`.
    pub access_key: String,
    /// `AWS_SECRET_ACCESS_KEY`.
    pub secret: String,
    /// `AWS_SESSION_TOKEN`.
    pub token: String,
}

impl From<&Issued> for Credentials {
    fn from(issued: &Issued) -> Self {
        Self { access_key: issued.access_key.clone(), secret: issued.secret.clone(), token: issued.token.clone() }
    }
}

/// An S3 client of one session. Cloning shares its connections.
#[derive(Clone)]
pub struct S3Client {
    server: Arc<Http>,
    credentials: Credentials,
    region: String,
    clock: Arc<dyn Clock>,
}

impl S3Client {
    /// A client of the server at `endpoint`; nothing is connected yet.
    #[must_use]
    pub fn new(endpoint: impl Into<Endpoint>, credentials: Credentials, region: &str) -> Self {
        let clock = Arc::new(SystemClock);
        Self { server: Http::new(endpoint), credentials, region: region.to_owned(), clock }
    }

    /// Sends a signed request. `key` may be empty (the bucket itself), and so may `bucket` (the service).
    ///
    /// Refusals are answers: look at the status.
    ///
    /// # Errors
    /// [`Error::NoServer`], [`Error::Broken`]; [`Error::Misuse`] for headers that cannot be sent.
    pub async fn request(
        &self,
        method: Method,
        bucket: &str,
        key: &str,
        query: &[(&str, &str)],
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> Result<Response, Error> {
        let target = Target {
            method: &method,
            path: path(bucket, key),
            query: canonical_query(query),
            payload: attest::digest::hex(&attest::sha256(&[&body])),
        };
        let signed = self.sign(&target, headers, self.clock.now())?;
        let uri =
            if target.query.is_empty() { target.path.clone() } else { format!("{}?{}", target.path, target.query) };
        let mut request = Request::builder().method(method.clone()).uri(uri);
        for (name, value) in &signed {
            request = request.header(name, value);
        }
        // HTTP would leave the length of an empty body out; S3 wants it said of every object.
        if method == Method::PUT {
            request = request.header(http::header::CONTENT_LENGTH, body.len());
        }
        let request = request.body(Full::new(body));
        let request = request.map_err(|error| Error::Misuse(format!("the request cannot be written: {error}")))?;
        self.server.send(request).await
    }

    /// The head of a signed request, for a body of `length` bytes that is sent behind it and that the signature does not cover.
    ///
    /// # Errors
    /// [`Error::Misuse`] for a secret that cannot sign.
    pub fn head(&self, method: &Method, bucket: &str, key: &str, length: u64) -> Result<String, Error> {
        let (path, query, payload) = (path(bucket, key), String::new(), "UNSIGNED-PAYLOAD".to_owned());
        let target = Target { method, path, query, payload };
        let length = length.to_string();
        let signed = self.sign(&target, &[("content-length", &length)], self.clock.now())?;
        let mut head = format!("{method} {} HTTP/1.1\r\n", target.path);
        for (name, value) in &signed {
            // Writing to a string cannot fail.
            let _ = write!(head, "{name}: {value}\r\n");
        }
        head.push_str("\r\n");
        Ok(head)
    }

    /// Every header of the signed request, those that were asked for included.
    fn sign(
        &self,
        target: &Target<'_>,
        headers: &[(&str, &str)],
        now: Timestamp,
    ) -> Result<Vec<(String, String)>, Error> {
        let at = now.to_amz();
        let date = at.get(..8).unwrap_or_default();
        let mut all: Vec<(String, String)> =
            headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect();
        let ours = [
            ("host", self.server.authority()),
            ("x-amz-content-sha256", &target.payload),
            ("x-amz-date", &at),
            ("x-amz-security-token", &self.credentials.token),
        ];
        all.extend(ours.map(|(name, value)| (name.to_owned(), value.to_owned())));
        all.sort();
        let mut canonical = format!("{}\n{}\n{}\n", target.method, target.path, target.query);
        for (name, value) in &all {
            // Writing to a string cannot fail.
            let _ = writeln!(canonical, "{name}:{value}");
        }
        let names = all.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(";");
        let _ = write!(canonical, "\n{names}\n{}", target.payload);
        let scope = format!("{date}/{}/s3/aws4_request", self.region);
        let digest = attest::digest::hex(&attest::sha256(&[canonical.as_bytes()]));
        let signature = self.signing_key(date)?.sign(&format!("AWS4-HMAC-SHA256\n{at}\n{scope}\n{digest}"));
        let credential = format!("{}/{scope}", self.credentials.access_key);
        let value = format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={names}, Signature={signature}");
        all.push(("authorization".to_owned(), value));
        Ok(all)
    }

    fn signing_key(&self, date: &str) -> Result<SigningKey, Error> {
        let secret: Result<[u8; 40], _> = self.credentials.secret.as_bytes().try_into();
        let mut secret = secret.map_err(|_| Error::Misuse("a session's secret has 40 characters".to_owned()))?;
        Ok(SigningKey::derive(&Secret::take(&mut secret), date, &self.region, "s3"))
    }
}

/// What of a request is signed beside its headers.
struct Target<'a> {
    method: &'a Method,
    path: String,
    query: String,
    payload: String,
}

fn path(bucket: &str, key: &str) -> String {
    let mut path = String::from("/");
    path.push_str(bucket);
    if !bucket.is_empty() && !key.is_empty() {
        path.push('/');
        encode(key, b"-._~/", &mut path);
    }
    path
}

fn canonical_query(query: &[(&str, &str)]) -> String {
    let mut pairs: Vec<String> = query
        .iter()
        .map(|(name, value)| {
            let mut pair = String::new();
            encode(name, b"-._~", &mut pair);
            pair.push('=');
            encode(value, b"-._~", &mut pair);
            pair
        })
        .collect();
    pairs.sort();
    pairs.join("&")
}

/// Percent-encodes every byte but letters, digits and `plain`.
pub(crate) fn encode(text: &str, plain: &[u8], into: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || plain.contains(&byte) {
            into.push(char::from(byte));
        } else {
            let _ = write!(into, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;

    fn client() -> S3Client {
        let credentials = Credentials {
            access_key: "AKIAIOSFODNN7EXAMPLE".into(),
            secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".into(),
            token: "token".into(),
        };
        S3Client::new(SocketAddr::from(([127, 0, 0, 1], 8333)), credentials, "us-east-1")
    }

    /// Recomputed with Python's `hmac` and `hashlib` from the rules, for exactly this request.
    #[test]
    fn a_signed_request_carries_what_sdks_send() {
        let target = Target {
            method: &Method::GET,
            path: path("bucket", "a b+c/d"),
            query: canonical_query(&[("prefix", "x y"), ("list-type", "2")]),
            payload: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855".into(),
        };
        let at = Timestamp::from_amz("20130524T000000Z").unwrap();
        let signed = client().sign(&target, &[("Range", "bytes=0-9")], at).unwrap();
        let (_, value) = signed.iter().find(|(name, _)| name == "authorization").unwrap();
        assert!(value.contains("Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "), "{value}");
        let names = "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date;x-amz-security-token, ";
        assert!(value.contains(names), "{value}");
        assert!(
            value.ends_with("Signature=14a57a0687aa0a9e7221abcfcab3952a19625142b9f1f18125c25489666d85fb"),
            "{value}"
        );
    }

    #[test]
    fn paths_and_queries_are_encoded_once() {
        assert_eq!(path("b", "k e+y%2F/ä"), "/b/k%20e%2By%252F/%C3%A4");
        assert_eq!(path("", ""), "/");
        assert_eq!(path("b", ""), "/b");
        assert_eq!(canonical_query(&[("uploads", ""), ("a", "b/c")]), "a=b%2Fc&uploads=");
    }
}

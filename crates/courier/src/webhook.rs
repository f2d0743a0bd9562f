//! Webhooks: a POST, signed over its id, its time and its body.
//!
//! SPEC: Standard Webhooks 1.0: `webhook-id`, `webhook-timestamp`, `webhook-signature: v1,base64(HMAC-SHA256(secret, id.time.body))`;
//! secrets are written `whsec_` and base64. A receiver drops ids that it has, and times that are minutes away from its own.

use aws_lc_rs::hmac;
use base::{Secret, Timestamp};
use bytes::Bytes;
use data_encoding::BASE64;
use http::{Request, Uri};
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;

use crate::LONGEST_ATTEMPT;
use crate::connection::{Trust, Wire, connect, secure};
use crate::error::Undelivered;

/// How long a webhook's secret is. SPEC: Standard Webhooks: 24 to 64 bytes.
const SECRET_BYTES: usize = 32;

/// What a secret begins with, as it is written.
const PREFIX: &str = "whsec_";

/// How much of an answer's head is taken: a status and a few headers.
const LONGEST_HEAD_BYTES: usize = 16 * 1024;

/// The secret that we and a receiver share.
pub struct WebhookSecret(Secret<SECRET_BYTES>);

impl WebhookSecret {
    /// Reads a secret as it is written.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let mut bytes: [u8; SECRET_BYTES] =
            BASE64.decode(text.strip_prefix(PREFIX)?.as_bytes()).ok()?.try_into().ok()?;
        Some(Self(Secret::take(&mut bytes)))
    }

    /// Writes a secret from fresh random bytes, the one time it is shown.
    #[must_use]
    pub fn write(bytes: &[u8; SECRET_BYTES]) -> String {
        format!("{PREFIX}{}", BASE64.encode(bytes))
    }
}

/// Where a webhook goes, and who vouches for that place.
pub struct Webhook<'a> {
    /// Its address.
    pub url: &'a str,
    /// Whom to believe about it.
    pub trust: &'a Trust,
    /// What it is signed with.
    pub secret: &'a WebhookSecret,
}

/// The value of `webhook-signature`.
#[must_use]
pub fn signature(secret: &WebhookSecret, id: &str, at: Timestamp, body: &[u8]) -> String {
    let tag = secret.0.expose(|secret| {
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, secret));
        context.update(format!("{id}.{}.", at.seconds()).as_bytes());
        context.update(body);
        context.sign()
    });
    format!("v1,{}", BASE64.encode(tag.as_ref()))
}

/// Sends a letter. Any 2xx means that it arrived; nothing else is followed or read.
///
/// # Errors
/// [`Undelivered`], after [`LONGEST_ATTEMPT`] at the latest.
pub async fn send_webhook(to: &Webhook<'_>, id: &str, at: Timestamp, body: Vec<u8>) -> Result<(), Undelivered> {
    tokio::time::timeout(LONGEST_ATTEMPT, post(to, id, at, body)).await.unwrap_or(Err(Undelivered::Late))
}

async fn post(to: &Webhook<'_>, id: &str, at: Timestamp, body: Vec<u8>) -> Result<(), Undelivered> {
    let uri: Uri = to.url.parse().map_err(|_| Undelivered::Address("it is no URL"))?;
    let host = uri.host().ok_or(Undelivered::Address("it names no host"))?;
    let wire: Box<dyn Wire> = match uri.scheme_str() {
        Some("https") => secure(connect(host, uri.port_u16().unwrap_or(443)).await?, host, to.trust).await?,
        Some("http") => Box::new(connect(host, uri.port_u16().unwrap_or(80)).await?),
        _ => return Err(Undelivered::Address("it is neither https nor http")),
    };
    let authority = uri.authority().map(http::uri::Authority::as_str).unwrap_or_default();
    let path = uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    let request = Request::post(path)
        .header("host", authority)
        .header("content-type", "application/json")
        .header("user-agent", concat!("cofferdam/", env!("CARGO_PKG_VERSION")))
        .header("webhook-id", id)
        .header("webhook-timestamp", at.seconds().to_string())
        .header("webhook-signature", signature(to.secret, id, at, &body))
        .body(Full::new(Bytes::from(body)))
        .map_err(|_| Undelivered::Address("it cannot be written into a request"))?;
    let garbled = |_| Undelivered::Garbled("not HTTP/1");
    let (mut sender, driver) =
        http1::Builder::new().max_buf_size(LONGEST_HEAD_BYTES).handshake(TokioIo::new(wire)).await.map_err(garbled)?;
    // The connection is driven here, not on a task of its own: when this attempt is over, so is the connection, whatever the
    // receiver is still saying.
    let mut answer = std::pin::pin!(sender.send_request(request));
    let answer = tokio::select! {
        answer = &mut answer => answer,
        // It has hung up: what it answered before is there, or nothing will be.
        _ = driver => answer.await,
    };
    let status = answer.map_err(|_| Undelivered::Garbled("no answer of HTTP/1"))?.status();
    if status.is_success() { Ok(()) } else { Err(Undelivered::Refused(status.as_u16())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the Standard Webhooks reference libraries' tests, with its secret of 24 bytes.
    #[test]
    fn a_signature_is_that_of_the_standard() {
        let body = br#"{"test": 2432232314}"#;
        let text = "msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.";
        let key = BASE64.decode(b"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &key));
        context.update(text.as_bytes());
        context.update(body);
        assert_eq!(BASE64.encode(context.sign().as_ref()), "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        // Ours is the same over a secret of ours.
        let secret = WebhookSecret::read(&WebhookSecret::write(&[7; 32])).unwrap();
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]));
        context.update(text.as_bytes());
        context.update(body);
        let expected = format!("v1,{}", BASE64.encode(context.sign().as_ref()));
        let at = Timestamp(1_614_265_330_999_999);
        assert_eq!(signature(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", at, body), expected);
    }

    #[test]
    fn what_is_no_secret_is_none() {
        for text in ["", "whsec_", "whsec_AAAA", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"] {
            assert!(WebhookSecret::read(text).is_none(), "{text}");
        }
    }
}

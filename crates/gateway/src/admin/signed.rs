//! The HTTP side of a person's signature: what of a request is covered, and the headers that carry it.
//!
//! Nothing is verified here. The rules of the signature are one strict form of RFC 9421, and belong to whoever verifies.

use std::net::IpAddr;

use http::header::HOST;
use http::request::Parts;

use super::problem::Problem;

/// A request as its signer saw it, and what it says to be signed with.
#[derive(Clone, Copy)]
pub struct Signed<'a> {
    /// The method.
    pub method: &'a str,
    /// The `Host` header.
    pub authority: &'a str,
    /// The path as sent.
    pub path: &'a str,
    /// The query as sent, without its `?`.
    pub query: Option<&'a str>,
    /// SHA-256 of the body as received.
    pub body: &'a [u8; 32],
    /// The `Content-Digest` header.
    pub content_digest: &'a str,
    /// The `Signature-Input` header.
    pub signature_input: &'a str,
    /// The `Signature` header.
    pub signature: &'a str,
    /// The socket's peer.
    pub address: IpAddr,
}

impl<'a> Signed<'a> {
    /// Reads the headers.
    ///
    /// # Errors
    /// A problem when one is missing, repeated or not text.
    pub(super) fn read(request: &'a Parts, body: &'a [u8; 32], address: IpAddr) -> Result<Self, Problem> {
        Ok(Self {
            method: request.method.as_str(),
            authority: single(request, HOST.as_str())?,
            path: request.uri.path(),
            query: request.uri.query(),
            body,
            content_digest: single(request, "content-digest")?,
            signature_input: single(request, "signature-input")?,
            signature: single(request, "signature")?,
            address,
        })
    }
}

fn single<'a>(request: &'a Parts, name: &str) -> Result<&'a str, Problem> {
    let mut values = request.headers.get_all(name).iter();
    match (values.next().map(|value| value.to_str()), values.next()) {
        (Some(Ok(value)), None) => Ok(value),
        _ => Err(Problem::unsigned(&format!("a request needs one `{name}` header\nsign it with `cofferdam`"))),
    }
}

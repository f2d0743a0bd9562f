//! The example credential of the S3 documentation, and requests as clients build them.

#![allow(dead_code, reason = "each test file uses a part of it")]

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign, verify};
use base::Timestamp;
use http::request::Parts;
use s3wire::sigv4::ChunkKey;

pub(crate) const ACCESS_KEY: &str = "AKIAIOSFODNN7EXAMPLE";
const SECRET_KEY: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
pub(crate) const DATE: &str = "20130524T000000Z";
pub(crate) const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// The signing key of the example credential for 24 May 2013.
pub(crate) struct ExampleKey(Key);

impl ExampleKey {
    pub(crate) fn new() -> Self {
        let mut key = format!("AWS4{SECRET_KEY}").into_bytes();
        for word in ["20130524", "us-east-1", "s3", "aws4_request"] {
            key = sign(&Key::new(HMAC_SHA256, &key), word.as_bytes()).as_ref().to_vec();
        }
        Self(Key::new(HMAC_SHA256, &key))
    }

    pub(crate) fn sign(&self, text: &str) -> [u8; 32] {
        sign(&self.0, text.as_bytes()).as_ref().try_into().unwrap()
    }
}

impl ChunkKey for ExampleKey {
    fn signs(&self, text: &str, signature: &[u8; 32]) -> bool {
        verify(&self.0, text.as_bytes(), signature).is_ok()
    }
}

pub(crate) fn now() -> Timestamp {
    Timestamp::from_amz(DATE).unwrap()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

pub(crate) fn parts(method: &str, target: &str, headers: &[(&str, &str)]) -> Parts {
    let mut builder = http::Request::builder().method(method).uri(target);
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    builder.body(()).unwrap().into_parts().0
}

/// An `Authorization` header over the given signed headers.
pub(crate) fn authorization(signed: &str, signature: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/20130524/us-east-1/s3/aws4_request,SignedHeaders={signed},Signature={signature}"
    )
}

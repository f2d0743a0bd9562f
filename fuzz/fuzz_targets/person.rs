//! The signature headers of an admin request: three texts from whoever reaches the socket.

#![no_main]

use attest::key::PublicKey;
use attest::person::{self, Request};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|texts: (&str, &str, &str)| {
    let (content_digest, signature_input, signature) = texts;
    let Ok(claim) = person::read(content_digest, signature_input, signature) else { return };
    let body = person::body_digest(b"");
    let request = Request { method: "POST", authority: "h", path: "/", query: None, body: &body };
    // Nobody knows a key whose signature would fit.
    assert!(claim.verify(&request, &PublicKey::from_bytes([7; 32])).is_err());
});

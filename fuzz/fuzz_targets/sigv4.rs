//! Requests that claim to be signed.
#![no_main]

use base::Timestamp;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, &str, Vec<(&str, &[u8])>)| {
    let (target, authorization, headers) = input;
    let mut request = http::Request::builder().uri(target).header("authorization", authorization);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let Ok(request) = request.body(()) else { return };
    let (parts, ()) = request.into_parts();
    if let Ok(claim) = s3wire::sigv4::read(&parts, Timestamp::from_seconds(1_369_353_600)) {
        assert!(claim.string_to_sign.starts_with("AWS4-HMAC-SHA256\n"));
        assert!(parts.headers.contains_key("host"), "a claim that covers no host");
    }
});

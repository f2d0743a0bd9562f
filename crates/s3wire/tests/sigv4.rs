//! The signature vectors of the S3 documentation, and what must not pass.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

mod support;

use base::Timestamp;
use s3wire::Code;
use s3wire::sigv4::{Claim, PayloadForm, read};
use support::{ACCESS_KEY, DATE, EMPTY, ExampleKey, authorization, hex, now, parts};

fn refused(result: Result<Claim, s3wire::Refusal>) -> Code {
    result.err().expect("must be refused").code()
}

/// Reads a request signed with `signature` and compares it with what the example key signs.
fn check_vector(method: &str, target: &str, headers: &[(&str, &str)], signed: &str, signature: &str) -> Claim {
    let authorization = authorization(signed, signature);
    let mut headers = headers.to_vec();
    headers.push(("authorization", &authorization));
    let claim = read(&parts(method, target, &headers), now()).unwrap();
    assert_eq!(hex(&claim.signature), signature);
    assert_eq!(hex(&ExampleKey::new().sign(&claim.string_to_sign)), signature);
    assert_eq!(claim.access_key, ACCESS_KEY);
    assert_eq!(claim.scope.to_string(), "20130524/us-east-1/s3/aws4_request");
    claim
}

const GET_OBJECT: &str = "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41";
const GET_SIGNED: &str = "host;range;x-amz-content-sha256;x-amz-date";

fn get_object<'a>(host: &'a str, range: &'a str, hash: &'a str, date: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![("host", host), ("range", range), ("x-amz-content-sha256", hash), ("x-amz-date", date)]
}

#[test]
fn vector_get_object() {
    let headers = get_object("examplebucket.s3.amazonaws.com", "bytes=0-9", EMPTY, DATE);
    let claim = check_vector("GET", "/test.txt", &headers, GET_SIGNED, GET_OBJECT);
    assert!(matches!(claim.payload, PayloadForm::Whole(_)));
}

#[test]
fn vector_put_object_in_signed_chunks() {
    let headers = [
        ("host", "s3.amazonaws.com"),
        ("content-encoding", "aws-chunked"),
        ("content-length", "66824"),
        ("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
        ("x-amz-date", DATE),
        ("x-amz-decoded-content-length", "66560"),
        ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
    ];
    let signed = "content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;\
                  x-amz-storage-class";
    let seed = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9";
    let claim = check_vector("PUT", "/examplebucket/chunkObject.txt", &headers, signed, seed);
    assert_eq!(claim.payload, PayloadForm::Chunks);
}

#[test]
fn vector_put_object_in_signed_chunks_with_trailer() {
    let headers = [
        ("host", "s3.amazonaws.com"),
        ("content-encoding", "aws-chunked"),
        ("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"),
        ("x-amz-date", DATE),
        ("x-amz-decoded-content-length", "66560"),
        ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
        ("x-amz-trailer", "x-amz-checksum-crc32c"),
    ];
    let signed = "content-encoding;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class;\
                  x-amz-trailer";
    let seed = "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e";
    let claim = check_vector("PUT", "/examplebucket/chunkObject.txt", &headers, signed, seed);
    assert_eq!(claim.payload, PayloadForm::ChunksAndTrailer);
}

const PRESIGNED: &str = "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2F\
                         us-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host\
                         &X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";
const HOST: [(&str, &str); 1] = [("host", "examplebucket.s3.amazonaws.com")];

#[test]
fn vector_presigned_get_object() {
    let claim = read(&parts("GET", PRESIGNED, &HOST), now()).unwrap();
    assert_eq!(ExampleKey::new().sign(&claim.string_to_sign), claim.signature);
    assert_eq!(claim.payload, PayloadForm::Unsigned);
}

#[test]
fn a_presigned_url_lives_as_long_as_it_says() {
    let at = |seconds| read(&parts("GET", PRESIGNED, &HOST), now().plus_seconds(seconds)).map(|_| ());
    assert!(at(86_400).is_ok());
    assert!(at(86_401).is_err());
    assert!(at(-15 * 60).is_ok());
    assert!(at(-15 * 60 - 1).is_err());
    for bad in ["0", "604801", "-1", "+5", "", "1e3", "99999999999999999999"] {
        let url = PRESIGNED.replace("Expires=86400", &format!("Expires={bad}"));
        assert_eq!(refused(read(&parts("GET", &url, &HOST), now())), Code::AuthorizationQueryParametersError, "{bad}");
    }
}

#[test]
fn every_part_of_a_presigned_url_is_required_once() {
    let (path, query) = PRESIGNED.split_once('?').unwrap();
    let pairs: Vec<&str> = query.split('&').map(str::trim).collect();
    for (index, pair) in pairs.iter().enumerate() {
        let mut without = pairs.clone();
        without.remove(index);
        assert!(read(&parts("GET", &format!("{path}?{}", without.join("&")), &HOST), now()).is_err(), "without {pair}");
        let twice = format!("{path}?{query}&{pair}");
        assert!(read(&parts("GET", &twice, &HOST), now()).is_err(), "twice {pair}");
    }
}

#[test]
fn the_clock_may_be_off_by_a_quarter_of_an_hour() {
    let authorization = authorization(GET_SIGNED, GET_OBJECT);
    let mut headers = get_object("h", "bytes=0-9", EMPTY, DATE);
    headers.push(("authorization", &authorization));
    let at = |now: Timestamp| read(&parts("GET", "/test.txt", &headers), now);
    assert!(at(now().plus_seconds(900)).is_ok());
    assert!(at(now().plus_seconds(-900)).is_ok());
    assert_eq!(refused(at(now().plus_seconds(901))), Code::RequestTimeTooSkewed);
    assert_eq!(refused(at(now().plus_seconds(-901))), Code::RequestTimeTooSkewed);
}

#[test]
fn any_change_of_the_request_changes_the_text() {
    let text = |method: &str, target: &str, host: &str, range: &str, hash: &str| {
        let authorization = authorization(GET_SIGNED, GET_OBJECT);
        let mut headers = get_object(host, range, hash, DATE);
        headers.push(("authorization", &authorization));
        read(&parts(method, target, &headers), now()).unwrap().string_to_sign
    };
    let original = text("GET", "/test.txt", "h", "bytes=0-9", EMPTY);
    for changed in [
        text("HEAD", "/test.txt", "h", "bytes=0-9", EMPTY),
        text("GET", "/test.tx", "h", "bytes=0-9", EMPTY),
        text("GET", "/%74est.txt", "h", "bytes=0-9", EMPTY),
        text("GET", "/test.txt?versionId=1", "h", "bytes=0-9", EMPTY),
        text("GET", "/test.txt", "i", "bytes=0-9", EMPTY),
        text("GET", "/test.txt", "h", "bytes=0-99", EMPTY),
        text("GET", "/test.txt", "h", "bytes=0-9", "UNSIGNED-PAYLOAD"),
    ] {
        assert_ne!(original, changed);
    }
}

#[test]
fn malformed_claims_are_refused_with_their_code() {
    let good = authorization(GET_SIGNED, GET_OBJECT);
    for (authorization, code) in [
        ("AWS AKIAIOSFODNN7EXAMPLE:frJIUN8DYpKDtOLCwo//yllqDzg=", Code::InvalidRequest),
        ("Bearer token", Code::InvalidArgument),
        ("AWS4-HMAC-SHA256", Code::InvalidArgument),
        ("AWS4-ECDSA-P256-SHA256 Credential=x", Code::NotImplemented),
        (&good.replace("SignedHeaders=", "Signed="), Code::AuthorizationHeaderMalformed),
        (&good.replace(",Signature=", ",Signature=0"), Code::AuthorizationHeaderMalformed),
        (&format!("{good},Signature={GET_OBJECT}"), Code::AuthorizationHeaderMalformed),
        (&good.replace("20130524/", "20130525/"), Code::AuthorizationHeaderMalformed),
        (&good.replace("/s3/", "/ec2/"), Code::AuthorizationHeaderMalformed),
        (&good.replace("host;", ""), Code::AccessDenied),
        (&good.replace(";x-amz-date", ""), Code::AccessDenied),
    ] {
        let mut headers = get_object("h", "bytes=0-9", EMPTY, DATE);
        headers.push(("authorization", authorization));
        assert_eq!(refused(read(&parts("GET", "/test.txt", &headers), now())), code, "{authorization}");
    }
}

#[test]
fn there_is_no_anonymous_access_and_no_second_signature() {
    assert_eq!(refused(read(&parts("GET", "/", &HOST), now())), Code::AccessDenied);
    let authorization = authorization("host", GET_OBJECT);
    let both = [HOST[0], ("authorization", &authorization)];
    assert_eq!(refused(read(&parts("GET", PRESIGNED, &both), now())), Code::InvalidArgument);
    let version_2 = "/b/k?AWSAccessKeyId=a&Expires=1&Signature=x";
    assert_eq!(refused(read(&parts("GET", version_2, &HOST), now())), Code::InvalidRequest);
}

#[test]
fn only_known_payload_forms_are_accepted() {
    for (hash, code) in [
        ("STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", Code::NotImplemented),
        ("STREAMING-SOMETHING", Code::InvalidArgument),
        ("E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855", Code::InvalidArgument),
        ("", Code::InvalidArgument),
    ] {
        let authorization = authorization(GET_SIGNED, GET_OBJECT);
        let mut headers = get_object("h", "bytes=0-9", hash, DATE);
        headers.push(("authorization", &authorization));
        assert_eq!(refused(read(&parts("GET", "/", &headers), now())), code, "{hash}");
    }
}

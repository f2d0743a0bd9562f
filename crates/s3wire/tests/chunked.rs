//! Chunked uploads: the vectors of the S3 documentation, every split, every fault.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

mod support;

use bytes::Bytes;
use proptest::prelude::*;
use s3wire::Code;
use s3wire::chunked::{Announced, Decoder, Signatures};
use s3wire::sigv4::{ChunkStrings, read};
use support::{DATE, ExampleKey, authorization, now, parts};

const SEED: &str = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9";
const CHUNKS: [&str; 3] = [
    "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
    "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
    "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
];
const TRAILER_SEED: &str = "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e";
const TRAILER_CHUNKS: [&str; 3] = [
    "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
    "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
    "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
];
const TRAILER_SIGNATURE: &str = "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435";
const LENGTH: u64 = 66_560;

fn signatures(seed: &str) -> Signatures {
    let authorization = authorization("host;x-amz-content-sha256;x-amz-date", seed);
    let headers = [
        ("host", "h"),
        ("x-amz-content-sha256", "UNSIGNED-PAYLOAD"),
        ("x-amz-date", DATE),
        ("authorization", authorization.as_str()),
    ];
    let claim = read(&parts("PUT", "/", &headers), now()).unwrap();
    Signatures { strings: ChunkStrings::of(&claim), key: Box::new(ExampleKey::new()), seed: claim.signature }
}

fn framed(sizes: &[usize], signatures: &[&str]) -> Vec<u8> {
    let mut body = Vec::new();
    for (size, signature) in sizes.iter().zip(signatures) {
        body.extend_from_slice(format!("{size:x};chunk-signature={signature}\r\n").as_bytes());
        body.extend(std::iter::repeat_n(b'a', *size));
        if *size > 0 {
            body.extend_from_slice(b"\r\n");
        }
    }
    body
}

fn signed_body() -> Vec<u8> {
    let mut body = framed(&[65_536, 1024, 0], &CHUNKS);
    body.extend_from_slice(b"\r\n");
    body
}

fn signed_body_with_trailer() -> Vec<u8> {
    let mut body = framed(&[65_536, 1024, 0], &TRAILER_CHUNKS);
    let trailer = format!("x-amz-checksum-crc32c:sOO8/Q==\r\nx-amz-trailer-signature:{TRAILER_SIGNATURE}\r\n\r\n");
    body.extend_from_slice(trailer.as_bytes());
    body
}

fn signed() -> Announced {
    Announced { length: LENGTH, trailer: None, signatures: Some(signatures(SEED)) }
}

fn signed_with_trailer() -> Announced {
    let trailer = Some("x-amz-checksum-crc32c".to_owned());
    Announced { length: LENGTH, trailer, signatures: Some(signatures(TRAILER_SEED)) }
}

fn unsigned(length: u64) -> Announced {
    Announced { length, trailer: Some("x-amz-checksum-crc32".to_owned()), signatures: None }
}

type Decoded = Result<(Vec<u8>, Option<(String, String)>), Code>;

fn decode<'a>(announced: Announced, pieces: impl IntoIterator<Item = &'a [u8]>) -> Decoded {
    let mut decoder = Decoder::new(announced);
    let mut data = Vec::new();
    for piece in pieces {
        let mut piece = Bytes::copy_from_slice(piece);
        while let Some(part) = decoder.next(&mut piece).map_err(|refusal| refusal.code())? {
            data.extend_from_slice(&part);
        }
    }
    let trailer = decoder.finish().map_err(|refusal| refusal.code())?;
    Ok((data, trailer))
}

#[test]
fn vector_signed_chunks() {
    let (data, trailer) = decode(signed(), [signed_body().as_slice()]).unwrap();
    assert_eq!(data, vec![b'a'; 66_560]);
    assert_eq!(trailer, None);
}

#[test]
fn vector_signed_chunks_with_trailer() {
    let (data, trailer) = decode(signed_with_trailer(), [signed_body_with_trailer().as_slice()]).unwrap();
    assert_eq!(data.len(), 66_560);
    assert_eq!(trailer, Some(("x-amz-checksum-crc32c".to_owned(), "sOO8/Q==".to_owned())));
}

/// As boto3 sends it over TLS.
const BOTO: &[u8] = b"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n";

#[test]
fn vector_unsigned_trailer_of_boto3() {
    let (data, trailer) = decode(unsigned(5), [BOTO]).unwrap();
    assert_eq!(data, b"hello");
    assert_eq!(trailer, Some(("x-amz-checksum-crc32".to_owned(), "NhCmhg==".to_owned())));
}

#[test]
fn any_changed_byte_of_a_signed_body_is_found() {
    let body = signed_body_with_trailer();
    // Every byte of framing and signatures, and some of the data.
    let places = (0..120).chain((120..body.len() - 400).step_by(4099)).chain(body.len() - 400..body.len());
    for place in places {
        let mut changed = body.clone();
        changed[place] ^= 0x01;
        let result = decode(signed_with_trailer(), [changed.as_slice()]);
        // Names of trailers may be written in either case; nothing else is open to choice.
        assert!(result.is_err(), "byte {place} was changed unseen");
    }
}

#[test]
fn a_body_that_ends_early_is_incomplete() {
    let body = signed_body();
    for length in [0, 1, 85, 86, 87, 70_000 - 3500, body.len() - 90, body.len() - 2, body.len() - 1] {
        assert_eq!(decode(signed(), [&body[..length]]), Err(Code::IncompleteBody), "{length}");
    }
}

#[test]
fn malformed_bodies_are_refused_with_their_code() {
    let trailer = "x-amz-checksum-crc32:NhCmhg==\r\n";
    for (body, length, code) in [
        (format!("5\r\nhello\r\n0\r\n{trailer}\r\n"), 6, Code::IncompleteBody),
        (format!("5\r\nhello\r\n0\r\n{trailer}\r\n"), 4, Code::IncompleteBody),
        (format!("5\r\nhello!\r\n0\r\n{trailer}\r\n"), 5, Code::IncompleteBody),
        (format!("5\nhello\r\n0\r\n{trailer}\r\n"), 5, Code::IncompleteBody),
        (format!("+5\r\nhello\r\n0\r\n{trailer}\r\n"), 5, Code::IncompleteBody),
        (format!("\r\nhello\r\n0\r\n{trailer}\r\n"), 5, Code::IncompleteBody),
        (format!("00000000000000005\r\nhello\r\n0\r\n{trailer}\r\n"), 5, Code::IncompleteBody),
        (format!("5;x=y\r\nhello\r\n0\r\n{trailer}\r\n"), 5, Code::IncompleteBody),
        (format!("5\r\nhello\r\n0\r\n{trailer}\r\nmore"), 5, Code::IncompleteBody),
        (format!("{}\r\n", "0".repeat(600)), 5, Code::IncompleteBody),
        ("5\r\nhello\r\n0\r\n\r\n".to_owned(), 5, Code::MalformedTrailerError),
        ("5\r\nhello\r\n0\r\nx-amz-checksum-crc32c:NhCmhg==\r\n\r\n".to_owned(), 5, Code::MalformedTrailerError),
        (format!("5\r\nhello\r\n0\r\n{trailer}{trailer}\r\n"), 5, Code::MalformedTrailerError),
    ] {
        assert_eq!(decode(unsigned(length), [body.as_bytes()]), Err(code), "{body:?}");
    }
}

#[test]
fn small_signed_chunks_are_only_the_last() {
    let key = ExampleKey::new();
    let signatures = signatures(SEED);
    let mut previous = signatures.seed;
    let mut body = Vec::new();
    for data in [&b"aaaa"[..], b"bbbb", b""] {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, data).as_ref().try_into().unwrap();
        previous = key.sign(&signatures.strings.chunk(&previous, &digest));
        body.extend_from_slice(format!("{:x};chunk-signature={}\r\n", data.len(), support::hex(&previous)).as_bytes());
        body.extend_from_slice(data);
        body.extend_from_slice(b"\r\n");
    }
    let announced = Announced { length: 8, trailer: None, signatures: Some(signatures) };
    assert_eq!(decode(announced, [body.as_slice()]), Err(Code::InvalidChunkSizeError));
}

proptest! {
    /// However the network cuts a body, the same data comes out.
    #[test]
    fn splits_do_not_matter(cuts in proptest::collection::vec(0usize..67_500, 0..40)) {
        let body = signed_body_with_trailer();
        let mut cuts: Vec<usize> = cuts.into_iter().filter(|cut| *cut < body.len()).chain([0, body.len()]).collect();
        cuts.sort_unstable();
        let pieces = cuts.windows(2).map(|pair| &body[pair[0]..pair[1]]);
        let whole = decode(signed_with_trailer(), [body.as_slice()]);
        prop_assert_eq!(decode(signed_with_trailer(), pieces), whole);
    }

    /// Whatever comes in, the decoder answers; it never hands on more than was announced.
    #[test]
    fn nonsense_is_survived(body in proptest::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'5'), any::<u8>()], 0..200)) {
        if let Ok((data, _)) = decode(unsigned(5), [body.as_slice()]) {
            prop_assert_eq!(data.len(), 5);
        }
    }
}

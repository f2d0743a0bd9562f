//! Uploads over the decoder: what ends well, and what never does.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

use bytes::Bytes;
use gateway::Code;
use gateway::claimed::Checksum;
use gateway::upload::{TrailerSlot, Upload};
use http_body_util::{BodyExt, Full};
use s3wire::chunked::{Announced, Decoder};

const BOTO: &[u8] = b"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n";

fn unsigned(length: u64) -> Announced {
    Announced { length, trailer: Some("x-amz-checksum-crc32".to_owned()), signatures: None }
}

fn collect<B>(upload: Upload<B>) -> Result<Bytes, Code>
where
    B: http_body::Body<Data = Bytes> + Unpin,
    B::Error: std::error::Error + 'static,
{
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(upload.collect()).map(http_body_util::Collected::to_bytes).map_err(|refusal| refusal.code())
}

#[test]
fn an_upload_leaves_its_trailer_in_the_slot() {
    let slot = TrailerSlot::default();
    let upload = Upload::chunked(Full::from(BOTO), 5, Decoder::new(unsigned(5)), slot.clone());
    assert_eq!(slot.checksum(), None);
    assert_eq!(collect(upload).unwrap(), "hello");
    assert_eq!(slot.checksum(), Some(&Checksum::of_trailer("x-amz-checksum-crc32", "NhCmhg==").unwrap()));
}

#[test]
fn an_upload_ends_well_only_with_the_hash_it_was_signed_with() {
    let hash = |data: &[u8]| aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, data).as_ref().try_into().unwrap();
    let body = || Full::from("hello");
    assert_eq!(collect(Upload::hashed(body(), Some(5), hash(b"hello"))).unwrap(), "hello");
    assert_eq!(collect(Upload::hashed(body(), Some(5), hash(b"hellO"))), Err(Code::XAmzContentSHA256Mismatch));
    assert_eq!(collect(Upload::plain(body(), Some(6))), Err(Code::IncompleteBody));
    assert_eq!(collect(Upload::plain(body(), Some(4))), Err(Code::IncompleteBody));
}

#[tokio::test]
async fn a_broken_upload_never_ends_well() {
    let mut upload = Upload::chunked(Full::from("zz\r\n"), 5, Decoder::new(unsigned(5)), TrailerSlot::default());
    for _ in 0..3 {
        assert!(matches!(upload.frame().await, Some(Err(_))));
    }
}

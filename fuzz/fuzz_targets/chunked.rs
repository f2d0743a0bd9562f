//! Bodies in `aws-chunked` framing, as strangers send them, cut into pieces anywhere.
#![no_main]

use bytes::Bytes;
use s3wire::chunked::{Announced, Decoder};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, u16, &[u8])| {
    let (piece, length, body) = input;
    let trailer = (length % 2 == 0).then(|| "x-amz-checksum-crc32".to_owned());
    let length = u64::from(length);
    let mut decoder = Decoder::new(Announced { length, trailer, signatures: None });
    let mut given = 0u64;
    for piece in body.chunks(usize::from(piece).max(1)) {
        let mut piece = Bytes::copy_from_slice(piece);
        loop {
            match decoder.next(&mut piece) {
                Ok(Some(data)) => given += data.len() as u64,
                Ok(None) => break,
                Err(_) => return,
            }
        }
    }
    if decoder.finish().is_ok() {
        assert_eq!(given, length, "a body ended well with another length than announced");
    }
});

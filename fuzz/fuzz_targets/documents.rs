//! XML documents that clients send, read by the reader that serves them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use s3s::dto;
use s3s::xml::{Deserialize, Deserializer};

fn read<T>(document: &[u8])
where
    T: for<'xml> Deserialize<'xml>,
{
    let mut deserializer = Deserializer::new(document);
    if T::deserialize(&mut deserializer).is_ok() {
        let _ = deserializer.expect_eof();
    }
}

fuzz_target!(|document: &[u8]| {
    read::<dto::CompletedMultipartUpload>(document);
    read::<dto::Delete>(document);
    read::<dto::Tagging>(document);
    read::<dto::CORSConfiguration>(document);
    read::<dto::VersioningConfiguration>(document);
    read::<dto::ObjectLockConfiguration>(document);
    read::<dto::ObjectLockRetention>(document);
    read::<dto::ObjectLockLegalHold>(document);
    read::<dto::AccessControlPolicy>(document);
    read::<dto::CreateBucketConfiguration>(document);
});

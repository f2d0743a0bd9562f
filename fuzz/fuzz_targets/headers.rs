//! Values of headers that say which bytes, of what: ranges and sources of copies.
#![no_main]

use libfuzzer_sys::fuzz_target;
use s3wire::range::{self, Range};

fuzz_target!(|value: &str| {
    if let Some(Range::Between(first, last)) = range::read(value) {
        assert!(first <= last);
    }
    if let Some((first, last)) = range::of_copy(value) {
        assert_eq!(range::read(value), Some(Range::Between(first, last)));
    }
    if let Ok(s3s::dto::CopySource::Bucket { bucket, key, .. }) = s3s::dto::CopySource::parse(value) {
        assert!(!bucket.is_empty() && !bucket.contains('/'), "{bucket}");
        assert!(key.len() <= 1024);
    }
});

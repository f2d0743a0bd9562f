//! Checksums between custody's metadata and the documents of `s3s`.

use custody::digests::Algorithm;
use custody::meta::Meta;
use s3s::dto::{ChecksumType, Metadata};

/// Writes the checksums of `meta` into an output that has the five fields and the type.
macro_rules! write_checksums {
    ($output:expr, $meta:expr) => {{
        let meta = $meta;
        let output = &mut $output;
        let value = |algorithm: custody::digests::Algorithm| meta.checksums.get(algorithm.name()).cloned();
        output.checksum_crc32 = value(custody::digests::Algorithm::Crc32);
        output.checksum_crc32c = value(custody::digests::Algorithm::Crc32c);
        output.checksum_crc64nvme = value(custody::digests::Algorithm::Crc64Nvme);
        output.checksum_sha1 = value(custody::digests::Algorithm::Sha1);
        output.checksum_sha256 = value(custody::digests::Algorithm::Sha256);
    }};
}
pub(super) use write_checksums;

/// Whether the checksums are of the whole or of the parts; nothing when there are none.
pub(super) fn type_of(meta: &Meta) -> Option<ChecksumType> {
    let kind = if meta.composite { ChecksumType::COMPOSITE } else { ChecksumType::FULL_OBJECT };
    (!meta.checksums.is_empty()).then(|| ChecksumType::from_static(kind))
}

/// The algorithm of an object that came without a checksum.
// SPEC: S3: CRC64NVME, over the full object.
pub(super) const DEFAULT: Algorithm = Algorithm::Crc64Nvme;

/// User metadata, as `s3s` has it.
pub(super) fn user_metadata(meta: &Meta) -> Option<Metadata> {
    (!meta.user.is_empty()).then(|| meta.user.clone().into_iter().collect())
}

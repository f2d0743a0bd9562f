//! Checksums, and what else custody's metadata say, in the documents of `s3s`.

use custody::digests::Algorithm;
use custody::meta::Meta;
use s3s::dto::{self, ChecksumAlgorithm, ChecksumType, Metadata};
use s3wire::{Code, Refusal};

/// Writes checksums by algorithm's name into an output that has the five fields.
macro_rules! write_checksums {
    ($output:expr, $checksums:expr) => {{
        let checksums = $checksums;
        let output = &mut $output;
        let value = |algorithm: custody::digests::Algorithm| checksums.get(algorithm.name()).cloned();
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
    (!meta.checksums.is_empty()).then(|| kind(meta.composite))
}

/// The algorithms of an object's checksums, as listings say them; nothing when there are none.
pub(super) fn algorithms_of(meta: &Meta) -> Option<Vec<ChecksumAlgorithm>> {
    let names = meta.checksums.keys().map(|name| ChecksumAlgorithm::from(name.clone()));
    (!meta.checksums.is_empty()).then(|| names.collect())
}

/// The storage class, as listings say it: they name the standard one too.
pub(super) fn class_of(meta: &Meta) -> &str {
    meta.storage_class.as_deref().unwrap_or(dto::StorageClass::STANDARD)
}

/// The type of a checksum that is composed of the parts', or is not.
pub(super) fn kind(composite: bool) -> ChecksumType {
    ChecksumType::from_static(if composite { ChecksumType::COMPOSITE } else { ChecksumType::FULL_OBJECT })
}

/// Reads the checksums that a document repeats: from one that has the five fields, by algorithm, those that are there.
macro_rules! read_checksums {
    ($input:expr) => {{
        let input = $input;
        let fields = [
            (custody::digests::Algorithm::Crc32, input.checksum_crc32),
            (custody::digests::Algorithm::Crc32c, input.checksum_crc32c),
            (custody::digests::Algorithm::Crc64Nvme, input.checksum_crc64nvme),
            (custody::digests::Algorithm::Sha1, input.checksum_sha1),
            (custody::digests::Algorithm::Sha256, input.checksum_sha256),
        ];
        fields.into_iter().filter_map(|(algorithm, value)| Some((algorithm, value?))).collect()
    }};
}
pub(super) use read_checksums;

/// Reads the name of an algorithm.
pub(super) fn named(name: &ChecksumAlgorithm) -> Result<Algorithm, Refusal> {
    Algorithm::named(name.as_str()).ok_or_else(|| {
        let known = Algorithm::ALL.map(Algorithm::name).join(", ");
        let why = format!("the checksum algorithm `{}` is not supported\nuse one of {known}", name.as_str());
        Refusal::new(Code::InvalidRequest, why)
    })
}

/// The algorithm of an object that came without a checksum.
// SPEC: S3: CRC64NVME, over the full object.
pub(super) const DEFAULT: Algorithm = Algorithm::Crc64Nvme;

/// User metadata, as `s3s` has it.
pub(super) fn user_metadata(meta: &Meta) -> Option<Metadata> {
    (!meta.user.is_empty()).then(|| meta.user.clone().into_iter().collect())
}

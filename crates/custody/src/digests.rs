//! Digests of a body as it streams: the MD5 of its ETag and the checksums that clients send and ask for.
//!
//! SPEC: standards §10.5. CRCs and MD5 are fingerprints that S3 clients expect, not what the data's safety rests on: that is
//! the seal.

use std::collections::BTreeMap;

use crc_fast::{CrcAlgorithm, Digest as Crc};
use md5::{Digest as _, Md5};

/// A checksum algorithm of S3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// CRC-32 (ISO-HDLC).
    Crc32,
    /// CRC-32C (Castagnoli).
    Crc32c,
    /// CRC-64/NVME.
    Crc64Nvme,
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Crc32, Self::Crc32c, Self::Crc64Nvme, Self::Sha1, Self::Sha256];

    /// As S3 writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Crc32 => "CRC32",
            Self::Crc32c => "CRC32C",
            Self::Crc64Nvme => "CRC64NVME",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
        }
    }

    /// Reads the name, in any case.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name().eq_ignore_ascii_case(name))
    }
}

impl Algorithm {
    /// The checksum of a whole from those of its parts, for the algorithms that can be combined: CRCs.
    #[must_use]
    pub fn combine(self, raw: &[Vec<u8>], parts: &[base::object::Part]) -> Option<String> {
        let (crc, width_bytes) = match self {
            Self::Crc32 => (CrcAlgorithm::Crc32IsoHdlc, 4usize),
            Self::Crc32c => (CrcAlgorithm::Crc32Iscsi, 4),
            Self::Crc64Nvme => (CrcAlgorithm::Crc64Nvme, 8),
            Self::Sha1 | Self::Sha256 => return None,
        };
        let mut whole = Crc::new(crc).finalize();
        for (raw, part) in raw.iter().zip(parts) {
            let value = raw.iter().fold(0u64, |value, byte| value.wrapping_shl(8) | u64::from(*byte));
            whole = crc_fast::checksum_combine(crc, whole, value, part.size);
        }
        let bytes = whole.to_be_bytes();
        Some(data_encoding::BASE64.encode(bytes.get(8usize.saturating_sub(width_bytes)..)?))
    }
}

enum Running {
    Crc(Box<Crc>),
    Sha(aws_lc_rs::digest::Context),
}

/// Digests being computed over a body.
pub struct Digests {
    fingerprint: Fingerprint,
    sums: Sums,
}

/// The MD5 of a body: several times slower than all else that is made of it, so it can be computed apart.
pub(crate) struct Fingerprint(Md5);

/// All the other digests.
pub(crate) struct Sums {
    sha256: Option<aws_lc_rs::digest::Context>,
    checksums: Vec<(Algorithm, Running)>,
    length: u64,
}

/// What the digests came to.
#[derive(Clone, Debug)]
pub struct Digested {
    /// MD5 of the body.
    pub md5: [u8; 16],
    /// SHA-256, if it was asked for.
    pub sha256: Option<[u8; 32]>,
    /// Checksums in base64, by algorithm name.
    pub checksums: BTreeMap<String, String>,
    /// Bytes of the body.
    pub length: u64,
}

impl Digests {
    /// Computes MD5, the checksums asked for, and SHA-256 if the payload's hash was signed.
    #[must_use]
    pub fn new(algorithms: &[Algorithm], sha256: bool) -> Self {
        use aws_lc_rs::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY, SHA256};
        let crc = |algorithm| Running::Crc(Box::new(Crc::new(algorithm)));
        let start = |algorithm: &Algorithm| {
            let running = match algorithm {
                Algorithm::Crc32 => crc(CrcAlgorithm::Crc32IsoHdlc),
                Algorithm::Crc32c => crc(CrcAlgorithm::Crc32Iscsi),
                Algorithm::Crc64Nvme => crc(CrcAlgorithm::Crc64Nvme),
                Algorithm::Sha1 => Running::Sha(Context::new(&SHA1_FOR_LEGACY_USE_ONLY)),
                Algorithm::Sha256 => Running::Sha(Context::new(&SHA256)),
            };
            (*algorithm, running)
        };
        let sha256 = sha256.then(|| Context::new(&SHA256));
        let sums = Sums { sha256, checksums: algorithms.iter().map(start).collect(), length: 0 };
        Self { fingerprint: Fingerprint(Md5::new()), sums }
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.fingerprint.update(bytes);
        self.sums.update(bytes);
    }

    /// What they came to.
    #[must_use]
    pub fn finish(self) -> Digested {
        Digested::of(self.fingerprint, self.sums)
    }

    /// The two halves, for whoever computes them beside each other; each must see every byte.
    pub(crate) fn split(self) -> (Fingerprint, Sums) {
        (self.fingerprint, self.sums)
    }
}

impl Fingerprint {
    /// Takes the next bytes.
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }
}

impl Sums {
    /// Takes the next bytes.
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        if let Some(sha256) = &mut self.sha256 {
            sha256.update(bytes);
        }
        for (_, running) in &mut self.checksums {
            match running {
                Running::Crc(crc) => crc.update(bytes),
                Running::Sha(sha) => sha.update(bytes),
            }
        }
        self.length = self.length.saturating_add(bytes.len() as u64);
    }
}

impl Digested {
    /// What the two halves came to.
    pub(crate) fn of(Fingerprint(md5): Fingerprint, sums: Sums) -> Self {
        let render = |(algorithm, running): (Algorithm, Running)| {
            let bytes = match (running, algorithm) {
                (Running::Crc(crc), Algorithm::Crc64Nvme) => crc.finalize().to_be_bytes().to_vec(),
                // A 32-bit CRC is the low half of what the library returns.
                (Running::Crc(crc), _) => crc.finalize().to_be_bytes().into_iter().skip(4).collect(),
                (Running::Sha(sha), _) => sha.finish().as_ref().to_vec(),
            };
            (algorithm.name().to_owned(), data_encoding::BASE64.encode(&bytes))
        };
        Self {
            md5: md5.finalize().into(),
            sha256: sums.sha256.and_then(|sha| sha.finish().as_ref().try_into().ok()),
            checksums: sums.checksums.into_iter().map(render).collect(),
            length: sums.length,
        }
    }
}

/// MD5 of some bytes.
#[must_use]
pub fn md5_of(bytes: &[u8]) -> [u8; 16] {
    Md5::digest(bytes).into()
}

/// The digest of a composite checksum: the algorithm over the concatenated raw checksums of the parts.
#[must_use]
pub fn composite(algorithm: Algorithm, parts: &[Vec<u8>]) -> String {
    let mut digests = Digests::new(&[algorithm], false);
    for part in parts {
        digests.update(part);
    }
    digests.finish().checksums.remove(algorithm.name()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(bytes: &[u8]) -> Digested {
        let mut digests = Digests::new(&Algorithm::ALL, true);
        for byte in bytes {
            digests.update(&[*byte]);
        }
        digests.finish()
    }

    #[test]
    fn vector_check_123456789() {
        let digested = all(b"123456789");
        assert_eq!(digested.checksums["CRC32"], "y/Q5Jg==");
        assert_eq!(digested.checksums["CRC32C"], "4waSgw==");
        assert_eq!(digested.checksums["CRC64NVME"], "rosUhgp5mIg=");
        assert_eq!(digested.length, 9);
    }

    #[test]
    fn vector_empty() {
        let digested = all(b"");
        assert_eq!(digested.checksums["CRC32"], "AAAAAA==");
        assert_eq!(digested.checksums["CRC64NVME"], "AAAAAAAAAAA=");
        assert_eq!(data_encoding::HEXLOWER.encode(&digested.md5), "d41d8cd98f00b204e9800998ecf8427e");
    }

    #[test]
    fn vector_full_object_hello_world() {
        let part =
            |number, size| base::object::Part { number, size, body: base::object::Body::Inline(bytes::Bytes::new()) };
        let parts = [part(1, 6), part(2, 5)];
        for (algorithm, whole) in [(Algorithm::Crc32, "DUoRhQ=="), (Algorithm::Crc64Nvme, "jSnVw/bqjr4=")] {
            let raw = |text: &[u8]| {
                let mut digests = Digests::new(&[algorithm], false);
                digests.update(text);
                data_encoding::BASE64.decode(digests.finish().checksums[algorithm.name()].as_bytes()).unwrap()
            };
            assert_eq!(algorithm.combine(&[raw(b"hello "), raw(b"world")], &parts).as_deref(), Some(whole));
        }
    }

    #[test]
    fn vector_multipart_hello_world() {
        let raw = |text: &[u8], algorithm: Algorithm| {
            let mut digests = Digests::new(&[algorithm], false);
            digests.update(text);
            let text = digests.finish().checksums.remove(algorithm.name()).unwrap();
            data_encoding::BASE64.decode(text.as_bytes()).unwrap()
        };
        let parts = |algorithm| vec![raw(b"hello ", algorithm), raw(b"world", algorithm)];
        assert_eq!(
            composite(Algorithm::Sha256, &parts(Algorithm::Sha256)),
            "Zhie15keHg/OBlOZxcoF/BXCgYZaeimRvdZnwUZqkaQ="
        );
        assert_eq!(composite(Algorithm::Crc32, &parts(Algorithm::Crc32)), "1Fu2mQ==");
        let etag = md5_of(&[md5_of(b"hello "), md5_of(b"world")].concat());
        assert_eq!(data_encoding::HEXLOWER.encode(&etag), "e09e4fd6265b36115fe3db32df945d84");
    }
}

//! Sealing one stream: Tink's AES-GCM-HKDF streaming AEAD, bit for bit.
//!
//! ```text
//! header    = u8 length || salt || nonce prefix[7]
//! key       = HKDF(main key, salt, info = associated data)
//! segment i = AES-GCM(key, nonce prefix || u32be i || last?, plaintext i)
//! ```
//!
//! Google's Tink decrypts what is written here, given the main key and the associated data. The product uses derived keys of
//! 32 bytes, SHA-256 and 64 KiB segments; the other parameters are here because Tink's are, and are held to its vectors.
//!
//! This file must never reuse a salt: every stream draws its own.

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf;
use base::{Entropy, Secret};
use zeroize::Zeroize;

use crate::error::SealError;
use crate::layout::Layout;
use crate::wrap::KEY_BYTES;

/// Bytes of a sealed segment unless the object says otherwise: small enough that a ranged read of a Parquet file opens little
/// more than it needs, large enough that tags and calls cost nothing.
pub const DEFAULT_SEGMENT_SIZE: u32 = 64 * 1024;

/// Bytes of the nonce prefix.
const PREFIX_BYTES: usize = 7;
/// Bytes of the longest salt.
const LONGEST_SALT_BYTES: usize = 32;
/// Bytes of the header of the product's streams.
pub(crate) const HEADER_BYTES: usize = 1 + LONGEST_SALT_BYTES + PREFIX_BYTES;

/// The hash of HKDF.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    /// SHA-1: for Tink's vectors.
    Sha1,
    /// SHA-256: the product's.
    Sha256,
    /// SHA-512: for Tink's vectors.
    Sha512,
}

/// The length of derived keys, and so the kind of AES.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DerivedKey {
    /// AES-128, salts of 16 bytes: for Tink's vectors.
    Bytes16,
    /// AES-256, salts of 32 bytes: the product's.
    Bytes32,
}

/// The parameters of a stream, as Tink names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameters {
    segment_size: u32,
    derived: DerivedKey,
    hash: Hash,
    layout: Layout,
}

impl Hash {
    const fn algorithm(self) -> hkdf::Algorithm {
        match self {
            Self::Sha1 => hkdf::HKDF_SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => hkdf::HKDF_SHA256,
            Self::Sha512 => hkdf::HKDF_SHA512,
        }
    }
}

impl DerivedKey {
    /// Bytes of the key, and of the salt.
    pub(crate) const fn bytes(self) -> u8 {
        match self {
            Self::Bytes16 => 16,
            Self::Bytes32 => 32,
        }
    }

    const fn header(self) -> u8 {
        self.bytes().saturating_add(1).saturating_add(PREFIX_BYTES as u8)
    }
}

impl Parameters {
    /// The product's parameters with sealed segments of `segment_size` bytes.
    ///
    /// # Errors
    /// [`SealError::SegmentSize`] when a first segment could hold nothing.
    pub fn new(segment_size: u32) -> Result<Self, SealError> {
        Self::tink(segment_size, DerivedKey::Bytes32, Hash::Sha256)
    }

    /// Any parameters that Tink has.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn tink(segment_size: u32, derived: DerivedKey, hash: Hash) -> Result<Self, SealError> {
        let layout = Layout::new(segment_size, derived.header()).ok_or(SealError::SegmentSize(segment_size))?;
        Ok(Self { segment_size, derived, hash, layout })
    }

    /// Bytes of a sealed segment.
    #[must_use]
    pub const fn segment_size(&self) -> u32 {
        self.segment_size
    }

    /// The length of derived keys.
    #[must_use]
    pub const fn derived(&self) -> DerivedKey {
        self.derived
    }

    /// The hash of HKDF.
    #[must_use]
    pub const fn hash(&self) -> Hash {
        self.hash
    }

    /// Where everything lies.
    #[must_use]
    pub const fn layout(&self) -> Layout {
        self.layout
    }
}

/// The key of one stream, derived from main key, salt and associated data.
pub(crate) struct StreamKey {
    key: LessSafeKey,
    prefix: [u8; PREFIX_BYTES],
}

impl StreamKey {
    pub(crate) fn derive(
        parameters: &Parameters,
        main: &Secret<KEY_BYTES>,
        salt: &[u8],
        prefix: [u8; PREFIX_BYTES],
        associated: &[u8],
    ) -> Result<Self, SealError> {
        let algorithm = match parameters.derived {
            DerivedKey::Bytes16 => &AES_128_GCM,
            DerivedKey::Bytes32 => &AES_256_GCM,
        };
        let extracted = main.expose(|main| hkdf::Salt::new(parameters.hash.algorithm(), salt).extract(main));
        // Only the first bytes of `room` are used for AES-128.
        let key = Secret::<KEY_BYTES>::make(|room| {
            let key = room.get_mut(..algorithm.key_len()).ok_or(aws_lc_rs::error::Unspecified)?;
            extracted.expand(&[associated], algorithm)?.fill(key)
        })
        .and_then(|room| room.expose(|room| UnboundKey::new(algorithm, room.get(..algorithm.key_len()).unwrap_or(&[]))))
        .map_err(|_| SealError::Provider("deriving a stream's key"))?;
        Ok(Self { key: LessSafeKey::new(key), prefix })
    }

    /// The AES-GCM key.
    pub(crate) const fn key(&self) -> &LessSafeKey {
        &self.key
    }

    /// SPEC: Tink, AES-GCM-HKDF streaming AEAD, `nonce_prefix || u32be(i) || (1 if last else 0)`.
    pub(crate) fn nonce(&self, index: u32, last: bool) -> Nonce {
        let [p0, p1, p2, p3, p4, p5, p6] = self.prefix;
        let [i0, i1, i2, i3] = index.to_be_bytes();
        let nonce: [u8; NONCE_LEN] = [p0, p1, p2, p3, p4, p5, p6, i0, i1, i2, i3, u8::from(last)];
        Nonce::assume_unique_for_key(nonce)
    }
}

/// Salt and prefix as they stand at the front of a stream.
pub(crate) fn split_header<'a>(parameters: &Parameters, header: &'a [u8]) -> Option<(&'a [u8], [u8; PREFIX_BYTES])> {
    let (length, rest) = header.split_first()?;
    let (salt, prefix) = rest.split_at_checked(usize::from(parameters.derived.bytes()))?;
    let prefix = <[u8; PREFIX_BYTES]>::try_from(prefix).ok()?;
    (*length == parameters.derived.header()).then_some((salt, prefix))
}

/// Seals one stream. Give it plaintext in any pieces; it appends finished segments to the caller's buffer.
///
/// At most one segment of plaintext is held, and erased when done: which segment is the last is known only at the end.
pub struct StreamSealer {
    key: StreamKey,
    layout: Layout,
    header: Vec<u8>,
    pending: Vec<u8>,
    index: u32,
    size: u64,
}

impl StreamSealer {
    /// Begins a stream under `main`, bound to `associated`, with a fresh salt.
    ///
    /// # Errors
    /// [`SealError::Provider`] when the provider fails.
    pub fn new(
        parameters: &Parameters,
        main: &Secret<KEY_BYTES>,
        associated: &[u8],
        entropy: &dyn Entropy,
    ) -> Result<Self, SealError> {
        let mut salt = vec![0; usize::from(parameters.derived.bytes())];
        entropy.fill(&mut salt);
        let prefix = entropy.bytes();
        Ok(Self {
            key: StreamKey::derive(parameters, main, &salt, prefix, associated)?,
            layout: parameters.layout,
            header: [&[parameters.derived.header()], salt.as_slice(), &prefix].concat(),
            pending: Vec::new(),
            index: 0,
            size: 0,
        })
    }

    /// Seals `plain`, appending to `out` what is finished. A segment is finished only once plaintext after it is known.
    ///
    /// # Errors
    /// [`SealError::TooLong`] past 2^32 - 1 segments. The stream is useless after an error.
    pub fn push(&mut self, mut plain: &[u8], out: &mut Vec<u8>) -> Result<(), SealError> {
        loop {
            let room = self.capacity().saturating_sub(self.pending.len());
            match plain.split_at_checked(room) {
                Some((now, later)) if !later.is_empty() => {
                    self.emit(now, Ends::Later, out)?;
                    plain = later;
                }
                // It fits, perhaps exactly: it may be the end.
                _ => break,
            }
        }
        if !plain.is_empty() {
            // INVARIANT: `pending` never grows beyond this, so it never moves and leaves no copy behind.
            self.pending.reserve_exact(self.capacity().saturating_sub(self.pending.len()));
            self.pending.extend_from_slice(plain);
        }
        Ok(())
    }

    /// Ends the stream, appending the last segment to `out`. Answers how many plaintext bytes were sealed.
    ///
    /// # Errors
    /// As [`Self::push`].
    pub fn finish(mut self, out: &mut Vec<u8>) -> Result<u64, SealError> {
        self.emit(&[], Ends::Here, out)?;
        Ok(self.size)
    }

    /// Plaintext bytes taken so far.
    #[must_use]
    pub fn taken(&self) -> u64 {
        self.size.saturating_add(self.pending.len() as u64)
    }

    fn capacity(&self) -> usize {
        // A segment size is a u32, which `usize` holds on every platform this runs on.
        usize::try_from(self.layout.capacity(self.index)).unwrap_or(usize::MAX)
    }

    /// Seals what is pending and then `plain` as one segment at the end of `out`.
    fn emit(&mut self, plain: &[u8], ends: Ends, out: &mut Vec<u8>) -> Result<(), SealError> {
        let length = self.pending.len().saturating_add(plain.len());
        // Room first: `out` must not move, and leave plaintext behind, before the bytes are sealed.
        out.reserve(length.saturating_add(self.header.len()).saturating_add(crate::wrap::TAG_BYTES));
        out.append(&mut self.header);
        let start = out.len();
        out.extend_from_slice(&self.pending);
        out.extend_from_slice(plain);
        let nonce = self.key.nonce(self.index, matches!(ends, Ends::Here));
        let body = out.get_mut(start..).unwrap_or_default();
        let sealed = self.key.key.seal_in_place_separate_tag(nonce, Aad::empty(), body);
        let Ok(tag) = sealed else {
            body.zeroize();
            return Err(SealError::Provider("sealing a segment"));
        };
        out.extend_from_slice(tag.as_ref());
        self.pending.as_mut_slice().zeroize();
        self.pending.clear();
        self.size = self.size.saturating_add(length as u64);
        if matches!(ends, Ends::Later) {
            self.index = self.index.checked_add(1).filter(|index| *index < u32::MAX).ok_or(SealError::TooLong)?;
        }
        Ok(())
    }
}

impl Drop for StreamSealer {
    fn drop(&mut self) {
        self.pending.as_mut_slice().zeroize();
    }
}

/// Where a stream ends, seen from one of its segments.
enum Ends {
    Here,
    Later,
}

//! Keys that seal keys: AES-256-GCM with a random nonce, bound to the place of the sealed key.
//!
//! A wrapped key is `nonce[12] || sealed key[32] || tag[16]`. One wrapping key seals far fewer than the 2^32 keys that random
//! nonces allow: an epoch key lives for one dataset and one day.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf;
use base::{Entropy, Secret};

use crate::error::{SealError, Unauthentic};

/// Bytes of a key.
pub(crate) const KEY_BYTES: usize = 32;
/// Bytes of an AES-GCM tag.
pub(crate) const TAG_BYTES: usize = 16;

/// A key that seals other keys.
pub(crate) struct WrappingKey(LessSafeKey);

impl WrappingKey {
    /// From key material.
    pub(crate) fn new(secret: &Secret<KEY_BYTES>) -> Result<Self, SealError> {
        let key = secret.expose(|bytes| UnboundKey::new(&AES_256_GCM, bytes));
        Ok(Self(LessSafeKey::new(key.map_err(|_| SealError::Provider("making an AES-256 key"))?)))
    }

    /// Seals `key`, bound to `binding`.
    pub(crate) fn wrap(
        &self,
        key: &Secret<KEY_BYTES>,
        binding: &[u8],
        entropy: &dyn Entropy,
    ) -> Result<Vec<u8>, SealError> {
        let nonce: [u8; NONCE_LEN] = entropy.bytes();
        let (mut sealed, mut tag) = ([0; KEY_BYTES], [0; TAG_BYTES]);
        key.expose(|plain| {
            let nonce = Nonce::assume_unique_for_key(nonce);
            self.0.seal_out_of_place_scatter(nonce, Aad::from(binding), plain, &mut sealed, &[], &mut tag)
        })
        .map_err(|_| SealError::Provider("wrapping a key"))?;
        Ok([nonce.as_slice(), &sealed, &tag].concat())
    }

    /// Opens what [`Self::wrap`] made with the same `binding`.
    pub(crate) fn unwrap(&self, wrapped: &[u8], binding: &[u8]) -> Result<Secret<KEY_BYTES>, Unauthentic> {
        let (nonce, rest) = wrapped.split_first_chunk::<NONCE_LEN>().ok_or(Unauthentic)?;
        let (sealed, tag) = rest.split_first_chunk::<KEY_BYTES>().ok_or(Unauthentic)?;
        if tag.len() != TAG_BYTES {
            return Err(Unauthentic);
        }
        let nonce = Nonce::assume_unique_for_key(*nonce);
        Secret::make(|plain| Ok(self.0.open_separate_gather(nonce, Aad::from(binding), sealed, tag, plain)?))
    }
}

/// A fresh random key.
pub(crate) fn fresh_key(entropy: &dyn Entropy) -> Secret<KEY_BYTES> {
    Secret::take(&mut entropy.bytes())
}

/// HKDF-SHA256 of `key` without salt: a key of `N` bytes for the one use that `info` names.
pub(crate) fn derive<const N: usize>(key: &Secret<KEY_BYTES>, info: &[&[u8]]) -> Result<Secret<N>, SealError> {
    struct Length(usize);
    impl hkdf::KeyType for Length {
        fn len(&self) -> usize {
            self.0
        }
    }
    let parent = key.expose(|bytes| hkdf::Salt::none(hkdf::HKDF_SHA256).extract(bytes));
    Secret::make(|out| parent.expand(info, Length(N)).and_then(|okm| okm.fill(out)))
        .map_err(|_| SealError::Provider("deriving a key"))
}

#[cfg(test)]
mod tests {
    use testkit::SeededEntropy;

    use super::*;

    #[test]
    fn a_wrapped_key_opens_only_whole_and_in_its_place() {
        let entropy = SeededEntropy::new(1);
        let (above, below) = (WrappingKey::new(&fresh_key(&entropy)).unwrap(), fresh_key(&entropy));
        let wrapped = above.wrap(&below, b"place", &entropy).unwrap();
        assert!(above.unwrap(&wrapped, b"place").ok().unwrap().same(&below));
        assert!(above.unwrap(&wrapped, b"other").is_err());
        for length in 0..wrapped.len() {
            assert!(above.unwrap(&wrapped[..length], b"place").is_err());
        }
        for at in 0..wrapped.len() {
            let mut changed = wrapped.clone();
            changed[at] ^= 1;
            assert!(above.unwrap(&changed, b"place").is_err());
        }
        let longer = [wrapped.as_slice(), &[0]].concat();
        assert!(above.unwrap(&longer, b"place").is_err());
        let stranger = WrappingKey::new(&fresh_key(&entropy)).unwrap();
        assert!(stranger.unwrap(&wrapped, b"place").is_err());
    }

    /// Computed with Python's `cryptography` 50.0.2: `HKDF(SHA256(), 40, None, b"cofferdam").derive(bytes(range(32)))`.
    #[test]
    fn hkdf_sha256_without_salt() {
        let mut key: [u8; 32] = std::array::from_fn(|i| u8::try_from(i).unwrap());
        let derived = derive::<40>(&Secret::take(&mut key), &[b"coffer", b"dam"]).unwrap();
        let hex = derived.expose(|bytes| data_encoding::HEXLOWER.encode(bytes));
        assert_eq!(hex, "18e44de9a98bdb287b1bbf3c8a6006ea98cb1e6deedf312e4d3b46dd87c2cd5e68116c256d0f4e8a");
    }
}

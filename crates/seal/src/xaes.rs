//! XAES-256-GCM: the sealing of many small things under one long-lived key.
//!
//! An engagement's record key seals every ledger entry and every sealed field for years, far more than the 2^32 messages that
//! AES-GCM's random 96-bit nonces allow. XAES-256-GCM (C2SP) takes random nonces of 192 bits: the first half derives a fresh
//! AES-256 key with CMAC, the second is that key's GCM nonce, which is safe for 2^80 messages. It is built of AES-256 alone.
//!
//! A sealed thing is `nonce[24] || ciphertext || tag[16]`.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cmac;
use base::{Entropy, Secret};

use crate::error::{SealError, Unauthentic};
use crate::wrap::{KEY_BYTES, TAG_BYTES};

/// Bytes of the half of a nonce that derives the key, and of the half that AES-GCM takes.
const HALF_NONCE_BYTES: usize = 12;
/// Bytes that sealing adds.
pub(crate) const OVERHEAD_BYTES: usize = 2 * HALF_NONCE_BYTES + TAG_BYTES;

/// A key that may seal any number of things.
pub(crate) struct WideKey(cmac::Key);

impl WideKey {
    /// From key material.
    pub(crate) fn new(secret: &Secret<KEY_BYTES>) -> Result<Self, SealError> {
        let key = secret.expose(|bytes| cmac::Key::new(cmac::AES_256, bytes));
        Ok(Self(key.map_err(|_| SealError::Provider("making a CMAC key"))?))
    }

    /// Seals `plain`, bound to `binding`.
    pub(crate) fn seal(&self, binding: &[u8], plain: &[u8], entropy: &dyn Entropy) -> Result<Vec<u8>, SealError> {
        let (derive, nonce) = (entropy.bytes(), entropy.bytes());
        self.seal_with(derive, nonce, binding, plain).map_err(|_| SealError::Provider("sealing"))
    }

    fn seal_with(
        &self,
        derive: [u8; HALF_NONCE_BYTES],
        nonce: [u8; HALF_NONCE_BYTES],
        binding: &[u8],
        plain: &[u8],
    ) -> Result<Vec<u8>, Unauthentic> {
        let mut sealed = Vec::with_capacity(plain.len().saturating_add(OVERHEAD_BYTES));
        sealed.extend_from_slice(&derive);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plain);
        let body = sealed.get_mut(2 * HALF_NONCE_BYTES..).ok_or(Unauthentic)?;
        let nonce = Nonce::assume_unique_for_key(nonce);
        let tag = self.derived(&derive)?.seal_in_place_separate_tag(nonce, Aad::from(binding), body)?;
        sealed.extend_from_slice(tag.as_ref());
        Ok(sealed)
    }

    /// Opens what [`Self::seal`] made with the same `binding`.
    pub(crate) fn open(&self, binding: &[u8], sealed: &[u8]) -> Result<Vec<u8>, Unauthentic> {
        let (derive, rest) = sealed.split_first_chunk().ok_or(Unauthentic)?;
        let (nonce, rest) = rest.split_first_chunk().ok_or(Unauthentic)?;
        let (body, tag) = rest.split_last_chunk::<TAG_BYTES>().ok_or(Unauthentic)?;
        let mut plain = vec![0; body.len()];
        let nonce = Nonce::assume_unique_for_key(*nonce);
        self.derived(derive)?.open_separate_gather(nonce, Aad::from(binding), body, tag, &mut plain)?;
        Ok(plain)
    }

    /// SPEC: C2SP XAES-256-GCM, "Key derivation": `CMAC(K, 0x0001 || "X" || 0x00 || N[:12]) || CMAC(K, 0x0002 || ..)`.
    fn derived(&self, nonce: &[u8; HALF_NONCE_BYTES]) -> Result<LessSafeKey, Unauthentic> {
        let mut block = [0, 0, b'X', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        for (to, from) in block.iter_mut().skip(4).zip(nonce) {
            *to = *from;
        }
        let derived = Secret::<KEY_BYTES>::make(|key| {
            for (half, counter) in key.chunks_exact_mut(TAG_BYTES).zip(1..) {
                block[1] = counter;
                half.copy_from_slice(cmac::sign(&self.0, &block)?.as_ref());
            }
            Ok::<(), Unauthentic>(())
        })?;
        Ok(LessSafeKey::new(derived.expose(|key| UnboundKey::new(&AES_256_GCM, key))?))
    }
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;
    use testkit::SeededEntropy;

    use super::*;
    use crate::wrap::fresh_key;

    fn vector(key: u8, binding: &[u8], expected: &str) {
        let key = WideKey::new(&Secret::take(&mut [key; 32])).unwrap();
        let sealed = key.seal_with(*b"ABCDEFGHIJKL", *b"MNOPQRSTUVWX", binding, b"XAES-256-GCM").unwrap();
        assert_eq!(HEXLOWER.encode(&sealed[24..]), expected);
        assert_eq!(key.open(binding, &sealed), Ok(b"XAES-256-GCM".to_vec()));
    }

    /// C2SP XAES-256-GCM, first test vector.
    #[test]
    fn c2sp_xaes_256_gcm_vector_1() {
        vector(1, b"", "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271");
    }

    /// C2SP XAES-256-GCM, second test vector.
    #[test]
    fn c2sp_xaes_256_gcm_vector_2() {
        vector(3, b"c2sp.org/XAES-256-GCM", "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d");
    }

    #[test]
    fn nothing_opens_that_was_changed_or_moved() {
        let entropy = SeededEntropy::new(2);
        let key = WideKey::new(&fresh_key(&entropy)).unwrap();
        let sealed = key.seal(b"place", b"plain", &entropy).unwrap();
        assert_eq!(sealed.len(), b"plain".len() + OVERHEAD_BYTES);
        assert_eq!(key.open(b"place", &sealed), Ok(b"plain".to_vec()));
        assert_eq!(key.open(b"other", &sealed), Err(Unauthentic));
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 0x80;
            assert_eq!(key.open(b"place", &changed), Err(Unauthentic), "byte {at}");
            assert_eq!(key.open(b"place", &sealed[..at]), Err(Unauthentic), "length {at}");
        }
    }
}

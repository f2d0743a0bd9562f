//! Ed25519 keys. The one place of this crate that touches the cryptographic provider for signatures.

use std::fmt;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base::Secret;

use crate::digest::{hex, read_base64, sha256};
use crate::error::Error;

/// How many bytes an Ed25519 signature has.
pub const SIGNATURE_BYTES: usize = 64;

/// A signature. Ed25519 is deterministic, so this is public once it was shown to anybody.
pub type Signature = [u8; SIGNATURE_BYTES];

/// The secret half. No `Debug`, no `Clone`: it can be used and dropped, nothing else.
pub struct SigningKey {
    pair: Ed25519KeyPair,
}

impl SigningKey {
    /// The key of a seed.
    ///
    /// # Errors
    /// [`Error::KeyRejected`] if the provider refuses the seed, which it has no reason to.
    pub fn from_seed(seed: &Secret<32>) -> Result<Self, Error> {
        let pair = seed.expose(|seed| Ed25519KeyPair::from_seed_unchecked(seed)).map_err(|_| Error::KeyRejected)?;
        Ok(Self { pair })
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(self.pair.public_key().as_ref());
        PublicKey(bytes)
    }

    /// Signs a message.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> Signature {
        let mut signature = [0; SIGNATURE_BYTES];
        signature.copy_from_slice(self.pair.sign(message).as_ref());
        signature
    }
}

/// The public half.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// From its 32 bytes (RFC 8032).
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// From the base64 of its 32 bytes.
    #[must_use]
    pub fn from_base64(text: &str) -> Option<Self> {
        read_base64(text).map(Self)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Whether this key signed `message`.
    #[must_use]
    pub fn accepts(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.0).verify(message, signature).is_ok()
    }

    /// The public name of a person's key: the first 8 bytes of its SHA-256 in lower-case hexadecimal.
    #[must_use]
    pub fn keyid(&self) -> String {
        let [a, b, c, d, e, f, g, h, ..] = sha256(&[&self.0]);
        hex(&[a, b, c, d, e, f, g, h])
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.keyid())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc8032_test_1() {
        let mut seed =
            crate::digest::read_hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60").unwrap();
        let key = SigningKey::from_seed(&Secret::take(&mut seed)).unwrap();
        assert_eq!(hex(key.public().as_bytes()), "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
        let signature = key.sign(b"");
        assert_eq!(
            hex(&signature),
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        );
        assert!(key.public().accepts(b"", &signature));
        assert!(!key.public().accepts(b"x", &signature));
        assert!(!key.public().accepts(b"", &signature[..63]));
    }
}

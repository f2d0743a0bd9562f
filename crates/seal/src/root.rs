//! The root of the key hierarchy, behind one trait.
//!
//! Whoever holds the root key can open everything; whoever withdraws it ends everything. Providers differ in where the key
//! lives: a file on this machine ([`crate::LocalRoot`]), a security module, a key service of the operator or the partner.
//!
//! There is no default and no fallback: a provider that does not answer is an error, never a reason to use another key.

use base::id::KeyId;
use base::{Fault, Secret};

/// A provider of the root key. Blocking; called at start, and when keys are made.
pub trait RootKey: Send + Sync {
    /// Seals `key`, bound to `binding`. What comes back may have any length below 64 KiB.
    ///
    /// # Errors
    /// `Unavailable` when the provider does not answer, `Refused` when it will not.
    fn wrap(&self, key: &Secret<32>, binding: &[u8]) -> Result<Vec<u8>, Fault>;

    /// Opens what [`Self::wrap`] made with the same `binding`.
    ///
    /// # Errors
    /// `Corrupt` when it does not verify; otherwise as [`Self::wrap`].
    fn unwrap(&self, wrapped: &[u8], binding: &[u8]) -> Result<Secret<32>, Fault>;

    /// What a report may say about the key.
    fn describe(&self) -> RootDescription;

    /// Whether the provider would answer now.
    ///
    /// # Errors
    /// What [`Self::wrap`] would return.
    fn health(&self) -> Result<(), Fault>;
}

/// What a report may say about a root key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootDescription {
    /// The key's id: stands in every key it wraps, so that another root key is noticed and named.
    pub key: KeyId,
    /// Where it lives: `local file`.
    pub provider: &'static str,
    /// How it is kept there: `passphrase (Argon2id)`.
    pub protection: &'static str,
}

//! The working keys of one chain: an engagement's, or the system's.
//!
//! Record, subject and token key are each derived once into a key for every single use, so that no key serves two purposes
//! and no use can be played against another.

use aws_lc_rs::hmac;
use base::Secret;
use base::id::ChainId;

use crate::error::SealError;
use crate::wrap::{KEY_BYTES, derive};
use crate::xaes::WideKey;

/// All that may be done for a chain without its data keys. Outlives them.
pub(crate) struct ChainKeys {
    /// Whose.
    pub(crate) chain: ChainId,
    /// Seals ledger entries.
    pub(crate) entries: WideKey,
    /// Seals fields of the catalog.
    pub(crate) fields: WideKey,
    /// Checks rows of the catalog.
    pub(crate) rows: hmac::Key,
    /// Finds sealed names.
    pub(crate) names: hmac::Key,
    /// Digests people.
    pub(crate) people: hmac::Key,
    /// Derives session secrets.
    pub(crate) sessions: Secret<KEY_BYTES>,
    /// Seals session tokens.
    pub(crate) tokens: WideKey,
}

impl ChainKeys {
    /// From the three keys that the root key holds for a chain.
    pub(crate) fn derive(
        chain: ChainId,
        record: &Secret<KEY_BYTES>,
        subject: &Secret<KEY_BYTES>,
        token: Secret<KEY_BYTES>,
    ) -> Result<Self, SealError> {
        let wide = |key, use_of: &str| WideKey::new(&derive(key, &[use_of.as_bytes()])?);
        let digest = |key, use_of: &str| {
            let derived: Secret<KEY_BYTES> = derive(key, &[use_of.as_bytes()])?;
            Ok::<_, SealError>(derived.expose(|bytes| hmac::Key::new(hmac::HMAC_SHA256, bytes)))
        };
        Ok(Self {
            chain,
            entries: wide(record, "cofferdam/record/entries/v1")?,
            fields: wide(record, "cofferdam/record/fields/v1")?,
            rows: digest(record, "cofferdam/record/rows/v1")?,
            names: digest(record, "cofferdam/record/names/v1")?,
            people: digest(subject, "cofferdam/subject/people/v1")?,
            tokens: wide(&token, "cofferdam/token/sealing/v1")?,
            sessions: token,
        })
    }
}

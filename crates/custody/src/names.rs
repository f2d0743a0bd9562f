//! Names of partners, engagements and principals: sealed at rest, found by digest.

use base::id::ChainId;
use catalog::model::{Digest, SealedName};
use seal::{Fields, KeyRing};

use crate::error::CustodyError;

/// What a sealed name is bound to, beside the id of its owner.
const CONTEXT: &str = "name";

/// Seals and opens names under the system's record key.
pub struct Names {
    fields: Fields,
}

impl Names {
    /// Over the deployment's keys.
    ///
    /// # Errors
    /// The system's record key is not at hand.
    pub fn new(ring: &KeyRing) -> Result<Self, CustodyError> {
        Ok(Self { fields: ring.fields(ChainId::SYSTEM)? })
    }

    /// Checks and seals a name for the owner of `id`.
    ///
    /// # Errors
    /// `Invalid` if the name is not one; a key failure.
    pub fn seal(&self, id: &[u8], name: &str) -> Result<SealedName, CustodyError> {
        base::word::check_name(name).map_err(|error| CustodyError::invalid(format!("`{name}` is {error}")))?;
        Ok(SealedName {
            digest: short(&self.fields.index(CONTEXT, name.as_bytes())),
            sealed: self.fields.seal(CONTEXT, id, name.as_bytes())?,
        })
    }

    /// Opens the name of the owner of `id`.
    ///
    /// # Errors
    /// `Corrupt` if it does not verify.
    pub fn open(&self, id: &[u8], name: &SealedName) -> Result<String, CustodyError> {
        let plain = self.fields.open(CONTEXT, id, &name.sealed)?;
        plain
            .expose(|bytes| String::from_utf8(bytes.to_vec()))
            .map_err(|_| CustodyError::Corrupt("a name that is not text".to_owned()))
    }
}

/// The catalog's digests are half as long: enough to find by, and half the index.
pub(crate) fn short(digest: &seal::Digest) -> Digest {
    let (half, _) = digest.split_first_chunk::<16>().unwrap_or((&[0; 16], &[]));
    *half
}

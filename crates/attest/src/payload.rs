//! The payload of an entry at rest: what the ledger seals, and what the catalog holds sealed.
//!
//! ```text
//! salt[32] || u32be(length of link) || link || u32be(length of entry) || entry || private fields as JSON
//! private fields = {"<place>":["<salt in base64>","<value>"], ..}
//! ```

use crate::digest::Hash;
use crate::entry::{Link, MAX_ENTRY_BYTES, commit};
use crate::error::Error;
use crate::private::PrivateFields;

/// An entry with all that its commitment is made from, and its private fields. No `Debug`: it may name people.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedPayload {
    /// Fresh random bytes; without them the commitment reveals nothing.
    pub salt: [u8; 32],
    /// Its place.
    pub link: Link,
    /// The JSON text as written.
    pub entry: Vec<u8>,
    /// What the entry holds commitments of; empty once erased.
    pub private: PrivateFields,
}

impl SealedPayload {
    /// The commitment: the data of the entry's leaf.
    #[must_use]
    pub fn data(&self) -> Hash {
        commit(&self.salt, &self.link, &self.entry)
    }

    /// The bytes to seal.
    ///
    /// # Errors
    /// [`Error::EntryTooLong`]; [`Error::Writing`] never in practice.
    pub fn encode(&self) -> Result<Vec<u8>, Error> {
        if self.entry.len() > MAX_ENTRY_BYTES {
            return Err(Error::EntryTooLong { bytes: self.entry.len() });
        }
        let mut bytes = Vec::with_capacity(self.entry.len().saturating_add(128));
        bytes.extend_from_slice(&self.salt);
        for part in [self.link.encode().as_slice(), &self.entry] {
            let length = u32::try_from(part.len()).map_err(|_| Error::EntryTooLong { bytes: part.len() })?;
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(part);
        }
        serde_json::to_writer(&mut bytes, &self.private).map_err(|_| Error::Writing { what: "private fields" })?;
        Ok(bytes)
    }

    /// Reads what [`Self::encode`] wrote.
    ///
    /// # Errors
    /// [`Error::Reading`].
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        const WHAT: &str = "an entry's payload";
        let cut = Error::reading(WHAT, "it ends inside a part");
        let read = || {
            let (salt, rest) = bytes.split_first_chunk::<32>()?;
            let (link, rest) = part(rest)?;
            let (entry, rest) = part(rest)?;
            Some((*salt, link, entry, rest))
        };
        let (salt, link, entry, private) = read().ok_or(cut)?;
        if entry.len() > MAX_ENTRY_BYTES {
            return Err(Error::EntryTooLong { bytes: entry.len() });
        }
        let private =
            serde_json::from_slice(private).map_err(|_| Error::reading(WHAT, "its private fields are malformed"))?;
        Ok(Self { salt, link: Link::decode(link)?, entry: entry.to_vec(), private })
    }
}

/// Takes `u32be(length) || part` off the front.
fn part(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

#[cfg(test)]
mod tests {
    use base::id::ChainId;

    use super::*;
    use crate::private::PrivateField;

    fn payload() -> SealedPayload {
        SealedPayload {
            salt: [7; 32],
            link: Link { chain: ChainId::SYSTEM, seq: 3, previous: [9; 32] },
            entry: br#"{"kind":"access"}"#.to_vec(),
            private: PrivateFields::from([("address".into(), PrivateField { salt: [8; 32], value: "::1".into() })]),
        }
    }

    #[test]
    fn a_payload_reads_back() {
        let bytes = payload().encode().unwrap();
        assert!(SealedPayload::decode(&bytes).unwrap() == payload());
        assert!(SealedPayload::decode(&bytes).unwrap().data() == payload().data());
    }

    #[test]
    fn erasing_private_fields_changes_no_commitment() {
        let erased = SealedPayload { private: PrivateFields::new(), ..payload() };
        assert_eq!(erased.data(), payload().data());
        assert!(SealedPayload::decode(&erased.encode().unwrap()).unwrap() == erased);
    }

    #[test]
    fn no_prefix_of_a_payload_is_a_payload() {
        let bytes = payload().encode().unwrap();
        for length in 0..bytes.len() {
            assert!(SealedPayload::decode(&bytes[..length]).is_err(), "{length} bytes");
        }
    }

    #[test]
    fn an_entry_has_a_longest_length() {
        let entry = |bytes| SealedPayload { entry: vec![b' '; bytes], ..payload() };
        assert!(entry(MAX_ENTRY_BYTES).encode().is_ok());
        assert!(matches!(entry(MAX_ENTRY_BYTES + 1).encode(), Err(Error::EntryTooLong { bytes: 65_536 })));
    }
}

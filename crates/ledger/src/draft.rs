//! An entry before it has a place: serialized, salted, and waiting for its link.
//!
//! Entries are JSON as written: fixed field order, no floats. They are serialized before they enter the queue, so that the
//! queue's thread only links, commits and seals. Personal fields never stand in the entry itself: the entry carries their
//! salted commitment and the value travels beside it, where it can be erased without breaking chain or tree.

use attest::entry::MAX_ENTRY_BYTES;
use attest::private::{PrivateField, PrivateFields};
use base::id::ChainId;
use base::{Entropy, Timestamp};
use serde::Serialize;

use crate::error::LedgerError;

/// An entry that has no place yet.
pub struct Draft {
    pub(crate) chain: ChainId,
    pub(crate) salt: [u8; 32],
    pub(crate) entry: Vec<u8>,
    pub(crate) private: PrivateFields,
}

/// The fields every entry begins with.
#[derive(Serialize)]
struct Envelope<'a, F: Serialize> {
    v: u8,
    kind: &'static str,
    at: Timestamp,
    #[serde(flatten)]
    fields: &'a F,
}

impl Draft {
    /// An entry of `kind` for `chain`, with `fields` after the envelope `v`, `kind`, `at`.
    ///
    /// # Errors
    /// `EntryTooLong` when the entry does not fit the log's format.
    pub fn new(
        chain: ChainId,
        kind: &'static str,
        at: Timestamp,
        fields: &impl Serialize,
        entropy: &dyn Entropy,
    ) -> Result<Self, LedgerError> {
        // Serializing plain structs of strings and integers into memory cannot fail; were it to, the empty entry is refused.
        let entry = serde_json::to_vec(&Envelope { v: 1, kind, at, fields }).unwrap_or_default();
        if entry.is_empty() || entry.len() > MAX_ENTRY_BYTES {
            return Err(LedgerError::EntryTooLong { kind, length_bytes: entry.len() });
        }
        Ok(Self { chain, salt: entropy.bytes(), entry, private: PrivateFields::new() })
    }

    /// An entry whose text is given by its format.
    pub(crate) fn written(chain: ChainId, entry: String, entropy: &dyn Entropy) -> Self {
        Self { chain, salt: entropy.bytes(), entry: entry.into_bytes(), private: PrivateFields::new() }
    }

    /// Lets a personal field travel beside the entry, which must hold its commitment under `name`.
    #[must_use]
    pub fn with(mut self, name: &str, field: PrivateField) -> Self {
        self.private.insert(name.to_owned(), field);
        self
    }

    /// The chain it is for.
    #[must_use]
    pub const fn chain(&self) -> ChainId {
        self.chain
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use testkit::SeededEntropy;

    #[derive(Serialize)]
    struct Fields {
        note: String,
    }

    #[test]
    fn the_envelope_comes_first_and_in_order() {
        let fields = Fields { note: "x".to_owned() };
        let at = Timestamp::from_seconds(0);
        let draft = Draft::new(ChainId::SYSTEM, "test", at, &fields, &SeededEntropy::new(1)).unwrap();
        let text = String::from_utf8(draft.entry).unwrap();
        assert_eq!(text, r#"{"v":1,"kind":"test","at":"1970-01-01T00:00:00.000000Z","note":"x"}"#);
    }

    #[test]
    fn an_entry_that_does_not_fit_is_refused() {
        let fields = Fields { note: "x".repeat(MAX_ENTRY_BYTES) };
        let at = Timestamp::from_seconds(0);
        let refused = Draft::new(ChainId::SYSTEM, "test", at, &fields, &SeededEntropy::new(1));
        assert!(matches!(refused, Err(LedgerError::EntryTooLong { kind: "test", .. })));
    }
}

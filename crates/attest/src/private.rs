//! Personal fields of an entry (an address, a name): committed in the entry, held beside it.
//!
//! Where the field would stand, the entry has the text `base64(SHA-256("cofferdam/field/v1" || salt[32] || value))`. The salt
//! and the value lie next to the entry; erasing them leaves the entry, its commitment and its chain as they were. Without
//! the salt nobody can find the value by trying all addresses.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::digest::{self, Hash, sha256};

const LABEL: &[u8] = b"cofferdam/field/v1";

/// A personal value and the salt it was committed with. No `Debug`: it names a person.
#[derive(Clone, PartialEq, Eq)]
pub struct PrivateField {
    /// Fresh random bytes, never used for a second field.
    pub salt: [u8; 32],
    /// The value.
    pub value: String,
}

/// The private fields of one entry by place: member names from the top, joined with dots, for example `who.address`.
pub type PrivateFields = BTreeMap<String, PrivateField>;

impl PrivateField {
    /// What stands in the entry instead of the value.
    #[must_use]
    pub fn commitment(&self) -> String {
        digest::base64(&sha256(&[LABEL, &self.salt, self.value.as_bytes()]))
    }
}

/// The first of `fields` whose commitment does not stand in `entry` at its place, if there is one.
#[must_use]
pub fn mismatch<'f>(fields: &'f PrivateFields, entry: &[u8]) -> Option<&'f str> {
    let entry: serde_json::Value = serde_json::from_slice(entry).unwrap_or_default();
    let stands = |name: &str, field: &PrivateField| {
        let place = name.split('.').try_fold(&entry, |value, member| value.get(member));
        place.and_then(serde_json::Value::as_str) == Some(field.commitment().as_str())
    };
    fields.iter().find(|(name, field)| !stands(name, field)).map(|(name, _)| name.as_str())
}

// The JSON form is `["<salt in base64>", "<value>"]`.
#[derive(Serialize, Deserialize)]
struct Pair<S>(#[serde(with = "digest::as_base64")] Hash, S);

impl Serialize for PrivateField {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Pair(self.salt, self.value.as_str()).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for PrivateField {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Pair(salt, value) = Pair::<String>::deserialize(deserializer)?;
        Ok(Self { salt, value })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address() -> PrivateField {
        PrivateField { salt: [0x44; 32], value: "192.0.2.7".into() }
    }

    /// Recomputed in Python: `b64encode(sha256(b"cofferdam/field/v1" + b"\x44"*32 + b"192.0.2.7"))`.
    #[test]
    fn the_commitment_is_as_documented() {
        assert_eq!(address().commitment(), "F+aynSx77C11jbasQbB2vZYgdLgXU0c20ditgOWpZTo=");
    }

    #[test]
    fn a_field_must_stand_in_its_place() {
        let entry = format!(r#"{{"kind":"access","who":{{"address":"{}"}}}}"#, address().commitment());
        let fields = |name: &str, field| PrivateFields::from([(name.to_owned(), field)]);
        assert_eq!(mismatch(&fields("who.address", address()), entry.as_bytes()), None);
        assert_eq!(mismatch(&PrivateFields::new(), entry.as_bytes()), None);
        assert_eq!(mismatch(&fields("address", address()), entry.as_bytes()), Some("address"));
        assert_eq!(mismatch(&fields("who", address()), entry.as_bytes()), Some("who"));
        let other = PrivateField { value: "192.0.2.8".into(), ..address() };
        assert_eq!(mismatch(&fields("who.address", other), entry.as_bytes()), Some("who.address"));
    }
}

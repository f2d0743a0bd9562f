//! Ids. Every kind of thing has its own type, so that one cannot be passed for another.
//!
//! An id is 128 random bits. Its text form is a short prefix and 26 characters of lower-case base32 without padding, for
//! example `eng_3vwqg2mlf6c4tq7k5s2y4xjzqe`. Ids reveal nothing and are safe in logs.

use std::fmt;
use std::str::FromStr;

use data_encoding::{Encoding, Specification};
use serde::{Deserialize, Serialize};

use crate::entropy::Entropy;

/// How many bytes an id has.
pub const ID_BYTES: usize = 16;

/// Why a text is not an id.
#[derive(Debug, PartialEq, Eq)]
pub struct NotAnId {
    /// The prefix that was expected.
    pub expected: &'static str,
}

impl fmt::Display for NotAnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not an id of this kind: expected `{}_` and 26 characters", self.expected)
    }
}

impl std::error::Error for NotAnId {}

fn base32() -> &'static Encoding {
    static BASE32: std::sync::LazyLock<Encoding> = std::sync::LazyLock::new(|| {
        let mut spec = Specification::new();
        spec.symbols.push_str("abcdefghijklmnopqrstuvwxyz234567");
        #[expect(clippy::expect_used, reason = "the specification is a constant; a test encodes and decodes with it")]
        spec.encoding().expect("32 distinct symbols")
    });
    &BASE32
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; ID_BYTES]);

        impl $name {
            /// The prefix of the text form.
            pub const PREFIX: &'static str = $prefix;

            /// A fresh id.
            #[must_use]
            pub fn fresh(entropy: &dyn Entropy) -> Self {
                Self(entropy.bytes())
            }

            /// From its bytes, as the catalog stores them.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; ID_BYTES]) -> Self {
                Self(bytes)
            }

            /// From stored bytes of unchecked length.
            #[must_use]
            pub fn from_slice(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map(Self)
            }

            /// Its bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; ID_BYTES] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!($prefix, "_"))?;
                f.write_str(&base32_nopad(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;
            fn from_str(text: &str) -> Result<Self, NotAnId> {
                let wrong = NotAnId { expected: $prefix };
                match text.strip_prefix(concat!($prefix, "_")).and_then(read_base32) {
                    Some(bytes) => Ok(Self(bytes)),
                    None => Err(wrong),
                }
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

ids! {
    /// The deployment itself; a store and a catalog carry it so that they cannot be mixed up.
    DeploymentId = "dep";
    /// A partner: an organisation the operator works for.
    PartnerId = "par";
    /// An engagement: one piece of work with one partner, the compartment.
    EngagementId = "eng";
    /// A dataset: a named collection in one engagement, an S3 bucket.
    DatasetId = "ds";
    /// An object; survives renames and versions.
    ObjectId = "obj";
    /// One immutable version of an object.
    VersionId = "ver";
    /// A multipart upload under way.
    UploadId = "upl";
    /// A person or a workload.
    PrincipalId = "prn";
    /// A short credential of a principal.
    SessionId = "ses";
    /// What a principal may ask for.
    GrantId = "gra";
    /// A dangerous act that waits for a second person.
    ApprovalId = "apr";
    /// One request, from its first byte to its settlement.
    RequestId = "req";
    /// An incident.
    IncidentId = "inc";
    /// A key in the hierarchy.
    KeyId = "key";
    /// A sealed blob in the store.
    BlobId = "blob";
    /// A decoy: a credential, an object or a value that nobody should ever use.
    DecoyId = "dec";
    /// An alarm.
    AlarmId = "alm";
    /// A receiver of alarms.
    ReceiverId = "rcv";
}

fn base32_nopad(bytes: &[u8]) -> String {
    base32().encode(bytes)
}

fn read_base32(text: &str) -> Option<[u8; ID_BYTES]> {
    base32().decode(text.as_bytes()).ok()?.try_into().ok()
}

/// The chain of the ledger an entry belongs to: an engagement's, or the system's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChainId([u8; ID_BYTES]);

impl ChainId {
    /// The chain of acts that concern the deployment and no single engagement.
    pub const SYSTEM: Self = Self([0; ID_BYTES]);

    /// From stored bytes.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; ID_BYTES] {
        &self.0
    }

    /// The engagement whose chain this is, unless it is the system's.
    #[must_use]
    pub fn engagement(self) -> Option<EngagementId> {
        (self != Self::SYSTEM).then_some(EngagementId(self.0))
    }
}

impl From<EngagementId> for ChainId {
    fn from(engagement: EngagementId) -> Self {
        Self(engagement.0)
    }
}

impl fmt::Display for ChainId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.engagement() {
            Some(engagement) => fmt::Display::fmt(&engagement, f),
            None => f.write_str("system"),
        }
    }
}

impl fmt::Debug for ChainId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for ChainId {
    type Err = NotAnId;
    fn from_str(text: &str) -> Result<Self, NotAnId> {
        if text == "system" { Ok(Self::SYSTEM) } else { text.parse::<EngagementId>().map(Self::from) }
    }
}

impl Serialize for ChainId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ChainId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_reads_back_and_kinds_do_not_mix() {
        let engagement = EngagementId::from_bytes([0xA5; 16]);
        let text = engagement.to_string();
        assert_eq!(text.len(), "eng_".len() + 26);
        assert_eq!(text.parse::<EngagementId>(), Ok(engagement));
        assert_eq!(text.parse::<DatasetId>(), Err(NotAnId { expected: "ds" }));
        assert!("eng_short".parse::<EngagementId>().is_err());
    }

    #[test]
    fn the_system_chain_is_no_engagement() {
        assert_eq!(ChainId::SYSTEM.engagement(), None);
        assert_eq!("system".parse(), Ok(ChainId::SYSTEM));
        let engagement = EngagementId::from_bytes([1; 16]);
        assert_eq!(ChainId::from(engagement).engagement(), Some(engagement));
    }
}

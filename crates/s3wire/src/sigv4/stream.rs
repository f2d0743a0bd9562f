//! The texts that sign a body chunk by chunk: each signature covers the one before it, so chunks cannot be moved or dropped.

use base::Timestamp;

use super::{Claim, Scope};
use crate::digest::{hex, sha256};

/// Judges signatures with the signing key of one session and day, which it shows to nobody.
pub trait ChunkKey: Send + 'static {
    /// Whether `signature` is the HMAC of `text`; compares in constant time.
    fn signs(&self, text: &str, signature: &[u8; 32]) -> bool;
}

/// Builds the texts of one body.
pub struct ChunkStrings {
    at: Timestamp,
    scope: Scope,
}

impl ChunkStrings {
    /// For the body of the request that `claim` was read from.
    #[must_use]
    pub fn of(claim: &Claim) -> Self {
        Self { at: claim.at, scope: claim.scope.clone() }
    }

    /// The text of a chunk whose data has the digest `data`, after the signature `previous`.
    // SPEC: S3 STREAMING-AWS4-HMAC-SHA256-PAYLOAD, chunk string to sign.
    #[must_use]
    pub fn chunk(&self, previous: &[u8; 32], data: &[u8; 32]) -> String {
        let (at, scope) = (self.at.to_amz(), &self.scope);
        format!("AWS4-HMAC-SHA256-PAYLOAD\n{at}\n{scope}\n{}\n{}\n{}", hex(previous), hex(&sha256(b"")), hex(data))
    }

    /// The text of the trailer `name:value\n`, after the signature `previous` of the last chunk.
    // SPEC: S3 STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, trailer string to sign.
    #[must_use]
    pub fn trailer(&self, previous: &[u8; 32], trailer: &str) -> String {
        let (at, scope) = (self.at.to_amz(), &self.scope);
        format!("AWS4-HMAC-SHA256-TRAILER\n{at}\n{scope}\n{}\n{}", hex(previous), hex(&sha256(trailer.as_bytes())))
    }
}

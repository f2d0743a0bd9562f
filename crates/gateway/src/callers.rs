//! The port through which a signed request's caller is established.
//!
//! Custody is the one that knows, and the product asks nobody else. The port exists for servers that are thrown away after a
//! test: their clients have fixed keys, which stand for live sessions of custody.
//!
//! # Threats
//! An implementation cannot let anybody in by itself: a [`Caller`] is made by custody alone, from a claim that verifies under a
//! session that custody issued.

use custody::signature::SigningKey;
use custody::{Caller, Custody, CustodyError, S3Claim};

/// Establishes the callers of S3 requests.
pub trait Callers: Send + Sync {
    /// Who sent a request, and the key that its chunks must be signed with.
    ///
    /// # Errors
    /// `Unauthenticated`, with the reason that S3 clients can act on; `Paused`.
    fn workload(&self, claim: &S3Claim<'_>) -> Result<(Caller, SigningKey), CustodyError>;
}

impl Callers for Custody {
    fn workload(&self, claim: &S3Claim<'_>) -> Result<(Caller, SigningKey), CustodyError> {
        self.identity().workload(claim)
    }
}

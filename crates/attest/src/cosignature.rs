//! The cosignature of a witness: at this time, this checkpoint was the newest it had seen of this log (cosignature/v1).
//!
//! ```text
//! message   = "cosignature/v1\n" || "time " || seconds || "\n" || text of the checkpoint
//! signature = u64be(seconds) || Ed25519(message)
//! ```
//
// SPEC: C2SP tlog-cosignature v1.0, "Ed25519 signed message" and "Format".

use base::Timestamp;

use crate::error::Error;
use crate::key::{PublicKey, SigningKey};
use crate::note::{Algorithm, Line, Verifier};

/// Cosigns checkpoints in the name of a witness. No `Debug`: it holds a key.
pub struct Cosigner {
    verifier: Verifier,
    key: SigningKey,
}

impl Cosigner {
    /// A witness of this name. The name is not part of what is signed, so a key serves one name only.
    ///
    /// # Errors
    /// [`Error::Reading`] if the name cannot name a key.
    pub fn new(name: &str, key: SigningKey) -> Result<Self, Error> {
        Ok(Self { verifier: Verifier::new(name, Algorithm::Cosignature, key.public())?, key })
    }

    /// What others check its cosignatures with.
    #[must_use]
    pub const fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// Cosigns the text of a checkpoint, in whole seconds of `at`.
    ///
    /// # Errors
    /// [`Error::Writing`] for a time before 1970.
    pub fn cosign(&self, text: &str, at: Timestamp) -> Result<Line, Error> {
        let seconds =
            u64::try_from(at.seconds()).map_err(|_| Error::Writing { what: "a cosignature from before 1970" })?;
        let signature = self.key.sign(message(text, seconds).as_bytes());
        Ok(self.verifier.line([seconds.to_be_bytes().as_slice(), &signature].concat()))
    }
}

/// The time of a cosignature that verifies; `None` if it does not.
pub(crate) fn check(key: &PublicKey, text: &str, blob: &[u8]) -> Option<Timestamp> {
    let (seconds, signature) = blob.split_first_chunk::<8>()?;
    let seconds = u64::from_be_bytes(*seconds);
    let at = Timestamp::from_seconds(i64::try_from(seconds).ok()?);
    key.accepts(message(text, seconds).as_bytes(), signature).then_some(at)
}

fn message(text: &str, seconds: u64) -> String {
    format!("cosignature/v1\ntime {seconds}\n{text}")
}

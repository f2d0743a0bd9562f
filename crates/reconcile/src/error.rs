//! Why a log was refused.

use std::fmt;

use base::Kind;

/// A log that does not read: which file, where in it, what is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogError {
    /// The file, as it was named.
    pub file: String,
    /// Which line of a server access log, or which record of a CloudTrail file, from 1; 0 for the file as a whole.
    pub record: u64,
    /// What is wrong with it.
    pub what: &'static str,
}

impl LogError {
    /// The file was handed in wrong; nothing of it was taken.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        Kind::Invalid
    }
}

impl fmt::Display for LogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.file)?;
        if self.record > 0 {
            write!(f, ", record {}", self.record)?;
        }
        write!(
            f,
            ": {}\nnothing was imported: fetch the file again whole, or leave it out and say which hours are missing",
            self.what
        )
    }
}

impl std::error::Error for LogError {}

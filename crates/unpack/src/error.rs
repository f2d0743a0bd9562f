//! What can go wrong that is not the object's fault, and how reading stops.

use std::fmt;
use std::io;

use crate::report::Why;

/// The object could not be read. What is wrong *inside* it is never an error: that is in the report.
#[derive(Debug)]
pub struct UnpackError {
    /// Where reading failed.
    pub offset: u64,
    /// Why.
    pub source: io::Error,
}

impl fmt::Display for UnpackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the object could not be read at offset {}\nscan it again when its storage answers", self.offset)
    }
}

impl std::error::Error for UnpackError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

/// Why reading stopped before the end.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The object's storage failed: the whole examination ends.
    Failed(UnpackError),
    /// Something inside the object: the member ends, its neighbours are read.
    Inside(Why),
}

impl From<Why> for Stop {
    fn from(why: Why) -> Self {
        Self::Inside(why)
    }
}

impl Stop {
    /// The bytes are not what the format says they must be.
    pub(crate) const fn broken(what: &'static str) -> Self {
        Self::Inside(Why::Broken(what))
    }
}

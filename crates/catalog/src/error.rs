//! What can go wrong in the catalog.

use std::fmt;

use base::{Fault, Kind};

use crate::sql::{SqlError, SqlFailure};

/// A failure of the catalog.
#[derive(Debug)]
pub enum CatalogError {
    /// The database did not do what was asked.
    Sql {
        /// What was attempted, for example `writing partners`.
        attempt: String,
        /// Why it failed.
        source: SqlError,
    },
    /// A row does not say what such a row must say.
    Corrupt {
        /// The table.
        table: &'static str,
        /// The row's key.
        key: String,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A change that does not fit the state.
    Rejected {
        /// `Conflict`, `Missing` or `Refused`.
        kind: Kind,
        /// Why.
        why: String,
    },
    /// The database cannot be used by this program.
    Unusable {
        /// Why, and on its own line what to do.
        why: String,
    },
    /// The one writer is in use already.
    WriterTaken,
}

impl CatalogError {
    /// What kind of failure this is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Sql { source, .. } => match source.failure() {
                SqlFailure::Taken => Kind::Conflict,
                SqlFailure::Dangling => Kind::Missing,
                SqlFailure::Unrepresentable => Kind::Refused,
                SqlFailure::Damaged => Kind::Corrupt,
                SqlFailure::Misuse => Kind::Bug,
                SqlFailure::Unavailable => Kind::Unavailable,
            },
            Self::Corrupt { .. } => Kind::Corrupt,
            Self::Rejected { kind, .. } => *kind,
            Self::Unusable { .. } => Kind::Invalid,
            Self::WriterTaken => Kind::Bug,
        }
    }

    /// Whether only the act at hand is rejected and the batch around it is unharmed.
    pub(crate) const fn is_rejection(&self) -> bool {
        matches!(self.kind(), Kind::Conflict | Kind::Missing | Kind::Refused)
    }
}

/// The state has moved, or a precondition does not hold.
pub(crate) fn conflict(why: impl Into<String>) -> CatalogError {
    CatalogError::Rejected { kind: Kind::Conflict, why: why.into() }
}

/// What was named does not exist.
pub(crate) fn missing(why: impl Into<String>) -> CatalogError {
    CatalogError::Rejected { kind: Kind::Missing, why: why.into() }
}

/// A change that may never be made, whatever the state. Not `Invalid`, which would take the whole batch down with it.
pub(crate) fn refused(why: impl Into<String>) -> CatalogError {
    CatalogError::Rejected { kind: Kind::Refused, why: why.into() }
}

impl fmt::Display for CatalogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sql { attempt, .. } => f.write_str(attempt),
            Self::Corrupt { table, key, what } => write!(f, "corrupt row `{key}` in `{table}`: {what}"),
            Self::Rejected { why, .. } | Self::Unusable { why } => f.write_str(why),
            Self::WriterTaken => f.write_str("the catalog's writer is in use: a process has one commit queue"),
        }
    }
}

impl std::error::Error for CatalogError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Sql { source, .. } => Some(source),
            _ => None,
        }
    }
}

impl From<CatalogError> for Fault {
    fn from(error: CatalogError) -> Self {
        let fault = Self::new(error.kind(), error.to_string());
        match error {
            CatalogError::Sql { source, .. } => fault.because(source),
            _ => fault,
        }
    }
}

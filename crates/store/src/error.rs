//! What can go wrong in the store.

use std::{fmt, io};

use base::id::DeploymentId;
use base::{Fault, Kind};

/// A failure of the store. Messages name what was attempted, never a path.
#[derive(Debug)]
pub enum StoreError {
    /// The disk did not do what was asked: an I/O error, a full disk.
    Disk {
        /// What was attempted, for example ``writing blob `blob_…` ``.
        attempt: String,
        /// Why it failed.
        source: io::Error,
    },
    /// Another process serves this folder.
    InUse,
    /// The folder is another deployment's.
    OtherDeployment {
        /// Whose it is.
        found: DeploymentId,
        /// Whose it should be.
        expected: DeploymentId,
    },
    /// The folder does not say whose it is, and is not empty.
    NoDeployment,
    /// A file that holds a secret may be read or changed by others.
    NotPrivate {
        /// What is wrong with it.
        why: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// The name is taken.
    Taken(String),
    /// There is nothing of that name.
    Missing(String),
    /// What is stored cannot be what was written.
    Corrupt(String),
    /// A fence would move backwards.
    Backwards(String),
}

impl StoreError {
    /// What kind of failure this is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Disk { .. } | Self::InUse => Kind::Unavailable,
            Self::OtherDeployment { .. } | Self::NoDeployment => Kind::Invalid,
            Self::NotPrivate { .. } => Kind::Refused,
            Self::Taken(_) | Self::Backwards(_) => Kind::Conflict,
            Self::Missing(_) => Kind::Missing,
            Self::Corrupt(_) => Kind::Corrupt,
        }
    }
}

/// Says what was attempted when the disk failed.
pub(crate) fn during(attempt: impl Into<String>) -> impl FnOnce(io::Error) -> StoreError {
    let attempt = attempt.into();
    move |source| StoreError::Disk { attempt, source }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disk { attempt, .. }
            | Self::Taken(attempt)
            | Self::Missing(attempt)
            | Self::Corrupt(attempt)
            | Self::Backwards(attempt) => f.write_str(attempt),
            Self::InUse => {
                f.write_str("another process serves this store\nstop it first, or give this one its own folder")
            }
            Self::OtherDeployment { found, expected } => write!(
                f,
                "this store belongs to deployment `{found}`, this program serves `{expected}`\n\
                 point the configuration at the store of this deployment"
            ),
            Self::NoDeployment => f.write_str(
                "this folder holds data and does not say whose it is\n\
                 restore its `deployment` document from a backup, or begin with an empty folder",
            ),
            Self::NotPrivate { why, remedy } => write!(f, "{why}\n{remedy}"),
        }
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Disk { source, .. } => Some(source),
            _ => None,
        }
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        let fault = Self::new(error.kind(), error.to_string());
        match error {
            StoreError::Disk { source, .. } => fault.because(source),
            _ => fault,
        }
    }
}

//! Exit codes: the one table from kinds of failure to what a script sees.

use base::Kind;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// It was done.
    Done = 0,
    /// It failed; the same command may succeed later.
    Failed = 1,
    /// It made no sense as it was written.
    Misuse = 2,
    /// It was understood and not allowed.
    Refused = 3,
    /// The engagement is paused.
    Paused = 4,
    /// Something that was to be proved was not: stored data or a proof does not verify.
    NotVerified = 5,
    /// It was done, and there is something to look at.
    Findings = 6,
}

impl From<Kind> for Exit {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Invalid => Self::Misuse,
            Kind::Refused => Self::Refused,
            Kind::Paused => Self::Paused,
            Kind::Corrupt => Self::NotVerified,
            Kind::Missing | Kind::Conflict | Kind::Unavailable | Kind::Bug => Self::Failed,
        }
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

//! What kind of failure something was.
//!
//! Every error of every crate answers [`Kind`]; each edge of the program (S3, REST, command line) turns a kind into its own
//! code in one table. Adding a kind means visiting those tables, and the compiler says where they are.

use std::fmt;

/// What kind of failure an error is, and so what a caller can do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The request or configuration is malformed; the caller can mend it.
    Invalid,
    /// Understood and not allowed; asking again changes nothing.
    Refused,
    /// The engagement is paused.
    Paused,
    /// What was named does not exist, or the caller may not know that it does.
    Missing,
    /// The state has moved, or a precondition does not hold.
    Conflict,
    /// A part that is needed does not answer; the same request may succeed later.
    Unavailable,
    /// Stored data fails its check. Never served; raises an alarm.
    Corrupt,
    /// We broke our own rule.
    Bug,
}

impl Kind {
    /// The word used in logs, JSON and tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Refused => "refused",
            Self::Paused => "paused",
            Self::Missing => "missing",
            Self::Conflict => "conflict",
            Self::Unavailable => "unavailable",
            Self::Corrupt => "corrupt",
            Self::Bug => "bug",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A failure behind a port: what was attempted, of which kind, and its cause.
///
/// Ports are implemented by several crates, so they share this one type; a crate that receives it wraps it in a variant of
/// its own enum and never passes it up bare.
#[derive(Debug)]
pub struct Fault {
    kind: Kind,
    attempt: String,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Fault {
    /// A failure of `attempt` (lower case, no full stop, inputs in backticks).
    #[must_use]
    pub fn new(kind: Kind, attempt: impl Into<String>) -> Self {
        Self { kind, attempt: attempt.into(), source: None }
    }

    /// Keeps the cause.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What kind of failure this is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.attempt)
    }
}

impl std::error::Error for Fault {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn std::error::Error + 'static))
    }
}

/// Renders an error and its causes as one line, `outer: inner: innermost`.
#[must_use]
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        line.push_str(": ");
        line.push_str(&inner.to_string());
        cause = inner.source();
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_names_every_cause() {
        let fault = Fault::new(Kind::Unavailable, "reading blob `b1`").because(std::io::Error::other("disk gone"));
        assert_eq!(chain(&fault), "reading blob `b1`: disk gone");
    }
}

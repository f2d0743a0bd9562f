//! What can go wrong in the program, and how it is told to the person who ran it.

use std::error::Error as StdError;
use std::fmt;
use std::path::{Path, PathBuf};

use base::{Fault, Kind};
use custody::CustodyError;

use crate::client::Problem;

/// A failure of the program.
#[derive(Debug)]
pub enum Error {
    /// What was asked for on the command line makes no sense.
    Misuse(String),
    /// The configuration cannot be used.
    Config {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, and on its own line what to do.
        why: String,
    },
    /// A file could not be read or written.
    File {
        /// What was attempted.
        attempt: &'static str,
        /// With which file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A part of the program failed at what is named.
    Part {
        /// What was attempted.
        attempt: String,
        /// What kind of failure it is.
        kind: Kind,
        /// Its cause.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// The program will not do this, whoever asks.
    Refused(String),
    /// Nothing answers at the server's address.
    NoServer {
        /// Where it was looked for.
        address: String,
        /// Why nothing came of it.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// The connection to a server broke.
    Broken {
        /// What was attempted.
        attempt: &'static str,
        /// Why.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// The server answered something that this program does not understand.
    Answer(String),
    /// The server said no.
    Problem(Problem),
    /// Something that was to be proved was not.
    NotVerified(String),
}

impl Error {
    /// What kind of failure this is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Misuse(_) | Self::Config { .. } => Kind::Invalid,
            Self::File { .. } | Self::NoServer { .. } | Self::Broken { .. } => Kind::Unavailable,
            Self::Part { kind, .. } => *kind,
            Self::Refused(_) => Kind::Refused,
            Self::Answer(_) => Kind::Bug,
            Self::Problem(problem) => problem.kind(),
            Self::NotVerified(_) => Kind::Corrupt,
        }
    }

    /// A failure of a part, with what was attempted.
    pub fn part<E: StdError + Send + Sync + 'static>(attempt: impl Into<String>, kind: Kind, source: E) -> Self {
        Self::Part { attempt: attempt.into(), kind, source: Box::new(source) }
    }

    /// A fault behind a port, with what was attempted.
    #[must_use]
    pub fn fault(attempt: impl Into<String>, fault: Fault) -> Self {
        Self::part(attempt, fault.kind(), fault)
    }

    /// A failure of custody, with what was attempted.
    #[must_use]
    pub fn custody(attempt: impl Into<String>, error: CustodyError) -> Self {
        Self::part(attempt, error.kind(), error)
    }

    /// A failure with a file.
    #[must_use]
    pub fn file(attempt: &'static str, path: &Path, source: std::io::Error) -> Self {
        Self::File { attempt, path: path.to_owned(), source }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Misuse(why) | Self::Refused(why) | Self::Answer(why) | Self::NotVerified(why) => f.write_str(why),
            Self::Config { path, why } => write!(f, "the configuration `{}`: {why}", path.display()),
            Self::File { attempt, path, .. } => write!(f, "{attempt} `{}`", path.display()),
            Self::Part { attempt, .. } => f.write_str(attempt),
            Self::NoServer { address, .. } => {
                write!(
                    f,
                    "no server answers at `{address}`\nstart one with `cofferdam serve`, or name it with `--admin`"
                )
            }
            Self::Broken { attempt, .. } => f.write_str(attempt),
            Self::Problem(problem) => fmt::Display::fmt(problem, f),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::File { source, .. } => Some(source),
            Self::Part { source, .. } | Self::NoServer { source, .. } | Self::Broken { source, .. } => {
                Some(source.as_ref() as &(dyn StdError + 'static))
            }
            _ => None,
        }
    }
}

/// An error as a person reads it: what happened and why on one line, then each remedy on its own.
#[must_use]
pub fn told(error: &dyn StdError) -> String {
    let mut line = String::new();
    let mut remedies = Vec::new();
    let mut cause = Some(error);
    while let Some(this) = cause {
        let text = this.to_string();
        let (what, remedy) = text.split_once('\n').unwrap_or((&text, ""));
        if !line.is_empty() {
            line.push_str(": ");
        }
        line.push_str(what);
        remedies.extend(remedy.lines().map(str::to_owned));
        cause = this.source();
    }
    remedies.insert(0, line);
    remedies.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remedies_come_last_each_on_its_own_line() {
        let inner = Fault::new(Kind::Unavailable, "reading it\nmend the disk").because(std::io::Error::other("gone"));
        let outer = Error::fault("opening the store", inner);
        assert_eq!(told(&outer), "opening the store: reading it: gone\nmend the disk");
    }
}

//! What can go wrong in setting the gateway up. What goes wrong in a request is a [`Refusal`](crate::Refusal).

use std::fmt;
use std::net::SocketAddr;

use base::Kind;

/// A failure to serve at all.
#[derive(Debug)]
pub enum Error {
    /// The address cannot be had.
    Listen {
        /// Which.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// Plain text would leave this machine.
    PlainTextOffLoopback {
        /// Where.
        address: SocketAddr,
    },
}

impl Error {
    /// What kind of failure this is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Listen { .. } => Kind::Unavailable,
            Self::PlainTextOffLoopback { .. } => Kind::Refused,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listen { address, .. } => write!(f, "listening on `{address}`"),
            Self::PlainTextOffLoopback { address } => {
                write!(f, "refusing to serve plain text on `{address}`\nuse a loopback address or configure TLS")
            }
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Listen { source, .. } => Some(source),
            Self::PlainTextOffLoopback { .. } => None,
        }
    }
}

//! What can go wrong in setting the gateway up. What goes wrong in a request is a [`Refusal`](crate::Refusal).

use std::fmt;
use std::net::SocketAddr;

use base::{Kind, Timestamp};

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
    /// A certificate or its private key cannot be used.
    Certificate {
        /// What is wrong.
        what: &'static str,
        /// Why, where there is more to say.
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// A certificate is out of its time.
    CertificateTime {
        /// Which bound of it was passed.
        what: &'static str,
        /// The bound.
        at: Timestamp,
    },
    /// Plain text would leave this machine.
    PlainTextOffLoopback {
        /// Where.
        address: SocketAddr,
    },
}

impl Error {
    pub(crate) const fn certificate(what: &'static str) -> Self {
        Self::Certificate { what, source: None }
    }

    /// What kind of failure this is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Listen { .. } => Kind::Unavailable,
            Self::Certificate { .. } | Self::CertificateTime { .. } => Kind::Invalid,
            Self::PlainTextOffLoopback { .. } => Kind::Refused,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listen { address, .. } => write!(f, "listening on `{address}`"),
            Self::Certificate { what, .. } => f.write_str(what),
            Self::CertificateTime { what, at } => write!(f, "{what} `{at}`\nget a new one, or set the clock right"),
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
            Self::Certificate { source, .. } => {
                source.as_ref().map(|source| source.as_ref() as &(dyn std::error::Error + 'static))
            }
            Self::CertificateTime { .. } | Self::PlainTextOffLoopback { .. } => None,
        }
    }
}

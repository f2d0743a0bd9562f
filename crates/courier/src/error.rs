//! Why a letter did not arrive.

use std::fmt;

/// A letter that did not arrive, or of which that is not known. In words of ours: nothing that a receiver said is repeated.
#[derive(Debug)]
pub enum Undelivered {
    /// The receiver's address cannot be used.
    Address(&'static str),
    /// The receiver may not be where its name leads.
    Forbidden,
    /// Nobody can be reached there.
    Unreachable(std::io::Error),
    /// The receiver's certificate is not believed, or TLS fails otherwise.
    Tls(std::io::Error),
    /// No answer in time.
    Late,
    /// The receiver answered that it does not take it.
    Refused(u16),
    /// The receiver does not speak as it should.
    Garbled(&'static str),
}

impl fmt::Display for Undelivered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(why) => write!(f, "the address cannot be used: {why}"),
            Self::Forbidden => f.write_str("the name leads to an address that receivers may not have"),
            Self::Unreachable(error) => write!(f, "not reachable: {}", error.kind()),
            Self::Tls(_) => f.write_str("no trust in the receiver's certificate, or no TLS"),
            Self::Late => f.write_str("no answer in time"),
            Self::Refused(status) => write!(f, "refused with {status}"),
            Self::Garbled(what) => write!(f, "the receiver does not speak as it should: {what}"),
        }
    }
}

impl std::error::Error for Undelivered {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unreachable(error) | Self::Tls(error) => Some(error),
            _ => None,
        }
    }
}

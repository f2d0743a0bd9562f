//! What a server says when it says no: RFC 9457 problem details, as far as a person or a script can use them.

use std::fmt;

use base::Kind;
use bytes::Bytes;
use http::StatusCode;
use serde::Deserialize;

/// A problem that a server reported.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Problem {
    /// The HTTP status.
    #[serde(default)]
    pub status: u16,
    /// What kind of problem, for people.
    #[serde(default)]
    pub title: String,
    /// What happened this time; a remedy may follow on its own line.
    #[serde(default)]
    pub detail: String,
    /// What kind of problem, for programs: a word of [`Kind`].
    #[serde(default)]
    pub kind: String,
    /// The approval that is missing, if that is the problem.
    #[serde(default)]
    pub approval: Option<String>,
}

impl Problem {
    /// Reads the body of an answer that is no success.
    #[must_use]
    pub fn read(status: StatusCode, body: &Bytes) -> Self {
        let mut problem: Self = serde_json::from_slice(body).unwrap_or_default();
        problem.status = status.as_u16();
        if problem.title.is_empty() {
            problem.title = status.canonical_reason().unwrap_or("an error").to_ascii_lowercase();
        }
        problem
    }

    /// What kind of failure it is. Servers say so; of one that does not, the status tells.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self.kind.as_bytes() {
            b"invalid" => Kind::Invalid,
            b"refused" => Kind::Refused,
            b"paused" => Kind::Paused,
            b"missing" => Kind::Missing,
            b"conflict" => Kind::Conflict,
            b"unavailable" => Kind::Unavailable,
            b"corrupt" => Kind::Corrupt,
            _ => of_status(self.status),
        }
    }
}

/// The one table from HTTP status to kind, for answers that name none.
const fn of_status(status: u16) -> Kind {
    match status {
        400 | 405 | 411 | 413 | 415 | 416 | 422 => Kind::Invalid,
        401 | 403 => Kind::Refused,
        404 | 410 => Kind::Missing,
        409 | 412 => Kind::Conflict,
        423 => Kind::Paused,
        429 | 502 | 503 | 504 => Kind::Unavailable,
        _ => Kind::Bug,
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.detail.is_empty() { f.write_str(&self.title) } else { f.write_str(&self.detail) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_says_little_is_understood_all_the_same() {
        let empty = Problem::read(StatusCode::FORBIDDEN, &Bytes::new());
        assert_eq!((empty.kind(), empty.to_string().as_str()), (Kind::Refused, "forbidden"));
        let paused =
            Problem::read(StatusCode::FORBIDDEN, &Bytes::from_static(br#"{"kind":"paused","detail":"it is"}"#));
        assert_eq!((paused.kind(), paused.to_string().as_str()), (Kind::Paused, "it is"));
    }
}

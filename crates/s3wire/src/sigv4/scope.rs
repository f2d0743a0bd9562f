//! The credential scope: what a signing key is good for.

use std::fmt;

use base::Timestamp;

/// The day, region and service of a signature. The service is always `s3`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// `20130524`.
    pub day: String,
    /// Any region the client was configured with; it only has to be the same throughout.
    pub region: String,
}

/// A credential as a request writes it: `AKID/20130524/us-east-1/s3/aws4_request`.
pub(super) struct Credential {
    pub(super) access_key: String,
    pub(super) scope: Scope,
}

/// Longest access key id and region. Ours are a third of it.
const LONGEST_WORD_BYTES: usize = 128;

impl Credential {
    /// Reads a credential; says what is wrong with it otherwise.
    pub(super) fn read(text: &str) -> Result<Self, &'static str> {
        let mut parts = text.split('/');
        let (Some(access_key), Some(day), Some(region), Some(service), Some(end), None) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err("the credential must be access-key/day/region/s3/aws4_request");
        };
        if !is_word(access_key) {
            return Err("the access key of the credential is malformed");
        }
        if day.len() != 8 || !day.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err("the day of the credential must be written as YYYYMMDD");
        }
        if !is_word(region) {
            return Err("the region of the credential is malformed");
        }
        if service != super::SERVICE {
            return Err("the service of the credential must be s3");
        }
        if end != "aws4_request" {
            return Err("the credential must end in aws4_request");
        }
        let scope = Scope { day: day.to_owned(), region: region.to_owned() };
        Ok(Self { access_key: access_key.to_owned(), scope })
    }
}

impl Scope {
    /// Whether the scope is for the day the signature is dated.
    pub(super) fn is_of(&self, at: Timestamp) -> bool {
        at.to_amz().starts_with(&self.day)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}/aws4_request", self.day, self.region, super::SERVICE)
    }
}

fn is_word(text: &str) -> bool {
    (1..=LONGEST_WORD_BYTES).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_has_exactly_five_parts() {
        assert!(Credential::read("AK/20130524/us-east-1/s3/aws4_request").is_ok());
        for bad in [
            "",
            "AK",
            "/20130524/us-east-1/s3/aws4_request",
            "AK/2013052/us-east-1/s3/aws4_request",
            "AK/20130524//s3/aws4_request",
            "AK/20130524/us-east-1/sts/aws4_request",
            "AK/20130524/us-east-1/s3/aws4_request/",
            "A/K/20130524/us-east-1/s3/aws4_request",
            "AK/20130524/us east/s3/aws4_request",
        ] {
            assert!(Credential::read(bad).is_err(), "{bad}");
        }
    }
}

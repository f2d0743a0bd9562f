//! Pages of listings: how keys are written, and the token that asks for the next page.
//!
//! # Threats
//! A continuation token comes back from the client. It is bound to what was listed, so that one made for another prefix is
//! refused; it grants nothing, since every page is judged anew.

use s3wire::digest::sha256;
use s3wire::{Code, Refusal};

/// How many keys and prefixes a page may have.
// SPEC: S3: more is clamped.
pub(super) const LONGEST_PAGE: i32 = 1000;

const TOKEN_VERSION: u8 = 1;
const BINDING_BYTES: usize = 8;

/// How keys are written into the answer.
#[derive(Clone, Copy)]
pub(super) enum Spelling {
    /// As they are.
    Plain,
    /// `encoding-type=url`.
    Url,
}

impl Spelling {
    pub(super) fn asked(encoding: Option<&s3s::dto::EncodingType>) -> Result<Self, Refusal> {
        match encoding.map(s3s::dto::EncodingType::as_str) {
            None => Ok(Self::Plain),
            Some(s3s::dto::EncodingType::URL) => Ok(Self::Url),
            Some(_) => Err(Refusal::new(Code::InvalidArgument, "invalid encoding method specified in request")),
        }
    }

    /// Writes a key, prefix or delimiter.
    ///
    /// # Errors
    /// `InvalidRequest` for a key that XML cannot carry: written otherwise, it could be taken for another.
    // SPEC: S3: encoding-type=url escapes all but unreserved characters and `/`.
    pub(super) fn write(self, text: &[u8]) -> Result<String, Refusal> {
        match self {
            Self::Url => {
                let mut written = String::with_capacity(text.len());
                for byte in text {
                    if byte.is_ascii_alphanumeric() || b"-._~/".contains(byte) {
                        written.push(char::from(*byte));
                    } else {
                        written.push_str(&format!("%{byte:02X}"));
                    }
                }
                Ok(written)
            }
            Self::Plain => {
                std::str::from_utf8(text).ok().filter(|text| text.chars().all(fits_xml)).map(str::to_owned).ok_or_else(
                    || {
                        Refusal::new(
                            Code::InvalidRequest,
                            "a key has characters that XML cannot carry: ask for encoding-type=url",
                        )
                    },
                )
            }
        }
    }

    /// Writes what was asked, back; nothing where nothing was asked.
    // SPEC: S3: an empty delimiter or start is not echoed.
    pub(super) fn write_all(self, text: Option<&str>) -> Result<Option<String>, Refusal> {
        text.filter(|text| !text.is_empty()).map(|text| self.write(text.as_bytes())).transpose()
    }

    /// Writes what clients do not decode: escaped only where XML leaves no other way.
    pub(super) fn write_plainly(self, text: &str) -> Result<String, Refusal> {
        if text.chars().all(fits_xml) { Ok(text.to_owned()) } else { self.write(text.as_bytes()) }
    }
}

// SPEC: XML 1.0 §2.2. A carriage return would be read back as a line feed.
const fn fits_xml(character: char) -> bool {
    matches!(character, '\t' | '\n' | ' '..='\u{FFFD}' | '\u{10000}'..)
}

/// How many entries are wanted.
pub(super) fn limit(asked: Option<i32>) -> Result<i32, Refusal> {
    match asked.unwrap_or(LONGEST_PAGE) {
        negative if negative < 0 => {
            Err(Refusal::new(Code::InvalidArgument, "max-keys must be an integer between 0 and 2147483647"))
        }
        count => Ok(count.min(LONGEST_PAGE)),
    }
}

/// What a listing is of; a token is good for no other.
pub(super) struct Listed<'a> {
    pub(super) bucket: &'a str,
    pub(super) prefix: &'a str,
    pub(super) delimiter: &'a str,
}

impl Listed<'_> {
    /// The token for the page after `after`.
    pub(super) fn token(&self, after: &[u8]) -> String {
        let mut token = vec![TOKEN_VERSION];
        token.extend_from_slice(&self.binding());
        token.extend_from_slice(after);
        data_encoding::BASE64URL_NOPAD.encode(&token)
    }

    /// Reads a token back.
    pub(super) fn after(&self, token: &str) -> Result<Vec<u8>, Refusal> {
        let read = data_encoding::BASE64URL_NOPAD.decode(token.as_bytes()).ok();
        let after = read
            .as_deref()
            .and_then(|token| token.strip_prefix(&[TOKEN_VERSION]))
            .and_then(|token| token.strip_prefix(&self.binding()));
        after
            .map(<[u8]>::to_vec)
            .ok_or_else(|| Refusal::new(Code::InvalidArgument, "the continuation token provided is incorrect"))
    }

    fn binding(&self) -> [u8; BINDING_BYTES] {
        let mut text = Vec::new();
        for part in [self.bucket, self.prefix, self.delimiter] {
            text.extend_from_slice(&(part.len() as u64).to_be_bytes());
            text.extend_from_slice(part.as_bytes());
        }
        let mut binding = [0; BINDING_BYTES];
        for (to, from) in binding.iter_mut().zip(sha256(&text)) {
            *to = from;
        }
        binding
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_escaped_as_s3_escapes_them() {
        assert_eq!(Spelling::Url.write("a b+c/ü\n".as_bytes()).unwrap(), "a%20b%2Bc/%C3%BC%0A");
        assert_eq!(Spelling::Plain.write("a b+c/ü\n".as_bytes()).unwrap(), "a b+c/ü\n");
        for bad in ["\u{0}", "\r", "\u{FFFF}"] {
            assert!(Spelling::Plain.write(bad.as_bytes()).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_token_is_good_for_its_own_listing_only() {
        let listed = |prefix| Listed { bucket: "b", prefix, delimiter: "/" };
        let token = listed("p").token(b"p/k");
        assert_eq!(listed("p").after(&token).unwrap(), b"p/k");
        assert!(listed("q").after(&token).is_err());
        assert!(listed("p").after("").is_err());
        assert!(listed("p").after("AAAA").is_err());
    }

    #[test]
    fn limits_are_clamped() {
        assert_eq!(limit(None).unwrap(), 1000);
        assert_eq!(limit(Some(5000)).unwrap(), 1000);
        assert_eq!(limit(Some(0)).unwrap(), 0);
        assert!(limit(Some(-1)).is_err());
    }
}

//! What a session is bound to beside its place: the host or workload that holds it, the image that runs there, and the run it
//! was issued for. A stolen image or a poisoned host is scoped by them, whichever credentials it held.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The longest host or run in bytes: what DNS allows.
const LONGEST_BYTES: usize = 253;

/// What a session is bound to. Whoever issues it says so; nothing here is believed from the one who uses it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attributes {
    /// The host or workload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The digest of the image, as `sha256:` and 64 hex digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// The run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
}

/// Why an attribute is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotAnAttribute {
    /// A host or a run of other characters, or too long.
    Word {
        /// Host or run.
        what: &'static str,
        /// What was given.
        given: String,
    },
    /// An image that is no digest.
    Image(String),
}

impl fmt::Display for NotAnAttribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word { what, given } => write!(
                f,
                "`{}` is no {what}\nuse 1 to {LONGEST_BYTES} letters, digits, and any of `-_.:/@`",
                given.escape_debug()
            ),
            Self::Image(given) => write!(
                f,
                "`{}` is no image digest\nname the image by `sha256:` and 64 hex digits, not by a tag that can be moved",
                given.escape_debug()
            ),
        }
    }
}

impl std::error::Error for NotAnAttribute {}

impl Attributes {
    /// Whether it is bound to nothing.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.host.is_none() && self.image.is_none() && self.run.is_none()
    }

    /// Checks each, and writes the digest in lower case.
    ///
    /// # Errors
    /// The first that is not one.
    pub fn checked(mut self) -> Result<Self, NotAnAttribute> {
        for (what, given) in [("host", &self.host), ("run", &self.run)] {
            if let Some(given) = given.as_deref().filter(|given| !is_word(given)) {
                return Err(NotAnAttribute::Word { what, given: given.to_owned() });
            }
        }
        self.image = self.image.map(|given| image(&given).ok_or(NotAnAttribute::Image(given))).transpose()?;
        Ok(self)
    }
}

fn is_word(given: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/@".contains(&byte);
    !given.is_empty() && given.len() <= LONGEST_BYTES && given.bytes().all(known)
}

/// The digest of an image in its one form.
#[must_use]
pub fn image(given: &str) -> Option<String> {
    let digits = given.strip_prefix("sha256:")?;
    let digest = digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    digest.then(|| given.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_named_by_its_digest_alone() {
        let digest = format!("sha256:{}", "Ab".repeat(32));
        let checked = Attributes { image: Some(digest.clone()), ..Attributes::default() }.checked().unwrap();
        assert_eq!(checked.image, Some(digest.to_lowercase()));
        for bad in ["etl:latest", "sha256:ab", "", &format!("sha512:{}", "ab".repeat(32))] {
            let given = Attributes { image: Some(bad.to_owned()), ..Attributes::default() };
            assert_eq!(given.checked(), Err(NotAnAttribute::Image(bad.to_owned())));
        }
    }

    #[test]
    fn hosts_and_runs_are_words() {
        let of = |host: &str| Attributes { host: Some(host.to_owned()), ..Attributes::default() }.checked();
        for good in ["etl-07", "ns/pod-1", "spiffe://a.example/w", "worker@eu"] {
            assert!(of(good).is_ok(), "{good}");
        }
        for bad in ["", "two words", "näme", "a\nb", &"a".repeat(254)] {
            assert!(of(bad).is_err(), "{bad}");
        }
        let run = Attributes { run: Some("a b".to_owned()), ..Attributes::default() };
        assert!(run.checked().unwrap_err().to_string().contains("no run"));
    }
}

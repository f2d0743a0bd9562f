//! Names of secrets: which keys, variables, columns and options are called after one.
//!
//! A name is read from its end: `STRIPE_API_KEY_PROD` is a key, `api_key_file` is a file. A name counts only if all of
//! its words behind the one that says "secret" are known to change nothing; so an unknown word means no.

use super::words::{Meaning, meaning};
use crate::text::Name;

/// What a name says about its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// A key of something, or a word that often names other things: its value has to look random.
    Key,
    /// A token, an API key, a secret: its value has to look like one.
    Token,
    /// A password: people choose it, so it may look like anything.
    Password,
}

/// The most words of a name that are looked at, from its end.
const MOST_WORDS: usize = 8;

/// What `name` says about its value, if it names a secret.
pub(super) fn kind(name: &[u8]) -> Option<Kind> {
    let mut words = Words::back(name).take(MOST_WORDS).peekable();
    let mut derived = false;
    loop {
        let word = words.next()?;
        let meaning = meaning(word);
        if let Some(kind) = one_word(meaning, words.peek().copied()) {
            // What is stored of a password looks random, so it is held to that.
            return Some(if derived { Kind::Token } else { kind });
        }
        if !meaning.is(Meaning::NOTHING) && !word.iter().all(u8::is_ascii_digit) {
            return None;
        }
        derived |= meaning.is(Meaning::DERIVED);
    }
}

/// What the names of texts say. A stream has few keys or columns, and each comes again in every record.
pub(crate) struct Kinds([Known; Self::SLOTS]);

/// A name, and what it says.
type Known = (Name, Option<Kind>);

impl Default for Kinds {
    fn default() -> Self {
        Self([(Name::NONE, None); Self::SLOTS])
    }
}

impl Kinds {
    const SLOTS: usize = 8;

    /// What `name` says about its value.
    pub(crate) fn of(&mut self, name: &[u8]) -> Option<Kind> {
        let (first, last) = (name.first()?, name.last()?);
        let slot = name.len().wrapping_add(usize::from(first ^ last.wrapping_shl(1))) % Self::SLOTS;
        let known = self.0.get_mut(slot)?;
        if known.0.as_bytes() != name {
            let found = kind(name);
            // Of a longer one only the beginning would be kept, and others may begin so.
            if name.len() > Name::KEPT_BYTES {
                return found;
            }
            *known = (Name::new(name), found);
        }
        known.1
    }
}

/// Whether a name may be one of a secret if this is its last word: a cheap first look.
pub(super) fn may_end(word: &[u8]) -> bool {
    const ENDS: [Meaning; 6] =
        [Meaning::PASSWORD, Meaning::TOKEN, Meaning::KEY, Meaning::NOTHING, Meaning::WEAK, Meaning::ELSEWHERE];
    let meaning = meaning(word);
    ENDS.iter().any(|end| meaning.is(*end)) || word.iter().all(u8::is_ascii_digit)
}

/// What a word says behind the word `before` it.
fn one_word(meaning_of: Meaning, before: Option<&[u8]>) -> Option<Kind> {
    if meaning_of.is(Meaning::PASSWORD) {
        return Some(Kind::Password);
    }
    if meaning_of.is(Meaning::TOKEN) {
        return Some(Kind::Token);
    }
    if meaning_of.is(Meaning::KEY) {
        let before = before.map(meaning).unwrap_or_default();
        return match () {
            () if before.is(Meaning::OF_TABLE) => None,
            () if before.is(Meaning::OF_SECRET) => Some(Kind::Token),
            () => Some(Kind::Key),
        };
    }
    meaning_of.is(Meaning::WEAK).then_some(Kind::Key)
}

/// Whether a text has a word that speaks of keys: enough beside the name of a provider.
pub(super) fn is_keyish(text: &[u8]) -> bool {
    Words::back(text).any(|word| {
        let meaning = meaning(word);
        one_word(meaning, None).is_some() || meaning.is(Meaning::KEYISH)
    })
}

/// The words of a name, last first: parted by what is no letter or digit, and by humps.
#[derive(Clone)]
pub(super) struct Words<'a>(&'a [u8]);

impl<'a> Words<'a> {
    /// Of `name`.
    pub(super) const fn back(name: &'a [u8]) -> Self {
        Self(name)
    }
}

impl<'a> Iterator for Words<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let end = self.0.iter().rposition(|byte| is_word(*byte))?.saturating_add(1);
        let name = self.0.get(..end)?;
        let begins = |at: usize| {
            let before = at.checked_sub(1).and_then(|before| name.get(before)).copied().unwrap_or(b' ');
            let here = name.get(at).copied().unwrap_or(b' ');
            let small_after = name.get(at.saturating_add(1)).is_some_and(u8::is_ascii_lowercase);
            !is_word(before)
                || (here.is_ascii_uppercase()
                    && (before.is_ascii_lowercase() || (small_after && before.is_ascii_uppercase())))
        };
        let start = (0..end).rev().find(|at| begins(*at)).unwrap_or(0);
        self.0 = name.get(..start)?;
        name.get(start..)
    }
}

/// Letters of any script and digits.
const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_their_value_is() {
        for (name, expected) in [
            ("password", Some(Kind::Password)),
            ("DB_PASSWORD", Some(Kind::Password)),
            ("spring.datasource.password", Some(Kind::Password)),
            ("dbpasswd", Some(Kind::Password)),
            ("Contraseña", Some(Kind::Password)),
            ("IRC_PASS", Some(Kind::Password)),
            ("bypass", None),
            ("compass", None),
            ("password_file", None),
            ("passwordResetUrl", None),
            ("password_hash", Some(Kind::Token)),
            ("STRIPE_API_KEY_PROD", Some(Kind::Token)),
            ("clientSecret", Some(Kind::Token)),
            ("CLIENTSECRET", Some(Kind::Token)),
            ("fbApiKey", Some(Kind::Token)),
            ("secret_key_base", Some(Kind::Token)),
            ("aws_secret_access_key", Some(Kind::Token)),
            ("secret key", Some(Kind::Token)),
            ("X-Auth-Token", Some(Kind::Token)),
            ("JINA_KEY", Some(Kind::Key)),
            ("key", Some(Kind::Key)),
            ("public_key", None),
            ("primaryKey", None),
            ("monkey", None),
            ("author", None),
            ("token_type", None),
            ("tokenizer", None),
            ("max_tokens_count", None),
            ("", None),
        ] {
            assert_eq!(kind(name.as_bytes()), expected, "{name}");
        }
    }

    #[test]
    fn words_come_last_first() {
        let words: Vec<&[u8]> = Words::back(b"myAPIKey_v2.x").collect();
        assert_eq!(words, [b"x".as_slice(), b"v2", b"Key", b"API", b"my"]);
    }
}

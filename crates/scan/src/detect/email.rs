//! E-mail addresses: a local part, `@`, and a domain that could exist.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "positions of bytes in a slice: sums stay below its length, and each difference is guarded by a comparison"
)]

use std::ops::Range;

use super::{Candidate, Detector, Scene, Strength, only};
use crate::finding::Confidence;
use crate::rules::{Rule, RuleId};

/// SPEC: RFC 5321 §4.5.3.1: local part, domain and label lengths in octets.
const LONGEST_LOCAL_BYTES: usize = 64;
const LONGEST_DOMAIN_BYTES: usize = 253;
const LONGEST_LABEL_BYTES: usize = 63;

/// The longest top-level domain in use has 24 characters.
const LONGEST_TOP_BYTES: usize = 24;

/// How far back the beginning of a URL is looked for, to tell `user:word@host` from an address.
const URL_REACH_BYTES: usize = 100;

/// Endings of file names that are no top-level domains: `icon@2x.png` is a picture.
const FILE_ENDINGS: &[&str] = &[
    "bmp", "css", "csv", "gif", "gz", "html", "ico", "jpeg", "jpg", "js", "json", "pdf", "php", "png", "svg", "ts",
    "txt", "webp", "woff", "xml", "yaml", "yml",
];

/// Finds e-mail addresses.
pub(super) struct Email {
    rule: RuleId,
}

impl Email {
    /// Of the rule that names it.
    pub(super) fn of(rules: &[(RuleId, &Rule)]) -> Self {
        Self { rule: only(rules) }
    }
}

impl Detector for Email {
    fn detect(&self, scene: &Scene<'_>, found: &mut Vec<Candidate>) {
        for at in &scene.anchors.ats {
            if let Some(span) = address(scene.text.bytes, *at) {
                let local = scene.text.bytes.get(span.start..*at).unwrap_or_default();
                let made_up = scene.text.bytes.get(at + 1..span.end).is_some_and(|domain| is_made_up(local, domain));
                found.push(Candidate {
                    rule: self.rule,
                    span,
                    strength: Strength::Certain,
                    confidence: if made_up { Confidence::Medium } else { Confidence::High },
                    validator: "address with a well-formed domain",
                });
            }
        }
    }

    fn canonical(&self, value: &[u8], canonical: &mut Vec<u8>) {
        canonical.extend(value.iter().map(u8::to_ascii_lowercase));
    }
}

/// The address round the `@` at `at`.
fn address(text: &[u8], at: usize) -> Option<Range<usize>> {
    let (before, after) = (text.get(..at)?, text.get(at + 1..)?);
    let domain = domain_len(after)?;
    let from = at - local_len(before);
    let local = text.get(from..at)?;
    let usable = !local.is_empty() && local.len() <= LONGEST_LOCAL_BYTES && !local.windows(2).any(|pair| pair == b"..");
    (usable && !is_remote(local, after.get(domain..)?) && !is_url_login(text.get(..from)?))
        .then_some(from..at + 1 + domain)
}

/// Words that programmers and writers put where a name would be.
const STAND_INS: &[&str] = &[
    "foo",
    "bar",
    "baz",
    "qux",
    "spam",
    "eggs",
    "abc",
    "xyz",
    "xxx",
    "aaa",
    "bbb",
    "test",
    "user",
    "username",
    "nobody",
    "someone",
    "somebody",
    "anyone",
    "person",
    "you",
    "your",
    "yourname",
    "me",
    "mail",
    "email",
    "name",
    "domain",
    "host",
    "hostname",
    "server",
    "company",
    "site",
    "website",
    "mydomain",
    "yourdomain",
    "example",
    "invalid",
];

/// Whether an address is one that nobody has: it is in a domain for documents, or it is all stand-ins,
/// `foo@bar.com`.
fn is_made_up(local: &[u8], domain: &[u8]) -> bool {
    let stands_in =
        |word: &[u8]| word.len() < 2 || STAND_INS.iter().any(|stand_in| stand_in.as_bytes().eq_ignore_ascii_case(word));
    let mut labels = domain.rsplit(|byte| *byte == b'.').skip(1);
    let second = labels.next().unwrap_or_default();
    let part = local.split(|byte| matches!(byte, b'.' | b'+' | b'-' | b'_')).next().unwrap_or_default();
    is_reserved(domain) || (stands_in(part) && stands_in(second))
}

/// SPEC: RFC 2606: names that belong to nobody, and stand in documents and tests.
fn is_reserved(domain: &[u8]) -> bool {
    let mut labels = domain.rsplit(|byte| *byte == b'.');
    let top = labels.next().unwrap_or_default();
    let second = labels.next().unwrap_or_default();
    let is = |label: &[u8], names: &[&str]| names.iter().any(|name| name.as_bytes().eq_ignore_ascii_case(label));
    is(top, &["example", "test", "invalid", "localhost"])
        || (is(second, &["example"]) && is(top, &["com", "net", "org"]))
}

/// How many of the last bytes of `before` are a local part.
fn local_len(before: &[u8]) -> usize {
    // One byte more than may be: a local part that goes on is too long and is refused above.
    let reach = before.len().min(LONGEST_LOCAL_BYTES + 1);
    let tail = before.get(before.len() - reach..).unwrap_or_default();
    let mut len = tail.iter().rev().take_while(|byte| is_local(**byte)).count();
    // Letters with accents are two bytes, of which a cut must not leave the second alone.
    len -= tail.get(tail.len() - len..).unwrap_or_default().iter().take_while(|byte| **byte & 0xC0 == 0x80).count();
    let escaped = tail.len() > len && tail.get(tail.len() - len - 1) == Some(&b'\\');
    let local = tail.get(tail.len() - len..).unwrap_or_default();
    let lead = match local {
        // `\n` as two characters, then the address.
        [b'n' | b'r' | b't', _, ..] if escaped => 1,
        _ => local.iter().take_while(|byte| matches!(byte, b'.' | b'\'' | b'-')).count(),
    };
    let len = len - lead;
    if local.last() == Some(&b'.') { 0 } else { len }
}

/// How many of the first bytes of `after` are a domain.
fn domain_len(after: &[u8]) -> Option<usize> {
    let reach = after.len().min(LONGEST_DOMAIN_BYTES + 1);
    let shape = after.get(..reach)?.iter().take_while(|byte| is_domain(**byte)).count();
    let mut end = shape;
    // The end of a sentence, or a word that follows without a blank, is cut off label by label.
    loop {
        let domain = after.get(..end)?;
        let dot = domain.iter().rposition(|byte| *byte == b'.')?;
        let top = domain.get(dot + 1..)?;
        if is_top(top) {
            let fine = end <= LONGEST_DOMAIN_BYTES && domain.split(|byte| *byte == b'.').all(is_label);
            return fine.then_some(end);
        }
        end = dot;
    }
}

/// Whether a label could be a top-level domain: letters, or an internationalised name in its ASCII form.
fn is_top(top: &[u8]) -> bool {
    let letters = top.iter().all(u8::is_ascii_alphabetic) || top.starts_with(b"xn--");
    let lower = top.to_ascii_lowercase();
    let file = std::str::from_utf8(&lower).is_ok_and(|top| FILE_ENDINGS.binary_search(&top).is_ok());
    (2..=LONGEST_TOP_BYTES).contains(&top.len()) && letters && !file
}

fn is_label(label: &[u8]) -> bool {
    let ends = label.first().zip(label.last()).is_some_and(|(first, last)| *first != b'-' && *last != b'-');
    ends && label.len() <= LONGEST_LABEL_BYTES
}

/// `git@host:path` names a repository.
fn is_remote(local: &[u8], after: &[u8]) -> bool {
    local == b"git" && matches!(after, [b':' | b'/', ..])
}

/// `scheme://user:word@host`: what stands before `word` is a URL under way.
fn is_url_login(before: &[u8]) -> bool {
    if before.last() != Some(&b':') && !before.ends_with(b"://") {
        return false;
    }
    let reach = before.get(before.len().saturating_sub(URL_REACH_BYTES)..).unwrap_or_default();
    let word = reach.rsplit(|byte| byte.is_ascii_whitespace()).next().unwrap_or_default();
    memchr::memmem::find(word, b"://").is_some()
}

/// What a local part is made of in practice, letters with accents included.
const fn is_local(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'.' | b'_' | b'%' | b'+' | b'-' | b'\'' | b'~')
        || matches!(byte, 0xC3..=0xC9 | 0x80..=0xBF)
}

const fn is_domain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-')
}

#[cfg(test)]
mod tests {
    use super::super::testing::{canonical, found};
    use super::*;

    #[test]
    fn addresses_are_found_whole() {
        for (text, address) in [
            ("mail ada@example.org.", "ada@example.org"),
            ("<ada.l+x@sub.example.co.uk>", "ada.l+x@sub.example.co.uk"),
            ("'ada@example.org'", "ada@example.org"),
            ("mailto:ada_99@example.com?subject=x", "ada_99@example.com"),
            ("a@b.cd", "a@b.cd"),
            ("josé.ruiz@example.es", "josé.ruiz@example.es"),
            ("to=ada@example.org&x=1", "ada@example.org"),
            ("one\\nada@example.org\\nnext", "ada@example.org"),
            ("ada@example.org.12", "ada@example.org"),
            ("ada@xn--bcher-kva.example", "ada@xn--bcher-kva.example"),
        ] {
            assert_eq!(found("email", text), [address], "{text}");
        }
    }

    #[test]
    fn look_alikes_are_not() {
        for text in [
            "icon@2x.png",
            "git@example.org:team/code.git",
            "https://user:secret@example.org/",
            "user@localhost",
            "@handle.name",
            "a@-x.com",
            "x@y..com",
            "ada.@example.org",
            "1@2.3",
            "a@b@c",
            &format!("{}@example.org", "x".repeat(65)),
        ] {
            assert_eq!(found("email", text), [] as [&str; 0], "{text}");
        }
    }

    #[test]
    fn stand_ins_are_less_sure() {
        use super::super::testing::found_under;
        for (text, expected) in [
            ("foo@bar.com", Confidence::Medium),
            ("foo.bar@domain.com", Confidence::Medium),
            ("a@b.com", Confidence::Medium),
            ("ada@example.org", Confidence::Medium),
            ("foo@lovelace.net", Confidence::High),
            ("ada@bar.com", Confidence::High),
            ("test@lovelace.net", Confidence::High),
        ] {
            assert_eq!(
                found_under("email", "", text).first().map(|(_, confidence)| *confidence),
                Some(expected),
                "{text}"
            );
        }
    }

    #[test]
    fn file_endings_are_sorted() {
        assert!(FILE_ENDINGS.is_sorted());
    }

    #[test]
    fn case_does_not_make_another_person() {
        assert_eq!(canonical("email", "Ada@Example.ORG"), "ada@example.org");
    }
}

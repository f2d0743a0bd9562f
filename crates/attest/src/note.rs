//! Signed notes: a text, a blank line, and signature lines (C2SP signed-note).
//!
//! # Threats
//! Notes arrive from witnesses and in packs. Lines by keys nobody told us about prove nothing and are skipped; a line in the
//! name of a key we know that does not verify spoils the whole note, since somebody tried.
//
// SPEC: C2SP signed-note v1.0.0, "Format" and "Signatures".

use std::fmt;
use std::str::FromStr;

use base::Timestamp;

use crate::cosignature;
use crate::digest::{self, sha256};
use crate::error::Error;
use crate::key::{PublicKey, SigningKey};

/// How many signature lines a note may have; the specification asks for at least 16.
const MOST_LINES: usize = 64;

/// Checks the name of a key: not empty, no spaces, no `+`.
pub(crate) fn check_name(name: &str) -> Result<(), Error> {
    let bad = |c: char| c.is_whitespace() || c.is_control() || c == '+';
    if name.is_empty() || name.contains(bad) {
        return Err(Error::reading("the name of a key", "it is empty or has a space or `+`"));
    }
    Ok(())
}

/// What a key signs, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// Ed25519 over the text: a log, or anybody.
    Ed25519 = 0x01,
    /// Ed25519 over a time and a checkpoint: a witness.
    Cosignature = 0x04,
}

/// The public half of a note's signer: a name, an algorithm and a key. Its text form is the `vkey`.
#[derive(Clone, PartialEq, Eq)]
pub struct Verifier {
    name: String,
    // INVARIANT: the first four bytes of SHA-256(name || newline || algorithm || key).
    id: [u8; 4],
    algorithm: Algorithm,
    key: PublicKey,
}

impl Verifier {
    /// A verifier.
    ///
    /// # Errors
    /// [`Error::Reading`] if the name cannot name a key.
    pub fn new(name: &str, algorithm: Algorithm, key: PublicKey) -> Result<Self, Error> {
        check_name(name)?;
        let [a, b, c, d, ..] = sha256(&[name.as_bytes(), b"\n", &[algorithm as u8], key.as_bytes()]);
        Ok(Self { name: name.to_owned(), id: [a, b, c, d], algorithm, key })
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it signs.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The key.
    #[must_use]
    pub const fn key(&self) -> &PublicKey {
        &self.key
    }

    /// Whether a line says it is by this key.
    #[must_use]
    pub fn named_in(&self, line: &Line) -> bool {
        self.name == line.name && self.id == line.id
    }

    pub(crate) fn line(&self, signature: Vec<u8>) -> Line {
        Line { name: self.name.clone(), id: self.id, signature }
    }
}

impl fmt::Display for Verifier {
    /// The `vkey`: `<name>+<id in hex>+<base64 of algorithm and key>`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut encoded = vec![self.algorithm as u8];
        encoded.extend_from_slice(self.key.as_bytes());
        write!(f, "{}+{}+{}", self.name, digest::hex(&self.id), digest::base64(&encoded))
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Verifier {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        const WHAT: &str = "a verifier key";
        let shape = || Error::reading(WHAT, "expected `<name>+<8 hex digits>+<base64>`");
        // Standard base64 may hold a `+`, a name may not.
        let (name, rest) = text.split_once('+').ok_or_else(shape)?;
        let (id, encoded) = rest.split_once('+').ok_or_else(shape)?;
        let id: [u8; 4] = digest::read_hex(id).ok_or_else(shape)?;
        let encoded = digest::decode_base64(encoded).ok_or_else(shape)?;
        let (kind, key) = encoded.split_first().ok_or_else(shape)?;
        let algorithm = match kind {
            0x01 => Algorithm::Ed25519,
            0x04 => Algorithm::Cosignature,
            _ => return Err(Error::reading(WHAT, "expected an Ed25519 key of a log (type 1) or witness (type 4)")),
        };
        let key = key.try_into().map_err(|_| Error::reading(WHAT, "an Ed25519 key has 32 bytes"))?;
        let verifier = Self::new(name, algorithm, PublicKey::from_bytes(key))?;
        if verifier.id == id { Ok(verifier) } else { Err(Error::reading(WHAT, "its id does not fit its name and key")) }
    }
}

/// Signs texts in the name of a log. No `Debug`: it holds a key.
pub struct Signer {
    verifier: Verifier,
    key: SigningKey,
}

impl Signer {
    /// A signer of this name.
    ///
    /// # Errors
    /// [`Error::Reading`] if the name cannot name a key.
    pub fn new(name: &str, key: SigningKey) -> Result<Self, Error> {
        Ok(Self { verifier: Verifier::new(name, Algorithm::Ed25519, key.public())?, key })
    }

    /// What others check its signatures with.
    #[must_use]
    pub const fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// A signature line for `text`.
    #[must_use]
    pub fn sign(&self, text: &str) -> Line {
        self.verifier.line(self.key.sign(text.as_bytes()).to_vec())
    }
}

/// One signature line: who says to have signed, and the signature.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    name: String,
    id: [u8; 4],
    signature: Vec<u8>,
}

impl Line {
    /// The name it is in.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for Line {
    /// `— <name> <base64 of id and signature>`, without the line break.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let blob = [self.id.as_slice(), &self.signature].concat();
        write!(f, "\u{2014} {} {}", self.name, digest::base64(&blob))
    }
}

impl FromStr for Line {
    type Err = Error;

    /// Reads a line without its line break, for example of a witness's answer.
    fn from_str(text: &str) -> Result<Self, Error> {
        let shape = || Error::reading("a signature line", "expected an em dash, a name and base64");
        let (name, blob) = text.strip_prefix("\u{2014} ").and_then(|rest| rest.split_once(' ')).ok_or_else(shape)?;
        check_name(name)?;
        let blob = digest::decode_base64(blob).ok_or_else(shape)?;
        let (id, signature) = blob.split_first_chunk::<4>().ok_or_else(shape)?;
        if signature.is_empty() {
            return Err(shape());
        }
        Ok(Self { name: name.to_owned(), id: *id, signature: signature.to_vec() })
    }
}

/// A text with its signature lines. Holding one proves nothing: see [`Self::verify`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Note {
    // INVARIANT: ends with a line break and has no other control character.
    text: String,
    lines: Vec<Line>,
}

/// A line that verified.
#[derive(Clone, Debug)]
#[must_use]
pub struct Signed<'k> {
    /// By whom.
    pub by: &'k Verifier,
    /// When, if the algorithm says so.
    pub at: Option<Timestamp>,
}

impl Note {
    /// A note of `text` with these lines.
    ///
    /// # Errors
    /// [`Error::Reading`] if the text does not end with a line break or has other control characters.
    pub fn new(text: String, lines: Vec<Line>) -> Result<Self, Error> {
        let control = |c: char| c.is_ascii_control() && c != '\n' && c != '\u{7f}';
        if !text.ends_with('\n') || text.contains(control) {
            return Err(Error::reading(
                "a signed note",
                "its text must end with a line break and have no control characters",
            ));
        }
        Ok(Self { text, lines })
    }

    /// Reads a note.
    ///
    /// # Errors
    /// [`Error::Reading`].
    pub fn parse(note: &str) -> Result<Self, Error> {
        const WHAT: &str = "a signed note";
        let (text, lines) =
            note.rsplit_once("\n\n").ok_or(Error::reading(WHAT, "no blank line before the signatures"))?;
        let lines = lines.strip_suffix('\n').ok_or(Error::reading(WHAT, "its last line has no line break"))?;
        let lines: Vec<Line> =
            lines.split('\n').take(MOST_LINES.saturating_add(1)).map(str::parse).collect::<Result<_, _>>()?;
        if lines.len() > MOST_LINES {
            return Err(Error::reading(WHAT, "more than 64 signature lines"));
        }
        Self::new(format!("{text}\n"), lines)
    }

    /// The text that is signed.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signature lines, verified or not.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// Adds a line, for example a witness's. It is not checked here.
    pub fn push(&mut self, line: Line) {
        self.lines.push(line);
    }

    /// The lines by keys in `known` that verify. An empty answer means that nobody known has signed.
    ///
    /// # Errors
    /// [`Error::BadSignature`] if a line in the name of a known key does not verify.
    pub fn verify<'k>(&self, known: impl IntoIterator<Item = &'k Verifier> + Clone) -> Result<Vec<Signed<'k>>, Error> {
        let mut signed = Vec::new();
        for line in &self.lines {
            for by in known.clone().into_iter().filter(|by| by.named_in(line)) {
                let bad = || Error::BadSignature { signer: by.name.clone() };
                let at = match by.algorithm {
                    Algorithm::Ed25519 if by.key.accepts(self.text.as_bytes(), &line.signature) => None,
                    Algorithm::Ed25519 => return Err(bad()),
                    Algorithm::Cosignature => {
                        Some(cosignature::check(&by.key, &self.text, &line.signature).ok_or_else(bad)?)
                    }
                };
                signed.push(Signed { by, at });
            }
        }
        Ok(signed)
    }
}

impl fmt::Display for Note {
    /// The note as it is stored and sent.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.lines.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

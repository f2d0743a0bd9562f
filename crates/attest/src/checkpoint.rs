//! A checkpoint: the log says that at this size it had this root (C2SP tlog-checkpoint).
//!
//! Three lines: origin, size, base64 of the root. Extension lines are neither written nor read: witnesses reject them.
//
// SPEC: C2SP tlog-checkpoint v1.0.0, "Note text".

use std::fmt;
use std::str::FromStr;

use crate::digest::{self, Hash, read_decimal};
use crate::error::Error;
use crate::note::{Note, Signer, check_name};

/// The size and root of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log: the name of its key.
    pub origin: String,
    /// How many entries it has.
    pub size: u64,
    /// The root of its tree.
    pub root: Hash,
}

impl Checkpoint {
    /// Signs this checkpoint.
    ///
    /// Whoever signs must have made the entries durable, and must never sign two checkpoints that do not continue each
    /// other: persist before publishing.
    ///
    /// # Errors
    /// [`Error::OtherOrigin`] unless the signer's name is the origin.
    pub fn sign(&self, signer: &Signer) -> Result<Note, Error> {
        let expected = signer.verifier().name();
        if self.origin != expected {
            return Err(Error::OtherOrigin { expected: expected.to_owned(), found: self.origin.clone() });
        }
        let text = self.to_string();
        let line = signer.sign(&text);
        Note::new(text, vec![line])
    }
}

impl fmt::Display for Checkpoint {
    /// The text that is signed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.size, digest::base64(&self.root))
    }
}

impl FromStr for Checkpoint {
    type Err = Error;

    /// Reads the text of a checkpoint, without signatures.
    fn from_str(text: &str) -> Result<Self, Error> {
        const WHAT: &str = "a checkpoint";
        let lines: Vec<&str> = text.split('\n').collect();
        let [origin, size, root, ""] = lines.as_slice() else {
            return Err(Error::reading(WHAT, "expected three lines: origin, size, root"));
        };
        check_name(origin)?;
        Ok(Self {
            origin: (*origin).to_owned(),
            size: read_decimal(size).ok_or(Error::reading(WHAT, "its size is not a decimal number"))?,
            root: digest::read_base64(root).ok_or(Error::reading(WHAT, "its root is not 32 bytes in base64"))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_reads_back() {
        let checkpoint = Checkpoint { origin: "log.example/1".into(), size: 0, root: crate::tree::empty() };
        assert_eq!(checkpoint.to_string().parse::<Checkpoint>().unwrap(), checkpoint);
    }

    #[test]
    fn a_checkpoint_has_three_lines_and_plain_numbers() {
        let root = digest::base64(&[0; 32]);
        assert!(format!("log\n1\n{root}\n").parse::<Checkpoint>().is_ok());
        for bad in [
            format!("log\n1\n{root}"),
            format!("log\n1\n{root}\nextension\n"),
            format!("log\n01\n{root}\n"),
            format!("log\n-1\n{root}\n"),
            format!("\n1\n{root}\n"),
            "log\n1\nAAAA\n".to_owned(),
        ] {
            assert!(bad.parse::<Checkpoint>().is_err(), "{bad}");
        }
    }
}

//! A `.tlog-proof` file: one entry, its inclusion proof, and the checkpoint it leads to (C2SP tlog-proof).
//
// SPEC: C2SP tlog-proof, "Format".

use std::fmt;
use std::str::FromStr;

use crate::digest::{self, Hash, read_decimal};
use crate::error::Error;
use crate::note::Note;
use crate::tree;
use crate::trust::{Endorsed, Policy};

const MAGIC: &str = "c2sp.org/tlog-proof@v1";

/// A tree of 2^64 leaves needs no longer proof.
const MOST_HASHES: usize = 64;

/// The proof that an entry is in a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// Bytes that travel along. Nothing vouches for them.
    pub extra: Option<Vec<u8>>,
    /// The index of the entry.
    pub index: u64,
    /// Siblings from the leaf upward.
    pub path: Vec<Hash>,
    /// The signed checkpoint.
    pub checkpoint: Note,
}

impl Proof {
    /// Checks that `data` (for our logs: the 32 bytes of the commitment) is in a log that `policy` trusts.
    ///
    /// # Errors
    /// As [`Policy::endorse`]; [`Error::NotIncluded`].
    pub fn verify(&self, data: &[u8], policy: &Policy) -> Result<Endorsed, Error> {
        let endorsed = policy.endorse(&self.checkpoint)?;
        let checkpoint = endorsed.checkpoint();
        tree::verify_inclusion(&tree::leaf(data), self.index, checkpoint.size, &self.path, &checkpoint.root)?;
        Ok(endorsed)
    }
}

impl fmt::Display for Proof {
    /// The file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{MAGIC}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", digest::base64(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        self.path.iter().try_for_each(|hash| writeln!(f, "{}", digest::base64(hash)))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

impl FromStr for Proof {
    type Err = Error;

    fn from_str(file: &str) -> Result<Self, Error> {
        const WHAT: &str = "a tlog-proof file";
        let (head, checkpoint) =
            file.split_once("\n\n").ok_or(Error::reading(WHAT, "no blank line before the checkpoint"))?;
        let mut lines = head.split('\n').peekable();
        if lines.next() != Some(MAGIC) {
            return Err(Error::reading(WHAT, "its first line is not `c2sp.org/tlog-proof@v1`"));
        }
        let extra = lines.next_if(|line| line.starts_with("extra ")).and_then(|line| line.strip_prefix("extra "));
        let extra = extra
            .map(|extra| digest::decode_base64(extra).ok_or(Error::reading(WHAT, "its extra data is not base64")))
            .transpose()?;
        let index = lines
            .next()
            .and_then(|line| read_decimal(line.strip_prefix("index ")?))
            .ok_or(Error::reading(WHAT, "expected a line `index <number>`"))?;
        let path = lines
            .map(digest::read_base64)
            .collect::<Option<Vec<Hash>>>()
            .filter(|path| path.len() <= MOST_HASHES)
            .ok_or(Error::reading(WHAT, "its path is not at most 64 hashes in base64"))?;
        Ok(Self { extra, index, path, checkpoint: Note::parse(checkpoint)? })
    }
}

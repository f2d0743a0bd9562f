//! Writing a pack.

use crate::digest::{hex, sha256};
use crate::error::Error;
use crate::note::Note;
use crate::pack::{Header, PackedEntry, PackedHeads, archive, member};
use crate::trust::Policy;

const README: &str = include_str!("README.txt");

/// A pack under way. The same input makes the same bytes.
///
/// LIMIT: the pack is built in memory, about a kilobyte an entry. Longer records are packed in pieces, each from the head
/// that the one before it proved.
pub struct PackWriter {
    header: Header,
    checkpoint: String,
    keys: String,
    heads: PackedHeads,
    entries: Vec<u8>,
}

impl PackWriter {
    /// Begins a pack under this checkpoint. `keys` is the trust policy to put in for convenience.
    #[must_use]
    pub fn new(header: Header, checkpoint: &Note, keys: &Policy, heads: PackedHeads) -> Self {
        Self { header, checkpoint: checkpoint.to_string(), keys: keys.to_string(), heads, entries: Vec::new() }
    }

    /// Adds the next entry of the chain.
    ///
    /// # Errors
    /// [`Error::Writing`] never in practice.
    pub fn push(&mut self, entry: &PackedEntry) -> Result<(), Error> {
        write_line(&mut self.entries, entry)
    }

    /// The archive.
    ///
    /// # Errors
    /// [`Error::Writing`] if the entries fill 8 GiB.
    pub fn finish(self) -> Result<Vec<u8>, Error> {
        let (mut header, mut heads) = (Vec::new(), Vec::new());
        write_line(&mut header, &self.header)?;
        write_line(&mut heads, &self.heads)?;
        seal([README.as_bytes(), &header, self.checkpoint.as_bytes(), self.keys.as_bytes(), &heads, &self.entries])
    }
}

/// Archives the members with their sums.
pub(super) fn seal(contents: [&[u8]; 6]) -> Result<Vec<u8>, Error> {
    let sums = sums(contents);
    let all = contents.into_iter().chain([sums.as_bytes()]);
    let mut bytes = Vec::new();
    for (name, content) in member::ALL.iter().zip(all) {
        archive::append(&mut bytes, name, content)?;
    }
    archive::end(&mut bytes);
    Ok(bytes)
}

/// `SHA256SUMS` of the members before it, in the form of `sha256sum`.
pub(super) fn sums(contents: [&[u8]; 6]) -> String {
    let line = |(name, content): (&&str, &[u8])| format!("{}  {name}\n", hex(&sha256(&[content])));
    member::ALL.iter().zip(contents).map(line).collect()
}

fn write_line(bytes: &mut Vec<u8>, value: &impl serde::Serialize) -> Result<(), Error> {
    serde_json::to_writer(&mut *bytes, value).map_err(|_| Error::Writing { what: "a line of a pack" })?;
    bytes.push(b'\n');
    Ok(())
}

//! A second opinion about data that the drill did not make: the same bytes, scanned apart from the running program.
//!
//! It shows that what was stored, indexed, recorded and counted by the program under test is what a count on the side finds.
//! LIMIT: it uses the same detectors, so it says nothing about what they miss. Data made by [`crate::drill::plant`] does.

use std::collections::HashMap;
use std::sync::Arc;

use base::word::DataType;
use scan::{Blocks, Digester, Folder, Hint, Options, Scanner};
use unpack::{Flat, Source, Unpacker};

use crate::drill::truth::{BLOCK_BYTES, Content, Mark};

/// Counts the people of one engagement. Objects must be shown in the order in which the program saw them: who is who can
/// depend on who was seen first.
#[derive(Default)]
pub(super) struct Witness {
    known: HashMap<[u8; 16], u32>,
    people: u32,
}

/// Unkeyed: these digests never leave the process.
struct Plain;

impl Digester for Plain {
    fn digest(&self, data_type: DataType, canonical: &[u8]) -> [u8; 16] {
        let digest = attest::sha256(&[data_type.word().as_bytes(), b"\0", canonical]);
        digest.first_chunk().copied().unwrap_or_default()
    }
}

/// Bytes that an unpacker reads.
struct Held<'a>(&'a [u8]);

impl Source for Held<'_> {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> std::io::Result<usize> {
        self.0.read_at(offset, into)
    }
}

impl Witness {
    /// Looks at an object.
    pub(super) fn content(&mut self, key: &str, bytes: &[u8]) -> Content {
        let unpacker = Unpacker::new(Scanner::new(Options::without_names()), Arc::new(Plain));
        let mut folder = Flat(Folder::new(Blocks { first: BLOCK_BYTES, rest: BLOCK_BYTES }));
        let hint = Hint { content_type: None, name: key };
        // Bytes in memory are always there.
        let _ = unpacker.examine(&Held(bytes), &hint, &mut folder);
        let facts = folder.0.finish();
        let mut marks = Vec::new();
        for mention in facts.mentions() {
            let Some(person) = self.person(mention.identities) else { continue };
            for (block, data_type) in mention.places {
                let at = match *block {
                    scan::ANYWHERE => 0..bytes.len() as u64,
                    block => {
                        let from = u64::from(block).saturating_mul(BLOCK_BYTES);
                        from..from.saturating_add(BLOCK_BYTES)
                    }
                };
                marks.push(Mark { at, data_type: *data_type, person });
            }
        }
        Content { size: bytes.len() as u64, digest: attest::sha256(&[bytes]), marks }
    }

    /// The person whom these identities name: whoever the strongest names, or a new one.
    fn person(&mut self, identities: &[[u8; 16]]) -> Option<u32> {
        let known = self.known.get(identities.first()?).copied();
        let person = known.unwrap_or_else(|| {
            self.people = self.people.saturating_add(1);
            self.people
        });
        for identity in identities {
            self.known.entry(*identity).or_insert(person);
        }
        Some(person)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_person_in_two_objects_is_one() {
        let mut witness = Witness::default();
        let first = witness.content("a.jsonl", b"{\"email\": \"ada@example.org\", \"phone\": \"(212) 555-0123\"}\n");
        let second = witness.content("b.jsonl", b"{\"phone\": \"(212) 555-0123\"}\n{\"email\": \"bob@example.org\"}\n");
        let people = |content: &Content| content.marks.iter().map(|mark| mark.person).collect::<Vec<_>>();
        assert_eq!(people(&first), [1, 1]);
        assert_eq!(people(&second), [1, 2]);
    }
}

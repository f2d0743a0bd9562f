//! Memory keeps the contracts too.
#![allow(missing_docs, clippy::unwrap_used)]

use base::Kind;
use testkit::contract::{self, CommitterCase};
use testkit::{Act, MemoryBlobs, MemoryCommitter, MemoryDocuments};

struct Memory;

impl CommitterCase for Memory {
    type Committer = MemoryCommitter;
    type Rows = MemoryCommitter;

    fn fresh(&self) -> (MemoryCommitter, MemoryCommitter) {
        let memory = MemoryCommitter::default();
        (memory.clone(), memory)
    }
    fn accepted(&self) -> Act {
        Act::Keep(7)
    }
    fn rejected(&self) -> Act {
        Act::Fail(Kind::Conflict)
    }
    fn kept(&self, rows: &MemoryCommitter) -> u64 {
        rows.kept().len() as u64
    }
}

#[test]
fn memory_committer() {
    contract::committer(&Memory);
}

#[test]
fn memory_blobs() {
    contract::blobs(&|| Box::new(MemoryBlobs::default()));
}

#[test]
fn memory_documents() {
    contract::documents(&|| Box::new(MemoryDocuments::default()));
}

//! The catalog keeps the committer's contract.
#![allow(
    missing_docs,
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

mod world;

use base::Timestamp;
use base::id::{BlobId, GrantId, RequestId};
use catalog::model::Change;
use catalog::{Catalog, CatalogCommitter};
use testkit::SeededEntropy;
use testkit::contract::{self, CommitterCase};

struct OnDisk {
    folder: tempfile::TempDir,
    entropy: SeededEntropy,
}

impl CommitterCase for OnDisk {
    type Committer = CatalogCommitter;
    type Rows = Catalog;

    fn fresh(&self) -> (CatalogCommitter, Catalog) {
        let name = self.entropy.next().to_string();
        let catalog = Catalog::open(&self.folder.path().join(name), world::DEPLOYMENT).unwrap();
        (catalog.committer().unwrap(), catalog)
    }
    fn accepted(&self) -> Change {
        let blobs = vec![BlobId::fresh(&self.entropy)];
        Change::Intend { blobs, request: RequestId::fresh(&self.entropy), at: Timestamp(0) }
    }
    fn rejected(&self) -> Change {
        Change::DropGrant(GrantId::fresh(&self.entropy))
    }
    fn kept(&self, rows: &Catalog) -> u64 {
        rows.intents(Timestamp(1)).unwrap().len() as u64
    }
}

#[test]
fn the_catalog_is_a_committer() {
    contract::committer(&OnDisk { folder: tempfile::tempdir().unwrap(), entropy: SeededEntropy::new(1) });
}

#[test]
fn there_is_one_writer_and_it_is_given_back() {
    let world = world::World::new(1);
    assert_eq!(world.catalog.committer().err().unwrap().kind(), base::Kind::Bug);
    drop(world.committer);
    world.catalog.committer().unwrap();
}

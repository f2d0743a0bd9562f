//! The store keeps the contracts of its ports, on a real disk and on the modelled one.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::path::PathBuf;
use std::sync::Arc;

use base::id::DeploymentId;
use store::{Disk, LocalDisk, Store};
use testkit::{FaultyDisk, contract};

const OURS: DeploymentId = DeploymentId::from_bytes([1; 16]);

/// Fresh stores; the folders live as long as this does.
struct Fresh(tempfile::TempDir, std::cell::Cell<u32>);

impl Fresh {
    fn real(&self) -> Store {
        self.1.set(self.1.get() + 1);
        Store::open(Arc::new(LocalDisk), &self.0.path().join(self.1.get().to_string()), OURS).unwrap()
    }
}

fn fresh() -> Fresh {
    Fresh(tempfile::tempdir().unwrap(), std::cell::Cell::new(0))
}

fn modelled() -> Store {
    let root = PathBuf::from("/disk");
    let disk: Arc<dyn Disk> = Arc::new(FaultyDisk::new(&root));
    Store::open(disk, &root.join("store"), OURS).unwrap()
}

#[test]
fn blobs() {
    let fresh = fresh();
    contract::blobs(&|| Box::new(fresh.real().blobs()));
    contract::blobs(&|| Box::new(modelled().blobs()));
}

#[test]
fn documents() {
    let fresh = fresh();
    contract::documents(&|| Box::new(fresh.real().documents()));
    contract::documents(&|| Box::new(modelled().documents()));
}

#[test]
fn keys() {
    let fresh = fresh();
    contract::keys(&|| Box::new(fresh.real().keys()));
    contract::keys(&|| Box::new(modelled().keys()));
    contract::keys(&|| Box::new(store::LocalKeys::new(Arc::new(testkit::MemoryDocuments::default()))));
}

//! Power loss at every step of publishing, on a disk that forgets what was not flushed. Then the ledger is opened again, and
//! every checkpoint that was ever shown must be continued.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod world;

use std::path::Path;
use std::sync::Arc;

use attest::checkpoint::Checkpoint;
use attest::pack::{Trust, verify};
use attest::tree;
use attest::trust::Policy;
use base::Clock;
use base::id::{ChainId, DeploymentId};
use ledger::{audit, pack};
use store::Store;
use testkit::faults::BOTH_WAYS;
use testkit::{Faults, FaultyDisk, ManualClock, MemoryCommitter};
use world::{World, engagement, signer};

const DEPLOYMENT: DeploymentId = DeploymentId::from_bytes([9; 16]);

fn open(committer: &MemoryCommitter, disk: &FaultyDisk, seed: u64) -> Result<World<MemoryCommitter>, String> {
    let store =
        Store::open(Arc::new(disk.clone()), Path::new("/store"), DEPLOYMENT).map_err(|error| error.to_string())?;
    let rows = Arc::new(committer.clone());
    World::open(committer.clone(), rows, Arc::new(store.documents()), Arc::new(ManualClock::default()), seed)
        .map_err(|error| base::error::chain(&error))
}

/// Notes and publications until the machine dies; returns the checkpoints that were shown.
async fn live(world: &World<MemoryCommitter>) -> Vec<Checkpoint> {
    let mut shown = Vec::new();
    for round in 0..4 {
        for number in 1..=2u8 {
            world.note(ChainId::from(engagement(number)), &format!("{round}/{number}")).await.unwrap();
        }
        match world.publisher.publish().await {
            Ok(published) => shown.push(published.checkpoint),
            Err(_) => break,
        }
    }
    shown
}

#[tokio::test]
async fn every_checkpoint_that_was_shown_is_continued_after_a_power_loss_at_any_step() {
    let (committer, disk) = (MemoryCommitter::default(), FaultyDisk::new(Path::new("/")));
    let counting = Faults::none();
    disk.order(counting.clone());
    live(&open(&committer, &disk, 1).unwrap()).await;
    let calls = counting.calls();
    assert!(calls > 40, "publishing makes durable calls: {calls}");

    for call in 0..calls {
        for way in BOTH_WAYS {
            for survives in testkit::disk::ALL_SURVIVALS {
                let case = format!("disk call {call}, {way:?}, {survives:?} survives");
                let (committer, disk) = (MemoryCommitter::default(), FaultyDisk::new(Path::new("/")));
                disk.order(Faults::at(call, way));
                let shown = match open(&committer, &disk, 1) {
                    Ok(world) => {
                        let shown = live(&world).await;
                        world.writer.stop();
                        shown
                    }
                    Err(_) => Vec::new(),
                };
                disk.order(Faults::none());
                disk.power_loss(survives);
                judge(&committer, &disk, &shown, &case).await;
            }
        }
    }
}

async fn judge(committer: &MemoryCommitter, disk: &FaultyDisk, shown: &[Checkpoint], case: &str) {
    let world = open(committer, disk, 2).unwrap_or_else(|error| panic!("{case}: does not open: {error}"));
    world.note(ChainId::from(engagement(1)), "after").await.unwrap();
    let published = world.publisher.publish().await.unwrap_or_else(|error| panic!("{case}: {error}"));
    audit(&world.reader, &world.publisher)
        .await
        .unwrap_or_else(|error| panic!("{case}: {}", base::error::chain(&error)));
    let nodes = world.publisher.nodes(published.checkpoint.size);
    for old in shown {
        let proof = tree::consistency(&nodes, old.size, published.checkpoint.size).unwrap();
        let new = (published.checkpoint.size, &published.checkpoint.root);
        tree::verify_consistency((old.size, &old.root), new, &proof).unwrap_or_else(|error| panic!("{case}: {error}"));
    }
    let trust = Trust::Policy(Policy::of_log(signer().verifier().clone()).unwrap());
    let chain = ChainId::from(engagement(1));
    let pack = pack(&world.reader, &world.publisher, &published, chain, 0, world.clock.now()).unwrap();
    let _ = verify(&pack, &trust, None).unwrap_or_else(|broken| panic!("{case}: {broken}"));
}

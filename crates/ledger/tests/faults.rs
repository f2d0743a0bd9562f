//! Every durable call fails in both ways, then the ledger is opened again, and the verifier judges what is left.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod world;

use std::sync::Arc;

use attest::checkpoint::Checkpoint;
use attest::pack::{Trust, verify};
use attest::tree;
use attest::trust::Policy;
use base::Clock;
use base::id::ChainId;
use base::ports::Documents;
use ledger::{LedgerError, audit, pack};
use testkit::faults::BOTH_WAYS;
use testkit::{Faults, FaultyCommitter, ManualClock, MemoryCommitter, MemoryDocuments};
use world::{FaultyDocuments, World, engagement, signer};

/// What the outside was told.
#[derive(Default)]
struct Told {
    acknowledged: Vec<String>,
    checkpoints: Vec<Checkpoint>,
    kept: Vec<u64>,
}

/// A little life of a ledger: notes in two chains, two publications. Errors are taken as they come.
async fn live(world: &World<FaultyCommitter<MemoryCommitter>>, told: &mut Told) {
    for round in 0..3 {
        for number in 1..=2u8 {
            let text = format!("{round}/{number}");
            if world.note(ChainId::from(engagement(number)), &text).await.is_ok() {
                told.acknowledged.push(text);
            }
            // An act without an entry, as facts and the touch index are.
            let number = u64::from(number) + 10 * round;
            if world.queue.record(vec![testkit::Act::Keep(number)], Vec::new()).await.is_ok() {
                told.kept.push(number);
            }
        }
        if round > 0
            && let Ok(published) = world.publisher.publish().await
        {
            told.checkpoints.push(published.checkpoint);
        }
    }
}

/// Opens what is left and lets the verifiers judge it.
async fn judge(committer: &MemoryCommitter, documents: &Arc<MemoryDocuments>, told: &Told, case: &str) {
    let store: Arc<dyn Documents> = Arc::clone(documents) as Arc<dyn Documents>;
    let rows = Arc::new(committer.clone());
    let world = World::open(committer.clone(), rows, store, Arc::new(ManualClock::default()), 99)
        .unwrap_or_else(|error| panic!("{case}: does not open: {}", base::error::chain(&error)));
    let published = world.publisher.publish().await.unwrap();
    audit(&world.reader, &world.publisher)
        .await
        .unwrap_or_else(|error| panic!("{case}: {}", base::error::chain(&error)));

    let mut texts = Vec::new();
    let mut next = 0;
    loop {
        let page = world.reader.page(next).unwrap();
        let Some(last) = page.last() else { break };
        next = last.index + 1;
        for entry in page.iter().filter(|entry| entry.kind == "note") {
            let value: serde_json::Value = serde_json::from_slice(&entry.payload.entry).unwrap();
            texts.push(value["text"].as_str().unwrap().to_owned());
        }
    }
    for acknowledged in &told.acknowledged {
        assert_eq!(texts.iter().filter(|text| *text == acknowledged).count(), 1, "{case}: `{acknowledged}`");
    }
    for kept in &told.kept {
        assert!(committer.kept().contains(kept), "{case}: change {kept} was acknowledged and is lost");
    }
    // Every checkpoint that was shown is continued by the one that stands now.
    let nodes = world.publisher.nodes(published.checkpoint.size);
    for shown in &told.checkpoints {
        let proof = tree::consistency(&nodes, shown.size, published.checkpoint.size).unwrap();
        let (old, new) = ((shown.size, &shown.root), (published.checkpoint.size, &published.checkpoint.root));
        tree::verify_consistency(old, new, &proof).unwrap_or_else(|error| panic!("{case}: {error}"));
    }
    let trust = Trust::Policy(Policy::of_log(signer().verifier().clone()).unwrap());
    for number in 1..=2 {
        let chain = ChainId::from(engagement(number));
        match pack(&world.reader, &world.publisher, &published, chain, 0, world.clock.now()) {
            Ok(pack) => {
                let _ = verify(&pack, &trust, None).unwrap_or_else(|broken| panic!("{case}: {broken}"));
            }
            // A chain that never got an entry has no pack.
            Err(LedgerError::Reading(_)) => assert!(!texts.iter().any(|text| text.ends_with(&format!("/{number}")))),
            Err(error) => panic!("{case}: {error}"),
        }
    }
}

async fn one_life(committer_faults: Faults, document_faults: Faults, case: &str) -> (u64, u64) {
    let (committer, documents) = (MemoryCommitter::default(), Arc::new(MemoryDocuments::default()));
    let mut told = Told::default();
    let faulty = FaultyCommitter::new(committer.clone(), committer_faults.clone());
    let store =
        FaultyDocuments { inner: Arc::clone(&documents) as Arc<dyn Documents>, faults: document_faults.clone() };
    let rows = Arc::new(committer.clone());
    if let Ok(world) = World::open(faulty, rows, Arc::new(store), Arc::new(ManualClock::default()), 5) {
        live(&world, &mut told).await;
        world.writer.stop();
    }
    judge(&committer, &documents, &told, case).await;
    (committer_faults.calls(), document_faults.calls())
}

#[tokio::test]
async fn every_call_of_the_catalog_fails_in_both_ways() {
    let (calls, _) = one_life(Faults::none(), Faults::none(), "no fault").await;
    assert!(calls > 20, "the life makes calls: {calls}");
    for call in 0..calls {
        for way in BOTH_WAYS {
            one_life(Faults::at(call, way), Faults::none(), &format!("catalog call {call}, {way:?}")).await;
        }
    }
}

#[tokio::test]
async fn every_write_of_a_document_fails_in_both_ways() {
    let (_, calls) = one_life(Faults::none(), Faults::none(), "no fault").await;
    assert!(calls > 8, "the life writes documents: {calls}");
    for call in 0..calls {
        for way in BOTH_WAYS {
            one_life(Faults::none(), Faults::at(call, way), &format!("document write {call}, {way:?}")).await;
        }
    }
}

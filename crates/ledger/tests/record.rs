//! The record, end to end on memory storage: what is acknowledged is there, in its chain, in the tree, and provable.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod world;

use std::sync::Arc;

use attest::pack::{Trust, verify};
use attest::trust::Policy;
use base::fence::{Fence, Guarded};
use base::id::ChainId;
use base::ports::Documents;
use base::{Clock, Kind};
use ledger::{LedgerError, audit, pack};
use policy::Decider;
use testkit::{ManualClock, MemoryCommitter, MemoryDocuments};
use world::{World, engagement, permit, signer};

fn open(committer: &MemoryCommitter, documents: &Arc<MemoryDocuments>) -> World<MemoryCommitter> {
    let documents: Arc<dyn Documents> = Arc::clone(documents) as Arc<dyn Documents>;
    World::open(committer.clone(), Arc::new(committer.clone()), documents, Arc::new(ManualClock::default()), 1).unwrap()
}

fn trust() -> Trust {
    Trust::Policy(Policy::of_log(signer().verifier().clone()).unwrap())
}

#[tokio::test]
async fn many_writers_share_one_log_and_every_chain_is_whole() {
    let (committer, documents) = (MemoryCommitter::default(), Arc::new(MemoryDocuments::default()));
    let world = Arc::new(open(&committer, &documents));
    let tasks: Vec<_> = (0..40u8)
        .map(|number| {
            let world = Arc::clone(&world);
            tokio::spawn(async move {
                for round in 0..25 {
                    let chain = ChainId::from(engagement(number % 3 + 1));
                    world.note(chain, &format!("{number}/{round}")).await.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let published = world.publisher.publish().await.unwrap();
    let audited = audit(&world.reader, &world.publisher).await.unwrap();
    assert_eq!(audited.entries, 1001, "a thousand notes and one heads entry");
    assert_eq!(audited.published, published.checkpoint.size);
    for number in 1..=3 {
        let chain = ChainId::from(engagement(number));
        let pack = pack(&world.reader, &world.publisher, &published, chain, 0, world.clock.now()).unwrap();
        let verified = verify(&pack, &trust(), None).unwrap();
        assert!(verified.entries > 300, "{}", verified.entries);
    }
}

#[tokio::test]
async fn a_pack_goes_on_from_a_proven_head() {
    let (committer, documents) = (MemoryCommitter::default(), Arc::new(MemoryDocuments::default()));
    let world = open(&committer, &documents);
    let chain = ChainId::from(engagement(1));
    world.note(chain, "first").await.unwrap();
    let published = world.publisher.publish().await.unwrap();
    let first = pack(&world.reader, &world.publisher, &published, chain, 0, world.clock.now()).unwrap();
    let since = verify(&first, &trust(), None).unwrap().head.parse().unwrap();
    world.note(chain, "second").await.unwrap();
    let published = world.publisher.publish().await.unwrap();
    let second = pack(&world.reader, &world.publisher, &published, chain, 1, world.clock.now()).unwrap();
    assert_eq!(verify(&second, &trust(), Some(since)).unwrap().entries, 1);
    assert!(
        verify(&second, &trust(), None).is_err(),
        "a pack that does not begin at the beginning needs a proven head"
    );
}

#[tokio::test]
async fn an_older_checkpoint_is_proved_although_its_tiles_have_grown() {
    let (committer, documents) = (MemoryCommitter::default(), Arc::new(MemoryDocuments::default()));
    let world = open(&committer, &documents);
    let chain = ChainId::from(engagement(1));
    world.note(chain, "first").await.unwrap();
    let older = world.publisher.publish().await.unwrap();
    // Twice within the width of a tile, and past it.
    for more in [1, 30, 300] {
        for number in 0..more {
            world.note(chain, &number.to_string()).await.unwrap();
        }
        world.publisher.publish().await.unwrap();
        let pack = pack(&world.reader, &world.publisher, &older, chain, 0, world.clock.now()).unwrap();
        assert_eq!(verify(&pack, &trust(), None).unwrap().entries, 1);
    }
}

#[tokio::test]
async fn a_permit_whose_fence_has_moved_buys_nothing() {
    let (committer, documents) = (MemoryCommitter::default(), Arc::new(MemoryDocuments::default()));
    let world = open(&committer, &documents);
    let decider = Decider::new().unwrap();
    let pause = Fence::at(Guarded::Pause, 1);
    let good = permit(&decider, engagement(1), &pause, world.clock.now());
    let void = permit(&decider, engagement(1), &pause, world.clock.now());
    let receipt = world.releaser.release(good).await.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((receipt.index(), receipt.seq()), (0, 0));
    pause.advance();
    let Err(error) = world.releaser.release(void).await else { panic!("a void permit bought a receipt") };
    assert!(matches!(error, LedgerError::Moved(Guarded::Pause)));
    assert_eq!(error.kind(), Kind::Paused);
    assert_eq!(*world.queue.size().borrow(), 1, "nothing was recorded for it");
}

#[tokio::test]
async fn a_rejected_change_takes_its_entry_with_it_and_harms_nobody_else() {
    let (committer, documents) = (MemoryCommitter::default(), Arc::new(MemoryDocuments::default()));
    let world = open(&committer, &documents);
    let chain = ChainId::from(engagement(1));
    let kept = world.queue.record(vec![testkit::Act::Keep(7)], vec![world.draft(chain, "kept").unwrap()]);
    let rejected =
        world.queue.record(vec![testkit::Act::Fail(Kind::Conflict)], vec![world.draft(chain, "rejected").unwrap()]);
    let (kept, rejected) = tokio::join!(kept, rejected);
    kept.unwrap();
    assert!(matches!(rejected, Err(LedgerError::Rejected(_))));
    assert_eq!(committer.kept(), vec![7]);
    assert_eq!(audit(&world.reader, &world.publisher).await.unwrap().entries, 1);
}

#[tokio::test]
async fn a_catalog_behind_the_published_checkpoint_is_refused() {
    let (committer, documents) = (MemoryCommitter::default(), Arc::new(MemoryDocuments::default()));
    let world = open(&committer, &documents);
    world.note(ChainId::SYSTEM, "recorded").await.unwrap();
    world.publisher.publish().await.unwrap();
    world.writer.stop();
    // The database is put back to an older copy: here, an empty one.
    let (older, documents) = (MemoryCommitter::default(), documents as Arc<dyn Documents>);
    let rows = Arc::new(older.clone());
    let opened = World::open(older, rows, documents, Arc::new(ManualClock::default()), 2);
    let Err(error) = opened else { panic!("a rolled back catalog was opened") };
    assert_eq!(error.kind(), Kind::Corrupt);
}

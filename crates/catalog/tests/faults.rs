//! Every call of a batch fails in both ways; then the file is reopened and must tell a whole story.
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

use base::id::ChainId;
use base::ports::{Committer, LedgerRows, Tail};
use base::{Fault, Timestamp};
use catalog::Catalog;
use catalog::model::Change;
use testkit::faults::{BOTH_WAYS, Faults, Way};
use testkit::{EntryMaker, FaultyCommitter};

/// Three batches, each of one change and two entries. Stops at the first failure, as a crash would.
fn story<C: Committer<Change = Change>>(committer: &mut C, done: &mut Vec<Tail>) -> Result<(), Fault> {
    let mut maker = EntryMaker::after(&committer.tail()?);
    done.push(maker.tail());
    for number in 1..=3u8 {
        let (rows, heads) = maker.batch(&[ChainId::SYSTEM, ChainId::from_slice(&[number; 16]).unwrap()]);
        let mut batch = committer.begin()?;
        batch.apply(vec![Change::Note { name: "batches".to_owned(), value: vec![number] }])?;
        batch.append(&rows, &heads)?;
        done.push(maker.tail());
        batch.commit()?;
    }
    Ok(())
}

#[test]
fn after_any_failure_record_and_state_agree() {
    let counting = Faults::none();
    run(&counting);
    assert_eq!(counting.calls(), 1 + 3 * 4);
    for way in BOTH_WAYS {
        for call in 0..counting.calls() {
            let faults = Faults::at(call, way);
            run(&faults);
            assert!(faults.struck(), "{call} {way:?}");
        }
    }
}

fn run(faults: &Faults) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalog");
    let mut done = Vec::new();
    let outcome = {
        let catalog = Catalog::open(&path, world::DEPLOYMENT).unwrap();
        let mut committer = FaultyCommitter::new(catalog.committer().unwrap(), faults.clone());
        story(&mut committer, &mut done)
    };
    assert_eq!(outcome.is_err(), faults.struck());

    let catalog = Catalog::open(&path, world::DEPLOYMENT).unwrap();
    let mut committer = catalog.committer().unwrap();
    let tail = committer.tail().unwrap();
    // Only a commit makes anything durable, and it makes all of its batch durable.
    assert_eq!(catalog.rows(0, 100).unwrap().len() as u64, tail.size);
    let batches = catalog.note("batches").unwrap().map_or(0, |note| u64::from(note[0]));
    assert_eq!(tail.size, batches * 2, "entries and changes are of the same batches");
    assert!(done.contains(&tail) || tail.size == 0);
    assert!(catalog.intents(Timestamp(i64::MAX)).unwrap().is_empty());
    // The log goes on from there.
    story(&mut committer, &mut Vec::new()).unwrap();
    assert_eq!(committer.tail().unwrap().size, tail.size + 6);
}

#[test]
fn a_commit_that_took_effect_is_found_by_the_tail() {
    let world = world::World::new(3);
    // tail, begin, apply, append, commit: call 4 is the first commit.
    let mut committer = FaultyCommitter::new(world.committer, Faults::at(4, Way::After));
    assert!(story(&mut committer, &mut Vec::new()).is_err());
    assert_eq!(committer.tail().unwrap().size, 2);
}

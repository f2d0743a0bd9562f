//! The queue of scans: what waits, who works on it, and what is left of it after a crash.
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

use base::Kind;
use base::lock::Lock;
use base::word::ScanState;
use catalog::model::*;
use world::{World, at, retire};

fn due(world: &World, seconds: i64) -> Vec<u64> {
    world.catalog.jobs_due(at(seconds), 100).unwrap().into_iter().map(|job| job.ordinal).collect()
}

fn job(world: &World, ordinal: u64) -> JobRow {
    world.catalog.job(ordinal).unwrap().unwrap()
}

fn scanned(row: &VersionRow, generation: u32) -> Change {
    let (version, was, lock) = (row.version, row.mac, Lock::default());
    Change::Steer { version, was, scan: ScanState::Scanned, generation, lock, mac: row.mac }
}

#[test]
fn what_is_pending_waits_until_it_is_done_or_gone() {
    let mut world = World::new(1);
    let (first, second, third) = (world.put(b"a"), world.put(b"b"), world.put(b"c"));
    assert_eq!(due(&world, 19), [0; 0], "not before it was there");
    assert_eq!(due(&world, 20), [first.ordinal, second.ordinal, third.ordinal]);
    world.run(vec![retire(&second, at(30))]).unwrap();
    assert_eq!(due(&world, 30), [first.ordinal, third.ordinal]);
    let end = Change::EndJob { ordinal: first.ordinal, generation: 0 };
    world.run(vec![scanned(&first, 0), end.clone()]).unwrap();
    assert_eq!(due(&world, 30), [third.ordinal]);
    assert_eq!(world.run(vec![end]).unwrap_err().kind(), Kind::Conflict, "it is done once");
}

#[test]
fn an_attempt_is_counted_before_it_begins_and_is_nobody_elses() {
    let mut world = World::new(2);
    let row = world.put(b"a");
    let waiting = job(&world, row.ordinal);
    let begin = Change::BeginJob { job: waiting.clone(), due: at(900) };
    world.run(vec![begin.clone()]).unwrap();
    assert_eq!(world.run(vec![begin]).unwrap_err().kind(), Kind::Conflict, "another worker was faster");
    assert_eq!(due(&world, 899), [0; 0]);
    world.run(vec![Change::JobProgress { ordinal: row.ordinal, done: 64, due: at(1000) }]).unwrap();
    let at_work = job(&world, row.ordinal);
    assert_eq!((at_work.attempts, at_work.done, at_work.due), (1, 64, at(1000)));
    assert_eq!(due(&world, 1000), [row.ordinal], "its worker has said nothing for long");

    // The program ends; the next one begins it again at once.
    world.run(vec![Change::ReleaseJobs(at(50))]).unwrap();
    assert_eq!(due(&world, 50), [row.ordinal]);
    let failure = "corrupt".to_owned();
    world.run(vec![Change::PutJobBack { ordinal: row.ordinal, attempts: 1, due: at(70), failure }]).unwrap();
    assert_eq!(due(&world, 69), [0; 0]);
    assert_eq!(
        job(&world, row.ordinal),
        JobRow { attempts: 1, done: 64, due: at(70), failure: Some("corrupt".into()), ..waiting }
    );
}

#[test]
fn a_dataset_is_queued_again_in_runs() {
    let mut world = World::new(3);
    let rows: Vec<VersionRow> = [b"a", b"b", b"c", b"d"].iter().map(|key| world.put(*key)).collect();
    for row in &rows[..3] {
        world.run(vec![scanned(row, 0), Change::EndJob { ordinal: row.ordinal, generation: 0 }]).unwrap();
    }
    world.run(vec![retire(&rows[1], at(30))]).unwrap();
    let again = |from, to| Change::QueueScans { dataset: rows[0].dataset, ordinals: (from, to), at: at(40) };
    world.run(vec![again(1, 2)]).unwrap();
    world.run(vec![again(1, 4)]).unwrap();
    let queued: Vec<(u64, u32)> = world
        .catalog
        .jobs_of(rows[0].dataset, 0, 10)
        .unwrap()
        .iter()
        .map(|job| (job.ordinal, job.generation))
        .collect();
    assert_eq!(queued, [(1, 1), (3, 1), (4, 0)], "what is gone is not; what waits goes on waiting");
}

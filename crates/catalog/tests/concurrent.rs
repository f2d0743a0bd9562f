//! Readers beside the writer.
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

use std::sync::atomic::{AtomicBool, Ordering};

use base::id::ChainId;
use base::ports::{Committer, LedgerRows};
use catalog::model::Change;
use testkit::EntryMaker;
use world::{World, inline, put};

const BATCHES: u8 = 60;

/// While batches are committed, every reader sees whole batches, in order, and never fewer than before.
#[test]
fn readers_see_whole_batches_while_they_are_written() {
    let mut world = World::new(1);
    let dataset = world.dataset.id;
    let catalog = world.catalog.clone();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut seen = 0;
                while !done.load(Ordering::Acquire) {
                    // The note is written before the object of its batch, in the same transaction.
                    let objects = catalog.list(dataset, b"", None, false, 1000).unwrap().len();
                    let noted = catalog.note("batches").unwrap().map_or(0, |note| usize::from(note[0]));
                    let rows = catalog.rows(0, 1000).unwrap().len();
                    assert!(
                        seen <= objects && objects <= noted && 2 * noted <= rows,
                        "{seen} {objects} {noted} {rows}"
                    );
                    seen = objects;
                    if let Some(last) = objects.checked_sub(1) {
                        let key = format!("{last:03}");
                        assert!(catalog.current(dataset, key.as_bytes()).unwrap().is_some());
                    }
                }
            });
        }
        let mut maker = EntryMaker::default();
        for number in 0..BATCHES {
            let version = world.version(format!("{number:03}").as_bytes(), vec![inline(b"x")]);
            let (rows, heads) = maker.batch(&[ChainId::SYSTEM, ChainId::from(version.engagement)]);
            let mut batch = world.committer.begin().unwrap();
            batch
                .apply(vec![Change::Note { name: "batches".to_owned(), value: vec![number + 1] }, put(version)])
                .unwrap();
            batch.append(&rows, &heads).unwrap();
            batch.commit().unwrap();
            if number % 8 == 0 {
                catalog.checkpoint().unwrap();
            }
        }
        done.store(true, Ordering::Release);
    });
    assert!(catalog.empty_log().unwrap());
    let log = world.path().with_file_name("catalog-wal");
    assert_eq!(std::fs::metadata(log).unwrap().len(), 0);
}

/// What was erased is in none of the catalog's files once the log was emptied.
#[test]
fn an_erased_key_is_gone_from_the_files() {
    let mut world = World::new(2);
    let needle: &[u8] = b"a wrapped key that must not linger anywhere on this disk....";
    let body: &[u8] = b"nor a sealed body, which is of no use without it";
    let mut row = world.version(b"k", vec![inline(body)]);
    row.wrapped.as_mut().unwrap().bytes = needle.to_vec();
    world.run(vec![put(row)]).unwrap();
    let holds = |world: &World, needle: &[u8]| {
        ["catalog", "catalog-wal"].iter().any(|file| {
            let bytes = std::fs::read(world.folder.path().join(file)).unwrap();
            bytes.windows(needle.len()).any(|window| window == needle)
        })
    };
    assert!(holds(&world, needle) && holds(&world, body));
    let row = world.catalog.current(world.dataset.id, b"k").unwrap().unwrap();
    world.run(vec![world::retire(&row, world::at(9))]).unwrap();
    assert!(world.catalog.empty_log().unwrap());
    assert!(!holds(&world, needle) && !holds(&world, body));
}

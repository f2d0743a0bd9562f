//! Versions that are kept beside each other, delete markers, and the null version.
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
use base::id::VersionId;
use catalog::model::*;
use world::{World, at, inline, put, retire};

fn versioned(world: &World, key: &[u8]) -> VersionRow {
    VersionRow { null: false, ..world.version(key, vec![inline(b"x")]) }
}

fn marker(world: &World, key: &[u8]) -> VersionRow {
    VersionRow { null: false, marker: true, wrapped: None, size: 0, ..world.version(key, vec![]) }
}

fn kept(world: &World, key: &[u8]) -> Vec<(u64, bool, bool)> {
    let rows = world.catalog.kept(world.dataset.id, key, key, None, 100).unwrap();
    rows.iter().map(|row| (row.ordinal, row.marker, row.latest)).collect()
}

fn current(world: &World, key: &[u8]) -> Option<u64> {
    world.catalog.current(world.dataset.id, key).unwrap().map(|row| row.ordinal)
}

#[test]
fn a_marker_hides_and_its_removal_shows() {
    let mut world = World::new(1);
    let (first, second, hiding) = (versioned(&world, b"k"), versioned(&world, b"k"), marker(&world, b"k"));
    for row in [&first, &second, &hiding] {
        world.run(vec![put(row.clone())]).unwrap();
    }
    assert_eq!(kept(&world, b"k"), [(3, true, true), (2, false, false), (1, false, false)]);
    assert_eq!(current(&world, b"k"), None);
    assert_eq!(world.catalog.latest(world.dataset.id, b"k").unwrap().unwrap().version, hiding.version);
    let drop = Change::DropDataset(world.dataset.id);
    assert_eq!(world.run(vec![drop.clone()]).unwrap_err().kind(), Kind::Conflict, "versions are left");

    world.run(vec![retire(&hiding, at(30))]).unwrap();
    assert_eq!(current(&world, b"k"), Some(2));
    world.run(vec![retire(&second, at(31))]).unwrap();
    assert_eq!(current(&world, b"k"), Some(1));
    world.run(vec![retire(&first, at(32))]).unwrap();
    assert_eq!((current(&world, b"k"), kept(&world, b"k")), (None, vec![]));
    world.run(vec![drop]).unwrap();
}

#[test]
fn a_null_version_replaces_the_null_version_wherever_it_stands() {
    let mut world = World::new(2);
    let null = world.put(b"k");
    world.run(vec![put(versioned(&world, b"k"))]).unwrap();
    assert_eq!(world.catalog.null_version(world.dataset.id, b"k").unwrap().unwrap().version, null.version);
    let hiding = VersionRow { null: true, ..marker(&world, b"k") };
    let answers = world.run(vec![put(hiding.clone())]).unwrap();
    assert_eq!(answers, [Applied::Version { ordinal: 3, replaced: Some(null.version) }]);
    assert_eq!(kept(&world, b"k"), [(3, true, true), (2, false, false)]);
    let again = world.put(b"k");
    assert_eq!((again.ordinal, current(&world, b"k")), (4, Some(4)));
    assert!(world.catalog.version(hiding.version).unwrap().unwrap().gone.is_some());
    assert_eq!(kept(&world, b"k"), [(4, false, true), (2, false, false)]);
}

#[test]
fn pages_go_on_inside_a_key() {
    let mut world = World::new(3);
    for key in [b"a".as_slice(), b"b", b"b", b"b", b"c"] {
        world.run(vec![put(versioned(&world, key))]).unwrap();
    }
    let page = |prefix: &[u8], start: &[u8], below, count| {
        let rows = world.catalog.kept(world.dataset.id, prefix, start, below, count).unwrap();
        rows.iter().map(|row| row.ordinal).collect::<Vec<_>>()
    };
    assert_eq!(page(b"", b"", None, 3), [1, 4, 3]);
    assert_eq!(page(b"", b"b", Some(3), 3), [2, 5]);
    assert_eq!(page(b"b", b"", None, 9), [4, 3, 2]);
    assert_eq!(page(b"b", b"a", Some(1), 9), [4, 3, 2], "an ordinal counts for its own key alone");
    assert_eq!(page(b"b", b"c", None, 9), [] as [u64; 0]);
}

#[test]
fn what_was_decided_under_older_settings_changes_nothing() {
    let mut world = World::new(4);
    let null = world.put(b"k");
    let dataset = world.dataset.id;
    world.run(vec![Change::DatasetSettings { dataset, settings: b"enabled".to_vec(), revision: 1 }]).unwrap();
    let overwrite = put(world.version(b"k", vec![inline(b"y")]));
    assert_eq!(world.run(vec![overwrite]).unwrap_err().kind(), Kind::Conflict);
    assert_eq!(world.run(vec![retire(&null, at(30))]).unwrap_err().kind(), Kind::Conflict);
    assert_eq!(current(&world, b"k"), Some(null.ordinal));
    let now = Change::Retire { version: null.version, was: null.mac, revision: 1, at: at(30) };
    world.run(vec![now]).unwrap();
    let nobody = Change::Retire { version: VersionId::from_bytes([0; 16]), was: [0; 32], revision: 1, at: at(30) };
    assert_eq!(world.run(vec![nobody]).unwrap_err().kind(), Kind::Missing);
}

//! Whoever writes the database can break rows, but not make us misread them.
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
use base::id::ChainId;
use base::ports::{Committer, LedgerRows};
use base::word::DataType;
use catalog::model::*;
use roaring::RoaringTreemap;
use testkit::EntryMaker;
use world::World;

fn damage(world: &World, text: &str) {
    let connection = rusqlite::Connection::open(world.path()).unwrap();
    assert!(connection.execute(text, []).unwrap() > 0, "{text}");
}

fn said<T: std::fmt::Debug, E: Into<base::Fault>>(outcome: Result<T, E>) -> String {
    let fault = outcome.unwrap_err().into();
    assert_eq!(fault.kind(), Kind::Corrupt, "{fault}");
    fault.to_string()
}

#[test]
fn a_damaged_version_is_named_and_not_served() {
    for text in [
        "UPDATE versions SET version = x'01'",
        "UPDATE versions SET scan = 'clean'",
        "UPDATE versions SET size = -1",
        "UPDATE versions SET size = 'many'",
        "UPDATE versions SET mac = x'00'",
        "UPDATE versions SET wrapped = NULL",
        "UPDATE versions SET parts = x'02'",
        "UPDATE versions SET parts = x'0101'",
        "UPDATE versions SET body = NULL",
        "UPDATE versions SET segment_size = 5000000000",
    ] {
        let mut world = World::new(1);
        world.put(b"k");
        damage(&world, text);
        let said = said(world.catalog.current(world.dataset.id, b"k"));
        assert!(said.starts_with("corrupt row `1` in `versions`: "), "{text}: {said}");
    }
}

#[test]
fn a_missing_entry_is_noticed_wherever_it_was() {
    let chain = ChainId::from_slice(&[1; 16]).unwrap();
    for leaf in 0..4 {
        let mut world = World::new(2);
        let (rows, heads) = EntryMaker::default().batch(&[ChainId::SYSTEM, chain, chain, ChainId::SYSTEM]);
        let mut batch = world.committer.begin().unwrap();
        batch.append(&rows, &heads).unwrap();
        batch.commit().unwrap();
        damage(&world, &format!("DELETE FROM entries WHERE leaf = {leaf}"));
        let touched = if leaf == 0 || leaf == 3 { ChainId::SYSTEM } else { chain };
        assert!(said(world.catalog.chain_rows(touched, 0, 10)).contains("`entries`"));
        if leaf == 3 {
            // The log is one entry shorter than its chains say.
            said(world.committer.tail());
        } else {
            assert!(said(world.catalog.rows(0, 10)).contains(&format!("`{leaf}`")));
            said(world.catalog.commitments(0, 10));
        }
    }
}

#[test]
fn damaged_indexes_are_not_read() {
    let mut world = World::new(3);
    let version = world.put(b"k");
    let mention = MentionRow {
        identities: vec![[1; 16]],
        places: vec![(0, DataType::Email)],
        unresolved: 0,
        keyed: false,
        residences: Vec::new(),
    };
    let facts = Change::Facts {
        engagement: version.engagement,
        version: version.version,
        generation: 0,
        mentions: vec![mention],
    };
    let key = TouchKey {
        kind: SelectorKind::Session,
        selector: [1; 16],
        engagement: version.engagement,
        hour: 7,
        span: scope::Span::Hour,
        form: base::word::Form::Raw,
        level: Level::Sent,
    };
    let mut touches = Touches::default();
    touches.whole.insert(1);
    world.run(vec![facts, Change::Touched { from: 0, indexed: 1, rows: vec![(key, touches)] }]).unwrap();
    for text in [
        "UPDATE touches SET touched = x'ff'",
        "UPDATE touches SET touched = x''",
        "UPDATE touches SET touched = touched || x'00'",
        "UPDATE touches SET span = 9",
        "UPDATE touches SET form = 'cooked'",
        "UPDATE touches SET level = 'maybe'",
    ] {
        damage(&world, text);
        assert!(said(world.catalog.touches(SelectorKind::Session, [1; 16], 0..9)).contains("`touches`"), "{text}");
    }
    for text in ["UPDATE facts SET subjects = x'ff'", "UPDATE facts SET data_type = 'shoe-size'"] {
        damage(&world, text);
        let all = RoaringTreemap::from_iter([1]);
        assert!(said(world.catalog.facts(version.engagement, &all, |_| {})).contains("`facts`"), "{text}");
    }
    damage(&world, "UPDATE engagements SET state = 'open'");
    assert!(said(world.catalog.engagements()).contains("an unknown word"));
    damage(&world, "UPDATE datasets SET unscannable_readable = 2");
    said(world.catalog.datasets());
}

#[test]
fn a_file_that_is_no_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalog");
    std::fs::write(&path, [0x55; 8192]).unwrap();
    let error = catalog::Catalog::open(&path, world::DEPLOYMENT).unwrap_err();
    assert_eq!(error.kind(), Kind::Corrupt, "{error}");
}

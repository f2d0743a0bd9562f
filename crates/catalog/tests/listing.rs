//! Listings against a model: a sorted map of keys.
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

use std::collections::BTreeSet;

use base::id::{KeyId, ObjectId, UploadId, VersionId};
use base::object::WrappedKey;
use catalog::model::{Change, UploadRow};
use proptest::prelude::*;
use world::{World, at, inline, put, retire};

fn key() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop::sample::select(vec![0u8, b'/', b'a', b'b', 0x7F, 0xFE, 0xFF]), 1..5)
}

fn prefix() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop::sample::select(vec![0u8, b'/', b'a', 0xFF]), 0..3)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_listing_is_the_models_range(
        keys in prop::collection::btree_set(key(), 0..40),
        gone in prop::collection::btree_set(key(), 0..10),
        questions in prop::collection::vec((prefix(), prop::option::of(key()), any::<bool>(), 0usize..9), 1..40),
    ) {
        let mut world = World::new(1);
        let dataset = world.dataset.id;
        let puts: Vec<Change> = keys.iter().map(|key| put(world.version(key, vec![inline(b"x")]))).collect();
        world.run(puts).unwrap();
        let found = gone.iter().filter_map(|key| world.catalog.current(dataset, key).unwrap());
        let deletes = found.map(|row| retire(&row, at(30))).collect();
        world.run(deletes).unwrap();
        let model: BTreeSet<Vec<u8>> = keys.difference(&gone).cloned().collect();
        for (prefix, after, inclusive, limit) in questions {
            let expected: Vec<&Vec<u8>> = model
                .iter()
                .filter(|key| key.starts_with(&prefix))
                .filter(|key| after.as_ref().is_none_or(|after| *key > after || inclusive && *key == after))
                .take(limit)
                .collect();
            let listed = world.catalog.list(dataset, &prefix, after.as_deref(), inclusive, limit).unwrap();
            prop_assert_eq!(listed.iter().map(|row| &row.key).collect::<Vec<_>>(), expected);
        }
        for row in world.catalog.list(dataset, b"", None, false, 1000).unwrap() {
            let version = world.catalog.current(dataset, &row.key).unwrap().unwrap();
            prop_assert_eq!((row.version, row.ordinal, row.size, row.modified), (version.version, version.ordinal, version.size, version.modified));
            prop_assert_eq!((row.meta, row.scan, row.writer), (version.meta, version.scan, version.writer));
        }
    }

    #[test]
    fn uploads_are_paged_without_loss_or_repetition(
        keys in prop::collection::vec(key(), 0..30),
        prefix in prefix(),
        page in 1usize..5,
    ) {
        let mut world = World::new(2);
        let row = |key: &Vec<u8>| UploadRow {
            id: UploadId::fresh(&world.entropy),
            engagement: world.engagement.id,
            dataset: world.dataset.id,
            key: key.clone(),
            object: ObjectId::fresh(&world.entropy),
            version: VersionId::fresh(&world.entropy),
            wrapped: WrappedKey { under: KeyId::fresh(&world.entropy), bytes: vec![1] },
            meta: vec![],
            writer: world.person.id,
            begun: at(1),
        };
        let rows: Vec<UploadRow> = keys.iter().map(row).collect();
        world.run(rows.iter().cloned().map(Change::Upload).collect()).unwrap();
        let dataset = world.dataset.id;
        let mut expected: Vec<UploadRow> = rows.into_iter().filter(|row| row.key.starts_with(&prefix)).collect();
        expected.sort_by(|a, b| (&a.key, a.id).cmp(&(&b.key, b.id)));

        let mut seen: Vec<UploadRow> = Vec::new();
        loop {
            let marker = seen.last().map(|last| (last.key.clone(), last.id));
            let (from, id) = marker.map_or((Vec::new(), None), |(key, id)| (key, Some(id)));
            let next = world.catalog.uploads(dataset, &prefix, &from, id, page).unwrap();
            prop_assert!(next.len() <= page);
            if next.is_empty() {
                break;
            }
            seen.extend(next);
        }
        prop_assert_eq!(&seen, &expected);
        // From a key on, with all of its uploads.
        if let Some(last) = expected.last() {
            let rest = world.catalog.uploads(dataset, &prefix, &last.key, None, 1000).unwrap();
            let later: Vec<UploadRow> = expected.iter().filter(|row| row.key >= last.key).cloned().collect();
            prop_assert_eq!(rest, later);
        }
    }
}

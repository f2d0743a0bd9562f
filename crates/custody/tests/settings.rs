//! Settings of buckets: judged, recorded, kept through a restart.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod world;

use base::Kind;
use custody::settings::{DatasetSettings, ObjectLock, Versioning};
use world::World;

#[tokio::test]
async fn settings_are_judged_recorded_and_kept() {
    let world = World::new(31).await;
    let engagement = world.engagement("alpha").await;
    let writer = world.caller(&world.session("alpha-writer", "alpha").await).unwrap();
    let reader = world.caller(&world.session("alpha-reader", "alpha").await).unwrap();
    let custody = &world.custody;
    custody.create_bucket(&writer, world.request(), "alpha-data", DatasetSettings::default()).await.unwrap();

    let enable = |settings: &mut DatasetSettings| settings.set_versioning(Versioning::Enabled);
    let denied = custody.configure(&reader, world.request(), "alpha-data", "versioning", enable).await.unwrap_err();
    assert_eq!(denied.kind(), Kind::Refused);
    custody.configure(&writer, world.request(), "alpha-data", "versioning", enable).await.unwrap();
    let lock = |settings: &mut DatasetSettings| settings.set_lock(ObjectLock::default());
    custody.configure(&writer, world.request(), "alpha-data", "object-lock", lock).await.unwrap();
    let suspend = |settings: &mut DatasetSettings| settings.set_versioning(Versioning::Suspended);
    let locked = custody.configure(&writer, world.request(), "alpha-data", "versioning", suspend).await.unwrap_err();
    assert_eq!(locked.kind(), Kind::Conflict);

    let said: Vec<String> = world
        .entries(engagement.into())
        .iter()
        .map(|opened| String::from_utf8_lossy(&opened.payload.entry).into_owned())
        .filter(|text| text.contains("dataset"))
        .collect();
    let has = |words: &[&str]| said.iter().any(|entry| words.iter().all(|word| entry.contains(word)));
    assert!(has(&["dataset.configure", "\"setting\":\"versioning\"", "\"value\":\"enabled\"", "\"revision\":1"]));
    assert!(has(&["dataset.configure", "\"setting\":\"object-lock\"", "\"revision\":2"]));
    assert!(has(&["denial", "configure-dataset"]));
    assert!(has(&["failure", "configure-dataset", "conflict"]));

    let world = world.reopen().await;
    let bucket = world.custody.directory().bucket("alpha-data").unwrap();
    assert_eq!(bucket.settings.versioning, Some(Versioning::Enabled));
    assert_eq!(bucket.settings.lock, Some(ObjectLock::default()));
    assert_eq!(bucket.revision, 2);
}

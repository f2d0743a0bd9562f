//! Pause means stop; resume takes two.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod world;

use std::sync::Arc;

use base::Kind;
use base::word::{Role, State};
use custody::access::Span;
use custody::delivery::Step;
use custody::settings::DatasetSettings;
use custody::{CustodyError, Unknown};
use world::{World, person, person_key};

async fn loaded(seed: u64) -> (World, Arc<custody::Caller>) {
    let world = World::new(seed).await;
    world.engagement("alpha").await;
    let writer = world.caller(&world.session("alpha-writer", "alpha").await).unwrap();
    world.custody.create_bucket(&writer, world.request(), "alpha-data", DatasetSettings::default()).await.unwrap();
    let text = "a line that goes on\n".repeat(20_000);
    world.put(&writer, "alpha-data", "large", text.as_bytes()).await.unwrap();
    (world, writer)
}

#[tokio::test]
async fn a_stream_under_way_ends_at_the_next_segment() {
    let (world, writer) = loaded(1).await;
    let mut delivery = world.open_body(&writer, "alpha-data", "large", Span::Whole).await.unwrap();
    assert!(matches!(delivery.step(), Step::Segment(_)));
    let paused = world.custody.pause(Arc::new(world.bob()), world.request(), "alpha").await.unwrap();
    assert!(!paused.already);
    assert!(matches!(delivery.step(), Step::Broken(CustodyError::Paused)));
    assert!(matches!(delivery.step(), Step::Broken(_)), "and it stays ended");
    let again = world.get(&writer, "alpha-data", "large", Span::Whole).await.unwrap_err();
    assert_eq!(again.kind(), Kind::Paused);
    let put = world.put(&writer, "alpha-data", "new", b"x").await.unwrap_err();
    assert_eq!(put.kind(), Kind::Paused);
}

#[tokio::test]
async fn a_pause_ends_the_sessions_and_a_resume_does_not_bring_them_back() {
    let (world, _) = loaded(2).await;
    let credentials = world.session("alpha-reader", "alpha").await;
    assert!(world.caller(&credentials).is_ok());
    world.custody.pause(Arc::new(world.ann()), world.request(), "alpha").await.unwrap();
    assert!(matches!(world.caller(&credentials), Err(CustodyError::Paused)), "its holder is told why");
    resume(&world).await;
    assert!(matches!(world.caller(&credentials), Err(CustodyError::Unauthenticated(Unknown::Expired))));
    let fresh = world.caller(&world.session("alpha-reader", "alpha").await).unwrap();
    assert!(world.get(&fresh, "alpha-data", "large", Span::Whole).await.is_ok());
}

/// Ann asks, Bob approves, Ann resumes.
async fn resume(world: &World) {
    let asked = world.custody.resume(&world.ann(), world.request(), "alpha").await.unwrap_err();
    let CustodyError::NeedsApproval(id) = asked else { panic!("{asked}") };
    let approval = world.custody.approvals(&world.bob()).unwrap().into_iter().find(|open| open.id == id).unwrap();
    let digest: [u8; 32] = data_encoding::HEXLOWER.decode(approval.digest.as_bytes()).unwrap().try_into().unwrap();
    let signature = attest::approval::approve(&person_key(2), id, &digest);
    world.custody.approve(&world.bob(), world.request(), id, &signature).await.unwrap();
    world.custody.resume(&world.ann(), world.request(), "alpha").await.unwrap();
}

#[tokio::test]
async fn nobody_resumes_alone() {
    let (world, _) = loaded(3).await;
    world.custody.pause(Arc::new(world.ann()), world.request(), "alpha").await.unwrap();
    let asked = world.custody.resume(&world.ann(), world.request(), "alpha").await.unwrap_err();
    let CustodyError::NeedsApproval(id) = asked else { panic!("{asked}") };
    let approval = world.custody.approvals(&world.ann()).unwrap().remove(0);
    let digest: [u8; 32] = data_encoding::HEXLOWER.decode(approval.digest.as_bytes()).unwrap().try_into().unwrap();
    let own = attest::approval::approve(&person_key(1), id, &digest);
    assert!(world.custody.approve(&world.ann(), world.request(), id, &own).await.is_err(), "not one's own");
    let forged = attest::approval::approve(&person_key(9), id, &digest);
    assert!(world.custody.approve(&world.bob(), world.request(), id, &forged).await.is_err(), "not with another's key");
    let again = world.custody.resume(&world.ann(), world.request(), "alpha").await.unwrap_err();
    assert!(matches!(again, CustodyError::NeedsApproval(same) if same == id));
    assert_eq!(world.custody.directory().engagement_named("alpha").unwrap().state(), State::Paused);
}

#[tokio::test]
async fn an_approval_is_good_for_one_pause_only() {
    let (world, _) = loaded(4).await;
    world.custody.pause(Arc::new(world.ann()), world.request(), "alpha").await.unwrap();
    resume(&world).await;
    world.custody.pause(Arc::new(world.ann()), world.request(), "alpha").await.unwrap();
    let asked = world.custody.resume(&world.ann(), world.request(), "alpha").await.unwrap_err();
    assert!(matches!(asked, CustodyError::NeedsApproval(_)));
}

#[tokio::test]
async fn a_second_pause_voids_the_approval_of_the_first() {
    let (world, _) = loaded(7).await;
    world.custody.pause(Arc::new(world.ann()), world.request(), "alpha").await.unwrap();
    let asked = world.custody.resume(&world.ann(), world.request(), "alpha").await.unwrap_err();
    let CustodyError::NeedsApproval(id) = asked else { panic!("{asked}") };
    let approval = world.custody.approvals(&world.bob()).unwrap().remove(0);
    let digest: [u8; 32] = data_encoding::HEXLOWER.decode(approval.digest.as_bytes()).unwrap().try_into().unwrap();
    let signature = attest::approval::approve(&person_key(2), id, &digest);
    world.custody.approve(&world.bob(), world.request(), id, &signature).await.unwrap();
    // Somebody presses pause again before the resume: what was approved was to end the pause before.
    assert!(world.custody.pause(Arc::new(world.bob()), world.request(), "alpha").await.unwrap().already);
    let again = world.custody.resume(&world.ann(), world.request(), "alpha").await.unwrap_err();
    assert!(matches!(again, CustodyError::NeedsApproval(other) if other != id), "{again}");
    assert_eq!(world.custody.directory().engagement_named("alpha").unwrap().state(), State::Paused);
}

#[tokio::test]
async fn a_pause_that_no_register_of_files_takes_is_held_by_the_catalog_before_it_is_answered() {
    let (world, _) = loaded(8).await;
    world.disk.register.fail();
    for already in [false, true] {
        let paused = world.custody.pause(Arc::new(world.ann()), world.request(), "alpha").await.unwrap();
        assert_eq!(paused.already, already);
        assert_eq!(world.catalog.engagements().unwrap()[0].state, State::Paused);
    }
    let world = world.reopen().await;
    assert_eq!(world.custody.directory().engagement_named("alpha").unwrap().state(), State::Paused);
}

#[tokio::test]
async fn a_partner_pauses_its_own_engagement_and_no_other() {
    let (world, _) = loaded(5).await;
    world.engagement("beta").await;
    let person = person("pat", Some("alpha"), vec![Role::PartnerSecurity], 7);
    world.custody.create_principal(&world.ann(), world.request(), &person).await.unwrap();
    let pat = || Arc::new(world.custody.local_person("pat").unwrap());
    let foreign = world.custody.pause(pat(), world.request(), "beta").await.unwrap_err();
    assert!(matches!(foreign, CustodyError::Hidden));
    assert!(world.custody.pause(pat(), world.request(), "alpha").await.is_ok());
    assert_eq!(world.custody.directory().engagement_named("beta").unwrap().state(), State::Active);
}

#[tokio::test]
async fn a_pause_that_stands_in_one_register_stands_after_a_restart() {
    let (world, _) = loaded(6).await;
    let id = world.custody.directory().engagement_named("alpha").unwrap().id;
    // The fence file took the pause; the process died before the catalog did.
    world.disk.register.0.lock().unwrap().insert(id, (State::Paused, 2));
    let world = world.reopen().await;
    assert_eq!(world.custody.directory().engagement_named("alpha").unwrap().state(), State::Paused);
    resume(&world).await;
    // The catalog has the pause; the fence file was restored from an old copy.
    world.custody.pause(Arc::new(world.ann()), world.request(), "alpha").await.unwrap();
    let mut size = world.custody.ledger_state().await.entries;
    while world.catalog.engagements().unwrap()[0].state != State::Paused {
        // The entry follows the answer; wait for the ledger to move.
        let now = world.custody.ledger_state().await.entries;
        assert!(now >= size);
        size = now;
        tokio::task::yield_now().await;
    }
    world.disk.register.0.lock().unwrap().insert(id, (State::Active, 1));
    let world = world.reopen().await;
    assert_eq!(world.custody.directory().engagement_named("alpha").unwrap().state(), State::Paused);
}

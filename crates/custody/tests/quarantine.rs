//! What nobody may store here is read by nobody until somebody else has decided, with a reason on record.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod world;

use std::sync::Arc;

use base::id::VersionId;
use base::word::{Decision, Role, ScanState, Verb};
use custody::access::Span;
use custody::office::{NewGrant, NewPrincipal};
use custody::quarantine::Quarantined;
use custody::settings::{DatasetSettings, SecretsFound};
use custody::{Caller, CustodyError};
use world::{World, person, purpose};

const KEY: &str = "4Al8Hs1Oa5Wh8Do2Lw5Sd8Al2Hs5Oa9Wh2Do6Lw9Sd2Al6";

/// A key of nobody, in the shape of a provider's.
fn secret() -> Vec<u8> {
    format!("the deploy token is ghp_{KEY}\n").into_bytes()
}

async fn alpha(world: &World) -> (Arc<Caller>, Arc<Caller>) {
    world.engagement("alpha").await;
    let writer = world.caller(&world.session("alpha-writer", "alpha").await).unwrap();
    let settings = DatasetSettings::default();
    world.custody.create_bucket(&writer, world.request(), "alpha-data", settings).await.unwrap();
    let reader = world.caller(&world.session("alpha-reader", "alpha").await).unwrap();
    (writer, reader)
}

async fn listed(world: &World, caller: &Caller) -> Vec<Quarantined> {
    world.custody.quarantined(caller, world.request(), None).await.unwrap()
}

async fn decide(
    world: &World,
    caller: &Caller,
    version: VersionId,
    decision: Decision,
    reason: &str,
) -> Result<Quarantined, CustodyError> {
    world.custody.decide_quarantined(caller, world.request(), version, decision, reason).await
}

fn denied<T>(outcome: Result<T, CustodyError>) -> String {
    match outcome {
        Err(CustodyError::Denied(denial)) => denial.policy,
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("it was allowed"),
    }
}

/// A person with a role and a session in `alpha`, under a grant of these verbs.
async fn reviewer(world: &World, name: &str, verbs: Vec<Verb>, key: u8) -> Arc<Caller> {
    let new: NewPrincipal = person(name, None, vec![Role::DataEngineer], key);
    world.custody.create_principal(&world.ann(), world.request(), &new).await.unwrap();
    let grant = NewGrant {
        principal: name.to_owned(),
        engagement: "alpha".to_owned(),
        bucket: None,
        verbs,
        purposes: vec![purpose()],
        expires: base::Clock::now(&*world.clock).plus_seconds(86_400),
    };
    world.custody.create_grant(&world.ann(), world.request(), &grant).await.unwrap();
    world.caller(&world.session(name, "alpha").await).unwrap()
}

#[tokio::test]
async fn a_secret_is_read_by_nobody_until_somebody_else_lets_it_out() {
    let world = World::new(1).await;
    let (writer, reader) = alpha(&world).await;
    let (ann, bob) = (world.ann(), world.bob());
    world.put(&writer, "alpha-data", "notes", b"nothing of note\n").await.unwrap();
    assert!(listed(&world, &bob).await.is_empty());
    world.put(&writer, "alpha-data", "notes", &secret()).await.unwrap();
    for caller in [&reader, &writer] {
        assert_eq!(denied(world.get(caller, "alpha-data", "notes", Span::Whole).await), "quarantined");
    }

    let lying = listed(&world, &bob).await;
    assert_eq!(lying.len(), 1);
    let (version, report) = (lying[0].version, &lying[0].report);
    assert_eq!((lying[0].bucket.as_str(), lying[0].key.as_str()), ("alpha-data", "notes"));
    assert_eq!((report.forbidden_count, report.forbidden.len()), (1, 1));
    let place = &report.forbidden[0];
    let found = &secret()[place.from as usize..place.to as usize];
    assert!(found.starts_with(b"ghp_"), "it leads to the value and does not hold it");
    assert!(!format!("{lying:?}").contains(KEY));

    // Whom a grant names a reviewer reads it; a person without that does not.
    let reads = reviewer(&world, "rita", vec![Verb::Read, Verb::Review], 40).await;
    let other = reviewer(&world, "olaf", vec![Verb::Read], 41).await;
    assert_eq!(world.get(&reads, "alpha-data", "notes", Span::Whole).await.unwrap(), secret());
    assert_eq!(denied(world.get(&other, "alpha-data", "notes", Span::Whole).await), "quarantined");

    // Programs decide nothing, nor does who may only review; a reason is needed.
    assert!(decide(&world, &writer, version, Decision::Release, "mine").await.is_err());
    assert!(decide(&world, &reads, version, Decision::Release, "fine").await.is_err());
    assert!(matches!(decide(&world, &bob, version, Decision::Release, " ").await, Err(CustodyError::Invalid(_))));
    let kept = decide(&world, &bob, version, Decision::Keep, "the token is live").await.unwrap();
    assert_eq!(kept.reviews.len(), 1);
    assert_eq!(denied(world.get(&reader, "alpha-data", "notes", Span::Whole).await), "quarantined");
    let released = decide(&world, &bob, version, Decision::Release, "revoked this morning").await.unwrap();
    let said: Vec<(Decision, &str)> =
        released.reviews.iter().map(|review| (review.decision, review.reason.as_str())).collect();
    assert_eq!(said, [(Decision::Keep, "the token is live"), (Decision::Release, "revoked this morning")]);
    assert_eq!(world.get(&reader, "alpha-data", "notes", Span::Whole).await.unwrap(), secret());
    assert!(listed(&world, &bob).await.is_empty());
    assert!(matches!(
        decide(&world, &bob, version, Decision::Keep, "too late").await,
        Err(CustodyError::Missing { .. })
    ));
    assert!(world.custody.audit(&ann, world.request()).await.is_ok());
}

#[tokio::test]
async fn what_was_let_out_stays_out_until_more_is_found() {
    let world = World::new(2).await;
    let (writer, reader) = alpha(&world).await;
    let bob = world.bob();
    world.put(&writer, "alpha-data", "notes", &secret()).await.unwrap();
    let version = listed(&world, &bob).await[0].version;
    decide(&world, &bob, version, Decision::Release, "revoked").await.unwrap();
    world.custody.rescan(&world.ann(), world.request(), "alpha-data").await.unwrap();
    assert_eq!(world.custody.scan_pending().await.unwrap(), 1);
    let row = world.catalog.version(version).unwrap().unwrap();
    assert_eq!((row.scan, row.generation), (ScanState::Scanned, 1));
    assert_eq!(world.get(&reader, "alpha-data", "notes", Span::Whole).await.unwrap(), secret());
}

#[tokio::test]
async fn a_dataset_may_hold_secrets_where_its_settings_say_so() {
    let world = World::new(3).await;
    let (writer, reader) = alpha(&world).await;
    let list = |settings: &mut DatasetSettings| {
        settings.secrets = SecretsFound::List;
        Ok(settings.secrets.word().to_owned())
    };
    // By a person of the operator, who has no session.
    world.custody.configure(&world.ann(), world.request(), "alpha-data", "secrets", list).await.unwrap();
    world.put(&writer, "alpha-data", "notes", &secret()).await.unwrap();
    assert_eq!(world.get(&reader, "alpha-data", "notes", Span::Whole).await.unwrap(), secret());
    let world = world.reopen().await;
    assert!(listed(&world, &world.bob()).await.is_empty());
}

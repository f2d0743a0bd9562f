//! A decoy stops what it reaches, before its holder is answered, and looks like any credential that is refused.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod world;

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use base::Kind;
use base::id::{AlarmId, ChainId};
use base::word::{AlarmKind, Severity, State};
use custody::access::{Conditions, Span};
use custody::alarms::Alarm;
use custody::delivery::Step;
use custody::outbox::{Courier, Delivered, Letter};
use custody::planting::{NewBaitedObject, NewBundle};
use custody::receivers::{NewReceiver, Receiver, Route};
use custody::rehearsal::Rehearsal;
use custody::settings::DatasetSettings;
use custody::version::ObjectName;
use custody::{Caller, CustodyError, Unknown};
use tokio::task::JoinHandle;
use world::{Credentials, World};

/// Three engagements with an object each, guarded.
async fn three(seed: u64) -> (World, Vec<Arc<Caller>>, JoinHandle<()>) {
    let world = World::new(seed).await;
    let mut writers = Vec::new();
    for name in ["alpha", "beta", "gamma"] {
        world.engagement(name).await;
        let writer = world.caller(&world.session(&format!("{name}-writer"), name).await).unwrap();
        let bucket = format!("{name}-data");
        world.custody.create_bucket(&writer, world.request(), &bucket, DatasetSettings::default()).await.unwrap();
        world.put(&writer, &bucket, "large", "a line\n".repeat(60_000).as_bytes()).await.unwrap();
        writers.push(writer);
    }
    let guard = tokio::spawn(Arc::clone(&world.custody).guard_forever());
    (world, writers, guard)
}

async fn bundle(world: &World, engagements: &[&str]) -> Vec<Credentials> {
    let engagements = engagements.iter().map(|name| (*name).to_owned()).collect();
    let new = NewBundle { engagements, host: "etl-07".to_owned(), principal: None };
    let bundle = world.custody.create_bundle(&world.bob(), world.request(), &new).await.unwrap();
    bundle.credentials.into_iter().map(|(_, issued)| Credentials::of(issued)).collect()
}

/// The open alarms, once there are `count`.
async fn alarms(world: &World, count: usize) -> Vec<Alarm> {
    loop {
        let open = world.custody.alarms(&world.bob(), world.request()).await.unwrap();
        if open.len() >= count {
            return open;
        }
        tokio::task::yield_now().await;
    }
}

fn state(world: &World, name: &str) -> State {
    world.custody.directory().engagement_named(name).unwrap().state()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decoy_pauses_what_its_bundle_reaches_and_nothing_else() {
    let (world, writers, guard) = three(1).await;
    let mut streams = Vec::new();
    for (writer, name) in writers.iter().zip(["alpha", "beta", "gamma"]) {
        let mut stream = world.open_body(writer, &format!("{name}-data"), "large", Span::Whole).await.unwrap();
        assert!(matches!(stream.step(), Step::Segment(_)));
        streams.push(stream);
    }
    let decoys = bundle(&world, &["alpha", "beta"]).await;
    // The credential is alpha's; its holder lay on a host where beta's lay too.
    let refused = world.caller(&decoys[0]);
    assert!(matches!(refused, Err(CustodyError::Unauthenticated(Unknown::Expired))), "as a session that is over");
    // Before the answer, and before anything was written.
    assert_eq!([state(&world, "alpha"), state(&world, "beta")], [State::Paused, State::Paused]);
    assert_eq!(state(&world, "gamma"), State::Active);
    assert!(matches!(streams[0].step(), Step::Broken(CustodyError::Paused)));
    assert!(matches!(streams[1].step(), Step::Broken(CustodyError::Paused)));
    assert!(matches!(streams[2].step(), Step::Segment(_)), "gamma goes on");

    let raised = alarms(&world, 1).await.remove(0);
    assert_eq!((raised.kind, raised.severity, raised.count), (AlarmKind::Decoy, Severity::Critical, 1));
    assert_eq!(raised.details.engagements.len(), 2);
    assert!(!raised.details.rehearsal);
    // The pause is held by more than memory.
    drop((writers, streams));
    guard.abort();
    assert!(guard.await.unwrap_err().is_cancelled());
    let world = world.reopen().await;
    assert_eq!([state(&world, "alpha"), state(&world, "beta")], [State::Paused, State::Paused]);
    assert_eq!(state(&world, "gamma"), State::Active);
    assert!(world.custody.decoys(&world.bob(), world.request()).await.unwrap()[0].spent);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_holder_of_the_secret_trips_it() {
    let (world, _, _guard) = three(2).await;
    let decoys = bundle(&world, &["alpha"]).await;
    let stranger = decoys[0].with_secret("0000000000000000000000000000000000000000");
    let refused = world.caller(&stranger);
    assert!(matches!(refused, Err(CustodyError::Unauthenticated(Unknown::BadSignature))));
    assert_eq!(state(&world, "alpha"), State::Active);
    // A thief who has lost the token, or whose clock is wrong, is a thief all the same.
    let refused = world.caller(&decoys[0].without_token());
    assert!(matches!(refused, Err(CustodyError::Unauthenticated(Unknown::BadToken))));
    assert_eq!(state(&world, "alpha"), State::Paused);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spent_decoy_is_counted_and_pauses_nothing() {
    let (world, _, _guard) = three(3).await;
    let decoys = bundle(&world, &["alpha"]).await;
    assert!(world.caller(&decoys[0]).is_err());
    alarms(&world, 1).await;
    let epoch = world.custody.directory().engagement_named("alpha").unwrap().fence.epoch();
    for _ in 0..3 {
        assert!(matches!(world.caller(&decoys[0]), Err(CustodyError::Paused)), "as any session of a paused engagement");
    }
    world.custody.enter_noise().await.unwrap();
    let open = alarms(&world, 2).await;
    let again = open.iter().find(|alarm| alarm.kind == AlarmKind::DecoyAgain).unwrap();
    assert_eq!(again.count, 3);
    assert_eq!(world.custody.directory().engagement_named("alpha").unwrap().fence.epoch(), epoch);
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_what_nobody_should_read_trips_and_looking_at_it_does_not() {
    let (world, writers, _guard) = three(4).await;
    world.put(&writers[0], "alpha-data", "payroll", b"nothing of interest").await.unwrap();
    let new = NewBaitedObject { bucket: "alpha-data".to_owned(), key: "payroll".to_owned(), note: String::new() };
    world.custody.bait_object(&world.bob(), world.request(), &new).await.unwrap();
    let twice = world.custody.bait_object(&world.bob(), world.request(), &new).await.unwrap_err();
    assert_eq!(twice.kind(), Kind::Conflict);
    assert!(world.get(&writers[0], "alpha-data", "large", Span::Whole).await.is_ok());
    let payroll = ObjectName { bucket: "alpha-data", key: b"payroll", version: None };
    let (request, anything) = (world.request(), Conditions::default());
    world.custody.head(&writers[0], request, payroll, Span::Whole, &anything).await.unwrap();
    assert_eq!(state(&world, "alpha"), State::Active);
    let refused = world.get(&writers[0], "alpha-data", "payroll", Span::Between(0, 3)).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::Paused);
    assert_eq!(state(&world, "beta"), State::Active);
    let raised = alarms(&world, 1).await.remove(0);
    assert!(raised.details.ids.contains_key("dataset") && raised.details.ids.contains_key("session"));
    assert!(!serde_json::to_string(&raised).unwrap().contains("payroll"), "no key of an object leaves");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rehearsal_raises_an_alarm_once_and_pauses_nothing() {
    let (world, _, _guard) = three(8).await;
    bundle(&world, &["alpha", "beta"]).await;
    let id = world.custody.decoys(&world.bob(), world.request()).await.unwrap()[0].id;
    let begun = world.custody.rehearse_decoy(&world.bob(), world.request(), id).await.unwrap();
    let Rehearsal::Credentials(mut rehearsers) = begun else { panic!("credentials are rehearsed over the wire") };
    assert_eq!(rehearsers.len(), 2);
    let first = rehearsers.remove(0);
    let (access_key, token) = (first.access_key().to_owned(), first.token().to_owned());
    let text = "the text that a gateway builds for a rehearsal";
    let (signature, alarm) = first.sign(&world.date(), "us-east-1", text).unwrap();
    let send = || world.claim(&access_key, Some(&token), text, &signature);
    assert!(matches!(send(), Err(CustodyError::Unauthenticated(Unknown::Expired))), "the answer a thief gets");
    let raised = alarms(&world, 1).await.remove(0);
    assert_eq!((raised.id, raised.details.rehearsal), (alarm, true));
    assert_eq!(raised.details.engagements.len(), 2, "what it would have paused");
    assert_eq!([state(&world, "alpha"), state(&world, "beta")], [State::Active, State::Active]);
    // The same request again is nobody's rehearsal.
    assert!(send().is_err());
    assert_eq!(state(&world, "alpha"), State::Paused);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_decoy_is_stands_nowhere_in_the_clear() {
    let (world, _, _guard) = three(5).await;
    let chain = ChainId::from(world.custody.directory().engagement_named("alpha").unwrap().id);
    let before = world.entries(chain).len();
    let decoys = bundle(&world, &["alpha"]).await;
    let ordinary = world.session("alpha-writer", "alpha").await;
    // In the engagement's chain a decoy's session is one like any other.
    let entries = world.entries(chain);
    let read = |entry: &ledger::Opened| serde_json::from_slice::<serde_json::Value>(&entry.payload.entry).unwrap();
    let [decoy, session] = &entries[before..] else { panic!("two sessions, two entries") };
    let (decoy, session) = (read(decoy), read(session));
    let members = |entry: &serde_json::Value| entry.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(members(&decoy), members(&session));
    assert_eq!(decoy["kind"], session["kind"]);
    assert_eq!(decoys[0].access_key().len(), ordinary.access_key().len());
    bundle(&world, &["alpha", "beta", "gamma"]).await;
    let [row, larger] = &world.catalog.decoys().unwrap()[..] else { panic!("two decoys, two rows") };
    assert_eq!(row.sealed.len(), larger.sealed.len(), "sizes tell nothing");
    let access_key = decoys[0].access_key().as_bytes();
    assert!(!row.sealed.windows(access_key.len()).any(|window| window == access_key));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retired_decoy_trips_nothing_and_lets_nobody_in() {
    let (world, _, _guard) = three(6).await;
    let decoys = bundle(&world, &["alpha"]).await;
    let id = world.custody.decoys(&world.bob(), world.request()).await.unwrap()[0].id;
    world.custody.retire_decoy(&world.bob(), world.request(), id).await.unwrap();
    assert!(matches!(world.caller(&decoys[0]), Err(CustodyError::Unauthenticated(Unknown::Expired))));
    assert_eq!(state(&world, "alpha"), State::Active);
    assert!(world.custody.alarms(&world.bob(), world.request()).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn acknowledging_ends_an_alarm_and_lets_the_next_be_told() {
    let (world, _, _guard) = three(7).await;
    let raised = world.custody.test_alarm(&world.ann(), world.request()).await.unwrap();
    let seen = world.custody.acknowledge_alarm(&world.ann(), world.request(), raised.id).await.unwrap();
    assert_eq!(seen.acknowledger.as_deref(), Some("ann"));
    let twice = world.custody.acknowledge_alarm(&world.bob(), world.request(), raised.id).await.unwrap_err();
    assert_eq!(twice.kind(), Kind::Conflict);
}

/// Hears of every alarm, but answers only where the address says so.
struct Ears(tokio::sync::mpsc::UnboundedSender<(String, AlarmId)>);

impl Courier for Ears {
    fn deliver(&self, to: Arc<Receiver>, letter: Letter) -> Pin<Box<dyn Future<Output = Delivered> + Send>> {
        let Route::Webhook { url, .. } = &to.route else { panic!("webhooks only") };
        self.0.send((url.clone(), letter.alarm.id)).unwrap();
        let silent = url.contains("silent");
        Box::pin(async move { if silent { std::future::pending().await } else { Ok(()) } })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_never_answers_delays_nobody() {
    let (world, _, _guard) = three(9).await;
    for url in ["https://silent.example.org/", "https://well.example.org/"] {
        let route = Route::Webhook { url: url.to_owned(), authority: None };
        world.custody.add_receiver(&world.bob(), world.request(), NewReceiver { route }).await.unwrap();
    }
    let (heard, mut hearing) = tokio::sync::mpsc::unbounded_channel();
    let courier = Arc::new(Ears(heard));
    let _telling = tokio::spawn(Arc::clone(&world.custody).deliver_forever(courier));
    let decoys = bundle(&world, &["alpha"]).await;
    assert!(world.caller(&decoys[0]).is_err());
    let raised = alarms(&world, 1).await.remove(0);
    let second = world.custody.test_alarm(&world.ann(), world.request()).await.unwrap();
    let mut told = Vec::new();
    while told.len() < 3 {
        told.push(hearing.recv().await.unwrap());
    }
    let by = |name: &str| told.iter().filter(|(url, _)| url.contains(name)).map(|(_, id)| *id).collect::<BTreeSet<_>>();
    assert_eq!(by("well"), BTreeSet::from([raised.id, second.id]), "both, while the other holds its first");
    assert_eq!(by("silent").len(), 1);
    // What was told is kept; what was not is tried again by the next life of the program.
    loop {
        let shown = world.custody.alarm(&world.bob(), world.request(), second.id).await.unwrap();
        let outcomes: Vec<Option<&str>> = shown.told.iter().map(|told| told.outcome.as_deref()).collect();
        assert_eq!(outcomes.len(), 2);
        if outcomes.contains(&Some("arrived")) {
            break;
        }
        tokio::task::yield_now().await;
    }
    let mut shown = world.custody.receivers(&world.bob(), world.request()).await.unwrap();
    shown.sort_by(|one, other| one.to.cmp(&other.to));
    assert_eq!(shown.iter().map(|receiver| receiver.waiting).collect::<Vec<_>>(), [2, 0]);
    assert!(!serde_json::to_string(&shown).unwrap().contains("whsec_"), "secrets are shown once");
}

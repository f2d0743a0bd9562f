//! What the backing store's own log tells of is matched with what receipts let us fetch; the rest is a bypass, on record.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod world;

use base::id::ChainId;
use base::{Clock, Timestamp};
use catalog::model::SelectorKind;
use custody::access::Span;
use custody::bypass::{Imported, Ours, Row};
use custody::scope::ScopeQuestion;
use custody::settings::DatasetSettings;
use custody::touch::Selector;
use reconcile::Logs;
use world::World;

const US: &str = "arn:aws:sts::1:assumed-role/cofferdam";

/// A line of S3's server access log.
fn line(at: Timestamp, who: &str, number: u32, operation: &str, key: &str, status: u16, sent: u64) -> String {
    let amz = at.to_amz();
    let (year, month, day, clock) = (&amz[..4], &amz[4..6], &amz[6..8], &amz[9..15]);
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = months[month.parse::<usize>().unwrap() - 1];
    let clock = format!("{}:{}:{}", &clock[..2], &clock[2..4], &clock[4..]);
    format!(
        "o b [{day}/{month}/{year}:{clock} +0000] 198.51.100.7 {who} R{number} {operation} {key} \"GET /x HTTP/1.1\" {status} - {sent} \
         {sent} 1 1 \"-\" \"-\" -\n"
    )
}

async fn import(world: &World, log: &str, ours: &[&str]) -> Imported {
    let mut logs = Logs::default();
    logs.read("log", log.as_bytes()).unwrap();
    let ours = Ours { requesters: ours.iter().map(ToString::to_string).collect() };
    let rows: Vec<Row> = logs.rows;
    world.custody.import_store_log(&world.bob(), world.request(), rows, &ours).await.unwrap()
}

#[tokio::test]
async fn what_we_did_not_fetch_went_round_us_and_stays_on_record() {
    let world = World::new(41).await;
    let engagement = world.engagement("chat").await;
    let session = world.session("chat-writer", "chat").await;
    let caller = world.caller(&session).unwrap();
    world.custody.create_bucket(&caller, world.request(), "rubrics", DatasetSettings::default()).await.unwrap();
    let body = "a line of an interview\n".repeat(9_000).into_bytes();
    world.put(&caller, "rubrics", "a", &body).await.unwrap();
    world.custody.scan_pending().await.unwrap();

    let blobs = base::ports::Blobs::list(world.disk.blobs.as_ref()).unwrap();
    let [blob] = blobs.as_slice() else { panic!("one blob: {blobs:?}") };
    let key = format!("mirror/blobs/{blob}");
    world.get(&caller, "rubrics", "a", Span::Whole).await.unwrap();
    let now = world.clock.now();
    let read = |who: &str, number: u32| line(now, who, number, "REST.GET.OBJECT", &key, 200, 200_300);

    // One read is ours; a second one by the same identity is not, nor is a stranger's, nor what a stranger did to the bucket.
    let node = format!("{US}/node-1");
    let log = [
        read(&node, 1),
        read(&node, 2),
        read("arn:aws:iam::1:user/eve", 3),
        line(now, "arn:aws:iam::1:user/eve", 4, "REST.GET.BUCKET", "-", 200, 900),
        line(now, "arn:aws:iam::1:user/eve", 5, "REST.GET.OBJECT", &key, 403, 0),
        line(now, &node, 6, "REST.PUT.OBJECT", &key, 200, 0),
    ]
    .concat();
    let first = import(&world, &log, &[US]).await;
    // The scanner fetched it too, which the log may tell of as well.
    assert_eq!((first.rows, first.known, first.refused, first.own), (6, 0, 1, 1));
    let reads: u64 = first.bypasses.iter().filter(|found| found.act == "read").map(|found| found.requests).sum();
    assert_eq!(first.explained + reads, 3, "{first:?}");
    assert!(first.explained >= 1 && reads >= 1, "{first:?}");
    let eve = first.bypasses.iter().find(|found| found.act == "read" && found.why == "stranger").unwrap();
    assert_eq!((eve.engagement.as_deref(), eve.versions, eve.bytes), (Some("chat"), 1, 200_300));
    assert!(first.bypasses.iter().any(|found| found.act == "names" && found.engagement.is_none()));

    // The same log again changes nothing, and a fetch that explained a row explains no other.
    let again = import(&world, &log, &[US]).await;
    assert_eq!(
        (again.rows - again.known, again.bypasses.len()),
        (2, 0),
        "refusals and own writes are not remembered: {again:?}"
    );
    let more: String = (10..20).map(|number| read(&node, number)).collect();
    let second = import(&world, &more, &[US]).await;
    let fetches = first.explained + second.explained;
    let third = import(&world, &(20..30).map(|number| read(&node, number)).collect::<String>(), &[US]).await;
    assert_eq!((third.explained, third.bypasses[0].requests, third.bypasses[0].why.as_str()), (0, 10, "unexplained"));
    assert!((1..=4).contains(&fetches), "{fetches}");

    // Every bypass is in the engagement's chain, and counts for its time and no other.
    let entries = world.entries(engagement.into());
    let found = entries.iter().filter(|entry| entry.kind == "bypass.found").count();
    assert!(found >= 3, "{found}");
    assert!(world.entries(ChainId::SYSTEM).iter().any(|entry| entry.kind == "bypass.import"));
    let at = |seconds: i64| now.plus_seconds(seconds);
    let bypassed = world.custody.bypassed(engagement, at(-60)..at(60)).unwrap();
    assert_eq!(bypassed.versions.len(), 1);
    assert_eq!(bypassed.requests, 3 + 20 - fetches);
    assert_eq!(world.custody.bypassed(engagement, at(60)..at(120)).unwrap().requests, 0);
    let selectors = vec![Selector { kind: SelectorKind::Engagement, value: engagement.to_string() }];
    let question = ScopeQuestion { selectors, from: at(-60), to: at(60), engagement: None };
    let scope = world.custody.scope(&world.bob(), world.request(), &question).await.unwrap();
    assert!(scope.limits.iter().any(|limit| limit.contains("went round this program")), "{:?}", scope.limits);

    // It survives the program.
    let world = world.reopen().await;
    assert_eq!(world.custody.bypassed(engagement, at(-60)..at(60)).unwrap(), bypassed);
}

#[tokio::test]
async fn without_an_identity_of_ours_every_request_went_round_us() {
    let world = World::new(42).await;
    world.engagement("chat").await;
    let log = line(world.clock.now(), "anybody", 1, "REST.GET.OBJECT", "blobs/none", 200, 5);
    let imported = import(&world, &log, &[]).await;
    assert_eq!((imported.explained, imported.bypasses.len()), (0, 1));
    let denied = world.caller(&world.session("chat-reader", "chat").await).unwrap();
    let refused = world.custody.import_store_log(&denied, world.request(), Vec::new(), &Ours::default()).await;
    assert!(refused.is_err());
}

//! The life of a deployment, told with the program alone.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    dead_code,
    clippy::print_stderr
)]

mod support;

use base::Timestamp;
use bytes::Bytes;
use http::{Method, StatusCode};
use serde_json::Value;
use support::{World, get, put};

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn from_nothing_to_an_object_and_what_was_reached() {
    let (mut world, session) = World::quickstart();
    world.serve();
    let status = world.json(&["status"]);
    assert!(status["schema"].is_string(), "{status}");

    let client = world.client(&session);
    let big = "0123456789abcde\n".repeat(75_000).into_bytes();
    assert_eq!(put(&client, "small.txt", "ada@example.org\n").await.status, StatusCode::OK);
    assert_eq!(put(&client, "deep/big file+1.txt", big.clone()).await.status, StatusCode::OK);
    assert_eq!(get(&client, "small.txt").await.bytes().await.unwrap(), "ada@example.org\n");
    assert!(get(&client, "deep/big file+1.txt").await.bytes().await.unwrap() == big);
    let part = client
        .request(Method::GET, "demo-data", "deep/big file+1.txt", &[], &[("range", "bytes=100-299")], Bytes::new())
        .await
        .unwrap();
    assert_eq!(part.status, StatusCode::PARTIAL_CONTENT);
    assert_eq!(part.bytes().await.unwrap(), big[100..300]);

    let key = session["access_key"].as_str().unwrap();
    let scope = world.json(&["scope", "--credential", key, "--from", "-1h"]);
    assert_eq!(scope["schema"], "cofferdam.scope/1");
    let objects = scope["engagements"][0]["objects"].as_array().unwrap();
    assert_eq!(objects.len(), 2, "{scope:#}");
    assert_eq!(scope["bytes"]["authorised"], 1_200_016);
    assert_eq!(scope["bytes"]["sent"], scope["bytes"]["authorised"]);
    let email = &scope["engagements"][0]["types"]["email"];
    assert_eq!(email["authorised"], 1, "{scope:#}");
    let csv = world.text(&["scope", "--engagement", "demo", "--format", "csv"]);
    assert!(csv.starts_with("engagement,bucket,key,"), "{csv}");
    assert_eq!(csv.lines().count(), 3, "{csv}");

    world.text(&["ledger", "verify"]);
    let pack = world.file("demo.pack");
    world.text(&["ledger", "pack", "demo", "--out", pack.to_str().unwrap()]);
    verify_pack(&world, &std::fs::read(&pack).unwrap());
    world.ends(2, &["ledger", "pack", "demo", "--out", pack.to_str().unwrap()]);

    // What was acknowledged is there after a restart, and so is who may see it.
    world.stop();
    assert!(!world.data().join("run.json").exists());
    world.serve();
    let client = world.client(&session);
    assert_eq!(get(&client, "small.txt").await.bytes().await.unwrap(), "ada@example.org\n");
}

/// Verifies a pack as a stranger does, with the log's key from another source than the pack.
fn verify_pack(world: &World, pack: &[u8]) {
    let state = world.json(&["ledger", "checkpoint"]);
    let key = state["key"].as_str().unwrap().parse().unwrap();
    let policy = attest::trust::Policy::of_log(key).unwrap();
    if let Err(broken) = attest::pack::verify(pack, &attest::pack::Trust::Policy(policy), None) {
        panic!("the pack does not verify: {broken:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_pause_stops_everything_and_resuming_takes_two() {
    let (mut world, session) = World::quickstart();
    world.serve();
    world.text(&["principal", "create", "second", "--kind", "person", "--role", "security"]);
    let second = world.data().join("identities/second.key");
    let second = second.to_str().unwrap();
    let client = world.client(&session);
    assert_eq!(put(&client, "a.txt", "one").await.status, StatusCode::OK);

    let paused = world.json(&["pause", "demo"]);
    assert_eq!((&paused["already"], &paused["sessions_ended"]), (&Value::Bool(false), &Value::from(1)), "{paused}");
    let refused = get(&client, "a.txt").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    world.ends(
        4,
        &["session", "create", "--principal", "loader", "--engagement", "demo", "--purpose", "model-training"],
    );

    // Nobody is asked twice by a script, and one person is not enough.
    let said = world.ends(2, &["resume", "demo"]);
    assert!(said.contains("--yes-i-mean demo"), "{said}");
    let plan = world.json(&["resume", "demo", "--dry-run"]);
    assert_eq!(plan["buckets"][0], "demo-data");
    world.ends(2, &["resume", "demo", "--yes-i-mean", "other"]);
    let said = world.ends(3, &["resume", "demo", "--yes-i-mean", "demo"]);
    assert!(said.contains("cofferdam approval grant"), "{said}");
    let approvals = world.json(&["approval", "list"]);
    let approval = approvals["approvals"][0]["id"].as_str().unwrap().to_owned();
    world.ends(2, &["approval", "grant", &approval]);
    world.json(&["approval", "grant", &approval, "--identity", second]);
    let resumed = world.json(&["resume", "demo", "--yes-i-mean", "demo"]);
    assert!(Timestamp::from_rfc3339(resumed["at"].as_str().unwrap()).is_some());

    // The old session stays dead, a new one works.
    let dead = String::from_utf8(get(&client, "a.txt").await.bytes().await.unwrap().to_vec()).unwrap();
    assert!(dead.contains("<Code>ExpiredToken</Code>"), "{dead}");
    let fresh = world.client(&world.session());
    assert_eq!(get(&fresh, "a.txt").await.bytes().await.unwrap(), "one");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_pause_outlives_a_crash() {
    let (mut world, session) = World::quickstart();
    world.serve();
    put(&world.client(&session), "a.txt", "one").await;
    world.json(&["pause", "demo"]);
    world.kill();
    world.serve();
    let shown = world.json(&["engagement", "show", "demo"]);
    assert_eq!(shown["state"], "paused");
    assert_eq!(get(&world.client(&session), "a.txt").await.status, StatusCode::FORBIDDEN);
}

#[test]
fn nouns_are_created_listed_and_withdrawn() {
    let (mut world, _) = World::quickstart();
    world.serve();
    world.text(&["partner", "create", "globex"]);
    world.text(&["engagement", "create", "images", "--partner", "globex", "--purpose", "evaluation"]);
    world.text(&["dataset", "create", "images-raw", "--engagement", "images"]);
    world.text(&["principal", "create", "viewer", "--kind", "workload"]);
    let grant = world.json(&[
        "grant",
        "create",
        "--principal",
        "viewer",
        "--engagement",
        "images",
        "--verb",
        "read",
        "--purpose",
        "evaluation",
        "--for",
        "2h",
    ]);
    for noun in ["partner", "engagement", "dataset", "principal", "grant", "session"] {
        let listed = world.json(&[noun, "list"]);
        assert_eq!(listed["schema"], format!("cofferdam.{noun}s/1"));
        let rows = listed[format!("{noun}s")].as_array().unwrap().len();
        assert!(rows > 0, "{noun}");
        assert_eq!(world.text(&[noun, "list"]).lines().count(), rows + 1, "{noun}");
    }
    let session = world.json(&[
        "session",
        "create",
        "--principal",
        "viewer",
        "--engagement",
        "images",
        "--purpose",
        "evaluation",
        "--for",
        "15m",
    ]);
    world.text(&["session", "end", session["session"].as_str().unwrap()]);
    world.text(&["grant", "delete", grant["id"].as_str().unwrap()]);
    world.ends(1, &["grant", "delete", grant["id"].as_str().unwrap()]);
    world.ends(1, &["partner", "create", "globex"]);
    world.ends(2, &["partner", "create", "Not A Name"]);
    world.ends(2, &["session", "end", "nonsense"]);

    // A shell reads the table form of a session.
    let exported = world.text(&[
        "session",
        "create",
        "--principal",
        "loader",
        "--engagement",
        "demo",
        "--purpose",
        "model-training",
    ]);
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3", "AWS_REGION"]
    {
        assert!(exported.lines().any(|line| line.starts_with(&format!("export {name}="))), "{exported}");
    }
}

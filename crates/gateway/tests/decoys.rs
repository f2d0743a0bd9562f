//! What the holder of a decoy is told is what the holder of any credential is told that is refused: the same, and as late.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods
)]

mod world;

use std::sync::Arc;
use std::time::{Duration, Instant};

use base::word::State;
use custody::planting::NewBundle;
use world::World;
use world::client::{Answer, Client, sha256};

/// How often each credential is tried for the times of its answers.
const TRIES: usize = 12;

async fn guarded(seed: u64) -> World {
    let world = World::new(seed).await;
    tokio::spawn(Arc::clone(&world.custody).guard_forever());
    world
}

/// A client with the credential of a fresh decoy.
async fn decoy(world: &World, like: &Client, engagement: &str) -> Client {
    let new = NewBundle { engagements: vec![engagement.to_owned()], host: "etl-07".to_owned(), principal: None };
    let mut bundle = world.custody.create_bundle(&world.ann(), world.request(), &new).await.unwrap();
    let (_, issued) = bundle.credentials.remove(0);
    Client { server: like.server, host: like.host.clone(), issued, clock: Arc::clone(&like.clock) }
}

/// A client with a session that was ended.
async fn ended(world: &World, engagement: &str) -> Client {
    let client = world.session(&format!("{engagement}-writer"), engagement).await;
    world.custody.end_session(&world.ann(), world.request(), client.issued.session).await.unwrap();
    client
}

/// An answer without what is different in every answer.
fn bare(answer: &Answer) -> (u16, Vec<(String, String)>, String) {
    let own = answer.header("x-amz-request-id").unwrap().to_owned();
    let headers = answer.headers.iter().filter(|(name, _)| name != "date" && name != "x-amz-request-id");
    (answer.status, headers.cloned().collect(), answer.text().replace(&own, "REQUEST"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decoy_answers_as_a_session_that_is_over() {
    let world = guarded(1).await;
    let client = world.engagement("alpha").await;
    assert_eq!(client.put("/alpha-data", b"").await.status, 200);
    for (method, target) in
        [("GET", "/"), ("GET", "/alpha-data?list-type=2"), ("GET", "/alpha-data/k"), ("HEAD", "/alpha-data/k")]
    {
        let name = format!("e{}", world.custody.directory().engagements().len());
        let like = world.engagement(&name).await;
        let decoy = decoy(&world, &like, &name).await;
        let over = ended(&world, &name).await;
        let expected = bare(&over.send(method, target, &[], b"").await);
        assert_eq!(expected.0, 400, "{expected:?}");
        assert_eq!(bare(&decoy.send(method, target, &[], b"").await), expected, "{method} {target}");
        let state = world.custody.directory().engagement_named(&name).unwrap().state();
        assert_eq!(state, State::Paused, "before the answer");
        // Again, and as any session of a paused engagement.
        let expected = bare(&over.send(method, target, &[], b"").await);
        assert_eq!(expected.0, 403, "{expected:?}");
        assert_eq!(bare(&decoy.send(method, target, &[], b"").await), expected);
    }
    assert_eq!(client.get("/alpha-data?list-type=2").await.status, 200, "alpha was nobody's bait");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_presigned_url_of_a_decoy_and_a_wrong_secret_tell_nothing_either() {
    let world = guarded(2).await;
    let like = world.engagement("alpha").await;
    let over = ended(&world, "alpha").await;
    let mut wrong = decoy(&world, &like, "alpha").await;
    let good = wrong.issued.secret.clone();
    wrong.issued.secret = "A".repeat(40);
    let mut over_wrong = ended(&world, "alpha").await;
    over_wrong.issued.secret = "A".repeat(40);
    assert_eq!(bare(&wrong.get("/").await), bare(&over_wrong.get("/").await));
    assert_eq!(world.custody.directory().engagement_named("alpha").unwrap().state(), State::Active);

    wrong.issued.secret = good;
    let ask = async |client: &Client| {
        let target = client.presign("GET", "/alpha-data/k", 60);
        let head = format!("GET {target} HTTP/1.1\r\nhost: {}\r\n\r\n", client.host);
        bare(&client.exchange(head.as_bytes(), b"", false).await)
    };
    let expected = ask(&over).await;
    assert_eq!(ask(&wrong).await, expected);
    assert_eq!(world.custody.directory().engagement_named("alpha").unwrap().state(), State::Paused);
}

/// Times of answers to a decoy, each time a fresh one, to a session that is over, and to a key that names nobody, in turns.
#[tokio::test(flavor = "multi_thread")]
async fn the_time_of_an_answer_tells_nothing() {
    let world = guarded(3).await;
    let like = world.engagement("alpha").await;
    let (mut decoys, mut over, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
    let time = async |client: &Client| {
        let signed = client.sign("GET", "/", &[], &sha256(b""));
        let began = Instant::now();
        client.exchange(signed.head.as_bytes(), b"", false).await;
        began.elapsed()
    };
    for turn in 0..TRIES {
        let name = format!("t{turn}");
        world.engagement(&name).await;
        let decoy = decoy(&world, &like, &name).await;
        let ended = ended(&world, "alpha").await;
        let mut stranger = self::ended(&world, "alpha").await;
        stranger.issued.access_key = format!("CDAM{}", "A".repeat(16));
        decoys.push(time(&decoy).await);
        over.push(time(&ended).await);
        unknown.push(time(&stranger).await);
    }
    let middle = |times: &mut Vec<Duration>| {
        times.sort_unstable();
        assert!(times[0] >= Duration::from_millis(99), "none before the timer: {times:?}");
        times[times.len() / 2]
    };
    let (decoys, over, unknown) = (middle(&mut decoys), middle(&mut over), middle(&mut unknown));
    println!("medians: decoy {decoys:?}, over {over:?}, unknown {unknown:?}");
    // A trip writes to the disk and pauses: milliseconds, if the answer waited for it. The timer counts in milliseconds.
    let spread = decoys.max(over).max(unknown) - decoys.min(over).min(unknown);
    assert!(spread < Duration::from_millis(5), "decoy {decoys:?}, over {over:?}, unknown {unknown:?}");
}

/// How many decoys are tripped, and how many streams run meanwhile.
const TRIPS: usize = 100;
const STREAMS: usize = 64;

/// From the request of a decoy's thief to the durable pause, entered in the ledger, while streams of another engagement run.
#[tokio::test(flavor = "multi_thread")]
async fn a_trip_is_held_within_a_second_while_others_stream() {
    let world = guarded(4).await;
    let busy = Arc::new(world.engagement("busy").await);
    assert_eq!(busy.put("/busy-data", b"").await.status, 200);
    assert_eq!(busy.put("/busy-data/k", &b"a line of text\n".repeat(400_000)).await.status, 200);
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let streams: Vec<_> = (0..STREAMS)
        .map(|_| {
            let (busy, stopped) = (Arc::clone(&busy), stopped.clone());
            tokio::spawn(async move {
                let mut read = 0u64;
                while !*stopped.borrow() {
                    let answer = busy.get("/busy-data/k").await;
                    assert_eq!((answer.status, answer.body.len()), (200, 6_000_000));
                    read += 6_000_000;
                }
                read
            })
        })
        .collect();
    let mut times = Vec::new();
    for trip in 0..TRIPS {
        let name = format!("trip{trip}");
        let like = world.engagement(&name).await;
        let id = world.custody.directory().engagement_named(&name).unwrap().id;
        let thief = decoy(&world, &like, &name).await;
        let began = Instant::now();
        let asking = tokio::spawn(async move { thief.get("/").await.status });
        loop {
            let rows = world.catalog.engagements().unwrap();
            if rows.iter().any(|row| row.id == id && row.state == State::Paused) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        times.push(began.elapsed());
        assert_eq!(asking.await.unwrap(), 400);
    }
    stop.send(true).unwrap();
    let mut read = 0;
    for stream in streams {
        read += stream.await.unwrap();
    }
    times.sort_unstable();
    let (middle, late, last) = (times[TRIPS / 2], times[TRIPS * 99 / 100], times[TRIPS - 1]);
    println!("{TRIPS} trips, {STREAMS} streams, {read} bytes read: p50 {middle:?}, p99 {late:?}, longest {last:?}");
    assert!(late < Duration::from_secs(1), "p99 {late:?}");
}

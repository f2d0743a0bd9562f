//! Killed at a random instant under load, again and again: nothing acknowledged is lost, and the record never says less than
//! what left.
//!
//! `CRASH_ROUNDS` sets how often (5 without), `CRASH_SEED` repeats a run; the seed is printed.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    dead_code
)]
#![allow(clippy::print_stderr, clippy::arithmetic_side_effects)]

mod support;

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::{Arc, Mutex};

use base::Entropy;
use base::time::Clock;
use bytes::Bytes;
use cofferdam::chance::SystemEntropy;
use cofferdam::client::S3Client;
use cofferdam::clock::SystemClock;
use http::StatusCode;
use serde_json::Value;
use support::{World, get, put};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;

const WRITERS: u64 = 4;
const READERS: u64 = 4;

/// A small generator: what matters is that a seed repeats its choices.
#[derive(Clone)]
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % below
    }

    fn body(&mut self) -> Bytes {
        // Small ones rest in the catalog, middling ones in one segment, big ones span many and stream for a while.
        let size = match self.roll(4) {
            0 => self.roll(200),
            1 => self.roll(20_000),
            2 => self.roll(100_000),
            _ => 500_000 + self.roll(2_000_000),
        };
        let word = format!("{:016x} ", self.0);
        word.bytes().cycle().take(usize::try_from(size).unwrap()).collect::<Vec<u8>>().into()
    }
}

/// What the clients of one round know.
#[derive(Default)]
struct Known {
    acknowledged: Mutex<BTreeMap<String, Bytes>>,
    attempted: Mutex<BTreeMap<String, Bytes>>,
    /// Byte ranges that arrived, by key.
    received: Mutex<BTreeMap<String, Vec<(u64, u64)>>>,
}

async fn write(client: S3Client, known: Arc<Known>, mut dice: Dice, name: String, events: UnboundedSender<()>) {
    for count in 0.. {
        let (key, body) = (format!("{name}/{count}.txt"), dice.body());
        known.attempted.lock().unwrap().insert(key.clone(), body.clone());
        let request =
            client.request(http::Method::PUT, "demo-data", &key, &[], &[("content-type", "text/plain")], body.clone());
        match request.await {
            Ok(answer) if answer.status == StatusCode::OK => {
                known.acknowledged.lock().unwrap().insert(key, body);
                // The rest of the answer is empty; reading it gives the connection back.
                let _ = answer.bytes().await;
            }
            Ok(answer) => panic!("a put was answered with {}", answer.status),
            Err(_) => return,
        }
        let _ = events.send(());
    }
}

async fn read(client: S3Client, known: Arc<Known>, mut dice: Dice, events: UnboundedSender<()>) {
    loop {
        let chosen = {
            let acknowledged = known.acknowledged.lock().unwrap();
            let nth = usize::try_from(dice.roll(acknowledged.len().max(1) as u64)).unwrap();
            acknowledged.iter().nth(nth).map(|(key, body)| (key.clone(), body.clone()))
        };
        let Some((key, body)) = chosen.filter(|(_, body)| !body.is_empty()) else {
            tokio::task::yield_now().await;
            continue;
        };
        let from = if dice.roll(2) == 0 { 0 } else { dice.roll(body.len() as u64) };
        let range = format!("bytes={from}-");
        let request =
            client.request(http::Method::GET, "demo-data", &key, &[], &[("range", &range)], Bytes::new()).await;
        let Ok(mut answer) = request else { return };
        assert_eq!(answer.status, StatusCode::PARTIAL_CONTENT, "{key} {range}");
        let mut next = from;
        loop {
            let Ok(chunk) = answer.chunk().await else { return };
            let Some(chunk) = chunk else { break };
            let end = next + chunk.len() as u64;
            let (start, stop) = (usize::try_from(next).unwrap(), usize::try_from(end).unwrap());
            assert!(chunk == body[start..stop], "{key} at {next}");
            known.received.lock().unwrap().entry(key.clone()).or_default().push((next, end));
            next = end;
            let _ = events.send(());
        }
        assert_eq!(next, body.len() as u64, "{key} {range} ended early and said it was whole");
    }
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_and_nothing_sent_is_unrecorded() {
    let seed = number("CRASH_SEED").unwrap_or_else(|| {
        let entropy: &dyn Entropy = &SystemEntropy::default();
        u64::from_be_bytes(entropy.bytes()) | 1
    });
    let rounds = number("CRASH_ROUNDS").unwrap_or(5);
    eprintln!("CRASH_SEED={seed} CRASH_ROUNDS={rounds}");
    let mut dice = Dice(seed);
    let (mut world, _) = World::quickstart();
    world.serve();
    let log_key = world.json(&["ledger", "checkpoint"])["key"].as_str().unwrap().to_owned();

    for round in 0..rounds {
        let began = SystemClock.now();
        let session = world.session();
        let known = Arc::new(Known::default());
        let (events, mut happened) = unbounded_channel();
        let mut tasks = JoinSet::new();
        let client = world.client(&session);
        for task in 0..WRITERS {
            let name = format!("r{round}/w{task}");
            tasks.spawn(write(client.clone(), Arc::clone(&known), Dice(dice.roll(u64::MAX) | 1), name, events.clone()));
        }
        for _ in 0..READERS {
            tasks.spawn(read(client.clone(), Arc::clone(&known), Dice(dice.roll(u64::MAX) | 1), events.clone()));
        }
        // The instant of the kill: after so many acknowledgements and chunks, whatever else is under way just then.
        for _ in 0..10 + dice.roll(400) {
            happened.recv().await.unwrap();
        }
        world.kill();
        while let Some(ended) = tasks.join_next().await {
            ended.unwrap();
        }

        world.serve();
        covered(&world, &session, &began.to_string(), &known);
        let client = world.client(&session);
        let acknowledged = std::mem::take(&mut *known.acknowledged.lock().unwrap());
        for (key, body) in &acknowledged {
            let answer = get(&client, key).await;
            assert_eq!(answer.status, StatusCode::OK, "{key} was acknowledged and is gone");
            assert!(answer.bytes().await.unwrap() == *body, "{key} reads back otherwise");
        }
        // What was not acknowledged is there whole or not at all.
        let attempted = std::mem::take(&mut *known.attempted.lock().unwrap());
        for (key, body) in attempted.iter().filter(|(key, _)| !acknowledged.contains_key(*key)) {
            let answer = get(&client, key).await;
            if answer.status != StatusCode::NOT_FOUND {
                assert!(answer.bytes().await.unwrap() == *body, "{key} is there in part");
            }
        }
        assert_eq!(put(&client, &format!("r{round}/after"), "it goes on").await.status, StatusCode::OK);
        proved(&world, &log_key, round);
        eprintln!("round {round}: {} puts were acknowledged", acknowledged.len());
    }
}

/// Every byte that a client received lies in a range that the ledger says was released to its session.
fn covered(world: &World, session: &Value, from: &str, known: &Known) {
    let scope = world.json(&["scope", "--credential", session["access_key"].as_str().unwrap(), "--from", from]);
    let mut released: BTreeMap<String, Vec<(u64, u64)>> = BTreeMap::new();
    for part in scope["engagements"].as_array().unwrap() {
        assert_eq!(part["objects_omitted"], 0);
        for object in part["objects"].as_array().unwrap() {
            let ranges = object["ranges"].as_array().unwrap().iter();
            let ranges = ranges.map(|range| (range[0].as_u64().unwrap(), range[1].as_u64().unwrap()));
            released.entry(object["key"].as_str().unwrap().to_owned()).or_default().extend(ranges);
        }
    }
    for (key, received) in known.received.lock().unwrap().iter() {
        let released = released.get(key).unwrap_or_else(|| panic!("{key} left and the record does not say so"));
        for (from, to) in received {
            let inside = released.iter().any(|(first, last)| first <= from && to <= last);
            assert!(inside, "{key}: bytes {from}..{to} left; released were {released:?}");
        }
    }
}

/// The ledger audits itself, and a stranger verifies the pack.
fn proved(world: &World, log_key: &str, round: u64) {
    world.text(&["ledger", "verify"]);
    let path = world.file(&format!("round-{round}.pack"));
    world.text(&["ledger", "pack", "demo", "--out", path.to_str().unwrap()]);
    let policy = attest::trust::Policy::of_log(log_key.parse().unwrap()).unwrap();
    let pack = std::fs::read(&path).unwrap();
    if let Err(broken) = attest::pack::verify(&pack, &attest::pack::Trust::Policy(policy), None) {
        panic!("the pack of round {round} does not verify: {broken:?}");
    }
    let verifier = std::path::Path::new(env!("CARGO_BIN_EXE_cofferdam")).with_file_name("cofferdam-verify");
    if verifier.exists() {
        let ended = Command::new(verifier).arg(&path).args(["--log-key", log_key]).output().unwrap();
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stdout));
    }
}

//! What the server keeps in memory does not grow with the objects it moves: the sum in `docs/limits.md`, held against the real
//! program's peak, as its kernel counts it.
//!
//! The small sizes run with all tests, the large ones with `bench/memory`. Bytes are made on the way out and thrown away on
//! the way in.

#![allow(
    missing_docs,
    unreachable_pub,
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods
)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use base::Entropy;
use cofferdam::chance::SystemEntropy;
use cofferdam::client::S3Client;
use http::Method;
use support::{World, get};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const MIB: u64 = 1024 * 1024;
const GIB: u64 = 1024 * MIB;

/// What the program takes before anybody asks: its caches, and the rules and tables of the scanner.
const BASE: u64 = 112 * MIB;

/// What one request takes that reads: buffers of HTTP and TLS, and a segment on its way.
const READING: u64 = 2 * MIB;

/// What one request takes that writes: buffers of HTTP, of the scanner, of sealing and of the file.
const WRITING: u64 = 6 * MIB;

/// A deployment whose objects need not be scannable.
async fn world() -> (World, S3Client) {
    let mut world = World::empty();
    let session = world.json(&["quickstart", "--unscannable-readable"]);
    world.serve();
    let client = world.client(&session);
    (world, client)
}

/// The most memory the server has held since the last time, in bytes.
fn peak(world: &World) -> u64 {
    let process = world.running().process;
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    std::fs::write(format!("/proc/{process}/clear_refs"), "5").unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

#[derive(Clone, Copy)]
enum Content {
    /// Nothing that a detector reads.
    Noise,
    /// Lines that a detector reads, and finds nobody in: facts about people are kept until the object is committed.
    Lines,
}

impl Content {
    fn piece(self) -> Vec<u8> {
        let mut piece = vec![0; MIB as usize];
        match self {
            Self::Noise => SystemEntropy::default().fill(&mut piece),
            Self::Lines => {
                let line = b"{\"title\":\"a line\",\"note\":\"nothing else to say here, and nothing about anybody\"}\n";
                piece = line.iter().copied().cycle().take(MIB as usize).collect();
            }
        }
        piece
    }
}

/// Sends an object in one request, as long as there is something left of `budget`; whether it was sent whole and taken.
async fn put(world: &World, client: &S3Client, key: &str, size: u64, content: Content, budget: &AtomicU64) -> bool {
    let mut stream = TcpStream::connect(world.s3_address()).await.unwrap();
    stream.write_all(client.head(&Method::PUT, "demo-data", key, size).unwrap().as_bytes()).await.unwrap();
    let (piece, mut left) = (content.piece(), size);
    while left > 0 {
        let now = left.min(piece.len() as u64);
        if budget.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |all| all.checked_sub(now)).is_err() {
            return false;
        }
        if let Err(error) = stream.write_all(&piece[..now as usize]).await {
            let mut said = String::new();
            let _ = stream.read_to_string(&mut said).await;
            panic!("{error}, {left} bytes before the end: {said}");
        }
        left -= now;
    }
    let mut answer = [0; 15];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200 OK");
    true
}

/// Reads an object, as long as there is something left of `budget`; how much of it came.
async fn read(client: &S3Client, key: &str, budget: &AtomicU64) -> u64 {
    let mut response = get(client, key).await;
    assert_eq!(response.status, 200);
    let mut came = 0;
    while let Some(chunk) = response.chunk().await.unwrap() {
        came += chunk.len() as u64;
        let some = chunk.len() as u64;
        if budget.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |all| all.checked_sub(some)).is_err() {
            break;
        }
    }
    came
}

fn report(what: &str, peak: u64, bound: u64, moved: u64, began: Instant) {
    let seconds = began.elapsed().as_secs_f64();
    eprintln!("| {what} | {} MiB | {} MiB | {} MiB in {seconds:.1} s |", peak / MIB, bound / MIB, moved / MIB);
    assert!(peak <= bound, "{what}: {} MiB, and {} MiB are the bound", peak / MIB, bound / MIB);
}

/// One object, written and read.
async fn one(size: u64, content: Content) {
    let (world, client) = world().await;
    let all = AtomicU64::new(u64::MAX);
    let mib = size / MIB;
    peak(&world);
    let began = Instant::now();
    assert!(put(&world, &client, "one", size, content, &all).await);
    report(&format!("PUT of {mib} MiB"), peak(&world), BASE + WRITING, size, began);
    let began = Instant::now();
    assert_eq!(read(&client, "one", &all).await, size);
    report(&format!("GET of {mib} MiB"), peak(&world), BASE + READING, size, began);
}

/// Many clients at once. They stop once `volume` was moved: by then every buffer has long been full, and no disk need hold
/// sixty-four objects.
async fn many(clients: u64, size: u64, volume: u64) {
    let (world, client) = world().await;
    assert!(put(&world, &client, "one", size, Content::Noise, &AtomicU64::new(u64::MAX)).await);
    let world = Arc::new(world);
    peak(&world);
    let began = Instant::now();
    let budget = Arc::new(AtomicU64::new(volume));
    let reading = (0..clients).map(|_| {
        let (client, budget) = (client.clone(), Arc::clone(&budget));
        tokio::spawn(async move { read(&client, "one", &budget).await })
    });
    for reader in reading.collect::<Vec<_>>() {
        reader.await.unwrap();
    }
    let moved = volume - budget.load(Ordering::SeqCst);
    report(&format!("{clients} clients GET"), peak(&world), BASE + clients * READING, moved, began);

    let began = Instant::now();
    let budget = Arc::new(AtomicU64::new(volume));
    let writing = (0..clients).map(|number| {
        let (world, client, budget) = (Arc::clone(&world), client.clone(), Arc::clone(&budget));
        tokio::spawn(async move { put(&world, &client, &format!("{number}"), size, Content::Noise, &budget).await })
    });
    for writer in writing.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    let moved = volume - budget.load(Ordering::SeqCst);
    report(&format!("{clients} clients PUT"), peak(&world), BASE + clients * WRITING, moved, began);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_is_never_in_memory() {
    one(512 * MIB, Content::Noise).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_is_scanned_is_never_in_memory() {
    one(32 * MIB, Content::Lines).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_requests_take_what_each_may() {
    many(16, 64 * MIB, 512 * MIB).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "minutes, and gigabytes of disk: run it with bench/memory"]
async fn the_largest_object_of_one_request_is_never_in_memory() {
    one(5 * GIB, Content::Noise).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "minutes, and gigabytes of disk: run it with bench/memory"]
async fn sixty_four_clients_take_what_each_may() {
    many(64, GIB, 12 * GIB).await;
}

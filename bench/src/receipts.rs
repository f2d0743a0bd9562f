//! Reads a second under receipts, beside the flushes a second of the same disk; and what a lone reader waits.
//!
//! Every read is judged, recorded durably, and opened before its first byte. Concurrent reads share flushes, so there should
//! be many more of them than the disk alone can flush; a lone reader pays one flush.

use std::cell::Cell;
use std::fmt::Write as _;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use base::Clock;
use bytes::Bytes;
use cofferdam::client::Credentials;
use cofferdam::clock::SystemClock;
use http::Method;
use tokio::task::LocalSet;

use crate::deployment::{BUCKET, Deployment};
use crate::figures::{Micros, rate, ratio};
use crate::wire::{Connection, Signer, since};
use crate::{Outcome, disk, note};

const OBJECTS: u32 = 1000;
const OBJECT_BYTES: usize = 4096;
const READERS: u32 = 256;

const READ_MICROS: u64 = 10_000_000;
const WARM_MICROS: u64 = 2_000_000;
const LONE_MICROS: u64 = 5_000_000;
const FLUSH_MICROS: u64 = 3_000_000;

/// How much more than one flush a lone reader may wait.
const LONE_BAR_MICROS: u64 = 1000;

/// Runs the measurement and renders its rows.
pub(crate) async fn measure(deployment: &Deployment, clock: &SystemClock) -> Outcome<String> {
    let credentials = deployment.session().await?;
    note("filling");
    fill(deployment, &credentials).await?;
    note("flushing, alone");
    let mut flushes = disk::flushes(deployment.folder(), FLUSH_MICROS, clock)?;
    note("reading, 256 at once");
    read(deployment, &credentials, READERS, WARM_MICROS).await?;
    let mut reads = read(deployment, &credentials, READERS, READ_MICROS).await?;
    note("reading, one alone");
    let mut lone = read(deployment, &credentials, 1, LONE_MICROS).await?;
    note("flushing, alone again");
    flushes.extend(disk::flushes(deployment.folder(), FLUSH_MICROS, clock)?);

    let reads_a_second = rate(reads.count(), READ_MICROS);
    let flushes_a_second = rate(flushes.count(), FLUSH_MICROS.saturating_mul(2));
    let (flush, alone) = (flushes.percentile(50), lone.percentile(50));
    let over = alone.saturating_sub(flush);
    let verdict = if over <= LONE_BAR_MICROS { "within" } else { "above" };
    let mut rows = String::new();
    let _ = writeln!(rows, "| measured | reads/s | flushes/s of the disk | ratio | p50 µs | p99 µs |");
    let _ = writeln!(rows, "|---|---|---|---|---|---|");
    let _ = writeln!(
        rows,
        "| {READERS} readers, 4 KiB, every read recorded first | {reads_a_second} | {flushes_a_second} | {:.1} | {} | {} |",
        ratio(reads_a_second, flushes_a_second),
        reads.percentile(50),
        reads.percentile(99),
    );
    let _ = writeln!(
        rows,
        "| one reader | {} | {flushes_a_second} | {:.2} | {alone} | {} |",
        rate(lone.count(), LONE_MICROS),
        ratio(rate(lone.count(), LONE_MICROS), flushes_a_second),
        lone.percentile(99),
    );
    let _ = writeln!(
        rows,
        "\none flush: p50 {flush} µs, p99 {} µs; a lone read waits {over} µs more at p50, {verdict} the bar of {LONE_BAR_MICROS} µs",
        flushes.percentile(99),
    );
    Ok(rows)
}

async fn fill(deployment: &Deployment, credentials: &Credentials) -> Outcome<()> {
    let client = Arc::new(deployment.client(credentials));
    let line = b"{\"turn\": 7, \"text\": \"the second draft reads better than the first\"}\n";
    let body: Bytes = line.iter().copied().cycle().take(OBJECT_BYTES).collect();
    let next = Arc::new(AtomicU32::new(0));
    let mut writers = tokio::task::JoinSet::new();
    for _ in 0..32 {
        let (client, body, next) = (Arc::clone(&client), body.clone(), Arc::clone(&next));
        writers.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= OBJECTS {
                    return Outcome::Ok(());
                }
                let put = client.request(Method::PUT, BUCKET, &name(number), &[], &[], body.clone()).await?;
                if !put.status.is_success() {
                    return Err(format!("a write was answered {}", put.status).into());
                }
                put.bytes().await?;
            }
        });
    }
    while let Some(writer) = writers.join_next().await {
        writer??;
    }
    Ok(())
}

fn name(number: u32) -> String {
    format!("turns/{number:05}.jsonl")
}

/// Reads objects for `micros` over `readers` connections; what each read took.
async fn read(deployment: &Deployment, credentials: &Credentials, readers: u32, micros: u64) -> Outcome<Micros> {
    let signer = Rc::new(Signer::new(deployment.s3, credentials.into(), &SystemClock)?);
    let next = Rc::new(Cell::new(0u32));
    let tasks = LocalSet::new();
    let began = SystemClock.tick();
    let mut running = Vec::new();
    for _ in 0..readers {
        let (signer, next, server) = (Rc::clone(&signer), Rc::clone(&next), deployment.s3);
        running.push(tasks.spawn_local(async move {
            let mut connection = Connection::open(server).await?;
            let mut taken = Micros::default();
            while since(began, &SystemClock) < micros {
                let number = next.get();
                next.set(number.wrapping_add(1));
                let before = SystemClock.tick();
                let request = signer.get(&name(number.checked_rem(OBJECTS).unwrap_or(0)), &SystemClock);
                connection.fetch(&request).await?;
                taken.push(since(before, &SystemClock));
            }
            Outcome::Ok(taken)
        }));
    }
    tasks.await;
    let mut all = Micros::default();
    for reader in running {
        all.extend(reader.await??);
    }
    Ok(all)
}

//! How long after a pause was asked for the last byte arrives, and how many bytes arrive once it has returned.
//!
//! Each trial opens streams on large objects, lets them run, pauses, and then reads on until every connection is dead. What
//! had arrived when the pause returned is what was taken plus what lay in the kernel's receive queues at that instant.

use std::fmt::Write as _;
use std::rc::Rc;
use std::time::Duration;

use base::{Clock, Entropy};
use bytes::Bytes;
use cofferdam::chance::SystemEntropy;
use cofferdam::client::Credentials;
use cofferdam::clock::SystemClock;
use http::Method;
use tokio::sync::Barrier;
use tokio::task::LocalSet;
use tokio::time::timeout;

use crate::deployment::{BUCKET, Deployment};
use crate::figures::Micros;
use crate::wire::{Connection, Signer};
use crate::{Outcome, note};

const TRIALS: u32 = 100;
const STREAMS: u32 = 32;
const OBJECTS: u32 = 4;
const OBJECT_BYTES: usize = 256 * 1024 * 1024;

/// How long streams run before the pause.
const RUN: Duration = Duration::from_millis(100);

/// How long it may take until every stream has begun.
const LONGEST_BEGINNING: Duration = Duration::from_secs(10);

/// How long a connection that a pause has cut may take to die.
const LONGEST_DEATH: Duration = Duration::from_secs(5);

/// What one trial found.
struct Trial {
    /// From the pause being asked for to the last byte that any client took.
    last: u64,
    /// From the pause being asked for to its return.
    took: u64,
    /// Bytes that arrived after it had returned.
    after: u64,
    /// Streams that were under way.
    streams: u64,
}

/// Runs the trials and renders their row.
pub(crate) async fn measure(deployment: &Deployment, clock: &SystemClock) -> Outcome<String> {
    note("filling");
    fill(deployment, &deployment.session().await?).await?;
    let (mut last, mut took) = (Micros::default(), Micros::default());
    let (mut after, mut streams) = (0u64, u64::MAX);
    for number in 0..TRIALS {
        let trial = LocalSet::new().run_until(trial(deployment, clock)).await?;
        last.push(trial.last);
        took.push(trial.took);
        after = after.saturating_add(trial.after);
        streams = streams.min(trial.streams);
        deployment.resume().await?;
        if number.checked_rem(10) == Some(9) {
            note(&format!("{} trials", number.saturating_add(1)));
        }
    }
    let mut row = String::new();
    let _ = writeln!(
        row,
        "| trials | streams cut, least | last byte after asking, p50 µs | p99 µs | longest µs | pause returned, p50 µs | longest µs | bytes after its return |"
    );
    let _ = writeln!(row, "|---|---|---|---|---|---|---|---|");
    let _ = writeln!(
        row,
        "| {TRIALS} | {streams} of {STREAMS} | {} | {} | {} | {} | {} | {after} |",
        last.percentile(50),
        last.percentile(99),
        last.longest(),
        took.percentile(50),
        took.longest(),
    );
    Ok(row)
}

async fn fill(deployment: &Deployment, credentials: &Credentials) -> Outcome<()> {
    let client = deployment.client(credentials);
    for number in 0..OBJECTS {
        let mut bytes = vec![0; OBJECT_BYTES];
        SystemEntropy::default().fill(&mut bytes);
        let put = client.request(Method::PUT, BUCKET, &name(number), &[], &[], Bytes::from(bytes)).await?;
        if !put.status.is_success() {
            return Err(format!("a write was answered {}", put.status).into());
        }
        put.bytes().await?;
    }
    Ok(())
}

fn name(number: u32) -> String {
    format!("weights/{number}.bin")
}

async fn trial(deployment: &Deployment, clock: &SystemClock) -> Outcome<Trial> {
    let credentials = deployment.session().await?;
    let signer = Signer::new(deployment.s3, (&credentials).into(), clock)?;
    let (mut lines, mut reading) = (Vec::new(), Vec::new());
    let begun = Rc::new(Barrier::new(STREAMS.saturating_add(1) as usize));
    for number in 0..STREAMS {
        let request = signer.get(&name(number.checked_rem(OBJECTS).unwrap_or(0)), clock);
        let connection = Connection::open(deployment.s3).await?;
        lines.push(connection.line());
        reading.push(tokio::task::spawn_local(stream(connection, request, Rc::clone(&begun))));
    }
    timeout(LONGEST_BEGINNING, begun.wait()).await.map_err(|_| "not every stream began")?;
    tokio::time::sleep(RUN).await;
    let under_way = reading.iter().filter(|stream| !stream.is_finished()).count() as u64;
    let asked = clock.tick();
    deployment.pause().await?;
    let returned = clock.tick();
    // Nobody takes anything while this is added up: there is one thread.
    let arrived: u64 = lines.iter().map(|line| line.arrived()).sum();
    for stream in reading {
        timeout(LONGEST_DEATH, stream).await.map_err(|_| "a stream outlived the pause")???;
    }
    let last = lines.iter().filter_map(|line| line.last()).max();
    Ok(Trial {
        last: last.map_or(0, |last| last.micros_since(asked)),
        took: returned.micros_since(asked),
        after: lines.iter().map(|line| line.taken()).sum::<u64>().saturating_sub(arrived),
        streams: under_way,
    })
}

/// Reads one object until the connection dies.
async fn stream(mut connection: Connection, request: String, begun: Rc<Barrier>) -> Outcome<()> {
    let head = connection.ask(&request).await?;
    if head.status != 200 {
        return Err(format!("a stream was answered {}", head.status).into());
    }
    begun.wait().await;
    // A reset is how it is meant to end.
    while connection.some().await.is_ok_and(|count| count > 0) {}
    Ok(())
}

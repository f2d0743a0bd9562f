//! The races: which peers, which load, which bars.

use std::path::Path;

use base::Clock as _;
use bytes::Bytes;
use cofferdam::clock::SystemClock;

use crate::deployment::SERVER_CORE;
use crate::load::Requests;
use crate::peers::{Peer, crc32};
use crate::race::{Load, Result, Unit, race, table};
use crate::wire::since;
use crate::{Outcome, noise, note};

const MEBIBYTE: usize = 1024 * 1024;
const LARGE_BYTES: usize = 256 * MEBIBYTE;
const SMALL_BYTES: usize = 4096;
const RANGE_BYTES: u64 = 64 * 1024;

/// How many different small objects there are.
const SMALL_OBJECTS: usize = 1000;
/// How many small writes are signed for a turn; more than a turn takes, so that no key comes twice.
const SMALL_WRITES: usize = 40_000;
/// How many ranges are signed for a turn.
const RANGES: usize = 4096;

const SMALL_CONNECTIONS: usize = 64;
const LARGE_CONNECTIONS: usize = 4;
const RANGE_CONNECTIONS: usize = 16;

const ROUNDS: usize = 5;
/// What large writes replace stays on the disk until the server starts anew.
const FEW_ROUNDS: usize = 3;

const BOTH_CORES: &str = "0,1";

/// Whole objects of 256 MiB.
pub(crate) async fn get_large(folder: &Path, clock: &SystemClock) -> Outcome<String> {
    let mut peers = vec![Peer::ours(folder, SERVER_CORE, clock).await?];
    peers.extend(Peer::s3s_fs(folder, SERVER_CORE, clock).await?);
    peers.extend(Peer::seaweed(folder, SERVER_CORE, clock).await?);
    let body = noise(LARGE_BYTES);
    for peer in &peers {
        peer.put("weights.bin", &body, clock).await?;
    }
    peers.push(Peer::bare(folder, SERVER_CORE, LARGE_BYTES, clock).await?);
    let load = Load { rounds: ROUNDS, connections: LARGE_CONNECTIONS, micros: 1_000_000, unit: Unit::Megabytes };
    let requests = |peer: &Peer| Requests { heads: vec![peer.signer.get("weights.bin", clock)], body: Bytes::new() };
    let results = race(&peers, &load, requests).await?;
    end(peers)?;
    Ok(table("GET of 256 MiB", load.unit, &results, &[("bare hyper", 0.8), ("SeaweedFS", 2.5)]))
}

/// Whole objects of 256 MiB, over TLS and without.
pub(crate) async fn tls(folder: &Path, clock: &SystemClock) -> Outcome<String> {
    let peers =
        vec![Peer::ours_over_tls(folder, SERVER_CORE, clock).await?, Peer::ours(folder, SERVER_CORE, clock).await?];
    let body = noise(LARGE_BYTES);
    for peer in &peers {
        peer.put("weights.bin", &body, clock).await?;
    }
    let load = Load { rounds: ROUNDS, connections: LARGE_CONNECTIONS, micros: 1_000_000, unit: Unit::Megabytes };
    let requests = |peer: &Peer| Requests { heads: vec![peer.signer.get("weights.bin", clock)], body: Bytes::new() };
    let results = race(&peers, &load, requests).await?;
    end(peers)?;
    Ok(table("GET of 256 MiB over TLS", load.unit, &results, &[("ours", 0.6)]))
}

/// Whole objects of 4 KiB.
pub(crate) async fn get_small(folder: &Path, clock: &SystemClock) -> Outcome<String> {
    let peers = signing(folder, SERVER_CORE, clock).await?;
    let names: Vec<String> = (0..SMALL_OBJECTS).map(|number| format!("turns/{number:05}.jsonl")).collect();
    let line = b"{\"turn\": 7, \"text\": \"the second draft reads better than the first\"}\n";
    let body: Vec<u8> = line.iter().copied().cycle().take(SMALL_BYTES).collect();
    for peer in &peers {
        for name in &names {
            peer.put(name, &body, clock).await?;
        }
    }
    let load = Load { rounds: ROUNDS, connections: SMALL_CONNECTIONS, micros: 2_000_000, unit: Unit::Requests };
    let requests = |peer: &Peer| {
        let heads = names.iter().map(|name| peer.signer.get(name, clock)).collect();
        Requests { heads, body: Bytes::new() }
    };
    let results = race(&peers, &load, requests).await?;
    end(peers)?;
    Ok(table("GET of 4 KiB, 64 connections", load.unit, &results, &[("s3s-fs", 0.5), ("SeaweedFS", 8.0)]))
}

/// New objects of 4 KiB.
pub(crate) async fn put_small(folder: &Path, clock: &SystemClock) -> Outcome<String> {
    let peers = signing(folder, SERVER_CORE, clock).await?;
    let body = noise(SMALL_BYTES);
    let crc = crc32(&body);
    let body = Bytes::from(body);
    let load = Load { rounds: ROUNDS, connections: SMALL_CONNECTIONS, micros: 2_000_000, unit: Unit::Requests };
    let requests = |peer: &Peer| {
        let turn = clock.now().to_amz();
        let head = |number| peer.signer.put(&format!("turns/{turn}/{number:05}.bin"), SMALL_BYTES, &crc, clock);
        Requests { heads: (0..SMALL_WRITES).map(head).collect(), body: body.clone() }
    };
    let results = race(&peers, &load, requests).await?;
    end(peers)?;
    Ok(table("PUT of 4 KiB, 64 connections", load.unit, &results, &[("SeaweedFS", 6.0)]))
}

/// Whole objects of 256 MiB, incompressible and then as text that is scanned.
pub(crate) async fn put_large(folder: &Path, clock: &SystemClock) -> Outcome<String> {
    let peers = signing(folder, BOTH_CORES, clock).await?;
    let body = Bytes::from(noise(LARGE_BYTES));
    let load = Load { rounds: FEW_ROUNDS, connections: 1, micros: 1_000_000, unit: Unit::Megabytes };
    let mut results = race(&peers, &load, |peer| puts(peer, "weights.bin", &body, clock)).await?;
    results.push(Result::limit("MD5 alone", md5_alone(&body, clock)));
    let binary =
        table("PUT of 256 MiB, incompressible", load.unit, &results, &[("SeaweedFS", 4.0), ("MD5 alone", 0.7)]);
    let line = b"{\"turn\": 7, \"text\": \"the second draft reads better than the first\", \"by\": \"annotator 12\"}\n";
    let body: Bytes = line.iter().copied().cycle().take(LARGE_BYTES).collect();
    let results = race(&peers, &load, |peer| puts(peer, "turns.jsonl", &body, clock)).await?;
    end(peers)?;
    Ok(format!("{binary}\n{}", table("PUT of 256 MiB, JSON lines", load.unit, &results, &[])))
}

/// 64 KiB at random places of an object of 1 GiB.
pub(crate) async fn ranges(folder: &Path, clock: &SystemClock) -> Outcome<String> {
    let peers = signing(folder, SERVER_CORE, clock).await?;
    let body = noise(4 * LARGE_BYTES);
    for peer in &peers {
        peer.put("shard.bin", &body, clock).await?;
    }
    let room = (body.len() as u64).saturating_sub(RANGE_BYTES);
    let (draws, _) = body.as_chunks::<8>();
    let places = draws.iter().take(RANGES).filter_map(|draw| u64::from_le_bytes(*draw).checked_rem(room));
    let places: Vec<u64> = places.collect();
    drop(body);
    let load = Load { rounds: ROUNDS, connections: RANGE_CONNECTIONS, micros: 2_000_000, unit: Unit::Requests };
    let requests = |peer: &Peer| {
        let head = |from: &u64| peer.signer.range("shard.bin", *from, from.saturating_add(RANGE_BYTES - 1), clock);
        Requests { heads: places.iter().map(head).collect(), body: Bytes::new() }
    };
    let results = race(&peers, &load, requests).await?;
    end(peers)?;
    Ok(table("GET of 64 KiB ranges of 1 GiB", load.unit, &results, &[("SeaweedFS", 6.0)]))
}

fn puts(peer: &Peer, key: &str, body: &Bytes, clock: &SystemClock) -> Requests {
    Requests { heads: vec![peer.signer.put(key, body.len(), &crc32(body), clock)], body: body.clone() }
}

/// The peers that check signatures, ours first.
async fn signing(folder: &Path, cores: &str, clock: &SystemClock) -> Outcome<Vec<Peer>> {
    let mut peers = vec![Peer::ours(folder, cores, clock).await?];
    peers.extend(Peer::s3s_fs(folder, cores, clock).await?);
    peers.extend(Peer::seaweed(folder, cores, clock).await?);
    Ok(peers)
}

/// What one core makes of MD5, which every S3 server owes for the ETag.
fn md5_alone(body: &[u8], clock: &SystemClock) -> Vec<f64> {
    note("MD5 alone");
    let once = |_| {
        let began = clock.tick();
        std::hint::black_box(custody::digests::md5_of(std::hint::black_box(body)));
        body.len() as f64 / since(began, clock).max(1) as f64
    };
    (0..3).map(once).collect()
}

fn end(peers: Vec<Peer>) -> Outcome<()> {
    peers.into_iter().try_for_each(Peer::remove)
}

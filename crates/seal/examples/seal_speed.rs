//! How fast sealing and opening are on this machine, on one core.
//!
//! `cargo run --release -p seal --example seal_speed`. Receipts are earned before the clock starts: what they cost is the ledger's
//! to say.

#![allow(unreachable_pub, dead_code, missing_docs, clippy::unwrap_used, clippy::panic, clippy::arithmetic_side_effects)]
#![allow(clippy::indexing_slicing)]
#![expect(clippy::print_stdout, reason = "an example talks")]
#![expect(clippy::disallowed_methods, reason = "measuring needs the real clock")]

#[path = "../tests/world/mod.rs"]
mod world;

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base::id::{ChainId, KeyId, SessionId};
use base::object::SealedObject;
use base::ports::EntrySealer as _;
use base::word::DataType;
use ledger::Receipt;
use seal::{Identity, ObjectSealer, RecordSealer};
use world::{Rest, World};

const LARGE: usize = 64 << 20;
const ROUNDS: u32 = 20_000;

fn main() {
    let world = World::new(1);
    streams(&world);
    small(&world, 4096, Rest::Inline, "4 KiB inline");
    small(&world, 60_000, Rest::Store, "60 kB in the store");
    ranges(&world);
    metadata(&world);
    puts(&world);
}

fn streams(world: &World) {
    let plain = world.data(LARGE);
    let identity = identity(world);
    for piece in [64 * 1024, 65_520, 8 * 1024, 1 << 20] {
        let mut stream = ObjectSealer::begin(&world.ring, identity, 1).unwrap().part(1).unwrap();
        let mut out = Vec::with_capacity(2 << 20);
        let sealing = timed(|| {
            for piece in plain.chunks(piece) {
                out.clear();
                stream.push(piece, &mut out).unwrap();
            }
        });
        println!("seal 64 MiB in pieces of {piece}: {}", rate(sealing));
    }
    let object = world.put(&[(1, &plain)], Rest::Store);
    let receipt = world.earn(&object, 0, object.size);
    println!("open 64 MiB from memory: {}", rate(timed(|| drain(world, receipt))));
}

fn small(world: &World, size: usize, rest: Rest, name: &str) {
    let plain = world.data(size);
    let objects: Vec<Arc<SealedObject>> = (0..ROUNDS / 10).map(|_| world.put(&[(1, &plain)], rest)).collect();
    let earn = || -> Vec<Receipt> { objects.iter().map(|object| world.earn(object, 0, object.size)).collect() };
    for state in ["cold", "cached"] {
        let receipts = earn();
        let count = u32::try_from(receipts.len()).unwrap();
        let spent = timed(|| receipts.into_iter().for_each(|receipt| drain(world, receipt)));
        println!("open {name}, {state}: {:.2} us", micros(spent / count));
    }
}

fn ranges(world: &World) {
    let object = world.put(&[(1, &world.data(LARGE))], Rest::Store);
    let receipts: Vec<Receipt> = (0..1000).map(|i| world.earn(&object, i * 60_000, i * 60_000 + 1000)).collect();
    let spent = timed(|| receipts.into_iter().for_each(|receipt| drain(world, receipt)));
    println!("open 1 kB of a large object: {:.2} us", micros(spent / 1000));
}

fn metadata(world: &World) {
    let chain = ChainId::from(world.engagement);
    let (records, entry) = (RecordSealer::new(Arc::clone(&world.ring)), world.data(500));
    each("seal a ledger entry of 500 B", |i| drop(black_box(records.seal(chain, u64::from(i), &entry).unwrap())));
    let sealed = records.seal(chain, 0, &entry).unwrap();
    each("open a ledger entry of 500 B", |_| drop(black_box(records.open(chain, 0, &sealed).unwrap())));
    let fields = world.ring.fields(chain).unwrap();
    each("seal a field of 32 B", |_| drop(black_box(fields.seal("etag", b"0123456789abcdef", &entry[..32]).unwrap())));
    each("check value of a row of 100 B", |_| {
        black_box(fields.mac("row", &entry[..100]));
    });
    let subjects = world.ring.subjects(chain).unwrap();
    each("digest of a person", |_| {
        black_box(subjects.digest(DataType::Email, b"somebody@example.org"));
    });
    let tokens = world.ring.tokens(chain).unwrap();
    let session = SessionId::from_bytes([1; 16]);
    each("secret of a session", |_| drop(black_box(tokens.secret(session).unwrap())));
}

fn puts(world: &World) {
    let plain = world.data(4096);
    each("seal a version of 4 KiB", |_| drop(black_box(world.put(&[(1, &plain)], Rest::Inline))));
}

fn drain(world: &World, receipt: Receipt) {
    for piece in world.opener.open(receipt).unwrap() {
        black_box(piece.unwrap().expose(<[u8]>::len));
    }
}

fn identity(world: &World) -> Identity {
    let id = *KeyId::fresh(&*world.entropy).as_bytes();
    Identity {
        engagement: world.engagement,
        dataset: world.dataset,
        object: base::id::ObjectId::from_bytes(id),
        version: base::id::VersionId::from_bytes(id),
    }
}

fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn each(name: &str, mut work: impl FnMut(u32)) {
    let spent = timed(|| (0..ROUNDS).for_each(&mut work));
    println!("{name}: {:.2} us", micros(spent / ROUNDS));
}

fn micros(span: Duration) -> f64 {
    span.as_secs_f64() * 1e6
}

fn rate(span: Duration) -> String {
    format!("{:.2} GB/s", LARGE as f64 / span.as_secs_f64() / 1e9)
}

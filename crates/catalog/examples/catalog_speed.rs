//! How fast the catalog is here: `cargo run --release -p catalog --example catalog_speed [folder]`.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::arithmetic_side_effects,
    reason = "a measurement: it reads the real clock, prints, and may fail loudly"
)]

use std::path::PathBuf;
use std::time::Instant;

use base::Timestamp;
use base::id::*;
use base::lock::Lock;
use base::object::{Body, Part, WrappedKey};
use base::ports::{Committer, LedgerRow, LedgerRows};
use base::word::*;
use catalog::Catalog;
use catalog::model::*;
use testkit::{EntryMaker, SeededEntropy};

const BATCHES: usize = 200;
const ROWS: usize = 1000;
const SEALED_BYTES: usize = 600;
const OBJECTS: u64 = 100_000;
const READS: u64 = 200_000;

fn main() {
    let folder = std::env::args().nth(1).map(PathBuf::from);
    let scratch = folder.map_or_else(tempfile::tempdir, tempfile::tempdir_in).unwrap();
    let catalog = Catalog::open(&scratch.path().join("catalog"), DeploymentId::from_bytes([1; 16])).unwrap();
    let mut committer = catalog.committer().unwrap();
    let entropy = SeededEntropy::new(1);

    let chains: Vec<ChainId> = (0..ROWS).map(|row| EngagementId::from_bytes([row as u8 % 16; 16]).into()).collect();
    for size in [1, 10, 100, ROWS] {
        let mut maker = EntryMaker::after(&committer.tail().unwrap());
        let batches: Vec<_> = (0..BATCHES).map(|_| sized(maker.batch(chains.get(..size).unwrap()))).collect();
        let start = Instant::now();
        for (rows, heads) in &batches {
            let mut batch = committer.begin().unwrap();
            batch.append(rows, heads).unwrap();
            batch.commit().unwrap();
        }
        catalog.checkpoint().unwrap();
        let seconds = start.elapsed().as_secs_f64();
        println!(
            "append, batches of {size:>4}: {:>9.0} rows/s, {:>7.0} us a batch",
            (BATCHES * size) as f64 / seconds,
            seconds / BATCHES as f64 * 1e6
        );
    }

    let row = world(&mut committer, &entropy);
    let start = Instant::now();
    for first in (0..OBJECTS).step_by(ROWS) {
        let mut batch = committer.begin().unwrap();
        for number in first..first + ROWS as u64 {
            let version = VersionRow { key: key(number), version: VersionId::fresh(&entropy), ..row.clone() };
            batch.apply(vec![put(version)]).unwrap();
        }
        batch.commit().unwrap();
    }
    println!("put, batches of {ROWS}: {:>9.0} objects/s", OBJECTS as f64 / start.elapsed().as_secs_f64());

    let start = Instant::now();
    for _ in 0..READS {
        let key = key(entropy.below(OBJECTS));
        assert!(catalog.current(row.dataset, &key).unwrap().is_some());
    }
    println!("current(dataset, key): {:.2} us", start.elapsed().as_secs_f64() / READS as f64 * 1e6);

    let start = Instant::now();
    let mut after: Option<Vec<u8>> = None;
    let mut listed = 0u64;
    while let Some(last) = catalog.list(row.dataset, b"", after.as_deref(), false, 1000).unwrap().pop() {
        listed += 1000;
        after = Some(last.key);
    }
    println!("list, pages of 1000: {:>9.0} keys/s", listed as f64 / start.elapsed().as_secs_f64());

    let start = Instant::now();
    let read = catalog.rows(0, BATCHES * ROWS).unwrap().len();
    println!("rows, in order: {:>9.0} rows/s", read as f64 / start.elapsed().as_secs_f64());
    let start = Instant::now();
    catalog.statistics().unwrap();
    println!("statistics of {OBJECTS} objects: {:.0} ms", start.elapsed().as_secs_f64() * 1e3);
}

fn sized<H>((mut rows, heads): (Vec<LedgerRow>, H)) -> (Vec<LedgerRow>, H) {
    rows.iter_mut().for_each(|row| row.sealed.resize(SEALED_BYTES, 7));
    (rows, heads)
}

fn key(number: u64) -> Vec<u8> {
    format!("shards/{number:08}.jsonl").into_bytes()
}

fn put(row: VersionRow) -> Change {
    Change::Put(Box::new(PutVersion {
        row,
        revision: 0,
        precondition: Precondition::None,
        intents: vec![],
        upload: None,
    }))
}

fn world(committer: &mut impl Committer<Change = Change>, entropy: &SeededEntropy) -> VersionRow {
    let at = Timestamp::from_seconds(1_795_478_400);
    let name = |digest| SealedName { digest: [digest; 16], sealed: vec![digest; 40] };
    let partner = PartnerRow { id: PartnerId::fresh(entropy), name: name(1), created: at };
    let engagement = EngagementRow {
        id: EngagementId::fresh(entropy),
        partner: partner.id,
        name: name(2),
        state: State::Active,
        epoch: 1,
        ordinal: 1,
        purposes: vec![],
        created: at,
    };
    let dataset = DatasetRow {
        id: DatasetId::fresh(entropy),
        engagement: engagement.id,
        bucket: "speed".to_owned(),
        purposes: vec![],
        unscannable_readable: false,
        created: at,
        settings: None,
        revision: 0,
    };
    let row = VersionRow {
        engagement: engagement.id,
        dataset: dataset.id,
        key: vec![],
        object: ObjectId::fresh(entropy),
        version: VersionId::fresh(entropy),
        ordinal: 0,
        size: 300,
        modified: at,
        segment_size: 65_536,
        parts: vec![Part { number: 1, size: 300, body: Body::Inline(vec![7; 400].into()) }],
        wrapped: Some(WrappedKey { under: KeyId::fresh(entropy), bytes: vec![3; 60] }),
        meta: vec![5; 150],
        scan: ScanState::Scanned,
        generation: 0,
        writer: PrincipalId::fresh(entropy),
        mac: [4; 32],
        gone: None,
        null: true,
        marker: false,
        lock: Lock::default(),
    };
    let mut batch = committer.begin().unwrap();
    batch.apply(vec![Change::Partner(partner), Change::Engagement(engagement), Change::Dataset(dataset)]).unwrap();
    batch.commit().unwrap();
    row
}

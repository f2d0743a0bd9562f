//! Lines of incidents and documents of reports: added, never changed, and found by whom they are for.
#![allow(
    missing_docs,
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

mod world;

use base::Kind;
use base::id::{ChainId, IncidentId};
use catalog::model::*;
use world::{World, at, retire};

fn line(incident: IncidentId, seq: u64) -> IncidentLineRow {
    IncidentLineRow { incident, seq, at: at(100 + i64::try_from(seq).unwrap()), line: vec![1, 2], mac: [3; 32] }
}

#[test]
fn a_line_is_added_once_and_stands_in_its_place() {
    let mut world = World::new(1);
    let [one, other] = [1, 2].map(|byte| IncidentId::from_bytes([byte; 16]));
    world.run(vec![Change::Incident(line(other, 0))]).unwrap();
    world.run(vec![Change::Incident(line(one, 0))]).unwrap();
    world.run(vec![Change::Incident(line(one, 1))]).unwrap();
    assert_eq!(world.run(vec![Change::Incident(line(one, 1))]).unwrap_err().kind(), Kind::Conflict);
    assert_eq!(world.catalog.incidents().unwrap().len(), 2);
    assert_eq!(world.catalog.incident_lines(one).unwrap(), [line(one, 0), line(one, 1)]);
    assert!(world.catalog.incident_lines(IncidentId::from_bytes([9; 16])).unwrap().is_empty());
}

#[test]
fn a_document_is_found_by_whom_it_is_for_alone() {
    let mut world = World::new(2);
    let incident = IncidentId::from_bytes([1; 16]);
    let file = |chain: ChainId| IncidentFileRow {
        incident,
        report: 1,
        chain,
        name: "partner.json".to_owned(),
        at: at(5),
        digest: [7; 32],
        sealed: vec![9],
    };
    let (ours, system) = (ChainId::from(world.engagement.id), ChainId::SYSTEM);
    world.run(vec![Change::IncidentFile(Box::new(file(ours)))]).unwrap();
    let again = world.run(vec![Change::IncidentFile(Box::new(file(ours)))]);
    assert_eq!(again.unwrap_err().kind(), Kind::Conflict, "a document is never replaced");
    assert_eq!(world.catalog.incident_files(ours).unwrap(), [file(ours)]);
    assert!(world.catalog.incident_files(system).unwrap().is_empty());
    assert_eq!(world.catalog.incident_file(incident, 1, ours, "partner.json").unwrap(), Some(file(ours)));
    assert_eq!(world.catalog.incident_file(incident, 1, system, "partner.json").unwrap(), None);
}

#[test]
fn what_could_be_read_in_a_span_was_there_in_it() {
    let mut world = World::new(3);
    let (first, second) = (world.put(b"a"), world.put(b"b"));
    world.run(vec![retire(&first, at(50))]).unwrap();
    let within = |from: i64, to: i64| -> Vec<u64> {
        world.catalog.readable_within(world.engagement.id, &(at(from)..at(to))).unwrap().into_iter().collect()
    };
    assert_eq!(within(30, 60), [first.ordinal, second.ordinal]);
    assert_eq!(within(51, 60), [second.ordinal], "it was gone before");
    assert_eq!(within(0, 1), [0; 0], "it was not there yet");
}

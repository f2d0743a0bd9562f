//! A right answer passes, and every kind of wrong one is found.

use base::id::{EngagementId, VersionId};
use custody::scope::ScopedObject;

use super::*;
use crate::drill::truth::{BLOCK_BYTES, Content, Mark};

const SIZE: u64 = 3 * BLOCK_BYTES;

fn place(key: &str) -> Place {
    ("bucket".to_owned(), key.to_owned())
}

/// Two objects with a person in each block, the second object's others than the first's; and one about nobody.
fn truth() -> Truth {
    let object = |first: u32| {
        let mark = |block: u32| {
            let from = u64::from(block) * BLOCK_BYTES + 100;
            Mark { at: from..from + 20, data_type: DataType::Ssn, person: first + block }
        };
        Content { size: SIZE, marks: (0..3).map(mark).collect(), ..Content::default() }
    };
    let nobody = Content { size: 10, ..Content::default() };
    [(place("a"), object(0)), (place("b"), object(3)), (place("c"), nobody)].into_iter().collect()
}

/// The intruder listed all three, read `a` whole, and received the first block of `b`, whose first two were asked for.
fn taken() -> Taken {
    let mut taken = Taken::default();
    taken.names.extend(["a", "b", "c"].map(place));
    let a = taken.objects.entry(place("a")).or_default();
    a.asked.add(0..SIZE);
    a.received.add(0..SIZE);
    let b = taken.objects.entry(place("b")).or_default();
    b.asked.add(0..2 * BLOCK_BYTES);
    b.received.add(0..BLOCK_BYTES);
    taken
}

fn object(key: &str, sent: u64, ranges: Vec<(u64, u64)>, form: Form) -> ScopedObject {
    let authorised = ranges.iter().map(|(from, to)| to - from).sum();
    ScopedObject {
        bucket: "bucket".to_owned(),
        key: key.to_owned(),
        version: VersionId::from_bytes([1; 16]),
        size: if key == "c" { 10 } else { SIZE },
        bytes: Figure { sent, authorised },
        ranges,
        form,
    }
}

fn right() -> EngagementScope {
    let people = Figure { sent: 3, authorised: 5 };
    EngagementScope {
        engagement: EngagementId::from_bytes([2; 16]),
        name: "work".to_owned(),
        partner: "partner".to_owned(),
        events: 3,
        versions: Figure { sent: 1, authorised: 2 },
        bytes: Figure { sent: SIZE, authorised: SIZE + 2 * BLOCK_BYTES },
        names_only: 1,
        people,
        unresolved: Figure::default(),
        types: BTreeMap::from([(DataType::Ssn, people)]),
        unscanned: 0,
        objects: vec![
            object("a", SIZE, vec![(0, SIZE)], Form::Raw),
            object("b", 0, vec![(0, 2 * BLOCK_BYTES)], Form::Raw),
            object("c", 0, vec![], Form::Names),
        ],
        objects_omitted: 0,
    }
}

/// Which promises an answer breaks, by their place.
fn broken(part: &EngagementScope) -> Vec<usize> {
    let (_, promises) = compare("Partner", part, &taken(), &truth());
    promises.iter().enumerate().filter(|(_, promise)| !promise.held).map(|(place, _)| place).collect()
}

#[test]
fn a_right_answer_keeps_every_promise() {
    assert_eq!(broken(&right()), [0; 0]);
    let (compared, _) = compare("Partner", &right(), &taken(), &truth());
    assert_eq!((compared.people_received, compared.people_held), (4, 6));
}

#[test]
fn a_byte_that_was_received_and_is_not_in_the_answer_is_found() {
    let mut part = right();
    part.objects[1].ranges = vec![(1, 2 * BLOCK_BYTES)];
    part.objects[1].bytes.authorised -= 1;
    assert_eq!(broken(&part), [0]);
}

#[test]
fn an_object_of_somebody_elses_reading_is_found() {
    let mut part = right();
    part.objects[2] = object("c", 0, vec![(0, 10)], Form::Raw);
    part.names_only = 0;
    // The object was not asked for; it was not received either, so nothing else is out of order.
    assert_eq!(broken(&part), [1]);
}

#[test]
fn a_range_that_was_not_asked_for_is_found() {
    let mut part = right();
    part.objects[1] = object("b", 0, vec![(0, 2 * BLOCK_BYTES + 1)], Form::Raw);
    assert!(broken(&part).contains(&1));
}

#[test]
fn a_name_that_was_seen_and_is_not_in_the_answer_is_found() {
    let mut part = right();
    part.objects.pop();
    assert_eq!(broken(&part), [2]);
}

#[test]
fn a_minimum_above_what_was_received_is_found() {
    let mut part = right();
    part.objects[0].bytes.sent = SIZE + 1;
    assert_eq!(broken(&part), [3]);
    let mut part = right();
    part.bytes.sent = SIZE + 2 * BLOCK_BYTES + 1;
    assert_eq!(broken(&part), [3]);
}

#[test]
fn what_may_have_lain_in_the_kernel_is_tolerated_and_not_a_byte_more() {
    let size = 3 * IN_KERNEL_BYTES;
    let nobody = Content { size, ..Content::default() };
    let truth = Truth::from([(place("d"), nobody)]);
    let mut taken = Taken::default();
    let taking = taken.objects.entry(place("d")).or_default();
    taking.asked.add(0..size);
    taking.received.add(0..1000);
    let held = |sent: u64| {
        let mut part = right();
        part.objects = vec![ScopedObject { size, ..object("d", sent, vec![(0, size)], Form::Raw) }];
        part.bytes = Figure { sent, authorised: size };
        compare("Partner", &part, &taken, &truth).1[3].held
    };
    assert!(held(1000 + IN_KERNEL_BYTES));
    assert!(!held(1001 + IN_KERNEL_BYTES));
}

#[test]
fn a_wrong_number_of_people_is_found() {
    for (sent, authorised) in [(3, 4), (3, 6), (6, 5)] {
        let mut part = right();
        part.people = Figure { sent, authorised };
        assert_eq!(broken(&part), [4], "{sent} to {authorised}");
    }
    let mut part = right();
    part.types.insert(DataType::Email, Figure { sent: 0, authorised: 1 });
    assert_eq!(broken(&part), [4]);
    let mut part = right();
    part.types.clear();
    assert_eq!(broken(&part), [4]);
}

#[test]
fn an_answer_that_leaves_objects_unlisted_is_not_believed() {
    let mut part = right();
    part.objects_omitted = 1;
    assert_eq!(broken(&part), [0]);
}

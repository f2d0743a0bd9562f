//! Holds the program's answer about a credential against what the intruder's own client wrote down, and against the ground
//! truth about the bytes. Pure: an answer, a protocol, a truth, and what does not agree.

use std::collections::{BTreeMap, BTreeSet};

use base::word::{DataType, Form};
use custody::scope::{EngagementScope, Figure};
use serde::Serialize;

use crate::drill::diary::Promise;
use crate::drill::reader::{Taken, Taking};
use crate::drill::spans::Spans;
use crate::drill::truth::{Grain, People, Place, Truth, reached};

/// How many bytes of an answer may have lain in the kernel on the program's side when its connection was cut.
// LIMIT: the program counts an answer as sent once the kernel has all of it, and the pause discards what the kernel holds. So
// its minimum can be too high by this much for each connection that was cut. It is tolerated here, told in the report, and
// zero once the program counts what the other side has taken.
const IN_KERNEL_BYTES: u64 = 1 << 20;

/// What the program says about one engagement, beside what is known.
#[derive(Clone, Debug, Serialize)]
pub struct Compared {
    /// The partner, as the report calls it.
    pub partner: String,
    /// Objects whose bytes were reached: as the program says.
    pub objects: Figure,
    /// Objects of which the intruder's client received bytes.
    pub objects_received: u64,
    /// Objects in the engagement.
    pub objects_held: u64,
    /// Objects of which only the names became known: as the program says.
    pub names_only: u64,
    /// Bytes: as the program says.
    pub bytes: Figure,
    /// Bytes the intruder's client received, repeats counted once.
    pub bytes_received: u64,
    /// Bytes in the engagement: what could have been read.
    pub bytes_possible: u64,
    /// People: as the program says.
    pub people: Figure,
    /// People with an identifier in the very bytes that were received: the ground truth.
    pub people_received: u64,
    /// People in the engagement.
    pub people_held: u64,
    /// By type of data.
    pub types: Vec<TypeCompared>,
}

/// The same for one type of data.
#[derive(Clone, Debug, Serialize)]
pub struct TypeCompared {
    /// Which.
    pub data_type: DataType,
    /// People, as the program says.
    pub said: Figure,
    /// People with such data in the blocks that were authorised: what the program should say.
    pub expected: u64,
    /// People with such data in the very bytes that were received.
    pub received: u64,
}

/// Compares. The promises that come back say what held and what did not.
pub(super) fn compare(said: &str, part: &EngagementScope, taken: &Taken, truth: &Truth) -> (Compared, Vec<Promise>) {
    let authorised = authorised(part);
    let received: BTreeMap<&Place, Spans> = taken.received().map(|(place, spans)| (place, spans.clone())).collect();
    let by_byte = reached(truth, received.iter().map(|(place, spans)| (*place, spans.clone())), Grain::Byte);
    let left: BTreeMap<&Place, Spans> = taken.objects.iter().map(|(place, taking)| (place, left(taking))).collect();
    let by_block = reached(truth, left.iter().map(|(place, spans)| (*place, spans.clone())), Grain::Block);
    let expected = reached(truth, authorised.iter().map(|(place, spans)| (place, spans.clone())), Grain::Block);
    let everybody: BTreeSet<u32> = truth.values().flat_map(|content| &content.marks).map(|mark| mark.person).collect();

    let types = DataType::ALL.iter().filter_map(|data_type| {
        let said = part.types.get(data_type).copied().unwrap_or_default();
        let row = TypeCompared {
            data_type: *data_type,
            said,
            expected: expected.of(*data_type),
            received: by_byte.of(*data_type),
        };
        (row.said.authorised > 0 || row.expected > 0).then_some(row)
    });
    let compared = Compared {
        partner: said.to_owned(),
        objects: part.versions,
        objects_received: received.len() as u64,
        objects_held: truth.len() as u64,
        names_only: part.names_only,
        bytes: part.bytes,
        bytes_received: taken.bytes(),
        bytes_possible: truth.values().map(|content| content.size).sum(),
        people: part.people,
        people_received: by_byte.count(),
        people_held: everybody.len() as u64,
        types: types.collect(),
    };
    let promises = vec![
        nothing_left_out(said, part, &authorised, taken),
        nothing_added(said, &authorised, taken),
        names(said, part, &authorised, taken),
        bounds(part, taken, &left, &compared),
        people(&compared, &by_block, &expected),
    ];
    (compared, promises)
}

/// Every byte the client received is in the answer.
fn nothing_left_out(said: &str, part: &EngagementScope, authorised: &BTreeMap<Place, Spans>, taken: &Taken) -> Promise {
    let covered = |place: &Place, spans: &Spans| authorised.get(place).is_some_and(|said| said.covers(spans));
    let missing = taken.received().filter(|(place, spans)| !covered(place, spans)).count();
    Promise {
        promise: format!("Every byte of {said}'s data that the intruder received is in the answer."),
        held: missing == 0 && part.objects_omitted == 0,
        seen: format!(
            "{} objects and {} received; {missing} objects with bytes that are not in the answer",
            taken.received().count(),
            base::Bytes(taken.bytes())
        ),
    }
}

/// Nothing is in the answer that the intruder did not ask for: others read the same data at the same time.
fn nothing_added(said: &str, authorised: &BTreeMap<Place, Spans>, taken: &Taken) -> Promise {
    let asked = |place: &Place, spans: &Spans| taken.objects.get(place).is_some_and(|mine| mine.asked.covers(spans));
    let foreign = authorised.iter().filter(|(place, spans)| !asked(place, spans)).count();
    Promise {
        promise: format!("Nothing of {said}'s data is in the answer that the intruder did not ask for."),
        held: foreign == 0,
        seen: format!("{} objects in the answer; {foreign} objects with more than was asked for", authorised.len()),
    }
}

fn names(said: &str, part: &EngagementScope, authorised: &BTreeMap<Place, Spans>, taken: &Taken) -> Promise {
    let told: BTreeSet<Place> = part
        .objects
        .iter()
        .filter(|object| object.form == Form::Names)
        .map(|object| (object.bucket.clone(), object.key.clone()))
        .collect();
    let expected: BTreeSet<Place> =
        taken.names.iter().filter(|name| !authorised.contains_key(*name)).cloned().collect();
    Promise {
        promise: format!(
            "Objects of {said} of which the intruder saw only the name are told apart, and are all there."
        ),
        held: told == expected && part.names_only == expected.len() as u64,
        seen: format!("{} in the answer, {} seen by the intruder", part.names_only, expected.len()),
    }
}

/// What may have left the program: what was received, and what lay in the kernel when the connection was cut.
fn left(taking: &Taking) -> Spans {
    taking.received.extended(IN_KERNEL_BYTES, &taking.asked)
}

/// Sent ≤ received ≤ authorised ≤ possible, in all and for each object.
fn bounds(part: &EngagementScope, taken: &Taken, left: &BTreeMap<&Place, Spans>, compared: &Compared) -> Promise {
    let (mut over, mut in_kernel) = (0u64, 0u64);
    for object in &part.objects {
        let place = (object.bucket.clone(), object.key.clone());
        let received = taken.objects.get(&place).map_or(0, |taking| taking.received.len());
        let may_have_left = left.get(&place).map_or(0, Spans::len);
        let in_order = object.bytes.sent <= may_have_left
            && received <= object.bytes.authorised
            && object.bytes.authorised <= object.size;
        over = over.saturating_add(u64::from(!in_order));
        in_kernel = in_kernel.saturating_add(object.bytes.sent.saturating_sub(received));
    }
    let (sent, authorised) = (part.bytes.sent, part.bytes.authorised);
    let in_order = sent <= left.values().map(Spans::len).sum()
        && compared.bytes_received <= authorised
        && authorised <= compared.bytes_possible;
    Promise {
        promise: format!(
            "For {}, sent ≤ received ≤ authorised ≤ possible, in all and for each object, but for what lay in the kernel.",
            compared.partner
        ),
        held: over == 0 && in_order,
        seen: format!(
            "{} sent, {} received, {} authorised, {} possible; {over} objects out of order; {} lay in the kernel",
            base::Bytes(sent),
            base::Bytes(compared.bytes_received),
            base::Bytes(authorised),
            base::Bytes(compared.bytes_possible),
            base::Bytes(in_kernel)
        ),
    }
}

/// The people and the types of their data are those of the ground truth.
// LIMIT: the program counts everybody in a block of which any byte was sent, so its minimum is held against the truth by
// blocks. It can be a few people above the truth about the very bytes, which is why the report prints that beside it.
fn people(compared: &Compared, by_block: &People, expected: &People) -> Promise {
    let said = compared.people;
    let types_agree = compared.types.iter().all(|row| {
        row.said.authorised == row.expected
            && row.said.sent <= by_block.of(row.data_type)
            && row.received <= row.said.authorised
    });
    Promise {
        promise: format!(
            "The people of {}, by type of data and counted by blocks, are those of the ground truth.",
            compared.partner
        ),
        held: types_agree
            && said.authorised == expected.count()
            && said.sent <= by_block.count()
            && compared.people_received <= said.authorised,
        seen: format!(
            "at least {}, at most {}; the truth is {} in the bytes received and {} in the blocks authorised, of {} held",
            said.sent,
            said.authorised,
            compared.people_received,
            expected.count(),
            compared.people_held
        ),
    }
}

/// What the answer says was authorised, object by object.
fn authorised(part: &EngagementScope) -> BTreeMap<Place, Spans> {
    let mut all: BTreeMap<Place, Spans> = BTreeMap::new();
    for object in part.objects.iter().filter(|object| object.form != Form::Names) {
        let spans = all.entry((object.bucket.clone(), object.key.clone())).or_default();
        object.ranges.iter().for_each(|(from, to)| spans.add(*from..*to));
    }
    all
}

#[cfg(test)]
#[path = "measure_tests.rs"]
#[expect(clippy::arithmetic_side_effects, reason = "small numbers, and a test may panic")]
mod tests;

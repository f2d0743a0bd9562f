//! Properties of the book, against a count by brute force.

#![allow(clippy::arithmetic_side_effects, clippy::cast_sign_loss, clippy::cast_possible_truncation)]

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use roaring::RoaringBitmap;

use super::*;
use crate::content::{ANYWHERE, BLOCK_BYTES, Here};
use crate::meter::SLICES;
use crate::plan::Change;

const HOUR: i64 = 3_600;
const DAY: u64 = 86_400;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_800_000_000 + seconds)
}

fn who(principal: u8, session: Option<u8>) -> Who {
    Who {
        principal: PrincipalId::from_bytes([principal; 16]),
        session: session.map(|session| SessionId::from_bytes([session; 16])),
    }
}

/// A budget: whose, over how long, and its people, bytes and objects.
type Row = (Per, u64, Option<u64>, Option<u64>, Option<u64>);

/// A plan of these budgets alone.
fn plan(budgets: &[Row]) -> Plan {
    let budget = |(per, window_seconds, people, bytes, objects): &Row| Budget {
        per: *per,
        window_seconds: *window_seconds,
        people: *people,
        bytes: *bytes,
        objects: *objects,
        soft_percent: 80,
    };
    Plan::try_from(budgets.iter().map(budget).collect::<Vec<_>>()).unwrap()
}

fn people(limit: u64) -> Plan {
    plan(&[(Per::Session, DAY, Some(limit), None, None)])
}

/// A version with `blocks` blocks in each of which `each` people stand whom no other block or version names.
fn crowd(version: u32, blocks: u32, each: u32) -> Content {
    let here = |block: u32| {
        let first = version * 1_000_000 + block * each;
        Here { people: (first..first + each).collect(), strangers: 0 }
    };
    Content::scanned((0..blocks).map(|block| (block, here(block))).collect())
}

fn used(book: &mut Book, now: i64) -> Usage {
    let sessions = book.sessions(at(now));
    sessions[0].1[0]
}

#[test]
fn a_window_stops_after_the_block_that_crosses() {
    let mut book = Book::new(people(250));
    let (content, all) = (crowd(1, 100, 10), 0..100 * BLOCK_BYTES);
    let reader = who(1, Some(1));
    let mut from = 0;
    let mut windows = 0;
    let spent = loop {
        match book.charge(reader, at(0), 1, &(from..all.end), &content) {
            Ok(granted) => from = granted.to,
            Err(spent) => break spent,
        }
        windows += 1;
    };
    assert_eq!(from, 25 * BLOCK_BYTES);
    assert_eq!(spent.measure, Measure::People);
    assert!(windows <= 2 * STEPS, "{windows} windows");
    assert_eq!(used(&mut book, 0).people, 250);
    assert_eq!(book.look(reader, at(0), 1, &(from..all.end), &content).state(), BudgetState::Spent);
    // What was read already costs nobody new and may be read again.
    let again = book.charge(reader, at(0), 1, &(0..all.end), &content).unwrap();
    assert_eq!(again.to, from);
    // Another session has its own budget.
    assert!(book.charge(who(1, Some(2)), at(0), 1, &(from..all.end), &content).is_ok());
}

#[test]
fn the_block_that_crosses_is_let_through_whole_and_is_the_last() {
    let mut book = Book::new(people(5));
    let content = crowd(1, 3, 500);
    let reader = who(1, Some(1));
    let granted = book.charge(reader, at(0), 1, &(7..3 * BLOCK_BYTES), &content).unwrap();
    assert_eq!(granted.to, BLOCK_BYTES);
    let crossed: Vec<_> = granted.crossings.iter().map(|crossing| (crossing.grade, crossing.used)).collect();
    assert_eq!(crossed, [(Grade::Soft, 500), (Grade::Hard, 500)]);
    assert!(book.charge(reader, at(0), 1, &(BLOCK_BYTES..BLOCK_BYTES + 1), &content).is_err());
}

#[test]
fn bytes_and_objects_are_cut_exactly() {
    let mut book = Book::new(plan(&[(Per::Session, DAY, None, Some(1_000), Some(2))]));
    let (reader, none) = (who(1, Some(1)), Content::default());
    assert_eq!(book.charge(reader, at(0), 1, &(0..600), &none).unwrap().to, 600);
    assert_eq!(book.charge(reader, at(0), 2, &(100..1_000), &none).unwrap().to, 500);
    let spent = book.charge(reader, at(0), 2, &(0..1), &none).unwrap_err();
    assert_eq!(spent.measure, Measure::Bytes);
    book.give_back(reader, at(0), 300);
    assert_eq!(book.charge(reader, at(0), 3, &(0..9), &none).unwrap_err().measure, Measure::Objects);
    assert_eq!(book.charge(reader, at(0), 2, &(0..900), &none).unwrap().to, 300);
    assert_eq!(used(&mut book, 0).bytes, 1_000);
}

#[test]
fn what_was_given_back_late_frees_nothing_of_a_later_slice() {
    let mut book = Book::new(plan(&[(Per::Session, DAY, None, Some(1_000), None)]));
    let (reader, none) = (who(1, Some(1)), Content::default());
    book.charge(reader, at(0), 1, &(0..400), &none).unwrap();
    book.charge(reader, at(26 * HOUR), 1, &(0..500), &none).unwrap();
    book.give_back(reader, at(0), 400);
    assert_eq!(used(&mut book, 26 * HOUR).bytes, 500);
}

#[test]
fn strangers_count_each_and_once_a_place() {
    let content = Content::scanned([(0, Here { people: [1, 2].into(), strangers: 3 })].into());
    let mut book = Book::new(people(100));
    let reader = who(1, Some(1));
    book.charge(reader, at(0), 1, &(0..10), &content).unwrap();
    book.charge(reader, at(2 * HOUR), 1, &(10..20), &content).unwrap();
    assert_eq!(used(&mut book, 2 * HOUR).people, 5);
    book.charge(reader, at(2 * HOUR), 2, &(0..10), &content).unwrap();
    assert_eq!(used(&mut book, 2 * HOUR).people, 8, "another version may name others");
    // Read again at two o'clock, it counts until then and no longer than a slice more.
    assert_eq!(used(&mut book, 26 * HOUR).people, 8);
    assert_eq!(used(&mut book, 28 * HOUR).people, 0);
}

#[test]
fn what_nobody_has_scanned_counts_a_person_a_mebibyte() {
    let mut book = Book::new(people(3));
    let reader = who(1, Some(1));
    let granted = book.charge(reader, at(0), 1, &(0..10 << 20), &Content::unread()).unwrap();
    assert_eq!(granted.to, 1 << 20, "a step of a small budget");
    let more = book.charge(reader, at(0), 1, &(granted.to..10 << 20), &Content::unread()).unwrap();
    let last = book.charge(reader, at(0), 1, &(more.to..10 << 20), &Content::unread()).unwrap();
    assert!(book.charge(reader, at(0), 1, &(last.to..10 << 20), &Content::unread()).is_err());
    assert_eq!(last.to, 3 << 20);
}

#[test]
fn a_line_is_told_of_once_until_it_is_quiet_again() {
    let mut book = Book::new(people(10));
    let reader = who(1, Some(1));
    let mut crossings = |hour: i64, version: u32, each: u32| -> Vec<Grade> {
        let granted = book.charge(reader, at(hour * HOUR), version.into(), &(0..1), &crowd(version, 1, each)).unwrap();
        granted.crossings.iter().map(|crossing| crossing.grade).collect()
    };
    assert_eq!(crossings(0, 1, 7), []);
    assert_eq!(crossings(0, 2, 1), [Grade::Soft]);
    assert_eq!(crossings(1, 3, 1), []);
    assert_eq!(crossings(1, 4, 5), [Grade::Hard]);
    assert_eq!(crossings(1, 4, 5), [], "nobody new");
    assert_eq!(crossings(40, 5, 8), [Grade::Soft]);
}

#[test]
fn a_new_window_begins_with_what_the_longest_remembers() {
    let mut book = Book::new(people(1_000));
    let reader = who(1, Some(1));
    book.charge(reader, at(0), 1, &(0..1), &crowd(1, 1, 20)).unwrap();
    book.charge(reader, at(5 * HOUR), 2, &(0..1), &crowd(2, 1, 30)).unwrap();
    let change = Change {
        per: Per::Session,
        window_seconds: 3_600,
        people: Some(Some(40)),
        bytes: None,
        objects: None,
        soft_percent: None,
    };
    let now = 5 * HOUR + 60;
    let plan = book.plan().with(&change).unwrap();
    book.replan(plan, at(now));
    let usage: Vec<_> = book.sessions(at(now))[0].1.iter().map(|usage| usage.people).collect();
    assert_eq!(usage, [30, 50], "the hour before, the day");
    let granted = book.charge(reader, at(now), 3, &(0..1), &crowd(3, 1, 10)).unwrap();
    assert!(granted.crossings.iter().any(|crossing| crossing.budget.window_seconds == 3_600));
    assert!(book.charge(reader, at(now), 4, &(0..1), &crowd(4, 1, 1)).is_err());
}

#[test]
fn readers_of_long_ago_are_forgotten() {
    let mut book = Book::new(people(1_000));
    for session in 0..100 {
        book.charge(who(1, Some(session)), at(0), 1, &(0..1), &crowd(1, 1, 1)).unwrap();
    }
    assert_eq!(book.sessions(at(0)).len(), 100);
    book.charge(who(1, Some(200)), at(48 * HOUR), 1, &(0..1), &crowd(1, 1, 1)).unwrap();
    assert_eq!(book.sessions(at(48 * HOUR)).len(), 1);
}

/// What one read is: who, how long after the one before, what.
#[derive(Clone, Debug)]
struct Ask {
    session: u8,
    after: i64,
    version: u64,
    window: Range<u64>,
    back: bool,
}

fn asks() -> impl Strategy<Value = Vec<Ask>> {
    let window = (0..20 * BLOCK_BYTES, 1..6 * BLOCK_BYTES).prop_map(|(from, length)| from..from + length);
    let ask = (0..3u8, prop_oneof![Just(0), 1..3 * HOUR], 0..4u64, window, any::<bool>())
        .prop_map(|(session, after, version, window, back)| Ask { session, after, version, window, back });
    prop::collection::vec(ask, 1..120)
}

/// Versions in which people stand here and there, shared between blocks and versions, and one that nobody has scanned.
fn contents() -> impl Strategy<Value = Vec<Content>> {
    let here = (prop::collection::btree_set(0..200u32, 0..12), 0..3u64)
        .prop_map(|(people, strangers)| Here { people: people.into_iter().collect(), strangers });
    let place = prop_oneof![9 => 0..26u32, 1 => Just(ANYWHERE)];
    let scanned = prop::collection::btree_map(place, here, 0..20).prop_map(Content::scanned);
    prop::collection::vec(prop_oneof![9 => scanned, 1 => Just(Content::unread())], 4)
}

/// What was released, kept in the plainest form.
struct Released {
    session: u8,
    at: i64,
    version: u64,
    window: Range<u64>,
    bytes: u64,
}

/// Everybody whom these releases reached: known people, and strangers by place.
fn reached<'a>(contents: &[Content], releases: impl Iterator<Item = &'a Released>) -> u64 {
    let (mut known, mut strangers) = (BTreeSet::new(), BTreeMap::new());
    for release in releases {
        for piece in contents[release.version as usize].pieces(&release.window) {
            known.extend(piece.people.into_iter().flatten());
            strangers.insert((release.version, piece.key), piece.strangers);
        }
    }
    known.len() as u64 + strangers.values().sum::<u64>()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Within every window, a budget lets out its limit and the rest of one block at the most; bytes and objects not even that;
    /// the count is what brute force counts by slices; and a book that is written anew from the record says the same.
    #[test]
    fn a_budget_holds(asks in asks(), contents in contents(), hard in 1..120u64) {
        let (bytes, objects, window) = (40 * BLOCK_BYTES, 3, 6 * HOUR);
        let plan = plan(&[
            (Per::Session, window as u64, Some(hard), Some(bytes), Some(objects)),
            (Per::Engagement, window as u64, Some(2 * hard), None, None),
        ]);
        let (mut book, mut now) = (Book::new(plan.clone()), 0);
        let mut released: Vec<Released> = Vec::new();
        // The most people whom one block holds, with what lies anywhere in its version.
        let size = |piece: &crate::content::Piece<'_>| piece.people.map_or(0, RoaringBitmap::len) + piece.strangers;
        let most = contents.iter().flat_map(|content| {
            let pieces: Vec<_> = content.pieces(&(0..30 * BLOCK_BYTES)).collect();
            let anywhere = pieces.iter().filter(|piece| piece.key == ANYWHERE).map(size).sum::<u64>();
            pieces.iter().map(|piece| size(piece) + anywhere).collect::<Vec<_>>()
        }).max().unwrap_or(0);
        for ask in &asks {
            now += ask.after;
            let reader = who(ask.session, Some(ask.session));
            let content = &contents[ask.version as usize];
            let standing = book.look(reader, at(now), ask.version, &ask.window, content);
            let charged = book.charge(reader, at(now), ask.version, &ask.window, content);
            match &charged {
                Ok(granted) => {
                    prop_assert!(ask.window.start < granted.to && granted.to <= ask.window.end);
                    prop_assert!(!matches!(standing, Standing::Spent(_)));
                    let window = ask.window.start..granted.to;
                    let mut bytes = window.end - window.start;
                    if ask.back {
                        book.give_back(reader, at(now), bytes / 2);
                        bytes -= bytes / 2;
                    }
                    released.push(Released { session: ask.session, at: now, version: ask.version, window, bytes });
                }
                Err(spent) => prop_assert_eq!(standing, Standing::Spent(*spent)),
            }
            let mine = |release: &&Released| release.session == ask.session;
            let recent = |release: &&Released| release.at > now - window;
            let exact = reached(&contents, released.iter().filter(mine).filter(recent));
            prop_assert!(exact < hard + most.max(1), "{} people of {}", exact, hard);
            let all = reached(&contents, released.iter().filter(recent));
            prop_assert!(all < 2 * hard + most.max(1), "{} people of {}", all, 2 * hard);
            let sum: u64 = released.iter().filter(mine).filter(recent).map(|release| release.bytes).sum();
            prop_assert!(sum <= bytes);
            let versions: BTreeSet<u64> = released.iter().filter(mine).filter(recent).map(|release| release.version).collect();
            prop_assert!(versions.len() as u64 <= objects);

            let slice = |seconds: i64| at(seconds).0.div_euclid(window * 1_000_000 / SLICES);
            let counts = |release: &&Released| slice(release.at) >= slice(now) - SLICES;
            let by_slices = reached(&contents, released.iter().filter(mine).filter(counts));
            let live = book.sessions(at(now));
            let live = live.iter().find(|(id, _)| Some(*id) == reader.session).map(|(_, usage)| usage[0]);
            prop_assert_eq!(live.map_or(0, |usage| usage.people), by_slices);
        }
        let mut again = Book::new(plan);
        for release in &released {
            let reader = who(release.session, Some(release.session));
            again.record(reader, at(release.at), release.version, &release.window, &contents[release.version as usize]);
            again.give_back(reader, at(release.at), (release.window.end - release.window.start) - release.bytes);
        }
        let sorted = |book: &mut Book| {
            let mut all = book.sessions(at(now));
            all.retain(|(_, usage)| usage[0].objects > 0);
            all.sort_by_key(|(id, _)| *id);
            (all, book.usage(at(now)))
        };
        prop_assert_eq!(sorted(&mut book), sorted(&mut again));
    }
}

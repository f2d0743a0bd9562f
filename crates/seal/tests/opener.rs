//! What a receipt opens, and what it does not. Every receipt here was earned from a real ledger.

#![allow(missing_docs, unreachable_pub, dead_code, clippy::unwrap_used, clippy::panic)]

mod world;

use std::sync::Arc;

use base::Kind;
use base::object::SealedObject;
use base::word::{Form, Verb};
use ledger::Receipt;
use policy::{Target, Window};
use seal::{Opened, SealError};
use world::{Rest, World};

fn bytes(opened: Opened) -> Vec<u8> {
    let mut plain = Vec::new();
    for piece in opened {
        piece.unwrap().expose(|bytes| plain.extend_from_slice(bytes));
    }
    plain
}

fn refusal(world: &World, receipt: Receipt) -> SealError {
    world.opener.open(receipt).err().unwrap()
}

#[test]
fn a_receipt_opens_its_window_and_nothing_more() {
    let world = World::new(1);
    let plain = world.data(200_000);
    for rest in [Rest::Inline, Rest::Store] {
        let object = world.put(&[(1, &plain[..120_000]), (2, &plain[120_000..])], rest);
        for (from, to) in [(0, 200_000), (65_535, 65_537), (119_999, 120_001), (199_999, 200_000), (5, 5)] {
            let opened = world.opener.open(world.earn(&object, from, to)).unwrap();
            assert_eq!(opened.remaining(), to - from);
            let bounds = usize::try_from(from).unwrap()..usize::try_from(to).unwrap();
            assert_eq!(bytes(opened), &plain[bounds], "{rest:?} {from} {to}");
        }
    }
}

#[test]
fn what_was_opened_names_the_entry_that_paid() {
    let world = World::new(2);
    let object = world.put(&[(1, b"plaintext")], Rest::Inline);
    let (first, second) = (world.earn(&object, 0, 4), world.earn(&object, 0, 9));
    let (first_index, second_index) = (first.index(), second.index());
    assert_ne!(first_index, second_index);
    let mut opened = world.opener.open(second).unwrap();
    assert_eq!(opened.index(), second_index);
    assert_eq!(opened.access().bytes(), 9);
    assert!(opened.next().unwrap().is_ok());
    assert_eq!(opened.remaining(), 0);
    assert!(opened.next().is_none());
}

#[test]
fn only_receipts_for_plaintext_open_plaintext() {
    let world = World::new(3);
    let object = world.put(&[(1, b"plaintext")], Rest::Inline);
    let target = || Target::Bytes { object: Arc::clone(&object), window: Window { from: 0, to: 9 } };
    for form in [Form::Names, Form::View, Form::Sealed] {
        let refused = refusal(&world, world.earn_as(Verb::Read, form, target()));
        assert!(matches!(refused, SealError::NotRaw(_)), "{refused}");
        assert_eq!(refused.kind(), Kind::Refused);
    }
    let listing = world.earn_as(Verb::List, Form::Raw, Target::Dataset(world.dataset));
    assert!(matches!(refusal(&world, listing), SealError::NoBytes));
}

#[test]
fn a_receipt_for_a_changed_record_opens_nothing() {
    let world = World::new(4);
    let object = world.put(&[(1, b"plaintext")], Rest::Inline);
    let longer = Arc::new(SealedObject { size: 10, ..(*object).clone() });
    assert_eq!(refusal(&world, world.earn(&longer, 0, 10)).kind(), Kind::Corrupt);
    assert_eq!(refusal(&world, world.earn(&object, 0, 10)).kind(), Kind::Bug);
}

#[test]
fn destroyed_keys_are_beyond_any_receipt() {
    let world = World::new(6);
    let object = world.put(&[(1, b"plaintext")], Rest::Inline);
    let before = world.earn(&object, 0, 9);
    assert!(world.opener.open(world.earn(&object, 0, 9)).is_ok());
    world.ring.destroy_engagement_data(world.engagement).unwrap();
    assert_eq!(refusal(&world, before).kind(), Kind::Missing);
}

#[test]
fn an_export_costs_a_receipt_for_every_byte() {
    let world = World::new(7);
    let object = world.put(&[(1, b"plain"), (5, b"text")], Rest::Store);
    for (from, to) in [(0, 8), (1, 9), (0, 0)] {
        let refused = world.opener.export(world.earn(&object, from, to)).err().unwrap();
        assert!(matches!(refused, SealError::NotWhole(_)));
    }
    let export = world.opener.export(world.earn(&object, 0, 9)).unwrap();
    let numbers: Vec<u32> = export.parts.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, [1, 5]);
    assert!(export.keyset.expose(|json| json.starts_with(b"{\"primaryKeyId\":1,")));
    let names = world.earn_as(Verb::Head, Form::Names, Target::Bytes { object, window: Window { from: 0, to: 9 } });
    assert!(world.opener.export(names).is_err());
}

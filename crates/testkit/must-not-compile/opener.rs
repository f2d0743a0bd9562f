//! Only a receipt opens, it opens once, and it opens what was recorded.
//!
//! Fails if `seal::Opener` takes anything beside the receipt, or if what it opened can be forged, copied or printed.

use std::sync::Arc;

use base::object::SealedObject;
use ledger::Receipt;
use policy::Access;
use seal::{Opened, Opener};

pub fn paid(opener: &Opener, receipt: Receipt) -> Option<Opened> {
    opener.open(receipt).ok()
}

pub fn once(opener: &Opener, receipt: Receipt) {
    let _opened = opener.open(receipt);
    let _again = opener.open(receipt); //~ E0382 use of moved value: `receipt`
}

pub fn not_without(opener: &Opener, access: Access, object: Arc<SealedObject>) {
    let _bytes = access.bytes();
    let _size = object.size;
    let _opened = opener.open(access); //~ E0308 mismatched types
    let _opened = opener.open(object); //~ E0308 mismatched types
    let _opened = opener.open(); //~ E0061 this method takes 1 argument but 0 arguments were supplied
}

pub fn no_other_target(opener: &Opener, receipt: Receipt, other: Arc<SealedObject>) {
    let _size = other.size;
    let _opened = opener.open(receipt, other); //~ E0061 this method takes 1 argument but 2 arguments were supplied
}

pub fn not_past_it(opener: &Opener, receipt: &Receipt) {
    let _recorded = receipt.access();
    let _reader = opener.reader(receipt.access()); //~ E0624 method `reader` is private
}

pub fn not_copied(opened: &Opened) {
    let _left = opened.remaining();
    let _second: Opened = opened.clone(); //~ E0308 mismatched types
    let _third = *opened; //~ E0507 cannot move out of `*opened` which is behind a shared reference
}

pub fn not_printed(opened: &mut Opened) {
    let _left = format!("{}", opened.remaining());
    let _text = format!("{opened:?}"); //~ E0277 `seal::Opened` doesn't implement `Debug`
    let _text = format!("{:?}", opened.next()); //~ E0277 `Plain` doesn't implement `Debug`
}

fn from_nothing<T: Default>() {}
fn from_text<T: serde::de::DeserializeOwned>() {}

pub fn not_made() {
    from_nothing::<String>();
    from_text::<base::Timestamp>();
    from_nothing::<Opened>(); //~ E0277 the trait bound `seal::Opened: Default` is not satisfied
    from_text::<Opened>(); //~ E0277 the trait bound `seal::Opened: serde
}

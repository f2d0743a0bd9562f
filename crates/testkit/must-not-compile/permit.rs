//! A permit is minted by the decider alone, spent once, and neither copied nor read from text.
//!
//! Fails if `policy::Permit` gains a public field, a public maker, or a trait that copies or makes it.

use policy::{Access, Decider, Permit, Question};

pub fn earned(decider: &Decider, question: Question) -> Option<Permit> {
    decider.decide(question).ok()
}

pub fn forged(access: Access) {
    let _permit = Permit { access, policies: [].into(), tickets: Vec::new() }; //~ E0451 fields `access`, `policies` and `tickets` of struct `policy::Permit` are private
}

pub fn minted(access: Access) {
    let _permit = Permit::mint(access, [].into(), Vec::new()); //~ E0624 associated function `mint` is private
}

pub fn widened(mut permit: Permit) {
    let _allowed = permit.access();
    permit.access.names.clear(); //~ E0616 field `access` of struct `policy::Permit` is private
}

pub fn spent_once(permit: Permit) {
    let _access = permit.spend();
    let _again = permit.spend(); //~ E0382 use of moved value: `permit`
}

pub fn not_copied(permit: &Permit) {
    let _allowed = permit.access();
    let _second: Permit = permit.clone(); //~ E0308 mismatched types
    let _third = *permit; //~ E0507 cannot move out of `*permit` which is behind a shared reference
}

fn from_nothing<T: Default>() {}
fn from_text<T: serde::de::DeserializeOwned>() {}
fn cloned<T: Clone>() {}

pub fn not_made() {
    from_nothing::<String>();
    from_text::<base::Timestamp>();
    cloned::<Access>();
    from_nothing::<Permit>(); //~ E0277 the trait bound `policy::Permit: Default` is not satisfied
    from_text::<Permit>(); //~ E0277 the trait bound `policy::Permit: serde
    cloned::<Permit>(); //~ E0277 the trait bound `policy::Permit: Clone` is not satisfied
}

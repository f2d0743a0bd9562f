//! A caller is established by `custody::Identity` alone, from a claim that was verified.
//!
//! Fails if `custody::Caller` gains a public field, a public maker, or a trait that copies or makes it.

use std::sync::Arc;

use base::id::{EngagementId, PrincipalId};
use custody::{Caller, Identity, S3Claim};
use policy::Who;

pub fn established(identity: &Identity, claim: &S3Claim<'_>) -> Option<Caller> {
    identity.workload(claim).ok().map(|(caller, _key)| caller)
}

pub fn forged(who: Arc<Who>) {
    let _caller = Caller { who, engagement: None, tickets: Vec::new(), ..loop {} }; //~ E0451 of struct `Caller` are private
}

pub fn not_the_scanner(principal: PrincipalId) {
    let _caller = Caller::scanner(principal); //~ E0624 associated function `scanner` is private
}

pub fn not_elsewhere(mut caller: Caller, other: EngagementId) {
    let _compartment = caller.engagement();
    caller.engagement = Some(other); //~ E0616 field `engagement` of struct `Caller` is private
}

pub fn not_copied(caller: &Caller) {
    let _who = caller.who();
    let _second: Caller = caller.clone(); //~ E0308 mismatched types
    let _third = *caller; //~ E0507 cannot move out of `*caller` which is behind a shared reference
}

fn from_nothing<T: Default>() {}
fn from_text<T: serde::de::DeserializeOwned>() {}

pub fn not_made() {
    from_nothing::<String>();
    from_text::<base::Timestamp>();
    from_nothing::<Caller>(); //~ E0277 the trait bound `Caller: Default` is not satisfied
    from_text::<Caller>(); //~ E0277 the trait bound `Caller: serde
}

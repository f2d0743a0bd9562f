//! What signs, and what a session's holder is handed, cannot be printed by accident.
//!
//! Fails if a signing key or `custody::sessions::Issued` gains `Debug` or `Display`, or a person's key can be copied.

use attest::SigningKey;
use custody::sessions::Issued;
use custody::signature::SigningKey as RequestKey;

pub fn the_public_half_is_shown(key: &SigningKey) -> String {
    format!("{:?}", key.public())
}

pub fn keys_are_not(key: &SigningKey, request: &RequestKey, log: &attest::note::Signer) {
    let _text = format!("{:?}", log.verifier().name());
    let _text = format!("{key:?}"); //~ E0277 `attest::SigningKey` doesn't implement `Debug`
    let _text = format!("{request:?}"); //~ E0277 `custody::signature::SigningKey` doesn't implement `Debug`
    let _text = format!("{log:?}"); //~ E0277 `Signer` doesn't implement `Debug`
    let _key: SigningKey = key.clone(); //~ E0308 mismatched types
    let _text = key.pair.as_ref(); //~ E0616 field `pair` of struct `attest::SigningKey` is private
}

pub fn a_signature_is_checked_in_constant_time(key: &RequestKey, text: &str, signature: &str) -> bool {
    let _ = key == key; //~ E0369 binary operation `==` cannot be applied to type `&custody::signature::SigningKey`
    key.accepts(text, signature)
}

pub fn issued(issued: &Issued) {
    let _text = format!("{}", issued.session);
    let _text = format!("{issued:?}"); //~ E0277 `Issued` doesn't implement `Debug`
    let _text = format!("{issued}"); //~ E0277 `Issued` doesn't implement `std::fmt::Display`
    let _second: Issued = issued.clone(); //~ E0308 mismatched types
}

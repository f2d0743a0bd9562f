//! Secrets and customers' plaintext are not printed, copied, written out, or compared with `==`.
//!
//! Fails if `base::Secret` or `base::Plain` gains a trait whose ordinary use would leak it.

use base::{Plain, Secret};

#[derive(serde::Serialize)]
pub struct Written {
    pub size: u64,
    pub key: Secret<32>, //~ E0277 the trait bound `base::Secret<32>: serde
}

#[derive(Debug)]
pub struct Shown {
    pub size: u64,
    pub plain: Plain, //~ E0277 `Plain` doesn't implement `Debug`
}

#[derive(Clone)]
pub struct Kept {
    pub size: u64,
    pub key: Secret<32>, //~ E0277 the trait bound `base::Secret<32>: Clone` is not satisfied
}

pub fn used_inside(secret: &Secret<32>) -> u8 {
    secret.expose(|bytes| bytes[0])
}

pub fn not_printed(secret: &Secret<32>, plain: &Plain) {
    let _text = format!("{}", plain.len());
    let _text = format!("{secret:?}"); //~ E0277 `base::Secret<32>` doesn't implement `Debug`
    let _text = format!("{secret}"); //~ E0277 `base::Secret<32>` doesn't implement `std::fmt::Display`
    let _text = format!("{plain:?}"); //~ E0277 `Plain` doesn't implement `Debug`
    let _text = format!("{plain}"); //~ E0277 `Plain` doesn't implement `std::fmt::Display`
}

pub fn compared_in_constant_time(one: &Secret<32>, other: &Secret<32>) -> bool {
    let _ = one == other; //~ E0369 binary operation `==` cannot be applied to type `&base::Secret<32>`
    one.same(other)
}

pub fn not_copied(secret: &Secret<32>, plain: &Plain) {
    let _size = plain.len();
    let _second: Secret<32> = secret.clone(); //~ E0308 mismatched types
    let _second: Plain = plain.clone(); //~ E0308 mismatched types
    let _bytes = secret.0; //~ E0616 field `0` of struct `base::Secret` is private
}

fn written<T: serde::Serialize>() {}
fn read<T: serde::de::DeserializeOwned>() {}
fn from_nothing<T: Default>() {}

pub fn not_written() {
    written::<base::Timestamp>();
    read::<base::Timestamp>();
    from_nothing::<String>();
    written::<Secret<32>>(); //~ E0277 the trait bound `base::Secret<32>: serde
    written::<Plain>(); //~ E0277 the trait bound `Plain: serde
    read::<Secret<32>>(); //~ E0277 the trait bound `base::Secret<32>: serde
    from_nothing::<Secret<32>>(); //~ E0277 the trait bound `base::Secret<32>: Default` is not satisfied
}

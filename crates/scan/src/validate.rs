//! Validators: the checks that rules name.
//!
//! Each is a small function over one value. Rules name them, those of users too, so a name is a promise.

use std::fmt;

mod americas;
mod asia_africa;
mod device;
mod digits;
mod europe;
mod finance;
mod health;
mod north_east;

/// What a passed check is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Proof {
    /// Forms and ranges that many numbers have.
    Ranges,
    /// One check digit: chance passes one time in ten or so.
    Digit,
    /// Check digits that chance passes less than one time in a hundred, or one together with a date.
    Strong,
}

/// A value as a check sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Value<'a> {
    /// As it is written.
    pub(crate) raw: &'a [u8],
    /// Its letters and digits, in capitals.
    pub(crate) compact: &'a [u8],
}

/// One check.
pub(crate) struct Check {
    pub(crate) name: &'static str,
    /// What a report says that the value passed: alone, and with a key word near.
    pub(crate) says: [&'static str; 2],
    pub(crate) proof: Proof,
    pub(crate) passes: fn(Value<'_>) -> bool,
}

/// Writes a [`Check`]; what it says of itself is written once.
macro_rules! check {
    ($name:literal, $proof:ident, $says:literal, $passes:expr) => {
        $crate::validate::Check {
            name: $name,
            says: [$says, concat!($says, " and key word")],
            proof: $crate::validate::Proof::$proof,
            passes: $passes,
        }
    };
}
use check;

/// A check that a rule names.
#[derive(Clone, Copy)]
pub struct Validator(&'static Check);

impl Validator {
    /// The check called `name`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        checks().find(|check| check.name == name).map(Self)
    }

    /// What the checks are called.
    pub fn names() -> impl Iterator<Item = &'static str> {
        checks().map(|check| check.name)
    }

    /// Whether `value` passes.
    pub(crate) fn passes(self, value: Value<'_>) -> bool {
        (self.0.passes)(value)
    }

    /// What passing is worth.
    pub(crate) const fn proof(self) -> Proof {
        self.0.proof
    }

    /// What a report says that a value passed.
    pub(crate) const fn says(self) -> &'static str {
        self.0.says[0]
    }

    /// The same, if a key word stands near.
    pub(crate) const fn says_with_key_word(self) -> &'static str {
        self.0.says[1]
    }

    /// What it is called.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.0.name
    }
}

impl fmt::Debug for Validator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Validator").field(&self.0.name).finish()
    }
}

/// Every check.
fn checks() -> impl Iterator<Item = &'static Check> {
    let files: [&'static [Check]; 8] = [
        digits::CHECKS,
        americas::CHECKS,
        europe::CHECKS,
        north_east::CHECKS,
        asia_africa::CHECKS,
        health::CHECKS,
        finance::CHECKS,
        device::CHECKS,
    ];
    files.into_iter().flatten()
}

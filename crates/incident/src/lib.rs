//! Incidents on paper: what the record of one must hold, and what is made of it.
//!
//! Clocks and stages ([`clock`], [`stage`]) are state machines; rules of law and contract are dated data ([`rule`], [`book`]);
//! the deadline engine ([`deadline`]) joins both with a census of people ([`census`]). All of it is pure: the caller hands in
//! what happened and what time it is, and keeps what comes out.
//!
//! It never decides law. Every rule names where it was read, when, and who confirmed it; whatever rests on it says so.

pub mod annex;
pub mod assemble;
pub mod book;
pub mod calendar;
pub mod census;
pub mod changes;
pub mod clock;
pub mod deadline;
pub mod draft;
pub mod elements;
mod error;
mod exposure;
pub mod figure;
pub mod letter;
pub mod page;
pub mod partner;
mod plot;
pub mod report;
pub mod rule;
#[cfg(test)]
mod schema_tests;
#[cfg(test)]
mod specimen;
pub mod stage;
pub mod word;

pub use error::IncidentError;

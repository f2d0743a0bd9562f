//! Incidents: who noticed what, who does what about it, what it reached, who is told, and what is learnt.
//!
//! An incident is its lines ([`mod@line`]): acts of named people, in order, sealed and never changed, each an entry of the ledger in
//! the same transaction (`book`, `chain`). What it is said to have reached is asked anew for every report, of the same
//! record that everything else rests on.
//!
//! The states, clocks, rules of law and forms of the report are the crate `incident`'s, which is pure; here they meet the record.
//!
//! # Threats
//! An operator who would rather not have known: a clock cannot be moved, a line cannot be taken out, a figure cannot fall without
//! a reason, and the ledger knows how many lines there are. A partner who wants to learn of another: each file is made from its
//! own engagement's slice and sealed under that engagement's key, and what stands in its chain speaks of nobody else.

pub mod acts;
mod book;
mod census;
mod chain;
pub mod contain;
mod draft;
pub mod line;
pub mod people;
pub mod report;
pub mod scoping;
mod slice;
pub mod view;

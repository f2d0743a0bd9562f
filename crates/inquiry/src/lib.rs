//! What is asked of scope, and who could reach what at which time. Pure: the record is handed in.
//!
//! - [`expression`]: whose accesses are meant, as a tree of AND, OR and NOT over selectors;
//! - [`text`]: how people write one;
//! - [`attributes`]: what a session is bound to beside its place: host, image, run;
//! - [`standing`]: grants, sessions, datasets and states, replayed from the acts of the ledger.

pub mod attributes;
pub mod expression;
pub mod standing;
pub mod text;

pub use attributes::Attributes;
pub use expression::{Atom, Expression, Kind};
pub use standing::{Act, Standing};

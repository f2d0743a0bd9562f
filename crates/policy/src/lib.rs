//! Decides who may do what, and mints the [`Permit`] that says so.
//!
//! Policies are Cedar, with a schema; default deny, and forbid beats permit. The crate is pure: state, grants, approvals and
//! object classes arrive as facts in a [`Question`]; nothing is fetched. What was decided, and by which policies, travels in
//! the permit into the ledger.
//!
//! ```text
//! Question → Inputs → cache ─┬─────────────→ floor → Permit | Denial
//!                            └─ miss → Cedar ──┘
//! ```
//!
//! `Inputs` is all that a decision can depend on: it is what Cedar is shown, what the cache is keyed by, and what
//! the ledger keeps for replay.

pub mod access;
pub mod decider;
pub mod denial;
pub mod error;
pub mod permit;
pub mod question;
pub mod rule;

mod cache;
mod cedar;
mod floor;
mod inputs;

pub use access::{Access, Target, Who, Window};
pub use decider::Decider;
pub use denial::Denial;
pub use error::PolicyError;
pub use permit::Permit;
pub use question::{DatasetFacts, EngagementFacts, Facts, GrantFacts, ObjectFacts, Question};
pub use rule::{Effect, Rule};

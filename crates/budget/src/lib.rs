//! How much may leave: budgets of people, bytes and objects, over sliding windows, for each session, principal and engagement.
//!
//! ```text
//! Plan (what may leave) ─┐
//! Content (who is where) ┼─▶ Book::charge ─▶ how far a window may reach
//! what left so far ──────┘
//! ```
//!
//! Pure: no I/O and no clock; who calls says what time it is. The numbers are rebuilt from the ledger at every start, so nothing here
//! is ever written down but the plan.

mod book;
mod content;
mod meter;
mod plan;

pub use book::{Book, Crossing, Grade, Granted, Spent, Standing, Usage, Who};
pub use content::{ANYWHERE, BLOCK_BYTES, Content, Here, UNREAD_BLOCKS};
pub use meter::SLICES;
pub use plan::{Budget, Change, Measure, NotAPlan, Per, Plan};

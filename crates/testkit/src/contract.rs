//! Contract suites: one for each port; every implementation runs it, memory included.
//!
//! A suite is a function that a test calls with a way to make fresh instances. It panics where the contract does not hold.

mod blobs;
mod committer;
mod documents;
mod keys;

pub use blobs::blobs;
pub use committer::{CommitterCase, committer};
pub use documents::documents;
pub use keys::keys;

//! Custody for AI training data: the program, as a library so that its tests and its drill use the very same parts.
//!
//! ```text
//! cli ──┬─ a running server: client::AdminClient
//!       └─ this machine: init, serve ── wiring ── custody and everything below it
//! ```
//!
//! [`wiring`] is the one file where the handles that mint proofs are made and moved to their owners.

pub mod certificates;
pub mod chance;
pub mod cli;
pub mod client;
pub mod clock;
pub mod config;
mod couriers;
pub mod drill;
pub mod error;
pub mod exit;
pub mod files;
pub mod init;
pub mod interpreter;
pub mod logging;
pub mod output;
pub mod run_file;
pub mod serve;
pub mod spawner;
pub mod when;
pub mod wiring;

pub use error::Error;

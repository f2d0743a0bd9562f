//! The append-only record.
//!
//! One commit queue per node: whatever changes state or reveals data goes through it, and a batch is one transaction with
//! the catalog's changes and the entries together. The queue turns a [`policy::Permit`] into a [`Receipt`]; behind the write
//! path a publisher integrates entries into the tree and signs checkpoints.

mod audit;
mod draft;
mod error;
mod evidence;
mod publisher;
mod queue;
mod reader;
mod receipt;
mod recent;
mod releaser;
mod sequencer;
mod steady;

pub use audit::{Audited, audit};
pub use draft::Draft;
pub use error::LedgerError;
pub use evidence::pack;
pub use publisher::{Published, Publisher};
pub use queue::{Cut, Queue, Started, Writer, start};
pub use reader::{Opened, Reader};
pub use receipt::Receipt;
pub use releaser::{ADDRESS, OLDEST_PERMIT_SECONDS, RELEASE, Releaser, read_runs, runs};
pub use sequencer::{Place, Recorded};
pub use steady::SteadyClock;

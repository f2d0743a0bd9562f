//! What exists: one portable SQL layer, the commit queue's transactions, bitmaps.
//!
//! The catalog knows sizes, places and digests; what is personal or confidential in it arrives sealed. It promises that a
//! batch is one transaction, that rows read back as they were written or are `Corrupt`, and that a point read costs
//! microseconds. It never decides whether somebody may see something.

mod alarms;
mod apply;
mod blobs;
mod budgets;
mod bypasses;
mod catalog;
mod codec;
mod committer;
mod contracts;
mod decoys;
mod entries;
mod error;
mod facts;
mod incidents;
mod jobs;
mod kept;
pub mod model;
mod packs;
mod parties;
mod rights;
mod row;
mod scans;
mod schema;
pub mod sql;
mod sqlite;
mod statistics;
mod told;
mod touches;
mod uploads;
mod versions;

pub use catalog::Catalog;
pub use committer::CatalogCommitter;
pub use error::CatalogError;
pub use statistics::Statistics;
pub use versions::VersionBrief;

//! The domain: who asks, what may leave, what comes in, what is paused, what was reached, and how it is proved.
//!
//! ```text
//! a claim → Caller → Permit → Receipt → Opened → bytes
//!           identity  judge    release   open     delivery
//! ```
//!
//! [`access`] is the one way out and [`intake`] the one way in. Everything else sets up, stops, or explains these two.

pub mod access;
mod affirm;
pub mod alarms;
pub mod approvals;
pub mod budget_office;
mod budget_record;
pub mod budgets;
pub mod bypass;
pub mod contracts;
mod copy;
pub mod cors;
pub mod custody;
pub mod datasets;
mod decoys;
pub mod delivery;
pub mod digests;
pub mod directory;
pub mod entries;
pub mod error;
pub mod evidence;
mod facts;
pub mod findings;
pub mod founding;
pub mod history;
pub mod identity;
pub mod incidents;
pub mod incoming;
mod indexer;
pub mod intake;
mod jobs;
mod join;
pub mod listing;
pub mod locking;
pub mod meta;
mod names;
mod noise;
pub mod office;
pub mod outbox;
pub mod pause;
pub mod people;
pub mod place;
pub mod planting;
pub mod profile;
pub mod quarantine;
mod reach;
mod reading;
pub mod receivers;
pub mod record;
pub mod rehearsal;
pub mod removal;
pub mod rescan;
pub mod scope;
pub mod sessions;
pub mod settings;
mod settle;
mod shelf;
pub mod signature;
mod sink;
mod stretches;
mod sweep;
mod tagging;
pub mod touch;
mod tripwire;
pub mod upload;
pub mod upload_listing;
pub mod version;
mod worker;

pub use custody::{Custody, NoWire, Parts, Queue, Wire};
pub use error::{Clash, CustodyError, DeleteMarker, Thing, Unknown};
pub use identity::{Caller, Identity, PersonClaim, S3Claim};
pub use policy::Window;

//! The words every other crate speaks.
//!
//! Ids, time, chance, secrets, quantities, error kinds, and the narrow traits ("ports") through which the parts reach the
//! outside. Something enters this crate only when three parts need it. It performs no I/O and knows no other crate.

pub mod entropy;
pub mod error;
pub mod fence;
pub mod id;
pub mod lock;
pub mod object;
pub mod ports;
pub mod quantity;
pub mod residence;
pub mod secret;
pub mod time;
pub mod word;

pub use entropy::Entropy;
pub use error::{Fault, Kind};
pub use fence::{Fence, Ticket};
pub use quantity::{Bytes, Millis};
pub use residence::Residence;
pub use secret::{Plain, Secret};
pub use time::{Clock, Timestamp};

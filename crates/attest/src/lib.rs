//! Formats that strangers check: entries, trees, tiles, signed notes, checkpoints, proofs, packs, signatures of people.
//!
//! Pure: no I/O, no clock, no chance. Everything here can be re-implemented from its description by someone who does not
//! trust us, and most of it already has been: RFC 6962, RFC 9421 and the C2SP formats have public tools. What is ours alone
//! (the commitment of an entry, the tree of chain heads, the pack) is described to the byte beside the code that writes it.

pub mod approval;
pub mod checkpoint;
pub mod cosignature;
pub mod digest;
pub mod entry;
pub mod error;
pub mod heads;
pub mod key;
pub mod note;
pub mod pack;
pub mod payload;
pub mod person;
pub mod private;
pub mod proof;
pub mod tile;
pub mod tree;
pub mod trust;

pub use digest::{Hash, sha256};
pub use error::Error;
pub use key::{PublicKey, SigningKey};

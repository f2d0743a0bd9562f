//! Sealed bytes at rest: local files, flushed in a stated order.
//!
//! The store knows ids and lengths, never keys or plaintext. It promises that what it acknowledged survives a power loss, and
//! that what it did not acknowledge is either there whole, there in part under a name nobody relies on, or not there.

mod blobs;
mod documents;
pub mod durable;
mod error;
mod fences;
mod folder;
mod keys;
pub mod name;
mod private;

pub use blobs::LocalBlobs;
pub use documents::LocalDocuments;
pub use durable::{Disk, LocalDisk};
pub use error::StoreError;
pub use fences::FenceFile;
pub use folder::Store;
pub use keys::LocalKeys;
pub use private::private_file;

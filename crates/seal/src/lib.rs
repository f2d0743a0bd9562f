//! Sealed streams and the key hierarchy; spends receipts to open.
//!
//! ```text
//! put:  ObjectSealer ── StreamSealer a part ── sealed bytes, WrappedKey
//! get:  Receipt ── Opener ── Opened ── Plain, segment by segment
//! keys: RootKey ── KeyRing ── epoch ── one key a version
//! ```
//!
//! What this crate promises: nothing sealed in one engagement opens with anything that belongs to another; no plaintext
//! leaves before its tag has verified, nor without a receipt; unwrapped keys never leave this crate's memory, and are erased
//! there. It performs no I/O of its own: sealed bytes and wrapped keys come through the ports of `base`.

mod binding;
mod chain;
mod epoch;
mod error;
mod fields;
mod key_file;
pub mod keyset;
mod layout;
mod local_root;
mod object;
mod opener;
mod reader;
mod record;
mod ring;
mod root;
mod segment;
mod stream;
mod stream_cache;
mod subject;
#[cfg(test)]
mod testing;
mod token;
mod wrap;
mod xaes;

pub use binding::{Identity, part as part_binding};
pub use error::{RootFileProblem, SealError, Unauthentic};
pub use fields::{Digest, Fields};
pub use keyset::Export;
pub use layout::{Layout, Segment};
pub use local_root::{LocalRoot, check_file};
pub use object::{MOST_PARTS, ObjectSealer, rewrap};
pub use opener::{Opened, Opener};
pub use record::RecordSealer;
pub use ring::KeyRing;
pub use root::{RootDescription, RootKey};
pub use segment::{NoOpener, SegmentOpener};
pub use stream::{DEFAULT_SEGMENT_SIZE, DerivedKey, Hash, Parameters, StreamSealer};
pub use subject::{DIGEST_BYTES, SubjectDigest};
pub use token::{SECRET_CHARACTERS, Tokens};

//! Opens what must be unpacked, and hands the texts inside to the scanner.
//!
//! An object is read at offsets through a [`Source`]. What it is is told by its content; containers are walked to a
//! bounded depth, and every finding goes to a [`Sink`] with its [`Place`]: the path inside, and the range of the *object*
//! that holds it, because that range is what a reader of the object is shown. What was not looked at is an [`Entry`] of
//! the [`Report`] with the reason: silence means that there was nothing.
//!
//! ```
//! # struct Keyed;
//! # impl scan::Digester for Keyed {
//! #     fn digest(&self, _: base::word::DataType, _: &[u8]) -> [u8; 16] { [0; 16] }
//! # }
//! # struct Kept(Vec<String>);
//! # impl unpack::Sink for Kept {
//! #     fn take(&mut self, place: &unpack::Place<'_>, _: scan::Finding) { self.0.push(place.path.to_owned()) }
//! # }
//! let unpacker = unpack::Unpacker::new(scan::Scanner::default(), std::sync::Arc::new(Keyed));
//! let mut kept = Kept(Vec::new());
//! let object = b"write to ada@example.org";
//! let report = unpacker.examine(object, &scan::Hint::default(), &mut kept)?;
//! assert!(report.is_complete());
//! assert_eq!(kept.0.len(), 1);
//! # Ok::<(), unpack::UnpackError>(())
//! ```
//!
//! The crate is pure: it performs no I/O save through the source, reads no clock, and keeps no value.
//!
//! # Threats
//! Whoever writes an object may want the scanner to crash, to run for ever, to fill the memory, or to pass something over.
//! Every length that a file states is checked against the bytes that are there; what is unpacked is counted against a
//! [`Limits`] that is shared by the whole object, so that bombs cost little however they nest; names are shown and never
//! followed; what is broken or too much is reported by name.

mod arrow;
mod avro;
mod codec;
mod compress;
mod cursor;
mod error;
mod flatbuffer;
mod image;
mod kind;
mod limits;
mod model;
mod office;
mod parquet;
mod pdf;
mod pickle;
mod place;
mod report;
mod rows;
mod source;
mod stream;
mod tar;
mod text;
mod thrift;
mod walk;
mod zip;

pub use error::UnpackError;
pub use kind::Kind;
pub use limits::Limits;
pub use pickle::{Import, Standing};
pub use place::{Flat, Place, Sink, Spot};
pub use report::{Entry, Oddity, Outcome, Report, Why};
pub use source::Source;
pub use walk::Unpacker;

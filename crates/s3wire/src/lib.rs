//! What S3 requests look like on the wire: signatures, chunked framing, forms, ranges, error codes.
//!
//! Pure: it reads texts and bytes that strangers sent and holds no key. Whoever holds the session's secret compares the
//! signature; whoever owns the socket feeds the decoder. A crate of its own, so that its parsers can be fuzzed without the
//! rest of the program.

pub mod chunked;
pub mod digest;
pub mod form;
pub mod post_policy;
pub mod range;
pub mod refusal;
pub mod sigv4;

pub use refusal::{Code, Refusal};

//! Reads the access logs of the backing store and matches them, one to one, with our own fetches.
//!
//! What the store served and no fetch of ours explains went round the program: a *bypass*. It is sealed bytes only, since
//! keys never lie in the store in the clear; but somebody has them.
//!
//! ```
//! let mut logs = reconcile::Logs::default();
//! let line = b"79a5 sealed [24/Nov/2026:05:42:00 +0000] 198.51.100.7 arn:aws:iam::1:user/eve 3E57427F33A59F07 REST.GET.OBJECT blobs/2c/blob_00000000000000000000000000 \"GET /x HTTP/1.1\" 200 - 4096 4096 7 6 \"-\" \"-\" -\n";
//! logs.read("log-1", line)?;
//! let found = reconcile::match_rows(&logs.rows, &[], &reconcile::Ours::default());
//! assert_eq!(found.bypass.len(), 1);
//! # Ok::<(), reconcile::LogError>(())
//! ```
//!
//! Pure: it reads bytes that it is handed, no clock and no file.
//!
//! # Threats
//! Whoever reads the store directly also writes part of its log: the path, the agent, the referer. They want a row to be
//! taken for another or passed over. Fields are read from the front, none that a stranger writes is searched for a meaning,
//! and a line that does not read stops the import: an import is whole or it is not there.

mod cloudtrail;
mod error;
mod logs;
mod matching;
mod row;
mod server_log;

pub use error::LogError;
pub use logs::{FileRead, Logs, MAX_LOG_BYTES};
pub use matching::{Bypass, Fetch, Matched, Ours, SKEW_SECONDS, Why, match_rows};
pub use row::{Act, Row, Thing};

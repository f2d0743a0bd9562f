//! Scans files and folders that are in nobody's custody, and says what is in them.
//!
//! [`Walk`] lists files, [`run`] scans them on several threads and makes a [`Survey`], [`render`] turns that into a table,
//! JSON, CSV, SARIF or a page. [`predict`] scans texts for whoever scores the scanner on labelled data of their own.
//!
//! Nothing here needs a server, a key or a catalog: identities are digested under a key that the caller makes up and
//! forgets, and serve to tell equal values from different ones within one survey.
//!
//! # Threats
//! Whoever filled the folder may want the scan to leave it (symbolic links are not followed), to hang (only regular files
//! are opened), to hide something (what was not read is listed by name and reason), or to steer the terminal of whoever
//! reads the report (control characters are escaped). Whoever reads the report must not learn the values: it holds where they
//! are, and a masked sample.

mod file;
mod found;
mod lines;
mod people;
mod predict;
pub mod render;
mod run;
mod tally;
mod walk;

pub use file::{Looked, Note, State};
pub use found::{Found, MOST_FINDINGS};
pub use lines::Place;
pub use people::Count;
pub use predict::{Broken, Predicted, ReadAs, predict};
pub use run::{Job, Survey, Watch, run};
pub use tally::{Row, Tally};
pub use walk::{Listed, Walk};

//! What personal data is in an object, where, and about how many people.
//!
//! Bytes are pushed in as they stream by. The format is recognised ([`Format`]), the stream is cut into records and
//! texts, detectors look at each text, and every [`Finding`] goes to a [`Sink`]; [`Folder`] is the sink that turns
//! findings into the [`Facts`] the catalog keeps.
//!
//! ```
//! # struct Keyed;
//! # impl scan::Digester for Keyed {
//! #     fn digest(&self, _: base::word::DataType, canonical: &[u8]) -> [u8; 16] {
//! #         let mut digest = [0; 16];
//! #         digest.iter_mut().zip(canonical).for_each(|(to, from)| *to = *from);
//! #         digest
//! #     }
//! # }
//! let scanner = scan::Scanner::new(scan::Options::default());
//! let mut folder = scan::Folder::new(scan::Blocks { first: 65_480, rest: 65_520 });
//! let mut scan = scanner.begin(&scan::Hint::default(), std::sync::Arc::new(Keyed));
//! scan.push(br#"{"name": "Ada", "contact": "ada@exam"#, &mut folder);
//! scan.push(br#"ple.org"}"#, &mut folder);
//! let report = scan.finish(&mut folder);
//! assert_eq!(report.outcome, scan::Outcome::Scanned);
//! assert_eq!(folder.finish().mentions().count(), 1);
//! ```
//!
//! The crate is pure: it performs no I/O, reads no clock, and what it says depends on the bytes alone, never on how
//! they were chunked. A value is never kept: a finding holds where it is and a keyed digest of its canonical form.
//!
//! # Threats
//! Everything scanned was written by somebody who may not want it found, or may want the scanner to stall or crash.
//! Memory is bounded by [`WINDOW_BYTES`] per scan and by what the sink keeps; time is linear in the input, because
//! every detector looks at a bounded stretch round an anchor; whatever could not be read in full is listed as a
//! [`Limit`].

mod anchor;
mod context;
mod detect;
mod examine;
mod facts;
mod finding;
mod lexicon;
mod magic;
mod marks;
pub mod names;
mod passage;
mod pattern;
mod read;
mod report;
mod rules;
mod sample;
mod scanner;
mod sniff;
pub mod specimen;
mod structure;
mod text;
mod validate;

pub use detect::masked;
pub use facts::{ANYWHERE, Blocks, Facts, Folder, MOST_PHONES, Mention};
pub use finding::{Confidence, Digester, Finding, Sink};
pub use passage::{Passage, Passages};
pub use report::{Format, Limit, LimitKind, Outcome, Reason, Report};
pub use rules::{Need, Origin, Rule, RuleId, Rules, RulesError};
pub use sample::Sample;
pub use scanner::{Hint, Options, Scan, Scanner, WINDOW_BYTES};
pub use structure::{Field, Holds, Structure};
pub use validate::Validator;

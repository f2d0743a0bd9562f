//! Contracts of datasets: what a document of the Open Data Contract Standard says, and what follows from it.
//!
//! A contract is read strictly. What is wrong is refused, all of it at once, with line, field and remedy; what is right but means
//! nothing here is listed ([`Contract::not_understood`]), never passed over in silence. The text itself is kept by whoever asked.
//!
//! ```
//! let contract = contract::Contract::read("
//! apiVersion: v3.1.0
//! kind: DataContract
//! id: interviews
//! version: 1.0.0
//! status: active
//! schema:
//!   - name: rows
//!     properties:
//!       - name: worker
//!         customProperties: [{property: cofferdamSubjectKey, value: true}]
//! ")?;
//! assert_eq!(contract.terms.collections[0].fields[0].holds, Some(contract::Holds::Subject { kind: None }));
//! # Ok::<(), contract::ContractError>(())
//! ```
//!
//! The crate is pure: text in, terms out.
//!
//! # Threats
//! A contract is written by people of two organisations and read by a program that acts on it. Whoever writes one may want the
//! program to stall, or to see something else than a reader does: see `yaml.rs`.

mod class;
mod error;
mod read;
mod schema;
mod terms;
mod walk;
mod yaml;

pub use class::{Class, UnknownClass};
pub use error::{ContractError, Fault};
pub use read::Contract;
pub use terms::{Classed, Collection, Field, Holds, LogicalType, Names, Terms, Unscannable};
pub use walk::{Left, Why};
pub use yaml::LARGEST_CONTRACT_BYTES;

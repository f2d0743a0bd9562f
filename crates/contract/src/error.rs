//! Why a contract cannot be used: everything that is wrong with it, each with its line, its field and what to do.

use std::fmt;

use base::Kind;

use crate::yaml::LARGEST_CONTRACT_BYTES;

/// How many faults are written out.
const MOST_SHOWN: usize = 20;

/// A failure to read a contract. It is always the document's.
#[derive(Debug, PartialEq, Eq)]
pub enum ContractError {
    /// Reading a document that is too large.
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// Reading a document with nothing in it.
    Empty,
    /// Reading a document with these faults.
    Faults(Vec<Fault>),
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The line, from 1.
    pub line: usize,
    /// The field: `schema[0].properties[2].logicalType`; empty where the text is no YAML.
    pub field: String,
    /// What is wrong.
    pub problem: String,
    /// What to do.
    pub remedy: String,
}

impl Fault {
    pub(crate) fn new(line: usize, field: &str, problem: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { line, field: field.to_owned(), problem: problem.into(), remedy: remedy.into() }
    }
}

impl ContractError {
    /// What kind of failure this is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        Kind::Invalid
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: ", self.line)?;
        if !self.field.is_empty() {
            write!(f, "`{}`: ", self.field)?;
        }
        write!(f, "{}\n  {}", self.problem, self.remedy)
    }
}

impl fmt::Display for ContractError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { bytes } => write!(
                f,
                "the contract has {bytes} bytes, more than {LARGEST_CONTRACT_BYTES}\nleave out what is not about this dataset"
            ),
            Self::Empty => f.write_str("the contract is empty\nwrite a document of the Open Data Contract Standard"),
            Self::Faults(faults) => {
                f.write_str("the contract cannot be used:")?;
                for fault in faults.iter().take(MOST_SHOWN) {
                    write!(f, "\n{fault}")?;
                }
                match faults.len().checked_sub(MOST_SHOWN) {
                    None | Some(0) => Ok(()),
                    Some(more) => write!(f, "\nand {more} more"),
                }
            }
        }
    }
}

impl std::error::Error for ContractError {}

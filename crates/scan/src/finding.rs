//! A finding: a type of data at a place. Never the value.

use base::Residence;
use base::word::DataType;

use crate::rules::RuleId;
use crate::sample::Sample;

/// How sure a detector is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// It has the form, and its surroundings speak of it; a check failed or there is none.
    Low,
    /// It passes the checks there are, or has the form and a key word beside it.
    Medium,
    /// It passes checks that chance rarely passes.
    High,
}

/// One value found in an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it is.
    pub data_type: DataType,
    /// The rule that found it; see [`crate::Scanner::rules`].
    pub rule: RuleId,
    /// Offset of its first byte in the object.
    pub from: u64,
    /// Offset one past its last byte, as written: escapes included.
    pub to: u64,
    /// The record it is in, counted from 0: a line of JSONL, a row, an element of a JSON array, a paragraph.
    pub record: u64,
    /// The part of the record: the innermost JSON object, counted from 1 (0 outside any), or the line of a paragraph.
    pub part: u32,
    /// The check it passed, for the person who reads the report.
    pub validator: &'static str,
    /// How sure that is.
    pub confidence: Confidence,
    /// What a report may show of it.
    pub sample: Sample,
    /// Where the person lives, if a contract says that this is that.
    pub residence: Option<Residence>,
    /// The keyed digest of its canonical form: equal values have equal identities, within one engagement.
    pub identity: [u8; 16],
}

/// Turns a canonical value into an identity, under the engagement's subject key.
///
/// The canonical forms: an e-mail in lower case; a telephone number as digits with its country code where one is known;
/// a card or social security number as bare digits; an IBAN in upper case without spaces. Any other begins with the id of
/// its rule and a colon, so that equal digits of two countries are two people. A person's key of a contract begins with its kind
/// or its dataset.
pub trait Digester: Send + Sync {
    /// The identity of `canonical`. Different types must not collide: the type is part of what is digested.
    fn digest(&self, data_type: DataType, canonical: &[u8]) -> [u8; 16];
}

/// Takes findings as they are made, in the order of their records.
pub trait Sink {
    /// Takes one finding.
    fn take(&mut self, finding: Finding);
}

impl Sink for Vec<Finding> {
    fn take(&mut self, finding: Finding) {
        self.push(finding);
    }
}

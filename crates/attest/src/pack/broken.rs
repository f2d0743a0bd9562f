//! Why a pack does not verify: which place of it, and which rule.

use std::fmt;

use base::Kind;

use crate::error::Error;

/// The first rule that a pack breaks.
#[derive(Debug)]
pub struct Broken {
    place: Place,
    rule: Rule,
}

/// Where in a pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The pack as a whole.
    Pack,
    /// A member of the archive.
    Member(&'static str),
    /// The line of `entries.jsonl` that should hold the entry with this place in the chain.
    Entry {
        /// The line, from 1.
        line: u64,
        /// The place in the chain.
        seq: u64,
    },
}

/// What does not hold.
#[derive(Debug)]
pub enum Rule {
    /// The archive is not in the one form a pack has.
    Archive(&'static str),
    /// The content does not have the digest that `SHA256SUMS` says.
    Damaged,
    /// The content cannot be read.
    Unreadable(String),
    /// The checkpoint is not one that the trust policy endorses.
    Checkpoint(Error),
    /// The checkpoint is of another log than the pack says.
    OtherLog,
    /// The heads entry is not the last leaf of the checkpoint.
    HeadsNotLast,
    /// The entry is not in the log: its text, salt, place or chain was changed, or it was never recorded.
    NotInLog,
    /// The heads entry is of another kind, or malformed.
    NotHeads,
    /// The head of the chain is not covered by the heads entry.
    HeadNotCovered,
    /// The pack begins in the middle of the chain, at a place nobody has proven before.
    UnprovenStart,
    /// The pack does not continue the head that was proven earlier.
    OtherHistory,
    /// The chain is shorter than it was proven to be earlier: entries were taken back.
    RolledBack,
    /// An entry is missing, repeated, or out of order.
    Sequence {
        /// The place that the line has.
        found: u64,
    },
    /// The chain's first entry says that the chain has another place among the heads: there are two chains.
    OtherPlace,
    /// The entry does not name the one before it.
    NotChained,
    /// The entry stands in the log before the one that precedes it in the chain.
    LogOrder,
    /// A private field is not the one that was committed.
    PrivateField(String),
    /// The time runs backwards: a clock was moved.
    ClockMoved {
        /// By how many seconds.
        seconds: u64,
    },
    /// Entries are missing at the end, or there are too many.
    Count {
        /// How many there should be.
        expected: u64,
        /// How many there are.
        found: u64,
    },
    /// The last entry is not the head of the chain.
    NotTheHead,
}

impl Broken {
    pub(super) const fn at(place: Place, rule: Rule) -> Self {
        Self { place, rule }
    }

    /// Where.
    #[must_use]
    pub const fn place(&self) -> Place {
        self.place
    }

    /// What.
    #[must_use]
    pub const fn rule(&self) -> &Rule {
        &self.rule
    }

    /// Always [`Kind::Corrupt`].
    #[must_use]
    pub const fn kind(&self) -> Kind {
        Kind::Corrupt
    }
}

impl Rule {
    /// The rule's name in JSON.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Archive(_) => "archive",
            Self::Damaged => "damaged",
            Self::Unreadable(_) => "unreadable",
            Self::Checkpoint(_) => "checkpoint",
            Self::OtherLog => "other-log",
            Self::HeadsNotLast => "heads-not-last",
            Self::NotInLog => "not-in-log",
            Self::NotHeads => "not-heads",
            Self::HeadNotCovered => "head-not-covered",
            Self::UnprovenStart => "unproven-start",
            Self::OtherHistory => "other-history",
            Self::RolledBack => "rolled-back",
            Self::Sequence { .. } => "sequence",
            Self::OtherPlace => "other-place",
            Self::NotChained => "not-chained",
            Self::LogOrder => "log-order",
            Self::PrivateField(_) => "private-field",
            Self::ClockMoved { .. } => "clock-moved",
            Self::Count { .. } => "count",
            Self::NotTheHead => "not-the-head",
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pack => f.write_str("pack"),
            Self::Member(name) => write!(f, "`{name}`"),
            Self::Entry { line, seq } => write!(f, "entry {seq} (line {line} of `entries.jsonl`)"),
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Archive(why) => {
                write!(
                    f,
                    "{why}\nuse the archive as it was handed over: one that was unpacked and packed again is refused"
                )
            }
            Self::Damaged => {
                f.write_str("its content was changed or damaged: its SHA-256 is not the one in `SHA256SUMS`")
            }
            Self::Unreadable(why) => write!(f, "it cannot be read: {why}"),
            Self::Checkpoint(_) => f.write_str("the checkpoint is not endorsed"),
            Self::OtherLog => f.write_str("the checkpoint is of another log than `pack.json` says"),
            Self::HeadsNotLast => f.write_str("the heads entry is not the last entry under the checkpoint"),
            Self::NotInLog => f.write_str("it is not in the log as it stands here: it was changed, or never recorded"),
            Self::NotHeads => f.write_str("the entry in it is not a heads entry"),
            Self::HeadNotCovered => f.write_str("the heads entry does not cover this head of the chain"),
            Self::UnprovenStart => f.write_str(
                "it begins in the middle of the chain\n\
                 name the head that the earlier pack proved, with `--since LENGTH:BASE64`",
            ),
            Self::OtherHistory => f.write_str("it does not continue the head that was proven earlier"),
            Self::RolledBack => f.write_str("the chain is shorter than it was proven to be earlier"),
            Self::Sequence { found } => {
                write!(f, "entry {found} stands in its place: an entry was dropped, repeated or moved")
            }
            Self::OtherPlace => {
                f.write_str("it states another place among the heads than the one proven here: there are two chains")
            }
            Self::NotChained => f.write_str("it does not continue the entry before it"),
            Self::LogOrder => f.write_str("it stands earlier in the log than the entry before it"),
            Self::PrivateField(name) => write!(f, "the private field `{name}` is not the one that was recorded"),
            Self::ClockMoved { seconds } => {
                write!(f, "its time is {seconds} seconds before that of an earlier entry: a clock was moved")
            }
            Self::Count { expected, found } => {
                write!(f, "the chain has {expected} entries from the start of the pack on, and the pack holds {found}")
            }
            Self::NotTheHead => f.write_str("its last entry is not the head of the chain"),
        }
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.rule)
    }
}

impl std::error::Error for Broken {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.rule {
            Rule::Checkpoint(error) => Some(error),
            _ => None,
        }
    }
}

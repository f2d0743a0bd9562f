//! What was read as what, and what was not looked at.

use std::collections::BTreeMap;
use std::fmt;

use scan::{Format, Limit, Reason};

use crate::kind::Kind;
use crate::pickle::{Import, Standing};

/// How many entries a report lists itself. Sinks see all of them.
const MOST_LISTED: usize = 1000;

/// The result of an examination, apart from its findings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// How many bytes the object has.
    pub bytes: u64,
    /// How many bytes were unpacked from it.
    pub unpacked: u64,
    /// How many records there are in all texts.
    pub records: u64,
    /// How many findings were made.
    pub findings: u64,
    /// How many entries there are: the object, its members, their members.
    pub entries: u64,
    /// How many entries were not read, or not to their end, by reason.
    pub not_scanned: BTreeMap<Why, u64>,
    /// The first entries, what is inside before what it is inside of. Those not read come first when there are too many.
    pub listed: Vec<Entry>,
}

impl Report {
    /// Whether everything was looked at.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.not_scanned.is_empty()
    }

    /// Adds an entry.
    pub(crate) fn add(&mut self, entry: Entry) {
        self.entries = self.entries.saturating_add(1);
        let gap = match entry.outcome {
            Outcome::Read => None,
            Outcome::Partly(why) | Outcome::NotScanned(why) => Some(why),
        };
        if let Some(why) = gap {
            let count = self.not_scanned.entry(why).or_default();
            *count = count.saturating_add(1);
        }
        if self.listed.len() < MOST_LISTED {
            self.listed.push(entry);
        } else if gap.is_some()
            && let Some(place) = self.listed.iter().rposition(|listed| listed.outcome == Outcome::Read)
        {
            self.listed.remove(place);
            self.listed.push(entry);
        }
    }
}

/// One thing in the tree: the object, a member of it, what a stream unpacks to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its path, from the object's name on: `shard.tar!docs/a.jsonl.gz!a.jsonl`.
    pub path: String,
    /// How many containers it is in.
    pub depth: u8,
    /// What it is.
    pub kind: Kind,
    /// What the scanner read it as, if it is a text.
    pub format: Option<Format>,
    /// How many of its bytes were read.
    pub bytes: u64,
    /// How many members it has, if it is a container.
    pub members: u64,
    /// How many records it has itself.
    pub records: u64,
    /// How many findings were made in it itself.
    pub findings: u64,
    /// Whether it was read.
    pub outcome: Outcome,
    /// What the scanner could not do as it should.
    pub limits: Vec<Limit>,
    /// What is strange about it, each once.
    pub oddities: Vec<Oddity>,
    /// What loading it would import and call, if it is a program as much as data.
    pub imports: Vec<Import>,
}

impl Entry {
    /// The imports that do more than build data: whoever loads this runs them.
    pub fn unsafe_imports(&self) -> impl Iterator<Item = &Import> {
        self.imports.iter().filter(|import| import.standing != Standing::Data)
    }

    /// Notes something strange.
    pub(crate) fn note(&mut self, oddity: Oddity) {
        if !self.oddities.contains(&oddity) {
            self.oddities.push(oddity);
        }
    }
}

/// Whether an entry was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// To its end.
    Read,
    /// Up to a point.
    Partly(Why),
    /// Not at all.
    NotScanned(Why),
}

/// Why something was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// It needs a password.
    Encrypted,
    /// No detector reads such a thing.
    Unreadable(Reason),
    /// A way of writing the format that is not read here.
    Unsupported(&'static str),
    /// It is not what its format says it must be.
    Broken(&'static str),
    /// It lies in too many containers.
    TooDeep,
    /// It unpacks to far more than a file of its size does.
    Bomb,
    /// The object unpacks to more than is allowed.
    TooLarge,
    /// It must be read at offsets, lies in a compressed stream, and is too large to be held in memory.
    TooLargeToHold,
    /// The object has more members than are allowed.
    TooMany,
    /// It points to something else; links are not followed.
    Link,
}

impl Why {
    /// The word used in reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Encrypted => "encrypted",
            Self::Unreadable(reason) => reason.word(),
            Self::Unsupported(_) => "unsupported",
            Self::Broken(_) => "broken",
            Self::TooDeep => "too-deep",
            Self::Bomb => "bomb",
            Self::TooLarge => "too-large",
            Self::TooLargeToHold => "too-large-to-hold",
            Self::TooMany => "too-many-members",
            Self::Link => "link",
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsupported(what) | Self::Broken(what) => write!(f, "{}: {what}", self.word()),
            _ => f.pad(self.word()),
        }
    }
}

/// Something strange about an entry that was read all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Oddity {
    /// A name leads out of the folder that it would be unpacked to.
    EscapingName,
    /// A name was cut, or has characters that do not belong in one.
    OddName,
    /// The places in which a container states something say different things.
    HeadersDisagree,
    /// Members of a container lie in each other.
    Overlap,
    /// Bytes that no member owns: another program may see more members.
    UnlistedBytes,
    /// Members follow behind the end of the archive. They were read.
    BehindTheEnd,
    /// A stated length or checksum is wrong.
    WrongChecksum,
}

impl Oddity {
    /// The word used in reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::EscapingName => "escaping-name",
            Self::OddName => "odd-name",
            Self::HeadersDisagree => "headers-disagree",
            Self::Overlap => "overlap",
            Self::UnlistedBytes => "unlisted-bytes",
            Self::BehindTheEnd => "behind-the-end",
            Self::WrongChecksum => "wrong-checksum",
        }
    }
}

impl fmt::Display for Oddity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

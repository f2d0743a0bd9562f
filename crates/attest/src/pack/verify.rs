//! Checking a pack. Trusts nothing but what it is told to trust.
//!
//! # Threats
//! The pack comes from someone who may want to hide an entry, change one, or show a made-up history. They can write anything
//! but the log's signature and the witnesses'. Work is bounded by the size of the pack.

use std::collections::BTreeMap;

use base::Timestamp;
use base::id::ChainId;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::digest::{Hash, base64};
use crate::entry::{MAX_ENTRY_BYTES, Outline, START};
use crate::heads::HeadsEntry;
use crate::note::Note;
use crate::pack::broken::{Broken, Place, Rule};
use crate::pack::{FORMAT, Header, MOST_CLOCK_STEP_SECONDS, PackedEntry, PackedHeads, Since, archive, member, write};
use crate::private;
use crate::tree;
use crate::trust::{Cosigned, Endorsed, Policy};

/// What to trust.
#[derive(Clone, Debug)]
pub enum Trust {
    /// This policy, from elsewhere.
    Policy(Policy),
    /// What the pack says of itself. It then proves only that the pack fits together.
    PackItself,
}

/// Where the log's key came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeySource {
    /// The one who verifies.
    Given,
    /// The pack.
    PackItself,
}

/// What a pack was found to prove.
#[derive(Clone, Debug, Serialize)]
#[must_use]
pub struct Verified {
    /// The log.
    pub origin: String,
    /// The chain.
    pub chain: ChainId,
    /// The chain's place in the tree of heads; the same in every pack of this chain.
    pub ordinal: u64,
    /// The first entry's place in the chain.
    pub from: u64,
    /// The length of the chain.
    pub to: u64,
    /// How many entries the pack holds.
    pub entries: u64,
    /// How many of each kind.
    pub kinds: BTreeMap<String, u64>,
    /// How many private fields are opened.
    pub private_fields: u64,
    /// The earliest time of an entry.
    pub first: Option<Timestamp>,
    /// The latest time of an entry.
    pub last: Option<Timestamp>,
    /// When the heads entry was made: the chain is complete up to here.
    pub complete_at: Timestamp,
    /// The head that is proven now, for the next pack's `--since`.
    pub head: String,
    /// The size of the log at the checkpoint.
    pub checkpoint_size: u64,
    /// The root of the log at the checkpoint, in base64.
    pub checkpoint_root: String,
    /// The key of the log that signed it.
    pub log_key: String,
    /// Where that key came from.
    pub key_source: KeySource,
    /// The quorum of witnesses that was asked for and reached; `None` if none was asked for.
    pub quorum: Option<String>,
    /// The trusted witnesses that cosigned.
    pub cosigned: Vec<Cosigned>,
    /// When the pack says it was made; not proven.
    pub made_at: Timestamp,
}

/// Checks a pack against `trust`, and against the head that was proven earlier, if one was.
///
/// # Errors
/// [`Broken`]: the first rule that does not hold, and where.
pub fn verify(pack: &[u8], trust: &Trust, since: Option<Since>) -> Result<Verified, Broken> {
    let members = archive::read(pack, member::ALL)?;
    let [readme, header, checkpoint, keys, heads, entries, sums] = members;
    check_sums([readme, header, checkpoint, keys, heads, entries], sums)?;

    let header: Header = read_json(member::PACK, header)?;
    if header.format != FORMAT {
        return Err(unreadable(member::PACK, format!("its format is not `{FORMAT}`")));
    }
    let (policy, key_source) = match trust {
        Trust::Policy(policy) => (policy.clone(), KeySource::Given),
        Trust::PackItself => {
            let keys = read_text(member::KEYS, keys)?.parse().map_err(|error| unreadable(member::KEYS, error))?;
            (keys, KeySource::PackItself)
        }
    };
    let note = Note::parse(read_text(member::CHECKPOINT, checkpoint)?);
    let endorsed = note.and_then(|note| policy.endorse(&note));
    let endorsed = endorsed.map_err(|error| Broken::at(Place::Member(member::CHECKPOINT), Rule::Checkpoint(error)))?;
    if endorsed.checkpoint().origin != header.origin {
        return Err(Broken::at(Place::Member(member::CHECKPOINT), Rule::OtherLog));
    }

    let heads: PackedHeads = read_json(member::HEADS, heads)?;
    let heads_entry = check_heads(&heads, &header, &endorsed)?;
    let walked = Walk::start(&header, &heads, since)?.all(read_text(member::ENTRIES, entries)?, &endorsed)?;
    walked.finish(&heads, &heads_entry)?;

    let Walk { header, count, kinds, private_fields, first, last, .. } = walked;
    let checkpoint = endorsed.checkpoint();
    Ok(Verified {
        origin: header.origin.clone(),
        chain: header.chain,
        ordinal: heads.ordinal,
        from: header.from,
        to: header.to,
        entries: count,
        kinds,
        private_fields,
        first,
        last,
        complete_at: heads_entry.at,
        head: Since { length: heads.length, data: heads.data }.to_string(),
        checkpoint_size: checkpoint.size,
        checkpoint_root: base64(&checkpoint.root),
        log_key: endorsed.log().to_string(),
        key_source,
        quorum: endorsed.quorum().map(str::to_owned),
        cosigned: endorsed.cosigned().to_vec(),
        made_at: header.made_at,
    })
}

/// Checks that the heads entry is the last leaf under the checkpoint, and that it covers the head of the chain.
fn check_heads(heads: &PackedHeads, header: &Header, endorsed: &Endorsed) -> Result<HeadsEntry, Broken> {
    let broken = |rule| Broken::at(Place::Member(member::HEADS), rule);
    let size = endorsed.checkpoint().size;
    if heads.index.checked_add(1) != Some(size) {
        return Err(broken(Rule::HeadsNotLast));
    }
    check_included(&heads.data(), heads.index, &heads.proof, endorsed).map_err(broken)?;
    let entry = HeadsEntry::read(heads.entry.as_bytes()).map_err(|_| broken(Rule::NotHeads))?;
    entry.covers(&heads.head(header.chain), &heads.path).map_err(|_| broken(Rule::HeadNotCovered))?;
    // In the system's own chain the heads entry is the next one: its link says the same as the tree of heads.
    let follows = heads.seq == heads.length && heads.previous == heads.data;
    if header.chain == ChainId::SYSTEM && !follows {
        return Err(broken(Rule::NotChained));
    }
    Ok(entry)
}

/// The walk along the chain.
struct Walk<'a> {
    header: &'a Header,
    /// The chain's place among the heads, as proven.
    ordinal: u64,
    since: Option<Since>,
    /// The data of the entry before the next one.
    previous: Hash,
    /// The index after which the next entry must stand.
    after: Option<u64>,
    count: u64,
    kinds: BTreeMap<String, u64>,
    private_fields: u64,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
}

impl<'a> Walk<'a> {
    /// Where the walk begins: at the first entry ever, or at the head that was proven earlier.
    fn start(header: &'a Header, heads: &PackedHeads, since: Option<Since>) -> Result<Self, Broken> {
        let broken = |rule| Err(Broken::at(Place::Pack, rule));
        if header.to != heads.length || header.from > header.to {
            let found = header.to.saturating_sub(header.from);
            return broken(Rule::Count { expected: heads.length.saturating_sub(header.from), found });
        }
        let previous = match since {
            Some(since) if since.length > heads.length => return broken(Rule::RolledBack),
            Some(since) if since.length == header.from => since.data,
            _ if header.from == 0 => START,
            _ => return broken(Rule::UnprovenStart),
        };
        Ok(Self {
            header,
            ordinal: heads.ordinal,
            since,
            previous,
            after: None,
            count: 0,
            kinds: BTreeMap::new(),
            private_fields: 0,
            first: None,
            last: None,
        })
    }

    fn all(mut self, lines: &str, endorsed: &Endorsed) -> Result<Self, Broken> {
        let lines = match lines.strip_suffix('\n') {
            Some(lines) => lines,
            None if lines.is_empty() => return Ok(self),
            None => return Err(unreadable(member::ENTRIES, "its last line is cut")),
        };
        for line in lines.split('\n') {
            let seq = self.next_seq();
            let place = Place::Entry { line: self.count.saturating_add(1), seq };
            self.step(seq, line, endorsed).map_err(|rule| Broken::at(place, rule))?;
        }
        Ok(self)
    }

    fn next_seq(&self) -> u64 {
        self.header.from.saturating_add(self.count)
    }

    fn step(&mut self, seq: u64, line: &str, endorsed: &Endorsed) -> Result<(), Rule> {
        let packed: PackedEntry = serde_json::from_str(line).map_err(|error| Rule::Unreadable(error.to_string()))?;
        if packed.seq != seq {
            return Err(Rule::Sequence { found: packed.seq });
        }
        if packed.entry.len() > MAX_ENTRY_BYTES {
            return Err(Rule::Unreadable("the entry is too long".to_owned()));
        }
        // In this order, so that a changed entry is named itself and not the one after it.
        let data = packed.data(self.header.chain);
        check_included(&data, packed.index, &packed.proof, endorsed)?;
        if packed.previous != self.previous {
            return Err(Rule::NotChained);
        }
        if self.after.is_some_and(|after| packed.index <= after) {
            return Err(Rule::LogOrder);
        }
        if let Some(since) = self.since.filter(|since| since.length.checked_sub(1) == Some(seq))
            && since.data != data
        {
            return Err(Rule::OtherHistory);
        }
        if let Some(name) = private::mismatch(&packed.private, packed.entry.as_bytes()) {
            return Err(Rule::PrivateField(name.to_owned()));
        }
        let outline = Outline::read(packed.entry.as_bytes()).map_err(|error| Rule::Unreadable(error.to_string()))?;
        if seq == 0 && outline.ordinal.is_some_and(|stated| stated != self.ordinal) {
            return Err(Rule::OtherPlace);
        }
        check_clock(self.last, outline.at)?;

        self.first = Some(self.first.map_or(outline.at, |first| first.min(outline.at)));
        self.last = Some(self.last.map_or(outline.at, |last| last.max(outline.at)));
        let opened = u64::try_from(packed.private.len()).unwrap_or(u64::MAX);
        self.private_fields = self.private_fields.saturating_add(opened);
        let of_kind = self.kinds.entry(outline.kind).or_default();
        *of_kind = of_kind.saturating_add(1);
        self.count = self.count.saturating_add(1);
        self.previous = data;
        self.after = Some(packed.index);
        Ok(())
    }

    /// Checks that the walk ended at the head.
    fn finish(&self, heads: &PackedHeads, entry: &HeadsEntry) -> Result<(), Broken> {
        let expected = self.header.to.saturating_sub(self.header.from);
        if self.count != expected {
            return Err(Broken::at(Place::Pack, Rule::Count { expected, found: self.count }));
        }
        if self.previous != heads.data {
            // With no entry in the pack, the head that was proven earlier should have been this one.
            let rule = if self.count == 0 { Rule::OtherHistory } else { Rule::NotTheHead };
            return Err(Broken::at(Place::Pack, rule));
        }
        check_clock(self.last, entry.at).map_err(|rule| Broken::at(Place::Member(member::HEADS), rule))
    }
}

fn check_included(data: &Hash, index: u64, proof: &[Hash], endorsed: &Endorsed) -> Result<(), Rule> {
    let checkpoint = endorsed.checkpoint();
    tree::verify_inclusion(&tree::leaf(data), index, checkpoint.size, proof, &checkpoint.root)
        .map_err(|_| Rule::NotInLog)
}

fn check_clock(latest: Option<Timestamp>, now: Timestamp) -> Result<(), Rule> {
    match latest {
        Some(latest) if now < latest.plus_seconds(MOST_CLOCK_STEP_SECONDS.saturating_neg()) => {
            Err(Rule::ClockMoved { seconds: latest.micros_since(now).div_euclid(1_000_000) })
        }
        _ => Ok(()),
    }
}

fn check_sums(contents: [&[u8]; 6], sums: &[u8]) -> Result<(), Broken> {
    let expected = write::sums(contents);
    let told = read_text(member::SUMS, sums)?;
    for ((name, expected), told) in member::ALL.iter().zip(expected.lines()).zip(told.lines()) {
        if expected != told {
            return Err(Broken::at(Place::Member(name), Rule::Damaged));
        }
    }
    if expected == told { Ok(()) } else { Err(unreadable(member::SUMS, "it does not list the six other members")) }
}

fn read_text<'a>(member: &'static str, bytes: &'a [u8]) -> Result<&'a str, Broken> {
    std::str::from_utf8(bytes).map_err(|error| unreadable(member, error))
}

fn read_json<T: DeserializeOwned>(member: &'static str, bytes: &[u8]) -> Result<T, Broken> {
    serde_json::from_slice(bytes).map_err(|error| unreadable(member, error))
}

fn unreadable(member: &'static str, why: impl std::fmt::Display) -> Broken {
    Broken::at(Place::Member(member), Rule::Unreadable(why.to_string()))
}

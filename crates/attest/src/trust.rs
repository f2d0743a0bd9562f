//! Whom to believe: logs, witnesses, and how many of them must have cosigned (C2SP tlog-policy).
//!
//! ```text
//! log <vkey> [url]
//! witness <name> <vkey> [url]
//! group <name> all|any|<k> <member>..
//! quorum <name>|none
//! ```
//
// SPEC: C2SP tlog-policy, "Policy file syntax and structure".

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use base::Timestamp;

use crate::checkpoint::Checkpoint;
use crate::digest::read_decimal;
use crate::error::Error;
use crate::note::{Algorithm, Note, Verifier};

/// How many lines a policy may have; the specification asks for 32 logs, 32 witnesses and 32 groups.
const MOST_LINES: usize = 4096;

const WHAT: &str = "a trust policy";

/// A trust policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    logs: Vec<(Verifier, Option<String>)>,
    witnesses: Vec<Witness>,
    // INVARIANT: members were defined before the group, so evaluating in order needs no recursion.
    groups: Vec<Group>,
    quorum: Option<String>,
}

/// A trusted witness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    /// Its name in the policy.
    pub name: String,
    /// Its key.
    pub verifier: Verifier,
    /// Where it takes checkpoints.
    pub url: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Group {
    name: String,
    threshold: usize,
    members: Vec<String>,
}

impl Policy {
    /// Trust one log and ask for no witness.
    ///
    /// # Errors
    /// [`Error::Reading`] if the key is a witness's.
    pub fn of_log(log: Verifier) -> Result<Self, Error> {
        expect_algorithm(&log, Algorithm::Ed25519)?;
        Ok(Self { logs: vec![(log, None)], witnesses: Vec::new(), groups: Vec::new(), quorum: None })
    }

    /// The trusted logs.
    pub fn logs(&self) -> impl Iterator<Item = &Verifier> + Clone {
        self.logs.iter().map(|(log, _)| log)
    }

    /// The trusted witnesses.
    #[must_use]
    pub fn witnesses(&self) -> &[Witness] {
        &self.witnesses
    }

    /// The name of the quorum; `None` if no witness is asked for.
    #[must_use]
    pub fn quorum(&self) -> Option<&str> {
        self.quorum.as_deref()
    }

    /// Checks that a trusted log signed this checkpoint and that the quorum of witnesses cosigned it.
    ///
    /// # Errors
    /// [`Error::Reading`] for a malformed checkpoint, [`Error::BadSignature`], [`Error::NoKnownSigner`],
    /// [`Error::QuorumMissed`].
    pub fn endorse(&self, note: &Note) -> Result<Endorsed, Error> {
        let checkpoint: Checkpoint = note.text().parse()?;
        let witnesses = self.witnesses.iter().map(|witness| &witness.verifier);
        let signed = note.verify(self.logs().chain(witnesses))?;
        // A log speaks for its own origin only.
        let by_log = |by: &Verifier| by.algorithm() == Algorithm::Ed25519 && by.name() == checkpoint.origin;
        let log = signed.iter().find(|signed| by_log(signed.by)).ok_or(Error::NoKnownSigner)?.by.clone();

        let mut cosigned: Vec<Cosigned> = Vec::new();
        for witness in &self.witnesses {
            let times = signed.iter().filter(|signed| *signed.by == witness.verifier).filter_map(|signed| signed.at);
            if let Some(at) = times.max() {
                cosigned.push(Cosigned { witness: witness.name.clone(), at });
            }
        }
        if let Some(quorum) = self.quorum.as_deref().filter(|quorum| !self.reached(quorum, &cosigned)) {
            return Err(Error::QuorumMissed { quorum: quorum.to_owned() });
        }
        Ok(Endorsed { checkpoint, log, cosigned, quorum: self.quorum.clone() })
    }

    fn reached(&self, quorum: &str, cosigned: &[Cosigned]) -> bool {
        let mut reached: BTreeSet<&str> = cosigned.iter().map(|cosigned| cosigned.witness.as_str()).collect();
        for group in &self.groups {
            let members = group.members.iter().filter(|member| reached.contains(member.as_str())).count();
            if members >= group.threshold {
                reached.insert(&group.name);
            }
        }
        reached.contains(quorum)
    }
}

/// A checkpoint that a policy's log signed and its quorum cosigned. Only [`Policy::endorse`] makes one.
#[derive(Debug)]
#[must_use]
pub struct Endorsed {
    checkpoint: Checkpoint,
    log: Verifier,
    cosigned: Vec<Cosigned>,
    quorum: Option<String>,
}

/// A trusted witness's cosignature that verified.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Cosigned {
    /// The witness's name in the policy.
    pub witness: String,
    /// When it cosigned, last.
    pub at: Timestamp,
}

impl Endorsed {
    /// The checkpoint.
    #[must_use]
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The log that signed it.
    #[must_use]
    pub const fn log(&self) -> &Verifier {
        &self.log
    }

    /// The trusted witnesses that cosigned it.
    #[must_use]
    pub fn cosigned(&self) -> &[Cosigned] {
        &self.cosigned
    }

    /// The quorum that was reached; `None` if none was asked for.
    #[must_use]
    pub fn quorum(&self) -> Option<&str> {
        self.quorum.as_deref()
    }
}

fn expect_algorithm(key: &Verifier, expected: Algorithm) -> Result<(), Error> {
    let why = match expected {
        Algorithm::Ed25519 => "a log's key must be of type 1",
        Algorithm::Cosignature => "a witness's key must be of type 4",
    };
    if key.algorithm() == expected { Ok(()) } else { Err(Error::reading(WHAT, why)) }
}

impl FromStr for Policy {
    type Err = Error;

    fn from_str(file: &str) -> Result<Self, Error> {
        if file.contains(|c: char| c.is_ascii_control() && c != '\n' && c != '\t') {
            return Err(Error::reading(WHAT, "it has a control character"));
        }
        let mut reader = Reader::default();
        let mut quorum = None;
        for (number, line) in file.split('\n').enumerate() {
            if number >= MOST_LINES {
                return Err(Error::reading(WHAT, "more than 4096 lines"));
            }
            let words: Vec<&str> = line.split([' ', '\t']).filter(|word| !word.is_empty()).collect();
            match words.as_slice() {
                [] => {}
                [comment, ..] if comment.starts_with('#') => {}
                ["log", key] => reader.log(key, None)?,
                ["log", key, url] => reader.log(key, Some(url))?,
                ["witness", name, key] => reader.witness(name, key, None)?,
                ["witness", name, key, url] => reader.witness(name, key, Some(url))?,
                ["group", name, threshold, members @ ..] => reader.group(name, threshold, members)?,
                ["quorum", name] if quorum.is_none() => quorum = Some(reader.quorum(name)?),
                ["quorum", _] => return Err(Error::reading(WHAT, "more than one `quorum` line")),
                _ => return Err(Error::reading(WHAT, "expected a line `log`, `witness`, `group` or `quorum`")),
            }
        }
        let quorum =
            quorum.ok_or(Error::reading(WHAT, "no `quorum` line (write `quorum none` to ask for no witness)"))?;
        Ok(Self { logs: reader.logs, witnesses: reader.witnesses, groups: reader.groups, quorum })
    }
}

/// A policy as far as it was read.
#[derive(Default)]
struct Reader {
    logs: Vec<(Verifier, Option<String>)>,
    witnesses: Vec<Witness>,
    groups: Vec<Group>,
    /// Names defined so far, and whether each is a member of a group already.
    names: BTreeMap<String, bool>,
}

impl Reader {
    fn log(&mut self, key: &str, url: Option<&str>) -> Result<(), Error> {
        let log: Verifier = key.parse()?;
        expect_algorithm(&log, Algorithm::Ed25519)?;
        if self.logs.iter().any(|(known, _)| known.key() == log.key()) {
            return Err(Error::reading(WHAT, "a log is listed twice"));
        }
        self.logs.push((log, url.map(str::to_owned)));
        Ok(())
    }

    fn witness(&mut self, name: &str, key: &str, url: Option<&str>) -> Result<(), Error> {
        let verifier: Verifier = key.parse()?;
        expect_algorithm(&verifier, Algorithm::Cosignature)?;
        // INVARIANT: one key is one witness, or it could count twice for the quorum.
        if self.witnesses.iter().any(|known| known.verifier.key() == verifier.key()) {
            return Err(Error::reading(WHAT, "a witness is listed twice"));
        }
        self.define(name)?;
        self.witnesses.push(Witness { name: name.to_owned(), verifier, url: url.map(str::to_owned) });
        Ok(())
    }

    fn group(&mut self, name: &str, threshold: &str, members: &[&str]) -> Result<(), Error> {
        for member in members {
            let used =
                self.names.get_mut(*member).ok_or(Error::reading(WHAT, "a group's member is not defined above it"))?;
            if std::mem::replace(used, true) {
                return Err(Error::reading(WHAT, "a name is a member twice"));
            }
        }
        let threshold = match threshold {
            "any" => Some(1),
            "all" => Some(members.len()),
            number => read_decimal(number).and_then(|number| usize::try_from(number).ok()),
        };
        let threshold = threshold
            .filter(|threshold| (1..=members.len()).contains(threshold))
            .ok_or(Error::reading(WHAT, "a group's threshold must be `any`, `all` or 1 to the number of members"))?;
        self.define(name)?;
        let members = members.iter().map(|&member| member.to_owned()).collect();
        self.groups.push(Group { name: name.to_owned(), threshold, members });
        Ok(())
    }

    fn quorum(&self, name: &str) -> Result<Option<String>, Error> {
        match name {
            "none" => Ok(None),
            name if self.names.contains_key(name) => Ok(Some(name.to_owned())),
            _ => Err(Error::reading(WHAT, "the quorum is not defined above it")),
        }
    }

    fn define(&mut self, name: &str) -> Result<(), Error> {
        if name == "none" || self.names.insert(name.to_owned(), false).is_some() {
            return Err(Error::reading(WHAT, "a name is defined twice, or is `none`"));
        }
        Ok(())
    }
}

impl fmt::Display for Policy {
    /// The policy file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let spaced = |url: &Option<String>| url.as_ref().map_or_else(String::new, |url| format!(" {url}"));
        for (log, url) in &self.logs {
            writeln!(f, "log {log}{}", spaced(url))?;
        }
        for Witness { name, verifier, url } in &self.witnesses {
            writeln!(f, "witness {name} {verifier}{}", spaced(url))?;
        }
        for Group { name, threshold, members } in &self.groups {
            writeln!(f, "group {name} {threshold} {}", members.join(" "))?;
        }
        writeln!(f, "quorum {}", self.quorum.as_deref().unwrap_or("none"))
    }
}

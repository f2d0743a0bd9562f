//! The report: everything the drill found, as data. JSON is written from it, and the page people read.

use std::path::Path;

use base::{Millis, Timestamp};
use custody::scope::{Figure, Scope};
use serde::Serialize;

use crate::drill::Options;
use crate::drill::diary::Step;
use crate::drill::halt::Halted;
use crate::drill::measure::Compared;
use crate::drill::proof::{Forged, Proven};
use crate::drill::timeline::{Event, Row};

/// The version of the report's JSON.
pub const SCHEMA: &str = "cofferdam.drill/1";

/// What later work adds to the story.
const NOT_PART: [&str; 7] = [
    "decoys: a credential nobody should use, that raises the alarm and pauses by itself",
    "bypass: sealed copies taken from the store itself, found by reconciling its own access log",
    "clocks: who must be told by when, under which rule",
    "the model gate: whether a model trained on what was reached may be deployed",
    "recall: ending every credential that a poisoned release was given",
    "de-identified views, and their place in the answer",
    "the counterfactual: the same attack without Cofferdam",
];

/// What the answers in a drill do not cover, whatever happens in it.
const LIMITS: [&str; 6] = [
    "everything ran on one machine: bytes in a proxy or on a long line when the pause comes are not part of the measurement",
    "people are counted within each engagement; somebody who is in two counts twice",
    "an answer counts as sent once the kernel has all of it, also when the pause then discards it there: for each connection \
     that was cut the minimum can be up to a megabyte too high",
    "people are counted by blocks of 64 KiB: whoever is in a block that was sent whole is in the minimum",
    "copies made before import, screens photographed, and bytes read round the program are not seen by it",
    "the program, its catalog and its store were new; nothing is said about how it does after a year",
];

/// What a drill found.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// The version of the program.
    pub program: &'static str,
    /// Whether every promise held.
    pub passed: bool,
    /// How many promises were made.
    pub promises: u64,
    /// How many of them did not hold.
    pub broken: u64,
    /// When the drill began.
    pub began: Timestamp,
    /// How long it took.
    pub took: Millis,
    /// The seed that everything made up comes from.
    pub seed: u64,
    /// How much was made up, in percent of the usual.
    pub percent: u32,
    /// The folder whose files were used, if not made up.
    pub input: Option<String>,
    /// When the theft began.
    pub theft_began: Option<Timestamp>,
    /// When the intruder's last stream had ended.
    pub theft_ended: Option<Timestamp>,
    /// How many reads of the intruder were answered in full.
    pub reads: u64,
    /// Every step.
    pub steps: Vec<Step>,
    /// What each pause was seen to do.
    pub pauses: Vec<Halted>,
    /// What left.
    pub scope: Option<Scoped>,
    /// The packs.
    pub packs: Vec<Proven>,
    /// The falsified copies.
    pub forgeries: Vec<Forged>,
    /// The key that packs verify under.
    pub log_key: String,
    /// Bytes over time, by session.
    pub timeline: Vec<Row>,
    /// What happened to whom when.
    pub events: Vec<Event>,
    /// What the answers do not cover.
    pub limits: Vec<String>,
    /// What is not part of this drill yet.
    pub not_part: Vec<String>,
}

/// What left, as the program says, compared.
#[derive(Clone, Debug, Serialize)]
pub struct Scoped {
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub to: Timestamp,
    /// How long the answer took.
    pub took: Millis,
    /// How many entries of the ledger it rests on.
    pub entries: u64,
    /// Accesses.
    pub events: u64,
    /// Bytes.
    pub bytes: Figure,
    /// Bytes that could have been read at most.
    pub possible_bytes: u64,
    /// Engagement by engagement.
    pub compared: Vec<Compared>,
    /// How many engagements are in the answer that should not be.
    pub others: u64,
    /// What the program says its answer does not cover.
    pub limits: Vec<String>,
}

impl Scoped {
    pub(super) fn new(scope: &Scope, took: Millis, compared: Vec<Compared>) -> Self {
        Self {
            from: scope.from,
            to: scope.to,
            took,
            entries: scope.as_of_entries,
            events: scope.events,
            bytes: scope.bytes,
            possible_bytes: scope.possible_bytes,
            others: (scope.engagements.len() as u64).saturating_sub(compared.len() as u64),
            compared,
            limits: scope.limits.clone(),
        }
    }

    /// A sum over the engagements.
    pub(super) fn sum(&self, of: impl Fn(&Compared) -> u64) -> u64 {
        self.compared.iter().map(of).sum()
    }
}

/// What the story has found so far.
#[derive(Default)]
pub(super) struct Told {
    pub(super) theft_began: Option<Timestamp>,
    pub(super) theft_ended: Option<Timestamp>,
    pub(super) reads: u64,
    pub(super) pauses: Vec<Halted>,
    pub(super) scope: Option<Scoped>,
    pub(super) packs: Vec<Proven>,
    pub(super) forgeries: Vec<Forged>,
    pub(super) log_key: String,
    pub(super) events: Vec<Event>,
    pub(super) limits: Vec<String>,
}

impl Told {
    /// All of it, with its steps and its picture.
    pub(super) fn report(
        self,
        options: &Options,
        seed: u64,
        began: Timestamp,
        took: Millis,
        steps: Vec<Step>,
        timeline: Vec<Row>,
    ) -> Report {
        let promises = || steps.iter().flat_map(|step| &step.promises);
        let broken = promises().filter(|promise| !promise.held).count() as u64;
        let made = promises().count() as u64;
        let mut limits: Vec<String> = LIMITS.map(str::to_owned).to_vec();
        if options.input.is_some() {
            limits.push("who is in the files that were brought in was counted with the program's own detectors, run apart from it".to_owned());
        }
        limits.extend(self.limits);
        Report {
            schema: SCHEMA,
            program: env!("CARGO_PKG_VERSION"),
            passed: broken == 0 && made > 0,
            promises: made,
            broken,
            began,
            took,
            seed,
            percent: options.percent,
            input: options.input.as_deref().map(Path::display).map(|path| path.to_string()),
            theft_began: self.theft_began,
            theft_ended: self.theft_ended,
            reads: self.reads,
            steps,
            pauses: self.pauses,
            scope: self.scope,
            packs: self.packs,
            forgeries: self.forgeries,
            log_key: self.log_key,
            timeline,
            events: self.events,
            limits,
            not_part: NOT_PART.map(str::to_owned).to_vec(),
        }
    }
}

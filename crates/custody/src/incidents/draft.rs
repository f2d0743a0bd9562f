//! What a report is made from, gathered from an incident's lines and the record.

use std::collections::BTreeSet;

use base::Timestamp;
use base::id::EngagementId;
use base::word::State;
use incident::draft::{Draft, Of};
use incident::figure::AsOf;
use incident::report::{Contacts, EvidenceOf, Happening, Incident, Limits, Measure, RootCause, Selectors, Window};
use incident::stage::Act;
use incident::word::{Category, ClockName, ReportKind, TimelineSource};

use super::line::{Done, Fact, Line, Story};
use super::slice::Sliced;
use crate::custody::Custody;
use crate::error::CustodyError;

/// What cannot be seen from here.
const NOT_COVERED: &[&str] = &[
    "copies made before import",
    "screens photographed",
    "bytes read round the gateway, until the store's log is imported",
];

/// What this program does not count yet, so that an empty list is not read as "none".
const NOT_RECORDED: &[&str] = &[
    "how often each type of data occurs (records)",
    "minors among the people",
    "how many accesses there were over time",
    "engagements within reach of a selector that touched nothing in them",
];

impl Custody {
    /// Gathers a draft. `indices` are the places of the incident's lines in the ledger.
    pub(crate) fn draft_report(
        &self,
        story: &Story,
        sliced: &[Sliced],
        (kind, as_of): (ReportKind, AsOf),
        indices: &[u64],
    ) -> Result<Draft, CustodyError> {
        let now = self.clock.now();
        let (contacts, operator_entity) = contacts(story);
        let (category, lead) = story.declared().map_or((Category::Other, ""), |declared| declared);
        let mut incident = Incident {
            id: story.id.to_string(),
            title: story.title().to_owned(),
            state: story.progress.stage(),
            severity: String::new(),
            category,
            cyber: true,
            confidentiality: !sliced.is_empty(),
            integrity: false,
            availability: false,
            lead: lead.to_owned(),
            contacts,
            operator_entity,
            law_enforcement_hold: story.holds.last().cloned(),
        };
        let (mut cause, mut consequences, mut next_update) = (None, Vec::new(), None);
        let mut keys_taken = (false, KEYS_SAFE.to_owned());
        for line in &story.lines {
            let Done::Decided { decision, why } = &line.done else { continue };
            match decision {
                Fact::Severity { severity } => incident.severity.clone_from(severity),
                Fact::Impact { cyber, confidentiality, integrity, availability } => {
                    incident.cyber = *cyber;
                    incident.confidentiality = *confidentiality;
                    incident.integrity = *integrity;
                    incident.availability = *availability;
                }
                Fact::Cause { cause: known } => cause = Some(known.clone()),
                Fact::Consequence { consequence } => consequences.push(consequence.clone()),
                Fact::KeysTaken { taken } => keys_taken = (*taken, why.clone()),
                Fact::NextUpdate { at } => next_update = Some(*at),
                _ => {}
            }
        }
        let first = story.reports.first();
        let selectors = selectors(story, now);
        let window = selectors.window.from..selectors.window.to;
        let bypass_rows = self.bypass_rows(sliced.iter().map(|part| part.slice.engagement), &window)?;
        Ok(Draft {
            kind,
            made: now,
            incident,
            clocks: story.clocks.clone(),
            selectors,
            slices: sliced.iter().map(|part| part.slice.clone()).collect(),
            keys_taken: keys_taken.0,
            keys_taken_basis: keys_taken.1,
            declared_rules: story.under_rules.clone(),
            rules_of: first.map_or_else(|| day(now), |made| made.rules_of.clone()),
            holds: story.holds.clone(),
            still_counting: story.still_counting.clone(),
            sent: story.sent.clone(),
            waived: story.waived.clone(),
            owners: story.owners.clone(),
            reasons_late: Default::default(),
            consequences,
            hipaa_four_factors: None,
            measures: self.measures(story, indices),
            safeguards_before: Vec::new(),
            training: Vec::new(),
            root_cause: cause.unwrap_or(RootCause { text: String::new(), enabling: Vec::new(), confirmed: false }),
            limits: Limits {
                ledger_complete_from: self.reader.one(0)?.map(|entry| entry.at),
                gaps: Vec::new(),
                bypass_rows,
                unscanned_objects: 0,
                scanner_version: crate::facts::facts_version(0).to_owned(),
                recall_by_type_permille: Default::default(),
                residence_known_permille: None,
                not_covered: NOT_COVERED.iter().map(|text| (*text).to_owned()).collect(),
                not_recorded: NOT_RECORDED.iter().map(|text| (*text).to_owned()).collect(),
            },
            timeline: self.timeline(story, sliced, indices),
            evidence: EvidenceOf {
                checkpoint: as_of.clone(),
                witnesses: Vec::new(),
                pack_digest: None,
                verify: "cofferdam ledger pack ENGAGEMENT --out FILE, then cofferdam-verify FILE".to_owned(),
            },
            as_of,
            next_update,
        })
    }

    /// What was done, each with the engagement it was done in.
    fn measures(&self, story: &Story, indices: &[u64]) -> Vec<Of<Measure>> {
        let mut all = Vec::new();
        for line in &story.lines {
            let index = index_of(line, indices);
            let by = self.name_of(line.by);
            let mut add = |engagement, at, act: &str, what: String, approvers: Vec<String>| {
                let what = Measure { at, act: act.to_owned(), what, by: by.clone(), approvers, ledger_index: index };
                all.push(Of { engagement, what });
            };
            match &line.done {
                Done::Contained { pauses, .. } => {
                    for pause in pauses {
                        let what = format!(
                            "paused; {} streams cut, {} sessions ended",
                            pause.streams_cut, pause.sessions_ended
                        );
                        add(Some(pause.engagement), pause.stopped, "pause", what, Vec::new());
                    }
                }
                Done::Measure { at, act, what, engagement } => add(*engagement, *at, act, what.clone(), Vec::new()),
                Done::Told { act: Act::Notify { sent, .. }, recipient, engagement, .. } => {
                    // Whom else we told is for no partner's file: a notice of nobody's engagement is the deployment's.
                    add(*engagement, *sent, "notify", format!("{recipient} was told"), Vec::new());
                }
                Done::Moved { act: Act::Eradicate { done } } => {
                    add(None, line.at, "eradicate", done.join("; "), Vec::new());
                }
                Done::Moved { act: Act::Recover { approvers, conditions, .. } } => {
                    add(None, line.at, "recover", conditions.clone(), approvers.clone());
                }
                _ => {}
            }
        }
        all
    }

    /// What happened, in order: first and last accesses as the record has them, and every act.
    fn timeline(&self, story: &Story, sliced: &[Sliced], indices: &[u64]) -> Vec<Of<Happening>> {
        let mut all = Vec::new();
        for part in sliced.iter().map(|part| &part.slice) {
            let ends =
                part.activity.into_iter().flat_map(|(first, last)| [(first, "first access"), (last, "last access")]);
            for (at, what) in ends {
                let what = format!("{what} to `{}` by what is looked for", part.name);
                let proof = "the engagement's evidence pack".to_owned();
                let happening = Happening { at, source: TimelineSource::Ledger, index: None, what, proof };
                all.push(Of { engagement: Some(part.engagement), what: happening });
            }
        }
        for line in &story.lines {
            let index = index_of(line, indices);
            let proof = index.map_or_else(String::new, |index| format!("entry {index} of the ledger"));
            let happening =
                |what, at| Happening { at, source: TimelineSource::Responder, index, what, proof: proof.clone() };
            all.push(Of { engagement: None, what: happening(line.done.sentence(), line.at) });
            if let Done::Contained { pauses, .. } = &line.done {
                for pause in pauses {
                    let what = happening("paused: from here on no further byte left".to_owned(), pause.stopped);
                    all.push(Of { engagement: Some(pause.engagement), what });
                }
            }
        }
        all
    }

    /// Whether every engagement that was reached stands still.
    pub(crate) fn all_stopped(&self, engagements: &BTreeSet<EngagementId>) -> bool {
        let stopped = |id: &EngagementId| self.directory.engagement(*id).is_none_or(|of| of.state() != State::Active);
        engagements.iter().all(stopped)
    }
}

const KEYS_SAFE: &str = "nothing sealed was released: the store's blobs have been opened by this program alone, and every \
                         opening has its receipt; reads of the store by others are not seen until its log is imported";

fn index_of(line: &Line, indices: &[u64]) -> Option<u64> {
    usize::try_from(line.seq).ok().and_then(|seq| indices.get(seq)).copied()
}

/// The day of a time, `2026-11-24`.
pub(crate) fn day(at: Timestamp) -> String {
    at.to_string().chars().take(10).collect()
}

fn contacts(story: &Story) -> (Contacts, String) {
    let last = story.facts().rev().find_map(|fact| match fact {
        Fact::Contacts { contacts, operator_entity } => Some((contacts.clone(), operator_entity.clone())),
        _ => None,
    });
    let unknown = || "not recorded".to_owned();
    last.unwrap_or_else(|| (Contacts { dpo: unknown(), security: unknown(), press: unknown() }, unknown()))
}

fn selectors(story: &Story, now: Timestamp) -> Selectors {
    let from = story.questions.iter().map(|question| question.from).min().unwrap_or(now);
    let to = story.questions.iter().map(|question| question.to).max().unwrap_or(now);
    let mut kept = Selectors {
        credentials: Vec::new(),
        principals: Vec::new(),
        hosts: Vec::new(),
        networks: Vec::new(),
        image_digests: Vec::new(),
        window: Window { from, to },
        decoys_tripped: Vec::new(),
        expression: expression(story),
    };
    for (kind, value) in story.questions.iter().flat_map(|question| &question.selectors) {
        let list = match kind.as_str() {
            "principal" => &mut kept.principals,
            "address" => &mut kept.networks,
            _ => &mut kept.credentials,
        };
        if !list.contains(value) {
            list.push(value.clone());
        }
    }
    kept
}

/// The questions as text: each an OR of its selectors, together an OR of all.
fn expression(story: &Story) -> String {
    let of = story.questions.iter().map(|question| {
        let selectors: Vec<String> = question.selectors.iter().map(|(kind, value)| format!("{kind}={value}")).collect();
        format!("({}) from {} to {}", selectors.join(" or "), question.from, question.to)
    });
    of.collect::<Vec<_>>().join(" or ")
}

/// The clocks that the record sets by itself, where nobody has: the first and the last access.
pub(crate) fn activity_clocks(draft: &mut Draft) {
    let spans: Vec<_> = draft.slices.iter().filter_map(|slice| slice.activity).collect();
    let (first, last) = (spans.iter().map(|span| span.0).min(), spans.iter().map(|span| span.1).max());
    for (clock, at) in [(ClockName::FirstActivity, first), (ClockName::LastActivity, last)] {
        let Some(time) = at.filter(|_| draft.clocks.at(clock).is_none()) else { continue };
        let entry = incident::clock::ClockEntry {
            time,
            set_by: "ledger".to_owned(),
            why: "the record's first or last access by what is looked for".to_owned(),
            set_at: draft.made,
            index: None,
        };
        // A person's clock that contradicts the record stays as it is; the record's is left out, and the timeline shows both.
        let _ = draft.clocks.set(clock, entry, incident::clock::Again::First, draft.made);
    }
}

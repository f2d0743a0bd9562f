//! The states of an incident: what may follow what, and what each act must record.
//!
//! Containing comes first whenever it can: it is allowed at every stage before closure, also before anybody has looked. The
//! stage shown is the furthest one reached; notices run beside it.

use std::collections::BTreeSet;

use base::Timestamp;
use serde::{Deserialize, Serialize};

use crate::clock::Clocks;
use crate::error::IncidentError;
use crate::word::{Category, ClockName, Stage};

/// The last byte that a node sent, as its settlements say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LastByte {
    /// Which node.
    pub node: String,
    /// When it sent its last byte of what was paused; none: it sent none.
    pub at: Option<Timestamp>,
}

/// A lesson, with somebody who will see to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lesson {
    /// What was learnt.
    pub lesson: String,
    /// Who sees to it.
    pub owner: String,
    /// By when, `2026-11-24`.
    pub by: String,
}

/// Something done about an incident, with what it must record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case", deny_unknown_fields)]
pub enum Act {
    /// Somebody takes it.
    Triage {
        /// Who owns it now.
        owner: String,
        /// What is thought, and what would show that it is nothing.
        reasoning: String,
    },
    /// It is none.
    Dismiss {
        /// Why.
        reasoning: String,
    },
    /// It is one. The clock `aware` is set beside this act.
    Declare {
        /// Which of the criteria that were written beforehand are met.
        criteria: Vec<String>,
        /// Of what kind.
        category: Category,
        /// Who leads.
        lead: String,
    },
    /// Ways out are closed.
    Contain {
        /// When the pause was asked for.
        commanded: Timestamp,
        /// The last byte of each node.
        nodes: Vec<LastByte>,
        /// How many sessions ended.
        credentials_revoked: u64,
    },
    /// What is looked for.
    Scope {
        /// As text, in the words of the question.
        selectors: Vec<String>,
        /// The digest of the answer, in hexadecimal.
        result_digest: String,
        /// Why it is wider than before; empty the first time.
        widening: String,
    },
    /// The cause is removed.
    Eradicate {
        /// What was rotated, rebuilt, recalled.
        done: Vec<String>,
    },
    /// Work resumes.
    Recover {
        /// Who approved, at least two.
        approvers: Vec<String>,
        /// Under which conditions.
        conditions: String,
        /// What stays paused.
        stays_paused: Vec<String>,
    },
    /// Somebody was told.
    Notify {
        /// Whom: the deadline's rule and recipient, `us-ca/people`.
        duty: String,
        /// The digest of the text that was sent, in hexadecimal.
        text_digest: String,
        /// When.
        sent: Timestamp,
        /// What shows that it arrived.
        receipt: String,
        /// Which report it rests on.
        report_no: u32,
    },
    /// It is over.
    Close {
        /// What was learnt.
        lessons: Vec<Lesson>,
    },
}

/// How far an incident has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Progress {
    reached: BTreeSet<Stage>,
    /// Whether it turned out to be nothing.
    dismissed: bool,
    /// How many notices were sent.
    notices: u64,
    /// How many times the scope was asked for.
    scopings: u64,
}

impl Default for Progress {
    /// A signal, and nothing done yet.
    fn default() -> Self {
        Self { reached: BTreeSet::from([Stage::Signal]), dismissed: false, notices: 0, scopings: 0 }
    }
}

impl Act {
    /// What it does, after "cannot".
    #[must_use]
    pub const fn verb(&self) -> &'static str {
        match self {
            Self::Triage { .. } => "take it into triage",
            Self::Dismiss { .. } => "dismiss it",
            Self::Declare { .. } => "declare it",
            Self::Contain { .. } => "record containment",
            Self::Scope { .. } => "record a scope",
            Self::Eradicate { .. } => "record that the cause is removed",
            Self::Recover { .. } => "resume work",
            Self::Notify { .. } => "record a notice",
            Self::Close { .. } => "close it",
        }
    }
}

impl Progress {
    /// The furthest stage.
    #[must_use]
    pub fn stage(&self) -> Stage {
        self.reached.last().copied().unwrap_or(Stage::Signal)
    }

    /// Whether a stage was reached; containment, for one, may come before triage.
    #[must_use]
    pub fn has(&self, stage: Stage) -> bool {
        self.reached.contains(&stage)
    }

    /// Whether somebody was told.
    #[must_use]
    pub const fn notified(&self) -> bool {
        self.notices > 0
    }

    /// Whether it turned out to be nothing.
    #[must_use]
    pub const fn dismissed(&self) -> bool {
        self.dismissed
    }

    /// The incident after an act. `open_deadlines` names the duties that are neither done nor waived.
    ///
    /// # Errors
    /// `Act` when the act may not follow, or does not record what it must.
    pub fn after(&self, act: &Act, clocks: &Clocks, open_deadlines: &[String]) -> Result<Self, IncidentError> {
        let refused = |problem: &str, remedy| {
            Err(IncidentError::Act { act: act.verb(), stage: self.stage(), problem: problem.to_owned(), remedy })
        };
        let blank = |text: &str| text.trim().is_empty();
        if self.has(Stage::Closed) {
            return refused("it is closed", "open a new incident that refers to this one");
        }
        let mut next = self.clone();
        match act {
            Act::Triage { owner, reasoning } => {
                if blank(owner) || blank(reasoning) {
                    return refused("an owner or the reasoning is missing", "name who owns it, and what is thought");
                }
                next.reached.insert(Stage::Triage);
            }
            Act::Dismiss { reasoning } => {
                if !self.has(Stage::Triage) {
                    return refused("nobody owns it yet", "take it into triage first");
                }
                if self.has(Stage::Declared) {
                    return refused("it was declared", "close it with what was learnt");
                }
                if blank(reasoning) {
                    return refused("the reasoning is missing", "say what shows that it is nothing");
                }
                next.dismissed = true;
                next.reached.insert(Stage::Closed);
            }
            Act::Declare { criteria, lead, .. } => {
                if !self.has(Stage::Triage) {
                    return refused("nobody owns it yet", "take it into triage first");
                }
                if criteria.is_empty() || criteria.iter().any(|criterion| blank(criterion)) || blank(lead) {
                    return refused("the criteria met or the lead are missing", "name both");
                }
                next.reached.insert(Stage::Declared);
            }
            Act::Contain { nodes, .. } => {
                if nodes.is_empty() {
                    return refused("no node's last byte is recorded", "record what every node answered to the pause");
                }
                next.reached.insert(Stage::Contained);
            }
            Act::Scope { selectors, result_digest, widening } => {
                if !self.has(Stage::Triage) {
                    return refused("nobody owns it yet", "take it into triage first");
                }
                if selectors.is_empty() || blank(result_digest) {
                    return refused("the selectors or the answer's digest are missing", "ask for the scope first");
                }
                if self.scopings > 0 && blank(widening) {
                    return refused(
                        "no reason is given for asking again",
                        "say why the question changed: `--why \"…\"`",
                    );
                }
                next.scopings = next.scopings.saturating_add(1);
                next.reached.insert(Stage::Scoping);
            }
            Act::Eradicate { done } => {
                if !self.has(Stage::Declared) || !self.has(Stage::Contained) {
                    return refused("it is not declared and contained yet", "declare and contain it first");
                }
                if done.is_empty() {
                    return refused("nothing was done", "name what was rotated, rebuilt or recalled");
                }
                next.reached.insert(Stage::Eradicated);
            }
            Act::Recover { approvers, conditions, .. } => {
                if !self.has(Stage::Eradicated) {
                    return refused(
                        "its cause is not removed yet",
                        "record first what was rotated, rebuilt or recalled",
                    );
                }
                if approvers.iter().collect::<BTreeSet<_>>().len() < 2 {
                    return refused("fewer than two people approved", "work resumes on the approval of two people");
                }
                if blank(conditions) {
                    return refused("the conditions are missing", "say under which conditions work resumes");
                }
                next.reached.insert(Stage::Recovering);
            }
            Act::Notify { duty, text_digest, receipt, .. } => {
                if !self.has(Stage::Declared) {
                    return refused("it is not declared", "declare it first: a notice rests on a declared incident");
                }
                if blank(duty) || blank(text_digest) || blank(receipt) {
                    return refused("the duty, the text or its receipt are missing", "name all three");
                }
                next.notices = next.notices.saturating_add(1);
            }
            Act::Close { lessons } => {
                for (stage, remedy) in [
                    (Stage::Declared, "dismiss it if it is none, or declare it"),
                    (Stage::Contained, "contain it first"),
                    (Stage::Scoping, "ask what it reached first"),
                    (Stage::Eradicated, "record first how its cause was removed"),
                ] {
                    if !self.has(stage) {
                        return refused("a stage is missing", remedy);
                    }
                }
                if clocks.at(ClockName::Aware).is_none() || clocks.at(ClockName::ScopeFinal).is_none() {
                    return refused("the clock `aware` or `scope_final` is not set", "set both first");
                }
                if !open_deadlines.is_empty() {
                    return refused(
                        &format!("deadlines are open: {}", open_deadlines.join(", ")),
                        "send what is due, or waive it with a reason",
                    );
                }
                if lessons.is_empty()
                    || lessons.iter().any(|each| blank(&each.lesson) || blank(&each.owner) || blank(&each.by))
                {
                    return refused("the lessons are missing", "write at least one, with an owner and a date");
                }
                next.reached.insert(Stage::Closed);
            }
        }
        Ok(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Again, ClockEntry};

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

    fn clocks() -> Clocks {
        let mut clocks = Clocks::default();
        for clock in [ClockName::Aware, ClockName::ScopeFinal] {
            let entry = ClockEntry {
                time: NOW,
                set_by: "ada".to_owned(),
                why: "seen in the ledger".to_owned(),
                set_at: NOW,
                index: None,
            };
            clocks.set(clock, entry, Again::First, NOW).unwrap();
        }
        clocks
    }

    fn text(text: &str) -> String {
        text.to_owned()
    }

    /// The acts of an incident that goes as it should.
    fn acts() -> Vec<Act> {
        let nodes = vec![LastByte { node: text("node-1"), at: Some(NOW) }];
        vec![
            Act::Contain { commanded: NOW, nodes, credentials_revoked: 2 },
            Act::Triage { owner: text("ada"), reasoning: text("a decoy was used") },
            Act::Declare { criteria: vec![text("D1")], category: Category::CredentialTheft, lead: text("ada") },
            Act::Scope { selectors: vec![text("host:etl-07")], result_digest: text("ab"), widening: String::new() },
            Act::Eradicate { done: vec![text("rotated")] },
            Act::Recover {
                approvers: vec![text("bo"), text("cy")],
                conditions: text("new keys"),
                stays_paused: Vec::new(),
            },
            Act::Close { lessons: vec![Lesson { lesson: text("pin"), owner: text("bo"), by: text("2026-12-01") }] },
        ]
    }

    #[test]
    fn an_incident_goes_from_signal_to_closure() {
        let mut progress = Progress::default();
        let mut seen = Vec::new();
        for act in acts() {
            progress = progress.after(&act, &clocks(), &[]).unwrap();
            seen.push(progress.stage());
        }
        use Stage::{Closed, Contained, Eradicated, Recovering, Scoping};
        assert_eq!(seen, [Contained, Contained, Contained, Scoping, Eradicated, Recovering, Closed]);
        let refused = progress.after(&acts()[1], &clocks(), &[]).unwrap_err().to_string();
        assert!(refused.contains("it is closed"), "{refused}");
    }

    /// Leaving out any one act before closure, but for resuming, stops the incident before its end.
    #[test]
    fn no_stage_can_be_skipped() {
        for left_out in 0..5 {
            let mut progress = Progress::default();
            let mut stopped = false;
            for (at, act) in acts().iter().enumerate().filter(|(at, _)| *at != left_out) {
                match progress.after(act, &clocks(), &[]) {
                    Ok(next) => progress = next,
                    Err(error) => {
                        stopped = true;
                        assert_eq!(error.kind(), base::Kind::Conflict);
                        assert_eq!(error.to_string().lines().count(), 2, "act {at}: {error}");
                    }
                }
            }
            assert!(stopped && !progress.has(Stage::Closed), "without act {left_out}");
        }
    }

    #[test]
    fn an_act_records_what_it_must() {
        let mut ready = Progress::default();
        for act in &acts()[..5] {
            ready = ready.after(act, &clocks(), &[]).unwrap();
        }
        let alone = vec![text("bo"), text("bo")];
        for act in [
            Act::Triage { owner: text(" "), reasoning: text("x") },
            Act::Declare { criteria: Vec::new(), category: Category::Other, lead: text("a") },
            Act::Contain { commanded: NOW, nodes: Vec::new(), credentials_revoked: 0 },
            Act::Scope { selectors: vec![text("a")], result_digest: text("b"), widening: String::new() },
            Act::Recover { approvers: alone, conditions: text("c"), stays_paused: Vec::new() },
            Act::Notify { duty: text("x/y"), text_digest: text("d"), sent: NOW, receipt: text(" "), report_no: 1 },
            Act::Close { lessons: Vec::new() },
        ] {
            assert!(ready.after(&act, &clocks(), &[]).is_err(), "{act:?}");
        }
        let close = acts().pop().unwrap();
        assert!(ready.after(&close, &Clocks::default(), &[]).is_err(), "without clocks");
        let open = ready.after(&close, &clocks(), &[text("us-ca/people")]).unwrap_err().to_string();
        assert!(open.contains("us-ca/people"), "{open}");
    }

    #[test]
    fn what_was_declared_cannot_be_dismissed() {
        let dismiss = Act::Dismiss { reasoning: text("a test of ours") };
        let owned = Progress::default().after(&acts()[1], &clocks(), &[]).unwrap();
        assert!(Progress::default().after(&dismiss, &clocks(), &[]).is_err());
        let nothing = owned.after(&dismiss, &clocks(), &[]).unwrap();
        assert!(nothing.dismissed() && nothing.stage() == Stage::Closed);
        let declared = owned.after(&acts()[2], &clocks(), &[]).unwrap();
        assert!(declared.after(&dismiss, &clocks(), &[]).is_err());
    }
}

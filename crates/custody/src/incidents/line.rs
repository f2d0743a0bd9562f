//! The lines of an incident, and what they come to. Pure.
//!
//! An incident is what was done about it, in order: one line an act, never changed. Everything that is shown of an incident is
//! folded from its lines, so that nothing can be shown that nobody did.

use std::collections::{BTreeMap, BTreeSet};

use base::Timestamp;
use base::id::{ApprovalId, EngagementId, IncidentId, PrincipalId, RequestId};
use incident::IncidentError;
use incident::clock::{Again, ClockEntry, Clocks};
use incident::deadline::{Decision, Hold, Sent};
use incident::report::{Consequence, Contacts, RootCause};
use incident::stage::{Act, Progress};
use incident::word::{Category, ClockName, ReportKind, Stage};
use serde::{Deserialize, Serialize};

use crate::error::CustodyError;

/// Who sets a clock that the record itself shows.
const LEDGER: &str = "ledger";

/// One line: who did what, when.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Line {
    /// Its place, from 0.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: PrincipalId,
    /// The request.
    pub request: RequestId,
    /// What.
    pub done: Done,
}

/// What was done.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "done", rename_all = "snake_case")]
pub enum Done {
    /// A signal was taken in.
    Opened {
        /// What the incident is called.
        title: String,
        /// What was noticed.
        signal: String,
        /// Who or what noticed it.
        raised_by: String,
        /// When the signal was received.
        received: Timestamp,
    },
    /// An act that moves the incident, as the state machine has it.
    Moved {
        /// The act.
        act: Act,
    },
    /// A clock was set.
    Clock {
        /// Which.
        clock: ClockName,
        /// To what, by whom, why.
        entry: ClockEntry,
        /// Whether it stands beside an earlier entry.
        again: bool,
    },
    /// It was asked what was reached.
    Scoped {
        /// The act: selectors as text, the answer's digest, why it is wider than before.
        act: Act,
        /// The question.
        question: Selection,
        /// What it came to in each engagement.
        reached: Vec<Reached>,
    },
    /// Engagements were paused.
    Contained {
        /// The act: when it was asked for, the last byte of each node.
        act: Act,
        /// Each engagement's pause.
        pauses: Vec<PauseOf>,
    },
    /// Something else was done about it.
    Measure {
        /// When it was done.
        at: Timestamp,
        /// `rotate`, `revoke`, `key_suspend`, `quarantine`, `train`, `policy_change` or another word.
        act: String,
        /// What, in a sentence.
        what: String,
        /// In which engagement; none: in the deployment.
        engagement: Option<EngagementId>,
    },
    /// Somebody was told.
    Told {
        /// The act: which duty, the digest of the text, when, the receipt, which report.
        act: Act,
        /// Whom, in words.
        recipient: String,
        /// The text as it was sent.
        text: String,
        /// Whose partner, where it was one.
        engagement: Option<EngagementId>,
        /// Why it was late, if it was.
        reason_late: Option<String>,
    },
    /// A fact of the incident that people decide.
    Decided {
        /// Which.
        decision: Fact,
        /// Why.
        why: String,
    },
    /// A report was made.
    Reported {
        /// Its number.
        no: u32,
        /// Which kind.
        kind: ReportKind,
        /// SHA-256 of the report, in hex.
        digest: String,
        /// The day whose rules it used.
        rules_of: String,
        /// The file of each partner, by engagement: its SHA-256 in hex.
        partners: BTreeMap<EngagementId, String>,
        /// Why figures fell, where some did.
        reasons: BTreeMap<String, String>,
    },
    /// The list of the people of an engagement was opened.
    PeopleOpened {
        /// Which engagement.
        engagement: EngagementId,
        /// How many people stand on it.
        people: u64,
        /// The approval it rests on.
        approval: ApprovalId,
        /// Who approved.
        approvers: Vec<PrincipalId>,
        /// SHA-256 of the list, in hex.
        digest: String,
    },
}

/// A fact of the incident that people decide, and may decide anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "snake_case", deny_unknown_fields)]
pub enum Fact {
    /// How severe it is.
    Severity {
        /// In the operator's words.
        severity: String,
    },
    /// What it touches.
    Impact {
        /// Whether it was an attack on systems.
        cyber: bool,
        /// Whether data became known to somebody.
        confidentiality: bool,
        /// Whether data was changed.
        integrity: bool,
        /// Whether data was out of reach.
        availability: bool,
    },
    /// Whom to ask.
    Contacts {
        /// Who.
        contacts: Contacts,
        /// Who reports.
        operator_entity: String,
    },
    /// How it could happen.
    Cause {
        /// As far as it is known.
        cause: RootCause,
    },
    /// What may come of it.
    Consequence {
        /// What.
        consequence: Consequence,
    },
    /// Whether who has sealed bytes may have their keys.
    KeysTaken {
        /// Whether.
        taken: bool,
    },
    /// Somebody with power to do so asked to hold notices back.
    Hold {
        /// Who, from when, until when.
        hold: Hold,
    },
    /// A duty need not be done.
    Waive {
        /// Which, by its key.
        duty: String,
    },
    /// Who sees to a duty.
    Owner {
        /// Which, by its key.
        duty: String,
        /// Who.
        owner: String,
    },
    /// Counting must end before people can be told.
    StillCounting,
    /// A rule that has to be declared applies: `hipaa`.
    UnderRule {
        /// Its id.
        rule: String,
    },
    /// What a partner is told in its file, and nobody else.
    WordsForPartner {
        /// In whose engagement.
        engagement: EngagementId,
        /// What.
        words: String,
    },
    /// When the next report is due.
    NextUpdate {
        /// When.
        at: Timestamp,
    },
}

/// A question about what was reached, as the incident keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Selection {
    /// Whose accesses: of any of these, each a kind and a value as the record has it.
    pub selectors: Vec<(String, String)>,
    /// From when, inclusive.
    pub from: Timestamp,
    /// Until when, exclusive.
    pub to: Timestamp,
    /// Only in this engagement, by name.
    pub engagement: Option<String>,
}

/// What a scope came to in one engagement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reached {
    /// Which.
    pub engagement: EngagementId,
    /// Versions that certainly left, and those allowed.
    pub versions: (u64, u64),
    /// People in what certainly left, and in what was allowed.
    pub people: (u64, u64),
}

/// The pause of one engagement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PauseOf {
    /// Which.
    pub engagement: EngagementId,
    /// When it was asked for.
    pub asked: Timestamp,
    /// When this node had sent its last byte of it.
    pub stopped: Timestamp,
    /// The epoch that began.
    pub epoch: u64,
    /// How many streams were cut.
    pub streams_cut: u64,
    /// How many sessions ended.
    pub sessions_ended: u64,
    /// When the last read was allowed of which the record says that bytes of it were sent.
    pub last_sent: Option<Timestamp>,
}

/// A report that was made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Made {
    /// Its number.
    pub no: u32,
    /// Which kind.
    pub kind: ReportKind,
    /// When.
    pub at: Timestamp,
    /// Its digest.
    pub digest: String,
    /// The day whose rules it used.
    pub rules_of: String,
}

/// What the lines of an incident come to.
#[derive(Clone, Debug)]
pub struct Story {
    /// The incident.
    pub id: IncidentId,
    /// The lines.
    pub lines: Vec<Line>,
    /// How far it has come.
    pub progress: Progress,
    /// The clocks.
    pub clocks: Clocks,
    /// The questions that were asked, the first first. Together they are what is looked for.
    pub questions: Vec<Selection>,
    /// What each engagement's last scope came to.
    pub reached: BTreeMap<EngagementId, Reached>,
    /// The last pause of each engagement.
    pub pauses: BTreeMap<EngagementId, PauseOf>,
    /// Notices, by duty.
    pub sent: BTreeMap<String, Sent>,
    /// Duties that were waived.
    pub waived: BTreeMap<String, Decision>,
    /// Who sees to a duty.
    pub owners: BTreeMap<String, String>,
    /// Requests to hold notices back.
    pub holds: Vec<Hold>,
    /// The decision that counting must end before people are told.
    pub still_counting: Option<Decision>,
    /// Rules that were declared to apply.
    pub under_rules: BTreeSet<String>,
    /// Reports that were made.
    pub reports: Vec<Made>,
}

impl Story {
    /// The story of an incident that has no lines yet.
    pub(crate) fn begin(id: IncidentId) -> Self {
        Self {
            id,
            lines: Vec::new(),
            progress: Progress::default(),
            clocks: Clocks::default(),
            questions: Vec::new(),
            reached: BTreeMap::new(),
            pauses: BTreeMap::new(),
            sent: BTreeMap::new(),
            waived: BTreeMap::new(),
            owners: BTreeMap::new(),
            holds: Vec::new(),
            still_counting: None,
            under_rules: BTreeSet::new(),
            reports: Vec::new(),
        }
    }

    /// Goes on by a line. `open` names the duties that are neither done nor waived; `name` is who acts, as people know them.
    ///
    /// # Errors
    /// `Conflict` or `Invalid`, with a remedy, when the act may not follow, or lacks what it must record.
    pub(crate) fn go_on(&mut self, line: Line, open: &[String], name: &str) -> Result<(), CustodyError> {
        match &line.done {
            Done::Opened { signal, received, .. } => {
                let why = format!("the signal that it was opened on: {signal}");
                self.note_clock(ClockName::FirstSignal, *received, name, why, line.at)?;
            }
            Done::Moved { act } => {
                self.moved(act, open)?;
                if let Act::Declare { criteria, .. } = act {
                    let why = format!("criteria met: {}", criteria.join("; "));
                    self.note_clock(ClockName::Declared, line.at, name, why, line.at)?;
                }
            }
            Done::Scoped { act, question, reached } => {
                self.moved(act, open)?;
                self.questions.push(question.clone());
                self.reached.extend(reached.iter().map(|part| (part.engagement, part.clone())));
            }
            Done::Contained { act, pauses } => {
                self.moved(act, open)?;
                self.pauses.extend(pauses.iter().map(|pause| (pause.engagement, pause.clone())));
                if let Some(stopped) = pauses.iter().map(|pause| pause.stopped).max() {
                    let why = "every node had answered the pause".to_owned();
                    self.note_clock(ClockName::Contained, stopped, LEDGER, why, line.at)?;
                }
            }
            Done::Told { act, reason_late, .. } => {
                self.moved(act, open)?;
                if let Act::Notify { duty, sent, receipt, .. } = act {
                    let told = Sent { at: *sent, receipt: receipt.clone(), reason_late: reason_late.clone() };
                    // What was told first counts; a second letter does not make the first one late.
                    self.sent.entry(duty.clone()).or_insert(told);
                }
            }
            Done::Clock { clock, entry, again } => {
                self.is_open("set a clock")?;
                let again = if *again { Again::Second } else { Again::First };
                self.clocks.set(*clock, entry.clone(), again, line.at)?;
            }
            Done::Decided { decision, why } => {
                self.is_open("decide anything")?;
                let decided = Decision { by: name.to_owned(), at: line.at, why: why.clone() };
                match decision.clone() {
                    Fact::Hold { hold } => self.holds.push(hold),
                    Fact::Waive { duty } => drop(self.waived.insert(duty, decided)),
                    Fact::Owner { duty, owner } => drop(self.owners.insert(duty, owner)),
                    Fact::StillCounting => self.still_counting = Some(decided),
                    Fact::UnderRule { rule } => drop(self.under_rules.insert(rule)),
                    _ => {}
                }
            }
            Done::Measure { .. } => self.is_open("record a measure")?,
            Done::Reported { no, kind, digest, rules_of, .. } => self.reports.push(Made {
                no: *no,
                kind: *kind,
                at: line.at,
                digest: digest.clone(),
                rules_of: rules_of.clone(),
            }),
            Done::PeopleOpened { .. } => {}
        }
        self.lines.push(line);
        Ok(())
    }

    /// A clock that an act itself shows.
    fn note_clock(
        &mut self,
        clock: ClockName,
        time: Timestamp,
        set_by: &str,
        why: String,
        now: Timestamp,
    ) -> Result<(), CustodyError> {
        let entry = ClockEntry { time, set_by: set_by.to_owned(), why, set_at: now, index: None };
        Ok(self.clocks.set(clock, entry, Again::Second, now)?)
    }

    fn moved(&mut self, act: &Act, open: &[String]) -> Result<(), CustodyError> {
        self.progress = self.progress.after(act, &self.clocks, open)?;
        Ok(())
    }

    fn is_open(&self, act: &'static str) -> Result<(), CustodyError> {
        if self.progress.has(Stage::Closed) {
            return Err(CustodyError::Incident(IncidentError::Act {
                act,
                stage: Stage::Closed,
                problem: "it is closed".to_owned(),
                remedy: "open a new incident that refers to this one",
            }));
        }
        Ok(())
    }

    /// Its title.
    #[must_use]
    pub fn title(&self) -> &str {
        match self.lines.first().map(|line| &line.done) {
            Some(Done::Opened { title, .. }) => title,
            _ => "",
        }
    }

    /// What it was declared as: its category and its lead.
    #[must_use]
    pub fn declared(&self) -> Option<(Category, &str)> {
        self.lines.iter().rev().find_map(|line| match &line.done {
            Done::Moved { act: Act::Declare { category, lead, .. } } => Some((*category, lead.as_str())),
            _ => None,
        })
    }

    /// Who owns it.
    #[must_use]
    pub fn owner(&self) -> Option<&str> {
        self.lines.iter().rev().find_map(|line| match &line.done {
            Done::Moved { act: Act::Triage { owner, .. } } => Some(owner.as_str()),
            _ => None,
        })
    }

    /// The facts that were decided, the first first.
    pub fn facts(&self) -> impl DoubleEndedIterator<Item = &Fact> {
        self.lines.iter().filter_map(|line| match &line.done {
            Done::Decided { decision, .. } => Some(decision),
            _ => None,
        })
    }

    /// Every engagement that the incident concerns: reached or paused.
    #[must_use]
    pub fn engagements(&self) -> BTreeSet<EngagementId> {
        self.reached.keys().chain(self.pauses.keys()).copied().collect()
    }
}

impl Done {
    /// What was done, in a word; it stands in the ledger.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Opened { .. } => "open",
            Self::Moved { act } => moved_word(act),
            Self::Scoped { .. } => "scope",
            Self::Contained { .. } => "contain",
            Self::Told { .. } => "notify",
            Self::Clock { .. } => "clock",
            Self::Measure { .. } => "measure",
            Self::Decided { .. } => "decide",
            Self::Reported { .. } => "report",
            Self::PeopleOpened { .. } => "people",
        }
    }
}

const fn moved_word(act: &Act) -> &'static str {
    match act {
        Act::Triage { .. } => "triage",
        Act::Dismiss { .. } => "dismiss",
        Act::Declare { .. } => "declare",
        Act::Contain { .. } => "contain",
        Act::Scope { .. } => "scope",
        Act::Eradicate { .. } => "eradicate",
        Act::Recover { .. } => "recover",
        Act::Notify { .. } => "notify",
        Act::Close { .. } => "close",
    }
}

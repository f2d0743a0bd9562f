//! The deadline engine: from clocks, people and rules to what is owed, to whom, by when, and where it stands.
//!
//! It never guesses in the operator's favour. A threshold that unknown residences could meet runs, and says that it is possibly
//! met; of several anchors the earliest counts; a rule whose anchor is not set says what starts it.

use std::collections::{BTreeMap, BTreeSet};

use base::Timestamp;
use base::id::EngagementId;
use serde::{Deserialize, Serialize};

use crate::calendar;
use crate::census::{Census, Counted, Measure};
use crate::clock::Clocks;
use crate::figure::Bounds;
use crate::rule::{Counting, Duty, Rule, Threshold, When, Within};
use crate::word::{ClockName, DeadlineState, DutyRole, HoldBy, Recipient};

/// A deadline is soon when a quarter of its time is left, but never sooner than half a day before it, nor earlier than a week.
const SOON_AT_LEAST_SECONDS: i64 = 12 * 3600;
const SOON_AT_MOST_SECONDS: i64 = 7 * 86_400;

/// Somebody with power to do so asked to hold notices back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hold {
    /// Who may ask: rules differ in whom they allow.
    pub by: HoldBy,
    /// From when.
    pub from: Timestamp,
    /// Until when; none: until further notice.
    pub until: Option<Timestamp>,
    /// The request, as a reader can find it.
    pub request: String,
}

/// Somebody decided, and says why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub why: String,
}

/// A notice that was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sent {
    /// When.
    pub at: Timestamp,
    /// What shows that it arrived.
    pub receipt: String,
    /// Why it was late, if it was.
    pub reason_late: Option<String>,
}

/// One engagement whose data was reached, as far as its contract matters here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contract {
    /// Which engagement.
    pub engagement: EngagementId,
    /// Within how many hours its partner is told; none: the rule's own time.
    pub notice_hours: Option<u32>,
}

/// Everything deadlines depend on, besides the rules.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// Now.
    pub now: Timestamp,
    /// The clocks.
    pub clocks: &'a Clocks,
    /// The people.
    pub census: &'a Census,
    /// Whether who has sealed bytes may have their keys.
    pub keys_taken: bool,
    /// What the operator is to the data. Nothing: not recorded, so every role's duties are shown.
    pub roles: &'a BTreeSet<DutyRole>,
    /// Ids of rules the operator declared that it is under, `hipaa`.
    pub declared: &'a BTreeSet<String>,
    /// The engagements that were reached.
    pub contracts: &'a [Contract],
    /// Requests to hold notices back.
    pub holds: &'a [Hold],
    /// The decision that counting must be finished before people can be told.
    pub still_counting: Option<&'a Decision>,
    /// What was sent, by [`Deadline::key`].
    pub sent: &'a BTreeMap<String, Sent>,
    /// What need not be done, by key.
    pub waived: &'a BTreeMap<String, Decision>,
    /// Who sees to it, by key.
    pub owners: &'a BTreeMap<String, String>,
    /// Why something is late that is not sent yet, by key.
    pub reasons_late: &'a BTreeMap<String, String>,
}

/// Whether a threshold is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// By what is certain.
    Met,
    /// By what is possible: unknown residences, and what may have left.
    PossiblyMet,
    /// Not even by that.
    NotMet,
}

/// A threshold, tested.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tested {
    /// The test, `more than 500 residents`.
    pub test: String,
    /// The people it was put to.
    pub people: Bounds,
    /// How many of the upper bound have no known residence.
    pub residence_unknown: u64,
    /// What came out.
    pub outcome: Outcome,
}

/// One thing owed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deadline {
    /// The rule's id.
    pub rule: String,
    /// The rule's title.
    pub title: String,
    /// Its place.
    pub jurisdiction: String,
    /// To whom.
    pub recipient: Recipient,
    /// Which of several duties towards the same recipient.
    pub duty: Option<String>,
    /// The engagement, where a partner is owed it.
    pub engagement: Option<EngagementId>,
    /// The clock it runs from: the one that counted, or the first that would.
    pub anchor: ClockName,
    /// When that was.
    pub anchor_time: Option<Timestamp>,
    /// How long there is.
    pub within: String,
    /// Until when; none: no number is given, the clock has not started, or a hold has no end.
    pub due: Option<Timestamp>,
    /// Where it stands.
    pub state: DeadlineState,
    /// What starts it, where nothing has.
    pub starts_when: Option<String>,
    /// Why it is late.
    pub reason_late: Option<String>,
    /// Who sees to it.
    pub owner: Option<String>,
    /// Why it applies, or does not.
    pub applies_because: String,
    /// The people who meet its elements, where it applies by people.
    pub people: Option<Bounds>,
    /// The threshold, where there is one.
    pub threshold: Option<Tested>,
    /// When it was done.
    pub sent: Option<Timestamp>,
    /// What shows it.
    pub receipt: Option<String>,
    /// Holds, extensions, and what a reader must know of this rule.
    pub notes: Vec<String>,
    /// The rule's version.
    pub rule_version: String,
    /// Where the rule was read.
    pub source: String,
    /// How far it can be trusted: how and when it was read, and who confirmed it.
    pub standing: String,
}

impl Deadline {
    /// What tells it from the others: `us-ca/people`, and the engagement's id where a partner is owed it.
    #[must_use]
    pub fn key(&self) -> String {
        key(&self.rule, self.recipient, self.duty.as_deref(), self.engagement)
    }

    /// Whether it is owed only if more left, or more people live there, than is certain.
    #[must_use]
    pub fn is_only_possible(&self) -> bool {
        let threshold = self.threshold.as_ref().is_some_and(|tested| tested.outcome == Outcome::PossiblyMet);
        threshold || self.people.is_some_and(|people| people.low == 0 && people.high > 0)
    }

    /// Whether somebody must still act.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self.state, DeadlineState::Running | DeadlineState::DueSoon)
            || (matches!(self.state, DeadlineState::Late) && self.sent.is_none())
    }
}

fn key(rule: &str, recipient: Recipient, duty: Option<&str>, engagement: Option<EngagementId>) -> String {
    let mut key = format!("{rule}/{recipient}");
    for more in duty.map(str::to_owned).into_iter().chain(engagement.map(|id| id.to_string())) {
        key.push('/');
        key.push_str(&more);
    }
    key
}

/// Works out every duty of these rules, what is due first standing first.
pub fn deadlines<'a>(rules: impl Iterator<Item = &'a Rule>, facts: &Facts<'_>) -> Vec<Deadline> {
    let mut all: Vec<Deadline> = rules.flat_map(|rule| of_rule(rule, facts)).collect();
    all.sort_by_key(|deadline| (rank(deadline), deadline.due.unwrap_or(Timestamp(i64::MAX)), deadline.key()));
    all
}

/// What needs somebody comes before what does not.
const fn rank(deadline: &Deadline) -> u8 {
    match deadline.state {
        DeadlineState::Late if deadline.sent.is_none() => 0,
        DeadlineState::DueSoon => 1,
        DeadlineState::Running => 2,
        DeadlineState::Late | DeadlineState::Sent => 3,
        DeadlineState::Waived => 4,
        DeadlineState::NotTriggered => 5,
    }
}

fn of_rule(rule: &Rule, facts: &Facts<'_>) -> Vec<Deadline> {
    let counted = facts.census.count(measure(rule), &rule.jurisdiction, facts.keys_taken);
    let (applies, because) = applies(rule, counted, facts);
    let mut all = Vec::new();
    for duty in rule.duties.iter().filter(|duty| is_ours(duty, facts)) {
        if rule.when == When::Contract && !facts.contracts.is_empty() {
            all.extend(facts.contracts.iter().map(|contract| {
                let within = contract.notice_hours.map_or(duty.within, Within::Hours);
                let duty = Duty { within, ..duty.clone() };
                of_duty(rule, &duty, Some(contract.engagement), counted, (applies, &because), facts)
            }));
        } else {
            all.push(of_duty(rule, duty, None, counted, (applies, &because), facts));
        }
    }
    all
}

/// How a rule counts people.
#[must_use]
pub const fn measure(rule: &Rule) -> Measure<'_> {
    Measure { certain: &rule.elements, possible: &rule.elements_possible, sealed_exempt: rule.encrypted_exempt }
}

/// Whether a duty may be ours: our role is one of its own, or what we are under that law is not recorded. An owner under the law
/// of a state says nothing of the GDPR.
fn is_ours(duty: &Duty, facts: &Facts<'_>) -> bool {
    duty.roles.is_empty() || duty.roles.iter().any(|role| facts.roles.contains(role)) || role_unknown(duty, facts)
}

fn role_unknown(duty: &Duty, facts: &Facts<'_>) -> bool {
    let same_law = |role: &DutyRole| duty.roles.iter().any(|of| of.law() == role.law());
    !duty.roles.is_empty() && !facts.roles.iter().any(same_law)
}

/// Whether a rule applies at all, and why.
fn applies(rule: &Rule, counted: Counted, facts: &Facts<'_>) -> (bool, String) {
    if !rule.enabled {
        return (false, "this rule is switched off".to_owned());
    }
    let declared = facts.declared.contains(&rule.id);
    let people = counted.people;
    let residents = people.high > 0;
    let of_residents = || {
        let mut text = if rule.jurisdiction == "ANY" {
            format!("{people} people meet `{}`", rule.elements)
        } else {
            format!("{people} residents of {} meet `{}`", rule.jurisdiction, rule.elements)
        };
        if people.low == 0 {
            text.push_str("; none for certain");
        }
        if counted.residence_unknown > 0 {
            text.push_str(&format!(
                "; of {} the residence is not known",
                crate::figure::grouped(counted.residence_unknown)
            ));
        }
        text
    };
    match rule.when {
        When::Contract if facts.contracts.is_empty() => (false, "no engagement's data was reached".to_owned()),
        When::Contract => (true, "data of this engagement was reached".to_owned()),
        When::Declared if !declared => (false, format!("the operator did not declare that it is under `{}`", rule.id)),
        When::Declared => (true, format!("the operator declared that it is under `{}`", rule.id)),
        When::Residents | When::ResidentsOrDeclared if residents => (true, of_residents()),
        When::ResidentsOrDeclared if declared => {
            (true, format!("the operator declared that it is under `{}`; nobody is known to meet it", rule.id))
        }
        When::Residents | When::ResidentsOrDeclared => {
            let mut text = format!("nobody in {} meets `{}`", rule.jurisdiction, rule.elements_possible);
            if counted.exempt > 0 {
                text.push_str(&format!(
                    "; {} do not count because what left of them was sealed",
                    crate::figure::grouped(counted.exempt)
                ));
            }
            (false, text)
        }
    }
}

fn of_duty(
    rule: &Rule,
    duty: &Duty,
    engagement: Option<EngagementId>,
    counted: Counted,
    (applies, because): (bool, &str),
    facts: &Facts<'_>,
) -> Deadline {
    let key = key(&rule.id, duty.recipient, duty.name.as_deref(), engagement);
    let tested = duty.threshold.map(|threshold| test(threshold, rule, counted, facts));
    let sent = facts.sent.get(&key);
    let anchored = facts.clocks.earliest(&duty.anchors);
    let first_anchor = duty.anchors.first().copied().unwrap_or(ClockName::Aware);
    let mut deadline = Deadline {
        rule: rule.id.clone(),
        title: rule.title.clone(),
        jurisdiction: rule.jurisdiction.clone(),
        recipient: duty.recipient,
        duty: duty.name.clone(),
        engagement,
        anchor: anchored.map_or(first_anchor, |(clock, _)| clock),
        anchor_time: anchored.map(|(_, at)| at),
        within: duty.within.in_words(),
        due: None,
        state: DeadlineState::NotTriggered,
        starts_when: None,
        reason_late: None,
        owner: facts.owners.get(&key).cloned(),
        applies_because: because.to_owned(),
        people: matches!(rule.when, When::Residents | When::ResidentsOrDeclared).then_some(counted.people),
        threshold: tested,
        sent: sent.map(|sent| sent.at),
        receipt: sent.map(|sent| sent.receipt.clone()),
        notes: rule.conflicts.iter().map(|conflict| format!("sources disagree: {conflict}")).collect(),
        rule_version: rule.version.clone(),
        source: rule.source.clone(),
        standing: rule.standing(),
    };
    deadline.notes.extend(rule.unread.iter().map(|unread| format!("not read: {unread}")));
    deadline.notes.extend(rule.notes.iter().cloned());
    let beneath = deadline.threshold.as_ref().is_some_and(|tested| tested.outcome == Outcome::NotMet);
    if deadline.threshold.as_ref().is_some_and(|tested| tested.outcome == Outcome::PossiblyMet) {
        deadline.applies_because.push_str("; threshold possibly met");
    }
    if role_unknown(duty, facts) && applies {
        let roles: Vec<&str> = duty.roles.iter().map(|role| role.word()).collect();
        deadline.notes.push(format!("holds if we are {}: our role is not recorded", roles.join(" or ")));
    }
    if !applies {
        return deadline;
    }
    if beneath {
        deadline.applies_because.push_str("; beneath the threshold");
        return deadline;
    }
    if let Some(decision) = facts.waived.get(&key) {
        deadline.state = DeadlineState::Waived;
        deadline.notes.insert(0, format!("waived by {} at {}: {}", decision.by, decision.at, decision.why));
        return deadline;
    }
    let Some((_, anchor)) = anchored else {
        let meanings: Vec<&str> = duty.anchors.iter().map(|clock| clock.meaning()).collect();
        deadline.starts_when = Some(format!("starts when {}", meanings.join(", or ")));
        if let Some(sent) = sent {
            deadline.state = DeadlineState::Sent;
            deadline.starts_when = None;
            deadline.notes.insert(0, format!("sent before its clock was set: {}", sent.receipt));
        }
        return deadline;
    };
    let due = due(duty, anchor, facts, &mut deadline.notes);
    deadline.due = due;
    deadline.state = state(due, anchor, sent, facts.now);
    if deadline.state == DeadlineState::Late {
        let reason = sent.map_or_else(|| facts.reasons_late.get(&key).cloned(), |sent| sent.reason_late.clone());
        deadline.reason_late = Some(reason.unwrap_or_else(|| "not given".to_owned()));
    }
    deadline
}

/// When a duty ends: the plain time, moved by holds and by counting where the rule allows either.
fn due(duty: &Duty, anchor: Timestamp, facts: &Facts<'_>, notes: &mut Vec<String>) -> Option<Timestamp> {
    let plain = match duty.within {
        Within::Hours(hours) => Some(anchor.plus_seconds(i64::from(hours).saturating_mul(3600))),
        Within::Days(days) => Some(calendar::plus_days(anchor, days)),
        Within::BusinessDays(days) => calendar::plus_business_days(anchor, days),
        Within::DaysAfterYearEnd(days) => calendar::days_after_year_end(anchor, days),
        Within::WithoutDelay => None,
    };
    let mut due = plain?;
    for hold in facts.holds {
        if !duty.holds.contains(&hold.by) {
            notes.push(format!("the hold of {} ({}) does not stop this clock", hold.by, hold.request));
            continue;
        }
        // The clock stands still from the hold's beginning, if it was still running then, and goes on where it stood.
        let from = hold.from.max(anchor);
        if from >= due {
            continue;
        }
        match hold.until {
            None => {
                let left = due.micros_since(from).div_euclid(3_600_000_000);
                notes.insert(
                    0,
                    format!("held since {from} ({}); {left} hours are left when the hold ends", hold.request),
                );
                return None;
            }
            Some(until) if until > from => {
                let held = i64::try_from(until.micros_since(from)).unwrap_or(i64::MAX);
                due = Timestamp(due.0.saturating_add(held));
                notes.insert(0, format!("held from {from} to {until} ({})", hold.request));
            }
            Some(_) => {}
        }
    }
    if let Some(decision) = facts.still_counting {
        if !duty.scope_may_extend {
            notes.push("that counting goes on does not extend this deadline".to_owned());
        } else {
            // Extended to the end of counting, and not a day beyond; what is due while counting goes on stays visible.
            let counted = facts.clocks.at(ClockName::ScopeFinal);
            let until = counted.map_or_else(|| "until the scope is final".to_owned(), |at| format!("to {at}"));
            notes.insert(
                0,
                format!("{} decided to extend it {until}: {}; plainly due {due}", decision.by, decision.why),
            );
            due = due.max(counted.unwrap_or(facts.now));
        }
    }
    Some(due)
}

fn state(due: Option<Timestamp>, anchor: Timestamp, sent: Option<&Sent>, now: Timestamp) -> DeadlineState {
    match (due, sent) {
        (Some(due), Some(sent)) if sent.at > due => DeadlineState::Late,
        (_, Some(_)) => DeadlineState::Sent,
        (Some(due), None) if now > due => DeadlineState::Late,
        (Some(due), None) => {
            let quarter = due.0.saturating_sub(anchor.0).div_euclid(4_000_000);
            let soon = quarter.clamp(SOON_AT_LEAST_SECONDS, SOON_AT_MOST_SECONDS);
            if now.plus_seconds(soon) >= due { DeadlineState::DueSoon } else { DeadlineState::Running }
        }
        (None, None) => DeadlineState::Running,
    }
}

fn test(threshold: Threshold, rule: &Rule, counted: Counted, facts: &Facts<'_>) -> Tested {
    let of_place = |place: &str| facts.census.count(measure(rule), place, facts.keys_taken);
    let counted = match threshold.counting {
        Counting::Residents => counted,
        Counting::Total => of_place("ANY"),
        Counting::AnyOneState => facts
            .census
            .residences()
            .into_iter()
            .filter(|residence| residence.starts_with("US-"))
            .map(of_place)
            .max_by_key(|counted| (counted.people.high, counted.people.low))
            .unwrap_or_else(|| of_place("US")),
    };
    let (low, high) = (threshold.met_by(counted.people.low), threshold.met_by(counted.people.high));
    Tested {
        test: threshold.in_words(),
        people: counted.people,
        residence_unknown: counted.residence_unknown,
        outcome: match (low, high) {
            (true, true) => Outcome::Met,
            (false, false) => Outcome::NotMet,
            // Either bound may be the one that meets it: "fewer than" is met by the lower one.
            _ => Outcome::PossiblyMet,
        },
    }
}

#[cfg(test)]
#[path = "deadline_tests.rs"]
mod tests;

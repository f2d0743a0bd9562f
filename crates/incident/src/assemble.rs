//! From a draft to a report: figures from the slices, deadlines from the rules, changes from the report before.

use std::collections::{BTreeMap, BTreeSet};

use base::Timestamp;
use base::word::DataType;

use crate::book::RuleBook;
use crate::changes::{Reasons, changes};
use crate::deadline::{Contract, Deadline, Facts, deadlines};
use crate::draft::{Draft, Slice};
use crate::error::IncidentError;
use crate::exposure::{self, Setting, basis, census, datasets, exposure, figure};
use crate::report::{Consequence, DutyOf, Limits, PartnerPart, Report, SCHEMA};
use crate::word::{ClockName, DutyRole, Recipient, ReportKind};

/// The report before, with the digest of its bytes.
#[derive(Clone, Copy, Debug)]
pub struct Previous<'a> {
    /// It.
    pub report: &'a Report,
    /// SHA-256 of [`Report::to_json`], in hexadecimal.
    pub digest: &'a str,
}

/// Makes a report.
///
/// # Errors
/// `Report` when its kind does not fit the one before it, or lacks a clock; `Shrank` when a figure fell without a reason.
pub fn assemble(
    draft: &Draft,
    book: &RuleBook,
    previous: Option<Previous<'_>>,
    reasons: &Reasons,
) -> Result<Report, IncidentError> {
    let report_no = number(draft, previous)?;
    let slices: Vec<&Slice> = draft.slices.iter().collect();
    let setting = setting(draft, book);
    let census = census(&slices);
    let deadlines = owed(draft, &slices, book);
    let mut measures: Vec<_> = draft.measures.iter().map(|measure| measure.what.clone()).collect();
    measures.sort_by_key(|measure| measure.at);
    let mut timeline: Vec<_> = draft.timeline.iter().map(|happening| happening.what.clone()).collect();
    timeline.sort_by_key(|happening| (happening.at, happening.index));
    let mut report = Report {
        schema: SCHEMA.to_owned(),
        report_no,
        kind: draft.kind,
        made: draft.made,
        supersedes: previous.map(|previous| previous.digest.to_owned()),
        changes: Vec::new(),
        incident: draft.incident.clone(),
        clock: clocks(draft),
        selectors: draft.selectors.clone(),
        exposure: exposure(&slices, setting),
        duty: slices.iter().map(|slice| duty(slice)).collect(),
        partners: slices.iter().map(|slice| partner(slice, draft, &deadlines)).collect(),
        consequences: consequences(draft.consequences.clone(), &census_types(&slices), &slices),
        hipaa_four_factors: draft.hipaa_four_factors.clone(),
        measures,
        safeguards_before: draft.safeguards_before.clone(),
        training_of_people_involved: draft.training.clone(),
        root_cause: draft.root_cause.clone(),
        limits: limits(draft, &slices, residence_known(&census), book),
        deadlines,
        timeline,
        evidence: draft.evidence.clone(),
    };
    if let Some(previous) = previous {
        report.changes = changes(previous.report, &report, reasons)?;
    }
    Ok(report)
}

/// The report's number, if its kind fits.
fn number(draft: &Draft, previous: Option<Previous<'_>>) -> Result<u32, IncidentError> {
    let wrong = |problem: &str, remedy| Err(IncidentError::Report { problem: problem.to_owned(), remedy });
    match (draft.kind, previous) {
        (ReportKind::Initial, Some(_)) => wrong("there is a report of this incident already", "make an update"),
        (ReportKind::Update | ReportKind::Final, None) => {
            wrong("there is no report of this incident yet", "make the initial one first")
        }
        (kind, Some(previous)) if previous.report.incident.id != draft.incident.id => {
            let problem = format!("the report before this {kind} is of another incident");
            wrong(&problem, "hand in the incident's own last report")
        }
        (ReportKind::Update, Some(previous)) if previous.report.kind == ReportKind::Final => {
            wrong("the report before is final", "if it must be corrected, make another final one, with reasons")
        }
        (ReportKind::Final, _) if draft.clocks.at(ClockName::ScopeFinal).is_none() => {
            wrong("counting has not ended: the clock `scope_final` is not set", "set it, or make an update")
        }
        (_, previous) => Ok(previous.map_or(1, |previous| previous.report.report_no.saturating_add(1))),
    }
}

pub(crate) const fn setting<'a>(draft: &'a Draft, book: &'a RuleBook) -> Setting<'a> {
    Setting {
        book,
        rules_of: draft.rules_of.as_str(),
        as_of: &draft.as_of,
        keys_taken: draft.keys_taken,
        keys_taken_basis: draft.keys_taken_basis.as_str(),
    }
}

/// What is owed for these slices.
pub(crate) fn owed(draft: &Draft, slices: &[&Slice], book: &RuleBook) -> Vec<Deadline> {
    let census = census(slices);
    // A role that one engagement lacks may be any: then every role's duties are shown.
    let roles: Option<BTreeSet<DutyRole>> = slices.iter().map(|slice| slice.role).collect();
    let contracts: Vec<Contract> = slices
        .iter()
        .map(|slice| Contract { engagement: slice.engagement, notice_hours: slice.notice_hours })
        .collect();
    let facts = Facts {
        now: draft.made,
        clocks: &draft.clocks,
        census: &census,
        keys_taken: draft.keys_taken,
        roles: &roles.unwrap_or_default(),
        declared: &draft.declared_rules,
        contracts: &contracts,
        holds: &draft.holds,
        still_counting: draft.still_counting.as_ref(),
        sent: &draft.sent,
        waived: &draft.waived,
        owners: &draft.owners,
        reasons_late: &draft.reasons_late,
    };
    deadlines(book.on(&draft.rules_of), &facts)
}

fn clocks(draft: &Draft) -> BTreeMap<ClockName, Vec<crate::clock::ClockEntry>> {
    draft.clocks.all().map(|(clock, entries)| (clock, entries.into_iter().cloned().collect())).collect()
}

fn duty(slice: &Slice) -> DutyOf {
    DutyOf { engagement: slice.engagement, role: slice.role, owner_to_tell: slice.owner_to_tell.clone() }
}

fn partner(slice: &Slice, draft: &Draft, deadlines: &[Deadline]) -> PartnerPart {
    let notice =
        deadlines.iter().find(|of| of.recipient == Recipient::Partner && of.engagement == Some(slice.engagement));
    let counted = |count: crate::draft::Count| figure(count, basis(count.bounds()), &draft.as_of);
    let people = exposure::total(&[slice], draft.keys_taken);
    PartnerPart {
        engagement: slice.engagement,
        name: slice.name.clone(),
        partner: slice.partner.clone(),
        objects: counted(slice.objects),
        bytes: counted(slice.bytes),
        dataset_versions: datasets(slice, &draft.as_of),
        confidential_classes: slice.confidential.iter().map(|class| class.class.clone()).collect(),
        subjects: counted(people),
        paused_at: slice.paused_at,
        resumed_at: slice.resumed_at,
        models_trained: slice.models.clone(),
        notice_due: notice.and_then(|notice| notice.due),
        notice_sent: notice.and_then(|notice| notice.sent),
        receipt: notice.and_then(|notice| notice.receipt.clone()),
    }
}

/// Every type that may have left.
pub(crate) fn census_types(slices: &[&Slice]) -> BTreeSet<DataType> {
    let groups = slices.iter().flat_map(|slice| slice.census.served.iter().chain(&slice.census.possible));
    groups.flat_map(|group| group.elements.iter().copied()).collect()
}

/// What follows from the data alone, after what the responders wrote.
pub(crate) fn consequences(
    mut written: Vec<Consequence>,
    types: &BTreeSet<DataType>,
    slices: &[&Slice],
) -> Vec<Consequence> {
    use DataType::{BankAccount, Card, Diagnosis, DrivingLicence, Email, HealthId, Iban, Passport, Phone, Secret, Ssn};
    let among = |of: &[DataType]| -> Vec<&str> {
        of.iter().filter(|data_type| types.contains(data_type)).map(|data_type| data_type.title()).collect()
    };
    let mut add = |elements: Vec<&str>, harm: &str, why: &str| {
        if !elements.is_empty() {
            written.push(Consequence {
                element_set: elements.join(", "),
                harm: harm.to_owned(),
                likelihood: "not assessed".to_owned(),
                why: why.to_owned(),
            });
        }
    };
    add(among(&[Ssn, DrivingLicence, Passport]), "identity theft", "such numbers open accounts in another's name");
    add(among(&[Card, Iban, BankAccount]), "fraud", "such numbers move money");
    add(among(&[Secret]), "account takeover", "what opens something was in what was reached");
    add(among(&[Email, Phone]), "phishing", "who is known by name and work is written to convincingly");
    add(among(&[Diagnosis, HealthId]), "discrimination", "health says what employers and insurers may not ask");
    let classes: BTreeSet<&str> =
        slices.iter().flat_map(|slice| slice.confidential.iter().map(|class| class.class.as_str())).collect();
    add(classes.iter().copied().collect(), "trade-secret loss", "how a model is made and judged is worth copying");
    let judged = classes.into_iter().filter(|class| matches!(*class, "eval_set" | "rubric" | "prompt_set"));
    add(judged.collect(), "benchmark leak", "a test that is known measures nothing");
    written
}

pub(crate) fn residence_known(census: &crate::census::Census) -> Option<u32> {
    let everybody = census.everybody(true).high;
    let unknown = census.residence_unknown().high;
    let known = everybody.saturating_sub(unknown).saturating_mul(1000).checked_div(everybody)?;
    u32::try_from(known).ok()
}

pub(crate) fn limits(draft: &Draft, slices: &[&Slice], residence_known: Option<u32>, book: &RuleBook) -> Limits {
    let mut limits = draft.limits.clone();
    limits.unscanned_objects = slices.iter().fold(0, |all: u64, slice| all.saturating_add(slice.unscanned_objects));
    limits.residence_known_permille = residence_known;
    let mut say = |text: &str| {
        if !limits.not_recorded.iter().any(|known| known == text) {
            limits.not_recorded.push(text.to_owned());
        }
    };
    if draft.training.is_empty() {
        say("what the people involved had been taught: no courses are recorded here");
    }
    if draft.safeguards_before.is_empty() {
        say("which safeguards stood at the first activity: no checks are recorded here");
    }
    if slices.iter().any(|slice| slice.minors.is_none()) {
        say("how many of the people are children, in a weak position, or dead");
    }
    if slices.iter().any(|slice| slice.people_linked.is_none()) {
        say(
            "who of the people is the same person under two identifiers: nobody is counted as one who is not known to be",
        );
    }
    if slices.len() > 1 {
        say("who stands in the data of two engagements: such a person is counted in each");
    }
    if slices.iter().any(|slice| slice.role.is_none()) {
        say("what we are to the data of every engagement: duties of every role are shown");
    }
    let undetected: BTreeSet<&str> =
        book.on(&draft.rules_of).filter(|rule| rule.enabled).flat_map(|rule| rule.elements.undetected()).collect();
    if !undetected.is_empty() {
        let list = undetected.into_iter().collect::<Vec<_>>().join(", ");
        say(&format!("data that laws name and no detector finds: {list}"));
    }
    limits
}

/// When a report is due again, at the latest when the next open deadline is.
#[must_use]
pub fn next_due(report: &Report) -> Option<(&Deadline, Timestamp)> {
    let open = report.deadlines.iter().filter(|deadline| deadline.is_open());
    open.filter_map(|deadline| Some((deadline, deadline.due?))).min_by_key(|(_, due)| *due)
}

#[cfg(test)]
#[path = "assemble_tests.rs"]
mod tests;

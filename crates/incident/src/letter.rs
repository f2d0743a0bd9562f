//! Letters: plain text for whoever is owed a notice, every figure from the report. They are drafts for a person to read, mend
//! and sign; what is sent is digested and entered.
//!
//! What must not stand in a letter is not handed to its writer: the Massachusetts letter is written without the incident's
//! nature and without any count, and the ICO's form without a name.

use std::fmt::Write as _;

use crate::deadline::Deadline;
use crate::figure::grouped;
use crate::partner::PartnerFile;
use crate::report::Report;
use crate::word::{ClockName, ReportKind};

/// The letters there are; rules name them in `letter`.
pub const LETTERS: &[&str] =
    &["partner", "regulator", "ico", "state-attorney-general", "people", "people-without-nature"];

/// Writes the letter of a duty. None: there is no such letter, or it is the partner's, which is made from the partner's own
/// file.
#[must_use]
pub fn letter(name: &str, report: &Report, deadline: &Deadline) -> Option<String> {
    Some(match name {
        "regulator" => regulator(report, deadline),
        "ico" => ico(report, deadline),
        "state-attorney-general" => attorney_general(report, deadline),
        "people" => people(report),
        "people-without-nature" => people_without_nature(report),
        _ => return None,
    })
}

fn when(report: &Report, clock: ClockName) -> String {
    report.clock_at(clock).map_or_else(|| "not known yet".to_owned(), minute)
}

/// A time to the minute, as people read it.
pub(crate) fn minute(at: base::Timestamp) -> String {
    format!("{} UTC", at.to_string().get(..16).unwrap_or_default().replace('T', ", "))
}

fn day(at: Option<base::Timestamp>) -> String {
    at.map_or_else(|| "not known yet".to_owned(), |at| at.to_string().get(..10).unwrap_or_default().to_owned())
}

/// The opening of every letter to an authority.
fn opening(report: &Report, deadline: &Deadline) -> String {
    let kind = match report.kind {
        ReportKind::Initial => "Initial notice",
        ReportKind::Update => "Update",
        ReportKind::Final => "Final notice",
    };
    let mut text = format!(
        "{kind} of a breach of personal data\n{}\n\nFrom: {}\nIncident: {}, report {}\n",
        deadline.title, report.incident.operator_entity, report.incident.id, report.report_no
    );
    if let Some(due) = deadline.due {
        let _ = writeln!(text, "Due: {}", minute(due));
    }
    if let Some(reason) = &deadline.reason_late {
        let _ = writeln!(text, "This notice is late. Reason: {reason}");
    }
    text
}

fn dates(report: &Report) -> String {
    format!(
        "When it happened: {} to {}\nWhen it was discovered: {}\nWhen we became aware: {}\nWhen it was contained: {}\n",
        when(report, ClockName::FirstActivity),
        when(report, ClockName::LastActivity),
        when(report, ClockName::Discovered),
        when(report, ClockName::Aware),
        when(report, ClockName::Contained),
    )
}

fn data(report: &Report) -> String {
    let mut text = String::new();
    for element in &report.exposure.elements {
        let special = if element.special_category { " (special category)" } else { "" };
        let _ = writeln!(text, "- {}{special}: {} people", element.r#type.title(), element.subjects);
    }
    text
}

fn consequences(report: &Report) -> String {
    let mut text = String::new();
    for consequence in &report.consequences {
        let _ = writeln!(text, "- {}, from {}: {}", consequence.harm, consequence.element_set, consequence.why);
    }
    text
}

fn measures(report: &Report) -> String {
    let mut text = String::new();
    let mut said = "";
    // What was done to several engagements at once is one measure to a reader outside.
    for measure in &report.measures {
        if measure.what != said {
            let _ = writeln!(text, "- {}: {}", minute(measure.at), measure.what);
        }
        said = &measure.what;
    }
    text
}

fn unknown(report: &Report) -> String {
    let mut text = String::new();
    if report.limits.unscanned_objects > 0 {
        let _ =
            writeln!(text, "- what {} objects hold that were not scanned", grouped(report.limits.unscanned_objects));
    }
    for limit in report.limits.not_recorded.iter().chain(&report.limits.not_covered) {
        let _ = writeln!(text, "- {limit}");
    }
    text
}

fn contact(report: &Report) -> String {
    format!("Contact: {}\n", report.incident.contacts.dpo)
}

fn regulator(report: &Report, deadline: &Deadline) -> String {
    format!(
        "{}\n{}\nNature: {}, {}.\nPeople: {} (at least and at most). Records: {}.\nOf {} people it is not known where they \
         live.\n\nData:\n{}\nLikely consequences:\n{}\nMeasures taken:\n{}\nNot known, or not covered:\n{}\n{}",
        opening(report, deadline),
        dates(report),
        report.incident.category.word().replace('_', " "),
        if report.incident.cyber { "an attack on systems" } else { "no attack on systems" },
        report.exposure.subjects.total,
        records(report),
        report.exposure.residence_unknown,
        data(report),
        consequences(report),
        measures(report),
        unknown(report),
        contact(report),
    )
}

fn records(report: &Report) -> String {
    let all = report.exposure.records.by_type.values();
    let sum = all.fold(crate::figure::Bounds::default(), |sum, figure| sum.plus(figure.bounds()));
    if sum.high == 0 { format!("{} objects", report.exposure.objects) } else { sum.to_string() }
}

/// The ICO asks for the largest number that may be affected, and forbids names of people.
fn ico(report: &Report, deadline: &Deadline) -> String {
    format!(
        "{}\n{}\nHow many people may be affected, at most: {}\nOf these certainly: {}\nIn the United Kingdom, at most: {}\n\
         Was it a cyber incident: {}\nHow many records, at most: {}\n\nData:\n{}\nLikelihood of harm:\n{}\nWhat was done:\n{}\n\
         Had staff involved been trained in the last two years: {}\n\nNot known, or not covered:\n{}\n{}",
        opening(report, deadline),
        dates(report),
        grouped(report.exposure.subjects.total.high),
        grouped(report.exposure.subjects.total.low),
        in_place(report, "GB"),
        if report.incident.cyber { "yes" } else { "no" },
        records(report),
        data(report),
        consequences(report),
        measures(report),
        trained(report),
        unknown(report),
        contact(report),
    )
}

fn in_place(report: &Report, code: &str) -> String {
    let known = report.exposure.jurisdictions.iter().find(|place| place.code == code);
    let known = known.map_or(0, |place| place.residents.high);
    grouped(known.saturating_add(report.exposure.residence_unknown.high))
}

fn trained(report: &Report) -> String {
    let all = &report.training_of_people_involved;
    if all.is_empty() {
        return "not recorded".to_owned();
    }
    let passed = all.iter().filter(|training| training.passed.is_some()).count();
    format!("{passed} of {} courses recorded as passed", all.len())
}

/// A state asks for its own residents, with the threshold that was tested.
fn attorney_general(report: &Report, deadline: &Deadline) -> String {
    let place = report.exposure.jurisdictions.iter().find(|place| place.code == deadline.jurisdiction);
    let residents = place.map_or_else(|| "none known".to_owned(), |place| place.residents.to_string());
    let trigger = place.and_then(|place| place.trigger_subjects.as_ref());
    let mut text = format!(
        "{}\n{}\nResidents of {}: {residents}\n",
        opening(report, deadline),
        dates(report),
        deadline.jurisdiction
    );
    if let Some(trigger) = trigger {
        let _ = writeln!(text, "Residents whose data triggers the law, those of unknown residence included: {trigger}");
    }
    if let Some(tested) = &deadline.threshold {
        let _ = writeln!(text, "Threshold: {} ({} people)", tested.test, tested.people);
    }
    let _ = writeln!(text, "People in total: {}\n\nBy combination of data:", report.exposure.subjects.total);
    for (combo, people) in place.map(|place| &place.by_combo).into_iter().flatten() {
        let _ = writeln!(text, "- {}: {people} residents", combo.replace('+', " and "));
    }
    let _ = write!(
        text,
        "\nPeople were told: {}\nMeasures taken:\n{}\nA sample of the letter to people is enclosed.\n\n{}",
        when(report, ClockName::PeopleTold),
        measures(report),
        contact(report)
    );
    text
}

/// To people, in plain words: what happened, what data, what we do, what they can do, whom to ask. SPEC: the headings that
/// California prescribes (Civil Code 1798.82(d)).
fn people(report: &Report) -> String {
    let data: Vec<&str> = report.exposure.elements.iter().map(|element| element.r#type.title()).collect();
    format!(
        "NOTICE OF DATA BREACH\n\nWhat Happened\nBetween {} and {} somebody who had no right to read it read data that we keep. \
         We learnt of it on {} and stopped it.\n\nWhat Information Was Involved\n{}. Which of these concern you is written on \
         the enclosed sheet.\n\nWhat We Are Doing\n{}\nWhat You Can Do\nWatch your accounts and your mail. You may ask the credit \
         bureaus for a fraud alert or a freeze, free of charge. {}\n\nFor More Information\n{}\n{}\n",
        day(report.clock_at(ClockName::FirstActivity)),
        day(report.clock_at(ClockName::LastActivity)),
        day(report.clock_at(ClockName::Aware)),
        data.join(", "),
        done(report),
        monitoring(report),
        report.incident.operator_entity,
        report.incident.contacts.dpo,
    )
}

/// What was done, in words for people: measures are written for engineers.
fn done(report: &Report) -> String {
    let mut said: Vec<&str> = Vec::new();
    for measure in &report.measures {
        let words = match measure.act.as_str() {
            "pause" => "We stopped all access to this data.",
            "revoke" | "rotate" | "key_suspend" => "We made the credentials that were used worthless.",
            "quarantine" => "We set data aside that should not have been where it was.",
            "policy_change" => "We changed who may read such data, and how.",
            "train" => "We taught the people who work with it again.",
            _ => continue,
        };
        if !said.contains(&words) {
            said.push(words);
        }
    }
    said.push("We go on looking into what happened, and have told the authorities where the law asks us to.");
    said.join("\n") + "\n"
}

fn monitoring(report: &Report) -> &'static str {
    use base::word::DataType::{DrivingLicence, Ssn};
    let dear = report.exposure.elements.iter().any(|element| matches!(element.r#type, Ssn | DrivingLicence));
    if dear { "Where your law grants it we pay for identity services; how to enrol is enclosed." } else { "" }
}

/// To people in Massachusetts: rights and help, neither the nature of the breach nor a number. SPEC: M.G.L. c. 93H, s. 3(b).
fn people_without_nature(report: &Report) -> String {
    format!(
        "NOTICE\n\nWe write to tell you of an incident that concerns personal information about you.\n\nYour rights\nYou have the \
         right to obtain a police report, if one was filed. You may place a security freeze on your credit report, free of charge, \
         with each of the consumer reporting agencies; for it they ask for your full name, your addresses of the last years, your \
         date of birth and your social security number.\n\n{}\n\nQuestions\n{}\n{}\n",
        monitoring(report),
        report.incident.operator_entity,
        report.incident.contacts.dpo,
    )
}

/// To a partner, from its own file.
#[must_use]
pub fn partner(file: &PartnerFile) -> String {
    let mut text = format!(
        "Notice of an incident that reached data of {}\nEngagement: {} ({})\nIncident: {}, report {}\nFrom: {}, {}\n\n{}\n\n",
        file.partner,
        file.name,
        file.engagement,
        file.incident,
        file.report_no,
        file.operator_entity,
        file.contact,
        file.words
    );
    if let Some((first, last)) = file.activity {
        let _ = writeln!(text, "When: {} to {}", minute(first), minute(last));
    }
    let _ = writeln!(
        text,
        "Objects: {}\nBytes: {}\nPeople: {}\nThrough: {}\nPaused: {}\nWho can still read it: {}\n",
        file.exposure.objects,
        file.exposure.bytes,
        file.exposure.subjects.total,
        file.selectors.join(", "),
        file.paused_at.map_or_else(|| "no".to_owned(), minute),
        file.still_open_to,
    );
    for dataset in &file.exposure.dataset_versions {
        let _ = writeln!(text, "- {}: {} versions, {} bytes", dataset.dataset, dataset.versions, dataset.bytes);
    }
    for class in &file.exposure.confidential {
        let _ = writeln!(text, "- {}: {} objects", class.class.replace('_', " "), class.objects);
    }
    let _ = write!(
        text,
        "\nThe lower figures are proven by the ledger; verify them offline: {}\nThe upper ones are what could have been read.\n\
         Next word from us: {}\n",
        file.verify,
        file.next_update.map_or_else(|| "when there is something new".to_owned(), minute),
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::RuleBook;
    use crate::partner::partner_file;
    use crate::specimen;

    fn of(key: &str, name: &str) -> String {
        let report = specimen::report();
        let deadline = report.deadlines.iter().find(|deadline| deadline.key() == key).unwrap();
        letter(name, &report, deadline).unwrap()
    }

    #[test]
    fn every_rule_names_a_letter_that_exists() {
        let book = RuleBook::with(&[]).unwrap();
        let report = specimen::report();
        let deadline = &report.deadlines[0];
        for rule in book.all() {
            for duty in &rule.duties {
                let name = duty.letter.as_deref().unwrap_or_else(|| panic!("{} names no letter", rule.id));
                assert!(LETTERS.contains(&name), "{}: `{name}`", rule.id);
                assert!(name == "partner" || letter(name, &report, deadline).is_some(), "{name}");
            }
        }
    }

    /// SPEC: M.G.L. c. 93H, s. 3(b).
    #[test]
    fn the_massachusetts_letter_says_neither_what_happened_nor_how_many() {
        let text = of("us-ma/people", "people-without-nature");
        for word in ["credential", "stolen", "attack", "read", "breach", "2026"] {
            assert!(!text.to_lowercase().contains(word), "`{word}`: {text}");
        }
        assert!(!text.contains(|letter: char| letter.is_ascii_digit()), "{text}");
        assert!(text.contains("police report") && text.contains("security freeze"));
    }

    #[test]
    fn the_ico_hears_the_largest_number_and_no_name() {
        let text = of("uk-ico/authority", "ico");
        assert!(text.contains("at most: 12,362\nOf these certainly: 10,322"), "{text}");
        for name in ["r-okafor", "decoy paused by", "meridian", "halcyon"] {
            assert!(!text.contains(name), "{name}");
        }
    }

    #[test]
    fn a_state_hears_of_its_own_residents() {
        let text = of("us-ca/attorney_general", "state-attorney-general");
        assert!(text.contains("Residents of US-CA: 1,877\n"), "{text}");
        assert!(text.contains("name and ssn: 1,877 residents"), "{text}");
    }

    #[test]
    fn people_hear_it_in_plain_words() {
        let text = of("us-ca/people", "people");
        for heading in [
            "What Happened",
            "What Information Was Involved",
            "What We Are Doing",
            "What You Can Do",
            "For More Information",
        ] {
            assert!(text.contains(&format!("\n{heading}\n")), "{heading}: {text}");
        }
        assert!(text.contains("We stopped all access") && !text.contains("decoy"), "{text}");
    }

    #[test]
    fn a_partner_hears_of_itself() {
        let file = partner_file(&specimen::draft(), 1, specimen::FIRST, &specimen::book()).unwrap();
        let text = partner(&file);
        assert!(text.contains("Engagement: interviews") && text.contains("18,233 to 26,119"), "{text}");
        assert!(!text.contains("halcyon"));
    }
}

//! The rule book: reads rule files, and tells which version of which rule is in force.
//!
//! # Threats
//! Rule files are written by people in a hurry, and a rule that silently does not apply costs a deadline. So an unknown field,
//! word or clock is an error that names the file, the line and what to write instead; nothing is guessed and nothing skipped.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use serde::Deserialize;
use time::Date;
use time::macros::format_description;
use toml::Spanned;

use crate::elements::Elements;
use crate::error::IncidentError;
use crate::rule::{Comparison, Counting, Duty, Rule, Threshold, When, Within};
use crate::word::{ClockName, DutyRole, HoldBy, Recipient};

/// The rules that come with the program.
const SHIPPED: &[(&str, &str)] = &[
    ("rules/contract.toml", include_str!("../content/rules/contract.toml")),
    ("rules/europe.toml", include_str!("../content/rules/europe.toml")),
    ("rules/us-federal.toml", include_str!("../content/rules/us-federal.toml")),
    ("rules/us-states.toml", include_str!("../content/rules/us-states.toml")),
];

/// Rules, by id and version.
#[derive(Clone, Debug, Default)]
pub struct RuleBook {
    rules: BTreeMap<String, BTreeMap<String, Rule>>,
}

impl RuleBook {
    /// The rules that come with the program, and over them `files` of the user (name and text): a rule there replaces every
    /// version of the rule with its id.
    ///
    /// # Errors
    /// `Rule` for the first mistake in any file.
    pub fn with(files: &[(String, String)]) -> Result<Self, IncidentError> {
        let mut book = Self::default();
        for (file, text) in SHIPPED {
            book.lay(read(file, text)?, file)?;
        }
        let mut own = Self::default();
        for (file, text) in files {
            own.lay(read(file, text)?, file)?;
        }
        book.rules.extend(own.rules);
        Ok(book)
    }

    fn lay(&mut self, rules: Vec<(usize, Rule)>, file: &str) -> Result<(), IncidentError> {
        for (line, rule) in rules {
            let versions = self.rules.entry(rule.id.clone()).or_default();
            if let Some(other) = versions.get(&rule.version) {
                return Err(IncidentError::Rule {
                    file: file.to_owned(),
                    line,
                    problem: format!("version {} of it stands in {} already", rule.version, other.file),
                    rule: rule.id,
                    remedy: "give one of them another id, or a later version".to_owned(),
                });
            }
            versions.insert(rule.version.clone(), rule);
        }
        Ok(())
    }

    /// The version of each rule that was the newest on a day, `2026-11-24`; before its first version, the first. A later version does
    /// not rewrite what was reported under an earlier one, and no day is so early that nothing is owed on it.
    pub fn on<'a>(&'a self, day: &'a str) -> impl Iterator<Item = &'a Rule> + 'a {
        self.rules.values().filter_map(move |versions| {
            let newest = versions.range(..=day.to_owned()).next_back();
            newest.or_else(|| versions.first_key_value()).map(|(_, rule)| rule)
        })
    }

    /// Every version of every rule.
    pub fn all(&self) -> impl Iterator<Item = &Rule> {
        self.rules.values().flat_map(BTreeMap::values)
    }

    /// One version of one rule.
    #[must_use]
    pub fn get(&self, id: &str, version: &str) -> Option<&Rule> {
        self.rules.get(id)?.get(version)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    #[serde(default)]
    expressions: toml::map::Map<String, toml::Value>,
    #[serde(default)]
    defaults: RawDefaults,
    #[serde(default)]
    rule: Vec<Spanned<RawRule>>,
}

/// What the rules of one file have in common.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDefaults {
    version: Option<String>,
    read_on: Option<String>,
    source: Option<String>,
    how_read: Option<String>,
    confirmed_by: Option<String>,
    elements: Option<String>,
    elements_possible: Option<String>,
    access_or_acquisition: Option<String>,
    encrypted_exempt: Option<bool>,
    key_exempt_lost_if: Option<String>,
    when: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    id: String,
    title: String,
    jurisdiction: String,
    version: Option<Spanned<String>>,
    when: Option<Spanned<String>>,
    enabled: Option<bool>,
    elements: Option<Spanned<String>>,
    elements_possible: Option<Spanned<String>>,
    access_or_acquisition: Option<String>,
    #[serde(default)]
    harm_test: String,
    encrypted_exempt: Option<bool>,
    key_exempt_lost_if: Option<String>,
    monitoring_months: Option<u32>,
    #[serde(default)]
    duty: Vec<Spanned<RawDuty>>,
    #[serde(default)]
    notes: Vec<String>,
    #[serde(default)]
    conflicts: Vec<String>,
    #[serde(default)]
    unread: Vec<String>,
    source: Option<String>,
    how_read: Option<Spanned<String>>,
    read_on: Option<Spanned<String>>,
    confirmed_by: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDuty {
    recipient: Spanned<String>,
    name: Option<String>,
    anchor: Spanned<Vec<String>>,
    within: Spanned<String>,
    threshold: Option<Spanned<String>>,
    #[serde(default)]
    roles: Vec<String>,
    #[serde(default)]
    scope_may_extend: bool,
    #[serde(default)]
    holds: Vec<String>,
    letter: Option<String>,
}

/// A mistake inside a file: where, what, and what to write instead.
struct Mistake {
    at: Range<usize>,
    rule: String,
    problem: String,
    remedy: String,
}

fn read(file: &str, text: &str) -> Result<Vec<(usize, Rule)>, IncidentError> {
    let line_of = |at: usize| text.get(..at).map_or(0, |before| before.matches('\n').count().saturating_add(1));
    let raw: RawFile = toml::from_str(text).map_err(|error| IncidentError::Rule {
        file: file.to_owned(),
        line: error.span().map_or(0, |span| line_of(span.start)),
        rule: String::new(),
        problem: error.message().trim().replace('\n', ": "),
        remedy: "see docs/rules.md for every field of a rule".to_owned(),
    })?;
    let failed = |mistake: Mistake| IncidentError::Rule {
        file: file.to_owned(),
        line: line_of(mistake.at.start),
        rule: mistake.rule,
        problem: mistake.problem,
        remedy: mistake.remedy,
    };
    let mut named = BTreeMap::new();
    for (name, value) in &raw.expressions {
        let mistake = |problem, remedy| {
            let at = text.find(&format!("\n{name} ")).map_or(0, |at| at.saturating_add(1));
            failed(Mistake {
                at: at..at,
                rule: String::new(),
                problem: format!("expression `{name}`: {problem}"),
                remedy,
            })
        };
        let text = value.as_str().ok_or_else(|| mistake("it is no text".to_owned(), "put it in quotes".to_owned()))?;
        let read = Elements::read(text, &named).map_err(|(problem, remedy)| mistake(problem, remedy))?;
        named.insert(name.clone(), read);
    }
    let rule = |raw_rule: Spanned<RawRule>| {
        let line = line_of(raw_rule.span().start);
        rule(file, raw_rule, &raw.defaults, &named).map(|rule| (line, rule)).map_err(failed)
    };
    raw.rule.into_iter().map(rule).collect()
}

fn rule(
    file: &str,
    spanned: Spanned<RawRule>,
    defaults: &RawDefaults,
    named: &BTreeMap<String, Elements>,
) -> Result<Rule, Mistake> {
    let whole = spanned.span();
    let raw = spanned.into_inner();
    let id = raw.id.clone();
    let mistake = |at: &Range<usize>, problem: String, remedy: String| Mistake {
        at: at.clone(),
        rule: id.clone(),
        problem,
        remedy,
    };
    if base::word::check_name(&raw.id).is_err() {
        return Err(mistake(&whole, "its id is no name".to_owned(), "use a-z, 0-9, `-`, as in `us-ca`".to_owned()));
    }
    // A field of the rule with its place, else of the file's defaults.
    let text = |own: Option<Spanned<String>>, default: &Option<String>, field: &str| {
        own.map(|own| (own.span(), own.into_inner()))
            .or_else(|| default.clone().map(|default| (whole.clone(), default)))
            .ok_or_else(|| mistake(&whole, format!("`{field}` is missing"), format!("add `{field} = \"…\"`")))
    };
    let expression = |(at, text): (Range<usize>, String), field: &str| {
        Elements::read(&text, named).map_err(|(problem, remedy)| mistake(&at, format!("`{field}`: {problem}"), remedy))
    };
    let date = |(at, text): (Range<usize>, String), field: &str| match is_date(&text) {
        true => Ok(text),
        false => Err(mistake(&at, format!("`{field}` is `{text}`, no date"), "write it as \"2026-11-24\"".to_owned())),
    };
    let elements = text(raw.elements, &defaults.elements, "elements")?;
    let certain = expression(elements, "elements")?;
    let possible = match text(raw.elements_possible, &defaults.elements_possible, "elements_possible") {
        // What is certain is possible too, whatever a file's default says: the upper bound is never below the lower one.
        Ok(wide) => Elements::One(vec![certain.clone(), expression(wide, "elements_possible")?]),
        Err(_) => certain.clone(),
    };
    let (at, when) = text(raw.when, &defaults.when, "when")?;
    let when = match when.as_str() {
        "residents" => When::Residents,
        "declared" => When::Declared,
        "residents-or-declared" => When::ResidentsOrDeclared,
        "contract" => When::Contract,
        other => {
            return Err(mistake(
                &at,
                format!("`when` is `{other}`"),
                "use residents, declared, residents-or-declared or contract".to_owned(),
            ));
        }
    };
    let (at, how) = text(raw.how_read, &defaults.how_read, "how_read")?;
    let how_read = word(&how).map_err(|problem| {
        mistake(&at, format!("`how_read`: {problem}"), "R: the source; R2: a text about it; M: memory".to_owned())
    })?;
    let mut duties = Vec::new();
    let mut owed = BTreeSet::new();
    for spanned in raw.duty {
        let at = spanned.span();
        let duty = duty(spanned.into_inner(), &mistake)?;
        if !owed.insert((duty.recipient, duty.name.clone())) {
            let problem = format!("two duties towards `{}` have the same name", duty.recipient);
            return Err(mistake(&at, problem, "give one of them another `name = \"…\"`".to_owned()));
        }
        duties.push(duty);
    }
    let jurisdiction = raw.jurisdiction;
    let plain = !jurisdiction.is_empty() && jurisdiction.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-');
    if !plain {
        return Err(mistake(
            &whole,
            format!("`jurisdiction` is `{jurisdiction}`"),
            "use ISO 3166 codes, `US-CA` or `DE`, or EU, US, ANY".to_owned(),
        ));
    }
    Ok(Rule {
        version: date(text(raw.version, &defaults.version, "version")?, "version")?,
        read_on: date(text(raw.read_on, &defaults.read_on, "read_on")?, "read_on")?,
        id: raw.id,
        file: file.to_owned(),
        title: raw.title,
        jurisdiction,
        when,
        enabled: raw.enabled.unwrap_or(true),
        elements: certain,
        elements_possible: possible,
        access_or_acquisition: raw
            .access_or_acquisition
            .or_else(|| defaults.access_or_acquisition.clone())
            .unwrap_or_else(|| "not read".to_owned()),
        harm_test: raw.harm_test,
        encrypted_exempt: raw.encrypted_exempt.or(defaults.encrypted_exempt).unwrap_or(false),
        key_exempt_lost_if: raw.key_exempt_lost_if.or_else(|| defaults.key_exempt_lost_if.clone()).unwrap_or_default(),
        monitoring_months: raw.monitoring_months,
        duties,
        notes: raw.notes,
        conflicts: raw.conflicts,
        unread: raw.unread,
        source: raw.source.or_else(|| defaults.source.clone()).unwrap_or_default(),
        how_read,
        confirmed_by: raw.confirmed_by.or_else(|| defaults.confirmed_by.clone()).unwrap_or_default(),
    })
}

fn duty(raw: RawDuty, mistake: &impl Fn(&Range<usize>, String, String) -> Mistake) -> Result<Duty, Mistake> {
    let words = "one of its words; they stand in docs/rules.md";
    let at = raw.recipient.span();
    let recipient: Recipient = word(raw.recipient.get_ref())
        .map_err(|problem| mistake(&at, format!("`recipient`: {problem}"), format!("use {words}")))?;
    let at = raw.anchor.span();
    let anchors: Vec<ClockName> = words_of(raw.anchor.get_ref())
        .map_err(|problem| mistake(&at, format!("`anchor`: {problem}"), format!("use clocks: {words}")))?;
    if anchors.is_empty() {
        return Err(mistake(
            &at,
            "`anchor` names no clock".to_owned(),
            "for example `anchor = [\"aware\"]`".to_owned(),
        ));
    }
    let at = raw.within.span();
    let within = within(raw.within.get_ref()).ok_or_else(|| {
        mistake(
            &at,
            format!("`within` is `{}`", raw.within.get_ref()),
            "write `72 hours`, `30 days`, `4 business days`, `60 days after year end` or `without undue delay`"
                .to_owned(),
        )
    })?;
    let threshold = match raw.threshold {
        None => None,
        Some(spanned) => {
            let read = threshold(spanned.get_ref());
            Some(read.ok_or_else(|| {
                mistake(
                    &spanned.span(),
                    format!("`threshold` is `{}`", spanned.get_ref()),
                    "write `residents > 500`, `total >= 500` or `any-one-state > 500`".to_owned(),
                )
            })?)
        }
    };
    let at = raw.recipient.span();
    let roles: Vec<DutyRole> =
        words_of(&raw.roles).map_err(|problem| mistake(&at, format!("`roles`: {problem}"), format!("use {words}")))?;
    let holds: Vec<HoldBy> =
        words_of(&raw.holds).map_err(|problem| mistake(&at, format!("`holds`: {problem}"), format!("use {words}")))?;
    Ok(Duty {
        recipient,
        name: raw.name,
        anchors,
        within,
        threshold,
        roles,
        scope_may_extend: raw.scope_may_extend,
        holds,
        letter: raw.letter,
    })
}

fn word<T: std::str::FromStr<Err = crate::word::UnknownWord>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|unknown| format!("`{text}`: {unknown}"))
}

fn words_of<T: std::str::FromStr<Err = crate::word::UnknownWord>>(texts: &[String]) -> Result<Vec<T>, String> {
    texts.iter().map(|text| word(text)).collect()
}

/// Reads `72 hours`.
fn within(text: &str) -> Option<Within> {
    if matches!(text, "without undue delay" | "without unreasonable delay" | "as soon as practicable") {
        return Some(Within::WithoutDelay);
    }
    let (count, unit) = text.split_once(' ')?;
    let count: u32 = count.parse().ok().filter(|count| *count > 0)?;
    match unit {
        "hours" | "hour" => Some(Within::Hours(count)),
        "days" | "day" => Some(Within::Days(count)),
        "business days" | "business day" => Some(Within::BusinessDays(count)),
        "days after year end" => Some(Within::DaysAfterYearEnd(count)),
        _ => None,
    }
}

/// Reads `residents > 500`.
fn threshold(text: &str) -> Option<Threshold> {
    let [who, comparison, people] = text.split_whitespace().collect::<Vec<_>>().try_into().ok()?;
    Some(Threshold {
        counting: match who {
            "residents" => Counting::Residents,
            "total" => Counting::Total,
            "any-one-state" => Counting::AnyOneState,
            _ => return None,
        },
        comparison: match comparison {
            ">" => Comparison::MoreThan,
            ">=" => Comparison::AtLeast,
            "<" => Comparison::FewerThan,
            _ => return None,
        },
        people: people.parse().ok()?,
    })
}

fn is_date(text: &str) -> bool {
    Date::parse(text, format_description!("[year]-[month]-[day]")).is_ok()
}

#[cfg(test)]
#[path = "book_tests.rs"]
mod tests;

//! Reads a contract.
//!
//! SPEC: Open Data Contract Standard 3.1 (`odcs-json-schema-v3.1.0.json`); what 3.0 and 3.2 have otherwise is read too. What the
//! standard has no word for stands in `customProperties`, by names that begin with `cofferdam`.

use base::word::Purpose;
use serde::Serialize;

use crate::class::UnknownClass;
use crate::error::ContractError;
use crate::schema;
use crate::terms::{Classed, Names, Terms, Unscannable};
use crate::walk::{At, Keys, Left, Walk, Why};
use crate::yaml;

/// Versions of the standard that are read, by their beginning.
const VERSIONS: [&str; 3] = ["v3.0.", "v3.1.", "v3.2."];

const STATES: [&str; 5] = ["proposed", "draft", "active", "deprecated", "retired"];

/// The keys of the standard, beside those that are read.
const STANDARD: &[&str] = &[
    "name",
    "tenant",
    "domain",
    "dataProduct",
    "authoritativeDefinitions",
    "support",
    "price",
    "team",
    "roles",
    "slaDefaultElement",
    "servers",
    "tags",
    "contractCreatedTs",
    "context",
];
const IN_DESCRIPTION: &[&str] = &["usage", "purpose", "limitations", "authoritativeDefinitions"];
const IN_SLA: &[&str] = &["valueExt", "element", "driver", "description", "scheduler", "schedule", "id"];
const IN_CUSTOM: &[&str] = &["description", "vendor", "id"];

/// A contract that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Contract {
    /// What the program acts on.
    pub terms: Terms,
    /// Its status, in the standard's words.
    pub status: String,
    /// Everything in it that the program does not act on.
    pub not_understood: Vec<Left>,
}

impl Contract {
    /// Reads a document.
    ///
    /// # Errors
    /// Everything that is wrong with it at once, with lines and remedies.
    pub fn read(text: &str) -> Result<Self, ContractError> {
        let mut walk = Walk::default();
        let node = yaml::read(text)?;
        let (mut terms, mut status) = (Terms::default(), String::new());
        if let Some(keys) = walk.keys(At { field: String::new(), node }) {
            document(keys, &mut terms, &mut status, &mut walk);
        }
        if !walk.faults.is_empty() {
            walk.faults.sort_by_key(|fault| fault.line);
            return Err(ContractError::Faults(walk.faults));
        }
        walk.left.sort_by_key(|left| left.line);
        Ok(Self { terms, status, not_understood: walk.left })
    }
}

fn document(mut keys: Keys, terms: &mut Terms, status: &mut String, walk: &mut Walk) {
    if let Some(at) = keys.need("kind", walk)
        && let Some(kind) = walk.text(&at)
        && kind != "DataContract"
    {
        walk.fault(at.node.line, &at.field, format!("`{kind}` is no contract"), "write `DataContract`");
    }
    if let Some(at) = keys.need("apiVersion", walk)
        && let Some(version) = walk.text(&at)
        && !VERSIONS.iter().any(|known| version.starts_with(known))
    {
        let problem = format!("version `{version}` of the standard is not read");
        walk.fault(at.node.line, &at.field, problem, "write the contract in `v3.1.0`");
    }
    terms.id = keys.need("id", walk).and_then(|at| walk.text(&at)).unwrap_or_default();
    terms.version = keys.need("version", walk).and_then(|at| walk.text(&at)).unwrap_or_default();
    if let Some(at) = keys.need("status", walk)
        && let Some(said) = walk.text(&at)
    {
        if STATES.contains(&said.as_str()) {
            *status = said;
        } else {
            let problem = format!("`{said}` is no status");
            walk.fault(at.node.line, &at.field, problem, format!("use one of {}", STATES.join(", ")));
        }
    }
    if let Some(at) = keys.take("description")
        && let Some(mut keys) = walk.keys(at)
    {
        for property in custom(&mut keys, walk) {
            of_the_whole(property, terms, walk);
        }
        keys.leave(IN_DESCRIPTION, walk);
    }
    if let Some(at) = keys.take("schema") {
        for at in walk.list(at) {
            schema::collection(at, terms, walk);
        }
    }
    if let Some(at) = keys.take("slaProperties") {
        for at in walk.list(at) {
            service_level(at, terms, walk);
        }
    }
    for property in custom(&mut keys, walk) {
        of_the_whole(property, terms, walk);
    }
    keys.leave(STANDARD, walk);
}

/// A custom property: its name, and its value.
pub(crate) struct Property {
    pub(crate) name: String,
    pub(crate) at: At,
}

impl Property {
    /// Lists it as one that nobody knows.
    pub(crate) fn leave(self, walk: &mut Walk) {
        walk.leave(self.at.node.line, format!("{} `{}`", self.at.field, self.name), Why::Unknown);
    }
}

/// Takes the custom properties out of a mapping.
pub(crate) fn custom(keys: &mut Keys, walk: &mut Walk) -> Vec<Property> {
    let Some(at) = keys.take("customProperties") else { return Vec::new() };
    let mut properties: Vec<Property> = Vec::new();
    for at in walk.list(at) {
        let Some(mut keys) = walk.keys(at) else { continue };
        let name = keys.need("property", walk).and_then(|at| walk.text(&at));
        let value = keys.need("value", walk);
        let line = keys.line;
        keys.leave(IN_CUSTOM, walk);
        let (Some(name), Some(at)) = (name, value) else { continue };
        if properties.iter().any(|known| known.name == name) {
            walk.fault(line, &at.field, format!("`{name}` stands here twice"), "keep one of the two");
            continue;
        }
        properties.push(Property { name, at });
    }
    properties
}

/// A property of the whole contract.
fn of_the_whole(property: Property, terms: &mut Terms, walk: &mut Walk) {
    let Property { name, at } = property;
    match name.as_str() {
        "cofferdamPurposes" => terms.purposes = purposes(at, walk),
        "cofferdamUnscannable" => terms.unscannable = choice(&at, &UNSCANNABLE, walk),
        "cofferdamNames" => terms.names = choice(&at, &NAMES, walk),
        "cofferdamClass" => {
            let class = walk.word(&at, &UnknownClass::words());
            terms.classes.extend(class.map(|class| Classed { prefix: String::new(), class }));
        }
        "cofferdamClasses" => classes(at, terms, walk),
        _ => Property { name, at }.leave(walk),
    }
}

const UNSCANNABLE: [(&str, Unscannable); 2] = [("read", Unscannable::Read), ("refuse", Unscannable::Refuse)];
const NAMES: [(&str, Names); 3] =
    [("after", Names::After), ("before-reading", Names::BeforeReading), ("on-request", Names::OnRequest)];

fn choice<T: Copy>(at: &At, choices: &[(&str, T)], walk: &mut Walk) -> Option<T> {
    let text = walk.text(at)?;
    let found = choices.iter().find(|(word, _)| *word == text).map(|(_, choice)| *choice);
    if found.is_none() {
        let words: Vec<String> = choices.iter().map(|(word, _)| format!("`{word}`")).collect();
        let remedy = format!("use one of {}", words.join(", "));
        walk.fault(at.node.line, &at.field, format!("`{text}` is not known here"), remedy);
    }
    found
}

fn purposes(at: At, walk: &mut Walk) -> Option<Vec<Purpose>> {
    let (line, field) = (at.node.line, at.field.clone());
    let purposes: Vec<Purpose> = walk
        .list(at)
        .iter()
        .filter_map(|at| walk.word(at, "the engagement's purposes, in lower case with hyphens"))
        .collect();
    if purposes.is_empty() {
        walk.fault(line, &field, "no purpose is allowed", "name one, or leave the property out");
    }
    Some(purposes)
}

fn classes(at: At, terms: &mut Terms, walk: &mut Walk) {
    for at in walk.list(at) {
        let Some(mut keys) = walk.keys(at) else { continue };
        let prefix = keys.take("prefix").and_then(|at| walk.text(&at)).unwrap_or_default();
        let class = keys.need("class", walk).and_then(|at| walk.word(&at, &UnknownClass::words()));
        let line = keys.line;
        let field = keys.field.clone();
        keys.leave(&[], walk);
        if terms.classes.iter().any(|known| known.prefix == prefix) {
            walk.fault(line, &field, format!("keys that begin with `{prefix}` have a class already"), "keep one");
        }
        terms.classes.extend(class.map(|class| Classed { prefix, class }));
    }
}

fn service_level(at: At, terms: &mut Terms, walk: &mut Walk) {
    let line = at.node.line;
    let Some(mut keys) = walk.keys(at) else { return };
    let Some(property) = keys.need("property", walk).and_then(|at| walk.text(&at)) else { return };
    match property.as_str() {
        "retention" => {
            const DAYS: [(&str, u32); 10] = [
                ("d", 1),
                ("day", 1),
                ("days", 1),
                ("w", 7),
                ("m", 30),
                ("month", 30),
                ("months", 30),
                ("y", 365),
                ("year", 365),
                ("years", 365),
            ];
            terms.retention_days = period(&mut keys, &DAYS, walk);
        }
        "timeToNotify" => {
            const HOURS: [(&str, u32); 6] = [("h", 1), ("hour", 1), ("hours", 1), ("d", 24), ("day", 24), ("days", 24)];
            terms.notify_hours = period(&mut keys, &HOURS, walk);
        }
        _ => {
            let field = format!("{} `{property}`", keys.field);
            walk.leave(line, field, Why::NoEffect);
            return;
        }
    }
    keys.leave(IN_SLA, walk);
}

/// A number and its unit, in the unit that `units` count.
fn period(keys: &mut Keys, units: &[(&str, u32)], walk: &mut Walk) -> Option<u32> {
    let number = keys.need("value", walk).and_then(|at| walk.number(&at))?;
    let at = keys.need("unit", walk)?;
    let unit = choice(&at, units, walk)?;
    let product = number.checked_mul(unit);
    if product.is_none() {
        walk.fault(at.node.line, &at.field, format!("{number} of these are too many"), "write a smaller number");
    }
    product
}

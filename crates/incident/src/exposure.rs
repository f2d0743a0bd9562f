//! From slices to the report's exposure: the same function for the whole and for one partner, so that both count alike.

use std::collections::{BTreeMap, BTreeSet};

use base::Timestamp;
use base::word::DataType;

use crate::book::RuleBook;
use crate::census::{Census, Measure};
use crate::deadline::measure;
use crate::draft::{AccessCount, Count, FormCount, Slice};
use crate::elements::Elements;
use crate::figure::{AsOf, Bounds, Figure};
use crate::report::{Access, ByForm, Combo, Confidential, DatasetPart, Element, Exposure, OfForm, Records, Residence};
use crate::report::{Subjects, is_special, masked};
use crate::rule::When;
use crate::word::Basis;

/// What besides the slices an exposure depends on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting<'a> {
    pub(crate) book: &'a RuleBook,
    /// The day whose rules count.
    pub(crate) rules_of: &'a str,
    pub(crate) as_of: &'a AsOf,
    pub(crate) keys_taken: bool,
    pub(crate) keys_taken_basis: &'a str,
}

/// The types that make a name dear, in the order they are shown.
const DEAR: &[DataType] = &[
    DataType::Ssn,
    DataType::DrivingLicence,
    DataType::NationalId,
    DataType::Passport,
    DataType::TaxId,
    DataType::Card,
    DataType::BankAccount,
    DataType::Iban,
    DataType::HealthId,
    DataType::Diagnosis,
    DataType::BirthDate,
    DataType::Address,
    DataType::Email,
    DataType::Phone,
];

pub(crate) fn figure(count: Count, basis: Basis, as_of: &AsOf) -> Figure {
    Figure::new(count.authorised, count.bounds(), basis, as_of)
}

/// What certainly left makes a figure `served`; without any of it, it rests on reach alone.
pub(crate) fn basis(bounds: Bounds) -> Basis {
    if bounds.low == 0 && bounds.high > 0 { Basis::Reachable } else { Basis::Served }
}

pub(crate) fn sum(slices: &[&Slice], count: impl Fn(&Slice) -> Count) -> Count {
    slices.iter().fold(Count::default(), |all, slice| all.plus(count(slice)))
}

/// Everybody's census.
pub(crate) fn census(slices: &[&Slice]) -> Census {
    let mut all = Census::default();
    for slice in slices {
        all.add(&slice.census);
    }
    all
}

pub(crate) fn exposure(slices: &[&Slice], setting: Setting<'_>) -> Exposure {
    let as_of = setting.as_of;
    let census = census(slices);
    let counted = |count: Count| figure(count, basis(count.bounds()), as_of);
    let people = |bounds: Bounds| Figure::between(bounds, basis(bounds), as_of);
    let total = total(slices, setting.keys_taken);
    // A count that some slice does not have is not a count of all.
    let all_or_none = |of: &dyn Fn(&Slice) -> Option<Count>| {
        let counts: Option<Vec<Count>> = slices.iter().map(|slice| of(slice)).collect();
        let counts = counts.filter(|counts| !counts.is_empty())?;
        Some(counted(counts.into_iter().fold(Count::default(), Count::plus)))
    };
    let unidentified = slices.iter().fold(0, |all: u64, slice| all.saturating_add(slice.unidentified_objects));
    Exposure {
        events: Figure::between(Bounds::exactly(events(slices)), Basis::Served, as_of),
        bytes: counted(sum(slices, |slice| slice.bytes)),
        objects: counted(sum(slices, |slice| slice.objects)),
        dataset_versions: slices.iter().flat_map(|slice| datasets(slice, as_of)).collect(),
        by_form: by_form(slices, as_of),
        keys_taken: setting.keys_taken,
        keys_taken_basis: setting.keys_taken_basis.to_owned(),
        records: Records { by_type: records(slices, as_of) },
        subjects: Subjects {
            total: figure(total, basis(total.bounds()), as_of),
            after_linking: all_or_none(&|slice| slice.people_linked),
            minors: all_or_none(&|slice| slice.minors),
            vulnerable: None,
            deceased: None,
            unidentified_objects: Figure::between(Bounds::exactly(unidentified), Basis::Served, as_of),
        },
        subject_roles: BTreeMap::new(),
        elements: elements(slices, &census, setting),
        combos: combos(&census, setting, "ANY")
            .into_iter()
            .map(|(rule, bounds)| Combo { rule, subjects: people(bounds) })
            .collect(),
        jurisdictions: jurisdictions(&census, setting),
        residence_unknown: people(census.residence_unknown()),
        confidential: slices
            .iter()
            .flat_map(|slice| slice.confidential.iter().map(move |class| (slice.engagement, class)))
            .map(|(engagement, class)| Confidential {
                class: class.class.clone(),
                engagement,
                objects: counted(class.objects),
                bytes: counted(class.bytes),
            })
            .collect(),
        access_over_time: accesses(slices, as_of),
    }
}

/// Everybody. The census and the scope count the same people, each with its own allowance for those who cannot be told apart or
/// were not scanned; of each slice the wider bound is taken, so that the parts add up to the whole.
pub(crate) fn total(slices: &[&Slice], keys_taken: bool) -> Count {
    sum(slices, |slice| {
        let known = slice.census.everybody(keys_taken);
        Count { possible: slice.people.bounds().high.max(known.high), ..slice.people }
    })
}

fn events(slices: &[&Slice]) -> u64 {
    slices.iter().fold(0, |all, slice| all.saturating_add(slice.events))
}

pub(crate) fn datasets(slice: &Slice, as_of: &AsOf) -> Vec<DatasetPart> {
    let part = |count: Count| figure(count, basis(count.bounds()), as_of);
    let of = slice.datasets.iter();
    of.map(|dataset| DatasetPart {
        dataset: dataset.dataset.clone(),
        engagement: slice.engagement,
        versions: part(dataset.versions),
        bytes: part(dataset.bytes),
    })
    .collect()
}

fn by_form(slices: &[&Slice], as_of: &AsOf) -> ByForm {
    let of = |form: &dyn Fn(&Slice) -> FormCount, named: Option<Basis>| {
        let all = slices.iter().fold(FormCount::default(), |all, slice| all.plus(form(slice)));
        let counted = |count: Count| figure(count, named.unwrap_or_else(|| basis(count.bounds())), as_of);
        OfForm { objects: counted(all.objects), bytes: counted(all.bytes), subjects: counted(all.people) }
    };
    ByForm {
        plaintext: of(&|slice| slice.forms.plaintext, None),
        pseudonym_view: of(&|slice| slice.forms.pseudonym_view, None),
        ciphertext_only: of(&|slice| slice.forms.ciphertext_only, None),
        names_only: of(&|slice| slice.forms.names_only, Some(Basis::Listed)),
    }
}

fn records(slices: &[&Slice], as_of: &AsOf) -> BTreeMap<DataType, Figure> {
    let mut all: BTreeMap<DataType, Count> = BTreeMap::new();
    for (data_type, count) in slices.iter().flat_map(|slice| &slice.records) {
        let known = all.entry(*data_type).or_default();
        *known = known.plus(*count);
    }
    all.into_iter().map(|(of, count)| (of, figure(count, basis(count.bounds()), as_of))).collect()
}

fn elements(slices: &[&Slice], census: &Census, setting: Setting<'_>) -> Vec<Element> {
    let groups = census.served.iter().chain(&census.possible).chain(&census.with_sealed);
    let present: BTreeSet<DataType> = groups.flat_map(|group| group.elements.iter().copied()).collect();
    let records = records(slices, setting.as_of);
    let mut all: Vec<Element> = present
        .into_iter()
        .map(|data_type| {
            let bounds = count(census, &Elements::Type(data_type), setting, "ANY");
            let form = slices.iter().filter_map(|slice| slice.element_forms.get(&data_type)).next();
            Element {
                r#type: data_type,
                subjects: Figure::between(bounds, basis(bounds), setting.as_of),
                records: records.get(&data_type).cloned(),
                form: form.cloned().unwrap_or_else(|| "plaintext".to_owned()),
                special_category: is_special(data_type),
                sample_masked: masked(data_type).to_owned(),
            }
        })
        .collect();
    all.sort_by_key(|element| (std::cmp::Reverse(element.subjects.high), element.r#type));
    all
}

fn count(census: &Census, elements: &Elements, setting: Setting<'_>, place: &str) -> Bounds {
    let measure = Measure { certain: elements, possible: elements, sealed_exempt: true };
    census.count(measure, place, setting.keys_taken).people
}

/// Names beside what makes them dear, by how many people that concerns. What nobody meets is left out.
fn combos(census: &Census, setting: Setting<'_>, place: &str) -> Vec<(String, Bounds)> {
    let mut found = Vec::new();
    for data_type in DEAR {
        let both = Elements::All(vec![Elements::Type(DataType::Name), Elements::Type(*data_type)]);
        // What nobody scanned may hold anything; that alone is no combination worth a line.
        let known = resident(census, &both, setting, place);
        if known.high > 0 {
            let people = if place == "ANY" { count(census, &both, setting, place) } else { known };
            found.push((format!("name+{data_type}"), people));
        }
    }
    found
}

/// Those who certainly, or possibly, left, and live in a place. Unknown residences are a figure of their own.
fn resident(census: &Census, elements: &Elements, setting: Setting<'_>, place: &str) -> Bounds {
    let measure = Measure { certain: elements, possible: elements, sealed_exempt: true };
    let counted = census.count(measure, place, setting.keys_taken);
    let high = counted.people.high.saturating_sub(counted.residence_unknown);
    Bounds { low: counted.people.low, high: high.max(counted.people.low) }
}

fn jurisdictions(census: &Census, setting: Setting<'_>) -> Vec<Residence> {
    let rules: Vec<_> = setting.book.on(setting.rules_of).filter(|rule| rule.enabled).collect();
    let between = |bounds: Bounds| Figure::between(bounds, basis(bounds), setting.as_of);
    let of = |code: &str| {
        // The place's own rule, with the bounds its thresholds are tested against: unknown residences are in the upper one.
        let rule = rules.iter().find(|rule| rule.jurisdiction == code && rule.when != When::Declared);
        let trigger = rule.map(|rule| census.count(measure(rule), code, setting.keys_taken).people);
        Residence {
            code: code.to_owned(),
            residents: between(resident(census, &Elements::Any, setting, code)),
            trigger_subjects: trigger.map(between),
            by_combo: combos(census, setting, code)
                .into_iter()
                .map(|(combo, people)| (combo, between(people)))
                .collect(),
        }
    };
    let mut all: Vec<Residence> = census.residences().into_iter().map(of).collect();
    all.sort_by(|a, b| b.residents.high.cmp(&a.residents.high).then_with(|| a.code.cmp(&b.code)));
    all
}

fn accesses(slices: &[&Slice], as_of: &AsOf) -> Vec<Access> {
    let mut spans: BTreeMap<(Timestamp, Timestamp), AccessCount> = BTreeMap::new();
    for access in slices.iter().flat_map(|slice| &slice.accesses) {
        let empty = AccessCount { events: 0, bytes: Count::default(), ..*access };
        let known = spans.entry((access.from, access.to)).or_insert(empty);
        known.events = known.events.saturating_add(access.events);
        known.bytes = known.bytes.plus(access.bytes);
    }
    let of = |access: AccessCount| Access {
        from: access.from,
        to: access.to,
        events: Figure::between(Bounds::exactly(access.events), Basis::Served, as_of),
        bytes: figure(access.bytes, basis(access.bytes.bounds()), as_of),
    };
    spans.into_values().map(of).collect()
}

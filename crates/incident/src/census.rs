//! People, counted by exactly which data about them left together, and by where they live.
//!
//! A census splits people into groups in which all are alike: the same set of data types, the same residence. Everybody stands
//! in one group of each list, so any rule is counted exactly by adding the groups that meet it, also when the name stood in one
//! file and the number in another. Who makes a census takes the union over the whole of what was reached first.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use base::word::DataType;
use serde::{Deserialize, Serialize};

use crate::elements::Elements;
use crate::figure::Bounds;

/// The countries whose people the GDPR speaks of: the Union's, Iceland, Liechtenstein and Norway. ISO 3166-1.
const EUROPEAN: &[&str] = &[
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IS", "IT", "LI", "LT",
    "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK",
];

/// People of whom the same is known and who live in the same place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// What is known of each of them: all of it, and nothing else.
    pub elements: BTreeSet<DataType>,
    /// Where they live: ISO 3166-2 in the United States (`US-CA`), ISO 3166-1 elsewhere (`DE`). None: not known.
    pub residence: Option<String>,
    /// How many.
    pub people: u64,
}

/// The people of what was reached.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Census {
    /// By what certainly left in readable form.
    pub served: Vec<Group>,
    /// By what may have left in readable form: allowed, or within reach.
    pub possible: Vec<Group>,
    /// By what may have left in any form that holds it: `possible`, and sealed bytes.
    pub with_sealed: Vec<Group>,
    /// How many more people may stand in what nobody has scanned; of them nothing else is known.
    pub unscanned_allowance: u64,
}

/// How a rule counts.
#[derive(Clone, Copy, Debug)]
pub struct Measure<'a> {
    /// What must be known of a person for certain.
    pub certain: &'a Elements,
    /// What suffices for the upper bound.
    pub possible: &'a Elements,
    /// Whether sealed bytes do not count.
    pub sealed_exempt: bool,
}

/// What a rule counted in one place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Residents for certain, and at most: those whose residence is not known are in the upper bound.
    pub people: Bounds,
    /// How many of the upper bound have no known residence.
    pub residence_unknown: u64,
    /// How many do not count because what left of them was sealed.
    pub exempt: u64,
}

/// Whether a residence lies in the place of a rule: `US-CA`, a country, `US`, `EU`, or `ANY`.
#[must_use]
pub fn lies_in(residence: &str, place: &str) -> bool {
    match place {
        "ANY" => true,
        "EU" => EUROPEAN.contains(&residence),
        "US" => residence == "US" || residence.starts_with("US-"),
        _ => residence == place,
    }
}

/// Groups people who are known by number, one set a type of data, as an index holds them. Costs 16 bytes or so a person.
pub fn groups<People>(
    types: impl IntoIterator<Item = (DataType, People)>,
    residence: impl Fn(u32) -> Option<String>,
) -> Vec<Group>
where
    People: IntoIterator<Item = u32>,
{
    let mut known: HashMap<u32, u64> = HashMap::new();
    for (data_type, people) in types {
        for person in people {
            *known.entry(person).or_default() |= bit(data_type);
        }
    }
    let mut groups: BTreeMap<(u64, Option<String>), u64> = BTreeMap::new();
    for (person, types) in known {
        let count = groups.entry((types, residence(person))).or_default();
        *count = count.saturating_add(1);
    }
    let of = |types: u64| DataType::ALL.iter().copied().filter(move |data_type| types & bit(*data_type) != 0).collect();
    let group = |((types, residence), people)| Group { elements: of(types), residence, people };
    groups.into_iter().map(group).collect()
}

/// A bit for each type of data; there are fewer types than bits.
fn bit(data_type: DataType) -> u64 {
    let place = DataType::ALL.iter().position(|of| *of == data_type).unwrap_or(63);
    1_u64.checked_shl(u32::try_from(place).unwrap_or(63)).unwrap_or(0)
}

impl Census {
    /// Counts the people a rule speaks of in `place`. `keys_taken` says that who has the sealed bytes may have their key.
    #[must_use]
    pub fn count(&self, measure: Measure<'_>, place: &str, keys_taken: bool) -> Counted {
        let here = |group: &Group| {
            group.residence.as_deref().is_some_and(|residence| lies_in(residence, place)) || place == "ANY"
        };
        // A state's resident may stand in the census as living in the country, no more being known.
        let nowhere = |group: &Group| {
            place != "ANY"
                && match group.residence.as_deref() {
                    None => true,
                    Some(country) => place.strip_prefix(country).is_some_and(|rest| rest.starts_with('-')),
                }
        };
        let readable = if measure.sealed_exempt && !keys_taken { &self.possible } else { &self.with_sealed };
        let low = add(&self.served, |group| here(group) && measure.certain.met_by(&group.elements));
        let known = add(readable, |group| here(group) && measure.possible.met_by(&group.elements));
        let unknown = add(readable, |group| nowhere(group) && measure.possible.met_by(&group.elements))
            .saturating_add(self.unscanned_allowance);
        let either = |group: &Group| (here(group) || nowhere(group)) && measure.possible.met_by(&group.elements);
        let exempt = add(&self.with_sealed, either).saturating_sub(add(readable, either));
        let high = known.saturating_add(unknown).max(low);
        Counted { people: Bounds { low, high }, residence_unknown: unknown, exempt }
    }

    /// Everybody of whom anything is known.
    #[must_use]
    pub fn everybody(&self, keys_taken: bool) -> Bounds {
        let measure = Measure { certain: &Elements::Any, possible: &Elements::Any, sealed_exempt: true };
        self.count(measure, "ANY", keys_taken).people
    }

    /// Whose residence is not known, for certain and at most.
    #[must_use]
    pub fn residence_unknown(&self) -> Bounds {
        let homeless = |group: &Group| group.residence.is_none() && Elements::Any.met_by(&group.elements);
        let low = add(&self.served, homeless);
        let high = add(&self.possible, homeless).saturating_add(self.unscanned_allowance);
        Bounds { low, high: high.max(low) }
    }

    /// Every residence that stands in it, in order.
    #[must_use]
    pub fn residences(&self) -> BTreeSet<&str> {
        let groups = self.served.iter().chain(&self.possible).chain(&self.with_sealed);
        groups.filter_map(|group| group.residence.as_deref()).collect()
    }

    /// Puts the census of another compartment beside this one. People are not recognised across compartments: somebody whom
    /// two partners' data name is counted twice.
    pub fn add(&mut self, other: &Self) {
        for (all, more) in [
            (&mut self.served, &other.served),
            (&mut self.possible, &other.possible),
            (&mut self.with_sealed, &other.with_sealed),
        ] {
            for group in more {
                let alike =
                    all.iter_mut().find(|known| known.elements == group.elements && known.residence == group.residence);
                match alike {
                    Some(known) => known.people = known.people.saturating_add(group.people),
                    None => all.push(group.clone()),
                }
            }
        }
        self.unscanned_allowance = self.unscanned_allowance.saturating_add(other.unscanned_allowance);
    }
}

fn add(groups: &[Group], counts: impl Fn(&Group) -> bool) -> u64 {
    groups.iter().filter(|group| counts(group)).fold(0, |sum, group| sum.saturating_add(group.people))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(elements: &[DataType], residence: Option<&str>, people: u64) -> Group {
        Group { elements: elements.iter().copied().collect(), residence: residence.map(str::to_owned), people }
    }

    fn census() -> Census {
        use DataType::{Email, Name, Ssn};
        let served = vec![group(&[Name, Ssn], Some("US-CA"), 480), group(&[Name, Email], Some("DE"), 9)];
        let mut possible = served.clone();
        possible.push(group(&[Name, Ssn], None, 40));
        possible.push(group(&[Name, Ssn], Some("US"), 2));
        let mut with_sealed = possible.clone();
        with_sealed.push(group(&[Name, Ssn], Some("US-CA"), 1000));
        Census { served, possible, with_sealed, unscanned_allowance: 0 }
    }

    #[test]
    fn who_lives_nowhere_known_stands_in_every_upper_bound() {
        let elements = Elements::read("name AND ssn", &BTreeMap::new()).unwrap();
        let measure = Measure { certain: &elements, possible: &elements, sealed_exempt: true };
        let counted = census().count(measure, "US-CA", false);
        assert_eq!(counted.people, Bounds { low: 480, high: 522 });
        assert_eq!((counted.residence_unknown, counted.exempt), (42, 1000));
        assert_eq!(census().count(measure, "US-NY", false).people, Bounds { low: 0, high: 42 });
        assert_eq!(census().count(measure, "US", false).people, Bounds { low: 480, high: 522 });
        assert_eq!(census().everybody(false), Bounds { low: 489, high: 531 });
    }

    #[test]
    fn sealed_bytes_count_once_their_keys_are_gone() {
        let elements = Elements::read("name AND ssn", &BTreeMap::new()).unwrap();
        let measure = Measure { certain: &elements, possible: &elements, sealed_exempt: true };
        let counted = census().count(measure, "US-CA", true);
        assert_eq!((counted.people, counted.exempt), (Bounds { low: 480, high: 1522 }, 0));
        let strict = Measure { sealed_exempt: false, ..measure };
        assert_eq!(census().count(strict, "US-CA", false).people.high, 1522);
    }

    #[test]
    fn europe_is_its_countries() {
        let measure = Measure { certain: &Elements::Any, possible: &Elements::Any, sealed_exempt: true };
        assert_eq!(census().count(measure, "EU", false).people.low, 9);
        assert!(!lies_in("GB", "EU") && lies_in("US-CA", "US") && !lies_in("US-CA", "US-C"));
    }

    /// The name in one file and the number in another are of the same person.
    #[test]
    fn people_are_grouped_by_all_that_is_known_of_them() {
        use DataType::{Email, Name, Ssn};
        let types = [(Name, vec![1, 2, 3]), (Ssn, vec![2, 3]), (Email, vec![9])];
        let groups = groups(types, |person| (person > 2).then(|| "US-CA".to_owned()));
        let expected = [
            group(&[Email], Some("US-CA"), 1),
            group(&[Name], None, 1),
            group(&[Name, Ssn], None, 1),
            group(&[Name, Ssn], Some("US-CA"), 1),
        ];
        assert_eq!(groups.len(), expected.len());
        assert!(expected.iter().all(|group| groups.contains(group)), "{groups:?}");
    }

    #[test]
    fn every_type_has_a_bit_of_its_own() {
        let bits = DataType::ALL.iter().fold(0, |bits, data_type| bits | bit(*data_type));
        assert_eq!(bits.count_ones() as usize, DataType::ALL.len());
    }

    #[test]
    fn compartments_add_up() {
        let mut all = census();
        all.add(&census());
        assert_eq!(all.everybody(false), Bounds { low: 978, high: 1062 });
        assert_eq!(all.served.len(), 2, "groups that are alike stay one");
    }
}

//! People, counted by exactly which data about them left together, and by where they live.
//!
//! A census splits people into groups in which all are alike: the same set of data types, the same residence. Everybody stands
//! in one group of each list, so any rule is counted exactly by adding the groups that meet it, also when the name stood in one
//! file and the number in another. Who makes a census takes the union over the whole of what was reached first.

use std::collections::BTreeSet;

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
    /// How many more people there may be: in what nobody has scanned, and among those whom nothing tells apart. Of them nothing
    /// else is known.
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
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    /// One person: what certainly left of them, what possibly did, what left sealed, and where they live.
    type Person = ([BTreeSet<DataType>; 3], Option<&'static str>);

    fn person() -> impl Strategy<Value = Person> {
        let types = || prop::collection::btree_set(prop::sample::select(TYPES), 0..TYPES.len());
        let homes = prop::sample::select(&[None, Some("US"), Some("US-CA"), Some("US-NY"), Some("DE")][..]);
        (types(), types(), types(), homes).prop_map(|(served, possible, sealed, home)| {
            // Whatever certainly left may have left, and what left readable is in what left in any form.
            let possible: BTreeSet<_> = served.union(&possible).copied().collect();
            let sealed = possible.union(&sealed).copied().collect();
            ([served, possible, sealed], home)
        })
    }

    const TYPES: &[DataType] = &[DataType::Name, DataType::Ssn, DataType::Card, DataType::Secret];

    /// Everybody in one group of each list: the way a census is made, person by person.
    fn census_of(people: &[Person]) -> Census {
        let list = |level: usize| {
            let mut groups: Vec<Group> = Vec::new();
            for (known, home) in people {
                let home = home.map(str::to_owned);
                match groups.iter_mut().find(|group| group.elements == known[level] && group.residence == home) {
                    Some(group) => group.people = group.people.saturating_add(1),
                    None => groups.push(Group { elements: known[level].clone(), residence: home, people: 1 }),
                }
            }
            groups
        };
        Census { served: list(0), possible: list(1), with_sealed: list(2), unscanned_allowance: 3 }
    }

    proptest! {
        /// Counting groups is counting people, whatever the rule, the place and the keys.
        #[test]
        fn groups_count_as_people_do(
            people in prop::collection::vec(person(), 0..40),
            rule in prop::sample::select(&["name AND ssn", "name AND (ssn OR card)", "secret OR name", "any"][..]),
            place in prop::sample::select(&["US-CA", "US-NY", "US", "EU", "ANY"][..]),
            keys_taken: bool,
        ) {
            let elements = Elements::read(rule, &BTreeMap::new()).unwrap();
            let measure = Measure { certain: &elements, possible: &elements, sealed_exempt: true };
            let counted = census_of(&people).count(measure, place, keys_taken);
            let here = |home: &Option<&str>| place == "ANY" || home.is_some_and(|home| lies_in(home, place));
            let perhaps = |home: &Option<&str>| here(home) || match home {
                None => true,
                Some(home) => place.starts_with(&format!("{home}-")),
            };
            let level = if keys_taken { 2 } else { 1 };
            let low = people.iter().filter(|(known, home)| here(home) && elements.met_by(&known[0])).count() as u64;
            let high = people.iter().filter(|(known, home)| perhaps(home) && elements.met_by(&known[level])).count();
            prop_assert_eq!(counted.people, Bounds { low, high: (high as u64).saturating_add(3) });
            prop_assert!(counted.people.low <= counted.people.high);
        }
    }

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

    #[test]
    fn compartments_add_up() {
        let mut all = census();
        all.add(&census());
        assert_eq!(all.everybody(false), Bounds { low: 978, high: 1062 });
        assert_eq!(all.served.len(), 2, "groups that are alike stay one");
    }
}

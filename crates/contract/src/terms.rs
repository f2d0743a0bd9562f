//! What a contract says, as far as the program acts on it. Written into the settings of its dataset.

use base::Residence;
use base::word::{DataType, Purpose};
use serde::{Deserialize, Serialize};

use crate::class::Class;

/// The terms of a contract.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Terms {
    /// Its own id.
    pub id: String,
    /// Its own version.
    pub version: String,
    /// The purposes it allows; none said means all of the engagement's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purposes: Option<Vec<Purpose>>,
    /// What may be done with a version that no detector can read; nothing said leaves the dataset as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unscannable: Option<Unscannable>,
    /// When names are looked for in what comes in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub names: Option<Names>,
    /// How long data is kept, in days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retention_days: Option<u32>,
    /// Within how many hours the partner is told of a breach.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notify_hours: Option<u32>,
    /// What is confidential about it beside people: by beginning of the key, the longest that fits counts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<Classed>,
    /// The collections of records that are described.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub collections: Vec<Collection>,
}

/// What may be done with a version that no detector can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unscannable {
    /// It may be read like others.
    Read,
    /// Nobody reads it.
    Refuse,
}

/// When names and addresses are looked for in what comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Names {
    /// Behind the put: a version is read meanwhile, and answers say that its names are not known yet.
    After,
    /// Before a version is read by others.
    BeforeReading,
    /// Only when somebody scans anew.
    OnRequest,
}

/// A class of objects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Classed {
    /// How the keys of its objects begin; empty means all.
    #[serde(default)]
    pub prefix: String,
    /// The class.
    pub class: Class,
}

/// Records of one form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Collection {
    /// Its name.
    pub name: String,
    /// How the keys of its objects begin; empty means all.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub prefix: String,
    /// The fields of a record about which it says something.
    pub fields: Vec<Field>,
}

/// One field of a record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Field {
    /// Its name, as the data has it.
    pub name: String,
    /// The name of what it is in, where it is in something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inside: Option<String>,
    /// What people call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What form its values have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logical_type: Option<LogicalType>,
    /// How confidential it is, in the contract's own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub classification: Option<String>,
    /// What it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holds: Option<Holds>,
}

/// The forms of ODCS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the standard's own words")]
pub enum LogicalType {
    String,
    Date,
    Timestamp,
    Time,
    Number,
    Integer,
    Object,
    Array,
    Boolean,
}

/// What a field holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Holds {
    /// What tells people apart: equal values are one person.
    Subject {
        /// Of what kind the value is. Equal values of one kind are one person in the whole engagement; without one, in this
        /// dataset.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kind: Option<String>,
    },
    /// Where the person lives.
    Residence {
        /// The country whose states the field names without it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        within: Option<Residence>,
    },
    /// Data of this type, whatever detectors say.
    Type(DataType),
}

impl Terms {
    /// The collection that an object belongs to, by the longest beginning that its key has.
    #[must_use]
    pub fn collection(&self, key: &str) -> Option<&Collection> {
        longest(&self.collections, key, |collection| &collection.prefix)
    }

    /// The class of an object, by the longest beginning that its key has.
    #[must_use]
    pub fn class(&self, key: &str) -> Option<Class> {
        longest(&self.classes, key, |classed| &classed.prefix).map(|classed| classed.class)
    }
}

fn longest<'a, T>(all: &'a [T], key: &str, prefix: impl Fn(&T) -> &str) -> Option<&'a T> {
    all.iter().filter(|one| key.starts_with(prefix(one))).max_by_key(|one| prefix(one).len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_beginning_counts() {
        let classed = |prefix: &str, class| Classed { prefix: prefix.to_owned(), class };
        let terms = Terms {
            classes: vec![classed("", Class::ModelOutput), classed("rubrics/", Class::Rubric)],
            ..Terms::default()
        };
        assert_eq!(terms.class("rubrics/a.md"), Some(Class::Rubric));
        assert_eq!(terms.class("a.jsonl"), Some(Class::ModelOutput));
        assert_eq!(Terms::default().class("a"), None);
        assert_eq!(terms.collection("a"), None);
    }
}

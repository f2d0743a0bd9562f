//! What is known of an object's fields before it is read: a contract of the dataset says which field tells people apart, where
//! they live, and what other fields hold.
//!
//! A field is known by its name and by the name of what it is in. A field of the outermost level is one in nothing, or in the
//! collection itself: `{"rows": [{"id": ..}]}` has the field `id` of the collection `rows`. Detectors look at its value as at any
//! other, with the title that the contract gives it as context; what the contract says of it is added.

use base::Residence;
use base::word::DataType;

use crate::finding::{Confidence, Finding, Sink};
use crate::rules::{RuleId, Rules};
use crate::text::{ALL, Name, Text};

/// The longest value that tells people apart. What is longer is a text.
const LONGEST_KEY_BYTES: usize = 256;

/// What stands in a field that nobody filled in.
const EMPTY: [&[u8]; 9] = [b"", b"null", b"none", b"nil", b"nan", b"n/a", b"na", b"undefined", b"-"];

/// What is known of the fields of some records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Structure {
    /// The name of the collection that they are in.
    pub collection: String,
    /// In what the values of a subject key are unique that are of no kind of their own: a dataset.
    pub namespace: String,
    /// The fields.
    pub fields: Vec<Field>,
}

/// One field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// The name of what it is in, where that is no record.
    pub inside: Option<String>,
    /// What people call it.
    pub title: Option<String>,
    /// What it holds.
    pub holds: Holds,
}

/// What a field holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holds {
    /// Nothing that is known: the title alone says something.
    Anything,
    /// What tells people apart.
    Subject {
        /// Of what kind; equal values of one kind are one person wherever they stand.
        kind: Option<String>,
    },
    /// Where the person lives.
    Residence {
        /// The country whose states it names.
        within: Option<Residence>,
    },
    /// Data of this type.
    Type(DataType),
}

/// A structure as a scan uses it.
#[derive(Debug)]
pub(crate) struct Known {
    collection: Name,
    fields: Vec<KnownField>,
}

#[derive(Debug)]
struct KnownField {
    name: Name,
    inside: Option<Name>,
    title: Option<Box<[u8]>>,
    holds: KnownHolds,
}

#[derive(Debug)]
enum KnownHolds {
    Anything,
    /// What stands before a value in its canonical form; the type of data that it is, if it is one that tells people apart.
    Subject(Box<[u8]>, Option<DataType>),
    Residence(Option<Residence>),
    /// The rule whose canonical form its values have.
    Type(DataType, Option<RuleId>),
}

impl Known {
    pub(crate) fn new(structure: &Structure, rules: &Rules) -> Self {
        let name = |name: &String| Name::new(name.as_bytes());
        let fields = structure.fields.iter().map(|field| KnownField {
            name: name(&field.name),
            inside: field.inside.as_ref().map(name),
            title: field.title.as_ref().map(|title| title.as_bytes().into()),
            holds: match &field.holds {
                Holds::Anything => KnownHolds::Anything,
                Holds::Subject { kind } => {
                    let space = kind.as_ref().map_or_else(
                        || format!("dataset:{}:", structure.namespace),
                        |kind| format!("kind:{}:", kind.to_lowercase()),
                    );
                    let data_type = kind.as_deref().and_then(|kind| kind.parse::<DataType>().ok());
                    KnownHolds::Subject(space.into_bytes().into(), data_type.filter(|known| known.identifies()))
                }
                Holds::Residence { within } => KnownHolds::Residence(*within),
                Holds::Type(data_type) => {
                    let rule = rules.iter().find(|(_, rule)| rule.data_type == *data_type).map(|(id, _)| id);
                    KnownHolds::Type(*data_type, rule)
                }
            },
        });
        Self { collection: name(&structure.collection), fields: fields.collect() }
    }

    /// Whether a field is known.
    pub(crate) fn knows(&self, names: [&[u8]; 2]) -> bool {
        self.field(names).is_some()
    }

    /// The field that a text is the value of.
    fn field(&self, [name, around]: [&[u8]; 2]) -> Option<&KnownField> {
        if name.is_empty() {
            return None;
        }
        let (name, around) = (Name::new(name), Name::new(around));
        self.fields.iter().find(|field| {
            field.name.as_bytes() == name.as_bytes()
                && match &field.inside {
                    Some(inside) => inside.as_bytes() == around.as_bytes(),
                    None => around.as_bytes().is_empty() || around.as_bytes() == self.collection.as_bytes(),
                }
        })
    }

    /// Looks at a text by `look`, and adds what is known of its field; `make` makes a finding of the whole text.
    pub(crate) fn examine(&self, text: &Text<'_>, look: &mut dyn Looks, sink: &mut dyn Sink) {
        let Some(field) = self.field(text.names) else { return look.look(text, sink) };
        let Text { bytes, offsets, names, record, part, lines, .. } = *text;
        let named = match &field.title {
            Some(title) => [title, names[0]],
            None => names,
        };
        let owned = text.owned.clone();
        let mut watch = Watch { sink, data_type: field.data_type(), found: None };
        look.look(&Text { bytes, offsets, names: named, owned, record, part, lines }, &mut watch);
        let found = watch.found;
        let value = bytes.trim_ascii();
        // A long text comes in pieces, of which none is the value.
        if text.owned != ALL || EMPTY.iter().any(|empty| empty.eq_ignore_ascii_case(value)) {
            return;
        }
        match &field.holds {
            KnownHolds::Anything => {}
            KnownHolds::Subject(..) if value.len() > LONGEST_KEY_BYTES => {}
            KnownHolds::Subject(space, _) => {
                let mut said = Said::of(DataType::PersonKey, None);
                said.identity = found;
                let canonical = [space, value].concat();
                look.hand_over(text, &said, &canonical, sink);
            }
            KnownHolds::Residence(within) => {
                let residence = std::str::from_utf8(value).ok().and_then(|text| Residence::read(text, *within));
                let mut said = Said::of(DataType::Residence, None);
                said.residence = residence;
                if residence.is_none() {
                    said.confidence = Confidence::Low;
                }
                look.hand_over(text, &said, residence.map_or(value, |_| b"known"), sink);
            }
            KnownHolds::Type(data_type, rule) => {
                if found.is_none() {
                    look.hand_over(text, &Said::of(*data_type, *rule), value, sink);
                }
            }
        }
    }
}

impl KnownField {
    /// What a detector may find in it that says the same as the contract.
    const fn data_type(&self) -> Option<DataType> {
        match &self.holds {
            KnownHolds::Subject(_, data_type) => *data_type,
            KnownHolds::Type(data_type, _) => Some(*data_type),
            _ => None,
        }
    }
}

/// What a contract says of a value.
pub(crate) struct Said {
    pub(crate) data_type: DataType,
    pub(crate) confidence: Confidence,
    pub(crate) residence: Option<Residence>,
    /// The rule whose canonical form the value has, if it has one.
    pub(crate) form: Option<RuleId>,
    /// What tells it from others, if that is known already.
    pub(crate) identity: Option<[u8; 16]>,
}

impl Said {
    const fn of(data_type: DataType, form: Option<RuleId>) -> Self {
        Self { data_type, confidence: Confidence::High, residence: None, form, identity: None }
    }
}

/// What looks at texts, and hands whole ones over.
pub(crate) trait Looks {
    fn look(&mut self, text: &Text<'_>, sink: &mut dyn Sink);
    fn hand_over(&mut self, text: &Text<'_>, said: &Said, canonical: &[u8], sink: &mut dyn Sink);
}

/// Passes findings on, and notes the first of a type.
struct Watch<'a> {
    sink: &'a mut dyn Sink,
    data_type: Option<DataType>,
    found: Option<[u8; 16]>,
}

impl Sink for Watch<'_> {
    fn take(&mut self, finding: Finding) {
        if Some(finding.data_type) == self.data_type && self.found.is_none() {
            self.found = Some(finding.identity);
        }
        self.sink.take(finding);
    }
}

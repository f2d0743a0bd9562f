//! Reads the fields that a contract describes.

use base::Residence;
use base::word::DataType;

use crate::read::{Property, custom};
use crate::terms::{Collection, Field, Holds, LogicalType, Terms};
use crate::walk::{At, Keys, Walk};

const IN_OBJECT: &[&str] = &[
    "id",
    "logicalType",
    "physicalType",
    "businessName",
    "description",
    "tags",
    "authoritativeDefinitions",
    "quality",
    "dataGranularityDescription",
    "relationships",
    "deprecated",
    "synonyms",
];
const IN_PROPERTY: &[&str] = &[
    "id",
    "physicalType",
    "description",
    "tags",
    "authoritativeDefinitions",
    "quality",
    "primaryKey",
    "primaryKeyPosition",
    "logicalTypeOptions",
    "required",
    "unique",
    "partitioned",
    "partitionKeyPosition",
    "encryptedName",
    "transformSourceObjects",
    "transformLogic",
    "transformDescription",
    "examples",
    "criticalDataElement",
    "relationships",
    "semanticType",
    "enum",
    "synonyms",
    "deprecated",
];

const LOGICAL_TYPES: [(&str, LogicalType); 9] = [
    ("string", LogicalType::String),
    ("date", LogicalType::Date),
    ("timestamp", LogicalType::Timestamp),
    ("time", LogicalType::Time),
    ("number", LogicalType::Number),
    ("integer", LogicalType::Integer),
    ("object", LogicalType::Object),
    ("array", LogicalType::Array),
    ("boolean", LogicalType::Boolean),
];

/// How much of a name tells one field from another: what the scanner keeps of keys.
const LONGEST_NAME_BYTES: usize = 40;

/// Reads one element of `schema`.
pub(crate) fn collection(at: At, terms: &mut Terms, walk: &mut Walk) {
    let Some(mut keys) = walk.keys(at) else { return };
    let name = keys.need("name", walk).and_then(|at| walk.text(&at)).unwrap_or_default();
    let mut collection = Collection { name, ..Collection::default() };
    for property in custom(&mut keys, walk) {
        match property.name.as_str() {
            "cofferdamPrefix" => collection.prefix = walk.text(&property.at).unwrap_or_default(),
            _ => property.leave(walk),
        }
    }
    if let Some(at) = keys.take("properties") {
        for at in walk.list(at) {
            property(at, None, &mut collection.fields, walk);
        }
    }
    if terms.collections.iter().any(|known| known.prefix == collection.prefix) {
        let problem = format!("another collection has the keys that begin with `{}`", collection.prefix);
        walk.fault(keys.line, &keys.field, problem, "tell them apart by the custom property `cofferdamPrefix`");
    }
    let line = keys.line;
    let field = keys.field.clone();
    // The name of a file or table: objects are found by their keys.
    let mut standard = IN_OBJECT.to_vec();
    standard.push("physicalName");
    keys.leave(&standard, walk);
    let places = collection.fields.iter().filter(|field| matches!(field.holds, Some(Holds::Residence { .. }))).count();
    let people = collection.fields.iter().any(|field| matches!(field.holds, Some(Holds::Subject { .. })));
    if places > 0 && !people {
        let problem = "it says where people live, and not which people";
        walk.fault(line, &field, problem, "mark a field with the custom property `cofferdamSubjectKey`");
    }
    terms.collections.push(collection);
}

/// Reads a field, and those inside of it.
fn property(at: At, inside: Option<&str>, fields: &mut Vec<Field>, walk: &mut Walk) {
    let Some(mut keys) = walk.keys(at) else { return };
    let name = keys.need("name", walk).and_then(|at| walk.text(&at));
    let physical = keys.take("physicalName").and_then(|at| walk.text(&at));
    let name = physical.or(name).unwrap_or_default();
    describe(keys, &name, inside, fields, walk);
}

fn describe(mut keys: Keys, name: &str, inside: Option<&str>, fields: &mut Vec<Field>, walk: &mut Walk) {
    let logical = keys.take("logicalType");
    let mut field = Field {
        name: name.to_owned(),
        inside: inside.map(str::to_owned),
        title: keys.take("businessName").and_then(|at| walk.text(&at)),
        logical_type: logical.as_ref().and_then(|at| logical_type(at, walk)),
        classification: keys.take("classification").and_then(|at| walk.text(&at)),
        holds: None,
    };
    let marks = Marks::read(custom(&mut keys, walk), walk);
    field.holds = marks.holds(&keys, walk);
    if name.len() > LONGEST_NAME_BYTES && field.holds.is_some() {
        let problem = format!("the name has more than {LONGEST_NAME_BYTES} bytes, and another may begin like it");
        walk.fault(keys.line, &keys.name("name"), problem, "leave the marks out: the field would not be recognised");
    }
    let whole = matches!(field.logical_type, Some(LogicalType::Object | LogicalType::Boolean));
    if whole && field.holds.is_some() {
        let problem = "a field of this form tells nothing about a person";
        walk.fault(keys.line, &keys.name("customProperties"), problem, "mark a field inside of it");
    }
    fields.push(field);
    if let Some(at) = keys.take("properties") {
        for at in walk.list(at) {
            property(at, Some(name), fields, walk);
        }
    }
    // The elements of a list have no name but the list's own.
    if let Some(at) = keys.take("items")
        && let Some(mut items) = walk.keys(at)
    {
        if let Some(at) = items.take("properties") {
            for at in walk.list(at) {
                property(at, Some(name), fields, walk);
            }
        }
        let mut standard = IN_PROPERTY.to_vec();
        standard.extend(["name", "logicalType", "businessName", "classification", "physicalName"]);
        items.leave(&standard, walk);
    }
    keys.leave(IN_PROPERTY, walk);
}

fn logical_type(at: &At, walk: &mut Walk) -> Option<LogicalType> {
    let text = walk.text(at)?;
    let found = LOGICAL_TYPES.iter().find(|(word, _)| *word == text).map(|(_, found)| *found);
    if found.is_none() {
        let words = LOGICAL_TYPES.map(|(word, _)| word).join(", ");
        walk.fault(at.node.line, &at.field, format!("`{text}` is no logical type"), format!("use one of {words}"));
    }
    found
}

/// What custom properties say of a field.
#[derive(Default)]
struct Marks {
    subject: bool,
    kind: Option<String>,
    residence: Option<Option<Residence>>,
    data_type: Option<DataType>,
}

impl Marks {
    fn read(properties: Vec<Property>, walk: &mut Walk) -> Self {
        let mut marks = Self::default();
        for property in properties {
            let at = &property.at;
            match property.name.as_str() {
                "cofferdamSubjectKey" => marks.subject = walk.truth(at).unwrap_or_default(),
                "cofferdamIdentifierType" => marks.kind = walk.text(at),
                "cofferdamResidence" => marks.residence = residence(at, walk),
                "cofferdamType" => {
                    let words: Vec<&str> = DataType::ALL.iter().map(|known| known.word()).collect();
                    marks.data_type = walk.word(at, &words.join(", "));
                }
                _ => property.leave(walk),
            }
        }
        marks
    }

    fn holds(self, keys: &Keys, walk: &mut Walk) -> Option<Holds> {
        let said = [self.subject, self.residence.is_some(), self.data_type.is_some()];
        if said.into_iter().filter(|said| *said).count() > 1 {
            let problem = "one field is said to hold several things";
            let remedy = "keep one of `cofferdamSubjectKey`, `cofferdamResidence` and `cofferdamType`";
            walk.fault(keys.line, &keys.name("customProperties"), problem, remedy);
        }
        if self.kind.is_some() && !self.subject {
            let problem = "`cofferdamIdentifierType` says of what kind a subject key is, and this field is none";
            walk.fault(
                keys.line,
                &keys.name("customProperties"),
                problem,
                "add `cofferdamSubjectKey`, or use `cofferdamType`",
            );
        }
        match self {
            Self { subject: true, kind, .. } => Some(Holds::Subject { kind }),
            Self { residence: Some(within), .. } => Some(Holds::Residence { within }),
            Self { data_type: Some(data_type), .. } => Some(Holds::Type(data_type)),
            _ => None,
        }
    }
}

/// `true`, or the country whose states the field names.
fn residence(at: &At, walk: &mut Walk) -> Option<Option<Residence>> {
    let text = walk.text(at)?;
    if text == "true" {
        return Some(None);
    }
    if text == "false" {
        return None;
    }
    let within = text.parse().ok();
    if within.is_none() {
        let problem = format!("`{text}` is neither `true` nor a country");
        walk.fault(at.node.line, &at.field, problem, "write `true`, or the country's code of ISO 3166, such as `US`");
    }
    within.map(Some)
}

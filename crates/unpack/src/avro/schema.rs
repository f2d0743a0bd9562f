//! What is in an Avro file, as its schema says.
//!
//! SPEC: Avro 1.12, "Schema Declaration". A type that has a name may be used again by it, inside itself too.

use std::collections::HashMap;

use serde_json::Value;

use crate::error::Stop;
use crate::report::Why;

/// How many types a schema may have.
const MOST_TYPES: usize = 1 << 14;

/// How deep a schema is written. What it describes may go deeper, by names.
const DEEPEST_SCHEMA: u8 = 64;

/// A type, by its place in the list.
pub(super) type TypeId = usize;

/// A type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Type {
    /// Nothing is written.
    Null,
    /// This many bytes that hold nothing to look at: truth, small floating point.
    Passed(usize),
    /// A whole number. A date or a time is not looked at.
    Integer {
        looked_at: bool,
    },
    Double,
    /// Bytes or a text with its length. An amount is not looked at.
    Text {
        looked_at: bool,
    },
    Fixed(usize),
    Array(TypeId),
    Map(TypeId),
    Union(Vec<TypeId>),
    Record(Vec<Field>),
    /// A name that is yet to be declared.
    Open,
}

/// A field of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) of: TypeId,
}

/// Reads a schema. The first type of the list is that of the rows.
pub(super) fn read(text: &[u8]) -> Result<Vec<Type>, Stop> {
    let schema: Value = serde_json::from_slice(text).map_err(|_| Stop::broken("a schema that is no JSON"))?;
    let mut reading = Reading { types: Vec::new(), names: HashMap::new() };
    let first = reading.read(&schema, "", 0)?;
    if reading.types.contains(&Type::Open) {
        return Err(Stop::broken("a schema that uses a name it does not declare"));
    }
    if first != 0 {
        let row = reading.types.get(first).cloned().unwrap_or(Type::Null);
        if let Some(place) = reading.types.first_mut() {
            *place = row;
        }
    }
    Ok(reading.types)
}

struct Reading {
    types: Vec<Type>,
    names: HashMap<String, TypeId>,
}

impl Reading {
    fn read(&mut self, schema: &Value, space: &str, depth: u8) -> Result<TypeId, Stop> {
        if depth > DEEPEST_SCHEMA {
            return Err(Stop::broken("a schema that nests too deep"));
        }
        let deeper = depth.saturating_add(1);
        match schema {
            Value::String(name) => match simple(name, false) {
                Some(of) => self.add(of),
                None => self.named(name, space),
            },
            Value::Array(choices) => {
                let place = self.add(Type::Null)?;
                let choices: Result<_, _> = choices.iter().map(|choice| self.read(choice, space, deeper)).collect();
                self.set(place, Type::Union(choices?));
                Ok(place)
            }
            Value::Object(object) => {
                let text = |key: &str| object.get(key).and_then(Value::as_str);
                let logical = text("logicalType").is_some_and(|logical| logical != "uuid");
                match object.get("type") {
                    Some(Value::String(kind)) => match kind.as_str() {
                        "array" => self.around(object.get("items"), space, deeper, Type::Array),
                        "map" => self.around(object.get("values"), space, deeper, Type::Map),
                        "enum" => {
                            let place = self.declare(text("name"), text("namespace"), space)?.0;
                            self.set(place, Type::Integer { looked_at: false });
                            Ok(place)
                        }
                        "fixed" => {
                            let place = self.declare(text("name"), text("namespace"), space)?.0;
                            let size = object.get("size").and_then(Value::as_u64).and_then(|size| size.try_into().ok());
                            self.set(place, Type::Fixed(size.ok_or_else(|| Stop::broken("bytes without a size"))?));
                            Ok(place)
                        }
                        "record" | "error" => {
                            let (place, space) = self.declare(text("name"), text("namespace"), space)?;
                            let fields = object.get("fields").and_then(Value::as_array);
                            let fields: Result<_, Stop> = fields
                                .into_iter()
                                .flatten()
                                .map(|field| {
                                    let name = field.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
                                    let of = field.get("type").ok_or_else(|| Stop::broken("a field without a type"))?;
                                    Ok(Field { name, of: self.read(of, &space, deeper)? })
                                })
                                .collect();
                            self.set(place, Type::Record(fields?));
                            Ok(place)
                        }
                        kind => match simple(kind, logical) {
                            Some(of) => self.add(of),
                            None => self.named(kind, space),
                        },
                    },
                    Some(inner) => self.read(inner, space, deeper),
                    None => Err(Stop::broken("a schema without a type")),
                }
            }
            _ => Err(Stop::broken("a schema without a type")),
        }
    }

    /// A type around another.
    fn around(
        &mut self,
        inner: Option<&Value>,
        space: &str,
        depth: u8,
        make: fn(TypeId) -> Type,
    ) -> Result<TypeId, Stop> {
        let place = self.add(Type::Null)?;
        let inner = inner.ok_or_else(|| Stop::broken("a list without a type"))?;
        let inner = self.read(inner, space, depth)?;
        self.set(place, make(inner));
        Ok(place)
    }

    fn add(&mut self, of: Type) -> Result<TypeId, Stop> {
        if self.types.len() >= MOST_TYPES {
            return Err(Why::TooMany.into());
        }
        self.types.push(of);
        Ok(self.types.len().saturating_sub(1))
    }

    fn set(&mut self, place: TypeId, of: Type) {
        if let Some(slot) = self.types.get_mut(place) {
            *slot = of;
        }
    }

    /// The type called `name`, which may be declared later.
    fn named(&mut self, name: &str, space: &str) -> Result<TypeId, Stop> {
        let full = full_name(name, None, space);
        match self.names.get(&full).or_else(|| self.names.get(name)) {
            Some(place) => Ok(*place),
            None => {
                let place = self.add(Type::Open)?;
                self.names.insert(full, place);
                Ok(place)
            }
        }
    }

    /// Declares a name, and says what name space holds inside.
    fn declare(&mut self, name: Option<&str>, named: Option<&str>, space: &str) -> Result<(TypeId, String), Stop> {
        let full = full_name(name.unwrap_or_default(), named, space);
        let space = full.rsplit_once('.').map_or("", |(space, _)| space).to_owned();
        let place = match self.names.get(&full) {
            Some(place) if self.types.get(*place) == Some(&Type::Open) => *place,
            _ => self.add(Type::Open)?,
        };
        self.names.insert(full, place);
        Ok((place, space))
    }
}

fn full_name(name: &str, named: Option<&str>, space: &str) -> String {
    let space = named.unwrap_or(space);
    if name.contains('.') || space.is_empty() { name.to_owned() } else { format!("{space}.{name}") }
}

/// A type without a name. One with a `logical` type is a date, a time or an amount.
fn simple(name: &str, logical: bool) -> Option<Type> {
    Some(match name {
        "null" => Type::Null,
        "boolean" => Type::Passed(1),
        "float" => Type::Passed(4),
        "double" => Type::Double,
        "int" | "long" => Type::Integer { looked_at: !logical },
        "bytes" | "string" => Type::Text { looked_at: !logical },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_may_be_used_inside_themselves() {
        let types = read(
            br#"{"type": "record", "name": "Node", "namespace": "a.b", "fields": [
                {"name": "next", "type": ["null", "Node"]}, {"name": "born", "type": {"type": "int", "logicalType": "date"}}]}"#,
        )
        .unwrap();
        let Type::Record(fields) = &types[0] else { panic!("{types:?}") };
        let Type::Union(choices) = &types[fields[0].of] else { panic!("{types:?}") };
        assert_eq!(choices[1], 0);
        assert_eq!(types[fields[1].of], Type::Integer { looked_at: false });
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for schema in
            ["", "{}", r#""Unknown""#, r#"{"type": "array"}"#, r#"{"type": "fixed", "name": "f", "size": -1}"#]
        {
            assert!(read(schema.as_bytes()).is_err(), "{schema}");
        }
        let deep = format!("{}\"int\"{}", r#"{"type": "array", "items": "#.repeat(100), "}".repeat(100));
        assert!(read(deep.as_bytes()).is_err());
    }
}

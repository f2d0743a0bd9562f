//! What commands print: data to standard output, talk to standard error.
//!
//! A table for people, JSON and CSV for programs. JSON carries its schema and version. Nothing is coloured; there is nothing
//! that needs it to be read. What came from outside is printed with its control characters escaped, so that a key name
//! cannot steer a terminal.

use std::fmt::Write as _;
use std::io::{IsTerminal, Write as _};

use clap::ValueEnum;
use serde::Serialize;
use serde_json::{Value, json};

use crate::error::Error;

/// In which form data is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    #[default]
    Table,
    /// For programs, versioned
    Json,
    /// For spreadsheets
    Csv,
}

/// Where a command prints.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    /// The form of data.
    pub format: Format,
    /// Whether progress may be shown: standard error is a terminal and nobody asked for plain output.
    pub progress: bool,
}

/// A column of a list: its heading and the member of each row that fills it.
pub type Column = (&'static str, &'static str);

impl Output {
    /// Output in a format.
    #[must_use]
    pub fn new(format: Format, plain: bool) -> Self {
        Self { format, progress: !plain && std::io::stderr().is_terminal() }
    }

    /// Prints a list of rows. `noun` names it: `partners`.
    ///
    /// # Errors
    /// Standard output is gone.
    pub fn list(&self, noun: &str, columns: &[Column], rows: &[Value]) -> Result<(), Error> {
        match self.format {
            Format::Json => self.json(&json!({ "schema": format!("cofferdam.{noun}/1"), noun: rows })),
            Format::Table => print(&table(columns, rows)),
            Format::Csv => print(&csv(columns, rows)),
        }
    }

    /// Prints one thing: for people as `label  value` lines, for programs as its JSON under a schema, for spreadsheets as one
    /// row of its members.
    ///
    /// # Errors
    /// Standard output is gone.
    pub fn one(&self, noun: &str, thing: &impl Serialize, lines: &[(&str, String)]) -> Result<(), Error> {
        match self.format {
            Format::Json => {
                let mut value = json!(thing);
                if let Some(members) = value.as_object_mut() {
                    members.entry("schema").or_insert_with(|| json!(format!("cofferdam.{noun}/1")));
                }
                self.json(&value)
            }
            Format::Table => print(&described(lines)),
            Format::Csv => print(&csv_row(&members(&json!(thing)))),
        }
    }

    /// Prints text as it is, whatever the format: what a shell or another program reads.
    ///
    /// # Errors
    /// Standard output is gone.
    pub fn raw(&self, text: &str) -> Result<(), Error> {
        print(text)
    }

    /// Prints JSON, indented.
    ///
    /// # Errors
    /// Standard output is gone.
    pub fn json(&self, value: &Value) -> Result<(), Error> {
        print(&format!("{value:#}\n"))
    }

    /// Says something to the person, on standard error.
    pub fn say(&self, text: &str) {
        // Nothing is left to do when standard error is gone too.
        let _ = writeln!(std::io::stderr(), "{text}");
    }
}

fn print(text: &str) -> Result<(), Error> {
    let mut output = std::io::stdout().lock();
    let written = output.write_all(text.as_bytes()).and_then(|()| output.flush());
    written.map_err(|source| Error::Broken { attempt: "writing the output", source: source.into() })
}

/// The members of a thing as labelled lines; inner ones stand under their outer's name.
#[must_use]
pub fn members(thing: &Value) -> Vec<(String, String)> {
    fn gather(outer: &str, value: &Value, lines: &mut Vec<(String, String)>) {
        match value {
            Value::Object(inner) => {
                for (name, value) in inner.iter().filter(|(name, _)| *name != "schema") {
                    let name = name.replace('_', " ");
                    gather(&if outer.is_empty() { name } else { format!("{outer} {name}") }, value, lines);
                }
            }
            other => lines.push((outer.to_owned(), text(other))),
        }
    }
    let mut lines = Vec::new();
    gather("", thing, &mut lines);
    lines
}

/// A member as text: lists joined by commas, nothing for what is not there.
fn cell(row: &Value, member: &str) -> String {
    member
        .split('.')
        .try_fold(row, |value, name| value.get(name))
        .map(text)
        .map(|text| escape(&text))
        .unwrap_or_default()
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(all) => all.iter().map(text).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

/// Control characters would steer the terminal; everything else is printed as it is.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            escaped.extend(character.escape_default());
        } else {
            escaped.push(character);
        }
    }
    escaped
}

/// Columns as wide as their widest cell, two spaces between, none after the last.
fn table(columns: &[Column], rows: &[Value]) -> String {
    let mut lines = vec![columns.iter().map(|(heading, _)| (*heading).to_owned()).collect::<Vec<_>>()];
    lines.extend(rows.iter().map(|row| columns.iter().map(|(_, member)| cell(row, member)).collect()));
    let width = |column: usize| {
        lines.iter().filter_map(|line| line.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns.len()).map(width).collect();
    let mut text = String::new();
    for line in &lines {
        let cells = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect::<Vec<_>>();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// A heading and a row for each thing.
fn csv(columns: &[Column], rows: &[Value]) -> String {
    let mut text = csv_line(columns.iter().map(|(_, member)| (*member).to_owned()));
    for row in rows {
        text.push_str(&csv_line(columns.iter().map(|(_, member)| cell(row, member))));
    }
    text
}

fn csv_row(members: &[(String, String)]) -> String {
    let headings = csv_line(members.iter().map(|(label, _)| label.replace(' ', "_")));
    headings + &csv_line(members.iter().map(|(_, value)| escape(value)))
}

/// SPEC: RFC 4180. A cell that begins like a formula is quoted with an apostrophe, since spreadsheets run those.
fn csv_line(cells: impl Iterator<Item = String>) -> String {
    let quoted = |text: String| {
        let text = if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text };
        if text.contains([',', '"']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
    };
    cells.map(quoted).collect::<Vec<_>>().join(",") + "\r\n"
}

fn described(lines: &[(&str, String)]) -> String {
    let width = lines.iter().map(|(label, _)| label.len()).max().unwrap_or(0);
    let mut text = String::new();
    for (label, value) in lines {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{label:width$}  {}", escape(value));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<Value> {
        vec![
            json!({ "name": "acme", "roles": ["auditor", "security"], "at": null, "inner": { "n": 7 } }),
            json!({ "name": "b\u{1b}[2J", "roles": [], "note": "x, \"y\"" }),
        ]
    }

    #[test]
    fn a_table_is_aligned_and_cannot_steer_the_terminal() {
        let text = table(&[("NAME", "name"), ("ROLES", "roles"), ("N", "inner.n")], &rows());
        assert_eq!(text, "NAME        ROLES             N\nacme        auditor,security  7\nb\\u{1b}[2J\n");
    }

    #[test]
    fn csv_quotes_what_it_must() {
        let text = csv(&[("NAME", "name"), ("NOTE", "note"), ("ROLES", "roles")], &rows());
        assert_eq!(text, "name,note,roles\r\nacme,,\"auditor,security\"\r\nb\\u{1b}[2J,\"x, \"\"y\"\"\",\r\n");
        assert!(csv(&[("A", "a")], &[json!({ "a": "=1+1" })]).contains("'=1+1"));
        let one = members(&json!({ "schema": "x/1", "at": { "first_byte": 7 }, "both": [1, 2] }));
        assert_eq!(csv_row(&one), "at_first_byte,both\r\n7,\"1,2\"\r\n");
    }
}

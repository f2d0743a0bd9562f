//! Reports of a survey: for people, for programs, for spreadsheets, for code hosts, for a browser.
//!
//! All say the same: what was found and where, what was not read, how many people it is about. None holds a value.

mod chart;
mod csv;
mod holdings;
mod html;
mod json;
mod sarif;
mod summary;
mod table;

pub use csv::csv;
pub use holdings::{HeldType, Holdings, holdings};
pub use html::html;
pub use json::json;
pub use sarif::sarif;
pub use table::table;

use std::path::Path;

use base::Timestamp;

use crate::Survey;

/// What a report says of itself.
#[derive(Clone, Debug)]
pub struct About {
    /// The program's version.
    pub program: &'static str,
    /// What was scanned, as it was named.
    pub paths: Vec<String>,
    /// When, for reports that people keep.
    pub at: Timestamp,
}

/// A survey and what its reports say of themselves.
pub struct Report<'a> {
    /// What was found.
    pub survey: &'a Survey,
    /// Who says so.
    pub about: &'a About,
}

/// A path as reports show it: control characters would steer whoever prints them.
fn shown(path: &Path) -> String {
    escaped(&path.to_string_lossy())
}

/// Text without control characters.
fn escaped(text: &str) -> String {
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

/// `1 file`, `2 files`.
fn counted(count: u64, one: &str, more: &str) -> String {
    format!("{} {}", grouped(count), if count == 1 { one } else { more })
}

/// Digits in groups of three: `1,234,567`.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && digits.len().saturating_sub(place) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_paths_read_as_people_write_them() {
        assert_eq!([0, 12, 123, 1234, 1_234_567].map(grouped), ["0", "12", "123", "1,234", "1,234,567"]);
        assert_eq!(counted(1, "file", "files") + ", " + &counted(0, "file", "files"), "1 file, 0 files");
        assert_eq!(shown(Path::new("a\u{1b}[2J\n")), "a\\u{1b}[2J\\n");
    }
}

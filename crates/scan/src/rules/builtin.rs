//! The files of rules that come with the scanner.

use super::error::RulesError;
use super::{Book, Origin, source};

/// Name and text of each file. The order is the order of rules; of two that say the same, the first counts.
const FILES: &[(&str, &str)] = &[
    ("contact.toml", include_str!("../../rules/contact.toml")),
    ("finance.toml", include_str!("../../rules/finance.toml")),
    ("government.toml", include_str!("../../rules/government.toml")),
    ("words.toml", include_str!("../../rules/words.toml")),
];

/// Every built-in rule.
pub(super) fn book() -> Result<Book, RulesError> {
    let mut book = Book::default();
    for (file, text) in FILES {
        source::read(file, text, Origin::BuiltIn, &mut book)?;
    }
    Ok(book)
}

#[cfg(test)]
pub(crate) mod testing {
    /// The text of a rule called `id` with some more lines.
    pub(crate) fn rule(id: &str, lines: &str) -> String {
        format!(
            "[[rule]]\nid = '{id}'\ntitle = 'Ours'\ntype = 'custom'\nlabel = 'OURS'\nexamples = ['x']\n\
             counterexamples = ['y']\nsource = 'ours'\nconfidence = 'high'\n{lines}\n"
        )
    }
}

//! The files of rules that come with the scanner.

use super::error::RulesError;
use super::{Book, Origin, source};

/// Name and text of each file. The order is the order of rules; of two that say the same, the first counts.
const FILES: &[(&str, &str)] = &[
    ("contact.toml", include_str!("../../rules/contact.toml")),
    ("finance.toml", include_str!("../../rules/finance.toml")),
    ("americas.toml", include_str!("../../rules/americas.toml")),
    ("europe_west.toml", include_str!("../../rules/europe_west.toml")),
    ("europe_south.toml", include_str!("../../rules/europe_south.toml")),
    ("europe_north_east.toml", include_str!("../../rules/europe_north_east.toml")),
    ("asia.toml", include_str!("../../rules/asia.toml")),
    ("africa_oceania.toml", include_str!("../../rules/africa_oceania.toml")),
    ("health.toml", include_str!("../../rules/health.toml")),
    ("device.toml", include_str!("../../rules/device.toml")),
    ("secrets-pay.toml", include_str!("../../rules/secrets-pay.toml")),
    ("secrets.toml", include_str!("../../rules/secrets.toml")),
    ("secrets-ai.toml", include_str!("../../rules/secrets-ai.toml")),
    ("secrets-chat.toml", include_str!("../../rules/secrets-chat.toml")),
    ("secrets-cloud.toml", include_str!("../../rules/secrets-cloud.toml")),
    ("secrets-code.toml", include_str!("../../rules/secrets-code.toml")),
    ("secrets-hashes.toml", include_str!("../../rules/secrets-hashes.toml")),
    ("secrets-watch.toml", include_str!("../../rules/secrets-watch.toml")),
    ("secrets-keyword.toml", include_str!("../../rules/secrets-keyword.toml")),
    ("person.toml", include_str!("../../rules/person.toml")),
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

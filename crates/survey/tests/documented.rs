//! The tables of `docs/scanning.md` are made from the rules. `UPDATE_GOLDEN=1` writes them anew.

#![allow(missing_docs, clippy::unwrap_used, clippy::disallowed_methods)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use base::word::DataType;
use scan::{Confidence, Need, Rules};

const BEGIN: &str = "<!-- made from the rules: UPDATE_GOLDEN=1 cargo test -p survey --test documented -->\n";
const END: &str = "<!-- end of what is made from the rules -->\n";

/// What every type is found by, and every rule but those of secrets, of which there are hundreds.
fn tables(rules: &Rules) -> String {
    let mut text = String::from("\n| type | what | rules | labels in predictions |\n|---|---|---|---|\n");
    for data_type in DataType::ALL {
        let of = || rules.iter().filter(|(_, rule)| rule.data_type == *data_type);
        if of().count() > 0 {
            let labels: BTreeSet<&str> = of().map(|(_, rule)| rule.label.as_str()).collect();
            let labels = labels.into_iter().collect::<Vec<_>>().join(", ");
            let _ = writeln!(text, "| `{data_type}` | {} | {} | {labels} |", data_type.title(), of().count());
        }
    }
    text.push_str("\n| rule | what | check | words nearby | confidence without them |\n|---|---|---|---|---|\n");
    for (_, rule) in rules.iter().filter(|(_, rule)| rule.data_type != DataType::Secret) {
        let check = rule.validator.map_or("", scan::Validator::name);
        let words = match rule.context {
            Need::Required => "must be there",
            Need::Raises => "raise it",
            Need::Nothing => "",
        };
        let confidence = match (rule.context, rule.confidence) {
            (Need::Required, _) => "",
            (_, Confidence::Low) => "low",
            (_, Confidence::Medium) => "medium",
            (_, Confidence::High) => "high",
        };
        let _ = writeln!(text, "| `{}` | {} | {check} | {words} | {confidence} |", rule.id, rule.title);
    }
    text.push('\n');
    text
}

#[test]
fn the_documentation_names_every_rule() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/scanning.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (found, behind) = rest.split_once(END).unwrap();
    let made = tables(&Rules::built_in());
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, [before, BEGIN, &made, END, behind].concat()).unwrap();
        return;
    }
    assert!(found == made, "{} differs from the rules: set UPDATE_GOLDEN=1", path.display());
}

//! `docs/guarantees.md` names types and tests; all of them exist.
//!
//! A test is written `crates/NAME/tests/FILE.rs::FUNCTION`, a type `CRATE::..::TYPE`, perhaps with a function of it. Every
//! promise has at least one of each.

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::path::{Path, PathBuf};

/// How many promises there are at least: those of the design.
const LEAST_PROMISES: usize = 7;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Everything in backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// Whether a file has a test of this name: marked above, inside `proptest!`, or listed in `both!`.
fn has_test(file: &str, name: &str) -> bool {
    let text = std::fs::read_to_string(root().join(file)).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let listed = |line: &&str| line.starts_with(' ') && line.trim() == name;
    if lines.iter().skip_while(|line| !line.starts_with("both! {")).any(listed) {
        return true;
    }
    let starts = [format!("fn {name}("), format!("async fn {name}(")];
    lines.iter().enumerate().any(|(place, line)| {
        let above = &lines[..place];
        let marked = above.iter().rev().take(4).any(|line| line.contains("#[test]") || line.contains("#[tokio::test"));
        let generated = line.starts_with(' ') && above.iter().any(|line| line.starts_with("proptest! {"));
        starts.iter().any(|start| line.trim_start().starts_with(start)) && (marked || generated)
    })
}

/// Whether a crate of ours has a public item of this name.
fn has_type(crate_name: &str, name: &str) -> bool {
    let kinds = ["struct", "enum", "trait", "type"];
    sources(&root().join("crates").join(crate_name).join("src")).iter().any(|text| {
        kinds.iter().any(|kind| {
            text.match_indices(&format!("pub {kind} {name}")).any(|(place, found)| {
                let next = text.get(place + found.len()..).and_then(|rest| rest.chars().next());
                next.is_some_and(|next| !next.is_alphanumeric() && next != '_')
            })
        })
        // Vocabularies and ids are made by macros.
        || text.contains(&format!("    {name}, \""))
    })
}

fn has_function(crate_name: &str, name: &str) -> bool {
    let starts = [format!("pub fn {name}("), format!("pub async fn {name}(")];
    sources(&root().join("crates").join(crate_name).join("src"))
        .iter()
        .any(|text| starts.iter().any(|start| text.contains(start.as_str())))
}

fn sources(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            found.push(std::fs::read_to_string(path).unwrap());
        }
    }
    found
}

#[derive(Default)]
struct Named {
    types: usize,
    tests: usize,
    missing: Vec<String>,
}

fn check(promise: &str) -> Named {
    let mut named = Named::default();
    for word in quoted(promise) {
        let Some((front, last)) = word.rsplit_once("::") else { continue };
        let exists = if front.starts_with("crates/") {
            named.tests += 1;
            has_test(front, last)
        } else if last.starts_with(char::is_uppercase) {
            named.types += 1;
            has_type(front.split("::").next().unwrap(), last)
        } else {
            let crate_name = front.split("::").next().unwrap();
            has_type(crate_name, front.rsplit("::").next().unwrap()) && has_function(crate_name, last)
        };
        if !exists {
            named.missing.push(word.to_owned());
        }
    }
    named
}

#[test]
fn every_promise_names_types_and_tests_that_exist() {
    let page = std::fs::read_to_string(root().join("docs/guarantees.md")).unwrap();
    let promises: Vec<&str> = page.split("\n## ").skip(1).collect();
    assert!(promises.len() >= LEAST_PROMISES, "only {} promises were found", promises.len());
    let mut wrong = Vec::new();
    for promise in promises {
        let title = promise.lines().next().unwrap();
        let named = check(promise);
        wrong.extend(named.missing.iter().map(|word| format!("{title}: there is no `{word}`")));
        if named.types == 0 || named.tests == 0 {
            wrong.push(format!("{title}: names {} types and {} tests; it needs both", named.types, named.tests));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_does_not_exist_is_noticed() {
    for (word, exists) in [
        ("`crates/testkit/tests/guarantees.rs::what_does_not_exist_is_noticed`", true),
        ("`crates/testkit/tests/guarantees.rs::what_was_never_written`", false),
        ("`crates/testkit/tests/guarantees.rs::has_type`", false),
        ("`crates/testkit/tests/nowhere.rs::what_does_not_exist_is_noticed`", false),
        ("`ledger::Receipt`", true),
        ("`ledger::Recei`", false),
        ("`ledger::Releaser::release`", true),
        ("`ledger::Releaser::give_away`", false),
    ] {
        assert_eq!(check(word).missing.is_empty(), exists, "{word}");
    }
}

//! The help of every noun, compared with reviewed files in `golden/`. `UPDATE_GOLDEN=1` writes them anew.

#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::panic, clippy::disallowed_methods)]

use std::path::Path;
use std::process::Command;

fn help(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_cofferdam")).env_clear().args(arguments).arg("--help").output();
    let output = output.unwrap();
    assert!(output.status.success(), "{arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The words that a help text lists under `Commands:`.
fn commands(help: &str) -> Vec<String> {
    let listed = help.split("Commands:\n").nth(1).unwrap_or_default();
    let listed = listed.lines().take_while(|line| !line.is_empty());
    listed
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .collect()
}

fn compare(arguments: &[&str]) -> String {
    let text = help(arguments);
    let name = if arguments.is_empty() { "cofferdam".to_owned() } else { arguments.join("-") };
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format!("{name}.txt"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, golden, "`{} --help` differs from {}: look at it, then set UPDATE_GOLDEN=1", name, path.display());
    text
}

#[test]
fn the_help_of_every_noun_is_as_reviewed() {
    let nouns = commands(&compare(&[]));
    assert!(nouns.len() > 10, "{nouns:?}");
    for noun in nouns {
        for verb in commands(&compare(&[&noun])) {
            compare(&[&noun, &verb]);
        }
    }
}

#[test]
fn what_makes_no_sense_is_misuse_and_says_so_on_standard_error() {
    for arguments in [["nonsense"].as_slice(), &["scope", "--from"], &["partner"], &["--format", "xml", "status"]] {
        let output = Command::new(env!("CARGO_BIN_EXE_cofferdam")).env_clear().args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn completions_are_made_for_shells() {
    for shell in ["bash", "zsh", "fish"] {
        let output =
            Command::new(env!("CARGO_BIN_EXE_cofferdam")).env_clear().args(["completions", shell]).output().unwrap();
        assert!(String::from_utf8_lossy(&output.stdout).contains("quickstart"), "{shell}");
    }
}

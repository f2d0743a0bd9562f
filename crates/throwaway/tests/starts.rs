//! The program as suites run it: one line of JSON, and it ends with its standard input.

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

#[test]
fn it_says_where_it_is_and_ends_with_its_input() {
    let mut program = Command::new(env!("CARGO_BIN_EXE_cofferdam-throwaway"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(program.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let said: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert!(said["endpoint"].as_str().is_some_and(|endpoint| endpoint.starts_with("http://127.0.0.1:")), "{line}");
    drop(program.stdin.take());
    assert!(program.wait().unwrap().success());
}

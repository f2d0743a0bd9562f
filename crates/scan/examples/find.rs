//! Prints what is found in files, without the values: `cargo run --release -p scan --example find -- FILE...`.
//!
//! One finding a line, fields parted by tabs: file, from, to, label, rule, confidence, validator, record, part.

#![expect(clippy::print_stdout, reason = "an example for people, outside the product")]

use std::sync::Arc;

use base::word::DataType;
use scan::{Digester, Finding, Hint, Options, Scanner};

struct Blind;

impl Digester for Blind {
    fn digest(&self, _: DataType, _: &[u8]) -> [u8; 16] {
        [0; 16]
    }
}

fn main() -> std::io::Result<()> {
    let scanner = Scanner::new(Options::default());
    for path in std::env::args().skip(1) {
        let mut findings: Vec<Finding> = Vec::new();
        let mut scan = scanner.begin(&Hint { content_type: None, name: &path }, Arc::new(Blind));
        scan.push(&std::fs::read(&path)?, &mut findings);
        let _ = scan.finish(&mut findings);
        for found in findings {
            let Finding { rule, from, to, confidence, validator, record, part, .. } = found;
            let rule = scanner.rules().get(rule);
            println!(
                "{path}\t{from}\t{to}\t{}\t{}\t{confidence:?}\t{validator}\t{record}\t{part}",
                rule.label, rule.id
            );
        }
    }
    Ok(())
}

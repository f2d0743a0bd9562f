//! How fast the scanner is on this machine: `cargo run --release -p scan --example scan_speed`.
//!
//! Files that are named are measured instead of the samples. The last samples are what somebody would write to make the scanner slow.
//!
//! One thread, warm memory, findings folded into facts; the digest is a stand-in, because the real one is the
//! engagement's.

#![expect(clippy::print_stdout, clippy::disallowed_methods, reason = "a measurement for people, outside the product")]

use std::sync::Arc;
use std::time::Instant;

use base::word::DataType;
use scan::specimen::{CSV_HEADER, Records};
use scan::{Blocks, Digester, Folder, Hint, Options, Scanner};

const SAMPLE_BYTES: usize = 20 << 20;
const CHUNK_BYTES: usize = 64 << 10;

const HOSTILE_REPEATS: usize = 1 << 16;

/// Anchors without end, none of which is a value.
const HOSTILE: &[&str] = &[
    "12 34 56 78 ",
    "phone 12 34 56 78 ",
    "1-2-3-4-5-6-7-8-",
    "(",
    "+1",
    "(0)",
    "1234567 ",
    "card 1234 5678 9012 3456 ",
    "@",
    "a@a.a",
    "a@a.bc.1",
    "a.",
    "x@-",
    "GB82",
    "GB82 WEST 1234 5698 7654 33 ",
    "{",
    "[{\"a\":",
    "\"",
    "\\",
    "\\u0041",
    ",",
    "\n",
    "\"\",\"\"",
    "1x",
    "00442079460958",
];

struct Stand;

impl Digester for Stand {
    fn digest(&self, data_type: DataType, canonical: &[u8]) -> [u8; 16] {
        let hash = canonical
            .iter()
            .fold(data_type as u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3));
        u128::from(hash).to_le_bytes()
    }
}

fn main() -> std::io::Result<()> {
    let files: Vec<String> = std::env::args().skip(1).collect();
    for file in &files {
        measure(file, &std::fs::read(file)?);
    }
    if !files.is_empty() {
        return Ok(());
    }
    let mut state = 42_u64;
    let mut chance = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 16
    };
    let begun = Instant::now();
    let mut records = Records::new(&mut chance, 10_000);
    let mut make = |begin: &str, one: &mut dyn FnMut(&mut Records<'_>, &mut Vec<u8>)| {
        let mut out = begin.as_bytes().to_vec();
        while out.len() < SAMPLE_BYTES {
            one(&mut records, &mut out);
        }
        out
    };
    let samples = [
        ("interviews.jsonl", make("", &mut |records, out| _ = records.interview_line(out))),
        ("contractors.jsonl", make("", &mut |records, out| _ = records.contractor_line(out))),
        ("rubrics.jsonl", make("", &mut |records, out| records.rubric_line(out))),
        ("contractors.csv", make(CSV_HEADER, &mut |records, out| _ = records.contractor_row(out))),
    ];
    let made: usize = samples.iter().map(|(_, sample)| sample.len()).sum();
    println!("made {} MB in {:.2} s", made / 1_000_000, begun.elapsed().as_secs_f64());
    for (name, sample) in &samples {
        measure(name, sample);
        let text: Vec<u8> = sample.iter().map(|byte| if b"{}[]\"".contains(byte) { b' ' } else { *byte }).collect();
        measure(&format!("{name} as text"), &text);
    }
    for piece in HOSTILE {
        measure(&format!("{piece:?}"), piece.repeat(HOSTILE_REPEATS).as_bytes());
    }
    Ok(())
}

fn measure(name: &str, sample: &[u8]) {
    let begun = Instant::now();
    let mut folder = Folder::new(Blocks { first: 65_480, rest: 65_520 });
    let mut scan = Scanner::new(Options::without_names()).begin(&Hint::default(), Arc::new(Stand));
    sample.chunks(CHUNK_BYTES).for_each(|chunk| scan.push(chunk, &mut folder));
    let report = scan.finish(&mut folder);
    let seconds = begun.elapsed().as_secs_f64();
    let facts = folder.finish();
    println!(
        "{name:26} {:6.0} MB/s  {:?}, {} records, {} findings, {} mentions",
        sample.len() as f64 / 1e6 / seconds,
        report.format.map(scan::Format::word),
        report.records,
        report.findings,
        facts.mentions().count(),
    );
}

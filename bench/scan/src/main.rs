//! Measures how well and how fast the scanner finds.
//!
//! The entry points are `bench/scan-quality` and `bench/scan-speed`. Quality stands beside Presidio on the same documents,
//! scored by the same rule; speed beside a set of regular expressions, an automaton of the key words, and the memory.

mod alarms;
mod parquet;
mod peer_names;
mod prepare;
mod quality;
mod rows;
mod samples;
mod score;
mod sets;
mod speed;
mod wrap;

use std::error::Error;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use sets::Split;

/// A measurement that could not be made says why in words; nobody handles it.
type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

const USAGE: &str = "run bench/scan-quality or bench/scan-speed";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let report = match arguments.as_slice() {
        ["prepare", sets, work, split, only @ ..] => read_split(split)
            .and_then(|split| prepare::prepare(Path::new(sets), Path::new(work), split, only))
            .map(|()| String::new()),
        ["quality", work] => quality::report(Path::new(work)),
        ["alarms", folder] => alarms::report(Path::new(folder)),
        ["speed", code] => speed::report(&PathBuf::from(code)),
        _ => Err(USAGE.into()),
    };
    match report {
        Ok(report) => {
            let written = std::io::stdout().write_all(report.as_bytes());
            if written.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

fn read_split(word: &str) -> Outcome<Split> {
    match word {
        "tune" => Ok(Split::Tune),
        "held" => Ok(Split::Held),
        "all" => Ok(Split::All),
        other => Err(format!("`{other}` is no part of a set\nuse tune, held or all").into()),
    }
}

/// Digests that keep equal values apart and nothing else; nobody sees them.
struct Stand;

impl scan::Digester for Stand {
    fn digest(&self, data_type: base::word::DataType, canonical: &[u8]) -> [u8; 16] {
        let hash = canonical
            .iter()
            .fold(data_type as u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3));
        u128::from(hash).to_le_bytes()
    }
}

//! Measures what an answer about scope costs as the index grows: one credential over thirty days, of a thousand.
//!
//! ```text
//! generated accesses ─▶ rows of the touch index ─┐
//! generated facts    ─▶ packs                    ├─▶ a catalog on disk ─▶ the summary, a hundred times
//! ```
//!
//! Rows, packs, transactions and the answer are the product's own code; what is generated stands in [`world`], as sums that SQL
//! can repeat: `duck.py` asks DuckDB the same question over the same accesses, and compares the answers. Each size has hours
//! of its own, so that the index holds all smaller ones too.

mod answer;
mod build;
mod world;

use std::error::Error;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use base::id::DeploymentId;
use catalog::Catalog;
use rustix::time::{ClockId, clock_gettime};

use crate::world::{CREDENTIALS, HOURS, Size};

/// A measurement that could not be made says why in words; nobody handles it.
type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

const DEPLOYMENT: DeploymentId = DeploymentId::from_bytes([0xBE; 16]);

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.as_slice() {
        [what, folder, most] if what == "build" => build(Path::new(folder), most),
        [what, folder, most] if what == "ask" => ask(Path::new(folder), most),
        _ => Err("run bench/scope-speed".into()),
    };
    match outcome {
        Ok(rows) => {
            let written = std::io::stdout().write_all(rows.as_bytes());
            if written.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            note(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

/// The sizes up to one, by how many accesses a credential makes an hour.
fn sizes(most: &str) -> Outcome<Vec<Size>> {
    let most: u64 = most.parse()?;
    Ok(world::SIZES.into_iter().filter(|size| size.accesses_an_hour <= most).collect())
}

fn build(folder: &Path, most: &str) -> Outcome<String> {
    let catalog = Catalog::open(&folder.join("catalog"), DEPLOYMENT)?;
    let mut rows = String::from(
        "| built | accesses or mentions | seconds | a second | bytes on disk | bytes each |\n|---|---|---|---|---|---|\n",
    );
    let mut before = size_of(folder)?;
    let mut add = |what: &str, count: u64, micros: u64| -> Outcome<()> {
        let now = size_of(folder)?;
        let bytes = now.saturating_sub(before);
        before = now;
        let rate = count.saturating_mul(1_000_000).checked_div(micros).unwrap_or(0);
        let (each, seconds) = (bytes as f64 / count.max(1) as f64, micros as f64 / 1e6);
        rows.push_str(&format!("| {what} | {count} | {seconds:.1} | {rate} | {bytes} | {each:.2} |\n"));
        note(&format!("{what}: {count} in {seconds:.1} s"));
        Ok(())
    };
    let begun = micros();
    let mentions = build::packs(&catalog)?;
    add("packs of facts", mentions, micros().saturating_sub(begun))?;
    let mut mark = 0;
    for size in sizes(most)? {
        let begun = micros();
        build::touches(&catalog, &size, &mut mark)?;
        add("the touch index", size.accesses(), micros().saturating_sub(begun))?;
    }
    Ok(format!("{rows}\nPeak memory while building: {}.\n\n", peak()))
}

fn ask(folder: &Path, most: &str) -> Outcome<String> {
    let catalog = Catalog::open(&folder.join("catalog"), DEPLOYMENT)?;
    let mut rows = String::from(
        "| accesses in the index | of the one asked for | versions touched | people | p50 ms | p99 ms | longest ms |\n|---|---|---|---|---|---|---|\n",
    );
    let mut answers = serde_json::Map::new();
    let residences = world::residences();
    for size in sizes(most)? {
        let mut took = Vec::new();
        let mut last = None;
        for _ in 0..answer::TIMES {
            let begun = micros();
            last = Some(answer::summary(&catalog, &size, &residences)?);
            took.push(micros().saturating_sub(begun));
        }
        took.sort_unstable();
        let at = |percent: usize| {
            let place = took.len().saturating_mul(percent).div_ceil(100).saturating_sub(1);
            took.get(place).copied().unwrap_or_default() as f64 / 1e3
        };
        let answer = last.ok_or("nothing was asked")?;
        rows.push_str(&format!(
            "| {} | {} | {} | {} | {:.1} | {:.1} | {:.1} |\n",
            size.accesses(),
            size.accesses() / CREDENTIALS,
            answer.versions,
            answer.people,
            at(50),
            at(99),
            at(100)
        ));
        note(&format!("{} accesses: {:.1} ms", size.accesses(), at(50)));
        answers.insert(size.accesses_an_hour.to_string(), answer.to_json(at(50)));
    }
    std::fs::write(folder.join("answers.json"), serde_json::to_vec(&answers)?)?;
    Ok(format!("{rows}\n{HOURS} hours, {CREDENTIALS} credentials. Peak memory while answering: {}.\n\n", peak()))
}

/// Microseconds of a clock that only runs forward.
fn micros() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    let (seconds, nanos) = (u64::try_from(time.tv_sec).unwrap_or(0), u64::try_from(time.tv_nsec).unwrap_or(0));
    seconds.saturating_mul(1_000_000).saturating_add(nanos / 1000)
}

/// Bytes of the files of a folder.
fn size_of(folder: &Path) -> Outcome<u64> {
    let mut sum = 0u64;
    for entry in std::fs::read_dir(folder)? {
        sum = sum.saturating_add(entry?.metadata()?.len());
    }
    Ok(sum)
}

/// The most memory this process had at once.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or_else(|| "unknown".to_owned(), |line| line.trim().to_owned())
}

/// Tells whoever waits what is going on.
fn note(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

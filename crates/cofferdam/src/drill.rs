//! The drill: a breach, played against the real program over real connections, and measured from outside.
//!
//! It founds a deployment of its own in an empty folder, serves it with this very executable as a child process, plays three
//! partners and an intruder, and holds what the program says against what is known to be true. It touches nothing else.
//!
//! ```text
//! story ─┬─ stage, cast, fill, traffic     what there is before
//!        ├─ theft, halt                     what happens; tap and reader write down what left
//!        ├─ measure                         what the program says, against the truth
//!        ├─ reopen, proof, tamper, residue  what must hold afterwards
//!        └─ report, timeline                what a person reads
//! ```
//!
//! Every step makes promises; one that does not hold fails the drill.

mod cast;
mod diary;
mod fill;
mod halt;
mod measure;
mod page;
mod plant;
mod proof;
mod pulse;
mod reader;
mod reopen;
mod report;
mod residue;
mod seat;
mod spans;
mod stage;
mod story;
mod tamper;
mod tap;
mod theft;
mod timeline;
mod traffic;
mod truth;
mod witness;

use std::path::PathBuf;
use std::sync::Arc;

use base::time::Clock;
use base::{Entropy, Kind};
use store::LocalDisk;
use tokio::signal::unix::{SignalKind, signal};

use crate::chance::SystemEntropy;
use crate::clock::SystemClock;
use crate::error::{Error, told};
use crate::files;

pub use diary::{Promise, Step, Voice};
pub use halt::Halted;
pub use measure::{Compared, TypeCompared};
pub use proof::{Forged, Proven};
pub use pulse::Whose;
pub use report::{Report, SCHEMA, Scoped};
pub use timeline::{Event, Row};

/// The reports, in the report's folder.
const HTML: &str = "report.html";
const JSON: &str = "report.json";

/// How to drill.
#[derive(Clone, Debug)]
pub struct Options {
    /// This executable.
    pub program: PathBuf,
    /// Files to fill the engagements with; made up without.
    pub input: Option<PathBuf>,
    /// Where the report goes.
    pub report: PathBuf,
    /// Whether the deployment is kept.
    pub keep: bool,
    /// How much data to make up, in percent of the usual.
    pub percent: u32,
    /// Decides everything that is made up; drawn without.
    pub seed: Option<u64>,
}

/// A drill that came to its end.
pub struct Drilled {
    /// What it found.
    pub report: Report,
    /// For people.
    pub html: PathBuf,
    /// For programs.
    pub json: PathBuf,
}

/// Runs the drill and writes its report, whatever it found.
///
/// # Errors
/// The report cannot be written; the drill was interrupted, and then there is none. What fails within the drill is in the
/// report.
pub async fn run(options: &Options, voice: &mut dyn Voice) -> Result<Drilled, Error> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let seed = options.seed.unwrap_or_else(|| {
        let entropy = SystemEntropy::default();
        // Short enough to be typed again.
        u64::from(u32::from_be_bytes((&entropy as &dyn Entropy).bytes()))
    });
    let mut story = story::Story::new(options, seed, Arc::clone(&clock), voice);
    let ended = tokio::select! {
        ended = story.play() => ended,
        interrupted = interrupted() => {
            story.strike().await;
            return Err(interrupted);
        }
    };
    if let Err(error) = ended {
        story.broke_off(&told(&error).replace('\n', "; "));
    }
    story.strike().await;
    let report = story.report();
    let (html, json) = (options.report.join(HTML), options.report.join(JSON));
    files::ensure_folder(&LocalDisk, &options.report)?;
    let text =
        serde_json::to_vec_pretty(&report).map_err(|error| Error::part("writing the report", Kind::Bug, error))?;
    files::replace(&LocalDisk, &json, &text)?;
    files::replace(&LocalDisk, &html, page::render(&report)?.as_bytes())?;
    Ok(Drilled { report, html, json })
}

/// Resolves when somebody wants the drill to end.
async fn interrupted() -> Error {
    let terminated = async {
        match signal(SignalKind::terminate()) {
            Ok(mut signal) => _ = signal.recv().await,
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        outcome = tokio::signal::ctrl_c() => if outcome.is_err() { std::future::pending::<()>().await },
        () = terminated => {}
    }
    Error::Broken { attempt: "playing the drill", source: "it was interrupted; what it had set up is gone".into() }
}

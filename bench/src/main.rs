//! Measures what the promises cost.
//!
//! ```text
//! core 0   cofferdam serve, release build, a fresh deployment on the folder's disk
//! core 1   this program: the clients, and whoever asks for the pause
//! ```
//!
//! The entry points are `bench/receipts` and `bench/pause`. A figure is worth something only beside another one of the same
//! run: reads beside the flushes of the same disk, a lone reader's latency beside a lone flush.

mod deployment;
mod disk;
mod figures;
mod pause;
mod receipts;
mod wire;

use std::error::Error;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use base::Clock;
use cofferdam::clock::SystemClock;

use crate::deployment::Deployment;

/// A measurement that could not be made says why in words; nobody handles it.
type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [what, folder, commit] = arguments.as_slice() else {
        return say("run bench/receipts or bench/pause", ExitCode::from(2));
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return say(&error.to_string(), ExitCode::FAILURE),
    };
    match runtime.block_on(measure(what, Path::new(folder), commit)) {
        Ok(report) => {
            let written = std::io::stdout().write_all(report.as_bytes());
            if written.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => say(&error.to_string(), ExitCode::FAILURE),
    }
}

async fn measure(what: &str, folder: &Path, commit: &str) -> Outcome<String> {
    let clock = SystemClock;
    std::fs::create_dir_all(folder)?;
    let folder = folder.canonicalize()?;
    let machine = figures::machine(&folder);
    let deployment = Deployment::found(&folder.join(format!("{}-{}", what, std::process::id()))).await?;
    let rows = match what {
        "receipts" => receipts::measure(&deployment, &clock).await?,
        "pause" => pause::measure(&deployment, &clock).await?,
        other => return Err(format!("there is no measurement `{other}`").into()),
    };
    deployment.remove()?;
    Ok(format!("\n{machine}\ncommit {commit}, {}\n\n{rows}", clock.now()))
}

/// Talk goes to standard error.
fn say(line: &str, code: ExitCode) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "{line}");
    code
}

/// Tells whoever waits what is going on.
fn note(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

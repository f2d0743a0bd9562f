//! Measures what the promises cost.
//!
//! ```text
//! core 0   cofferdam serve, release build, a fresh deployment on the folder's disk
//! core 1   this program: the clients, and whoever asks for the pause
//! ```
//!
//! The entry points are the scripts in `bench/`, one for each measurement. A figure is worth something only beside another one of the same
//! run: reads beside the flushes of the same disk, a lone reader's latency beside a lone flush.

mod bare;
mod deployment;
mod disk;
mod figures;
mod load;
mod pause;
mod peers;
mod race;
mod races;
mod receipts;
mod secure;
mod wire;

use std::error::Error;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use base::{Clock, Entropy as _};
use cofferdam::chance::SystemEntropy;
use cofferdam::clock::SystemClock;

use crate::deployment::{Deployment, SERVER_CORE, Security};

/// A measurement that could not be made says why in words; nobody handles it.
type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [what, folder, commit] = arguments.as_slice() else {
        return say("run one of the scripts in bench/", ExitCode::from(2));
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
    if what == "bare" {
        bare::serve(folder, commit).await?;
        return Ok(String::new());
    }
    let clock = SystemClock;
    std::fs::create_dir_all(folder)?;
    let folder = folder.canonicalize()?;
    let machine = figures::machine(&folder);
    let folder = folder.join(format!("{}-{}", what, std::process::id()));
    std::fs::create_dir(&folder)?;
    let rows = match what {
        "receipts" | "pause" => {
            let deployment = Deployment::found(&folder.join("ours"), SERVER_CORE, Security::Plain).await?;
            let rows = match what {
                "receipts" => receipts::measure(&deployment, &clock).await?,
                _ => pause::measure(&deployment, &clock).await?,
            };
            deployment.remove()?;
            rows
        }
        "get-large" => races::get_large(&folder, &clock).await?,
        "get-small" => races::get_small(&folder, &clock).await?,
        "put-large" => races::put_large(&folder, &clock).await?,
        "put-small" => races::put_small(&folder, &clock).await?,
        "tls" => races::tls(&folder, &clock).await?,
        "ranges" => races::ranges(&folder, &clock).await?,
        other => return Err(format!("there is no measurement `{other}`").into()),
    };
    std::fs::remove_dir_all(&folder)?;
    Ok(format!("\n{machine}\ncommit {commit}, {}\n\n{rows}", clock.now()))
}

/// Bytes that cannot be compressed and are no text.
fn noise(bytes: usize) -> Vec<u8> {
    let mut noise = vec![0; bytes];
    SystemEntropy::default().fill(&mut noise);
    noise
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

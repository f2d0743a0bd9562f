//! A server to throw away: a fresh deployment, several accounts with fixed keys, and nothing left when it ends.
//!
//! ```text
//! cofferdam-throwaway                        one line of JSON: endpoint, accounts, keys
//! cofferdam-throwaway --format ini           the same as suites written for boto3 read it
//! cofferdam-throwaway --port 8000 --tls --accounts 2 --data DIR
//! ```
//!
//! It is the program's own server, judging and recording as always. What it adds is [`fixed`]: keys that never change stand
//! for sessions that do, because suites cannot renew them. An account is an engagement of its own, with one workload that may do
//! there whatever a grant can give.
//!
//! It serves until SIGTERM or SIGINT, or until standard input ends if that is a pipe: whoever started it may die.
//!
//! # Threats
//! Its keys are known to everybody, so it listens on this machine alone, on a folder that it founded itself.

mod accounts;
mod fixed;
mod printed;
mod stage;
mod tls;

use std::io::{Read as _, Write as _};
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use cofferdam::config::{Config, Level, Log, LogFormat};
use cofferdam::output::{Format, Output};
use cofferdam::serve::{Server, stop_signal};
use cofferdam::{Error, logging};
use tokio::sync::oneshot;

use crate::accounts::Account;
use crate::fixed::FixedKeys;
use crate::printed::Printed;

/// Serve S3 from a fresh deployment to throw away, with accounts of fixed keys
#[derive(Parser)]
struct Options {
    /// The port of S3 [default: a free one]
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    port: u16,
    /// How many accounts, or a JSON file with a list of them: name, email, access_key, secret_key
    #[arg(long, value_name = "FILE|N")]
    accounts: Option<String>,
    /// The data folder, which must be empty and is kept [default: a temporary one, removed at the end]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Speak https, with a certificate whose authority is printed as `ca`
    #[arg(long)]
    tls: bool,
    /// What is printed once the server listens
    #[arg(long, value_enum, default_value_t = printed::Form::Json)]
    format: printed::Form,
}

fn main() -> ExitCode {
    logging::start(Log { level: Level::Warn, format: LogFormat::Text });
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to do when standard error is gone too.
            let _ = writeln!(std::io::stderr(), "cofferdam-throwaway: {}", base::error::chain(&error));
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), Error> {
    let accounts = accounts::chosen(options.accounts.as_deref())?;
    let broken = |attempt| move |source: std::io::Error| Error::Broken { attempt, source: source.into() };
    let (data, _removed_at_the_end) = match &options.data {
        Some(data) => (data.clone(), None),
        None => {
            let folder = tempfile::Builder::new().prefix("cofferdam-throwaway-").tempdir();
            let folder = folder.map_err(broken("making a folder"))?;
            (folder.path().join("data"), Some(folder))
        }
    };
    std::fs::create_dir_all(&data).map_err(broken("making the data folder"))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(broken("starting the runtime"))?.block_on(serve(options, &data, &accounts))
}

async fn serve(options: &Options, data: &Path, accounts: &[Account]) -> Result<(), Error> {
    let mut config = Config::read(data)?;
    config.listen.s3.set_port(options.port);
    config.listen.admin.set_port(0);
    // Suites send random bytes to buckets that they create, and read them back.
    config.intake.unscannable_readable = true;
    let stage = stage::set(&config, accounts).await?;
    if options.tls {
        config.tls = Some(tls::write(data)?);
    }
    let mut server = Server::open(&config).await?;
    let keys = FixedKeys::issue(Arc::clone(server.custody()), accounts).await;
    let keys = Arc::new(keys.map_err(|error| Error::custody("issuing the sessions", error))?);
    server.establish_by(Arc::clone(&keys) as Arc<dyn gateway::Callers>);
    let renewing = tokio::spawn(keys.renew_forever());
    let stopped = stop_signal()?;
    let orphaned = input_ended();
    let asked = async move {
        tokio::select! {
            () = stopped => {}
            () = orphaned => {}
        }
    };
    let output = Output::new(Format::Table, true);
    let served = server
        .run(&config, &output, asked, |running| {
            let text = Printed::new(running, &config, &stage, accounts).text(options.format);
            // Whoever does not listen is told nothing; the server runs on.
            let _ = output.raw(&text);
        })
        .await;
    renewing.abort();
    served
}

/// Resolves when standard input ends, if it is a pipe. A terminal or `/dev/null`, which background jobs have, says nothing.
async fn input_ended() {
    let piped = std::fs::metadata("/dev/stdin").is_ok_and(|input| input.file_type().is_fifo());
    let (ended, waiting) = oneshot::channel::<()>();
    if !piped {
        return std::future::pending().await;
    }
    // A thread, because a runtime cannot be shut down while it reads standard input.
    std::thread::spawn(move || {
        let _ended_with_this_thread = ended;
        let mut heap = [0; 512];
        while std::io::stdin().read(&mut heap).is_ok_and(|count| count > 0) {}
    });
    let _ = waiting.await;
}

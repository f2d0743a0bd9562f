//! The command line: `cofferdam <noun> <verb>`, one file a noun.
//!
//! Commands speak to a running server over its admin API, signed by a person's key. `init`, `quickstart` and `serve` work on
//! the data folder itself, whose lock they hold. `scan` needs neither.

mod alarm;
mod approval;
mod budget;
mod bypass;
mod completions;
mod context;
mod contract;
mod dataset;
mod decoy;
mod drill;
mod engagement;
mod grant;
mod holdings;
mod incident;
mod init;
mod ledger;
mod partner;
mod pause;
mod principal;
mod quarantine;
mod quickstart;
mod receiver;
mod resume;
mod scan;
mod scope;
mod selftest;
mod serve;
mod session;
mod status;

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

pub use context::Context;
use context::Named;

use crate::config::Environment;
use crate::error::{Error, told};
use crate::exit::Exit;
use crate::output::{Format, Output};

/// The heading of options that every command takes.
const EVERY: &str = "For every command";

/// Custody for AI training data.
#[derive(Parser)]
#[command(
    name = "cofferdam",
    version,
    disable_help_subcommand = true,
    after_help = "Exit codes: 0 done, 1 failed, 2 misuse, 3 refused, 4 paused, 5 proof did not verify, 6 findings.\n\
                  Environment: COFFERDAM_DATA, COFFERDAM_IDENTITY, COFFERDAM_ADMIN, COFFERDAM_CA, NO_COLOR."
)]
pub struct Cli {
    /// The data folder [default: ./cofferdam-data]
    #[arg(long, global = true, value_name = "FOLDER", help_heading = EVERY)]
    data: Option<PathBuf>,

    /// The identity file to sign with [default: the first person's, in the data folder]
    #[arg(long, global = true, value_name = "FILE", help_heading = EVERY)]
    identity: Option<PathBuf>,

    /// The admin address of the server, with `https://` where it is another machine [default: where the data folder's server runs]
    #[arg(long, global = true, value_name = "ADDRESS", help_heading = EVERY)]
    admin: Option<String>,

    /// The certificate of the authority that signed the server's, for `https://`
    #[arg(long, global = true, value_name = "FILE", help_heading = EVERY)]
    ca: Option<PathBuf>,

    /// How to print data: `table` for people, `json` for programs, `csv` for spreadsheets
    #[arg(long, global = true, value_enum, default_value_t = Form::Table, hide_possible_values = true, help_heading = EVERY)]
    format: Form,

    #[command(subcommand)]
    noun: Noun,
}

/// What `--format` may say: the forms of data, and those of reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    /// For people
    Table,
    /// For programs, versioned
    Json,
    /// For spreadsheets
    Csv,
    /// For code hosts and editors: reports of `scan`
    Sarif,
    /// For a browser: reports of `scan`
    Html,
}

impl Form {
    /// The form of data; `None` if only a report has it.
    const fn data(self) -> Option<Format> {
        match self {
            Self::Table => Some(Format::Table),
            Self::Json => Some(Format::Json),
            Self::Csv => Some(Format::Csv),
            Self::Sarif | Self::Html => None,
        }
    }
}

#[derive(Subcommand)]
enum Noun {
    Init(init::Init),
    Quickstart(quickstart::Quickstart),
    Serve(serve::Serve),
    Status(status::Status),
    #[command(subcommand)]
    Partner(partner::Partner),
    #[command(subcommand)]
    Engagement(engagement::Engagement),
    #[command(subcommand)]
    Budget(budget::Budget),
    #[command(subcommand)]
    Dataset(dataset::Dataset),
    #[command(subcommand)]
    Quarantine(quarantine::Quarantine),
    #[command(subcommand)]
    Principal(principal::Principal),
    #[command(subcommand)]
    Grant(grant::Grant),
    #[command(subcommand)]
    Session(session::Session),
    Pause(pause::Pause),
    Resume(resume::Resume),
    #[command(subcommand)]
    Approval(approval::Approval),
    Scope(scope::Scope),
    #[command(subcommand)]
    Decoy(decoy::Decoy),
    #[command(subcommand)]
    Alarm(alarm::Alarm),
    #[command(subcommand)]
    Bypass(bypass::Bypass),
    #[command(subcommand)]
    Incident(Box<incident::Incident>),
    #[command(subcommand)]
    Ledger(ledger::Ledger),
    Scan(scan::Scan),
    Drill(drill::Drill),
    Completions(completions::Completions),
}

impl Cli {
    /// Runs the command and says how it ended.
    #[must_use]
    pub fn run(self, environment: Environment) -> Exit {
        let output = Output::new(self.format.data().unwrap_or_default(), environment.plain);
        let context = Context::new(
            Named { data: self.data, identity: self.identity, admin: self.admin, ca: self.ca },
            environment,
            output,
        );
        let ended = match self.noun {
            // Refused before anything is done.
            noun if self.format.data().is_none() && !matches!(noun, Noun::Scan(_)) => Err(Error::Misuse(
                "only `cofferdam scan` makes a report of that form\nuse `--format` table, json or csv".to_owned(),
            )),
            noun => noun.run(&context, self.format),
        };
        match ended {
            Ok(exit) => exit,
            Err(error) => {
                output.say(&format!("error: {}", told(&error)));
                Exit::from(error.kind())
            }
        }
    }
}

impl Noun {
    fn run(self, context: &Context, form: Form) -> Result<Exit, Error> {
        match self {
            Self::Init(init) => wait(init.run(context)),
            Self::Quickstart(quickstart) => wait(quickstart.run(context)),
            Self::Status(status) => wait(status.run(context)),
            Self::Partner(partner) => wait(partner.run(context)),
            Self::Engagement(engagement) => wait(engagement.run(context)),
            Self::Budget(budget) => wait(budget.run(context)),
            Self::Dataset(dataset) => wait(dataset.run(context)),
            Self::Quarantine(quarantine) => wait(quarantine.run(context)),
            Self::Principal(principal) => wait(principal.run(context)),
            Self::Grant(grant) => wait(grant.run(context)),
            Self::Session(session) => wait(session.run(context)),
            Self::Pause(pause) => wait(pause.run(context)),
            Self::Resume(resume) => wait(resume.run(context)),
            Self::Approval(approval) => wait(approval.run(context)),
            Self::Scope(scope) => wait(scope.run(context)),
            Self::Decoy(decoy) => wait(decoy.run(context)),
            Self::Alarm(alarm) => wait(alarm.run(context)),
            Self::Bypass(bypass) => wait(bypass.run(context)),
            Self::Incident(incident) => wait(incident.run(context)),
            Self::Ledger(ledger) => wait(ledger.run(context)),
            Self::Serve(serve) => serve.run(context),
            Self::Scan(scan) => scan.run(context, form),
            Self::Drill(drill) => drill.run(context),
            Self::Completions(completions) => completions.run(context),
        }
    }
}

/// Runs what one command does; it needs no more than one thread.
fn wait(command: impl Future<Output = Result<Exit, Error>>) -> Result<Exit, Error> {
    let built = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = built.map_err(|source| Error::Broken { attempt: "starting the runtime", source: source.into() })?;
    runtime.block_on(command)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}

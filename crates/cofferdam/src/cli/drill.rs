//! `cofferdam drill`.

use std::path::PathBuf;

use clap::Args;
use indicatif::ProgressBar;

use super::Context;
use crate::drill::{self, Drilled, Options, Step, Voice};
use crate::error::Error;
use crate::exit::Exit;
use crate::output::{Format, Output};

/// Play a breach against a deployment of its own, and measure what the program does about it
///
/// Founds a deployment in an empty folder, serves it on free ports, plays three partners and an intruder with stolen
/// sessions, pauses in the middle of the theft, and holds every answer against what is known to be true. Nothing else on
/// this machine is touched. Leaves a report for people, one for programs, and the evidence packs. Ends with 0 only if every
/// promise held.
#[derive(Args)]
pub(super) struct Drill {
    /// Fill the engagements with the files below this folder instead of data that is made up
    #[arg(long, value_name = "FOLDER")]
    input: Option<PathBuf>,

    /// Where the report goes
    #[arg(long, value_name = "FOLDER", default_value = "cofferdam-drill")]
    report: PathBuf,

    /// Keep the deployment beside the report
    #[arg(long)]
    keep: bool,

    /// How much data to make up, in percent of the usual sixty megabytes
    #[arg(long, value_name = "PERCENT", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    scale: u32,

    /// Make up the same data as an earlier drill
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
}

impl Drill {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Error> {
        let program = std::env::current_exe()
            .map_err(|source| Error::Broken { attempt: "looking for this executable", source: source.into() })?;
        let options = Options {
            program,
            input: self.input,
            report: self.report,
            keep: self.keep,
            percent: self.scale,
            seed: self.seed,
        };
        let built = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        let runtime =
            built.map_err(|source| Error::Broken { attempt: "starting the runtime", source: source.into() })?;
        let mut telling = Telling { output: context.output, running: None };
        let drilled = runtime.block_on(drill::run(&options, &mut telling))?;
        print(&context.output, &drilled)?;
        Ok(if drilled.report.passed { Exit::Done } else { Exit::Failed })
    }
}

fn print(output: &Output, drilled: &Drilled) -> Result<(), Error> {
    let report = &drilled.report;
    if output.format == Format::Json {
        return output.one("drill", report, &[]);
    }
    let held = report.promises.saturating_sub(report.broken);
    let verdict = if report.passed { "passed" } else { "failed" };
    let lines = [
        ("drill", verdict.to_owned()),
        ("promises held", format!("{held} of {}", report.promises)),
        ("took", report.took.to_string()),
        ("seed", report.seed.to_string()),
        ("report", drilled.html.display().to_string()),
        ("as data", drilled.json.display().to_string()),
    ];
    output.one("drill", report, &lines)
}

/// Tells the steps: a line each; on a terminal, also what is going on now.
struct Telling {
    output: Output,
    running: Option<ProgressBar>,
}

impl Voice for Telling {
    fn begins(&mut self, title: &str) {
        if self.output.progress {
            let bar = ProgressBar::new_spinner();
            bar.set_message(title.to_owned());
            bar.enable_steady_tick(std::time::Duration::from_millis(120));
            self.running = Some(bar);
        }
    }

    fn ended(&mut self, step: &Step) {
        if let Some(bar) = self.running.take() {
            bar.finish_and_clear();
        }
        let took = step.took.0;
        let (held, made) = (step.held(), step.promises.len());
        let verdict = if held == made {
            format!("{made} held")
        } else {
            format!("{} of {made} BROKEN", made.saturating_sub(held))
        };
        self.output.say(&format!("{:>2}  {:>6} ms  {verdict:<14}  {}: {}", step.number, took, step.title, step.seen));
        for promise in step.promises.iter().filter(|promise| !promise.held) {
            self.output.say(&format!("    broken: {} {}", promise.promise, promise.seen));
        }
    }
}

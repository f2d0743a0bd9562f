//! Custody for AI training data: the program.

use std::process::ExitCode;

use clap::Parser;
use cofferdam::cli::Cli;
use cofferdam::config::Environment;

fn main() -> ExitCode {
    Cli::parse().run(Environment::read()).into()
}

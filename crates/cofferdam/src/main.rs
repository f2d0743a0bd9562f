//! Custody for AI training data: the program.

use std::process::ExitCode;

use clap::Parser;
use cofferdam::cli::Cli;
use cofferdam::config::Environment;

/// A read allocates dozens of times, and frees on one thread what it allocated on another: measured on one core beside
/// glibc's allocator, a tenth more reads a second (`bench/receipts`).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    Cli::parse().run(Environment::read()).into()
}

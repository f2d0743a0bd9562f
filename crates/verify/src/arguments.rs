//! The command line.

use std::path::PathBuf;

use attest::Hash;
use attest::digest::read_hex;
use attest::note::Verifier;
use attest::pack::Since;
use clap::{Parser, ValueEnum};

/// Checks an evidence pack, or a single log proof, offline.
#[derive(Parser)]
#[command(
    name = "cofferdam-verify",
    version,
    after_help = "Exit codes: 0 verified, 1 a file could not be read, 2 misuse, 5 not verified."
)]
pub(crate) struct Arguments {
    /// The evidence pack
    #[arg(required_unless_present = "proof", conflicts_with = "proof")]
    pub(crate) pack: Option<PathBuf>,

    /// The public key of the log, `NAME+ID+KEY`, from somewhere else than the pack
    #[arg(long, value_name = "VKEY", conflicts_with = "trust")]
    pub(crate) log_key: Option<Verifier>,

    /// A trust policy (C2SP tlog-policy): keys of the log and of witnesses, and the quorum
    #[arg(long, value_name = "FILE")]
    pub(crate) trust: Option<PathBuf>,

    /// The head that an earlier pack proved; this pack must continue it
    #[arg(long, value_name = "LENGTH:BASE64", conflicts_with = "proof")]
    pub(crate) since: Option<Since>,

    /// A `.tlog-proof` file to check instead of a pack
    #[arg(long, value_name = "FILE", requires = "entry_data")]
    pub(crate) proof: Option<PathBuf>,

    /// The commitment of the entry that the proof is for, 64 hexadecimal digits
    #[arg(long, value_name = "HEX32", value_parser = read_entry_data, requires = "proof")]
    pub(crate) entry_data: Option<Hash>,

    /// How to write the verdict
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

/// How to write the verdict.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// For programs: one line of JSON
    Json,
}

fn read_entry_data(text: &str) -> Result<Hash, &'static str> {
    read_hex(text).ok_or("expected 64 lower-case hexadecimal digits")
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }
}

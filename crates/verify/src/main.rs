//! Stand-alone verifier of evidence packs and log proofs.
//!
//! Made to be run by people who do not trust whoever handed them the file: it opens no connection, reads the files it is
//! given and nothing else, and is built from the published formats alone.
//!
//! # Threats
//! The pack or proof is made by the party that is being checked. Every rule it must keep is in [`attest::pack`] and
//! [`attest::proof`]; here only files are read and verdicts written.

mod arguments;
mod report;

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use attest::pack::{self, Trust};
use attest::proof::Proof;
use attest::trust::Policy;
use clap::Parser;

use crate::arguments::Arguments;
use crate::report::Verdict;

/// How a run ends.
enum Outcome {
    Verified,
    NotVerified,
}

/// Why there is no verdict.
enum Failure {
    /// A file cannot be read, or the verdict cannot be written.
    Io(String),
    /// What was asked makes no sense.
    Misuse(String),
}

fn main() -> ExitCode {
    let (code, why) = match run(&Arguments::parse()) {
        Ok(Outcome::Verified) => return ExitCode::SUCCESS,
        Ok(Outcome::NotVerified) => return ExitCode::from(5),
        Err(Failure::Io(why)) => (1, why),
        Err(Failure::Misuse(why)) => (2, why),
    };
    // Nothing is left to do when standard error is gone too.
    let _ = writeln!(std::io::stderr(), "error: {why}");
    ExitCode::from(code)
}

fn run(arguments: &Arguments) -> Result<Outcome, Failure> {
    let (verdict, text) = match (&arguments.proof, &arguments.pack) {
        (Some(proof), _) => verify_proof(arguments, proof)?,
        (None, Some(pack)) => verify_pack(arguments, pack)?,
        (None, None) => return Err(Failure::Misuse("name a pack, or a proof with `--proof`".into())),
    };
    let written = match arguments.format {
        arguments::Format::Text => text,
        arguments::Format::Json => verdict.to_json(),
    };
    let mut output = std::io::stdout().lock();
    output
        .write_all(written.as_bytes())
        .and_then(|()| output.flush())
        .map_err(|error| Failure::Io(format!("writing the verdict: {error}")))?;
    Ok(if verdict.verified { Outcome::Verified } else { Outcome::NotVerified })
}

fn verify_pack(arguments: &Arguments, path: &Path) -> Result<(Verdict, String), Failure> {
    let trust = match policy(arguments)? {
        Some(policy) => Trust::Policy(policy),
        None => Trust::PackItself,
    };
    let bytes = read(path)?;
    Ok(match pack::verify(&bytes, &trust, arguments.since) {
        Ok(verified) => (Verdict::of_pack(&verified), report::pack_verified(path, &verified)),
        Err(broken) => (Verdict::of_broken(&broken), report::pack_broken(path, &broken)),
    })
}

fn verify_proof(arguments: &Arguments, path: &Path) -> Result<(Verdict, String), Failure> {
    let missing = |option: &str| Failure::Misuse(format!("a proof needs `{option}`"));
    let policy = policy(arguments)?.ok_or_else(|| missing("--log-key or --trust"))?;
    let data = arguments.entry_data.ok_or_else(|| missing("--entry-data"))?;
    let file = String::from_utf8_lossy(&read(path)?).into_owned();
    let proof = file.parse::<Proof>();
    Ok(match proof.and_then(|proof| proof.verify(&data, &policy).map(|endorsed| (proof.index, endorsed))) {
        Ok((index, endorsed)) => (Verdict::of_proof(index, &endorsed), report::proof_verified(path, index, &endorsed)),
        Err(error) => (Verdict::of_error(&error), report::proof_broken(path, &error)),
    })
}

/// The trust policy that was given, if one was.
fn policy(arguments: &Arguments) -> Result<Option<Policy>, Failure> {
    if let Some(path) = &arguments.trust {
        let text = String::from_utf8_lossy(&read(path)?).into_owned();
        let policy = text.parse().map_err(|error| Failure::Misuse(format!("reading `{}`: {error}", path.display())))?;
        return Ok(Some(policy));
    }
    let Some(key) = &arguments.log_key else { return Ok(None) };
    Policy::of_log(key.clone()).map(Some).map_err(|error| Failure::Misuse(format!("using `--log-key`: {error}")))
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| Failure::Io(format!("reading `{}`: {error}", path.display())))
}

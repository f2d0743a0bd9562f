//! The evidence: each partner fetches its own pack, and anybody can check it offline, against a key that was told beforehand.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::str::FromStr;

use attest::note::Verifier;
use attest::pack::{self, Trust, Verified};
use attest::trust::Policy;
use base::id::ChainId;
use base::{Bytes, Kind, Timestamp};
use serde::Serialize;
use store::LocalDisk;
use tokio::process::Command;

use crate::drill::cast::{COMPARTMENTS, Cast};
use crate::drill::diary::Page;
use crate::drill::tamper::{Forgery, forge};
use crate::error::Error;
use crate::files;

/// The stand-alone verifier, where it lies beside this program.
const VERIFIER: &str = "cofferdam-verify";

/// What the verifier exits with when a pack does not verify.
const NOT_VERIFIED: i32 = 5;

/// A pack that was verified.
#[derive(Clone, Debug, Serialize)]
pub struct Proven {
    /// The partner, as the report calls it.
    pub partner: String,
    /// The pack's file, in the report's folder.
    pub file: String,
    /// Its size.
    pub bytes: Bytes,
    /// Its SHA-256.
    pub digest: String,
    /// How many entries it holds: all there are of the engagement.
    pub entries: u64,
    /// How many of each kind.
    pub kinds: std::collections::BTreeMap<String, u64>,
    /// The earliest entry's time.
    pub first: Option<Timestamp>,
    /// The latest entry's time.
    pub last: Option<Timestamp>,
    /// The size of the log it was checked against.
    pub checkpoint_size: u64,
    /// The root of the log, in base64.
    pub checkpoint_root: String,
}

/// A forgery, and whether it was found.
#[derive(Clone, Debug, Serialize)]
pub struct Forged {
    /// What was done to a copy of a pack.
    pub what: String,
    /// Whether it was found.
    pub found: bool,
    /// What the verifier said.
    pub said: String,
}

/// Checks packs offline: with our own library, and with the stand-alone program if it is there.
pub(super) struct Checker {
    trust: Trust,
    log_key: String,
    program: Option<PathBuf>,
}

impl Checker {
    /// Trusts this log key and nothing else. `program` is this executable.
    pub(super) fn new(log_key: &str, program: &Path) -> Result<Self, Error> {
        let failed = |error| Error::part("reading the log's key", Kind::Corrupt, error);
        let policy = Policy::of_log(Verifier::from_str(log_key).map_err(failed)?).map_err(failed)?;
        let beside = program.with_file_name(VERIFIER);
        let program = beside.is_file().then_some(beside);
        Ok(Self { trust: Trust::Policy(policy), log_key: log_key.to_owned(), program })
    }

    /// Whether the stand-alone program is there.
    pub(super) const fn stands_alone(&self) -> bool {
        self.program.is_some()
    }

    /// The verdict on a pack and, in words, why.
    async fn check(&self, file: &Path, bytes: &[u8]) -> Result<Result<Verified, String>, Error> {
        let ours = pack::verify(bytes, &self.trust, None).map_err(|broken| base::error::chain(&broken));
        let Some(program) = &self.program else { return Ok(ours) };
        let mut run = Command::new(program);
        run.arg(file).args(["--log-key", &self.log_key]).kill_on_drop(true);
        run.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let code = run.status().await.map_err(|source| Error::file("starting", program, source))?.code();
        let expected = if ours.is_ok() { 0 } else { NOT_VERIFIED };
        if code == Some(expected) {
            return Ok(ours);
        }
        Err(Error::NotVerified(format!("`{VERIFIER}` ended with {code:?} where {expected} was expected")))
    }
}

/// Each partner fetches its own pack; each is verified, and searched for anything of the others.
pub(super) async fn packs(
    cast: &Cast,
    checker: &Checker,
    report: &Path,
    page: &mut Page,
) -> Result<Vec<(Proven, Vec<u8>)>, Error> {
    let mut all = Vec::new();
    for (place, about) in COMPARTMENTS.iter().enumerate() {
        let (Some(partner), Some(engagement)) = (cast.partners.get(place), cast.engagements.get(place)) else {
            continue;
        };
        let bytes = partner.pack(about.engagement).await?;
        let file = format!("packs/{}.tar", about.partner);
        write(report, &file, &bytes)?;
        let checked = checker.check(&report.join(&file), &bytes).await?;
        let held = checked.as_ref().is_ok_and(|verified| verified.chain == ChainId::from(*engagement));
        let seen = match &checked {
            Ok(verified) => format!("{} entries, complete up to {}", verified.entries, verified.complete_at),
            Err(why) => why.clone(),
        };
        page.promise(
            format!("{}'s pack verifies offline, under a key that was told beforehand.", about.said),
            held,
            seen,
        );
        let foreign = foreign(cast, place, &bytes);
        page.promise(
            format!("{}'s pack holds nothing of the other partners.", about.said),
            foreign.is_empty(),
            if foreign.is_empty() { "searched for their ids, names, buckets".to_owned() } else { foreign.join(", ") },
        );
        if let Ok(verified) = checked {
            all.push((proven(about.said, file, &bytes, verified), bytes.to_vec()));
        }
    }
    let (Some(first), Some(other)) = (cast.partners.first(), COMPARTMENTS.get(1)) else { return Ok(all) };
    let refused = first.pack(other.engagement).await.err();
    page.promise(
        "A partner that asks for another's pack is told that there is no such thing.",
        refused.as_ref().is_some_and(|error| matches!(error.kind(), Kind::Missing | Kind::Refused)),
        refused.map_or_else(|| "it was handed over".to_owned(), |error| error.to_string()),
    );
    Ok(all)
}

/// Falsifies copies of a pack in three ways; each must be found.
pub(super) async fn forgeries(
    checker: &Checker,
    report: &Path,
    pack: &[u8],
    page: &mut Page,
) -> Result<Vec<Forged>, Error> {
    let mut all = Vec::new();
    for forgery in Forgery::ALL {
        let bytes = forge(pack, forgery)?;
        let file = format!("packs/forged-{}.tar", forgery.file());
        write(report, &file, &bytes)?;
        let checked = checker.check(&report.join(&file), &bytes).await?;
        let found = checked.is_err();
        let said = checked.err().unwrap_or_else(|| "nothing was found".to_owned());
        page.promise(format!("A pack in which {} does not verify.", forgery.said()), found, said.clone());
        all.push(Forged { what: forgery.said().to_owned(), found, said });
    }
    Ok(all)
}

fn write(report: &Path, file: &str, bytes: &[u8]) -> Result<(), Error> {
    let path = report.join(file);
    if let Some(folder) = path.parent() {
        files::ensure_folder(&LocalDisk, folder)?;
    }
    files::replace(&LocalDisk, &path, bytes)
}

/// Everything of other partners that occurs in a pack.
fn foreign(cast: &Cast, place: usize, pack: &[u8]) -> Vec<String> {
    let others = COMPARTMENTS.iter().zip(&cast.engagements).enumerate().filter(|(other, _)| *other != place);
    let traces = others.flat_map(|(_, (about, engagement))| {
        let names = [about.partner, about.engagement].into_iter().chain(about.buckets).map(str::to_owned);
        names.chain([engagement.to_string()])
    });
    traces.filter(|trace| memchr::memmem::find(pack, trace.as_bytes()).is_some()).collect()
}

fn proven(partner: &str, file: String, bytes: &[u8], verified: Verified) -> Proven {
    Proven {
        partner: partner.to_owned(),
        file,
        bytes: Bytes(bytes.len() as u64),
        digest: attest::digest::hex(&attest::sha256(&[bytes])),
        entries: verified.entries,
        kinds: verified.kinds,
        first: verified.first,
        last: verified.last,
        checkpoint_size: verified.checkpoint_size,
        checkpoint_root: verified.checkpoint_root,
    }
}

//! The verdict, in words and in JSON.

use std::fmt::Write;
use std::path::Path;

use attest::Error;
use attest::digest::base64;
use attest::pack::{Broken, KeySource, Verified};
use attest::trust::{Cosigned, Endorsed};
use base::Timestamp;
use base::error::chain;
use base::id::ChainId;
use serde::Serialize;

/// The verdict as programs read it.
#[derive(Serialize)]
pub(crate) struct Verdict {
    format: &'static str,
    pub(crate) verified: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pack: Option<Verified>,
    #[serde(skip_serializing_if = "Option::is_none")]
    proof: Option<ProvenEntry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    broken: Option<Reason>,
}

#[derive(Serialize)]
struct ProvenEntry {
    index: u64,
    origin: String,
    checkpoint_size: u64,
    checkpoint_root: String,
    log_key: String,
    quorum: Option<String>,
    cosigned: Vec<Cosigned>,
}

#[derive(Serialize)]
struct Reason {
    rule: &'static str,
    place: String,
    message: String,
}

impl Verdict {
    const FORMAT: &'static str = "cofferdam/verdict/1";

    pub(crate) fn of_pack(verified: &Verified) -> Self {
        Self { pack: Some(verified.clone()), ..Self::empty(true) }
    }

    pub(crate) fn of_broken(broken: &Broken) -> Self {
        let reason = Reason { rule: broken.rule().name(), place: broken.place().to_string(), message: chain(broken) };
        Self { broken: Some(reason), ..Self::empty(false) }
    }

    pub(crate) fn of_proof(index: u64, endorsed: &Endorsed) -> Self {
        let checkpoint = endorsed.checkpoint();
        let proven = ProvenEntry {
            index,
            origin: checkpoint.origin.clone(),
            checkpoint_size: checkpoint.size,
            checkpoint_root: base64(&checkpoint.root),
            log_key: endorsed.log().to_string(),
            quorum: endorsed.quorum().map(str::to_owned),
            cosigned: endorsed.cosigned().to_vec(),
        };
        Self { proof: Some(proven), ..Self::empty(true) }
    }

    pub(crate) fn of_error(error: &Error) -> Self {
        let reason = Reason { rule: "proof", place: "proof".to_owned(), message: chain(error) };
        Self { broken: Some(reason), ..Self::empty(false) }
    }

    const fn empty(verified: bool) -> Self {
        Self { format: Self::FORMAT, verified, pack: None, proof: None, broken: None }
    }

    /// One line.
    pub(crate) fn to_json(&self) -> String {
        // Strings, numbers and maps with string keys always have a JSON form.
        serde_json::to_string(self).unwrap_or_default() + "\n"
    }
}

/// Lines of a report. Writing to a string cannot fail.
#[derive(Default)]
struct Page(String);

impl Page {
    fn line(&mut self, text: impl std::fmt::Display) {
        let _ = writeln!(self.0, "{text}");
    }

    fn field(&mut self, name: &str, value: impl std::fmt::Display) {
        let _ = writeln!(self.0, "  {name:<11} {value}");
    }
}

pub(crate) fn pack_verified(path: &Path, verified: &Verified) -> String {
    let mut page = Page::default();
    match verified.key_source {
        KeySource::Given => page.line(format_args!("VERIFIED  {}\n", name(path))),
        KeySource::PackItself => {
            page.line(format_args!("VERIFIED AGAINST ITS OWN KEY ONLY  {}\n", name(path)));
            page.line("WARNING: the key came from the pack itself. This shows that the pack fits together,");
            page.line("         and not who made it. Ask for the log's key in another way, and give it with");
            page.line("         `--log-key`. All that follows holds only if the key is the log's.\n");
        }
    }
    page.line(summary(verified));
    page.line("");
    page.field("log", &verified.origin);
    page.field("signed by", &verified.log_key);
    page.field(
        "",
        match verified.key_source {
            KeySource::Given => "(a key you gave)",
            KeySource::PackItself => "(a key from the pack itself, see above)",
        },
    );
    page.field("checkpoint", format_args!("{} entries, root {}", verified.checkpoint_size, verified.checkpoint_root));
    page.field("witnesses", witnesses(verified.quorum.as_deref(), &verified.cosigned));
    page.field("chain", format_args!("{}, number {} of the log's chains", verified.chain, verified.ordinal));
    let kinds: Vec<String> = verified.kinds.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    page.field("entries", if kinds.is_empty() { "none new".to_owned() } else { kinds.join(", ") });
    page.field("private", format_args!("{} opened fields, each as it was recorded", verified.private_fields));
    page.field("packed at", format_args!("{} (stated by the pack, not proven)", verified.made_at));
    page.field("head", &verified.head);
    page.field("", "(keep it, and give it with `--since` to check the next pack)");
    page.0
}

/// What the pack proves, as one would say it.
fn summary(verified: &Verified) -> String {
    let whose = match verified.chain {
        ChainId::SYSTEM => "the deployment as a whole".to_owned(),
        chain => format!("engagement {chain}"),
    };
    let span = match (verified.first, verified.last) {
        (Some(first), Some(last)) => format!("made between {first}\nand {last}"),
        _ => "none of them new".to_owned(),
    };
    let Verified { entries, from, to, complete_at, .. } = verified;
    let since = match from {
        0 => "This is the whole record of".to_owned(),
        from => format!("This continues, from entry {from} on, the record of"),
    };
    format!(
        "{since} {whose}:\n{entries} entries of {to}, {span}.\n\
         Nothing in it was changed, and nothing recorded until {complete_at} was left out."
    )
}

pub(crate) fn pack_broken(path: &Path, broken: &Broken) -> String {
    not_verified(path, &broken.place().to_string(), &reasons(broken, &broken.rule().to_string()), "pack")
}

pub(crate) fn proof_verified(path: &Path, index: u64, endorsed: &Endorsed) -> String {
    let checkpoint = endorsed.checkpoint();
    let mut page = Page::default();
    page.line(format_args!("VERIFIED  {}\n", name(path)));
    page.line(format_args!("The entry is number {index} of the log that this checkpoint describes.\n"));
    page.field("log", &checkpoint.origin);
    page.field("signed by", endorsed.log());
    page.field("checkpoint", format_args!("{} entries, root {}", checkpoint.size, base64(&checkpoint.root)));
    page.field("witnesses", witnesses(endorsed.quorum(), endorsed.cosigned()));
    page.0
}

pub(crate) fn proof_broken(path: &Path, error: &Error) -> String {
    not_verified(path, "the proof", &chain(error), "proof")
}

fn not_verified(path: &Path, place: &str, why: &str, what: &str) -> String {
    let mut page = Page::default();
    page.line(format_args!("NOT VERIFIED  {}\n", name(path)));
    page.field("where", place);
    for (number, line) in why.lines().enumerate() {
        page.field(if number == 0 { "what" } else { "" }, line);
    }
    page.line(format_args!("\nDo not rely on this {what}. Keep it as it is, and ask for a new one."));
    page.0
}

/// A rule in words, with its causes.
fn reasons(broken: &Broken, rule: &str) -> String {
    match std::error::Error::source(broken) {
        Some(cause) => format!("{rule}:\n{}", chain(cause)),
        None => rule.to_owned(),
    }
}

fn witnesses(quorum: Option<&str>, cosigned: &[Cosigned]) -> String {
    let seen = |Cosigned { witness, at }: &Cosigned| format!("{witness} at {}", seconds(*at));
    let seen: Vec<String> = cosigned.iter().map(seen).collect();
    match quorum {
        Some(quorum) => format!("quorum `{quorum}` reached: {}", seen.join(", ")),
        None => "none asked for: the log could show others another history".to_owned(),
    }
}

/// Cosignatures have whole seconds.
fn seconds(at: Timestamp) -> String {
    at.to_string().replace(".000000Z", "Z")
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

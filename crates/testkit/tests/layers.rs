//! The arrows between crates, and the rules that every source file keeps. Read from the manifests, not from memory.
//!
//! A dependency that is not in [`ARROWS`] fails here, whoever needs it: put the code in the lowest layer that can hold it, or
//! hand in what it needs through a port. Adding an arrow means writing down why.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Every arrow that may exist: from, to, why.
const ARROWS: &[(&str, &[(&str, &str)])] = &[
    ("base", &[]),
    ("attest", &[("base", "ids and times stand in what strangers check")]),
    ("policy", &[("base", "ids, verbs and fences are what a decision is about")]),
    ("scan", &[("base", "findings are named in the shared vocabulary of data types")]),
    ("contract", &[("base", "purposes, data types and residences are the shared words")]),
    ("unpack", &[("scan", "hands it the texts that it finds inside")]),
    (
        "survey",
        &[
            ("base", "findings are named in the shared vocabulary of data types"),
            ("scan", "what it runs over files"),
            ("unpack", "archives, tables and documents among the files"),
        ],
    ),
    ("inquiry", &[("base", "ids, verbs and times are what is asked about")]),
    ("scope", &[("base", "ids, times and types of data are what it packs")]),
    ("incident", &[("base", "data types, ids and times stand in its clocks, rules and reports")]),
    ("budget", &[("base", "people, sessions, times, and the word of a standing")]),
    ("store", &[("base", "implements the ports `Blobs`, `Documents`, `Keys`, `PauseRegister`")]),
    (
        "catalog",
        &[
            ("base", "implements the ports `Committer` and `LedgerRows`"),
            ("scope", "keeps what it encodes, and gathers answers from it"),
        ],
    ),
    (
        "ledger",
        &[
            ("base", "drives the port `Committer`"),
            ("attest", "writes entries, trees and checkpoints in the formats strangers check"),
            ("policy", "a receipt is made from a permit and from nothing else"),
        ],
    ),
    (
        "seal",
        &[
            ("base", "reads sealed bytes through `Blobs`, keys through `Keys`"),
            ("ledger", "a receipt is the only thing that opens"),
            ("policy", "the receipt's access says what to open"),
        ],
    ),
    ("courier", &[("base", "the words of alarms")]),
    ("verify", &[("base", "times and error kinds"), ("attest", "the formats it checks, and nothing of the server")]),
    (
        "custody",
        &[
            ("base", "the words"),
            ("attest", "people's signatures, entries, digests"),
            ("policy", "puts questions, holds permits"),
            ("ledger", "spends permits, records acts"),
            ("seal", "spends receipts"),
            ("scan", "intake"),
            ("unpack", "intake of what must be unpacked first"),
            ("contract", "what datasets' contracts say"),
            ("catalog", "rows and changes"),
            ("scope", "rows of the touch index, and who is in what was touched"),
            ("inquiry", "questions about accesses, and who could reach what"),
            ("budget", "counts what leaves"),
            ("reconcile", "what the store's own log tells of"),
            ("incident", "states, clocks, rules and the report, which it fills from the record"),
        ],
    ),
    ("s3wire", &[("base", "the words")]),
    ("reconcile", &[("base", "the ids and times that the store's logs tell of")]),
    (
        "gateway",
        &[
            ("base", "the words"),
            ("custody", "the domain: the gateway decides nothing"),
            ("s3wire", "the requests it reads"),
        ],
    ),
    (
        "cofferdam",
        &[
            ("base", "the words"),
            ("attest", "signs a person's requests and approvals"),
            ("catalog", "wiring"),
            ("contract", "checks a contract that is in no custody yet"),
            ("courier", "wiring: how receivers of alarms are told"),
            ("custody", "wiring, and the types of its answers"),
            ("gateway", "wiring"),
            ("incident", "its words on the command line"),
            ("ledger", "wiring"),
            ("policy", "wiring"),
            ("reconcile", "reads the logs that a person hands in"),
            ("scan", "wiring, and specimens for the drill"),
            ("seal", "wiring"),
            ("store", "wiring"),
            ("survey", "scans of what is in nobody's custody"),
            ("unpack", "the drill's second opinion about archives"),
        ],
    ),
    (
        "testkit",
        &[
            ("base", "implements every port in memory"),
            ("store", "names of documents follow one rule, and faults are injected into the real files"),
        ],
    ),
    (
        "throwaway",
        &[
            ("base", "clocks, secrets and words"),
            ("cofferdam", "it is the program's own server, on a folder of its own"),
            ("custody", "sets its accounts up, and their callers are custody's"),
            ("gateway", "implements the port `Callers`"),
            ("store", "an identity is written as durably as the program's own"),
            ("testkit", "has certificates to serve TLS with"),
        ],
    ),
    (
        "bench",
        &[
            ("attest", "digests in signed requests"),
            ("base", "ids, times and words"),
            ("cofferdam", "its own clients set deployments up and ask for pauses"),
            ("custody", "the types of the admin API, and the signing key of SigV4"),
            ("testkit", "certificates for what is measured over TLS"),
        ],
    ),
    (
        "bench-scope",
        &[("base", "ids, times and types of data"), ("catalog", "what is measured"), ("scope", "what is measured")],
    ),
    (
        "bench-scan",
        &[
            ("attest", "draws what is held out by digest"),
            ("base", "data types"),
            ("scan", "what is measured"),
            ("survey", "predictions, and walks"),
            ("unpack", "Parquet is measured too"),
        ],
    ),
];

/// Never in the tree: a second cryptographic provider is a second attack surface.
const BANNED: &[&str] = &["ring", "openssl", "openssl-sys", "native-tls"];

/// Crates that nobody ships; what is shipped must not depend on them.
const NEVER_SHIPPED: &[&str] = &["testkit", "bench", "bench-scan", "bench-scope", "throwaway"];

/// Lines at which to look for a file's second idea, and at which this check fails.
const LOOK_AGAIN_LINES: usize = 600;
const TOO_LONG_LINES: usize = 800;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Our own packages, as cargo reads their manifests.
fn packages() -> Vec<Value> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

fn name(value: &Value) -> &str {
    value["name"].as_str().unwrap()
}

/// Every source file of ours.
fn sources() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in ["crates", "bench", "fuzz"] {
        walk(&root().join(folder), &mut found);
    }
    found.sort();
    found
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("target") {
            walk(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn every_arrow_between_our_crates_is_one_that_is_allowed() {
    let packages = packages();
    let ours: BTreeSet<&str> = packages.iter().map(name).collect();
    let allowed: BTreeMap<&str, BTreeSet<&str>> =
        ARROWS.iter().map(|(from, to)| (*from, to.iter().map(|(to, _why)| *to).collect())).collect();
    let mut wrong = Vec::new();
    for package in &packages {
        let from = name(package);
        let mut drawn = BTreeSet::new();
        for dependency in package["dependencies"].as_array().unwrap() {
            let to = name(dependency);
            let for_tests = dependency["kind"].as_str() == Some("dev");
            if ours.contains(to) && !for_tests {
                drawn.insert(to);
            }
        }
        let Some(allowed) = allowed.get(from) else {
            wrong.push(format!("crate `{from}` has no row in ARROWS"));
            continue;
        };
        wrong.extend(drawn.difference(allowed).map(|to| format!("`{from}` must not depend on `{to}`")));
        wrong.extend(
            allowed.difference(&drawn).map(|to| format!("`{from}` no longer depends on `{to}`: strike it out")),
        );
    }
    wrong.extend(allowed.keys().filter(|from| !ours.contains(*from)).map(|from| format!("there is no crate `{from}`")));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_shipped_depends_on_no_test_code() {
    for package in &packages() {
        for dependency in package["dependencies"].as_array().unwrap() {
            let for_tests = dependency["kind"].as_str() == Some("dev");
            let (from, to) = (name(package), name(dependency));
            let shipped = !NEVER_SHIPPED.contains(&from);
            assert!(!(shipped && !for_tests && NEVER_SHIPPED.contains(&to)), "`{from}` is shipped and uses `{to}`");
        }
    }
}

/// The lock file is no witness: it also lists what an optional feature that nobody uses would need.
#[test]
fn there_is_one_cryptographic_provider() {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--workspace", "--all-features", "--edges", "all", "--prefix", "none", "--format", "{lib}"])
        .args(["--locked", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8(output.stdout).unwrap();
    let built: BTreeSet<&str> = tree.lines().map(str::trim).collect();
    assert!(built.contains("aws_lc_rs"), "the tree is not read correctly");
    for banned in BANNED {
        let banned = banned.replace('-', "_");
        assert!(
            !built.contains(banned.as_str()),
            "`{banned}` has come into the tree\nfind out how: cargo tree -i {banned}"
        );
    }
}

#[test]
fn unsafe_code_is_forbidden_everywhere() {
    let workspace = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    assert!(
        workspace.contains("[workspace.lints.rust]\nunsafe_code = \"forbid\"\n"),
        "the workspace no longer forbids it"
    );
    for package in &packages() {
        let manifest = std::fs::read_to_string(package["manifest_path"].as_str().unwrap()).unwrap();
        assert!(manifest.contains("[lints]\nworkspace = true\n"), "`{}` does not inherit the lints", name(package));
    }
    for source in sources() {
        let text = std::fs::read_to_string(&source).unwrap();
        let lifted =
            ["allow", "expect", "warn"].iter().any(|level| text.contains(&format!("{level}(unsafe{}", "_code")));
        assert!(!lifted, "{} lifts the ban", source.display());
    }
}

#[test]
fn files_stay_readable() {
    let sources = sources();
    assert!(sources.len() > 100, "only {} files were found", sources.len());
    let mut wrong = Vec::new();
    for source in sources {
        let text = std::fs::read_to_string(&source).unwrap();
        let lines = text.lines().count();
        let shown = source.strip_prefix(root()).unwrap().display().to_string();
        if !text.starts_with("//!") {
            wrong.push(format!("{shown} does not open with what it is for (`//!`)"));
        }
        if lines > TOO_LONG_LINES {
            wrong.push(format!("{shown} has {lines} lines: split it"));
        } else if lines > LOOK_AGAIN_LINES {
            eprintln!("{shown} has {lines} lines: look for the second idea");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

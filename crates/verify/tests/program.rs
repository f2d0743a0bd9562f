//! The program as people run it: its output against reviewed files, its exit codes, what it says of a broken pack.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests")]

#[path = "../../attest/tests/world/mod.rs"]
mod world;

use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;
use world::{World, engagement};

const PROOF: &str = include_str!("../../attest/tests/vectors/p299.tlog-proof");
const LOG_KEY: &str = "ledger.cofferdam.test/op1+a9cd5b78+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c";
/// The data of leaf 299 is the text `leaf-299`, which is not 32 bytes; so the proof is for nothing that can be named here.
const DATA: &str = "00000000000000000000000000000000000000000000000000000000000000ff";

struct Desk {
    folder: TempDir,
    log_key: String,
}

impl Desk {
    /// A folder with a pack, a trust policy, and a pack of which one entry was changed.
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let mut world = World::busy(12);
        let published = world.publish();
        let pack = world.pack(engagement(7), 0, &published);
        let put = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
        put("pack.tar", &pack);
        put("trust.txt", world.trust().to_string().as_bytes());
        put("leaf.tlog-proof", PROOF.as_bytes());
        let mut entries = world.packed(engagement(7), 0, &published);
        entries.remove(4);
        put("dropped.tar", &world.assemble(engagement(7), 0, &published, &entries));
        put("cut.tar", pack.get(..700).unwrap());
        Self { log_key: world.log.verifier().to_string(), folder }
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_cofferdam-verify"))
            .args(arguments)
            .current_dir(self.folder.path())
            .output()
            .unwrap()
    }

    fn code(&self, arguments: &[&str]) -> i32 {
        self.run(arguments).status.code().unwrap()
    }
}

/// Compares with the reviewed file of this name.
fn assert_reviewed(name: &str, output: &Output) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expected").join(name);
    let said = String::from_utf8(output.stdout.clone()).unwrap();
    let reviewed = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(said, reviewed, "{name}: review the output and replace `{}`", path.display());
}

#[test]
fn a_pack_that_verifies() {
    let desk = Desk::new();
    let output = desk.run(&["--trust", "trust.txt", "pack.tar"]);
    assert_reviewed("verified.txt", &output);
    assert_eq!(output.status.code(), Some(0));
    assert_reviewed("verified.json", &desk.run(&["--trust", "trust.txt", "--format", "json", "pack.tar"]));
}

#[test]
fn a_pack_whose_key_nobody_gave() {
    let desk = Desk::new();
    let output = desk.run(&["pack.tar"]);
    assert_reviewed("own-key.txt", &output);
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_pack_with_a_dropped_entry() {
    let desk = Desk::new();
    let output = desk.run(&["--log-key", &desk.log_key, "dropped.tar"]);
    assert_reviewed("dropped.txt", &output);
    assert_eq!(output.status.code(), Some(5));
    assert_reviewed("dropped.json", &desk.run(&["--log-key", &desk.log_key, "--format", "json", "dropped.tar"]));
}

#[test]
fn a_pack_of_another_log() {
    let desk = Desk::new();
    let output = desk.run(&["--log-key", LOG_KEY, "pack.tar"]);
    assert_reviewed("other-log.txt", &output);
    assert_eq!(output.status.code(), Some(5));
}

#[test]
fn exit_codes() {
    let desk = Desk::new();
    let key = desk.log_key.as_str();
    assert_eq!(desk.code(&["--log-key", key, "pack.tar"]), 0);
    assert_eq!(desk.code(&["--help"]), 0);
    assert_eq!(desk.code(&["--log-key", key, "nowhere.tar"]), 1);
    assert_eq!(desk.code(&["--trust", "nowhere.txt", "pack.tar"]), 1);
    assert_eq!(desk.code(&[]), 2);
    assert_eq!(desk.code(&["--log-key", "nonsense", "pack.tar"]), 2);
    assert_eq!(desk.code(&["--trust", "pack.tar", "pack.tar"]), 2);
    assert_eq!(desk.code(&["--since", "nonsense", "pack.tar"]), 2);
    assert_eq!(desk.code(&["--proof", "leaf.tlog-proof"]), 2);
    assert_eq!(desk.code(&["--proof", "leaf.tlog-proof", "--entry-data", DATA]), 2);
    assert_eq!(desk.code(&["--log-key", key, "cut.tar"]), 5);
    assert_eq!(desk.code(&["--log-key", key, "trust.txt"]), 5);
    assert_eq!(desk.code(&["--log-key", LOG_KEY, "--proof", "leaf.tlog-proof", "--entry-data", DATA]), 5);
    assert_eq!(desk.code(&["--log-key", key, "--proof", "trust.txt", "--entry-data", DATA]), 5);
}

#[test]
fn a_proof_of_one_entry() {
    let desk = Desk::new();
    let mut world = World::busy(2);
    let published = world.publish();
    let (proof, data) = world.proof(3, &published);
    std::fs::write(desk.folder.path().join("entry.tlog-proof"), proof.to_string()).unwrap();
    let data = attest::digest::hex(&data);
    let output = desk.run(&["--trust", "trust.txt", "--proof", "entry.tlog-proof", "--entry-data", &data]);
    assert_reviewed("proof.txt", &output);
    assert_eq!(output.status.code(), Some(0));
}

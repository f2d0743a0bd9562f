//! `cofferdam scan` on a small folder, by the real program. `UPDATE_GOLDEN=1` writes the reviewed files anew.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods
)]

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

/// A folder with something to find in it, something unreadable to detectors, and a link that leads out.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.write(
            "docs/people.jsonl",
            "{\"id\": 1, \"email\": \"ada@example.org\", \"card\": \"4111 1111 1111 1111\"}\n\
             {\"id\": 2, \"email\": \"bo@example.org\", \"iban\": \"GB82 WEST 1234 5698 7654 32\"}\n",
        );
        folder.write("docs/notes.txt", "ring Bo: bo@example.org\n\n😀 e\u{301} ada@example.org\n");
        folder.write("docs/empty.txt", "");
        folder.write("docs/opaque.bin", [0, 159, 146, 150].repeat(50));
        std::os::unix::fs::symlink("/", folder.path().join("docs/round")).unwrap();
        folder
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    fn scan(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cofferdam"));
        command.env_clear().current_dir(self.path()).arg("scan").args(arguments).output().unwrap()
    }

    /// What a scan that ends with `code` prints.
    fn prints(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.scan(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn json(&self, code: i32, arguments: &[&str]) -> Value {
        let arguments: Vec<&str> = arguments.iter().chain(&["--format", "json"]).copied().collect();
        serde_json::from_str(&self.prints(code, &arguments)).unwrap()
    }
}

/// The types whose rules this test relies on; others may learn to find more in the folder.
const TYPES: &str = "--types=email,card,iban";

fn compare(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, golden, "differs from {}: look at it, then set UPDATE_GOLDEN=1", path.display());
}

#[test]
fn reports_are_as_reviewed() {
    let folder = Folder::new();
    for (form, name) in [("table", "txt"), ("json", "json"), ("csv", "csv"), ("sarif", "sarif")] {
        let text = folder.prints(6, &["docs", TYPES, "--jobs", "2", "--format", form]);
        for value in ["ada@", "bo@", "4111", "GB82"] {
            assert!(!text.contains(value), "{form} holds a value: {text}");
        }
        compare(&format!("scan-report.{name}"), &text);
    }
}

#[test]
fn the_page_stands_alone_and_holds_no_value() {
    let folder = Folder::new();
    assert_eq!(folder.prints(6, &["docs", TYPES, "--format", "html", "-o", "report.html"]), "");
    let page = std::fs::read_to_string(folder.path().join("report.html")).unwrap();
    assert!(page.starts_with("<!doctype html>") && page.trim_end().ends_with("</html>"));
    assert!(page.contains("<svg class=\"bars\"") && page.contains("<svg class=\"grid\""), "{page}");
    assert!(page.contains("symbolic-link") && page.contains("docs/opaque.bin"), "{page}");
    assert!(!page.contains("http") && !page.contains("<script") && !page.contains("src="));
    assert!(!page.contains("ada@") && !page.contains("4111"));
}

#[test]
fn the_exit_code_says_what_there_is_to_look_at() {
    let folder = Folder::new();
    folder.write("clean/a.txt", "nothing of anybody\n");
    assert!(folder.prints(0, &["clean"]).contains("0 findings in 1 file scanned"));
    // What is not there may hold anything: this is worse than findings, and it is named.
    let output = folder.scan(&["docs", "nowhere"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("`nowhere`"));
    assert!(String::from_utf8_lossy(&output.stdout).contains("1 unreadable"));
    for misuse in [&[][..], &["docs", "--types", "colour"], &["docs", "--jobs", "0"], &["docs", "--predictions", "x"]] {
        assert_eq!(folder.scan(misuse).status.code(), Some(2), "{misuse:?}");
    }
    let other = Command::new(env!("CARGO_BIN_EXE_cofferdam")).env_clear().args(["--format", "html", "status"]).output();
    assert_eq!(other.unwrap().status.code(), Some(2));
}

#[test]
fn what_is_looked_for_can_be_narrowed() {
    let folder = Folder::new();
    let of = |arguments: &[&str]| folder.json(6, arguments)["findings"].as_u64().unwrap();
    assert_eq!(of(&["docs", "--types", "email"]), 4);
    // Addresses in domains reserved for examples are nobody's, and so less sure.
    assert_eq!(of(&["docs", "--types", "email,iban", "--min-confidence", "high"]), 1);
    let report = folder.json(6, &["docs", "--types", "email"]);
    assert_eq!(report["people"], serde_json::json!({ "low": 2, "high": 2 }));
    assert_eq!(report["types"][0]["people"], 2);
    // Equal values have equal numbers, wherever they are.
    let values = report["found"].as_array().unwrap().iter().map(|found| found["value"].as_u64().unwrap());
    assert_eq!(values.collect::<Vec<_>>(), [1, 2, 2, 1]);
}

#[test]
fn reports_do_not_depend_on_how_many_files_are_scanned_at_once() {
    let folder = Folder::new();
    for number in 0..40 {
        folder.write(&format!("many/{number}.txt"), format!("write to person{}@example.org\n", number % 7));
    }
    let one = folder.prints(6, &["many", "--jobs", "1", "--format", "json"]);
    assert_eq!(one, folder.prints(6, &["many", "--jobs", "8", "--format", "json"]));
    assert!(one.contains("\"low\": 7"), "{one}");
}

#[test]
fn a_rule_of_the_users_finds_what_it_says() {
    let folder = Folder::new();
    folder.write(
        "ours.toml",
        r#"
        [[rule]]
        id = "badge"
        title = "Badge of an employee"
        type = "custom"
        label = "BADGE"
        pattern = 'B-\d{5}'
        keywords = ["badge"]
        context = "raises"
        confidence = "low"
        examples = ["badge B-12345"]
        counterexamples = ["badge B-1234"]
        source = "the handbook of our gate"
        "#,
    );
    folder.write("gate.txt", "She showed her badge B-31415 at the gate.\n");
    let report = folder.json(6, &["gate.txt", "--rules", "ours.toml", "--types", "custom"]);
    let found = &report["found"][0];
    assert_eq!((&found["rule"], &found["label"], &found["from"]), (&"badge".into(), &"BADGE".into(), &21.into()));
    folder.write("broken.toml", "[[rule]]\nid = \"x\"\n");
    let output = folder.scan(&["gate.txt", "--rules", "broken.toml"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("broken.toml"));
}

#[test]
fn predictions_count_code_points() {
    let folder = Folder::new();
    // A character outside the basic plane, and one of two code points.
    let text = "😀 e\u{301}: ada@example.org";
    let line = serde_json::json!({ "doc_id": "a/1", "text": text });
    folder.write("docs.jsonl", format!("{line}\nnonsense\n"));
    let output = folder.scan(&["--predictions", "docs.jsonl", "--types", "email"]);
    // The line that is no document is told, and the others are scanned all the same.
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("line 2 is no document"));
    let expected = "{\"doc_id\":\"a/1\",\"start\":6,\"end\":21,\"type\":\"EMAIL_ADDRESS\"}\n";
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);

    let csv = serde_json::json!({ "doc_id": 7, "text": "id,mail\n1,\"ada@example.org\"\n" });
    folder.write("csv.jsonl", csv.to_string());
    let arguments = ["--predictions", "csv.jsonl", "--as", "csv", "--types", "email", "-o", "out.jsonl"];
    assert_eq!(folder.prints(0, &arguments), "");
    let written = std::fs::read_to_string(folder.path().join("out.jsonl")).unwrap();
    assert_eq!(written, "{\"doc_id\":7,\"start\":11,\"end\":26,\"type\":\"EMAIL_ADDRESS\"}\n");
}

#[test]
fn broken_input_is_read_as_far_as_it_goes() {
    let folder = Folder::new();
    let long = format!("{} ada@example.org {}", "x".repeat(1 << 20), "y".repeat(1 << 20));
    folder.write("odd/long.txt", &long);
    folder.write("odd/cut.json", "[{\"mail\": \"ada@example.org\"}, {\"mail\": \"bo@exam");
    folder.write("odd/latin.txt", b"caf\xe9 ada@example.org\n".repeat(3));
    folder.write("odd/deep.json", "[".repeat(100_000));
    folder.write("odd/name\u{1b}[2J.txt", "ada@example.org");
    let text = folder.prints(6, &["odd"]);
    assert!(!text.contains('\u{1b}') && text.contains("name\\u{1b}[2J.txt"), "{text}");
    let report = folder.json(6, &["odd", "--types", "email"]);
    assert_eq!(report["findings"], 6, "{report:#}");
}

/// A tar archive of plain files. SPEC: POSIX.1-1988, `ustar`.
fn tar(files: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = Vec::new();
    for (name, content) in files {
        let mut header = [0_u8; 512];
        let mut put = |at: usize, text: &str| header[at..at + text.len()].copy_from_slice(text.as_bytes());
        put(0, name);
        put(100, "0000644\0");
        put(124, &format!("{:011o}\0", content.len()));
        put(136, "00000000000\0");
        put(148, "        ");
        put(156, "0");
        put(257, "ustar\x0000");
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        archive.extend(header);
        archive.extend(content.as_bytes());
        archive.resize(archive.len().next_multiple_of(512), 0);
    }
    archive.resize(archive.len() + 1024, 0);
    archive
}

#[test]
fn archives_are_opened_and_what_is_not_read_inside_is_named() {
    let folder = Folder::new();
    let members = [
        ("a/mail.txt", "write to ada@example.org\n"),
        ("b.7z", "7z\u{bc}\u{af}\u{27}\u{1c}"),
        ("c.csv", "id,email\n1,bo@example.org\n"),
    ];
    folder.write("packed.tar", tar(&members));
    let report = folder.json(6, &["packed.tar", "--types", "email"]);
    let inside = report["found"].as_array().unwrap().iter().map(|found| found["inside"].as_str().unwrap());
    assert_eq!(inside.collect::<Vec<_>>(), ["a/mail.txt", "c.csv"]);
    assert_eq!(report["found"][0]["from"], 9);
    assert_eq!((&report["files"][0]["format"], &report["people"]["low"]), (&"tar".into(), &2.into()));
    let text = folder.prints(6, &["packed.tar", "--types", "email"]);
    assert!(text.contains("packed.tar!a/mail.txt at byte 9"), "{text}");
}

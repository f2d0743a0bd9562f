//! The drill, played by the real program on a small scale.

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn drill(report: &Path, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cofferdam"));
    command.arg("drill").arg("--report").arg(report).args(["--scale", "2"]).args(more);
    command.output().unwrap()
}

/// Everything a failed drill has to say, so that the test's output says it too.
fn told(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn report(folder: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(folder.join("report.json")).unwrap()).unwrap()
}

#[test]
fn every_promise_holds_and_the_report_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let output = drill(folder.path(), &["--seed", "7"]);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));

    let report = report(folder.path());
    assert_eq!(report["schema"], "cofferdam.drill/1");
    assert_eq!((&report["passed"], &report["broken"]), (&Value::Bool(true), &Value::from(0)));
    assert_eq!(report["pauses"].as_array().unwrap().len(), 2);
    assert_eq!(report["packs"].as_array().unwrap().len(), 3);
    assert!(report["forgeries"].as_array().unwrap().iter().all(|forged| forged["found"] == true));
    let promises = report["steps"].as_array().unwrap().iter().map(|step| step["promises"].as_array().unwrap().len());
    assert_eq!(Some(promises.sum::<usize>() as u64), report["promises"].as_u64());
    for part in report["scope"]["compared"].as_array().unwrap() {
        let [sent, received, authorised] =
            [&part["people"]["sent"], &part["people_received"], &part["people"]["authorised"]]
                .map(|count| count.as_u64().unwrap());
        // The minimum counts by blocks, and so may lie a little above what was received.
        assert!(0 < sent && sent <= authorised && 0 < received && received <= authorised, "{part}");
    }

    let page = std::fs::read_to_string(folder.path().join("report.html")).unwrap();
    assert!(page.starts_with("<!doctype html>") && page.trim_end().ends_with("</html>"));
    assert!(page.contains("The drill <span class=\"passed\">passed</span>.") && page.contains("<svg"));
    // Nothing is fetched and nothing runs.
    assert!(!page.contains("http") && !page.contains("<script") && !page.contains("src="));
    assert!(!folder.path().join("deployment").exists(), "the deployment is gone");
}

#[test]
fn it_plays_with_files_that_are_brought_in() {
    let (folder, input) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::create_dir(input.path().join("more")).unwrap();
    let line = |number: u32| {
        format!("{{\"name\": \"n\", \"email\": \"person{number}@example.org\", \"note\": \"a & b <c>\"}}\n")
    };
    let text: String = (0..500).map(line).collect();
    for name in ["a.jsonl", "b & c.jsonl", "more/d.txt", "more/e.jsonl", "more/ä.jsonl", "f.jsonl"] {
        std::fs::write(input.path().join(name), &text).unwrap();
    }
    std::fs::write(input.path().join("g.bin"), [0, 1, 2, 255, 254, 0, 0, 9].repeat(100)).unwrap();
    let output = drill(folder.path(), &["--input", input.path().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    assert!(
        report(folder.path())["scope"]["compared"]
            .as_array()
            .unwrap()
            .iter()
            .all(|part| { part["people_held"].as_u64().unwrap() >= 500 })
    );
}

#[test]
fn a_drill_that_cannot_go_on_fails_and_says_why() {
    let (folder, input) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let output = drill(folder.path(), &["--input", input.path().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    let report = report(folder.path());
    assert_eq!((&report["passed"], &report["broken"]), (&Value::Bool(false), &Value::from(1)));
    let page = std::fs::read_to_string(folder.path().join("report.html")).unwrap();
    assert!(page.contains("There is no file in") || page.contains("there is no file in"), "{page}");
    assert!(!folder.path().join("deployment").exists());
}

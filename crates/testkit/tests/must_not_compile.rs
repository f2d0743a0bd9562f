//! What must not compile: forging, copying, reusing or printing a proof or a secret.
//!
//! Each file in `must-not-compile/` is a small program. It compiles as it stands without its forbidden lines: that is its
//! twin, and shows that it fails for the right reason. A forbidden line ends in `//~`, the compiler's error code, and words of
//! its message; each is put back alone and must be refused with exactly that error.
//!
//! Why not `trybuild`: it builds every dependency a second time. Here `rustc` is given the libraries that cargo has built.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The crates whose promises are tried.
const OURS: &[&str] = &["attest", "base", "custody", "ledger", "policy", "seal"];

/// Compiles with the right `serde`, and with no other.
const CONTROL: &str = "fn read<T: serde::de::DeserializeOwned>() {} pub fn control() { read::<base::Timestamp>(); }";

/// Set up once for all cases.
struct Compiler {
    libraries: BTreeMap<String, PathBuf>,
    scratch: PathBuf,
}

/// One line that must be refused.
struct Forbidden {
    line: usize,
    code: String,
    words: String,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("must-not-compile")
}

impl Compiler {
    /// Asks cargo for the libraries that `cargo test --workspace` has built: for the same crates it builds nothing again.
    fn find() -> Self {
        let output = Command::new(env!("CARGO"))
            .args(["test", "--workspace", "--no-run", "--offline", "--message-format=json"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let (mut libraries, mut serdes) = (BTreeMap::new(), Vec::new());
        for message in String::from_utf8(output.stdout).unwrap().lines() {
            let message: Value = serde_json::from_str(message).unwrap();
            let name = message["target"]["name"].as_str().unwrap_or_default();
            let files = message["filenames"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let rlib = files.map(PathBuf::from).find(|file| file.extension().is_some_and(|kind| kind == "rlib"));
            match rlib {
                Some(rlib) if OURS.contains(&name) => drop(libraries.insert(name.to_owned(), rlib)),
                Some(rlib) if name == "serde" => serdes.push(rlib),
                _ => {}
            }
        }
        assert_eq!(libraries.len(), OURS.len(), "cargo named only {libraries:?}");
        let scratch = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("must-not-compile");
        std::fs::create_dir_all(&scratch).unwrap();
        let mut compiler = Self { libraries, scratch };
        // Build scripts have a `serde` of their own: ours is the one whose traits our types have.
        let ours = serdes.into_iter().any(|serde| {
            compiler.libraries.insert("serde".to_owned(), serde);
            compiler.errors("control", CONTROL).is_empty()
        });
        assert!(ours, "no `serde` is the one our crates are built with");
        compiler
    }

    /// Every error of a program: its code and its message. None: it compiles.
    fn errors(&self, name: &str, program: &str) -> Vec<(String, String)> {
        let source = self.scratch.join(format!("{name}.rs"));
        std::fs::write(&source, program).unwrap();
        let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
        rustc
            .args(["--edition", "2024", "--crate-type", "lib", "--emit", "metadata", "--cap-lints", "allow"])
            .args(["--error-format", "json", "--out-dir"])
            .arg(&self.scratch)
            .arg(&source)
            .current_dir(env!("CARGO_MANIFEST_DIR"));
        for (name, rlib) in &self.libraries {
            rustc.arg("--extern").arg(format!("{name}={}", rlib.display()));
        }
        let beside = self.libraries.values().next().and_then(|rlib| rlib.parent()).unwrap();
        rustc.arg("-L").arg(format!("dependency={}", beside.join("deps").display()));
        rustc.arg("-L").arg(format!("dependency={}", beside.display()));
        let output = rustc.output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        let errors: Vec<_> = text.lines().filter_map(|line| error(&serde_json::from_str(line).ok()?)).collect();
        assert_eq!(output.status.success(), errors.is_empty(), "rustc on {name}: {text}");
        errors
    }
}

fn error(message: &Value) -> Option<(String, String)> {
    // "aborting due to ..." is an error without a code.
    let code = message["code"]["code"].as_str();
    let text = message["message"].as_str()?;
    let counts = message["level"].as_str() == Some("error") && !text.starts_with("aborting due to");
    counts.then(|| (code.unwrap_or("no code").to_owned(), text.to_owned()))
}

fn forbidden(program: &str) -> Vec<Forbidden> {
    let mut found = Vec::new();
    for (line, text) in program.lines().enumerate() {
        if let Some((_, expected)) = text.split_once("//~ ") {
            let (code, words) = expected.split_once(' ').unwrap();
            found.push(Forbidden { line, code: code.to_owned(), words: words.to_owned() });
        }
    }
    found
}

/// The program without its forbidden lines, but for the one at `kept`.
fn with(program: &str, kept: Option<usize>) -> String {
    let line = |(number, text): (usize, &str)| match text.contains("//~ ") && Some(number) != kept {
        true => "\n".to_owned(),
        false => format!("{text}\n"),
    };
    program.lines().enumerate().map(line).collect()
}

/// What is wrong with one file, and how many forbidden lines were tried.
fn try_file(compiler: &Compiler, file: &Path) -> (usize, Vec<String>) {
    let name = file.file_stem().unwrap().to_str().unwrap();
    let program = std::fs::read_to_string(file).unwrap();
    if let Some((code, message)) = compiler.errors(name, &with(&program, None)).first() {
        return (0, vec![format!("{name}.rs: without its forbidden lines it must compile: {code} {message}")]);
    }
    let lines = forbidden(&program);
    assert!(!lines.is_empty(), "{name}.rs forbids nothing");
    let mut wrong = Vec::new();
    for Forbidden { line, code, words } in &lines {
        let place = format!("{name}.rs:{}", line + 1);
        match compiler.errors(name, &with(&program, Some(*line))).as_slice() {
            [] => wrong.push(format!("{place} compiles")),
            [(found, message)] if found == code && message.contains(words) => {}
            others => wrong.push(format!("{place} is refused, but not for `{code} {words}`: {others:?}")),
        }
    }
    (lines.len(), wrong)
}

#[test]
fn nothing_that_is_forbidden_compiles() {
    let compiler = Compiler::find();
    let files: Vec<PathBuf> = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    let outcomes: Vec<_> = std::thread::scope(|scope| {
        let running: Vec<_> = files.iter().map(|file| scope.spawn(|| try_file(&compiler, file))).collect();
        running.into_iter().map(|one| one.join().unwrap()).collect()
    });
    eprintln!("{} forbidden lines were tried", outcomes.iter().map(|(tried, _)| tried).sum::<usize>());
    let wrong: Vec<String> = outcomes.into_iter().flat_map(|(_, wrong)| wrong).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

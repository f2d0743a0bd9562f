//! Labelled sets: a folder with `docs.jsonl` (`{doc_id, text}`) and `gold.jsonl` (`{doc_id, start, end, type}`), and which
//! of their documents may be looked at while the scanner is being made.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::Outcome;

/// Draws the documents that are held out. Changing it would make figures incomparable, and looking at the part that it
/// holds out would make them worthless.
const SEED: &str = "cofferdam-held-out-1:";

/// A document is held out if the first byte of its digest is below this: one in three.
const HELD_BELOW: u8 = 85;

/// A part of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Split {
    /// What may be looked at.
    Tune,
    /// What may not, and so is reported.
    Held,
    /// Both.
    All,
}

/// A document.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Document {
    pub(crate) doc_id: String,
    pub(crate) text: String,
}

/// A labelled or predicted span: code points, the end is exclusive.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Span {
    pub(crate) doc_id: String,
    pub(crate) start: u64,
    pub(crate) end: u64,
    #[serde(rename = "type")]
    pub(crate) label: String,
}

/// A set, or a part of one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Set {
    pub(crate) name: String,
    pub(crate) documents: Vec<Document>,
    pub(crate) gold: Vec<Span>,
}

impl Split {
    fn has(self, doc_id: &str) -> bool {
        let digest = attest::sha256(&[SEED.as_bytes(), doc_id.as_bytes()]);
        let held = digest.first().is_some_and(|byte| *byte < HELD_BELOW);
        match self {
            Self::Tune => !held,
            Self::Held => held,
            Self::All => true,
        }
    }
}

impl Set {
    /// Reads a part of the set in `folder`.
    pub(crate) fn read(folder: &Path, split: Split) -> Outcome<Self> {
        let mut documents: Vec<Document> = lines(&folder.join("docs.jsonl"))?;
        documents.retain(|document| split.has(&document.doc_id));
        let kept: HashSet<&str> = documents.iter().map(|document| document.doc_id.as_str()).collect();
        let mut gold: Vec<Span> = lines(&folder.join("gold.jsonl"))?;
        gold.retain(|span| kept.contains(span.doc_id.as_str()));
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { name, documents, gold })
    }

    /// Writes it to a folder of its name in `work`.
    pub(crate) fn write(&self, work: &Path) -> Outcome<()> {
        let folder = work.join(&self.name);
        std::fs::create_dir_all(&folder)?;
        write_lines(&folder.join("docs.jsonl"), &self.documents)?;
        write_lines(&folder.join("gold.jsonl"), &self.gold)
    }

    /// The gold spans by document.
    pub(crate) fn gold_by_document(&self) -> BTreeMap<&str, Vec<&Span>> {
        let mut by: BTreeMap<&str, Vec<&Span>> = BTreeMap::new();
        for span in &self.gold {
            by.entry(span.doc_id.as_str()).or_default().push(span);
        }
        by
    }
}

/// The folders below `folder` that hold labelled sets, by name.
pub(crate) fn folders(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        // A set without labels says nothing about quality.
        if path.join("docs.jsonl").is_file() && path.join("gold.jsonl").is_file() {
            found.push(path);
        }
    }
    found.sort();
    if found.is_empty() {
        return Err(format!("`{}` has no folder with docs.jsonl and gold.jsonl", folder.display()).into());
    }
    Ok(found)
}

/// Reads a line of JSON each.
pub(crate) fn lines<T: serde::de::DeserializeOwned>(path: &Path) -> Outcome<Vec<T>> {
    let file = File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut read = Vec::new();
    for (number, line) in BufReader::new(file).lines().enumerate() {
        let line = line?;
        if !line.trim().is_empty() {
            let value = serde_json::from_str(&line);
            read.push(value.map_err(|error| format!("{}:{}: {error}", path.display(), number.saturating_add(1)))?);
        }
    }
    Ok(read)
}

/// Writes a line of JSON each.
pub(crate) fn write_lines<T: Serialize>(path: &Path, all: &[T]) -> Outcome<()> {
    let mut to = BufWriter::new(File::create(path)?);
    for one in all {
        serde_json::to_writer(&mut to, one)?;
        to.write_all(b"\n")?;
    }
    Ok(to.flush()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_third_is_held_out_and_always_the_same() {
        let ids: Vec<String> = (0..3000).map(|number| format!("set-{number}")).collect();
        let held = ids.iter().filter(|id| Split::Held.has(id)).count();
        assert!((900..1100).contains(&held), "{held}");
        assert!(ids.iter().all(|id| Split::Held.has(id) != Split::Tune.has(id) && Split::All.has(id)));
        // Drawn once by hand: a change here means that what was looked at and what is reported have been mixed.
        let drawn: Vec<usize> = (0..14).filter(|number| Split::Held.has(&format!("nano-{number}"))).collect();
        assert_eq!(drawn, [4, 7, 8, 10, 12, 13]);
    }
}

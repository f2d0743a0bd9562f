//! How well: precision, recall and F1 of each type, ours beside the peer's, on the same documents.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use scan::{Confidence, Digester, Options, Scanner};
use survey::{ReadAs, predict};

use crate::peer_names::canonical;
use crate::rows::{head, row, score as shown};
use crate::score::{Score, score, share, sides};
use crate::sets::{Set, Span, Split, folders, lines};
use crate::{Outcome, Stand};

/// Where a peer's predictions lie beside a set's documents.
const PEER: &str = "presidio.jsonl";

/// The set whose documents hold one identifier or none: what counts there is its type, and alarms where there is none.
const IDENTIFIERS: &str = "presidio_unit_ids";

/// The set whose documents hold one secret or none.
const SECRETS: &str = "secrets_noseyparker";

/// Types that a set labels and that are no data about people here; peers have them, we do not claim them.
const NOT_CLAIMED: &[&str] = &["ORG", "DATE", "URL", "NRP"];

/// Scores every set in `work`, and leaves our predictions beside the documents.
pub(crate) fn report(work: &Path) -> Outcome<String> {
    let mut report = head(&["set", "type", "gold", "ours P", "R", "F1", "Presidio P", "R", "F1"]);
    let mut more = String::new();
    for folder in folders(work)? {
        let set = Set::read(&folder, Split::All)?;
        let ours = ours(&set, &folder)?;
        let peer: Option<Vec<Span>> =
            Some(folder.join(PEER)).filter(|path| path.is_file()).map(|path| lines(&path)).transpose()?;
        report.push_str(&rows(&set, &ours, peer.as_deref()));
        for (who, predicted) in [("ours", Some(ours.as_slice())), ("Presidio", peer.as_deref())] {
            let Some(predicted) = predicted else { continue };
            more.push_str(&documents(&set, who, predicted));
        }
    }
    Ok(format!("{report}\n{}{more}", head(&["set", "who", "measured", "value", "of"])))
}

/// Our predictions: wrapped sets are read as what they are, others as plain text.
fn ours(set: &Set, folder: &Path) -> Outcome<Vec<Span>> {
    let read_as = if set.name.contains('.') || set.name.ends_with("csv") {
        ReadAs::Sniffed
    } else {
        ReadAs::Format(scan::Format::Plain)
    };
    let scanner = Scanner::new(Options::default());
    let digester: Arc<dyn Digester> = Arc::new(Stand);
    let documents = std::fs::read(folder.join("docs.jsonl"))?;
    let mut written = Vec::new();
    let mut broken = Vec::new();
    predict(&scanner, &digester, Confidence::Low, read_as, documents.as_slice(), &mut written, |line| {
        broken.push(line)
    })?;
    if let Some(line) = broken.first() {
        return Err(format!("{}: line {}: {}", set.name, line.line, line.why).into());
    }
    let path = folder.join("ours.jsonl");
    std::fs::File::create(&path)?.write_all(&written)?;
    lines(&path)
}

fn rows(set: &Set, ours: &[Span], peer: Option<&[Span]>) -> String {
    let gold = sides(&set.gold);
    let ours = score(&gold, &sides(ours));
    let peer = peer.map(|peer| score(&gold, &sides(peer)));
    // The set of identifiers has as many types as rows; its sum says more.
    let claimed = ours.iter().filter(|(name, _)| !NOT_CLAIMED.contains(*name) && set.name != IDENTIFIERS);
    let mut text = String::new();
    for (name, score) in claimed {
        let mut cells = vec![set.name.clone(), (*name).to_owned(), score.gold.to_string()];
        cells.extend(figures(*score));
        cells.extend(peer.as_ref().map_or_else(
            || ["", "", ""].map(str::to_owned),
            |peer| figures(peer.get(name).copied().unwrap_or_default()),
        ));
        text.push_str(&row(&cells));
    }
    text
}

fn figures(score: Score) -> [String; 3] {
    [score.precision(), score.recall(), score.f1()].map(shown)
}

/// What is counted by document: recall where there is something, alarms where there is nothing.
fn documents(set: &Set, who: &str, predicted: &[Span]) -> String {
    let only: Option<&str> = match set.name.as_str() {
        IDENTIFIERS => None,
        SECRETS => Some("SECRET"),
        _ => return String::new(),
    };
    let counts = |span: &&Span| only.is_none_or(|only| canonical(&span.label) == Some(only));
    let gold = set.gold_by_document();
    let negatives: BTreeSet<&str> =
        set.documents.iter().map(|document| document.doc_id.as_str()).filter(|id| !gold.contains_key(id)).collect();
    let flagged: BTreeSet<&str> = predicted.iter().filter(counts).map(|span| span.doc_id.as_str()).collect();
    let alarms = negatives.intersection(&flagged).count() as u64;
    let (recall, measured) = if only.is_none() {
        let mut all = Score::default();
        score(&sides(&set.gold), &sides(predicted)).values().for_each(|score| all.add(*score));
        ((all.found, all.gold), "spans found, and typed right")
    } else {
        let (gold, predicted) = (sides(&set.gold), sides(predicted));
        let nothing = BTreeMap::new();
        let (gold, predicted) = only.map_or((&nothing, &nothing), |only| {
            (gold.get(only).unwrap_or(&nothing), predicted.get(only).unwrap_or(&nothing))
        });
        let hit = |(id, spans): &(&&str, &Vec<(u64, u64)>)| {
            predicted.get(**id).is_some_and(|by| spans.iter().any(|span| crate::score::covered(*span, by)))
        };
        let hits = gold.iter().filter(hit).count() as u64;
        ((hits, gold.len() as u64), "documents whose secret was found")
    };
    let line = |measured: &str, (part, whole): (u64, u64)| {
        row(&[set.name.clone(), who.to_owned(), measured.to_owned(), shown(share(part, whole)), whole.to_string()])
    };
    line(measured, recall) + &line("documents without any that were flagged", (alarms, negatives.len() as u64))
}

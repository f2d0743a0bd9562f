//! How well: precision, recall and F1 of each type, ours beside the peer's, on the same documents; and what it costs when the
//! same texts are wrapped.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use base::word::DataType;
use scan::{Confidence, Digester, Options, Rules, Scanner};
use survey::{ReadAs, predict};

use crate::peer_names::canonical;
use crate::rows::{head, row, score as shown};
use crate::score::{Score, score, share, sides};
use crate::sets::{Set, Span, Split, folders, lines};
use crate::wrap::Wrapping;
use crate::{Outcome, Stand};

/// Where a peer's predictions lie beside a set's documents.
const PEER: &str = "presidio.jsonl";

/// The set whose documents hold one identifier or none: what counts there is its type, and alarms where there is none.
const IDENTIFIERS: &str = "presidio_unit_ids";

/// The set whose documents hold one secret or none.
const SECRETS: &str = "secrets_noseyparker";

/// What a set's name ends with when it is wrapped, and its plain name.
fn wrapped(name: &str) -> Option<(&str, Wrapping)> {
    let (plain, ending) = name.rsplit_once('.')?;
    Wrapping::ALL.into_iter().find(|wrapping| wrapping.word() == ending).map(|wrapping| (plain, wrapping))
}

/// A set, scored.
struct Scored {
    name: String,
    ours: BTreeMap<String, Score>,
    peer: Option<BTreeMap<String, Score>>,
}

/// Scores every set in `work`, and leaves our predictions beside the documents.
pub(crate) fn report(work: &Path) -> Outcome<String> {
    let labels: Vec<String> = Rules::built_in().iter().map(|(_, rule)| rule.label.clone()).collect();
    let claimed: BTreeSet<&str> = labels.iter().filter_map(|label| canonical(label)).collect();
    let mut all = Vec::new();
    let mut documents = String::new();
    for folder in folders(work)? {
        let set = Set::read(&folder, Split::All)?;
        let ours = ours(&set, &folder)?;
        let peer: Option<Vec<Span>> =
            Some(folder.join(PEER)).filter(|path| path.is_file()).map(|path| lines(&path)).transpose()?;
        for (who, predicted) in [("ours", Some(ours.as_slice())), ("Presidio", peer.as_deref())] {
            if let Some(predicted) = predicted {
                documents.push_str(&by_document(&set, who, predicted, &claimed));
            }
        }
        let gold = sides(&set.gold);
        let scored = |predicted: &[Span]| {
            score(&gold, &sides(predicted)).into_iter().map(|(name, score)| (name.to_owned(), score)).collect()
        };
        all.push(Scored { name: set.name.clone(), ours: scored(&ours), peer: peer.as_deref().map(scored) });
    }
    let mut text = head(&["set", "type", "gold", "ours P", "R", "F1", "Presidio P", "R", "F1"]);
    let mut not_claimed = BTreeSet::new();
    for scored in all.iter().filter(|scored| wrapped(&scored.name).is_none() && scored.name != IDENTIFIERS) {
        text.push_str(&rows(scored, &claimed));
        not_claimed.extend(scored.ours.keys().filter(|name| !claimed.contains(name.as_str())).cloned());
    }
    let not_claimed: Vec<String> = not_claimed.into_iter().collect();
    let documents = head(&["set", "who", "measured", "value", "of"]) + &documents;
    let wrapping = wrappings(&all, &claimed);
    Ok(format!("{text}\nLabelled there, and not looked for: {}.\n\n{wrapping}\n{documents}", not_claimed.join(", ")))
}

/// The F1 of each type in plain text and wrapped.
fn wrappings(all: &[Scored], claimed: &BTreeSet<&str>) -> String {
    let mut text = head(&[
        "set",
        "type",
        "plain F1",
        "as JSON lines",
        "as CSV",
        "as chats",
        "Presidio plain",
        "JSON lines",
        "CSV",
        "chats",
    ]);
    for plain in all {
        let forms: Vec<&Scored> = Wrapping::ALL
            .into_iter()
            .filter_map(|form| all.iter().find(|scored| wrapped(&scored.name) == Some((plain.name.as_str(), form))))
            .collect();
        if forms.is_empty() {
            continue;
        }
        let sets = || [plain].into_iter().chain(forms.iter().copied());
        for name in plain.ours.keys().filter(|name| claimed.contains(name.as_str())) {
            let f1 = |of: Option<&BTreeMap<String, Score>>| {
                of.map(|of| shown(of.get(name).copied().unwrap_or_default().f1())).unwrap_or_default()
            };
            let mut cells = vec![plain.name.clone(), name.clone()];
            cells.extend(sets().map(|scored| f1(Some(&scored.ours))));
            cells.extend(sets().map(|scored| f1(scored.peer.as_ref())));
            text.push_str(&row(&cells));
        }
    }
    text
}

/// Our predictions: wrapped sets are read as what they are, others as plain text.
fn ours(set: &Set, folder: &Path) -> Outcome<Vec<Span>> {
    let read_as = if wrapped(&set.name).is_some() || set.name.ends_with("csv") {
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

fn rows(scored: &Scored, claimed: &BTreeSet<&str>) -> String {
    let mut text = String::new();
    for (name, score) in scored.ours.iter().filter(|(name, _)| claimed.contains(name.as_str())) {
        let mut cells = vec![scored.name.clone(), name.clone(), score.gold.to_string()];
        cells.extend(figures(*score));
        cells.extend(scored.peer.as_ref().map_or_else(
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
/// The canonical labels of rules for identity, tax, passport, licence and patient numbers.
fn given_by_states() -> BTreeSet<String> {
    const TYPES: [DataType; 6] = [
        DataType::Ssn,
        DataType::NationalId,
        DataType::TaxId,
        DataType::Passport,
        DataType::DrivingLicence,
        DataType::HealthId,
    ];
    let rules = Rules::built_in();
    let given = rules.iter().filter(|(_, rule)| TYPES.contains(&rule.data_type));
    given.filter_map(|(_, rule)| canonical(&rule.label).map(str::to_owned)).collect()
}

fn by_document(set: &Set, who: &str, predicted: &[Span], claimed: &BTreeSet<&str>) -> String {
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
    let rows: Vec<(&str, (u64, u64))> = match only {
        None => {
            let scores = score(&sides(&set.gold), &sides(predicted));
            let [mut all, mut looked_for, mut numbers] = [Score::default(); 3];
            let given = given_by_states();
            for (label, one) in &scores {
                all.add(*one);
                if claimed.contains(label) {
                    looked_for.add(*one);
                }
                if given.contains(*label) {
                    numbers.add(*one);
                }
            }
            vec![
                ("spans found, and typed right", (all.found, all.gold)),
                ("the same, of types that are looked for", (looked_for.found, looked_for.gold)),
                ("the same, of numbers that states give to people", (numbers.found, numbers.gold)),
            ]
        }
        Some(only) => {
            let (gold, predicted) = (sides(&set.gold), sides(predicted));
            let nothing = BTreeMap::new();
            let of = |side: &BTreeMap<&str, _>| side.get(only).cloned().unwrap_or_else(|| nothing.clone());
            let (gold, predicted) = (of(&gold), of(&predicted));
            let hit = |(id, spans): &(&&str, &Vec<(u64, u64)>)| {
                predicted.get(**id).is_some_and(|by| spans.iter().any(|span| crate::score::covered(*span, by)))
            };
            let by_span = gold.iter().filter(hit).count() as u64;
            let by_document = gold.keys().filter(|id| predicted.contains_key(**id)).count() as u64;
            let whole = gold.len() as u64;
            vec![
                ("documents with a secret in which one was found", (by_document, whole)),
                ("documents whose marked span was found", (by_span, whole)),
            ]
        }
    };
    let line = |measured: &str, (part, whole): (u64, u64)| {
        row(&[set.name.clone(), who.to_owned(), measured.to_owned(), shown(share(part, whole)), whole.to_string()])
    };
    let rows: String = rows.into_iter().map(|(measured, counts)| line(measured, counts)).collect();
    rows + &line("documents without any that were flagged", (alarms, negatives.len() as u64))
}

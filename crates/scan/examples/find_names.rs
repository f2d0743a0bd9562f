//! Finds names in labelled documents, to measure the tagger alone: `find_names MODEL DOCS.jsonl > PREDICTIONS.jsonl`.

use std::error::Error;
use std::io::{BufRead, Write};

use scan::names::{Kind, Names};

#[derive(serde::Deserialize)]
struct Document {
    doc_id: String,
    text: String,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [model, path] = arguments.as_slice() else {
        return Err("two arguments: a model, and a file of `{doc_id, text}` lines".into());
    };
    let model = std::fs::read(model)?;
    let model = scan::names::model::Model::read(&model)?;
    let mut output = std::io::BufWriter::new(std::io::stdout().lock());
    let mut names = Names::default();
    let mut found = Vec::new();
    for line in std::io::BufReader::new(std::fs::File::open(path)?).lines() {
        let document: Document = serde_json::from_str(&line?)?;
        found.clear();
        names.find_by(&model, document.text.as_bytes(), &[b"", b""], &mut found);
        for hit in &found {
            let label = match hit.kind {
                Kind::Name => "PERSON",
                Kind::Address => "ADDRESS",
                Kind::Place => "LOCATION",
                Kind::Age => "AGE",
                Kind::BirthDate => "DATE_OF_BIRTH",
            };
            let points = |byte: usize| document.text.get(..byte).map_or(0, |before| before.chars().count());
            let [start, end] = [points(hit.span.start), points(hit.span.end)];
            let id = &document.doc_id;
            writeln!(
                output,
                r#"{{"doc_id":{},"start":{start},"end":{end},"type":"{label}"}}"#,
                serde_json::to_string(id)?
            )?;
        }
    }
    Ok(())
}

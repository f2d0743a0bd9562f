//! `cofferdam dataset contract`.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use contract::{Field, Holds, Left, Terms};
use custody::contracts::ContractAnswer;
use serde_json::{Value, json};

use super::Context;
use crate::error::Error;
use crate::exit::Exit;
use crate::output::{Format, escape};

/// The contract of a dataset: an Open Data Contract Standard document
#[derive(Subcommand)]
pub(super) enum Contract {
    /// Put a dataset under a contract, in the place of the one that it has
    Set {
        /// The bucket's name
        bucket: String,
        /// The contract: YAML, ODCS 3.1
        file: PathBuf,
    },
    /// Show the contract that a dataset has, what follows from it, and what was not understood
    Show {
        /// The bucket's name
        bucket: String,
        /// Write the document itself
        #[arg(long)]
        document: bool,
    },
    /// Read a contract without setting it, and show what would follow from it; needs no server
    Check {
        /// The contract: YAML, ODCS 3.1
        file: PathBuf,
    },
}

impl Contract {
    pub(super) async fn run(self, context: &Context) -> Result<Exit, Error> {
        match self {
            Self::Set { bucket, file } => {
                let document = read(&file)?;
                show(context, &context.client()?.set_contract(&bucket, &document).await?)?;
                context
                    .output
                    .say("It holds for what is put from now on. For what is there already: cofferdam dataset rescan");
            }
            Self::Show { bucket, document } => {
                let answer = context.client()?.contract(&bucket).await?;
                if document {
                    context.output.raw(&answer.document)?;
                } else {
                    show(context, &answer)?;
                }
            }
            Self::Check { file } => {
                let document = read(&file)?;
                let contract = contract::Contract::read(&document)
                    .map_err(|error| Error::part("reading the contract", error.kind(), error))?;
                let mut lines = vec![("status", contract.status.clone())];
                lines.extend(terms(&contract.terms));
                context.output.one("contract", &contract, &lines)?;
                list_left(context, &contract.not_understood)?;
            }
        }
        Ok(Exit::Done)
    }
}

fn read(file: &Path) -> Result<String, Error> {
    std::fs::read_to_string(file).map_err(|source| Error::file("reading the contract", file, source))
}

fn show(context: &Context, answer: &ContractAnswer) -> Result<(), Error> {
    let mut lines = vec![
        ("bucket", answer.bucket.clone()),
        ("revision", answer.revision.to_string()),
        ("since", answer.since.to_string()),
        ("sha-256", answer.digest.clone()),
        ("status", answer.status.clone()),
    ];
    lines.extend(terms(&answer.terms));
    context.output.one("dataset-contract", answer, &lines)?;
    list_left(context, &answer.not_understood)
}

/// What follows from a contract, line by line.
fn terms(terms: &Terms) -> Vec<(&'static str, String)> {
    let mut lines = vec![("contract", format!("{} {}", escape(&terms.id), escape(&terms.version)))];
    if let Some(purposes) = &terms.purposes {
        let purposes: Vec<String> = purposes.iter().map(ToString::to_string).collect();
        lines.push(("purposes", purposes.join(", ")));
    }
    if let Some(unscannable) = terms.unscannable {
        lines.push(("unscannable", word(&unscannable)));
    }
    if let Some(names) = terms.names {
        lines.push(("names looked for", word(&names)));
    }
    lines.extend(terms.retention_days.map(|days| ("kept for", format!("{days} days"))));
    lines.extend(terms.notify_hours.map(|hours| ("partner told within", format!("{hours} hours"))));
    for classed in &terms.classes {
        let of =
            if classed.prefix.is_empty() { "all objects".to_owned() } else { format!("{}*", escape(&classed.prefix)) };
        lines.push(("confidential", format!("{of}: {}", classed.class)));
    }
    for collection in &terms.collections {
        for field in &collection.fields {
            if let Some(holds) = &field.holds {
                lines.push(("field", format!("{}: {}", path(field), told(holds))));
            }
        }
    }
    lines
}

fn path(field: &Field) -> String {
    match &field.inside {
        None => escape(&field.name),
        Some(inside) => format!("{}.{}", escape(inside), escape(&field.name)),
    }
}

fn told(holds: &Holds) -> String {
    match holds {
        Holds::Subject { kind: None } => "tells people of this dataset apart".to_owned(),
        Holds::Subject { kind: Some(kind) } => format!("tells people apart ({})", escape(kind)),
        Holds::Residence { within: None } => "where they live".to_owned(),
        Holds::Residence { within: Some(country) } => format!("where in {country} they live"),
        Holds::Type(data_type) => data_type.title().to_owned(),
    }
}

/// The word that a choice has in contracts.
fn word(choice: &impl serde::Serialize) -> String {
    serde_json::to_value(choice).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

fn list_left(context: &Context, left: &[Left]) -> Result<(), Error> {
    if context.output.format != Format::Table || left.is_empty() {
        return Ok(());
    }
    let rows: Vec<Value> =
        left.iter().map(|left| json!({ "line": left.line, "field": left.field, "why": left.why.title() })).collect();
    context.output.raw("\n")?;
    context.output.list("left", &[("LINE", "line"), ("FIELD", "field"), ("NOTHING FOLLOWS FROM IT", "why")], &rows)
}

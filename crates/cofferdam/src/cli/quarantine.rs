//! `cofferdam quarantine`.

use base::Bytes;
use base::id::VersionId;
use base::word::Decision;
use clap::Subcommand;
use custody::quarantine::Quarantined;
use serde_json::{Value, json};

use super::Context;
use crate::error::Error;
use crate::exit::Exit;

/// What a scan is sure nobody may store here, until somebody decides
#[derive(Subcommand)]
pub(super) enum Quarantine {
    /// List what lies in quarantine
    List {
        /// Only in this dataset
        #[arg(long, value_name = "BUCKET")]
        dataset: Option<String>,
    },
    /// Show what was found in a version, and where
    Show {
        /// The version
        version: VersionId,
    },
    /// Let a version out: it may be read like others
    Release {
        /// The version
        version: VersionId,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Record that a version stays
    Keep {
        /// The version
        version: VersionId,
        /// Why
        #[arg(long)]
        reason: String,
    },
}

impl Quarantine {
    pub(super) async fn run(self, context: &Context) -> Result<Exit, Error> {
        let client = context.client()?;
        match self {
            Self::List { dataset } => {
                let listed = client.quarantined(dataset.as_deref()).await?;
                let rows: Vec<Value> = listed.iter().map(row).collect();
                let columns = [
                    ("BUCKET", "bucket"),
                    ("KEY", "key"),
                    ("VERSION", "version"),
                    ("FORBIDDEN", "summary"),
                    ("WRITER", "writer"),
                    ("DECIDED", "decided"),
                ];
                context.output.list("quarantine", &columns, &rows)?;
            }
            Self::Show { version } => show(context, &client.quarantined_version(version).await?)?,
            Self::Release { version, reason } => {
                show(context, &client.decide_quarantined(version, Decision::Release, &reason).await?)?;
                context.output.say("it may be read like others now");
            }
            Self::Keep { version, reason } => {
                show(context, &client.decide_quarantined(version, Decision::Keep, &reason).await?)?;
            }
        }
        Ok(Exit::Done)
    }
}

fn row(lying: &Quarantined) -> Value {
    let mut row = json!(lying);
    if let Some(members) = row.as_object_mut() {
        members.insert("summary".to_owned(), json!(summary(lying)));
        let decided = lying.reviews.last().map(|review| format!("{} by {}", review.decision, review.reviewer));
        members.insert("decided".to_owned(), json!(decided));
    }
    row
}

/// The forbidden types, each with what it was found by.
fn summary(lying: &Quarantined) -> String {
    let mut kinds: Vec<String> =
        lying.report.forbidden.iter().map(|place| format!("{} ({})", place.data_type, place.rule)).collect();
    kinds.sort();
    kinds.dedup();
    kinds.join(", ")
}

fn show(context: &Context, lying: &Quarantined) -> Result<(), Error> {
    let mut lines = vec![
        ("version", lying.version.to_string()),
        ("object", format!("{}/{}", lying.bucket, crate::output::escape(&lying.key))),
        ("size", Bytes(lying.size).to_string()),
        ("written", format!("{} by {}", lying.modified, lying.writer)),
        ("scanned by", lying.report.scanner.clone()),
    ];
    for place in &lying.report.forbidden {
        lines.push((
            "forbidden",
            format!(
                "{} ({}) `{}` in bytes {} to {}, record {}",
                place.data_type.title(),
                place.rule,
                crate::output::escape(&place.sample),
                place.from,
                place.to,
                place.record
            ),
        ));
    }
    for found in &lying.report.found {
        lines.push((
            "found",
            format!("{} × {} ({}), confidence {}", found.count, found.data_type.title(), found.rule, found.confidence),
        ));
    }
    for review in &lying.reviews {
        let reason = crate::output::escape(&review.reason);
        lines.push(("decided", format!("{} by {} at {}: {reason}", review.decision, review.reviewer, review.at)));
    }
    context.output.one("quarantined", lying, &lines)
}

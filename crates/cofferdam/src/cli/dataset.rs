//! `cofferdam dataset`.

use std::path::PathBuf;

use base::Bytes;
use base::word::Purpose;
use clap::Subcommand;
use custody::people::Headcount;
use custody::profile::Profile;
use custody::rescan::RescanState;
use custody::settings::SecretsFound;
use serde_json::{Value, json};

use super::Context;
use super::contract::Contract;
use crate::error::Error;
use crate::exit::Exit;
use crate::output::{Format, escape};

/// Named collections in an engagement: S3 buckets
#[derive(Subcommand)]
pub(super) enum Dataset {
    /// Create a dataset
    Create {
        /// The bucket's name
        bucket: String,
        /// The engagement it belongs to
        #[arg(long)]
        engagement: String,
        /// A purpose it was given for; repeat for more [default: all of the engagement's]
        #[arg(long = "purpose", value_name = "PURPOSE")]
        purposes: Vec<Purpose>,
        /// Let versions be read that no detector can read
        #[arg(long)]
        unscannable_readable: bool,
    },
    /// Change what a dataset does
    Configure {
        /// The bucket's name
        bucket: String,
        /// What becomes of versions in which secrets are found: `quarantine` them, or `list` them and let them be read
        #[arg(long)]
        secrets: SecretsFound,
    },
    /// The contract of a dataset: who its people are, what is confidential, what may be done with it
    #[command(subcommand)]
    Contract(Contract),
    /// Show what a dataset holds: types of data, people, objects, and what was not scanned
    Profile {
        /// The bucket's name
        bucket: String,
        /// Write a page with charts to this file instead
        #[arg(long, value_name = "FILE")]
        html: Option<PathBuf>,
    },
    /// List what was not scanned, or only in part, and why
    Unscanned {
        /// The bucket's name
        bucket: String,
    },
    /// Scan a dataset anew, for example after the rules changed, or show what that changed
    Rescan {
        /// The bucket's name
        bucket: String,
        /// Queue nothing: show how far it is, and what is found more or less often than before
        #[arg(long)]
        status: bool,
    },
    /// List datasets
    List,
}

impl Dataset {
    pub(super) async fn run(self, context: &Context) -> Result<Exit, Error> {
        let client = context.client()?;
        match self {
            Self::Create { bucket, engagement, purposes, unscannable_readable } => {
                let created = client.create_dataset(&engagement, &bucket, &purposes, unscannable_readable).await?;
                context.created("dataset", &created)?;
            }
            Self::Configure { bucket, secrets } => {
                let configured = client.configure_secrets(&bucket, secrets).await?;
                context.shown("dataset", &configured)?;
            }
            Self::Contract(contract) => return contract.run(context).await,
            Self::Profile { bucket, html: None } => show_profile(context, &client.profile(&bucket).await?)?,
            Self::Profile { bucket, html: Some(file) } => {
                let (profile, scans) = (client.profile(&bucket).await?, client.rescan_state(&bucket).await?);
                let page = survey::render::holdings(&super::holdings::of(&profile, &scans));
                std::fs::write(&file, page).map_err(|source| Error::file("writing the page", &file, source))?;
                context.output.say(&format!("{} holds the profile of `{bucket}`", file.display()));
            }
            Self::Unscanned { bucket } => {
                let profile = client.profile(&bucket).await?;
                list_unscanned(context, &profile)?;
                if profile.not_scanned_omitted > 0 {
                    context.output.say(&format!("{} more are not listed", profile.not_scanned_omitted));
                }
            }
            Self::Rescan { bucket, status } => {
                let state = if status { client.rescan_state(&bucket).await? } else { client.rescan(&bucket).await? };
                show_rescan(context, &state)?;
            }
            Self::List => {
                let rows = client.list("datasets").await?;
                let columns =
                    [("BUCKET", "bucket"), ("ENGAGEMENT", "engagement"), ("PURPOSES", "purposes"), ("ID", "id")];
                context.output.list("datasets", &columns, &rows)?;
            }
        }
        Ok(Exit::Done)
    }
}

const TYPES: [(&str, &str); 5] =
    [("TYPE", "title"), ("PEOPLE", "shown"), ("OBJECTS", "objects"), ("FINDINGS", "findings"), ("WORD", "type")];

fn show_profile(context: &Context, profile: &Profile) -> Result<(), Error> {
    let output = &context.output;
    match output.format {
        Format::Json => output.json(&json!(profile)),
        Format::Csv => output.list("types", &TYPES, &types(profile)),
        Format::Table => {
            let mut lines = vec![
                ("bucket", profile.bucket.clone()),
                ("engagement", profile.engagement.clone()),
                ("objects", profile.objects.to_string()),
                ("bytes", Bytes(profile.bytes).to_string()),
                ("people", people(profile.people)),
            ];
            lines.extend(profile.states.iter().map(|(state, count)| (state.word(), count.to_string())));
            if profile.names_unknown > 0 {
                lines.push(("names not yet looked for", format!("in {} objects", profile.names_unknown)));
            }
            lines.extend(profile.scanners.iter().map(|(scanner, count)| ("scanner", format!("{scanner}: {count}"))));
            output.one("dataset-profile", profile, &lines)?;
            if !profile.types.is_empty() {
                output.raw("\n")?;
                output.list("types", &TYPES, &types(profile))?;
            }
            if !profile.not_scanned.is_empty() {
                output.raw("\n")?;
                list_unscanned(context, profile)?;
            }
            Ok(())
        }
    }
}

fn types(profile: &Profile) -> Vec<Value> {
    let row = |of: &custody::profile::TypeProfile| {
        let mut row = json!(of);
        if let Some(members) = row.as_object_mut() {
            members.insert("shown".to_owned(), json!(people(of.people)));
        }
        row
    };
    profile.types.iter().map(row).collect()
}

fn list_unscanned(context: &Context, profile: &Profile) -> Result<(), Error> {
    let rows: Vec<Value> = profile.not_scanned.iter().map(|object| json!(object)).collect();
    let columns = [("KEY", "key"), ("SIZE", "size"), ("STATE", "state"), ("REASON", "reason"), ("VERSION", "version")];
    context.output.list("unscanned", &columns, &rows)
}

fn show_rescan(context: &Context, state: &RescanState) -> Result<(), Error> {
    let mut lines = vec![
        ("bucket", state.bucket.clone()),
        ("scanner", state.scanner.clone()),
        ("waiting", state.waiting.to_string()),
        ("scanned anew", state.rescanned.to_string()),
    ];
    let told = |change: &custody::rescan::Difference| {
        format!("{} ({}): {} before, {} now", change.data_type.title(), change.rule, change.before, change.after)
    };
    lines.extend(state.changes.iter().map(|change| ("changed", told(change))));
    for object in &state.objects {
        let changes: Vec<String> = object.changes.iter().map(told).collect();
        lines.push(("object", format!("{}: {}", escape(&object.key), changes.join("; "))));
    }
    if state.objects_omitted > 0 {
        lines.push(("not listed", format!("{} objects", state.objects_omitted)));
    }
    context.output.one("rescan", state, &lines)
}

/// `low to high`, or one number when they agree.
fn people(count: Headcount) -> String {
    let Headcount { low, high } = count;
    if low == high { low.to_string() } else { format!("{low} to {high}") }
}

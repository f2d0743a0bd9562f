//! `cofferdam decoy`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base::id::DecoyId;
use clap::Subcommand;
use custody::planting::{Bundle, DecoyShown, NewBaitedObject, NewBundle};
use serde_json::{Value, json};
use store::LocalDisk;

use super::{Context, selftest};
use crate::client::REGION;
use crate::error::Error;
use crate::exit::Exit;
use crate::files;
use crate::output::Format;
use crate::when;

/// Credentials and objects that nobody should use: touching one raises the alarm and pauses what it reaches
#[derive(Subcommand)]
pub(super) enum Decoy {
    /// Make decoy credentials to plant on a host; their secrets are shown this once
    ///
    /// They are written as AWS tools keep theirs: a profile for each engagement. They let nobody in. Whoever uses one trips the
    /// alarm, and every engagement of the bundle is paused before the answer.
    #[command(
        after_help = "Example:\n  cofferdam decoy create --engagement north --engagement south --host etl-07 --out credentials"
    )]
    Create {
        /// An engagement that its thief would reach, and that is paused; repeat for more
        #[arg(long = "engagement", value_name = "NAME", required = true)]
        engagements: Vec<String>,
        /// Where it will lie
        #[arg(long)]
        host: String,
        /// The workload it is issued for [default: one that works there]
        #[arg(long)]
        principal: Option<String>,
        /// The file to write, which must not be there yet [default: standard output]
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Make a decoy of an object: reading it trips the alarm; listing it, or asking for its head, does not
    Plant {
        /// The object
        #[arg(value_name = "BUCKET/KEY")]
        object: String,
        /// What it is, for those who may list decoys
        #[arg(long, default_value = "")]
        note: String,
    },
    /// List the decoys; that you looked is recorded
    List,
    /// Use every decoy for real, as a rehearsal that pauses nothing, and see that its alarm arrives; exits with 6 if one does not
    ///
    /// A credential is used over the wire, by a request that is good once. Its answer must be a refusal, its alarm must be entered,
    /// and every receiver must have taken it. What would have been paused is named. An object is touched inside the server.
    Selftest {
        /// How long receivers may take
        #[arg(long, value_name = "SPAN", default_value = "30s", value_parser = when::read_span_seconds)]
        within: u64,
    },
    /// Give a decoy up
    Retire {
        /// Its id
        id: DecoyId,
    },
}

impl Decoy {
    pub(super) async fn run(self, context: &Context) -> Result<Exit, Error> {
        let client = context.client()?;
        match self {
            Self::Create { engagements, host, principal, out } => {
                let bundle = client.create_decoys(&NewBundle { engagements, host, principal }).await?;
                show_bundle(context, &bundle, out.as_deref())?;
            }
            Self::Plant { object, note } => {
                let named = object.split_once('/').filter(|(bucket, key)| !bucket.is_empty() && !key.is_empty());
                let (bucket, key) = named
                    .ok_or_else(|| Error::Misuse(format!("`{object}` names no object\nwrite it as BUCKET/KEY")))?;
                let new = NewBaitedObject { bucket: bucket.to_owned(), key: key.to_owned(), note };
                let planted = client.bait_object(&new).await?;
                let lines = [("decoy", planted.id.to_string()), ("pauses", planted.engagements.join(", "))];
                context.output.one("decoy", &json!(planted), &lines)?;
            }
            Self::List => {
                let rows: Vec<Value> = client.decoys().await?.iter().map(row).collect();
                let columns = [
                    ("ID", "id"),
                    ("KIND", "kind"),
                    ("WHERE", "note"),
                    ("PAUSES", "engagements"),
                    ("BAIT", "bait"),
                    ("SPENT", "spent"),
                    ("MADE", "made"),
                ];
                context.output.list("decoys", &columns, &rows)?;
            }
            Self::Selftest { within } => return selftest::run(context, &client, Duration::from_secs(within)).await,
            Self::Retire { id } => {
                client.retire_decoy(id).await?;
                context.output.say(&format!("`{id}` is no decoy any more, and still lets nobody in"));
            }
        }
        Ok(Exit::Done)
    }
}

fn row(decoy: &DecoyShown) -> Value {
    let mut row = json!(decoy);
    if let Some(members) = row.as_object_mut() {
        members.insert("spent".to_owned(), json!(if decoy.spent { "yes" } else { "no" }));
    }
    row
}

fn show_bundle(context: &Context, bundle: &Bundle, out: Option<&Path>) -> Result<(), Error> {
    let text = credential_file(bundle, &context.endpoint()?);
    match (out, context.output.format) {
        (Some(path), _) => files::create(&LocalDisk, path, text.as_bytes())?,
        (None, Format::Table) => context.output.raw(&text)?,
        (None, Format::Json | Format::Csv) => context.output.one("decoy", bundle, &[])?,
    }
    context.output.say(&format!("decoy `{}`: plant it, and tell nobody", bundle.id));
    Ok(())
}

/// The file that AWS tools keep credentials in: a profile for each engagement.
fn credential_file(bundle: &Bundle, endpoint: &str) -> String {
    let mut text = String::new();
    for (name, issued) in &bundle.credentials {
        if !text.is_empty() {
            text.push('\n');
        }
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "[{name}]\naws_access_key_id = {}\naws_secret_access_key = {}\naws_session_token = {}\n\
             endpoint_url = {endpoint}\nregion = {REGION}\n",
            issued.access_key, issued.secret, issued.token
        );
    }
    text
}

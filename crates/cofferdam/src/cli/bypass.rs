//! `cofferdam bypass`.

use std::path::PathBuf;

use base::Bytes;
use clap::Subcommand;
use custody::bypass::{Found, Imported, ROWS_A_CALL, SCHEMA};
use reconcile::{Logs, Ours};
use serde_json::{Value, json};

use super::Context;
use crate::error::Error;
use crate::exit::Exit;

/// What was read from the backing store without coming through here
///
/// The store's own access log is matched, one to one, with what we fetched. What is left over went round the program: sealed
/// bytes, without a key. It widens every answer of `cofferdam scope` about that engagement and time. A local data folder keeps
/// no log: other programs that read its files are seen by nobody.
#[derive(Subcommand)]
pub(super) enum Bypass {
    /// Import logs of the store: S3 server access logs or CloudTrail data events, gzip or not
    ///
    /// All files are read before anything is sent: one that does not read stops the import. A log may be imported twice.
    Import {
        /// An identity that our own nodes sign with, as the log writes it; repeat for more. Without one, every request in the
        /// log went round us
        #[arg(long = "ours", value_name = "ARN")]
        ours: Vec<String>,
        /// The files
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
}

impl Bypass {
    pub(super) async fn run(self, context: &Context) -> Result<Exit, Error> {
        let Self::Import { ours, files } = self;
        let mut logs = Logs::default();
        for path in &files {
            let bytes = std::fs::read(path).map_err(|source| {
                Error::Misuse(format!("`{}` cannot be read: {source}\nname the files of the log", path.display()))
            })?;
            let name =
                path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into());
            logs.read(&name, &bytes).map_err(|error| Error::Misuse(error.to_string()))?;
        }
        for file in &logs.files {
            let span = file.first.zip(file.last).map(|(first, last)| format!(", from {first} to {last}"));
            context.output.say(&format!("{}: {} requests{}", file.file, file.rows, span.unwrap_or_default()));
        }
        // In order of time, so that what a fetch explains does not depend on the order of the files.
        logs.rows.sort_by(|a, b| (a.at, &a.request).cmp(&(b.at, &b.request)));
        let client = context.client()?;
        let ours = Ours { requesters: ours };
        let mut all = Imported {
            schema: SCHEMA.to_owned(),
            rows: 0,
            known: 0,
            explained: 0,
            own: 0,
            refused: 0,
            untold: 0,
            bypasses: Vec::new(),
        };
        for page in logs.rows.chunks(ROWS_A_CALL) {
            all.add(client.import_store_log(page, &ours).await?);
        }
        let lines = [
            ("requests", all.rows.to_string()),
            ("known before", all.known.to_string()),
            ("explained", format!("{} reads, by fetches of ours", all.explained)),
            ("own", format!("{} other requests of ours", all.own)),
            ("refused", format!("{} by the store", all.refused)),
            ("untold", format!("{} fetches of ours that the log does not tell of", all.untold)),
            ("bypasses", all.bypasses.iter().map(|found| found.requests).sum::<u64>().to_string()),
        ];
        context.output.one("bypass-import", &all, &lines)?;
        if all.bypasses.is_empty() {
            return Ok(Exit::Done);
        }
        let rows: Vec<Value> = all.bypasses.iter().map(row).collect();
        let columns = [
            ("ENGAGEMENT", "engagement"),
            ("ACT", "act"),
            ("WHY", "why"),
            ("REQUESTER", "requester"),
            ("ADDRESS", "address"),
            ("REQUESTS", "requests"),
            ("OBJECTS", "versions"),
            ("SENT", "size"),
            ("FIRST", "first"),
            ("LAST", "last"),
        ];
        context.output.list("bypasses", &columns, &rows)?;
        Ok(Exit::Findings)
    }
}

fn row(found: &Found) -> Value {
    let mut row = json!(found);
    if let Some(members) = row.as_object_mut() {
        let more = if found.unmeasured > 0 { " and more" } else { "" };
        members.insert("size".to_owned(), json!(format!("{}{more}", Bytes(found.bytes))));
    }
    row
}

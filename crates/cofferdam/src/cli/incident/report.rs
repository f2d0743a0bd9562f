//! Reports of incidents on their way to files, and people lists.

use std::collections::BTreeMap;
use std::path::Path;

use base::id::IncidentId;
use custody::incidents::people::PeopleList;
use custody::incidents::report::NewReport;
use incident::word::ReportKind;
use serde_json::{Value, json};
use store::durable::LocalDisk;

use crate::cli::Context;
use crate::client::AdminClient;
use crate::error::Error;
use crate::exit::Exit;
use crate::files;

/// Makes a report and writes its documents into a new folder, for its owner's eyes.
pub(super) async fn make(
    context: &Context,
    client: &AdminClient,
    (id, kind): (IncidentId, ReportKind),
    out: &Path,
    reasons: &[String],
) -> Result<Exit, Error> {
    if out.exists() {
        return Err(Error::Misuse(format!("`{}` is there already\nname a folder that is not", out.display())));
    }
    let reasons: BTreeMap<String, String> = reasons
        .iter()
        .map(|reason| match reason.split_once('=') {
            Some((figure, text)) if !figure.contains(' ') => (figure.to_owned(), text.to_owned()),
            _ => (String::new(), reason.clone()),
        })
        .collect();
    let made = client.report_incident(id, &NewReport { kind, reasons }).await?;
    for (name, document) in &made.documents {
        let path = out.join(name);
        if let Some(folder) = path.parent() {
            files::ensure_folder(&LocalDisk, folder)?;
        }
        files::create(&LocalDisk, &path, document.as_bytes())?;
    }
    let names: Vec<&str> = made.documents.keys().map(String::as_str).collect();
    let lines = [
        ("report", format!("{} ({kind})", made.no)),
        ("digest", made.digest.clone()),
        ("stopped", if made.stopped { "yes: all that was reached is paused".to_owned() } else { "NO".to_owned() }),
        ("written", format!("{} in {}", names.join(", "), out.display())),
    ];
    let said =
        json!({ "no": made.no, "kind": kind, "digest": made.digest, "stopped": made.stopped, "documents": names });
    context.output.one("incident-report-made", &said, &lines)?;
    Ok(Exit::Done)
}

/// Lists the files that were made for the caller's engagements.
pub(super) async fn files(context: &Context, client: &AdminClient) -> Result<Exit, Error> {
    let rows: Vec<Value> = client.partner_files().await?.iter().map(|file| json!(file)).collect();
    let columns = [
        ("INCIDENT", "incident"),
        ("REPORT", "report"),
        ("ENGAGEMENT", "engagement"),
        ("NAME", "name"),
        ("MADE", "made"),
        ("SHA-256", "digest"),
    ];
    context.output.list("incident-files", &columns, &rows)?;
    Ok(Exit::Done)
}

/// Prints a people list that two have opened.
pub(super) fn people(context: &Context, list: &PeopleList) -> Result<Exit, Error> {
    let rows: Vec<Value> = list.people.iter().map(|person| json!(person)).collect();
    let columns = [
        ("PERSON", "ordinal"),
        ("ELEMENTS", "elements"),
        ("SENT", "sent"),
        ("RESIDENCE", "residence"),
        ("BUCKET", "found.bucket"),
        ("KEY", "found.key"),
        ("VERSION", "found.version"),
        ("BLOCK", "found.block"),
    ];
    context.output.list("people", &columns, &rows)?;
    if list.omitted > 0 || list.unresolved > 0 {
        context.output.say(&format!(
            "not on the list: {} people more than it holds, {} mentions of people whom nothing tells apart",
            list.omitted, list.unresolved
        ));
    }
    Ok(Exit::Done)
}

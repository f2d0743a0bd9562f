//! `cofferdam resume`. Shows what it will reopen, asks for the engagement's name, and takes two people.

use std::io::{BufRead, IsTerminal};

use clap::Args;
use serde_json::{Value, json};

use super::Context;
use crate::error::Error;
use crate::exit::Exit;

/// Open a paused engagement again; takes two people
///
/// The first asks, another approves with `cofferdam approval grant`, then the first runs this again. Sessions that the pause
/// ended stay ended.
#[derive(Args)]
pub(super) struct Resume {
    /// The engagement's name
    engagement: String,

    /// Show what would be reopened, and stop
    #[arg(long)]
    dry_run: bool,

    /// Do not ask; NAME must be the engagement's name
    #[arg(long, value_name = "NAME")]
    yes_i_mean: Option<String>,
}

impl Resume {
    pub(super) async fn run(self, context: &Context) -> Result<Exit, Error> {
        let client = context.client()?;
        let shown = client.show("engagements", &self.engagement).await?;
        let member = |name: &str| shown.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let name = member("name");
        let datasets = client.list("datasets").await?;
        let buckets: Vec<&str> = datasets
            .iter()
            .filter(|row| row.get("engagement").and_then(Value::as_str) == Some(name.as_str()))
            .filter_map(|row| row.get("bucket").and_then(Value::as_str))
            .collect();
        let plan = json!({
            "engagement": name, "id": member("id"), "partner": member("partner"), "state": member("state"),
            "buckets": buckets,
        });
        let lines = [
            ("engagement", name.clone()),
            ("partner", member("partner")),
            ("state", member("state")),
            ("reopens buckets", buckets.join(", ")),
        ];
        if self.dry_run {
            context.output.one("resume-plan", &plan, &lines)?;
            return Ok(Exit::Done);
        }
        for (label, value) in &lines {
            context.output.say(&format!("{label}: {}", crate::output::escape(value)));
        }
        let typed = match self.yes_i_mean {
            Some(typed) => typed,
            None => ask(context, &name)?,
        };
        if typed != name {
            return Err(Error::Misuse("that is not the engagement's name: nothing was changed".to_owned()));
        }
        let resumed = client.resume(&self.engagement).await?;
        let lines = [("engagement", name), ("at", resumed.at.to_string()), ("epoch", resumed.epoch.to_string())];
        context.output.one("resume", &resumed, &lines)?;
        context.output.say("its old sessions stay ended: issue new ones with `cofferdam session create`");
        Ok(Exit::Done)
    }
}

fn ask(context: &Context, name: &str) -> Result<String, Error> {
    let input = std::io::stdin();
    if !input.is_terminal() {
        return Err(Error::Misuse(format!("there is nobody to ask\nadd `--yes-i-mean {name}` if you mean it")));
    }
    context.output.say("type the engagement's name to reopen it:");
    let mut line = String::new();
    input
        .lock()
        .read_line(&mut line)
        .map_err(|source| Error::Broken { attempt: "reading the answer", source: source.into() })?;
    Ok(line.trim().to_owned())
}

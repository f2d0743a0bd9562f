//! `cofferdam alarm`.

use base::id::AlarmId;
use clap::Subcommand;
use custody::alarms::{Alarm as Raised, Told};
use serde_json::{Value, json};

use super::Context;
use super::receiver::Receiver;
use crate::error::Error;
use crate::exit::Exit;

/// What somebody should look at, and who is told of it
#[derive(Subcommand)]
pub(super) enum Alarm {
    /// List the newest alarms; exits with 6 while one is open
    List {
        /// Acknowledged ones too
        #[arg(long)]
        all: bool,
    },
    /// Show an alarm, and who was told of it
    Show {
        /// Its id
        id: AlarmId,
    },
    /// Say that you have seen an alarm; what happens to the same thing from then on is a new one
    Acknowledge {
        /// Its id
        id: AlarmId,
    },
    /// Raise an alarm to see whether it arrives
    Test,
    /// Who is told of alarms
    #[command(subcommand)]
    Receiver(Receiver),
}

impl Alarm {
    pub(super) async fn run(self, context: &Context) -> Result<Exit, Error> {
        let client = context.client()?;
        match self {
            Self::List { all } => {
                let alarms = client.alarms().await?;
                let open = alarms.iter().any(|alarm| alarm.acknowledged.is_none());
                let shown = alarms.iter().filter(|alarm| all || alarm.acknowledged.is_none());
                let rows: Vec<Value> = shown.map(|alarm| json!(alarm)).collect();
                let columns = [
                    ("ID", "id"),
                    ("RAISED", "raised"),
                    ("SEVERITY", "severity"),
                    ("KIND", "kind"),
                    ("COUNT", "count"),
                    ("SUMMARY", "summary"),
                    ("ACKNOWLEDGED", "acknowledger"),
                ];
                context.output.list("alarms", &columns, &rows)?;
                return Ok(if open { Exit::Findings } else { Exit::Done });
            }
            Self::Show { id } => show(context, &client.alarm(id).await?)?,
            Self::Acknowledge { id } => show(context, &client.acknowledge_alarm(id).await?)?,
            Self::Receiver(receiver) => return receiver.run(context, &client).await,
            Self::Test => show(context, &client.test_alarm().await?)?,
        }
        Ok(Exit::Done)
    }
}

fn show(context: &Context, alarm: &Raised) -> Result<(), Error> {
    let mut lines = vec![
        ("alarm", alarm.id.to_string()),
        ("summary", alarm.details.summary.clone()),
        ("kind", format!("{}, {}", alarm.kind, alarm.severity)),
        ("raised", alarm.raised.to_string()),
        ("happened", format!("{} times, last at {}", alarm.count, alarm.latest)),
    ];
    lines.extend(alarm.details.engagements.iter().map(|engagement| ("engagement", engagement.to_string())));
    lines.extend(alarm.details.ids.iter().map(|(what, id)| ("about", format!("{what} {id}"))));
    lines.extend(alarm.told.iter().map(|told| ("told", telling(told))));
    if let (Some(who), Some(at)) = (&alarm.acknowledger, alarm.acknowledged) {
        lines.push(("acknowledged", format!("by {who} at {at}")));
    }
    context.output.one("alarm", alarm, &lines)
}

fn telling(told: &Told) -> String {
    let outcome = told.outcome.as_deref().unwrap_or("not tried yet");
    match told.settled {
        Some(at) => format!("{}: {outcome} at {at}", told.receiver),
        None => format!("{}: {outcome} after {} attempts; tried again", told.receiver, told.attempts),
    }
}

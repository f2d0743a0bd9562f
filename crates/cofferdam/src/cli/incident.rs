//! `cofferdam incident`: from a signal to what was learnt.

mod acts;
mod report;

use std::path::PathBuf;

use base::id::IncidentId;
use clap::Subcommand;
use custody::incidents::acts::Opening;
use custody::incidents::scoping::Scoped;
use custody::incidents::view::Shown;
use incident::word::{Category, ClockName, ReportKind};
use serde_json::{Value, json};

use super::Context;
use super::scope::Question;
use crate::error::Error;
use crate::exit::Exit;
use crate::output::escape;

/// Incidents: who noticed what, what it reached, who is told, what is learnt
///
/// Every act is recorded under your name, in the ledger, before it is answered. Nothing that was recorded can be changed.
#[derive(Subcommand)]
pub(super) enum Incident {
    /// Open an incident on a signal
    ///
    /// For example: incident open --title "stolen key" --signal "partner asks about strange reads" --raised-by partner-a
    Open {
        /// What to call it
        #[arg(long)]
        title: String,
        /// What was noticed
        #[arg(long)]
        signal: String,
        /// Who or what noticed it
        #[arg(long)]
        raised_by: String,
        /// When the signal was received
        #[arg(long, default_value = "now", allow_hyphen_values = true, value_name = "TIME")]
        received: String,
    },
    /// List incidents
    List,
    /// Show an incident: its clocks, what it reached, and every act
    Show {
        /// The incident
        id: IncidentId,
    },
    /// Take an incident: from now on somebody owns it
    Triage {
        /// The incident
        id: IncidentId,
        /// Who owns it
        #[arg(long, value_name = "NAME")]
        owner: String,
        /// What is thought, and what would show that it is nothing
        #[arg(long)]
        reasoning: String,
    },
    /// Record that it is no incident
    Dismiss {
        /// The incident
        id: IncidentId,
        /// What shows that
        #[arg(long)]
        reasoning: String,
    },
    /// Declare it: criteria that were written beforehand are met
    Declare {
        /// The incident
        id: IncidentId,
        /// A criterion that is met; repeat for more
        #[arg(long = "criterion", value_name = "TEXT", required = true)]
        criteria: Vec<String>,
        /// Of what kind: credential_theft, insider, public_exposure, supply_chain, lost_key, other
        #[arg(long)]
        category: Category,
        /// Who leads
        #[arg(long, value_name = "NAME")]
        lead: String,
    },
    /// Ask what it reached; asking again, more widely, takes a reason
    Scope {
        /// The incident
        id: IncidentId,
        #[command(flatten)]
        question: Question,
        /// Why it is asked again
        #[arg(long, default_value = "", hide_default_value = true)]
        why: String,
    },
    /// Pause what it reached, or the engagements that are named, and record the last byte
    Contain {
        /// The incident
        id: IncidentId,
        /// An engagement; repeat for more [default: all that its scope reached]
        #[arg(long = "engagement", value_name = "NAME")]
        engagements: Vec<String>,
    },
    /// Set a clock that deadlines run from; it cannot be moved afterwards
    ///
    /// Clocks: first_activity, last_activity, first_signal, discovered, aware, declared, contained, processor_told_us,
    /// materiality_decided, dfs_determined, people_told, scope_final, extortion_paid.
    Clock {
        /// The incident
        id: IncidentId,
        /// Which
        clock: ClockName,
        /// To when
        #[arg(long, default_value = "now", allow_hyphen_values = true, value_name = "TIME")]
        at: String,
        /// Why
        #[arg(long)]
        why: String,
        /// It is set already: let this entry stand beside the first
        #[arg(long)]
        again: bool,
    },
    /// Record something that was done
    Measure {
        /// The incident
        id: IncidentId,
        /// In a word: rotate, revoke, quarantine, policy-change
        kind: String,
        /// In a sentence
        #[arg(long)]
        what: String,
        /// In which engagement [default: in the deployment]
        #[arg(long, value_name = "NAME")]
        engagement: Option<String>,
        /// When
        #[arg(long, default_value = "now", allow_hyphen_values = true, value_name = "TIME")]
        at: String,
    },
    /// Decide a fact: severity, contacts, cause, a hold, a duty that is waived or owned
    ///
    /// The fact is JSON. For example: '{"fact":"severity","severity":"high"}' or '{"fact":"waive","duty":"us-ca/people"}'.
    Decide {
        /// The incident
        id: IncidentId,
        /// The fact, as JSON
        fact: String,
        /// Why
        #[arg(long)]
        why: String,
    },
    /// Record that its cause is removed
    Eradicate {
        /// The incident
        id: IncidentId,
        /// What was rotated, rebuilt or recalled; repeat for more
        #[arg(long = "done", value_name = "TEXT", required = true)]
        done: Vec<String>,
    },
    /// Record that work resumes in what `cofferdam resume` opened
    Recover {
        /// The incident
        id: IncidentId,
        /// Under which conditions
        #[arg(long)]
        conditions: String,
    },
    /// Make a report: asks anew what was reached, and says what changed since the last one
    ///
    /// Writes report.json, report.html, tables as CSV, and one file for each partner. A figure that fell needs a reason, or the report is
    /// refused.
    Report {
        /// The incident
        id: IncidentId,
        /// initial, update or final
        #[arg(long)]
        kind: ReportKind,
        /// Where to write it: a folder that is not there yet
        #[arg(long, value_name = "FOLDER")]
        out: PathBuf,
        /// Why a figure fell: `FIGURE=TEXT`, or `TEXT` for all; repeat for more
        #[arg(long = "reason", value_name = "REASON")]
        reasons: Vec<String>,
    },
    /// List the files that were made for your engagements
    Files,
    /// Fetch the file of an engagement's partner; a partner's security fetches its own
    Partner {
        /// The incident
        id: IncidentId,
        /// The engagement
        engagement: String,
        /// The report's number
        #[arg(long, value_name = "NUMBER")]
        report: u32,
    },
    /// Record that somebody was told
    Notify {
        /// The incident
        id: IncidentId,
        /// The duty, as the report's deadlines name it: `gdpr-33/authority`
        #[arg(long)]
        duty: String,
        /// Whom
        #[arg(long)]
        recipient: String,
        /// The file that holds the text as it was sent
        #[arg(long, value_name = "FILE")]
        text: PathBuf,
        /// What shows that it arrived
        #[arg(long)]
        receipt: String,
        /// The report it rests on
        #[arg(long, value_name = "NUMBER")]
        report: u32,
        /// When
        #[arg(long, default_value = "now", allow_hyphen_values = true, value_name = "TIME")]
        sent: String,
        /// The engagement whose partner was told
        #[arg(long, value_name = "NAME")]
        engagement: Option<String>,
        /// Why it was late
        #[arg(long)]
        reason_late: Option<String>,
    },
    /// Open the list of the people of an engagement; takes two people
    ///
    /// A privacy officer asks, another person approves with `cofferdam approval grant`, then the first runs this again.
    People {
        /// The incident
        id: IncidentId,
        /// The engagement
        engagement: String,
        /// The report's number
        #[arg(long, value_name = "NUMBER")]
        report: u32,
    },
    /// Close it with what was learnt
    Close {
        /// The incident
        id: IncidentId,
        /// A lesson, who sees to it, and by when: `LESSON;NAME;2026-12-31`; repeat for more
        #[arg(long = "lesson", value_name = "LESSON", required = true)]
        lessons: Vec<String>,
    },
}

impl Incident {
    pub(super) async fn run(self: Box<Self>, context: &Context) -> Result<Exit, Error> {
        let client = context.client()?;
        let shown = match *self {
            Self::Open { title, signal, raised_by, received } => {
                let received = Some(acts::time(&received)?);
                client.open_incident(&Opening { title, signal, raised_by, received }).await?
            }
            Self::List => return list(context, &client.incidents().await?),
            Self::Show { id } => client.incident(id).await?,
            Self::Scope { id, question, why } => {
                let Scoped { shown, scope } = client.scope_incident(id, &question.asked()?, &why).await?;
                for limit in &scope.limits {
                    context.output.say(&format!("limit: {limit}"));
                }
                shown
            }
            Self::Contain { id, engagements } => {
                let contained = client.contain_incident(id, &engagements).await?;
                return self::contained(context, contained);
            }
            Self::Report { id, kind, out, reasons } => {
                return report::make(context, &client, (id, kind), &out, &reasons).await;
            }
            Self::Files => return report::files(context, &client).await,
            Self::Partner { id, engagement, report } => {
                let document = client.partner_document(id, report, &engagement).await?;
                context.output.raw(&String::from_utf8_lossy(&document))?;
                return Ok(Exit::Done);
            }
            Self::People { id, engagement, report } => {
                let list = client.open_people(id, report, &engagement).await?;
                return report::people(context, &list);
            }
            act => {
                let (id, act) = act.read()?;
                client.act_on_incident(id, &act).await?
            }
        };
        show(context, &shown)?;
        Ok(Exit::Done)
    }
}

fn list(context: &Context, all: &[Shown]) -> Result<Exit, Error> {
    let rows: Vec<Value> = all.iter().map(|shown| json!(shown)).collect();
    let columns = [("ID", "id"), ("TITLE", "title"), ("STAGE", "stage"), ("LEAD", "lead"), ("OPENED", "opened")];
    context.output.list("incidents", &columns, &rows)?;
    Ok(Exit::Done)
}

fn contained(context: &Context, contained: Value) -> Result<Exit, Error> {
    let failed = contained.get("failed").and_then(Value::as_object).cloned().unwrap_or_default();
    let shown = contained.get("shown").cloned().unwrap_or_default();
    let shown: Shown = serde_json::from_value(shown)
        .map_err(|error| Error::Answer(format!("the server's answer is not understood: {error}")))?;
    show(context, &shown)?;
    for (engagement, why) in &failed {
        let why = escape(why.as_str().unwrap_or_default());
        context.output.say(&format!("`{}` is NOT paused: {why}", escape(engagement)));
    }
    Ok(if failed.is_empty() { Exit::Done } else { Exit::Failed })
}

fn show(context: &Context, shown: &Shown) -> Result<(), Error> {
    let none = || "nobody yet".to_owned();
    let mut lines = vec![
        ("incident", shown.id.to_string()),
        ("title", shown.title.clone()),
        ("stage", shown.stage.to_string()),
        ("owner", shown.owner.clone().unwrap_or_else(none)),
        ("lead", shown.lead.clone().unwrap_or_else(none)),
    ];
    for (clock, entries) in &shown.clocks {
        for entry in entries {
            lines.push(("clock", format!("{clock} {} by {}: {}", entry.time, entry.set_by, entry.why)));
        }
    }
    for selector in &shown.selectors {
        lines.push(("looks for", selector.clone()));
    }
    for part in &shown.engagements {
        let range = |of: Option<(u64, u64)>| match of {
            Some((least, most)) if least == most => least.to_string(),
            Some((least, most)) => format!("{least} to {most}"),
            None => "not asked".to_owned(),
        };
        let paused = part.paused.map_or_else(|| "not paused for it".to_owned(), |at| format!("paused {at}"));
        let (versions, people) = (range(part.versions), range(part.people));
        lines.push(("reached", format!("{}: {versions} objects, {people} people; {paused}", part.engagement)));
    }
    for made in &shown.reports {
        lines.push(("report", format!("{} ({}) {} {}", made.no, made.kind, made.at, made.digest)));
    }
    for owed in &shown.owed {
        let due = owed.due.map_or_else(|| "without delay".to_owned(), |due| format!("until {due}"));
        lines.push(("owed", format!("{} {due} ({})", owed.duty, owed.state)));
    }
    for act in &shown.acts {
        lines.push(("act", format!("{} {} by {}: {}", act.at, act.act, act.by, act.what)));
    }
    context.output.one("incident", shown, &lines)
}

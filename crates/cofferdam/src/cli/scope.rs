//! `cofferdam scope`: what an incident reached.

use base::Bytes;
use base::Timestamp;
use base::time::Clock;
use clap::Args;
use custody::scope::{Figure, Scope as Answer};
use serde_json::{Value, json};

use super::Context;
use crate::client::{ScopeAsked, SelectorText};
use crate::clock::SystemClock;
use crate::error::Error;
use crate::exit::Exit;
use crate::output::Format;
use crate::when;

/// What was reached: by whom, when, which objects, which data, about how many people
///
/// Name whose accesses to look for; several are added up. Figures stand as two numbers: at least (sent, as settled) and at
/// most (authorised, as recorded).
#[derive(Args)]
pub(super) struct Scope {
    #[command(flatten)]
    question: Question,
}

/// Whose accesses, and when.
#[derive(Args)]
pub(super) struct Question {
    /// An access key; repeat for more
    #[arg(long = "credential", value_name = "ACCESS_KEY")]
    credentials: Vec<String>,
    /// A session's id; repeat for more
    #[arg(long = "session", value_name = "ID")]
    sessions: Vec<String>,
    /// A principal's name or id; repeat for more
    #[arg(long = "principal", value_name = "NAME")]
    principals: Vec<String>,
    /// A network address; repeat for more
    #[arg(long = "address", value_name = "ADDRESS")]
    addresses: Vec<String>,
    /// Every access to this engagement; together with others, only theirs within it
    #[arg(long, value_name = "NAME")]
    engagement: Option<String>,
    /// From when: `2026-11-24T05:42:00Z`, `2026-11-24` or `-2h`
    #[arg(long, default_value = "-30d", allow_hyphen_values = true, value_name = "TIME")]
    from: String,
    /// Until when
    #[arg(long, default_value = "now", allow_hyphen_values = true, value_name = "TIME")]
    to: String,
}

impl Question {
    /// The question as the API takes it.
    ///
    /// # Errors
    /// [`Error::Misuse`] for a time that is none, and when nothing says whose accesses to look for.
    pub(super) fn asked(self) -> Result<ScopeAsked, Error> {
        let now = SystemClock.now();
        let (from, to) = (when::read(&self.from, now)?, when::read(&self.to, now)?);
        // An access of this very moment belongs to "until now".
        let to = if self.to == "now" { Timestamp(to.0.saturating_add(1_000_000)) } else { to };
        let of = |kind: &str, values: Vec<String>| {
            let kind = kind.to_owned();
            values.into_iter().map(move |value| SelectorText { kind: kind.clone(), value })
        };
        let mut selectors: Vec<SelectorText> = of("credential", self.credentials)
            .chain(of("session", self.sessions))
            .chain(of("principal", self.principals))
            .chain(of("address", self.addresses))
            .collect();
        if let (true, Some(engagement)) = (selectors.is_empty(), &self.engagement) {
            selectors.push(SelectorText { kind: "engagement".to_owned(), value: engagement.clone() });
        }
        if selectors.is_empty() {
            return Err(Error::Misuse(
                "name whose accesses to look for\nfor example `--credential ACCESS_KEY` or `--engagement NAME`"
                    .to_owned(),
            ));
        }
        Ok(ScopeAsked { selectors, from, to, engagement: self.engagement })
    }
}

impl Scope {
    pub(super) async fn run(self, context: &Context) -> Result<Exit, Error> {
        let client = context.client()?;
        let answer = client.scope(&self.question.asked()?).await?;
        match context.output.format {
            Format::Json => context.output.json(&json!(answer))?,
            Format::Csv => context.output.list("scoped-objects", &OBJECTS, &objects(&answer))?,
            Format::Table => {
                context.output.one("scope", &answer, &summary(&answer))?;
                for part in &answer.engagements {
                    context.output.raw(&format!("\n{} ({})\n", part.name, part.partner))?;
                    let types = part.types.iter().map(|(of, figure)| (of.word(), range(*figure)));
                    let mut lines = vec![
                        ("objects", range(part.versions)),
                        ("bytes", bytes(part.bytes)),
                        ("names only", part.names_only.to_string()),
                        ("people", range(part.people)),
                    ];
                    if part.unresolved.authorised > 0 {
                        lines.push(("also named", range(part.unresolved)));
                    }
                    lines.extend(types);
                    context.output.one("scope", part, &lines)?;
                }
                let rows = objects(&answer);
                if !rows.is_empty() {
                    context.output.raw("\n")?;
                    context.output.list("scoped-objects", &OBJECTS, &rows)?;
                }
                for limit in &answer.limits {
                    context.output.say(&format!("limit: {limit}"));
                }
            }
        }
        Ok(Exit::Done)
    }
}

const OBJECTS: [(&str, &str); 7] = [
    ("ENGAGEMENT", "engagement"),
    ("BUCKET", "bucket"),
    ("KEY", "key"),
    ("FORM", "form"),
    ("SIZE", "size"),
    ("SENT", "bytes.sent"),
    ("AUTHORISED", "bytes.authorised"),
];

fn summary(answer: &Answer) -> Vec<(&'static str, String)> {
    vec![
        ("selectors", answer.selectors.join(", ")),
        ("from", answer.from.to_string()),
        ("to", answer.to.to_string()),
        ("accesses", answer.events.to_string()),
        ("objects", range(answer.versions)),
        ("bytes", bytes(answer.bytes)),
        ("possible", Bytes(answer.possible_bytes).to_string()),
        ("names only", answer.names_only.to_string()),
        ("entries", answer.as_of_entries.to_string()),
    ]
}

fn objects(answer: &Answer) -> Vec<Value> {
    let mut rows = Vec::new();
    for part in &answer.engagements {
        for object in &part.objects {
            let mut row = json!(object);
            if let Some(members) = row.as_object_mut() {
                members.insert("engagement".to_owned(), json!(part.name));
            }
            rows.push(row);
        }
    }
    rows
}

/// `sent to authorised`, or one number when they agree.
fn range(figure: Figure) -> String {
    two(figure.sent.to_string(), figure.authorised.to_string())
}

fn bytes(figure: Figure) -> String {
    two(Bytes(figure.sent).to_string(), Bytes(figure.authorised).to_string())
}

fn two(least: String, most: String) -> String {
    if least == most { least } else { format!("{least} to {most}") }
}

//! `cofferdam budget`.

use base::Bytes;
use clap::{Args, Subcommand};
use custody::budget_office::{Budget as Row, Budgeted, Limit, NewBudget, Per};
use serde_json::{Value, json};

use super::Context;
use crate::error::Error;
use crate::exit::Exit;
use crate::output::Format;
use crate::when;

/// How much may leave: people, bytes and objects, within a window
///
/// Every engagement has budgets from the start, per session, principal and engagement. A read is cut where a budget ends.
#[derive(Subcommand)]
pub(super) enum Budget {
    /// Set a budget of an engagement
    ///
    /// What is not named stays as it is. Lowering takes hold at once; raising takes two people: the first asks, another approves
    /// with `cofferdam approval grant`, then the first runs this again.
    Set(Set),
    /// Show an engagement's budgets, and who has used how much of them
    Show {
        /// The engagement's name
        engagement: String,
    },
    /// List the budgets of all engagements
    List,
}

#[derive(Args)]
pub(super) struct Set {
    /// The engagement's name
    engagement: String,
    /// Whose reading it adds up: each `session`, each `principal`, or the whole `engagement`
    #[arg(long)]
    per: Per,
    /// How far back it looks, such as `1h`, `24h` or `7d`
    #[arg(long, value_name = "SPAN", default_value = "24h", value_parser = when::read_span_seconds)]
    window: u64,
    /// How many different people, or `unlimited`
    #[arg(long, value_name = "NUMBER", value_parser = count)]
    people: Option<Limit>,
    /// How many bytes, such as `50GB` or `64GiB`, or `unlimited`
    #[arg(long, value_name = "SIZE", value_parser = size)]
    bytes: Option<Limit>,
    /// How many different objects, or `unlimited`
    #[arg(long, value_name = "NUMBER", value_parser = count)]
    objects: Option<Limit>,
    /// At how much of it the alarm is raised [default: 80%]
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    soft: Option<u8>,
}

impl Budget {
    pub(super) async fn run(self, context: &Context) -> Result<Exit, Error> {
        let client = context.client()?;
        match self {
            Self::Set(set) => {
                let Set { engagement, per, window, people, bytes, objects, soft } = set;
                let new = NewBudget { per, window_seconds: window, people, bytes, objects, soft_percent: soft };
                let budgeted = client.set_budget(&engagement, &new).await?;
                list(context, &[budgeted])?;
            }
            Self::Show { engagement } => {
                let shown = client.budget(&engagement).await?;
                if context.output.format != Format::Table {
                    context.output.one("budget", &shown, &[])?;
                    return Ok(Exit::Done);
                }
                list(context, &[shown.plan])?;
                context.output.raw("\n")?;
                let used: Vec<Value> = shown
                    .used
                    .iter()
                    .map(|used| {
                        json!({
                            "per": used.per, "reader": used.reader, "window": span(used.window_seconds),
                            "people": used.people, "bytes": Bytes(used.bytes).to_string(), "objects": used.objects,
                        })
                    })
                    .collect();
                let columns = [
                    ("USED BY", "per"),
                    ("", "reader"),
                    ("WITHIN", "window"),
                    ("PEOPLE", "people"),
                    ("BYTES", "bytes"),
                    ("OBJECTS", "objects"),
                ];
                context.output.list("used", &columns, &used)?;
                if shown.omitted > 0 {
                    context.output.say(&format!("{} more are not listed", shown.omitted));
                }
            }
            Self::List => list(context, &client.budgets().await?)?,
        }
        Ok(Exit::Done)
    }
}

fn list(context: &Context, all: &[Budgeted]) -> Result<(), Error> {
    let row = |of: &Budgeted, budget: &Row| {
        let mut row = json!(budget);
        if let Some(members) = row.as_object_mut() {
            let limit = |limit: Option<u64>, shown: &dyn Fn(u64) -> String| limit.map_or_else(|| "-".to_owned(), shown);
            let number = |number: u64| number.to_string();
            members.insert("engagement".to_owned(), json!(of.engagement));
            members.insert("set".to_owned(), json!(of.revision > 0));
            members.insert("window".to_owned(), json!(span(budget.window_seconds)));
            members.insert("alarm".to_owned(), json!(format!("{} %", budget.soft_percent)));
            members.insert("shown_people".to_owned(), json!(limit(budget.people, &number)));
            members.insert("shown_bytes".to_owned(), json!(limit(budget.bytes, &|bytes| Bytes(bytes).to_string())));
            members.insert("shown_objects".to_owned(), json!(limit(budget.objects, &number)));
        }
        row
    };
    let rows: Vec<Value> = all.iter().flat_map(|of| of.budgets.iter().map(|budget| row(of, budget))).collect();
    let columns = [
        ("ENGAGEMENT", "engagement"),
        ("PER", "per"),
        ("WITHIN", "window"),
        ("PEOPLE", "shown_people"),
        ("BYTES", "shown_bytes"),
        ("OBJECTS", "shown_objects"),
        ("ALARM AT", "alarm"),
    ];
    context.output.list("budgets", &columns, &rows)
}

/// A window as the command line takes it.
fn span(seconds: u64) -> String {
    match seconds {
        seconds if seconds.is_multiple_of(3_600) => format!("{}h", seconds.wrapping_div(3_600)),
        seconds if seconds.is_multiple_of(60) => format!("{}m", seconds.wrapping_div(60)),
        seconds => format!("{seconds}s"),
    }
}

fn count(text: &str) -> Result<Limit, String> {
    match text {
        "unlimited" => Ok(Limit::Unlimited),
        _ => text.parse().map(Limit::At).map_err(|_| "expected a number, or `unlimited`".to_owned()),
    }
}

fn size(text: &str) -> Result<Limit, String> {
    let wrong = || "expected a size such as `50GB` or `64GiB`, or `unlimited`".to_owned();
    if text == "unlimited" {
        return Ok(Limit::Unlimited);
    }
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits).ok_or_else(wrong)?;
    let unit: u64 = match unit {
        "" | "B" => 1,
        "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "TB" => 1_000_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1 << 40,
        _ => return Err(wrong()),
    };
    let number: u64 = number.parse().map_err(|_| wrong())?;
    number.checked_mul(unit).map(Limit::At).ok_or_else(wrong)
}

fn percent(text: &str) -> Result<u8, String> {
    let number = text.strip_suffix('%').unwrap_or(text).parse().ok();
    number.filter(|number| (1..=100).contains(number)).ok_or_else(|| "expected 1% to 100%".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_as_people_write_them() {
        assert_eq!(count("1000"), Ok(Limit::At(1_000)));
        assert_eq!(count("unlimited"), Ok(Limit::Unlimited));
        assert_eq!(size("50GB"), Ok(Limit::At(50_000_000_000)));
        assert_eq!(size("64GiB"), Ok(Limit::At(64 << 30)));
        assert_eq!(size("7"), Ok(Limit::At(7)));
        assert_eq!(percent("80%"), Ok(80));
        for bad in ["", "GB", "-1", "1.5GB", "99999999999TB", "5 GB"] {
            assert!(size(bad).is_err(), "{bad}");
        }
        assert!(count("many").is_err() && percent("0").is_err() && percent("101%").is_err());
    }

    #[test]
    fn windows_are_shown_as_they_are_written() {
        assert_eq!([span(86_400), span(5_400), span(90)], ["24h", "90m", "90s"]);
    }
}

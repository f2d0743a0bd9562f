//! `cofferdam session`.

use base::id::SessionId;
use base::word::Purpose;
use clap::Subcommand;
use custody::sessions::{Issued, NewSession};
use serde_json::{Value, json};

use super::Context;
use crate::client::REGION;
use crate::error::Error;
use crate::exit::Exit;
use crate::output::Format;
use crate::when;

/// Short credentials of principals
#[derive(Subcommand)]
pub(super) enum Session {
    /// Issue a session and print what its holder exports; the secret is shown this once
    Create {
        /// For whom
        #[arg(long)]
        principal: String,
        /// In which engagement
        #[arg(long)]
        engagement: String,
        /// For what
        #[arg(long)]
        purpose: Purpose,
        /// A network it may be used from, such as `10.0.0.0/8`; repeat for more [default: anywhere]
        #[arg(long = "place", value_name = "NETWORK")]
        places: Vec<String>,
        /// For how long, such as `15m` or `1h`
        #[arg(long = "for", value_name = "SPAN", default_value = "1h", value_parser = when::read_span_seconds)]
        seconds: u64,
    },
    /// Issue a session the way AWS SDKs and tools ask for one: as their `credential_process`
    ///
    /// They call it whenever the session they hold comes near its end, so that a job may run for as long as its grant lives.
    CredentialProcess {
        /// For whom [default: the person who signs]
        #[arg(long)]
        principal: Option<String>,
        /// In which engagement
        #[arg(long)]
        engagement: String,
        /// For what
        #[arg(long)]
        purpose: Purpose,
        /// A network it may be used from, such as `10.0.0.0/8`; repeat for more [default: anywhere]
        #[arg(long = "place", value_name = "NETWORK")]
        places: Vec<String>,
        /// For how long, such as `30m` or `1h`; SDKs ask again 10 to 15 minutes before the end
        #[arg(long = "for", value_name = "SPAN", default_value = "1h", value_parser = when::read_span_seconds)]
        seconds: u64,
    },
    /// List live sessions
    List,
    /// End a session; requests under way end at their next window
    End {
        /// Its id
        id: SessionId,
    },
}

impl Session {
    pub(super) async fn run(self, context: &Context) -> Result<Exit, Error> {
        let client = context.client()?;
        match self {
            Self::Create { principal, engagement, purpose, places, seconds } => {
                let new = NewSession { principal, engagement, purpose, places, seconds };
                let issued = client.create_session(&new).await?;
                print_issued(context, &issued, &context.endpoint()?)?;
            }
            Self::CredentialProcess { principal, engagement, purpose, places, seconds } => {
                let principal = principal.unwrap_or_else(|| client.identity().name().to_owned());
                let new = NewSession { principal, engagement, purpose, places, seconds };
                let issued = client.create_session(&new).await?;
                context.output.raw(&format!("{}\n", as_credential_process(&issued)))?;
            }
            Self::List => {
                let rows = client.list("sessions").await?;
                let columns = [
                    ("ID", "id"),
                    ("ACCESS KEY", "access_key"),
                    ("PRINCIPAL", "principal"),
                    ("ENGAGEMENT", "engagement"),
                    ("PURPOSE", "purpose"),
                    ("PLACES", "places"),
                    ("EXPIRES", "expires"),
                ];
                context.output.list("sessions", &columns, &rows)?;
            }
            Self::End { id } => {
                client.end_session(id).await?;
                context.output.say(&format!("session `{id}` has ended"));
            }
        }
        Ok(Exit::Done)
    }
}

// SPEC: AWS SDKs and Tools, process credential provider: version 1; the time in ISO 8601, which every SDK reads without fractions.
fn as_credential_process(issued: &Issued) -> Value {
    let expires = issued.expires.to_string();
    let seconds = expires.split('.').next().unwrap_or_default();
    json!({
        "Version": 1,
        "AccessKeyId": issued.access_key,
        "SecretAccessKey": issued.secret,
        "SessionToken": issued.token,
        "Expiration": format!("{seconds}Z"),
    })
}

/// Prints a session the one time its secret is shown: for a shell to read, or as JSON.
pub(super) fn print_issued(context: &Context, issued: &Issued, endpoint: &str) -> Result<(), Error> {
    match context.output.format {
        Format::Json | Format::Csv => context.output.one(
            "session",
            &json!({
                "session": issued.session,
                "access_key": issued.access_key,
                "secret": issued.secret,
                "token": issued.token,
                "expires": issued.expires,
                "endpoint": endpoint,
                "region": REGION,
            }),
            &[],
        ),
        Format::Table => {
            // Nothing in these values needs quoting: base64, ids, an address.
            let lines = [
                ("AWS_ACCESS_KEY_ID", issued.access_key.as_str()),
                ("AWS_SECRET_ACCESS_KEY", &issued.secret),
                ("AWS_SESSION_TOKEN", &issued.token),
                ("AWS_ENDPOINT_URL_S3", endpoint),
                ("AWS_REGION", REGION),
            ];
            let lines: String = lines.iter().map(|(name, value)| format!("export {name}={value}\n")).collect();
            context.output.raw(&lines)?;
            context.output.say(&format!("session `{}` ends at {}", issued.session, issued.expires));
            Ok(())
        }
    }
}

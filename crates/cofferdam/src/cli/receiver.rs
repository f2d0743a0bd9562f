//! `cofferdam alarm receiver`.

use std::path::{Path, PathBuf};

use base::id::ReceiverId;
use clap::{Args, Subcommand};
use custody::receivers::{NewReceiver, Route};
use serde_json::{Value, json};

use super::Context;
use crate::client::AdminClient;
use crate::error::Error;
use crate::exit::Exit;
use crate::files;

/// Who is told of alarms
#[derive(Subcommand)]
pub(super) enum Receiver {
    /// Have somebody told of every alarm from now on, by webhook or by mail
    #[command(after_help = "Examples:\n  cofferdam alarm receiver add --webhook https://hooks.example.org/alarms\n  \
                      cofferdam alarm receiver add --smtp mail.example.org:587 --user custody --password-file pw \\\n      \
                      --from custody@example.org --to guard@example.org")]
    Add(Box<Add>),
    /// List who is told, and how many alarms each is still to be told
    List,
    /// Tell a receiver nothing more
    Remove {
        /// Its id
        id: ReceiverId,
    },
}

#[derive(Args)]
pub(super) struct Add {
    /// Where to post; the secret that it is signed with is shown this once
    #[arg(long, value_name = "URL", required_unless_present = "smtp", conflicts_with = "smtp")]
    webhook: Option<String>,
    /// The mail server; port 465 speaks TLS at once, others after STARTTLS
    #[arg(long, value_name = "HOST:PORT", requires_all = ["from", "to"])]
    smtp: Option<String>,
    /// The mailbox it comes from
    #[arg(long, value_name = "MAILBOX")]
    from: Option<String>,
    /// The mailbox it goes to
    #[arg(long, value_name = "MAILBOX")]
    to: Option<String>,
    /// The user of the mail server
    #[arg(long, requires = "password_file")]
    user: Option<String>,
    /// The file with the user's password
    #[arg(long, value_name = "FILE", requires = "user")]
    password_file: Option<PathBuf>,
    /// Speak plain text to a mail relay on this machine
    #[arg(long, requires = "smtp")]
    plain: bool,
    /// The certificate of the authority that vouches for the receiver [default: those that the server's system believes]
    #[arg(long, value_name = "FILE")]
    authority: Option<PathBuf>,
}

impl Receiver {
    pub(super) async fn run(self, context: &Context, client: &AdminClient) -> Result<Exit, Error> {
        match self {
            Self::Add(add) => {
                let added = client.add_receiver(&NewReceiver { route: add.route()? }).await?;
                let mut lines = vec![("receiver", added.id.to_string())];
                lines.extend(added.secret.clone().map(|secret| ("signed with", secret)));
                context.output.one("receiver", &added, &lines)?;
                context.output.say("see whether it arrives: `cofferdam alarm test`");
            }
            Self::List => {
                let rows: Vec<Value> = client.receivers().await?.iter().map(|receiver| json!(receiver)).collect();
                let columns = [("ID", "id"), ("BY", "by"), ("TO", "to"), ("WAITING", "waiting"), ("ADDED", "added")];
                context.output.list("receivers", &columns, &rows)?;
            }
            Self::Remove { id } => {
                client.drop_receiver(id).await?;
                context.output.say(&format!("`{id}` is told nothing more"));
            }
        }
        Ok(Exit::Done)
    }
}

impl Add {
    fn route(self) -> Result<Route, Error> {
        let authority = self.authority.as_deref().map(authority).transpose()?;
        if let Some(url) = self.webhook {
            return Ok(Route::Webhook { url, authority });
        }
        let server = self.smtp.unwrap_or_default();
        let named = server.rsplit_once(':').and_then(|(host, port)| Some((host.to_owned(), port.parse().ok()?)));
        let (host, port) = named.ok_or_else(|| {
            Error::Misuse(format!("`{server}` is no mail server\nwrite it like `mail.example.org:587`"))
        })?;
        let password =
            self.password_file.as_deref().map(|path| files::read_secret("the password", path)).transpose()?;
        let password =
            password.map(|plain| plain.expose(|bytes| String::from_utf8_lossy(bytes.trim_ascii_end()).into_owned()));
        let (from, to) = (self.from.unwrap_or_default(), self.to.unwrap_or_default());
        Ok(Route::Mail { host, port, plain: self.plain, authority, login: self.user.zip(password), from, to })
    }
}

fn authority(path: &Path) -> Result<String, Error> {
    let none = || Error::Misuse(format!("`{}` holds no certificate in PEM", path.display()));
    files::read_text(path)?.filter(|text| text.contains("-----BEGIN CERTIFICATE-----")).ok_or_else(none)
}

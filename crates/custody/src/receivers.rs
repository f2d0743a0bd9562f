//! Receivers: who outside of this deployment is told of alarms, and how.

use std::sync::Arc;

use base::Timestamp;
use base::id::{ChainId, ReceiverId, RequestId};
use base::word::Verb;
use catalog::model::{Change, ReceiverRow};
use seal::Fields;
use serde::{Deserialize, Serialize};

use crate::custody::Custody;
use crate::entries::{ReceiverActed, kind};
use crate::error::{Clash, CustodyError, Thing};
use crate::identity::Caller;

/// What sealed receivers are bound to, beside their id.
const CONTEXT: &str = "receiver";

/// How many receivers there may be: each costs a task, and a line in the outbox an alarm.
const MOST_RECEIVERS: usize = 32;

/// The longest address, mailbox or password.
const LONGEST_TEXT_BYTES: usize = 2048;

/// The longest certificates of an authority.
const LONGEST_AUTHORITY_BYTES: usize = 64 * 1024;

/// How a receiver is told. No `Debug`: there may be a password in it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Route {
    /// A POST.
    Webhook {
        /// Where to. `https`, or `http` on this machine.
        url: String,
        /// The certificates of the authority that vouches for it, in PEM; those that this system believes without.
        authority: Option<String>,
    },
    /// A message.
    Mail {
        /// The server's name.
        host: String,
        /// Its port: 465 speaks TLS at once, others after STARTTLS.
        port: u16,
        /// Plain text, to a relay on this machine.
        plain: bool,
        /// As with webhooks.
        authority: Option<String>,
        /// User and password, where the server asks for them.
        login: Option<(String, String)>,
        /// The mailbox it comes from.
        from: String,
        /// The mailbox it goes to.
        to: String,
    },
}

impl Route {
    /// `webhook` or `mail`.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Webhook { .. } => "webhook",
            Self::Mail { .. } => "mail",
        }
    }

    /// Where it leads, without what is secret. What follows a path in a URL may be.
    fn shown(&self) -> String {
        match self {
            Self::Webhook { url, .. } => url.split(['?', '#']).next().unwrap_or_default().to_owned(),
            Self::Mail { host, port, to, .. } => format!("{to} by {host}:{port}"),
        }
    }

    fn check(&self) -> Result<(), CustodyError> {
        let (texts, authority, local) = match self {
            Self::Webhook { url, authority } => {
                let plain = url.strip_prefix("http://");
                if plain.is_none() && !url.starts_with("https://") {
                    return Err(CustodyError::invalid("a webhook's address begins with `https://`"));
                }
                (vec![url], authority, plain.is_none_or(is_local))
            }
            Self::Mail { host, plain, authority, from, to, .. } => {
                (vec![host, from, to], authority, !plain || is_local(host))
            }
        };
        if !local {
            return Err(CustodyError::invalid(
                "plain text is spoken on this machine alone\nuse TLS, or a relay on `localhost`",
            ));
        }
        let printable = |text: &&String| text.bytes().all(|byte| byte.is_ascii_graphic());
        if !texts.iter().all(|text| !text.is_empty() && text.len() <= LONGEST_TEXT_BYTES && printable(text)) {
            return Err(CustodyError::invalid("an address is written in printable characters without spaces"));
        }
        if authority.as_ref().is_some_and(|pem| pem.len() > LONGEST_AUTHORITY_BYTES) {
            return Err(CustodyError::invalid("the certificate of the authority is longer than any that is used"));
        }
        Ok(())
    }
}

/// Whether a host, with or without a port and a path, is this machine by the way it is written.
fn is_local(host: &str) -> bool {
    let host = host.split('/').next().unwrap_or_default();
    let bare = host.strip_prefix('[').and_then(|rest| rest.split_once(']')).map(|(inner, _port)| inner);
    let bare = bare.unwrap_or_else(|| host.split(':').next().unwrap_or_default());
    bare == "localhost" || bare.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

/// A receiver to add.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewReceiver {
    /// How it is told.
    pub route: Route,
}

/// A receiver that was added.
#[derive(Serialize, Deserialize)]
pub struct ReceiverAdded {
    /// Its id.
    pub id: ReceiverId,
    /// What its webhooks are signed with, shown this once.
    pub secret: Option<String>,
}

/// A receiver as people see it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReceiverShown {
    /// Its id.
    pub id: ReceiverId,
    /// `webhook` or `mail`.
    pub by: String,
    /// Where it is.
    pub to: String,
    /// When it was added.
    pub added: Timestamp,
    /// How many alarms it is still to be told.
    pub waiting: u64,
}

/// A receiver.
pub struct Receiver {
    pub(crate) id: ReceiverId,
    pub(crate) added: Timestamp,
    /// How it is told.
    pub route: Route,
    /// What its webhooks are signed with.
    pub secret: Option<String>,
}

/// What of it is sealed.
#[derive(Serialize, Deserialize)]
struct Body {
    route: Route,
    secret: Option<String>,
}

impl Receiver {
    pub(crate) fn open(row: &ReceiverRow, fields: &Fields) -> Result<Self, CustodyError> {
        let body = fields.open(CONTEXT, row.id.as_bytes(), &row.sealed)?;
        let body = body.expose(|body| serde_json::from_slice::<Body>(body));
        let body = body.map_err(|error| CustodyError::Corrupt(format!("receiver `{}`: {error}", row.id)))?;
        Ok(Self { id: row.id, added: row.added, route: body.route, secret: body.secret })
    }

    /// How it is listed.
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.route.word(), self.route.shown())
    }
}

/// How many alarms of one receiver are counted as waiting; more are not told apart.
const MOST_COUNTED: usize = 10_000;

impl Custody {
    /// Has somebody told of every alarm that is raised from now on.
    ///
    /// # Errors
    /// `Denied`; `Invalid` for an address that is none, or plain text that would leave this machine.
    pub async fn add_receiver(
        &self,
        caller: &Caller,
        request: RequestId,
        new: NewReceiver,
    ) -> Result<ReceiverAdded, CustodyError> {
        self.may_administer(caller, request, Verb::WatchAlarms).await?;
        new.route.check()?;
        let _turn = self.desk.lock().await;
        if self.outbox.receivers().len() >= MOST_RECEIVERS {
            return Err(CustodyError::Conflict(Clash::Already));
        }
        let id = ReceiverId::fresh(self.entropy.as_ref());
        // SPEC: Standard Webhooks: `whsec_` and base64.
        let fresh = || format!("whsec_{}", data_encoding::BASE64.encode(&self.entropy.bytes::<32>()));
        let secret = matches!(new.route, Route::Webhook { .. }).then(fresh);
        let body = Body { route: new.route, secret };
        let text = serde_json::to_vec(&body).map_err(|error| CustodyError::Corrupt(error.to_string()))?;
        let fields = &self.deployment.fields;
        let sealed = fields.seal(CONTEXT, id.as_bytes(), &text)?;
        let row = ReceiverRow { id, added: self.clock.now(), sealed };
        let what = ReceiverActed { receiver: id, by: body.route.word() };
        let draft = self.draft(caller, request, ChainId::SYSTEM, kind::RECEIVER, what)?;
        self.commit(vec![Change::Receiver(row.clone())], draft).await?;
        self.outbox.add(Arc::new(Receiver::open(&row, fields)?));
        Ok(ReceiverAdded { id, secret: body.secret })
    }

    /// Tells a receiver nothing more.
    ///
    /// # Errors
    /// `Denied`; `Missing`.
    pub async fn drop_receiver(
        &self,
        caller: &Caller,
        request: RequestId,
        receiver: ReceiverId,
    ) -> Result<(), CustodyError> {
        self.may_administer(caller, request, Verb::WatchAlarms).await?;
        let _turn = self.desk.lock().await;
        let held = self.outbox.receiver(receiver).ok_or_else(|| CustodyError::missing(Thing::Receiver, receiver))?;
        let what = ReceiverActed { receiver, by: held.route.word() };
        let draft = self.draft(caller, request, ChainId::SYSTEM, kind::RECEIVER_DELETE, what)?;
        self.commit(vec![Change::DropReceiver(receiver)], draft).await?;
        self.outbox.remove(receiver);
        Ok(())
    }

    /// Who is told.
    ///
    /// # Errors
    /// `Denied`; the catalog cannot be read.
    pub async fn receivers(&self, caller: &Caller, request: RequestId) -> Result<Vec<ReceiverShown>, CustodyError> {
        self.may_administer(caller, request, Verb::WatchAlarms).await?;
        let show = |receiver: Arc<Receiver>| {
            Ok(ReceiverShown {
                id: receiver.id,
                by: receiver.route.word().to_owned(),
                to: receiver.route.shown(),
                added: receiver.added,
                waiting: self.catalog.outbox_of(receiver.id, MOST_COUNTED)?.len() as u64,
            })
        };
        self.outbox.receivers().into_iter().map(show).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn webhook(url: &str) -> Result<(), CustodyError> {
        Route::Webhook { url: url.to_owned(), authority: None }.check()
    }

    #[test]
    fn plain_text_stays_on_this_machine() {
        for url in
            ["https://hooks.example.org/a?b=c", "http://localhost:9000/x", "http://127.0.0.1/", "http://[::1]:80/"]
        {
            assert!(webhook(url).is_ok(), "{url}");
        }
        for url in ["http://hooks.example.org/", "http://localhost.example.org/", "ftp://x", "https://a b", ""] {
            assert!(webhook(url).is_err(), "{url}");
        }
    }

    #[test]
    fn what_may_be_secret_in_an_address_is_not_shown() {
        let route = Route::Webhook { url: "https://hooks.example.org/in?token=abc".to_owned(), authority: None };
        assert_eq!(route.shown(), "https://hooks.example.org/in");
    }
}

//! Tells others of alarms: signed webhooks and mail, with OCSF findings as content.
//!
//! One letter to one receiver at a time. What became of it is answered; whether to try again is for others to say. Everything
//! that a receiver can do is bounded: how long it may take, how much it may say, where it may be.
//!
//! # Threats
//! A receiver, or who answers in its place. It may never answer, answer without end, or send us elsewhere: redirects are not
//! followed, an answer is read as far as its status, and every attempt ends after [`LONGEST_ATTEMPT`]. It learns ids, counts and words
//! of ours; what a letter says is made by custody, which puts no names and no keys of objects into it.

mod connection;
mod error;
mod finding;
mod mail;
mod webhook;

use std::time::Duration;

pub use connection::Trust;
pub use error::Undelivered;
pub use finding::Finding;
pub use mail::{MailRoute, send_mail};
pub use webhook::{Webhook, WebhookSecret, send_webhook, signature};

/// How long one attempt may take, from the first look-up to the receiver's answer.
pub const LONGEST_ATTEMPT: Duration = Duration::from_secs(10);

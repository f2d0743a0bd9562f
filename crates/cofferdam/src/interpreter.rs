//! What came over the admin API, in custody's words: people's signatures and selectors of accesses.
//!
//! The gateway knows HTTP and custody; the format of a person's signature is `attest`'s, and kinds of selectors are the
//! catalog's. Here they meet.

use std::net::IpAddr;
use std::sync::Arc;

use base::id::SessionId;
use catalog::model::SelectorKind;
use custody::touch::Selector;
use custody::{Caller, Custody, CustodyError, PersonClaim};
use gateway::admin::{Interpreter, Signed};

/// Interprets for one custody.
pub struct Interpret(Arc<Custody>);

impl Interpret {
    /// For `custody`.
    #[must_use]
    pub const fn new(custody: Arc<Custody>) -> Self {
        Self(custody)
    }
}

impl Interpreter for Interpret {
    fn person(&self, signed: &Signed<'_>) -> Result<Caller, CustodyError> {
        let request = attest::person::Request {
            method: signed.method,
            authority: signed.authority,
            path: signed.path,
            query: signed.query,
            body: signed.body,
        };
        self.0.identity().person(&PersonClaim {
            request,
            content_digest: signed.content_digest,
            signature_input: signed.signature_input,
            signature: signed.signature,
            address: signed.address,
        })
    }

    /// Entries name principals and engagements by id; people name them by name. What names nobody is refused: an answer of
    /// zero must mean that nothing was reached, not that a name was misspelt.
    fn selector(&self, kind: &str, value: &str) -> Option<Selector> {
        let directory = self.0.directory();
        let principal = || {
            let named = directory.principal_named(value).map(|found| found.row.id);
            named.or_else(|| value.parse().ok())
        };
        let (kind, value) = match kind {
            "credential" => (SelectorKind::Credential, value.to_owned()),
            "session" => (SelectorKind::Session, value.parse::<SessionId>().ok()?.to_string()),
            "address" => (SelectorKind::Address, value.parse::<IpAddr>().ok()?.to_canonical().to_string()),
            "principal" => (SelectorKind::Principal, principal()?.to_string()),
            "engagement" => (SelectorKind::Engagement, directory.engagement_named(value)?.id.to_string()),
            _ => return None,
        };
        Some(Selector { kind, value })
    }
}

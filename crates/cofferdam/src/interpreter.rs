//! What came over the admin API, in custody's words: people's signatures and selectors of accesses.
//!
//! The gateway knows HTTP and custody; the format of a person's signature is `attest`'s, and kinds of selectors are the
//! catalog's. Here they meet.

use std::sync::Arc;

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

    /// Entries name principals and engagements by id; people name them by name. A name that is not known stays as it is: it
    /// selects nothing, as an id that never acted does.
    fn selector(&self, kind: &str, value: &str) -> Option<Selector> {
        let directory = self.0.directory();
        let named = |id: Option<String>| id.unwrap_or_else(|| value.to_owned());
        let (kind, value) = match kind {
            "credential" => (SelectorKind::Credential, value.to_owned()),
            "session" => (SelectorKind::Session, value.to_owned()),
            "address" => (SelectorKind::Address, value.to_owned()),
            "principal" => {
                (SelectorKind::Principal, named(directory.principal_named(value).map(|found| found.row.id.to_string())))
            }
            "engagement" => {
                (SelectorKind::Engagement, named(directory.engagement_named(value).map(|found| found.id.to_string())))
            }
            _ => return None,
        };
        Some(Selector { kind, value })
    }
}

//! Asking what an incident reached, and asking again more widely, with a reason.
//!
//! The questions of an incident add up: what any of them selects was reached. A later question never takes an earlier one back,
//! so that what was once looked for stays in every report.

use base::id::{IncidentId, RequestId};
use catalog::model::SelectorKind;
use incident::stage::Act;
use serde::{Deserialize, Serialize};

use super::chain::Part;
use super::line::{Done, Reached, Selection};
use super::view::Shown;
use crate::custody::Custody;
use crate::error::CustodyError;
use crate::identity::Caller;
use crate::scope::{Scope, ScopeQuestion};
use crate::touch::Selector;

/// Every kind of selector that a question can have.
const KINDS: [SelectorKind; 5] = [
    SelectorKind::Credential,
    SelectorKind::Session,
    SelectorKind::Principal,
    SelectorKind::Address,
    SelectorKind::Engagement,
];

/// What a question came to.
#[derive(Debug, Serialize, Deserialize)]
pub struct Scoped {
    /// The incident.
    pub shown: Shown,
    /// The answer.
    pub scope: Scope,
}

impl Custody {
    /// Asks what an incident reached. Every question after the first needs a reason.
    ///
    /// # Errors
    /// As [`Self::scope`] and the other acts answer.
    pub async fn scope_incident(
        &self,
        caller: &Caller,
        request: RequestId,
        incident: IncidentId,
        question: &ScopeQuestion,
        why: &str,
    ) -> Result<Scoped, CustodyError> {
        self.may_respond(caller, request).await?;
        let scope = self.scope(caller, request, question).await?;
        let digest = |bytes: &[u8]| data_encoding::HEXLOWER.encode(&attest::sha256(&[bytes]));
        let act = Act::Scope {
            selectors: scope.selectors.clone(),
            result_digest: digest(&serde_json::to_vec(&scope).unwrap_or_default()),
            widening: why.trim().to_owned(),
        };
        let reached = scope.engagements.iter().map(|part| Reached {
            engagement: part.engagement,
            versions: (part.versions.sent, part.versions.authorised),
            people: (part.people.sent, part.people.authorised),
        });
        let done = Done::Scoped { act, question: Selection::of(question), reached: reached.collect() };
        let parts = scope
            .engagements
            .iter()
            .map(|part| {
                let digest = digest(&serde_json::to_vec(part).unwrap_or_default());
                let said = Part { digest: Some(digest), ..Part::default() };
                self.incident_part(caller, request, (incident, "scope"), part.engagement, &said)
            })
            .collect::<Result<Vec<_>, _>>()?;
        let _turn = self.desk.lock().await;
        let (mut story, last) = self.story(incident)?;
        self.add_line(caller, request, &mut story, last, done, parts).await?;
        Ok(Scoped { shown: self.incident_shown(&story)?, scope })
    }
}

impl Selection {
    /// A question as an incident keeps it.
    pub(crate) fn of(question: &ScopeQuestion) -> Self {
        let selectors = question.selectors.iter();
        Self {
            selectors: selectors.map(|of| (of.kind.word().to_owned(), of.value.clone())).collect(),
            from: question.from,
            to: question.to,
            engagement: question.engagement.clone(),
        }
    }

    /// The question again.
    ///
    /// # Errors
    /// `Corrupt` for a kind of selector that this program does not know.
    pub(crate) fn question(&self) -> Result<ScopeQuestion, CustodyError> {
        let read = |(kind, value): &(String, String)| {
            let known = KINDS.iter().find(|known| known.word() == kind);
            let corrupt = || CustodyError::Corrupt(format!("a kind of selector `{kind}` in an incident's question"));
            let kind = *known.ok_or_else(corrupt)?;
            Ok(Selector { kind, value: value.clone() })
        };
        Ok(ScopeQuestion {
            selectors: self.selectors.iter().map(read).collect::<Result<_, CustodyError>>()?,
            from: self.from,
            to: self.to,
            engagement: self.engagement.clone(),
        })
    }
}

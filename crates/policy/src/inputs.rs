//! All that a decision can depend on.
//!
//! [`Inputs`] is the one view of a question that goes further: Cedar is shown nothing else, the decision cache is keyed by it
//! whole, and the ledger keeps it for replay. So a cached decision is the decision Cedar would make, by construction, and a
//! replayed one is judged by what the first one was judged by. It holds ids and words, never a name of a person.
//!
//! Time enters in two ways, both chosen so that they can be keyed: `now` is rounded down to the minute, and a grant that has
//! run out, to the microsecond, is not there at all.

use std::borrow::Cow;

use base::Timestamp;
use base::id::{DatasetId, EngagementId, PartnerId, PrincipalId};
use base::word::{BudgetState, Form, PrincipalKind, Purpose, Role, ScanState, State, Verb};
use serde::{Deserialize, Serialize};

use crate::access::Target;
use crate::question::Question;

const SECONDS_PER_MINUTE: i64 = 60;

/// The last second the calendar can write; a grant without end is shown as ending there.
const LAST: Timestamp = Timestamp::from_seconds(253_402_300_799);

/// What a question comes down to. Borrows from the question; owned when cached or read back.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Inputs<'q> {
    pub(crate) now: Timestamp,
    pub(crate) principal: PrincipalId,
    pub(crate) kind: PrincipalKind,
    pub(crate) partner: Option<PartnerId>,
    pub(crate) roles: Cow<'q, [Role]>,
    pub(crate) purpose: Option<Cow<'q, Purpose>>,
    pub(crate) verb: Verb,
    pub(crate) form: Form,
    pub(crate) engagement: Engagement<'q>,
    pub(crate) dataset: Option<Dataset<'q>>,
    pub(crate) version: Option<Version>,
    pub(crate) grant: Option<Grant<'q>>,
    pub(crate) approvers: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) budget: Option<BudgetState>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Engagement<'q> {
    pub(crate) id: EngagementId,
    pub(crate) partner: PartnerId,
    pub(crate) state: State,
    pub(crate) purposes: Cow<'q, [Purpose]>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Dataset<'q> {
    pub(crate) id: DatasetId,
    pub(crate) purposes: Cow<'q, [Purpose]>,
    pub(crate) unscannable_readable: bool,
}

/// Of a version only its class, so that one decision serves all versions of a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Version {
    pub(crate) scan: ScanState,
    pub(crate) written_by_caller: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Grant<'q> {
    pub(crate) verbs: Cow<'q, [Verb]>,
    pub(crate) purposes: Cow<'q, [Purpose]>,
    pub(crate) expires: Timestamp,
}

impl<'q> Inputs<'q> {
    /// Reduces a question to what it is decided by.
    ///
    /// `None` when the facts are not those of the access: another engagement's or dataset's, or none for the version whose
    /// bytes are asked for. Judging those would be judging something else.
    pub(crate) fn of(question: &'q Question) -> Option<Self> {
        let Question { access, facts, .. } = question;
        let who = &*access.who;
        let engagement_fits = facts.engagement.id == access.engagement;
        let dataset_fits = match access.dataset() {
            Some(dataset) => facts.dataset.as_ref().is_some_and(|known| known.id == dataset),
            None => true,
        };
        let version_fits = match &access.target {
            Target::Bytes { object, .. } => object.engagement == access.engagement && facts.object.is_some(),
            Target::Engagement | Target::Dataset(_) => true,
        };
        if !(engagement_fits && dataset_fits && version_fits) {
            return None;
        }
        Some(Self {
            now: minute(access.at),
            principal: who.principal,
            kind: who.kind,
            partner: who.partner,
            roles: Cow::Borrowed(&who.roles),
            purpose: who.purpose.as_ref().map(Cow::Borrowed),
            verb: access.verb,
            form: access.form,
            engagement: Engagement {
                id: facts.engagement.id,
                partner: facts.engagement.partner,
                state: facts.engagement.state,
                purposes: Cow::Borrowed(&facts.engagement.purposes),
            },
            dataset: facts.dataset.as_ref().map(|dataset| Dataset {
                id: dataset.id,
                purposes: Cow::Borrowed(&dataset.purposes),
                unscannable_readable: dataset.unscannable_readable,
            }),
            version: facts
                .object
                .as_ref()
                .map(|object| Version { scan: object.scan, written_by_caller: object.writer == who.principal }),
            // INVARIANT: expiry is exact and is looked at on every decision, cached or not.
            grant: facts.grant.as_ref().filter(|grant| access.at < grant.expires).map(|grant| Grant {
                verbs: Cow::Borrowed(&grant.verbs),
                purposes: Cow::Borrowed(&grant.purposes),
                expires: grant.expires.min(LAST),
            }),
            approvers: others(&facts.approvers, who.principal),
            budget: facts.budget,
        })
    }

    /// Whether the caller may know that the engagement and what is in it exist; if not, a refusal must not say.
    pub(crate) fn caller_may_know(&self) -> bool {
        let own = match self.partner {
            Some(partner) => partner == self.engagement.partner,
            None => true,
        };
        let overseers: &[Role] = match self.partner {
            Some(_) => &[Role::PartnerSecurity, Role::Auditor],
            // The scanner is a part of the program: it must hear of a pause to come back after it.
            None if self.verb == Verb::Scan => {
                &[Role::Administrator, Role::Security, Role::PrivacyOfficer, Role::Auditor, Role::Workload]
            }
            None => &[Role::Administrator, Role::Security, Role::PrivacyOfficer, Role::Auditor],
        };
        own && (self.grant.is_some() || self.roles.iter().any(|role| overseers.contains(role)))
    }

    /// The same, owing nothing to the question.
    pub(crate) fn into_owned(self) -> Inputs<'static> {
        Inputs {
            now: self.now,
            principal: self.principal,
            kind: self.kind,
            partner: self.partner,
            roles: own(self.roles),
            purpose: self.purpose.map(|purpose| Cow::Owned(purpose.into_owned())),
            verb: self.verb,
            form: self.form,
            engagement: Engagement {
                id: self.engagement.id,
                partner: self.engagement.partner,
                state: self.engagement.state,
                purposes: own(self.engagement.purposes),
            },
            dataset: self.dataset.map(|dataset| Dataset {
                id: dataset.id,
                purposes: own(dataset.purposes),
                unscannable_readable: dataset.unscannable_readable,
            }),
            version: self.version,
            grant: self.grant.map(|grant| Grant {
                verbs: own(grant.verbs),
                purposes: own(grant.purposes),
                expires: grant.expires,
            }),
            approvers: self.approvers,
            budget: self.budget,
        }
    }

    /// Inputs with every part present, to try a schema on before it is used.
    pub(crate) fn sample(verb: Verb) -> Self {
        let partner = PartnerId::from_bytes([1; 16]);
        Self {
            now: Timestamp(0),
            principal: PrincipalId::from_bytes([2; 16]),
            kind: PrincipalKind::Person,
            partner: Some(partner),
            roles: Cow::Borrowed(Role::ALL),
            purpose: "sample".parse().ok().map(Cow::Owned),
            verb,
            form: Form::Raw,
            engagement: Engagement {
                id: EngagementId::from_bytes([3; 16]),
                partner,
                state: State::Active,
                purposes: Cow::Borrowed(&[]),
            },
            dataset: Some(Dataset {
                id: DatasetId::from_bytes([4; 16]),
                purposes: Cow::Borrowed(&[]),
                unscannable_readable: false,
            }),
            version: Some(Version { scan: ScanState::Scanned, written_by_caller: false }),
            grant: Some(Grant { verbs: Cow::Borrowed(Verb::ALL), purposes: Cow::Borrowed(&[]), expires: Timestamp(1) }),
            approvers: 1,
            budget: Some(BudgetState::Within),
        }
    }
}

fn own<'a, T: Clone>(list: Cow<'_, [T]>) -> Cow<'a, [T]> {
    Cow::Owned(list.into_owned())
}

fn minute(at: Timestamp) -> Timestamp {
    Timestamp::from_seconds(at.seconds().div_euclid(SECONDS_PER_MINUTE).saturating_mul(SECONDS_PER_MINUTE))
}

/// Distinct approvers other than the caller. Custody promises exactly that; it is counted again because a resume rests on it.
fn others(approvers: &[PrincipalId], caller: PrincipalId) -> u32 {
    let mut distinct: Vec<_> = approvers.iter().filter(|approver| **approver != caller).collect();
    distinct.sort_unstable();
    distinct.dedup();
    u32::try_from(distinct.len()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calendar_ends_where_we_say() {
        assert_eq!(LAST.to_string(), "9999-12-31T23:59:59.000000Z");
    }

    #[test]
    fn a_minute_rounds_down_on_both_sides_of_1970() {
        assert_eq!(minute(Timestamp(119_999_999)), Timestamp::from_seconds(60));
        assert_eq!(minute(Timestamp(-1)), Timestamp::from_seconds(-60));
    }

    #[test]
    fn approvers_are_distinct_others() {
        let [one, two, caller] = [1, 2, 3].map(|byte| PrincipalId::from_bytes([byte; 16]));
        assert_eq!(others(&[one, two, one, caller, caller], caller), 2);
        assert_eq!(others(&[caller], caller), 0);
    }
}

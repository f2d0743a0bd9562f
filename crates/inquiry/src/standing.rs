//! Who could reach what, and when: grants, sessions, datasets and states, replayed from the acts of the ledger.
//!
//! A grant that was withdrawn yesterday still says what could have been read the day before. What is withdrawn is therefore
//! closed here, never forgotten, and nothing is read from the rows of today.
//!
//! What could be reached is an upper bound: it holds what a session's grants allowed while it was live, and leaves out what
//! policy would have refused beside that.

use std::collections::BTreeMap;
use std::ops::Range;

use base::Timestamp;
use base::id::{DatasetId, EngagementId, GrantId, PrincipalId, SessionId};
use base::word::{Purpose, Verb};

use crate::attributes::Attributes;

/// The end of what has not ended.
const NEVER: Timestamp = Timestamp(i64::MAX);

/// An act of the ledger that changed who could reach what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// A dataset was made.
    Dataset {
        /// Which.
        dataset: DatasetId,
        /// Its bucket.
        bucket: String,
    },
    /// A dataset was deleted.
    DatasetGone(DatasetId),
    /// A grant was made.
    Grant(Grant),
    /// A grant was withdrawn.
    GrantGone(GrantId),
    /// A session was issued.
    Session(Session),
    /// A session was ended.
    SessionGone(SessionId),
    /// The engagement was paused, which ends its sessions.
    Pause,
}

/// A grant as the ledger has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Its id.
    pub id: GrantId,
    /// To whom.
    pub grantee: PrincipalId,
    /// On which dataset; on all of the engagement's without.
    pub dataset: Option<DatasetId>,
    /// What.
    pub verbs: Vec<Verb>,
    /// Why.
    pub purposes: Vec<Purpose>,
    /// Until when.
    pub expires: Timestamp,
}

/// A session as the ledger has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Its access key.
    pub access_key: String,
    /// Whose.
    pub holder: PrincipalId,
    /// Why.
    pub purpose: Purpose,
    /// Until when.
    pub expires: Timestamp,
    /// What it is bound to.
    pub attributes: Attributes,
}

/// Something that stood for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stood<T> {
    /// In which engagement.
    pub engagement: EngagementId,
    /// What.
    pub what: T,
    /// From when, until when.
    pub span: Range<Timestamp>,
}

/// Everything that ever stood.
#[derive(Debug, Default)]
pub struct Standing {
    datasets: BTreeMap<DatasetId, Stood<String>>,
    grants: BTreeMap<GrantId, Stood<Grant>>,
    grants_of: BTreeMap<(EngagementId, PrincipalId), Vec<GrantId>>,
    sessions: BTreeMap<SessionId, Stood<Session>>,
    /// Sessions that no pause and nobody has ended.
    open: BTreeMap<EngagementId, Vec<SessionId>>,
    keys: BTreeMap<String, SessionId>,
}

impl Standing {
    /// Takes the next act, in the order of the ledger.
    pub fn apply(&mut self, engagement: EngagementId, at: Timestamp, act: Act) {
        match act {
            Act::Dataset { dataset, bucket } => {
                self.datasets.insert(dataset, Stood { engagement, what: bucket, span: at..NEVER });
            }
            Act::DatasetGone(dataset) => close(self.datasets.get_mut(&dataset), at),
            Act::Grant(grant) => {
                self.grants_of.entry((engagement, grant.grantee)).or_default().push(grant.id);
                let span = at..grant.expires;
                self.grants.insert(grant.id, Stood { engagement, what: grant, span });
            }
            Act::GrantGone(grant) => close(self.grants.get_mut(&grant), at),
            Act::Session(session) => {
                self.open.entry(engagement).or_default().push(session.id);
                self.keys.insert(session.access_key.clone(), session.id);
                let span = at..session.expires;
                self.sessions.insert(session.id, Stood { engagement, what: session, span });
            }
            Act::SessionGone(session) => close(self.sessions.get_mut(&session), at),
            Act::Pause => {
                for session in self.open.remove(&engagement).unwrap_or_default() {
                    close(self.sessions.get_mut(&session), at);
                }
            }
        }
    }

    /// The session of an id.
    #[must_use]
    pub fn session(&self, id: SessionId) -> Option<&Stood<Session>> {
        self.sessions.get(&id)
    }

    /// The session of an access key.
    #[must_use]
    pub fn session_of_key(&self, access_key: &str) -> Option<&Stood<Session>> {
        self.keys.get(access_key).and_then(|id| self.sessions.get(id))
    }

    /// Every session that was ever issued.
    pub fn sessions(&self) -> impl Iterator<Item = &Stood<Session>> {
        self.sessions.values()
    }

    /// The dataset of an id.
    #[must_use]
    pub fn dataset(&self, id: DatasetId) -> Option<&Stood<String>> {
        self.datasets.get(&id)
    }

    /// Every dataset that ever had this bucket name.
    #[must_use]
    pub fn datasets_named(&self, bucket: &str) -> Vec<(DatasetId, EngagementId)> {
        let named = self.datasets.iter().filter(|(_, dataset)| dataset.what == bucket);
        named.map(|(id, dataset)| (*id, dataset.engagement)).collect()
    }

    /// Every dataset of an engagement.
    pub fn datasets_of(&self, engagement: EngagementId) -> impl Iterator<Item = (DatasetId, &Stood<String>)> {
        self.datasets.iter().filter(move |(_, stood)| stood.engagement == engagement).map(|(id, stood)| (*id, stood))
    }

    /// What a session could have read within a window: for each dataset the spans of time, sorted and apart. Empty for a
    /// session that is not known.
    #[must_use]
    pub fn reach(&self, session: SessionId, window: &Range<Timestamp>) -> BTreeMap<DatasetId, Vec<Range<Timestamp>>> {
        let mut reach: BTreeMap<DatasetId, Vec<Range<Timestamp>>> = BTreeMap::new();
        let Some(session) = self.sessions.get(&session) else { return reach };
        let live = overlap(&session.span, window);
        let held = self.grants_of.get(&(session.engagement, session.what.holder));
        for grant in held.into_iter().flatten().filter_map(|id| self.grants.get(id)) {
            let fits = grant.what.verbs.contains(&Verb::Read) && grant.what.purposes.contains(&session.what.purpose);
            let granted = overlap(&live, &grant.span);
            if !fits || granted.is_empty() {
                continue;
            }
            let datasets = self.datasets_of(session.engagement);
            for (id, dataset) in datasets.filter(|(id, _)| grant.what.dataset.is_none_or(|only| only == *id)) {
                let span = overlap(&granted, &dataset.span);
                if !span.is_empty() {
                    unite(reach.entry(id).or_default(), span);
                }
            }
        }
        reach
    }
}

/// Puts an end to what has not ended before.
fn close<T>(stood: Option<&mut Stood<T>>, at: Timestamp) {
    if let Some(stood) = stood {
        stood.span.end = stood.span.end.min(at).max(stood.span.start);
    }
}

fn overlap(left: &Range<Timestamp>, right: &Range<Timestamp>) -> Range<Timestamp> {
    left.start.max(right.start)..left.end.min(right.end)
}

/// Adds a span to sorted spans that do not touch.
pub fn unite(spans: &mut Vec<Range<Timestamp>>, added: Range<Timestamp>) {
    let first = spans.partition_point(|span| span.end < added.start);
    let mut whole = added;
    let mut last = first;
    while let Some(span) = spans.get(last).filter(|span| span.start <= whole.end) {
        whole = whole.start.min(span.start)..whole.end.max(span.end);
        last = last.saturating_add(1);
    }
    spans.splice(first..last, [whole]);
}

#[cfg(test)]
#[path = "standing_tests.rs"]
mod tests;

//! Scope: what an incident reached. Exact for any selector and window, at a cost that follows what was touched.
//!
//! Whole hours come from the touch index; hours that the window cuts, and entries that are not indexed yet, are folded from
//! the ledger itself. The union of touches is joined with the facts: which types of data, about how many people.

use std::collections::{BTreeMap, BTreeSet};

use base::Timestamp;
use base::id::{EngagementId, RequestId, VersionId};
use base::word::{DataType, Form, Verb};
use serde::{Deserialize, Serialize};

use crate::custody::{Custody, Matter};
use crate::entries::{Evidence, kind};
use crate::error::CustodyError;
use crate::identity::Caller;
use crate::touch::Selector;

/// The version of the answer's JSON.
pub const SCHEMA: &str = "cofferdam.scope/1";

/// How many objects an answer lists by name; the counts are of all.
pub(crate) const LISTED: usize = 10_000;

/// What is asked.
#[derive(Clone, Debug)]
pub struct ScopeQuestion {
    /// Whose accesses: of any of these.
    pub selectors: Vec<Selector>,
    /// From when, inclusive.
    pub from: Timestamp,
    /// Until when, exclusive.
    pub to: Timestamp,
    /// Only in this engagement, by name.
    pub engagement: Option<String>,
}

/// A count that is known to lie between two bounds: what certainly was, and what was allowed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figure {
    /// At least: a settlement says it was sent.
    pub sent: u64,
    /// At most: a receipt allowed it.
    pub authorised: u64,
}

/// The answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Scope {
    /// `cofferdam.scope/1`.
    pub schema: String,
    /// Selectors, as `kind:value`.
    pub selectors: Vec<String>,
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub to: Timestamp,
    /// How many entries of the ledger it rests on.
    pub as_of_entries: u64,
    /// When it was asked.
    pub asked: Timestamp,
    /// Accesses; one that several selectors pick counts for each.
    pub events: u64,
    /// Versions whose bytes were reached.
    pub versions: Figure,
    /// Bytes, repeats counted once.
    pub bytes: Figure,
    /// Bytes that could have been read under the grants as they stand: an upper bound on everything.
    pub possible_bytes: u64,
    /// Versions of which only the names became known.
    pub names_only: u64,
    /// One part an engagement; nothing in it comes from another.
    pub engagements: Vec<EngagementScope>,
    /// What the answer does not cover.
    pub limits: Vec<String>,
}

/// The answer for one engagement.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EngagementScope {
    /// Which.
    pub engagement: EngagementId,
    /// Its name.
    pub name: String,
    /// Its partner's name.
    pub partner: String,
    /// Accesses.
    pub events: u64,
    /// Versions whose bytes were reached.
    pub versions: Figure,
    /// Bytes, repeats counted once.
    pub bytes: Figure,
    /// Versions of which only the names became known.
    pub names_only: u64,
    /// People named in what was reached.
    pub people: Figure,
    /// Mentions in what was reached of people whom nothing tells apart: at most so many more people.
    #[serde(default)]
    pub unresolved: Figure,
    /// By type of data: people whose data of this type was reached.
    pub types: BTreeMap<DataType, Figure>,
    /// Versions that no detector has read.
    pub unscanned: u64,
    /// The objects, by bucket and key.
    pub objects: Vec<ScopedObject>,
    /// How many objects are not listed.
    pub objects_omitted: u64,
}

/// One object that was reached.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ScopedObject {
    /// Its bucket.
    pub bucket: String,
    /// Its key.
    pub key: String,
    /// The version.
    pub version: VersionId,
    /// Its size.
    pub size: u64,
    /// Bytes of it.
    pub bytes: Figure,
    /// Byte ranges that were allowed, `from` inclusive, `to` exclusive.
    pub ranges: Vec<(u64, u64)>,
    /// `raw` or `names`.
    pub form: Form,
}

impl Custody {
    /// Answers what was reached. The question and its answer's digest are entered.
    ///
    /// # Errors
    /// `Invalid` for a window that is empty or no selector; `Hidden` or `Denied` as policy answers; `Corrupt` when an entry or
    /// fact cannot be read: an answer is never silently smaller.
    pub async fn scope(
        &self,
        caller: &Caller,
        request: RequestId,
        question: &ScopeQuestion,
    ) -> Result<Scope, CustodyError> {
        if question.selectors.is_empty() {
            return Err(CustodyError::invalid("name whose accesses to look for, for example `--credential KEY`"));
        }
        if question.from >= question.to {
            return Err(CustodyError::invalid("the window is empty: `--from` must lie before `--to`"));
        }
        let visible = self.may_scope(caller, request, question).await?;
        self.settle_now().await?;
        let as_of = *self.queue.size().borrow();
        let reached = self.reached(question, as_of, &visible)?;
        let mut scope = Scope {
            schema: SCHEMA.to_owned(),
            selectors: question.selectors.iter().map(|of| format!("{}:{}", of.kind.word(), of.value)).collect(),
            from: question.from,
            to: question.to,
            as_of_entries: as_of,
            asked: self.clock.now(),
            events: 0,
            versions: Figure::default(),
            bytes: Figure::default(),
            possible_bytes: 0,
            names_only: 0,
            engagements: Vec::new(),
            limits: vec![
                "copies made before import, screens photographed, and bytes read round the gateway are not seen"
                    .to_owned(),
            ],
        };
        for (id, reached) in reached {
            let Some(engagement) = self.directory.engagement(id) else { continue };
            let part = self.join(&engagement, &reached)?;
            scope.add(&part);
            if part.unscanned > 0 {
                scope.limits.push(format!(
                    "{} versions of `{}` were not scanned: what they hold is not known",
                    part.unscanned, part.name
                ));
            }
            let bypassed = self.bypassed(id, question.from..question.to)?;
            if bypassed.requests > 0 {
                scope.limits.push(format!(
                    "the store's own log tells of {} requests in `{}` that went round this program: sealed bytes of {} versions \
                     were read, {} were overwritten or deleted; by whom is in the record",
                    bypassed.requests,
                    part.name,
                    bypassed.versions.len(),
                    bypassed.altered.len()
                ));
            }
            scope.possible_bytes = scope.possible_bytes.saturating_add(self.catalog.engagement_bytes(id)?.0);
            scope.engagements.push(part);
        }
        scope.possible_bytes = scope.possible_bytes.max(scope.bytes.authorised);
        let digest = attest::sha256(&[&serde_json::to_vec(&scope).unwrap_or_default()]);
        let what = Evidence { made: "scope", digest: data_encoding::HEXLOWER.encode(&digest) };
        let chains: BTreeSet<EngagementId> = scope.engagements.iter().map(|part| part.engagement).collect();
        for chain in chains {
            let what = Evidence { made: what.made, digest: what.digest.clone() };
            self.enter(caller, request, chain.into(), kind::EVIDENCE, what).await?;
        }
        Ok(scope)
    }

    /// The engagements the caller may scope: one that was named, or all that policy allows.
    pub(crate) async fn may_scope(
        &self,
        caller: &Caller,
        request: RequestId,
        question: &ScopeQuestion,
    ) -> Result<BTreeSet<EngagementId>, CustodyError> {
        let asked = match &question.engagement {
            Some(name) => vec![self.visible(caller, name)?],
            None => self.directory.engagements(),
        };
        let mut visible = BTreeSet::new();
        for engagement in asked {
            if caller.who().partner.is_some_and(|partner| partner != engagement.partner) {
                continue;
            }
            let matter = Matter::names(request, Verb::Scope, &engagement, None);
            let permit = self.judge(caller, matter).await?;
            let _receipt = self.release(caller, permit).await?;
            visible.insert(engagement.id);
        }
        Ok(visible)
    }
}

impl Figure {
    pub(crate) fn add(&mut self, other: Self) {
        self.sent = self.sent.saturating_add(other.sent);
        self.authorised = self.authorised.saturating_add(other.authorised);
    }
}

impl Scope {
    fn add(&mut self, part: &EngagementScope) {
        self.events = self.events.saturating_add(part.events);
        self.versions.add(part.versions);
        self.bytes.add(part.bytes);
        self.names_only = self.names_only.saturating_add(part.names_only);
    }
}

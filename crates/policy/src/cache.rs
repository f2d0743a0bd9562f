//! Decisions already made.
//!
//! Cedar takes tens of microseconds, a look here less than one. The key is everything the decision depended on, compared
//! whole and not by a digest, so a hit *is* the decision Cedar would make again. On top of that it carries the credential and
//! the epochs of the question's tickets: once a pause, a session's end, a change of grants or of policies has moved a fence,
//! nothing decided before is found again.
//!
//! LIMIT: a full shard is emptied, not aged. The decisions lost are made again at the price of a miss.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use base::fence::Guarded;

use crate::inputs::Inputs;
use crate::question::Question;

/// Enough that some dozens of threads seldom meet in one; readers share a shard anyway.
const SHARDS: usize = 16;

/// At about half a kilobyte a decision, all shards together hold at most some 16 MB.
const DECISIONS_PER_SHARD: usize = 2048;

/// What the policies answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Allowed, by the policies of these ids.
    Allowed(Arc<[String]>),
    /// Refused, citing the rule at this place in the set.
    Denied(usize),
    /// The policies could not be evaluated.
    Unsure,
}

/// What a decision is remembered under.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key<'q> {
    inputs: Inputs<'q>,
    credential: Cow<'q, str>,
    epochs: Vec<(Guarded, u64)>,
}

impl<'q> Key<'q> {
    pub(crate) fn new(inputs: Inputs<'q>, question: &'q Question) -> Self {
        Self {
            inputs,
            credential: Cow::Borrowed(&question.access.who.credential),
            epochs: question.tickets.iter().map(|ticket| (ticket.guarded(), ticket.epoch())).collect(),
        }
    }

    pub(crate) const fn inputs(&self) -> &Inputs<'q> {
        &self.inputs
    }

    fn into_owned(self) -> Key<'static> {
        Key {
            inputs: self.inputs.into_owned(),
            credential: Cow::Owned(self.credential.into_owned()),
            epochs: self.epochs,
        }
    }
}

type Shard = RwLock<HashMap<Key<'static>, Verdict>>;

/// A bounded memory of verdicts, used from many threads at once.
#[derive(Default)]
pub(crate) struct Cache {
    shards: [Shard; SHARDS],
}

impl Cache {
    pub(crate) fn find(&self, key: &Key<'_>) -> Option<Verdict> {
        // A poisoned lock is a reader's or writer's panic elsewhere; the map itself is whole between two calls.
        let shard = self.shard(key)?.read().unwrap_or_else(PoisonError::into_inner);
        shard.get(key).cloned()
    }

    pub(crate) fn keep(&self, key: &Key<'_>, verdict: Verdict) {
        let Some(shard) = self.shard(key) else { return };
        let mut shard = shard.write().unwrap_or_else(PoisonError::into_inner);
        if shard.len() >= DECISIONS_PER_SHARD {
            shard.clear();
        }
        shard.insert(key.clone().into_owned(), verdict);
    }

    /// Ids are random, so their last byte spreads evenly.
    fn shard(&self, key: &Key<'_>) -> Option<&Shard> {
        let [.., last] = key.inputs.principal.as_bytes();
        self.shards.get(usize::from(*last) % SHARDS)
    }
}

#[cfg(test)]
mod tests {
    use base::word::Verb;

    use super::*;

    fn key(credential: &str, epoch: u64) -> Key<'_> {
        let inputs = Inputs::sample(Verb::Read);
        Key { inputs, credential: Cow::Borrowed(credential), epochs: vec![(Guarded::Pause, epoch)] }
    }

    #[test]
    fn a_verdict_is_found_under_its_whole_key_and_no_other() {
        let cache = Cache::default();
        cache.keep(&key("a", 1), Verdict::Denied(3));
        assert_eq!(cache.find(&key("a", 1)), Some(Verdict::Denied(3)));
        assert_eq!(cache.find(&key("a", 2)), None, "another epoch");
        assert_eq!(cache.find(&key("b", 1)), None, "another credential");
        let approved = Key { inputs: Inputs { approvers: 9, ..Inputs::sample(Verb::Read) }, ..key("a", 1) };
        assert_eq!(cache.find(&approved), None, "another input");
    }

    #[test]
    fn a_full_shard_is_emptied() {
        let cache = Cache::default();
        let ages: Vec<_> = (0..=DECISIONS_PER_SHARD as u64).collect();
        for epoch in &ages {
            cache.keep(&key("a", *epoch), Verdict::Unsure);
        }
        let found = ages.iter().filter(|epoch| cache.find(&key("a", **epoch)).is_some()).count();
        assert_eq!(found, 1);
    }
}

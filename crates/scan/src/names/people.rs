//! The tagger as a part of a scan: what it finds becomes candidates of the rules in `rules/person.toml`.

use base::word::DataType;

use super::{Hit, Kind, Names};
use crate::detect::{Candidate, Strength};
use crate::rules::{RuleId, Rules};
use crate::text::Text;

/// Finds people in texts, reusing its buffers.
pub(crate) struct People {
    names: Names,
    hits: Vec<Hit>,
    rules: Vec<(Kind, RuleId)>,
}

/// Which rule each kind obeys.
const RULES: [(Kind, &str); 5] = [
    (Kind::Name, "person"),
    (Kind::Address, "postal-address"),
    (Kind::Place, "place"),
    (Kind::Age, "age"),
    (Kind::BirthDate, "birth-date"),
];

impl People {
    /// Of `rules`; `None` if nothing of the kind is among `types`.
    pub(crate) fn new(rules: &Rules, types: &[DataType]) -> Option<Self> {
        let wanted = |id: &RuleId| types.contains(&rules.get(*id).data_type);
        let rules: Vec<_> =
            RULES.iter().filter_map(|(kind, id)| Some((*kind, rules.find(id).filter(wanted)?))).collect();
        (!rules.is_empty()).then(|| Self { names: Names::default(), hits: Vec::new(), rules })
    }

    /// Adds what is found in `text`.
    pub(crate) fn detect(&mut self, text: &Text<'_>, found: &mut Vec<Candidate>) {
        self.hits.clear();
        self.names.find(text.bytes, &text.names, &mut self.hits);
        for hit in self.hits.drain(..) {
            if let Some((_, rule)) = self.rules.iter().find(|(kind, _)| *kind == hit.kind) {
                let (rule, span, confidence) = (*rule, hit.span, hit.confidence);
                found.push(Candidate { rule, span, strength: Strength::Words, confidence, validator: "" });
            }
        }
    }
}

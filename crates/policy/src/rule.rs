//! A policy as people know it: its sentence, who teaches it, what it touches.

use base::Kind;
use base::word::Verb;
use cedar_policy::{ActionConstraint, Entities, EntityUid, Policy};

use crate::error::PolicyError;

/// What a policy does when it applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Allows, unless something forbids.
    Permit,
    /// Forbids, whatever permits.
    Forbid,
}

/// One policy, read from its annotations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// `@id`: what a refusal and the ledger cite.
    pub id: String,
    /// `@guideline`: the sentence people were taught.
    pub guideline: String,
    /// `@course`: the course that teaches it.
    pub course: Option<String>,
    /// `@principle`: what the sentence stands for.
    pub principle: Option<String>,
    /// Whether it permits or forbids.
    pub effect: Effect,
    /// Of which kind its refusals are: `Refused`, or `Paused` with `@kind("paused")`.
    pub refusal: Kind,
    /// The verbs its head names. Conditions in its body may narrow them.
    pub verbs: Vec<Verb>,
    /// The policy as written, without its annotations.
    pub text: String,
}

impl Rule {
    /// Reads a policy. `actions` are the actions of its schema with their groups.
    pub(crate) fn read(policy: &Policy, actions: &Entities, verbs: &[(Verb, EntityUid)]) -> Result<Self, PolicyError> {
        let annotation = |name| policy.annotation(name).filter(|text| !text.is_empty()).map(str::to_owned);
        let id = annotation("id").ok_or_else(|| missing(policy.id(), "id"))?;
        let guideline = annotation("guideline").ok_or_else(|| missing(&id, "guideline"))?;
        let refusal = match policy.annotation("kind") {
            None => Kind::Refused,
            Some("paused") => Kind::Paused,
            Some(_) => return Err(missing(&id, "kind")),
        };
        let effect = match policy.effect() {
            cedar_policy::Effect::Permit => Effect::Permit,
            cedar_policy::Effect::Forbid => Effect::Forbid,
        };
        let constraint = policy.action_constraint();
        let named = |action: &EntityUid| match &constraint {
            ActionConstraint::Any => true,
            ActionConstraint::Eq(one) => one == action,
            ActionConstraint::In(some) => some.iter().any(|group| within(action, group, actions)),
        };
        Ok(Self {
            course: annotation("course"),
            principle: annotation("principle"),
            effect,
            refusal,
            verbs: verbs.iter().filter(|(_, action)| named(action)).map(|(verb, _)| *verb).collect(),
            text: without_annotations(&policy.to_string()),
            id,
            guideline,
        })
    }
}

fn missing(policy: impl ToString, annotation: &'static str) -> PolicyError {
    PolicyError::Annotation { policy: policy.to_string(), annotation }
}

fn within(action: &EntityUid, group: &EntityUid, actions: &Entities) -> bool {
    action == group || actions.is_ancestor_of(group, action)
}

/// Annotations stand on lines of their own in every set we ship; elsewhere one may remain, which harms nothing.
fn without_annotations(policy: &str) -> String {
    policy.lines().filter(|line| !line.starts_with('@')).collect::<Vec<_>>().join("\n")
}

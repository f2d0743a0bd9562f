//! Judges a candidate by its rule: check, entropy, key words.

use std::ops::Range;

use super::token::Form;
use super::{Candidate, Scene, Strength};
use crate::context::About;
use crate::finding::Confidence;
use crate::rules::{Need, Origin, Rule, RuleId};
use crate::validate::{Proof, Validator, Value};

/// The longest value of a pattern, in bytes. A `bc1p` address has 62 characters.
pub(super) const LONGEST_VALUE_BYTES: usize = 128;

/// What is needed of a rule to judge candidates.
#[derive(Debug)]
pub(super) struct Judge {
    rule: RuleId,
    name: String,
    validator: Option<Validator>,
    need: Need,
    confidence: Confidence,
    entropy: Option<f32>,
    origin: Origin,
}

impl Judge {
    pub(super) fn new(id: RuleId, rule: &Rule) -> Self {
        Self {
            rule: id,
            name: rule.id.clone(),
            validator: rule.validator,
            need: rule.context,
            confidence: rule.confidence,
            entropy: rule.entropy,
            origin: rule.origin,
        }
    }

    /// Whether what is written in `span` is a value of the rule, and how sure that is.
    pub(super) fn judge(&self, scene: &Scene<'_>, span: Range<usize>, form: Form) -> Option<Candidate> {
        let need = if form == Form::Weak { Need::Required } else { self.need };
        let raw = scene.text.bytes.get(span.clone())?;
        // Asked first: what the words say is worked out once for all rules that fit, a check is worked out for each.
        let context = scene.context(span.start);
        let told = need != Need::Nothing && context.tells_of(self.rule, span.end);
        if need == Need::Required && !told {
            return None;
        }
        let proof = match self.validator {
            Some(validator) => Some(passes(validator, raw)?),
            None => None,
        };
        if self.entropy.is_some_and(|floor| bits_per_character(raw) < floor) {
            return None;
        }
        // What a user looks for is theirs to say; no word of ours speaks against it.
        let contested = need != Need::Nothing && self.origin == Origin::BuiltIn;
        let another = contested && !told && matches!(context.about(self.rule, span.end), About::Another | About::Other);
        let confidence = match (told, another) {
            (true, _) => raised(self.confidence),
            // Words say that it is something else; chance passes a single check digit often enough.
            (false, true) if proof < Some(Proof::Strong) && self.confidence == Confidence::Low => return None,
            (false, true) => Confidence::Low,
            (false, false) => self.confidence,
        };
        let strength = match (proof, told) {
            (Some(Proof::Strong | Proof::Digit), true) => Strength::Certain,
            (Some(Proof::Ranges) | None, true) => Strength::RangesInContext,
            (Some(Proof::Strong), false) if !another => Strength::Checksum,
            (Some(Proof::Strong | Proof::Digit), false) => Strength::Digit,
            (Some(Proof::Ranges), false) => Strength::Ranges,
            (None, false) => Strength::Shape,
        };
        let validator = says(self.validator, told);
        Some(Candidate { rule: self.rule, span, strength, confidence, validator })
    }

    /// Appends the canonical form of a value. It names the rule, so that equal digits of two countries are two people.
    pub(super) fn canonical(&self, value: &[u8], canonical: &mut Vec<u8>) {
        canonical.extend_from_slice(self.name.as_bytes());
        canonical.push(b':');
        match self.origin {
            Origin::BuiltIn => canonical.extend(compact(value)),
            Origin::User => canonical.extend_from_slice(value),
        }
    }
}

/// Letters and digits, in capitals.
fn compact(value: &[u8]) -> impl Iterator<Item = u8> {
    value.iter().filter(|byte| byte.is_ascii_alphanumeric()).map(u8::to_ascii_uppercase)
}

/// What passing is worth, if `raw` passes.
fn passes(validator: Validator, raw: &[u8]) -> Option<Proof> {
    let mut buffer = [0; LONGEST_VALUE_BYTES];
    let mut len: usize = 0;
    for (to, from) in buffer.iter_mut().zip(compact(raw)) {
        *to = from;
        len = len.saturating_add(1);
    }
    let compact = buffer.get(..len)?;
    validator.passes(Value { raw, compact }).then_some(validator.proof())
}

const fn raised(confidence: Confidence) -> Confidence {
    match confidence {
        Confidence::Low => Confidence::Medium,
        Confidence::Medium | Confidence::High => Confidence::High,
    }
}

/// What a report says that a find rests on.
fn says(validator: Option<Validator>, told: bool) -> &'static str {
    match (validator, told) {
        (Some(validator), true) => validator.says_with_key_word(),
        (Some(validator), false) => validator.says(),
        (None, true) => "form and key word",
        (None, false) => "form",
    }
}

/// Shannon's entropy of the bytes of `value`.
#[expect(clippy::cast_precision_loss, reason = "a value has fewer bytes than a float counts exactly")]
fn bits_per_character(value: &[u8]) -> f32 {
    let mut counts = [0_u16; 256];
    for byte in value {
        if let Some(count) = counts.get_mut(usize::from(*byte)) {
            *count = count.saturating_add(1);
        }
    }
    let share = |count: u16| f32::from(count) / value.len() as f32;
    counts.into_iter().filter(|count| *count > 0).map(|count| -share(count) * share(count).log2()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entropy_counts_bits() {
        assert!(bits_per_character(b"aaaa").abs() < 0.01);
        assert!((bits_per_character(b"abcd") - 2.0).abs() < 0.01);
    }
}

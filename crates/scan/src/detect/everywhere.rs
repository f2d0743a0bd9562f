//! Finds values by the patterns of a user's rules: everywhere, because nothing is known about what they look like.
//!
//! LIMIT: each rule is a pass over every text, and of a value longer than [`LONGEST_VALUE_BYTES`] nothing is found.

use regex_automata::meta::Regex;

use super::rule::{Judge, LONGEST_VALUE_BYTES};
use super::token::Form;
use super::{Candidate, Scene};
use crate::pattern::reading;
use crate::rules::{Rule, RuleId, RulesError};

/// One rule.
#[derive(Debug)]
pub(super) struct Everywhere {
    regex: Regex,
    judge: Judge,
}

impl Everywhere {
    /// Of a rule that has a pattern.
    pub(super) fn new(id: RuleId, rule: &Rule) -> Result<Self, RulesError> {
        let regex = Regex::builder()
            .syntax(reading())
            .configure(Regex::config().utf8_empty(false))
            .build(rule.pattern.as_deref().unwrap_or_default())
            .map_err(|source| RulesError::Patterns { source: Box::new(source) })?;
        Ok(Self { regex, judge: Judge::new(id, rule) })
    }

    /// Its judge.
    pub(super) const fn judge(&self) -> &Judge {
        &self.judge
    }

    /// Adds what is found.
    pub(super) fn detect(&self, scene: &Scene<'_>, found: &mut Vec<Candidate>) {
        let places = self.regex.find_iter(scene.text.bytes).map(|place| place.range());
        let short = places.filter(|place| place.len() <= LONGEST_VALUE_BYTES);
        found.extend(short.filter_map(|place| self.judge.judge(scene, place, Form::Telling)));
    }
}

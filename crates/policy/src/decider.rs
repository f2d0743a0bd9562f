//! The decider: a question in, a permit or a denial out.
//!
//! The only maker of [`Permit`]. In doubt it refuses: facts that are not those of the access, a question Cedar cannot read,
//! an error in any policy. It never waits and never fetches; used from many threads at once.

use std::sync::Arc;

use base::fence::{Guarded, Ticket};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::cache::{Cache, Key, Verdict};
use crate::cedar::Policies;
use crate::denial::Denial;
use crate::error::PolicyError;
use crate::floor;
use crate::inputs::Inputs;
use crate::permit::Permit;
use crate::question::Question;
use crate::rule::Rule;

/// What policies can see: the schema that is shipped.
pub const SCHEMA: &str = include_str!("../content/schema.cedarschema");

/// The policies that are shipped, in the order in which they are cited when several forbid.
pub const POLICIES: &str = concat!(
    include_str!("../content/compartment.cedar"),
    include_str!("../content/state.cedar"),
    include_str!("../content/separation.cedar"),
    include_str!("../content/intake.cedar"),
    include_str!("../content/purpose.cedar"),
    include_str!("../content/budget.cedar"),
    include_str!("../content/grant.cedar"),
    include_str!("../content/resume.cedar"),
    include_str!("../content/scope.cedar"),
    include_str!("../content/incident.cedar"),
    include_str!("../content/administration.cedar"),
    include_str!("../content/alarm.cedar"),
);

/// Judges questions by one policy set. Not `Clone`: it is moved to its one owner.
pub struct Decider {
    policies: Policies,
    cache: Cache,
}

impl Decider {
    /// With the policies that are shipped.
    ///
    /// # Errors
    /// [`PolicyError`] if they do not parse and validate; then nothing may start.
    pub fn new() -> Result<Self, PolicyError> {
        Self::from_text(SCHEMA, POLICIES)
    }

    /// With an operator's own schema and policies.
    ///
    /// # Errors
    /// [`PolicyError`] if they do not parse, do not validate strictly, draw a warning, lack an `@id` or `@guideline`, or do
    /// not fit the questions that will be asked.
    pub fn from_text(schema: &str, policies: &str) -> Result<Self, PolicyError> {
        Ok(Self { policies: Policies::read(schema, policies)?, cache: Cache::default() })
    }

    /// Judges a question and mints the permit for its access.
    ///
    /// Microseconds when the same was asked under the same epochs before, tens of them otherwise.
    ///
    /// # Errors
    /// The [`Denial`].
    pub fn decide(&self, question: Question) -> Result<Permit, Denial> {
        let policies = self.judge(&question)?;
        Ok(Permit::mint(question.access, policies, question.tickets))
    }

    /// Judges a question without minting, to refuse early what would be refused later.
    ///
    /// # Errors
    /// The [`Denial`].
    pub fn check(&self, question: &Question) -> Result<(), Denial> {
        self.judge(question).map(|_policies| ())
    }

    /// The inputs of the decision as the ledger keeps them, so that it can be replayed. Ids and words, no personal data.
    ///
    /// `Null` for a question whose facts are not those of its access: nothing was judged.
    #[must_use]
    pub fn explain(&self, question: &Question) -> Value {
        let inputs = Inputs::of(question).and_then(|inputs| serde_json::to_value(&inputs).ok());
        let Some(Value::Object(mut explained)) = inputs else { return Value::Null };
        explained.insert("epochs".to_owned(), epochs(&question.tickets));
        Value::Object(explained)
    }

    /// Judges again what [`Self::explain`] kept, by this policy set.
    ///
    /// # Errors
    /// [`PolicyError::Replay`] if the inputs cannot be read.
    pub fn replay(&self, explained: &Value) -> Result<Result<(), Denial>, PolicyError> {
        let inputs = Inputs::deserialize(explained).map_err(|error| PolicyError::Replay { source: error.into() })?;
        Ok(self.answer(&inputs, self.policies.judge(&inputs)).map(|_policies| ()))
    }

    /// The policies, in the order in which they are cited.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        self.policies.rules()
    }

    fn judge(&self, question: &Question) -> Result<Arc<[String]>, Denial> {
        let key = Key::new(Inputs::of(question).ok_or_else(Denial::unfit)?, question);
        let verdict = self.cache.find(&key).unwrap_or_else(|| {
            let verdict = self.policies.judge(key.inputs());
            self.cache.keep(&key, verdict.clone());
            verdict
        });
        self.answer(key.inputs(), verdict)
    }

    // INVARIANT: the one place where a verdict becomes an answer, so no verdict passes the floor by.
    fn answer(&self, inputs: &Inputs<'_>, verdict: Verdict) -> Result<Arc<[String]>, Denial> {
        let disclose = inputs.caller_may_know();
        match verdict {
            Verdict::Allowed(policies) => match floor::breached(inputs) {
                Some(floor) => Err(Denial::by_floor(floor, disclose)),
                None => Ok(policies),
            },
            Verdict::Denied(rule) => Err(match self.rules().get(rule) {
                Some(rule) => Denial::by_rule(rule, disclose),
                None => Denial::unsure(disclose),
            }),
            Verdict::Unsure => Err(Denial::unsure(disclose)),
        }
    }
}

fn epochs(tickets: &[Ticket]) -> Value {
    let epoch = |ticket: &Ticket| {
        let guarded = match ticket.guarded() {
            Guarded::Pause => "pause",
            Guarded::Session => "session",
            Guarded::Grants => "grants",
            Guarded::Policies => "policies",
        };
        (guarded.to_owned(), Value::from(ticket.epoch()))
    };
    Value::Object(tickets.iter().map(epoch).collect::<Map<_, _>>())
}

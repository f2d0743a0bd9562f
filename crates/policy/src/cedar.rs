//! From our words to Cedar's, and a loaded policy set.
//!
//! Schema and policies are checked once, strictly, when they are loaded: a set that does not parse, does not validate, draws
//! a warning, or does not fit the questions we ask, does not start.

use std::str::FromStr;

use base::Timestamp;
use base::word::{Purpose, Verb};
use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityId, EntityTypeName, EntityUid, PolicyId, PolicySet, Request,
    RestrictedExpression as Expression, Schema, ValidationMode, Validator,
};

use crate::cache::Verdict;
use crate::error::{Cause, PolicyError};
use crate::inputs::Inputs;
use crate::rule::{Effect, Rule};

/// How many bytes of RFC 3339 come before the fraction: Cedar wants none.
const WHOLE_SECONDS_BYTES: usize = 19;

/// A schema and a policy set that fit each other and our questions.
pub(crate) struct Policies {
    schema: Schema,
    types: Types,
    actions: Vec<(Verb, EntityUid)>,
    set: PolicySet,
    rules: Vec<Rule>,
    authorizer: Authorizer,
}

/// The entity types of the schema, looked up once.
struct Types {
    principal: EntityTypeName,
    partner: EntityTypeName,
    engagement: EntityTypeName,
    dataset: EntityTypeName,
    target: EntityTypeName,
    kind: EntityTypeName,
    role: EntityTypeName,
    state: EntityTypeName,
    scan_state: EntityTypeName,
    form: EntityTypeName,
    verb: EntityTypeName,
    budget: EntityTypeName,
}

impl Policies {
    /// Reads and checks a set. The order of `policies` is the order in which they are cited.
    pub(crate) fn read(schema: &str, policies: &str) -> Result<Self, PolicyError> {
        let (schema, warnings) =
            Schema::from_cedarschema_str(schema).map_err(|error| PolicyError::Schema { source: error.into() })?;
        let warnings: Vec<_> = warnings.map(|warning| warning.to_string()).collect();
        if !warnings.is_empty() {
            return Err(PolicyError::Validation { findings: warnings.join("\n") });
        }
        let types = Types::of(&schema)?;
        let actions = verbs(&schema)?;
        let groups = schema.action_entities().map_err(|error| PolicyError::Schema { source: error.into() })?;
        let parsed = PolicySet::from_str(policies).map_err(|error| PolicyError::Policies { source: error.into() })?;
        if parsed.num_of_templates() > 0 {
            return Err(PolicyError::Policies { source: "a template cannot be cited".into() });
        }
        let mut set = PolicySet::new();
        let mut rules: Vec<Rule> = Vec::new();
        for policy in in_order(&parsed) {
            let rule = Rule::read(policy, &groups, &actions)?;
            set.add(policy.new_id(PolicyId::new(&rule.id)))
                .map_err(|_taken| PolicyError::Duplicate { id: rule.id.clone() })?;
            rules.push(rule);
        }
        validate(&schema, &set)?;
        if !rules.iter().any(|rule| rule.effect == Effect::Permit) {
            return Err(PolicyError::PermitsNothing);
        }
        let read = Self { schema, types, actions, set, rules, authorizer: Authorizer::new() };
        for verb in Verb::ALL {
            read.translate(&Inputs::sample(*verb))
                .map_err(|source| PolicyError::Shape { verb: verb.word(), source })?;
        }
        Ok(read)
    }

    pub(crate) fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Asks Cedar. Costs tens of microseconds.
    ///
    /// An error in any policy is never an allow: what cannot be evaluated might have forbidden.
    pub(crate) fn judge(&self, inputs: &Inputs<'_>) -> Verdict {
        let Ok((request, entities)) = self.translate(inputs) else { return Verdict::Unsure };
        let response = self.authorizer.is_authorized(&request, &self.set, &entities);
        let decided = |rule: &&Rule| response.diagnostics().reason().any(|id| AsRef::<str>::as_ref(id) == rule.id);
        let failed = response.diagnostics().errors().next().is_some();
        match response.decision() {
            Decision::Allow if failed => Verdict::Unsure,
            Decision::Allow => {
                Verdict::Allowed(self.rules.iter().filter(decided).map(|rule| rule.id.clone()).collect())
            }
            Decision::Deny => match self.rules.iter().position(|rule| decided(&rule)) {
                Some(forbidding) => Verdict::Denied(forbidding),
                None if failed => Verdict::Unsure,
                None => Verdict::Denied(self.needed(inputs.verb)),
            },
        }
    }

    /// What a refusal cites when nothing permitted: the first permit for the verb, for that is what the caller lacks.
    fn needed(&self, verb: Verb) -> usize {
        let permits = |rule: &Rule| rule.effect == Effect::Permit;
        let fitting = self.rules.iter().position(|rule| permits(rule) && rule.verbs.contains(&verb));
        fitting.or_else(|| self.rules.iter().position(permits)).unwrap_or_default()
    }

    fn translate(&self, inputs: &Inputs<'_>) -> Result<(Request, Entities), Cause> {
        let types = &self.types;
        let principal = named(&types.principal, inputs.principal);
        let engagement = named(&types.engagement, inputs.engagement.id);
        let target = named(&types.target, inputs.engagement.id);
        let partner = |id| Expression::new_entity_uid(named(&types.partner, id));

        let mut asks = vec![
            ("kind", word(&types.kind, inputs.kind.word())),
            ("roles", words(&types.role, inputs.roles.iter().map(|role| role.word()))),
        ];
        asks.extend(inputs.partner.map(|id| ("partner", partner(id))));

        let compartment = vec![
            ("partner", partner(inputs.engagement.partner)),
            ("state", word(&types.state, inputs.engagement.state.word())),
            ("purposes", purposes(&inputs.engagement.purposes)),
        ];

        let mut asked = vec![("engagement", Expression::new_entity_uid(engagement.clone()))];
        let mut entities = Vec::with_capacity(4);
        if let Some(dataset) = &inputs.dataset {
            let id = named(&types.dataset, dataset.id);
            asked.push(("dataset", Expression::new_entity_uid(id.clone())));
            let facts = vec![
                ("purposes", purposes(&dataset.purposes)),
                ("unscannable_readable", Expression::new_bool(dataset.unscannable_readable)),
            ];
            entities.push(entity(id, facts)?);
        }
        if let Some(version) = &inputs.version {
            let facts = vec![
                ("scan", word(&types.scan_state, version.scan.word())),
                ("written_by_caller", Expression::new_bool(version.written_by_caller)),
            ];
            asked.push(("version", Expression::new_record(fields(facts))?));
        }
        entities.push(entity(principal.clone(), asks)?);
        entities.push(entity(engagement, compartment)?);
        entities.push(entity(target.clone(), asked)?);

        let action = self.actions.iter().find(|(verb, _)| *verb == inputs.verb).map(|(_, action)| action.clone());
        let action = action.ok_or("the schema lost a verb")?;
        let context = Context::from_pairs(fields(self.context(inputs)?))?;
        let request = Request::new(principal, action, target, context, Some(&self.schema))?;
        Ok((request, Entities::from_entities(entities, Some(&self.schema))?))
    }

    fn context(&self, inputs: &Inputs<'_>) -> Result<Vec<(&'static str, Expression)>, Cause> {
        let types = &self.types;
        let mut context = vec![
            ("verb", word(&types.verb, inputs.verb.word())),
            ("form", word(&types.form, inputs.form.word())),
            ("approvers", Expression::new_long(i64::from(inputs.approvers))),
            ("now", instant(inputs.now)?),
        ];
        if let Some(purpose) = &inputs.purpose {
            context.push(("purpose", Expression::new_string(purpose.to_string())));
        }
        if let Some(budget) = inputs.budget {
            context.push(("budget", word(&types.budget, budget.word())));
        }
        if let Some(grant) = &inputs.grant {
            let facts = vec![
                ("verbs", words(&types.verb, grant.verbs.iter().map(|verb| verb.word()))),
                ("purposes", purposes(&grant.purposes)),
                ("expires", instant(grant.expires)?),
            ];
            context.push(("grant", Expression::new_record(fields(facts))?));
        }
        Ok(context)
    }
}

impl Types {
    fn of(schema: &Schema) -> Result<Self, PolicyError> {
        let find = |name: &str| {
            let found = schema.entity_types().find(|known| known.to_string() == name);
            found.cloned().ok_or_else(|| PolicyError::Lacks { what: format!("entity {name}") })
        };
        Ok(Self {
            principal: find("Principal")?,
            partner: find("Partner")?,
            engagement: find("Engagement")?,
            dataset: find("Dataset")?,
            target: find("Target")?,
            kind: find("PrincipalKind")?,
            role: find("Role")?,
            state: find("State")?,
            scan_state: find("ScanState")?,
            form: find("Form")?,
            verb: find("Verb")?,
            budget: find("BudgetState")?,
        })
    }
}

/// The action of every verb.
fn verbs(schema: &Schema) -> Result<Vec<(Verb, EntityUid)>, PolicyError> {
    let action = |verb: &Verb| {
        let found = schema.actions().find(|action| action.id().unescaped() == verb.word());
        let found = found.cloned().ok_or_else(|| PolicyError::Lacks { what: format!("action {verb}") });
        found.map(|action| (*verb, action))
    };
    Verb::ALL.iter().map(action).collect()
}

/// Cedar numbers the policies of a text `policy0`, `policy1`, and hands them out in no order.
fn in_order(parsed: &PolicySet) -> Vec<&cedar_policy::Policy> {
    let number = |policy: &cedar_policy::Policy| {
        policy.id().to_string().strip_prefix("policy").and_then(|number| number.parse::<usize>().ok())
    };
    let mut policies: Vec<_> = parsed.policies().collect();
    policies.sort_by_key(|policy| number(policy));
    policies
}

fn validate(schema: &Schema, set: &PolicySet) -> Result<(), PolicyError> {
    let result = Validator::new(schema.clone()).validate(set, ValidationMode::Strict);
    if result.validation_passed_without_warnings() {
        return Ok(());
    }
    let errors = result.validation_errors().map(ToString::to_string);
    let warnings = result.validation_warnings().map(ToString::to_string);
    Err(PolicyError::Validation { findings: errors.chain(warnings).collect::<Vec<_>>().join("\n") })
}

fn named(kind: &EntityTypeName, id: impl ToString) -> EntityUid {
    EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(id.to_string()))
}

fn entity(id: EntityUid, attributes: Vec<(&'static str, Expression)>) -> Result<Entity, Cause> {
    Ok(Entity::new(id, fields(attributes).collect(), std::collections::HashSet::new())?)
}

fn fields(attributes: Vec<(&'static str, Expression)>) -> impl Iterator<Item = (String, Expression)> {
    attributes.into_iter().map(|(name, value)| (name.to_owned(), value))
}

fn word(kind: &EntityTypeName, word: &str) -> Expression {
    Expression::new_entity_uid(named(kind, word))
}

fn words<'w>(kind: &EntityTypeName, all: impl Iterator<Item = &'w str>) -> Expression {
    Expression::new_set(all.map(|each| word(kind, each)))
}

fn purposes(purposes: &[Purpose]) -> Expression {
    Expression::new_set(purposes.iter().map(|purpose| Expression::new_string(purpose.to_string())))
}

fn instant(at: Timestamp) -> Result<Expression, Cause> {
    let text = at.to_string();
    let whole = text.get(..WHOLE_SECONDS_BYTES).ok_or("an instant outside the calendar")?;
    Ok(Expression::new_datetime(format!("{whole}Z")))
}

//! What no policy set can allow.
//!
//! Operators may replace the shipped policies. These few promises to partners are not theirs to replace: they are held here,
//! beside Cedar, on every decision. Under the shipped set they never fire, because a policy has refused already and says why.

use base::Kind;
use base::word::{BudgetState, PrincipalKind, State, Verb};

use crate::inputs::Inputs;

/// One promise that stands below every policy set.
pub(crate) struct Floor {
    pub(crate) id: &'static str,
    pub(crate) guideline: &'static str,
    pub(crate) refusal: Kind,
    breached: fn(&Inputs<'_>) -> bool,
}

/// What refuses past a hard budget, whatever the policies say.
const BUDGET: &str = "floor-budget";

const FLOORS: &[Floor] = &[
    Floor {
        id: "floor-compartment",
        guideline: "Nobody works in the engagement of another partner.",
        refusal: Kind::Refused,
        breached: |inputs| inputs.partner.is_some_and(|partner| partner != inputs.engagement.partner),
    },
    Floor {
        id: "floor-paused",
        guideline: "While an engagement is paused, nothing moves.",
        refusal: Kind::Paused,
        breached: |inputs| {
            inputs.engagement.state == State::Paused
                && !matches!(inputs.verb, Verb::Scope | Verb::Resume | Verb::OpenPeople)
        },
    },
    Floor {
        id: "floor-closed",
        guideline: "A closed engagement stays closed.",
        refusal: Kind::Refused,
        breached: |inputs| {
            inputs.engagement.state == State::Closed && !matches!(inputs.verb, Verb::Scope | Verb::OpenPeople)
        },
    },
    Floor {
        id: "floor-resume",
        guideline: "A resume takes two people.",
        refusal: Kind::Refused,
        breached: |inputs| inputs.verb == Verb::Resume && inputs.approvers == 0,
    },
    Floor {
        id: BUDGET,
        guideline: "Nobody is given more than the budget says.",
        refusal: Kind::Refused,
        breached: |inputs| inputs.budget == Some(BudgetState::Spent),
    },
    Floor {
        id: "floor-raise",
        guideline: "That more may leave than before takes two people.",
        refusal: Kind::Refused,
        breached: |inputs| inputs.verb == Verb::RaiseBudget && inputs.approvers == 0,
    },
    Floor {
        id: "floor-people",
        guideline: "Whom an incident concerns is opened by two people.",
        refusal: Kind::Refused,
        breached: |inputs| inputs.verb == Verb::OpenPeople && inputs.approvers == 0,
    },
    Floor {
        id: "floor-quarantine",
        guideline: "Nobody lets out of quarantine what they wrote themselves, and no program lets anything out.",
        refusal: Kind::Refused,
        breached: |inputs| {
            let own = inputs.version.is_some_and(|version| version.written_by_caller);
            inputs.verb == Verb::ReleaseQuarantined && (own || inputs.kind != PrincipalKind::Person)
        },
    },
];

/// The first promise that allowing this would break.
pub(crate) fn breached(inputs: &Inputs<'_>) -> Option<&'static Floor> {
    FLOORS.iter().find(|floor| (floor.breached)(inputs))
}

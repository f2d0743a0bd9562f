//! Sentences that hold for every question, tried on many at random. The seed is printed.

use std::sync::Arc;

use base::Timestamp;
use base::word::{BudgetState, PrincipalKind, Role, ScanState, State, Verb};
use policy::Decider;

use crate::world::{CALLER, Case, Grant, NOW, OTHER, STRANGER, THEIR_PARTNER};

const SEED: u64 = 0x5eed_c0ff_e2d0_0001;
const QUESTIONS: usize = 6_000;
const PURPOSES: [&str; 3] = ["model-training", "evaluation", "advertising"];

/// SplitMix64: small, and the same everywhere.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn one_in(&mut self, many: u64) -> bool {
        self.next().is_multiple_of(many)
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[usize::try_from(self.next() % u64::try_from(all.len()).unwrap()).unwrap()]
    }

    fn some<T: Copy>(&mut self, all: &[T]) -> Vec<T> {
        all.iter().copied().filter(|_| self.one_in(2)).collect()
    }

    fn case(&mut self) -> Case {
        Case {
            verb: self.of(Verb::ALL),
            kind: self.of(PrincipalKind::ALL),
            roles: self.some(Role::ALL),
            partner: self.of(&[None, None, Some(THEIR_PARTNER), Some(STRANGER)]),
            purpose: self.of(&[None, Some(PURPOSES[0]), Some(PURPOSES[0]), Some(PURPOSES[1]), Some(PURPOSES[2])]),
            state: self.of(&[State::Active, State::Active, State::Paused, State::Closed]),
            engagement_purposes: self.some(&PURPOSES),
            dataset_purposes: self.some(&PURPOSES),
            unscannable_readable: self.one_in(2),
            scan: self.of(ScanState::ALL),
            own_work: self.one_in(2),
            grant: (!self.one_in(4)).then(|| Grant {
                verbs: self.some(Verb::ALL),
                purposes: self.some(&PURPOSES),
                expires: self.of(&[NOW, NOW.plus_seconds(1), Timestamp(i64::MAX)]),
            }),
            approvers: self.some(&[CALLER, OTHER]),
            budget: self.of(&[
                None,
                None,
                Some(BudgetState::Within),
                Some(BudgetState::Soft),
                Some(BudgetState::Spent),
            ]),
            at: NOW,
            pause_epoch: self.next() % 3,
        }
    }
}

/// Asks many questions and hands each with its answer to `holds`; `allowed` guards against a test that tries nothing.
fn for_all(holds: impl Fn(&Case, bool)) {
    println!("seed {SEED:#x}");
    let decider = Decider::new().unwrap();
    let mut chance = Chance(SEED);
    let mut allowed = 0;
    for _ in 0..QUESTIONS {
        let case = chance.case();
        let permitted = case.judge(&decider).is_ok();
        allowed += usize::from(permitted);
        holds(&case, permitted);
    }
    assert!(
        allowed > QUESTIONS / 100,
        "only {allowed} of {QUESTIONS} questions were allowed: the property tries nothing"
    );
}

/// In a paused engagement nothing is permitted but to scope and to resume; in a closed one nothing but to scope. Whom an incident concerns
/// can be learned in both.
#[test]
fn pause_dominates() {
    for_all(|case, permitted| match case.state {
        State::Active => {}
        State::Paused => {
            assert!(!permitted || matches!(case.verb, Verb::Scope | Verb::Resume | Verb::OpenPeople), "{case:?}")
        }
        State::Closed => assert!(!permitted || matches!(case.verb, Verb::Scope | Verb::OpenPeople), "{case:?}"),
    });
}

/// Whatever touches data is permitted only for a purpose that engagement, dataset and a live grant agree on.
#[test]
fn no_data_without_a_purpose_and_a_grant() {
    for_all(|case, permitted| {
        let data = matches!(case.verb, Verb::Read | Verb::Head | Verb::List | Verb::Write | Verb::Delete);
        if !(data && permitted) {
            return;
        }
        let purpose = case.purpose.expect("a purpose");
        let grant = case.grant.as_ref().expect("a grant");
        assert!(case.engagement_purposes.contains(&purpose), "{case:?}");
        assert!(case.dataset_purposes.is_empty() || case.dataset_purposes.contains(&purpose), "{case:?}");
        assert!(grant.purposes.contains(&purpose) && grant.verbs.contains(&case.verb), "{case:?}");
        assert!(case.at < grant.expires, "{case:?}");
    });
}

/// Nothing at all is permitted to the people of another partner, and no data to auditors.
#[test]
fn compartments_and_auditors() {
    for_all(|case, permitted| {
        assert!(!permitted || case.partner != Some(STRANGER), "{case:?}");
        let evidence = matches!(
            case.verb,
            Verb::Scope
                | Verb::Resume
                | Verb::Administer
                | Verb::IssueSession
                | Verb::Scan
                | Verb::Review
                | Verb::ReleaseQuarantined
                | Verb::KeepDecoys
                | Verb::WatchAlarms
                | Verb::SetBudget
                | Verb::RaiseBudget
                | Verb::Respond
                | Verb::OpenPeople
        );
        assert!(!(permitted && !evidence && case.roles.contains(&Role::Auditor)), "{case:?}");
    });
}

/// What is in quarantine is read by people whom a grant names reviewers, and not by its writer; what is pending is read by its
/// writer alone.
#[test]
fn nothing_is_read_before_it_is_known() {
    for_all(|case, permitted| {
        if permitted && matches!(case.verb, Verb::Read | Verb::Head) {
            let reviewer = case.kind == PrincipalKind::Person
                && !case.own_work
                && case.grant.as_ref().is_some_and(|grant| grant.verbs.contains(&Verb::Review));
            assert!(case.scan != ScanState::Quarantined || reviewer, "{case:?}");
            assert!(case.scan != ScanState::Pending || case.own_work, "{case:?}");
            assert!(case.scan != ScanState::Unscannable || case.unscannable_readable, "{case:?}");
        }
    });
}

/// What is in quarantine is let out by a person of the operator's security, and never by its writer.
#[test]
fn nobody_releases_their_own_work() {
    for_all(|case, permitted| {
        if permitted && case.verb == Verb::ReleaseQuarantined {
            assert!(!case.own_work && case.kind == PrincipalKind::Person, "{case:?}");
            assert!(case.partner.is_none() && case.roles.contains(&Role::Security), "{case:?}");
        }
    });
}

/// A resume is permitted to security alone, and never without somebody else.
#[test]
fn a_resume_takes_security_and_somebody_else() {
    for_all(|case, permitted| {
        if permitted && case.verb == Verb::Resume {
            assert!(case.approvers.contains(&OTHER), "{case:?}");
            let role = if case.partner.is_some() { Role::PartnerSecurity } else { Role::Security };
            assert!(case.roles.contains(&role), "{case:?}");
        }
    });
}

/// Nothing is read past a budget, and none is raised without somebody else.
#[test]
fn budgets_hold_and_are_raised_by_two() {
    for_all(|case, permitted| {
        assert!(!(permitted && case.verb == Verb::Read && case.budget == Some(BudgetState::Spent)), "{case:?}");
        assert!(!(permitted && case.verb == Verb::RaiseBudget) || case.approvers.contains(&OTHER), "{case:?}");
    });
}

/// Whom an incident concerns is shown to a privacy officer of the operator alone, never without somebody else; and no privacy
/// officer touches data.
#[test]
fn people_lists_take_a_privacy_officer_and_somebody_else() {
    for_all(|case, permitted| {
        if permitted && case.verb == Verb::OpenPeople {
            assert!(case.approvers.contains(&OTHER) && case.kind == PrincipalKind::Person, "{case:?}");
            assert!(case.partner.is_none() && case.roles.contains(&Role::PrivacyOfficer), "{case:?}");
        }
        let data = matches!(case.verb, Verb::Read | Verb::Head | Verb::List | Verb::Write | Verb::Delete);
        assert!(!(permitted && data && case.roles.contains(&Role::PrivacyOfficer)), "{case:?}");
    });
}

/// What the ledger keeps replays to the same answer, and a remembered answer is the one that would be given afresh.
#[test]
fn replayed_remembered_and_fresh_answers_agree() {
    println!("seed {SEED:#x}");
    let decider = Decider::new().unwrap();
    let mut chance = Chance(SEED);
    for _ in 0..QUESTIONS / 4 {
        let case = chance.case();
        let fresh = decider.replay(&decider.explain(&case.question())).unwrap();
        let first = decider.check(&case.question());
        let remembered = decider.check(&case.question());
        assert_eq!(first, fresh, "{case:?}");
        assert_eq!(remembered, fresh, "{case:?}");
    }
}

/// A second question of the same kind is answered from memory; one behind a moved fence is judged again.
#[test]
fn decisions_are_remembered_until_a_fence_moves() {
    let decider = Decider::new().unwrap();
    let policies = |pause_epoch| {
        let question = Case { pause_epoch, ..Case::default() }.question();
        Arc::clone(decider.decide(question).unwrap().policies())
    };
    let first = policies(1);
    assert!(Arc::ptr_eq(&first, &policies(1)));
    assert!(!Arc::ptr_eq(&first, &policies(2)));
}

/// Threads that ask at once hear what each would hear alone.
#[test]
fn many_threads_hear_the_same() {
    println!("seed {SEED:#x}");
    let mut chance = Chance(SEED);
    let cases: Vec<Case> = (0..200).map(|_| chance.case()).collect();
    let alone = Decider::new().unwrap();
    let expected: Vec<_> = cases.iter().map(|case| case.judge(&alone)).collect();
    let shared = Decider::new().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for (case, expected) in cases.iter().zip(&expected) {
                    assert_eq!(&case.judge(&shared), expected);
                }
            });
        }
    });
}

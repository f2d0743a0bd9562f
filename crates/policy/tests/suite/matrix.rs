//! Every operation by role, state of the engagement, state of the scan, and grant, in a table a lawyer could read.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use base::id::PartnerId;
use base::word::{BudgetState, PrincipalKind, Role, ScanState, State, Verb};
use policy::Decider;

use crate::world::{Case, Grant, OTHER, STRANGER, THEIR_PARTNER, compare_with_reviewed};

const LEGEND: &str = "\
What the shipped policies decide. Made by the test `matrix`; reviewed by people.

  yes          allowed
  policy-id    refused, and the caller is told the sentence of that policy (docs/policies.md)
  (policy-id)  refused, and the caller learns nothing, not even that the object exists

Under each line of answers stand those who get them: for each side the roles. `operator` are the operator's own people and
programs, `partner` those of the engagement's partner, `other partner` those of any other. A role on a side where it does not
belong is asked about as well.

Unless a heading says otherwise, the purpose is one that engagement, dataset and grant agree on, the version was written by
somebody else, and its dataset does not let unscannable data be read. A grant covers every verb. `paused` and `closed` hold
for every state of the scan.
";

const SIDES: [(&str, Option<PartnerId>); 3] =
    [("operator", None), ("partner", Some(THEIR_PARTNER)), ("other partner", Some(STRANGER))];

#[test]
fn matrix() {
    let decider = Decider::new().unwrap();
    let mut table = LEGEND.to_owned();
    let roles: Vec<&str> = Role::ALL.iter().map(|role| role.word()).collect();
    write!(table, "\nRoles: {}.\n", roles.join(", ")).unwrap();
    let mut verbs_seen = BTreeSet::new();
    for (heading, case) in sections() {
        verbs_seen.insert(case.verb);
        write!(table, "\n{heading}\n{}\n", "=".repeat(heading.len())).unwrap();
        section(&mut table, &decider, &case);
    }
    assert_eq!(verbs_seen, Verb::ALL.iter().copied().collect(), "a verb has no section");
    compare_with_reviewed("tests/matrix.txt", &table);
}

fn sections() -> Vec<(String, Case)> {
    let mut sections = Vec::new();
    for verb in Verb::ALL {
        let plain = Case { verb: *verb, ..Case::default() };
        match verb {
            Verb::Read | Verb::Head => {
                sections.push((verb.to_string(), plain.clone()));
                sections.push((format!("{verb}, by the writer"), Case { own_work: true, ..plain.clone() }));
                sections.push((
                    format!("{verb}, in a dataset that lets unscannable data be read"),
                    Case { unscannable_readable: true, ..plain.clone() },
                ));
                // Names count in no budget.
                if *verb == Verb::Read {
                    let spent = Case { budget: Some(BudgetState::Spent), ..plain.clone() };
                    sections.push((format!("{verb}, with a budget that is spent"), spent));
                }
                sections.push((
                    format!("{verb}, for a purpose nobody agreed to"),
                    Case { purpose: Some("advertising"), ..plain },
                ));
            }
            Verb::Resume | Verb::RaiseBudget | Verb::OpenPeople => {
                sections.push((format!("{verb}, approved by nobody else"), plain.clone()));
                sections
                    .push((format!("{verb}, approved by one other person"), Case { approvers: vec![OTHER], ..plain }));
            }
            Verb::ReleaseQuarantined => {
                sections.push((verb.to_string(), plain.clone()));
                sections.push((format!("{verb}, by the writer"), Case { own_work: true, ..plain }));
            }
            _ => sections.push((verb.to_string(), plain)),
        }
    }
    sections
}

/// One line of answers, and who gets them: roles by side and grant.
type Groups = BTreeMap<Vec<String>, Vec<(&'static str, &'static str, Role)>>;

fn section(table: &mut String, decider: &Decider, plain: &Case) {
    let (columns, groups) = answers(decider, plain);
    let width = groups.keys().flatten().chain(&columns).map(String::len).max().unwrap_or_default();
    let line = |cells: &[String]| {
        let padded: Vec<String> = cells.iter().map(|cell| format!("{cell:<width$}")).collect();
        padded.join(" | ").trim_end().to_owned()
    };
    writeln!(table, "{}", line(&columns)).unwrap();
    for (cells, who) in groups {
        writeln!(table, "{}", line(&cells)).unwrap();
        for (side, roles) in by_side(&who) {
            writeln!(table, "    {side}: {roles}").unwrap();
        }
    }
}

/// Asks for every role on every side, without and with a grant, in every state.
fn answers(decider: &Decider, plain: &Case) -> (Vec<String>, Groups) {
    let mut groups = Groups::new();
    for (side, partner) in SIDES {
        for (granted, grant) in [("without a grant", None), ("with a grant", Some(Grant::default()))] {
            for role in Role::ALL {
                let kind = if *role == Role::Workload { PrincipalKind::Workload } else { PrincipalKind::Person };
                let case = Case { roles: vec![*role], kind, partner, grant: grant.clone(), ..plain.clone() };
                let [mut cells, paused, closed] =
                    [State::Active, State::Paused, State::Closed].map(|state| cells(decider, &case, state));
                assert!(
                    uniform(&paused) && uniform(&closed),
                    "{case:?} depends on the scan: give that its own columns"
                );
                cells.extend([paused[0].clone(), closed[0].clone()]);
                groups.entry(cells).or_default().push((side, granted, *role));
            }
        }
    }
    let by_scan = groups.keys().any(|cells| !uniform(&cells[..ScanState::ALL.len()]));
    let mut columns: Vec<String> = ScanState::ALL.iter().map(|scan| format!("active, {scan}")).collect();
    if !by_scan {
        columns = vec!["active".to_owned()];
        groups = groups.into_iter().map(|(cells, who)| (cells[ScanState::ALL.len() - 1..].to_vec(), who)).collect();
    }
    columns.extend(["paused".to_owned(), "closed".to_owned()]);
    (columns, groups)
}

fn by_side(who: &[(&str, &str, Role)]) -> Vec<(String, String)> {
    let mut lines: Vec<(String, String)> = Vec::new();
    for (side, _) in SIDES {
        let roles = |granted| {
            let fitting = who.iter().filter(|(its_side, its_grant, _)| *its_side == side && *its_grant == granted);
            let roles: Vec<&str> = fitting.map(|(.., role)| role.word()).collect();
            if roles.len() == Role::ALL.len() { "every role".to_owned() } else { roles.join(", ") }
        };
        let [without, with] = ["without a grant", "with a grant"].map(roles);
        if without == with {
            lines.push((format!("{side}, with or without a grant"), with));
        } else {
            lines.push((format!("{side}, without a grant"), without));
            lines.push((format!("{side}, with a grant"), with));
        }
    }
    lines.retain(|(_, roles)| !roles.is_empty());
    lines
}

/// The answer for every state of the scan.
fn cells(decider: &Decider, case: &Case, state: State) -> Vec<String> {
    let answer = |scan: &ScanState| match (Case { state, scan: *scan, ..case.clone() }).judge(decider) {
        Ok(_) => "yes".to_owned(),
        Err(denial) if denial.disclose => denial.policy,
        Err(denial) => format!("({})", denial.policy),
    };
    ScanState::ALL.iter().map(answer).collect()
}

fn uniform(cells: &[String]) -> bool {
    cells.windows(2).all(|pair| pair[0] == pair[1])
}

//! Deadlines: the worked example to the minute, thresholds to the person, and what may and may not move a due time.

use base::word::DataType;

use super::*;
use crate::book::RuleBook;
use crate::census::Group;
use crate::clock::{Again, ClockEntry};

fn at(text: &str) -> Timestamp {
    Timestamp::from_rfc3339(text).unwrap()
}

/// A world to ask about: a clock at noon, people in some states.
struct World {
    now: Timestamp,
    clocks: Clocks,
    census: Census,
    keys_taken: bool,
    roles: BTreeSet<DutyRole>,
    declared: BTreeSet<String>,
    contracts: Vec<Contract>,
    holds: Vec<Hold>,
    still_counting: Option<Decision>,
    sent: BTreeMap<String, Sent>,
    waived: BTreeMap<String, Decision>,
    book: RuleBook,
}

impl World {
    /// The example of practice: aware on 24 March 2026, with so many people in each place.
    fn new(people: &[(Option<&str>, u64)]) -> Self {
        let mut world = Self {
            now: at("2026-03-24T13:00:00Z"),
            clocks: Clocks::default(),
            census: Census::default(),
            keys_taken: false,
            roles: BTreeSet::new(),
            declared: BTreeSet::new(),
            contracts: Vec::new(),
            holds: Vec::new(),
            still_counting: None,
            sent: BTreeMap::new(),
            waived: BTreeMap::new(),
            book: RuleBook::with(&[]).unwrap(),
        };
        world.census.served = people
            .iter()
            .map(|(residence, people)| Group {
                elements: BTreeSet::from([DataType::Name, DataType::Ssn]),
                residence: residence.map(str::to_owned),
                people: *people,
            })
            .collect();
        world.census.possible = world.census.served.clone();
        world.census.with_sealed = world.census.served.clone();
        world.set(ClockName::Aware, "2026-03-24T12:10:00Z");
        world
    }

    fn set(&mut self, clock: ClockName, time: &str) {
        let entry = ClockEntry {
            time: at(time),
            set_by: "ada".to_owned(),
            why: "as in the example".to_owned(),
            set_at: at(time),
            index: None,
        };
        self.clocks.set(clock, entry, Again::First, at("2027-01-01T00:00:00Z")).unwrap();
    }

    fn all(&self) -> Vec<Deadline> {
        let facts = Facts {
            now: self.now,
            clocks: &self.clocks,
            census: &self.census,
            keys_taken: self.keys_taken,
            roles: &self.roles,
            declared: &self.declared,
            contracts: &self.contracts,
            holds: &self.holds,
            still_counting: self.still_counting.as_ref(),
            sent: &self.sent,
            waived: &self.waived,
            owners: &BTreeMap::new(),
            reasons_late: &BTreeMap::new(),
        };
        deadlines(self.book.on("2026-11-24"), &facts)
    }

    fn one(&self, key: &str) -> Deadline {
        let all = self.all();
        all.iter().find(|deadline| deadline.key() == key).unwrap_or_else(|| panic!("no `{key}`")).clone()
    }
}

const EVERYWHERE: &[(Option<&str>, u64)] = &[
    (Some("US-CA"), 600),
    (Some("US-NY"), 600),
    (Some("US-FL"), 600),
    (Some("US-WA"), 600),
    (Some("US-CO"), 600),
    (Some("US-ME"), 600),
    (Some("US-OR"), 600),
    (Some("US-WI"), 600),
    (Some("US-TX"), 600),
    (Some("US-CT"), 600),
    (Some("US-DE"), 600),
    (Some("US-LA"), 600),
    (Some("US-SD"), 600),
    (Some("US-MA"), 600),
    (Some("DE"), 600),
    (Some("GB"), 600),
    (Some("US-OH"), 600),
    (Some("US-VT"), 600),
];

/// SPEC: practice 1.5, the worked example.
#[test]
fn the_worked_example_to_the_minute() {
    let mut world = World::new(EVERYWHERE);
    world.set(ClockName::DfsDetermined, "2026-03-24T12:10:00Z");
    world.set(ClockName::MaterialityDecided, "2026-03-26T17:00:00Z");
    world.declared.insert("hipaa".to_owned());
    world.declared.insert("us-sec-8k".to_owned());
    world.declared.insert("us-nydfs".to_owned());
    let engagement = EngagementId::from_bytes([1; 16]);
    world.contracts.push(Contract { engagement, notice_hours: None });
    let partner = format!("partner-contract/partner/{engagement}");
    let in_days =
        |states: &[&str], due| states.iter().map(move |state| (format!("us-{state}/people"), due)).collect::<Vec<_>>();
    let mut expected = vec![
        (partner, "2026-03-25T12:10:00Z"),
        ("gdpr-33/authority".to_owned(), "2026-03-27T12:10:00Z"),
        ("uk-ico/authority".to_owned(), "2026-03-27T12:10:00Z"),
        ("us-nydfs/dfs".to_owned(), "2026-03-27T12:10:00Z"),
        ("hipaa/people".to_owned(), "2026-05-23T12:10:00Z"),
        ("us-sec-8k/investors".to_owned(), "2026-04-01T17:00:00Z"),
    ];
    expected.extend(in_days(&["ca", "ny", "fl", "wa", "co", "me"], "2026-04-23T12:10:00Z"));
    expected.extend(in_days(&["or", "oh", "vt", "wi"], "2026-05-08T12:10:00Z"));
    expected.extend(in_days(&["tx", "ct", "de", "la", "sd"], "2026-05-23T12:10:00Z"));
    for (key, due) in expected {
        assert_eq!(world.one(&key).due, Some(at(due)), "{key}");
    }
    assert_eq!(world.one("us-ma/people").due, None, "as soon as practicable is no date");
    assert_eq!(world.one("us-ma/people").state, DeadlineState::Running);
}

#[test]
fn an_engagements_own_hours_win() {
    let mut world = World::new(&[]);
    let [first, second] = [1, 2].map(|byte| EngagementId::from_bytes([byte; 16]));
    world.contracts.push(Contract { engagement: first, notice_hours: Some(48) });
    world.contracts.push(Contract { engagement: second, notice_hours: None });
    assert_eq!(world.one(&format!("partner-contract/partner/{first}")).due, Some(at("2026-03-26T12:10:00Z")));
    assert_eq!(world.one(&format!("partner-contract/partner/{second}")).due, Some(at("2026-03-25T12:10:00Z")));
}

#[test]
fn one_person_decides_a_threshold() {
    for (state, people, met) in [
        ("us-tx", 249, false),
        ("us-tx", 250, true),
        ("us-wa", 500, false),
        ("us-wa", 501, true),
        ("us-fl", 499, false),
        ("us-fl", 500, true),
        ("us-or", 250, false),
        ("us-or", 251, true),
        ("us-me", 1, true),
        ("us-ny", 1, true),
    ] {
        let residence = state.to_uppercase();
        let deadline = World::new(&[(Some(&residence), people)]).one(&format!("{state}/attorney_general"));
        assert_eq!(deadline.due.is_some(), met, "{state} with {people}");
        assert_eq!(deadline.state != DeadlineState::NotTriggered, met, "{state} with {people}");
    }
}

/// Unknown residences count into the upper bound of every threshold, and the deadline runs.
#[test]
fn a_threshold_is_possibly_met_by_people_who_live_nowhere_known() {
    let deadline = World::new(&[(Some("US-WA"), 480), (None, 21)]).one("us-wa/attorney_general");
    let tested = deadline.threshold.clone().unwrap();
    assert_eq!((tested.outcome, tested.people), (Outcome::PossiblyMet, Bounds { low: 480, high: 501 }));
    assert!(deadline.applies_because.contains("threshold possibly met"), "{}", deadline.applies_because);
    assert!(deadline.due.is_some());
    let below = World::new(&[(Some("US-WA"), 480), (None, 20)]).one("us-wa/attorney_general");
    assert_eq!((below.state, below.due), (DeadlineState::NotTriggered, None));
    let nobody = World::new(&[(None, 3)]).one("us-ak/people");
    assert_eq!(nobody.state, DeadlineState::Running);
    assert!(nobody.applies_because.contains("none for certain"), "{}", nobody.applies_because);
}

#[test]
fn fewer_than_is_met_by_the_lower_bound() {
    let mut world = World::new(&[(Some("US-WA"), 480)]);
    world.declared.insert("hipaa".to_owned());
    world.census.unscanned_allowance = 100;
    for key in ["hipaa/hhs", "hipaa/hhs/yearly"] {
        assert_eq!(world.one(key).threshold.unwrap().outcome, Outcome::PossiblyMet, "{key}");
    }
    assert_eq!(world.one("hipaa/hhs/yearly").due, Some(at("2027-03-01T00:00:00Z")));
    assert_eq!(world.one("hipaa/media").threshold.unwrap().people, Bounds { low: 480, high: 580 });
}

#[test]
fn a_rule_without_its_anchor_says_what_starts_it() {
    let mut world = World::new(EVERYWHERE);
    world.declared.insert("us-sec-8k".to_owned());
    for key in ["us-sec-8k/investors", "us-ca/attorney_general"] {
        let deadline = world.one(key);
        assert_eq!((deadline.state, deadline.due), (DeadlineState::NotTriggered, None));
        assert!(deadline.starts_when.unwrap().starts_with("starts when "));
    }
    world.set(ClockName::PeopleTold, "2026-04-20T08:00:00Z");
    assert_eq!(world.one("us-ca/attorney_general").due, Some(at("2026-05-05T08:00:00Z")));
    assert_eq!(world.one("us-circia/cisa").applies_because, "this rule is switched off");
}

#[test]
fn discovery_counts_where_it_was_earlier_than_awareness() {
    let mut world = World::new(EVERYWHERE);
    world.set(ClockName::Discovered, "2026-03-20T09:00:00Z");
    let deadline = world.one("us-ca/people");
    assert_eq!((deadline.anchor, deadline.due), (ClockName::Discovered, Some(at("2026-04-19T09:00:00Z"))));
    assert_eq!(world.one("gdpr-33/authority").anchor, ClockName::Aware);
}

#[test]
fn a_hold_stops_the_clocks_that_it_may_stop() {
    let mut world = World::new(EVERYWHERE);
    let hold = |until: Option<&str>| Hold {
        by: HoldBy::LawEnforcement,
        from: at("2026-04-01T12:10:00Z"),
        until: until.map(at),
        request: "letter of 1 April".to_owned(),
    };
    world.holds = vec![hold(Some("2026-04-11T12:10:00Z"))];
    assert_eq!(world.one("us-ca/people").due, Some(at("2026-05-03T12:10:00Z")), "ten days later");
    let untouched = world.one("gdpr-33/authority");
    assert_eq!(untouched.due, Some(at("2026-03-27T12:10:00Z")), "it had ended by then, and knows no hold");
    assert!(untouched.notes.iter().any(|note| note.contains("does not stop this clock")));
    world.holds = vec![hold(None)];
    let held = world.one("us-ca/people");
    assert_eq!((held.due, held.state), (None, DeadlineState::Running));
    assert!(held.notes[0].contains("528 hours are left"), "{}", held.notes[0]);
}

#[test]
fn still_counting_wins_time_where_the_law_says_so_and_nowhere_else() {
    let mut world = World::new(EVERYWHERE);
    world.now = at("2026-05-01T00:00:00Z");
    world.still_counting = Some(Decision {
        by: "bo".to_owned(),
        at: at("2026-04-01T00:00:00Z"),
        why: "archives are being unpacked".to_owned(),
    });
    assert_eq!(world.one("us-ny/people").state, DeadlineState::Late);
    let california = world.one("us-ca/people");
    assert_eq!(california.state, DeadlineState::DueSoon, "due as soon as counting ends");
    assert!(california.notes[0].contains("plainly due 2026-04-23T12:10:00"), "{}", california.notes[0]);
    world.set(ClockName::ScopeFinal, "2026-04-28T00:00:00Z");
    let ended = world.one("us-ca/people");
    assert_eq!((ended.due, ended.state), (Some(at("2026-04-28T00:00:00Z")), DeadlineState::Late));
}

#[test]
fn states_follow_the_time() {
    let mut world = World::new(&[(Some("DE"), 5)]);
    for (now, state) in [
        ("2026-03-24T13:00:00Z", DeadlineState::Running),
        ("2026-03-26T18:10:00Z", DeadlineState::DueSoon),
        ("2026-03-27T12:10:00Z", DeadlineState::DueSoon),
        ("2026-03-27T12:10:01Z", DeadlineState::Late),
    ] {
        world.now = at(now);
        assert_eq!(world.one("gdpr-33/authority").state, state, "{now}");
    }
    assert_eq!(world.one("gdpr-33/authority").reason_late.as_deref(), Some("not given"));
    assert_eq!(world.all()[0].key(), "gdpr-33/authority", "what is late stands first");
    let sent =
        |time| Sent { at: at(time), receipt: "case 17".to_owned(), reason_late: Some("the form was down".to_owned()) };
    world.sent.insert("gdpr-33/authority".to_owned(), sent("2026-03-27T12:10:00Z"));
    assert_eq!(world.one("gdpr-33/authority").state, DeadlineState::Sent);
    world.sent.insert("gdpr-33/authority".to_owned(), sent("2026-03-27T13:00:00Z"));
    let late = world.one("gdpr-33/authority");
    assert_eq!((late.state, late.reason_late.as_deref()), (DeadlineState::Late, Some("the form was down")));
    assert!(!late.is_open());
    let why = Decision { by: "bo".to_owned(), at: world.now, why: "risk is unlikely".to_owned() };
    world.waived.insert("gdpr-33/authority".to_owned(), why);
    assert_eq!(world.one("gdpr-33/authority").state, DeadlineState::Waived);
}

#[test]
fn sealed_bytes_are_exempt_until_their_key_is_gone() {
    let mut world = World::new(&[]);
    world.census.with_sealed = vec![Group {
        elements: BTreeSet::from([DataType::Name, DataType::Ssn]),
        residence: Some("US-ME".to_owned()),
        people: 70,
    }];
    let exempt = world.one("us-me/people");
    assert_eq!(exempt.state, DeadlineState::NotTriggered);
    assert!(exempt.applies_because.contains("70 do not count"), "{}", exempt.applies_because);
    world.keys_taken = true;
    assert_eq!(world.one("us-me/people").state, DeadlineState::Running);
}

#[test]
fn a_role_decides_who_is_told() {
    let mut world = World::new(&[(Some("US-NY"), 5)]);
    world.roles = BTreeSet::from([DutyRole::Maintainer]);
    let all = world.all();
    let of_new_york: Vec<_> = all.iter().filter(|deadline| deadline.rule == "us-ny").collect();
    assert_eq!(of_new_york.iter().map(|deadline| deadline.recipient).collect::<Vec<_>>(), [Recipient::Owner]);
    assert_eq!(of_new_york[0].due, Some(at("2026-04-23T12:10:00Z")));
    let controller = World { roles: BTreeSet::from([DutyRole::Maintainer]), ..World::new(&[(Some("DE"), 5)]) };
    let note = &controller.one("gdpr-33/authority").notes;
    assert!(note.iter().any(|note| note.contains("our role is not recorded")), "a state's role is none of Europe's");
    world.roles.clear();
    let unknown = world.one("us-ny/owner");
    assert!(unknown.notes.iter().any(|note| note.contains("our role is not recorded")), "{:?}", unknown.notes);
}

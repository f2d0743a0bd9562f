//! Cases and a property of what could be reached.

use proptest::prelude::*;

use super::*;

const ENGAGEMENT: EngagementId = EngagementId::from_bytes([1; 16]);
const OTHER: EngagementId = EngagementId::from_bytes([2; 16]);
const HOLDER: PrincipalId = PrincipalId::from_bytes([3; 16]);
const SESSION: SessionId = SessionId::from_bytes([4; 16]);

fn at(minute: i64) -> Timestamp {
    Timestamp::from_seconds(minute.saturating_mul(60))
}

fn dataset(number: u8) -> DatasetId {
    DatasetId::from_bytes([number; 16])
}

fn grant(number: u8, only: Option<DatasetId>, verb: Verb, purpose: &str, expires: i64) -> Grant {
    Grant {
        id: GrantId::from_bytes([number; 16]),
        grantee: HOLDER,
        dataset: only,
        verbs: vec![verb],
        purposes: vec![purpose.parse().unwrap()],
        expires: at(expires),
    }
}

fn session(purpose: &str, expires: i64) -> Session {
    Session {
        id: SESSION,
        access_key: "AK".to_owned(),
        holder: HOLDER,
        purpose: purpose.parse().unwrap(),
        expires: at(expires),
        attributes: Attributes::default(),
    }
}

fn replay(acts: Vec<(i64, EngagementId, Act)>) -> Standing {
    let mut standing = Standing::default();
    for (minute, engagement, act) in acts {
        standing.apply(engagement, at(minute), act);
    }
    standing
}

fn made(number: u8) -> Act {
    Act::Dataset { dataset: dataset(number), bucket: format!("bucket-{number}") }
}

fn spans(standing: &Standing, number: u8) -> Vec<(i64, i64)> {
    let reach = standing.reach(SESSION, &(at(0)..at(10_000)));
    let spans = reach.get(&dataset(number)).cloned().unwrap_or_default();
    spans.iter().map(|span| (span.start.seconds() / 60, span.end.seconds() / 60)).collect()
}

#[test]
fn a_grant_that_was_withdrawn_still_says_what_could_have_been_read() {
    let standing = replay(vec![
        (0, ENGAGEMENT, made(1)),
        (0, OTHER, made(2)),
        (1, ENGAGEMENT, Act::Grant(grant(1, None, Verb::Read, "training", 900))),
        (2, ENGAGEMENT, Act::Session(session("training", 62))),
        (10, ENGAGEMENT, Act::GrantGone(GrantId::from_bytes([1; 16]))),
        (20, ENGAGEMENT, Act::Grant(grant(2, Some(dataset(1)), Verb::Read, "training", 30))),
        (25, ENGAGEMENT, Act::Grant(grant(3, None, Verb::Write, "training", 900))),
        (25, ENGAGEMENT, Act::Grant(grant(4, None, Verb::Read, "labeling", 900))),
        (50, ENGAGEMENT, made(3)),
    ]);
    assert_eq!(spans(&standing, 1), [(2, 10), (20, 30)]);
    assert_eq!(spans(&standing, 2), [], "another compartment's");
    assert_eq!(spans(&standing, 3), [], "made after the grants were over");
    let early = standing.reach(SESSION, &(at(5)..at(7)));
    assert_eq!(early.get(&dataset(1)), Some(&vec![at(5)..at(7)]));
    assert!(standing.reach(SessionId::from_bytes([9; 16]), &(at(0)..at(9))).is_empty());
}

#[test]
fn a_pause_ends_sessions_and_so_does_their_own_end() {
    let begin = |rest: Vec<(i64, EngagementId, Act)>| {
        let mut acts = vec![
            (0, ENGAGEMENT, made(1)),
            (1, ENGAGEMENT, Act::Grant(grant(1, None, Verb::Read, "training", 900))),
            (2, ENGAGEMENT, Act::Session(session("training", 62))),
        ];
        acts.extend(rest);
        replay(acts)
    };
    assert_eq!(spans(&begin(vec![]), 1), [(2, 62)]);
    assert_eq!(spans(&begin(vec![(9, OTHER, Act::Pause)]), 1), [(2, 62)]);
    assert_eq!(spans(&begin(vec![(9, ENGAGEMENT, Act::Pause), (12, ENGAGEMENT, Act::Pause)]), 1), [(2, 9)]);
    assert_eq!(spans(&begin(vec![(8, ENGAGEMENT, Act::SessionGone(SESSION))]), 1), [(2, 8)]);
    assert_eq!(spans(&begin(vec![(70, ENGAGEMENT, Act::SessionGone(SESSION))]), 1), [(2, 62)]);
    assert_eq!(spans(&begin(vec![(20, ENGAGEMENT, Act::DatasetGone(dataset(1)))]), 1), [(2, 20)]);
}

#[test]
fn what_stood_is_found_by_every_name() {
    let mut bound = session("training", 62);
    bound.attributes.host = Some("etl-07".to_owned());
    let standing = replay(vec![
        (0, ENGAGEMENT, made(1)),
        (1, ENGAGEMENT, Act::DatasetGone(dataset(1))),
        (2, ENGAGEMENT, Act::Session(bound)),
    ]);
    assert_eq!(standing.datasets_named("bucket-1"), [(dataset(1), ENGAGEMENT)]);
    let found = standing.session_of_key("AK").unwrap();
    assert_eq!(found.what.attributes.host.as_deref(), Some("etl-07"));
    assert_eq!(standing.session(SESSION), Some(found));
    assert!(standing.session_of_key("other").is_none());
}

proptest! {
    /// A dataset is within reach in exactly the minutes in which the session, the dataset and one of the grants stood.
    #[test]
    fn reach_is_what_stood_together_minute_by_minute(
        grants in prop::collection::vec((0i64..60, 0i64..60, 0i64..60), 0..5),
        live in (0i64..60, 0i64..120),
        gone in 0i64..80,
        window in (0i64..60, 0i64..60),
    ) {
        let mut acts = vec![(0, ENGAGEMENT, made(1)), (gone, ENGAGEMENT, Act::DatasetGone(dataset(1)))];
        acts.push((live.0, ENGAGEMENT, Act::Session(session("training", live.1))));
        for (number, (from, expires, withdrawn)) in (1u8..).zip(&grants) {
            acts.push((*from, ENGAGEMENT, Act::Grant(grant(number, None, Verb::Read, "training", *expires))));
            acts.push(((*withdrawn).max(*from), ENGAGEMENT, Act::GrantGone(GrantId::from_bytes([number; 16]))));
        }
        acts.sort_by_key(|(minute, _, act)| (*minute, matches!(act, Act::GrantGone(_) | Act::DatasetGone(_))));
        let standing = replay(acts);
        let reach = standing.reach(SESSION, &(at(window.0)..at(window.1)));
        let spans = reach.get(&dataset(1)).cloned().unwrap_or_default();
        for pair in spans.windows(2) {
            prop_assert!(pair[0].end < pair[1].start);
        }
        for minute in 0..90 {
            let granted = grants.iter().any(|(from, expires, withdrawn)| {
                minute >= *from && minute < (*expires).min((*withdrawn).max(*from))
            });
            let stands = granted
                && (live.0..live.1).contains(&minute)
                && minute < gone
                && (window.0..window.1).contains(&minute);
            prop_assert_eq!(spans.iter().any(|span| span.contains(&at(minute))), stands, "minute {}", minute);
        }
    }
}

//! An incident from its signal to its closure, over two partners, with real keys, policies and ledger.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod world;

use std::collections::BTreeMap;
use std::sync::Arc;

use base::Clock;
use base::Kind;
use base::id::{ChainId, EngagementId, IncidentId};
use base::word::Role;
use catalog::model::SelectorKind;
use custody::access::Span;
use custody::incidents::acts::{NewAct, Opening};
use custody::incidents::line::Fact;
use custody::incidents::report::NewReport;
use custody::scope::ScopeQuestion;
use custody::touch::Selector;
use custody::{Caller, CustodyError};
use incident::stage::Lesson;
use incident::word::{Category, ClockName, ReportKind, Stage};
use serde_json::Value;
use world::{World, person, person_key};

/// Two partners, whose one workload was robbed of a session in each; and a third that nobody touched.
struct Theft {
    world: World,
    ids: [EngagementId; 3],
    keys: Vec<String>,
}

const ENGAGEMENTS: [&str; 3] = ["amber", "birch", "cedar"];

impl Theft {
    async fn new(seed: u64) -> Self {
        let world = World::new(seed).await;
        let mut ids = Vec::new();
        let mut keys = Vec::new();
        for (name, people) in ENGAGEMENTS.into_iter().zip([3, 5, 7]) {
            ids.push(world.engagement(name).await);
            let security =
                person(&format!("{name}-security"), Some(name), vec![Role::PartnerSecurity], name.as_bytes()[0]);
            world.custody.create_principal(&world.ann(), world.request(), &security).await.unwrap();
            let (writer, reader) = (
                world.session(&format!("{name}-writer"), name).await,
                world.session(&format!("{name}-reader"), name).await,
            );
            let (writer, thief) = (world.caller(&writer).unwrap(), (world.caller(&reader).unwrap(), reader));
            world
                .custody
                .create_bucket(&writer, world.request(), &format!("{name}-data"), Default::default())
                .await
                .unwrap();
            let text: String = (0..people).map(|person| format!("{name}{person}@example.org wrote\n")).collect();
            world.put(&writer, &format!("{name}-data"), "letters.txt", text.as_bytes()).await.unwrap();
            world.put(&writer, &format!("{name}-data"), "unread.txt", b"unread@example.org\n").await.unwrap();
            if name != "cedar" {
                world.get(&thief.0, &format!("{name}-data"), "letters.txt", Span::Whole).await.unwrap();
                keys.push(thief.1.access_key().to_owned());
            }
        }
        let dora = person("dora", None, vec![Role::PrivacyOfficer], 77);
        world.custody.create_principal(&world.ann(), world.request(), &dora).await.unwrap();
        Self { world, ids: ids.try_into().unwrap(), keys }
    }

    fn person(&self, name: &str) -> Caller {
        self.world.custody.local_person(name).unwrap()
    }

    fn question(&self, keys: &[String]) -> ScopeQuestion {
        let now = self.world.clock.now();
        ScopeQuestion {
            selectors: keys.iter().map(|key| Selector { kind: SelectorKind::Credential, value: key.clone() }).collect(),
            from: now.plus_seconds(-3600),
            to: now.plus_seconds(1),
            engagement: None,
        }
    }

    async fn open(&self) -> IncidentId {
        let new = Opening {
            title: "stolen keys".to_owned(),
            signal: "a partner asks about reads at night".to_owned(),
            raised_by: "amber".to_owned(),
            received: None,
        };
        self.world.custody.open_incident(&self.person("bob"), self.world.request(), &new).await.unwrap().id
    }

    async fn act(&self, who: &str, id: IncidentId, act: NewAct) -> Result<Stage, CustodyError> {
        let done = self.world.custody.act_on_incident(&self.person(who), self.world.request(), id, act).await;
        done.map(|shown| shown.stage)
    }

    async fn scope(&self, id: IncidentId, keys: &[String], why: &str) -> Result<(), CustodyError> {
        let question = self.question(keys);
        let scoped =
            self.world.custody.scope_incident(&self.person("bob"), self.world.request(), id, &question, why).await;
        scoped.map(drop)
    }

    async fn report(&self, id: IncidentId, kind: ReportKind) -> Result<BTreeMap<String, String>, CustodyError> {
        let new = NewReport { kind, reasons: BTreeMap::new() };
        let made = self.world.custody.report_incident(&self.person("dora"), self.world.request(), id, &new).await;
        made.map(|made| made.documents)
    }

    async fn declared(&self) -> IncidentId {
        let id = self.open().await;
        let reasoning = "a key was used from another network; nothing else explains it".to_owned();
        self.act("bob", id, NewAct::Triage { owner: "bob".to_owned(), reasoning }).await.unwrap();
        let declare = NewAct::Declare {
            criteria: vec!["a credential was used by somebody else".to_owned()],
            category: Category::CredentialTheft,
            lead: "dora".to_owned(),
        };
        self.act("bob", id, declare).await.unwrap();
        id
    }
}

fn clock(clock: ClockName, theft: &Theft, again: bool) -> NewAct {
    let why = "the partner's letter shows whose data it was".to_owned();
    NewAct::Clock { clock, at: theft.world.clock.now(), why, again }
}

#[tokio::test]
async fn from_a_signal_to_what_was_learnt() {
    let theft = Theft::new(50).await;
    let world = &theft.world;
    let id = theft.declared().await;
    theft.act("dora", id, clock(ClockName::Aware, &theft, false)).await.unwrap();
    theft.scope(id, &theft.keys[..1], "").await.unwrap();
    theft.scope(id, &theft.keys, "the second key lay in the same file").await.unwrap();
    let bob = Arc::new(theft.person("bob"));
    let contained = world.custody.contain_incident(&bob, world.request(), id, &[]).await.unwrap();
    assert!(contained.failed.is_empty());
    let paused: Vec<_> =
        contained.shown.engagements.iter().map(|part| (&*part.engagement, part.paused.is_some())).collect();
    assert_eq!(paused.len(), 2, "{paused:?}");
    assert!(contained.shown.engagements.iter().all(|part| part.paused.is_some() && part.last_sent <= part.paused));
    assert!(contained.shown.clocks.contains_key(&ClockName::Contained));

    let documents = theft.report(id, ReportKind::Initial).await.unwrap();
    let report: Value = serde_json::from_str(&documents["report.json"]).unwrap();
    assert_eq!(report["exposure"]["subjects"]["total"]["low"], 8, "three and five");
    assert_eq!(report["exposure"]["objects"]["low"], 2);
    assert!(report["exposure"]["objects"]["high"].as_u64().unwrap() >= 4, "what was within reach stands beside it");
    assert_eq!(documents["objects.csv"].lines().count(), 3);

    let revoke =
        NewAct::Measure { at: None, kind: "revoke".to_owned(), what: "both keys".to_owned(), engagement: None };
    theft.act("bob", id, revoke).await.unwrap();
    theft.act("bob", id, NewAct::Eradicate { done: vec!["host rebuilt".to_owned()] }).await.unwrap();
    theft.act("dora", id, clock(ClockName::ScopeFinal, &theft, false)).await.unwrap();
    let documents = theft.report(id, ReportKind::Final).await.unwrap();
    let last: Value = serde_json::from_str(&documents["report.json"]).unwrap();
    assert_eq!(last["report_no"], 2);
    assert!(last["supersedes"].is_string() && last["changes"].is_array());

    let lessons = || vec![Lesson { lesson: "pin it".to_owned(), owner: "bob".to_owned(), by: "2026-12-31".to_owned() }];
    let refused = theft.act("dora", id, NewAct::Close { lessons: lessons() }).await.unwrap_err();
    assert!(refused.to_string().contains("deadlines are open"), "{refused}");
    for deadline in last["deadlines"].as_array().unwrap() {
        if ["running", "due_soon", "late"].contains(&deadline["state"].as_str().unwrap()) {
            let parts = ["rule", "recipient", "duty", "engagement"].iter().filter_map(|part| deadline[*part].as_str());
            let duty = parts.collect::<Vec<_>>().join("/");
            let waive = NewAct::Decide { fact: Fact::Waive { duty }, why: "counsel says so".to_owned() };
            theft.act("dora", id, waive).await.unwrap();
        }
    }
    assert_eq!(theft.act("dora", id, NewAct::Close { lessons: lessons() }).await.unwrap(), Stage::Closed);
    let late = theft.act("dora", id, clock(ClockName::Aware, &theft, true)).await.unwrap_err();
    assert_eq!(late.kind(), Kind::Conflict, "{late}");
}

#[tokio::test]
async fn a_clock_is_not_moved_and_an_act_does_not_come_before_its_time() {
    let theft = Theft::new(51).await;
    let id = theft.open().await;
    let early = NewAct::Eradicate { done: vec!["all".to_owned()] };
    let refused = theft.act("bob", id, early).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::Conflict);
    theft.act("dora", id, clock(ClockName::Aware, &theft, false)).await.unwrap();
    let moved = theft.act("dora", id, clock(ClockName::Aware, &theft, false)).await.unwrap_err();
    assert!(moved.to_string().contains("cannot be moved"), "{moved}");
    theft.act("dora", id, clock(ClockName::Aware, &theft, true)).await.unwrap();
    let nobody = NewAct::Triage { owner: "amber-reader".to_owned(), reasoning: "x".to_owned() };
    assert_eq!(theft.act("bob", id, nobody).await.unwrap_err().kind(), Kind::Invalid, "a program owns nothing");
    assert!(theft.report(id, ReportKind::Initial).await.is_err(), "nobody has asked what was reached");
    // A refused act leaves no trace among the lines.
    let shown = theft.world.custody.incident(&theft.person("bob"), theft.world.request(), id).await.unwrap();
    assert_eq!(shown.acts.iter().map(|act| &*act.act).collect::<Vec<_>>(), ["open", "clock", "clock"]);
}

#[tokio::test]
async fn a_partner_reads_its_own_file_and_learns_of_nobody_else() {
    let theft = Theft::new(52).await;
    let world = &theft.world;
    let id = theft.declared().await;
    theft.act("dora", id, clock(ClockName::Aware, &theft, false)).await.unwrap();
    theft.scope(id, &theft.keys, "").await.unwrap();
    theft.report(id, ReportKind::Initial).await.unwrap();

    let amber = theft.person("amber-security");
    let files = world.custody.partner_files(&amber, world.request()).await.unwrap();
    assert!(files.iter().all(|file| file.engagement == "amber") && !files.is_empty());
    let fetch = async |who: &str, of: &str| {
        world.custody.partner_document(&theft.person(who), world.request(), id, (1, of)).await
    };
    let own = String::from_utf8(fetch("amber-security", "amber").await.unwrap()).unwrap();
    let others = [&theft.ids[1].to_string(), &theft.ids[2].to_string(), "birch", "cedar", "birch-data", "cedar-data"];
    for other in others {
        assert!(!own.contains(other), "amber's file names `{other}`");
    }
    assert!(own.contains("amber-data"));
    assert_eq!(fetch("amber-security", "birch").await.unwrap_err().kind(), Kind::Missing);
    assert_eq!(
        fetch("cedar-security", "cedar").await.unwrap_err().kind(),
        Kind::Missing,
        "nothing of cedar's was reached"
    );
    assert!(world.custody.incident(&amber, world.request(), id).await.is_err(), "the incident is the operator's");
    assert!(world.custody.incidents(&amber, world.request()).await.is_err());

    // What amber can read in its own chain names nobody else either.
    for entry in world.entries(ChainId::from(theft.ids[0])) {
        let text = String::from_utf8_lossy(&entry.payload.entry).into_owned();
        for other in others {
            assert!(!text.contains(other), "entry {} of amber's chain names `{other}`: {text}", entry.index);
        }
    }
    let cedar: Vec<String> = world.entries(ChainId::from(theft.ids[2])).into_iter().map(|entry| entry.kind).collect();
    assert!(!cedar.iter().any(|kind| kind.starts_with("incident")), "cedar is not concerned: {cedar:?}");
}

#[tokio::test]
async fn the_list_of_people_is_opened_by_two_and_once() {
    let theft = Theft::new(53).await;
    let world = &theft.world;
    let id = theft.declared().await;
    theft.act("dora", id, clock(ClockName::Aware, &theft, false)).await.unwrap();
    theft.scope(id, &theft.keys, "").await.unwrap();
    theft.report(id, ReportKind::Initial).await.unwrap();
    let open = async |who: &str| world.custody.open_people(&theft.person(who), world.request(), id, (1, "amber")).await;
    assert!(matches!(open("bob").await, Err(CustodyError::Denied(_))), "security responds, and does not read the list");
    let Err(CustodyError::NeedsApproval(approval)) = open("dora").await else { panic!("nobody opens it alone") };
    let asked = world.custody.approvals(&theft.person("bob")).unwrap();
    let digest = attest::digest::read_hex(&asked[0].digest).unwrap();
    let signature = attest::approval::approve(&person_key(2), approval, &digest);
    world.custody.approve(&theft.person("bob"), world.request(), approval, &signature).await.unwrap();
    let list = open("dora").await.unwrap();
    assert_eq!((list.people.len(), list.omitted), (3, 0));
    assert!(list.people.iter().all(|person| person.found.as_ref().unwrap().key == "letters.txt" && person.sent));
    let kinds: Vec<String> = world.entries(ChainId::from(theft.ids[0])).into_iter().map(|entry| entry.kind).collect();
    assert_eq!(kinds.iter().filter(|kind| *kind == "incident.part").count(), 3, "scope, report, people: {kinds:?}");
    assert!(matches!(open("dora").await, Err(CustodyError::NeedsApproval(_))), "an approval is good once");
}

#[tokio::test]
async fn a_line_that_was_taken_out_or_changed_is_noticed() {
    let theft = Theft::new(54).await;
    let id = theft.declared().await;
    theft.scope(id, &theft.keys, "").await.unwrap();
    let world = theft.world.reopen().await;
    let bob = world.bob();
    assert_eq!(world.custody.incident(&bob, world.request(), id).await.unwrap().acts.len(), 4, "after a restart");
    world.meddle("DELETE FROM incident_lines WHERE seq = 3");
    let new = NewReport { kind: ReportKind::Initial, reasons: BTreeMap::new() };
    let refused = world.custody.report_incident(&bob, world.request(), id, &new).await.unwrap_err();
    assert!(refused.kind() == Kind::Invalid || refused.kind() == Kind::Corrupt, "{refused}");
    world.meddle("DELETE FROM incident_lines WHERE seq = 1");
    let refused = world.custody.incident(&bob, world.request(), id).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::Corrupt, "{refused}");
}

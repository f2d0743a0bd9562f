//! Rows of people, rights and approvals read back; what does not fit is rejected by its kind.
#![allow(
    missing_docs,
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

mod world;

use base::Kind;
use base::id::*;
use base::word::*;
use catalog::Catalog;
use catalog::model::*;
use world::{World, at, name};

fn grant(world: &World) -> GrantRow {
    GrantRow {
        id: GrantId::fresh(&world.entropy),
        principal: world.person.id,
        engagement: world.engagement.id,
        dataset: Some(world.dataset.id),
        verbs: vec![Verb::Read, Verb::List],
        purposes: vec!["evaluation".parse().unwrap()],
        expires: at(500),
    }
}

fn session(world: &World, access_key: &str) -> SessionRow {
    SessionRow {
        id: SessionId::fresh(&world.entropy),
        access_key: access_key.to_owned(),
        principal: world.person.id,
        engagement: world.engagement.id,
        purpose: "evaluation".parse().unwrap(),
        places: vec!["10.0.0.0/8".to_owned(), "fd00::/8".to_owned()],
        issued: at(1),
        expires: at(100),
        ended: None,
    }
}

fn approval(world: &World) -> ApprovalRow {
    ApprovalRow {
        id: ApprovalId::fresh(&world.entropy),
        verb: Verb::Resume,
        engagement: world.engagement.id,
        request_digest: [5; 32],
        requester: world.person.id,
        asked: at(1),
        expires: at(100),
        approvers: vec![],
        used: None,
    }
}

fn kind(world: &mut World, change: Change) -> Kind {
    world.run(vec![change]).unwrap_err().kind()
}

#[test]
fn everything_reads_back_after_a_restart() {
    let mut world = World::new(1);
    let workload = PrincipalRow {
        id: PrincipalId::fresh(&world.entropy),
        name: name("loader"),
        kind: PrincipalKind::Workload,
        partner: None,
        roles: vec![],
        public_key: None,
        created: at(4),
    };
    let (grant, session, approval) = (grant(&world), session(&world, "AK1"), approval(&world));
    world
        .run(vec![
            Change::Principal(workload.clone()),
            Change::Grant(grant.clone()),
            Change::Session(session.clone()),
            Change::Approval(approval.clone()),
        ])
        .unwrap();
    let World { folder, catalog, committer, partner, engagement, dataset, person, .. } = world;
    drop((catalog, committer));
    let catalog = Catalog::open(&folder.path().join("catalog"), world::DEPLOYMENT).unwrap();
    assert_eq!(catalog.partners().unwrap(), [partner]);
    assert_eq!(catalog.engagements().unwrap(), [engagement]);
    assert_eq!(catalog.datasets().unwrap(), [dataset]);
    assert_eq!(catalog.principals().unwrap(), [person, workload]);
    assert_eq!(catalog.grants().unwrap(), [grant]);
    assert_eq!(catalog.sessions_live(at(99)).unwrap(), [session]);
    assert_eq!(catalog.sessions_live(at(100)).unwrap(), []);
    assert_eq!(catalog.approvals_open().unwrap(), std::slice::from_ref(&approval));
    assert_eq!(catalog.approval(approval.id).unwrap(), Some(approval));
    let statistics = catalog.statistics().unwrap();
    assert_eq!((statistics.engagements, statistics.datasets, statistics.objects), (1, 1, 0));
}

#[test]
fn taken_names_and_dangling_references_are_rejected() {
    let mut world = World::new(2);
    let again = Change::Partner(PartnerRow { id: PartnerId::fresh(&world.entropy), ..world.partner.clone() });
    assert_eq!(kind(&mut world, again), Kind::Conflict);
    let ordinal = Change::Engagement(EngagementRow {
        id: EngagementId::fresh(&world.entropy),
        name: name("other"),
        ..world.engagement.clone()
    });
    assert_eq!(kind(&mut world, ordinal), Kind::Conflict, "the ordinal is taken");
    let bucket = Change::Dataset(DatasetRow { id: DatasetId::fresh(&world.entropy), ..world.dataset.clone() });
    assert_eq!(kind(&mut world, bucket), Kind::Conflict);
    let key = PrincipalRow { id: PrincipalId::fresh(&world.entropy), name: name("eve"), ..world.person.clone() };
    assert_eq!(kind(&mut world, Change::Principal(key)), Kind::Conflict, "the public key is taken");
    let nobody = GrantRow { principal: PrincipalId::fresh(&world.entropy), ..grant(&world) };
    assert_eq!(kind(&mut world, Change::Grant(nobody)), Kind::Missing);
    let place = SessionRow { places: vec!["a,b".to_owned()], ..session(&world, "AK2") };
    assert_eq!(kind(&mut world, Change::Session(place)), Kind::Refused);
    let epoch = EngagementRow { id: EngagementId::fresh(&world.entropy), epoch: u64::MAX, ..world.engagement.clone() };
    assert_eq!(kind(&mut world, Change::Engagement(epoch)), Kind::Refused, "a number beyond the database");
}

#[test]
fn an_epoch_only_grows() {
    let mut world = World::new(3);
    let engagement = world.engagement.id;
    let state = |state, epoch| Change::EngagementState { engagement, state, epoch };
    world.run(vec![state(State::Paused, 2)]).unwrap();
    assert_eq!(kind(&mut world, state(State::Active, 2)), Kind::Conflict);
    assert_eq!(kind(&mut world, state(State::Active, 1)), Kind::Conflict);
    let stored = &world.catalog.engagements().unwrap()[0];
    assert_eq!((stored.state, stored.epoch), (State::Paused, 2));
    let unknown = EngagementId::from_bytes([0; 16]);
    let change = Change::EngagementState { engagement: unknown, state: State::Paused, epoch: 9 };
    assert_eq!(kind(&mut world, change), Kind::Missing);
}

#[test]
fn sessions_end_once_and_together() {
    let mut world = World::new(4);
    let (first, second) = (session(&world, "AK1"), session(&world, "AK2"));
    world.run(vec![Change::Session(first.clone()), Change::Session(second.clone())]).unwrap();
    assert_eq!(kind(&mut world, Change::Session(session(&World::new(9), "AK1"))), Kind::Conflict);
    world.run(vec![Change::EndSession { session: first.id, at: at(5) }]).unwrap();
    world.run(vec![Change::EndSession { session: first.id, at: at(9) }]).unwrap();
    assert_eq!(world.catalog.sessions_live(at(1)).unwrap(), [second]);
    world.run(vec![Change::EndSessions { engagement: world.engagement.id, at: at(6) }]).unwrap();
    assert_eq!(world.catalog.sessions_live(at(1)).unwrap(), []);
    let unknown = Change::EndSession { session: SessionId::from_bytes([0; 16]), at: at(5) };
    assert_eq!(kind(&mut world, unknown), Kind::Missing);
}

#[test]
fn an_approval_needs_another_person_and_is_good_once() {
    let mut world = World::new(5);
    let second = PrincipalRow {
        id: PrincipalId::fresh(&world.entropy),
        name: name("bob"),
        public_key: Some([8; 32]),
        ..world.person.clone()
    };
    let asked = approval(&world);
    world.run(vec![Change::Principal(second.clone()), Change::Approval(asked.clone())]).unwrap();
    let approve = |approver| Change::Approve { approval: asked.id, approver, signature: b"sig".to_vec() };
    let requester = world.person.id;
    assert_eq!(kind(&mut world, approve(requester)), Kind::Refused);
    world.run(vec![approve(second.id)]).unwrap();
    assert_eq!(kind(&mut world, approve(second.id)), Kind::Conflict);
    let stored = world.catalog.approval(asked.id).unwrap().unwrap();
    assert_eq!(stored.approvers, [(second.id, b"sig".to_vec())]);

    let use_up = || Change::UseApproval { approval: asked.id, at: at(7) };
    world.run(vec![use_up()]).unwrap();
    assert_eq!(kind(&mut world, use_up()), Kind::Conflict);
    assert_eq!(kind(&mut world, approve(second.id)), Kind::Conflict);
    assert_eq!(world.catalog.approvals_open().unwrap(), []);
    assert_eq!(world.catalog.approval(asked.id).unwrap().unwrap().used, Some(at(7)));
    let unknown = Change::UseApproval { approval: ApprovalId::from_bytes([0; 16]), at: at(7) };
    assert_eq!(kind(&mut world, unknown), Kind::Missing);
}

#[test]
fn grants_are_dropped_and_notes_replaced() {
    let mut world = World::new(6);
    let grant = grant(&world);
    world.run(vec![Change::Grant(grant.clone())]).unwrap();
    world.run(vec![Change::DropGrant(grant.id)]).unwrap();
    assert_eq!(kind(&mut world, Change::DropGrant(grant.id)), Kind::Missing);
    for value in [b"one".to_vec(), b"two".to_vec()] {
        world.run(vec![Change::Note { name: "origin".to_owned(), value: value.clone() }]).unwrap();
        assert_eq!(world.catalog.note("origin").unwrap(), Some(value));
    }
    assert_eq!(world.catalog.note("nothing").unwrap(), None);
}

#[test]
fn settings_change_one_revision_at_a_time() {
    let mut world = World::new(9);
    let dataset = world.dataset.id;
    let set = |settings: &[u8], revision| Change::DatasetSettings { dataset, settings: settings.to_vec(), revision };
    assert_eq!(world.catalog.dataset(dataset).unwrap(), Some(world.dataset.clone()));
    world.run(vec![set(b"first", 1)]).unwrap();
    for stale in [0, 1, 3] {
        assert_eq!(world.run(vec![set(b"other", stale)]).unwrap_err().kind(), Kind::Conflict, "{stale}");
    }
    world.run(vec![set(b"second", 2)]).unwrap();
    let expected = DatasetRow { settings: Some(b"second".to_vec()), revision: 2, ..world.dataset.clone() };
    assert_eq!(world.catalog.datasets().unwrap(), [expected]);
    let nobodys = Change::DatasetSettings { dataset: DatasetId::from_bytes([0; 16]), settings: vec![], revision: 1 };
    assert_eq!(world.run(vec![nobodys]).unwrap_err().kind(), Kind::Missing);
}

//! Budgets hold: against a thief, over restarts, and against clocks that jump; and whoever lets more leave is not alone.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod world;

use std::sync::Arc;

use base::id::ChainId;
use base::word::{AlarmKind, Role};
use base::{Clock, Kind};
use catalog::model::SelectorKind;
use custody::access::Span;
use custody::budget_office::{BudgetUse, Limit, NewBudget, Per, ReaderUse};
use custody::delivery::Step;
use custody::scope::{Figure, ScopeQuestion};
use custody::settings::DatasetSettings;
use custody::touch::Selector;
use custody::{Caller, CustodyError};
use testkit::SeededEntropy;
use world::{Credentials, World, person, person_key};

const BLOCK: usize = 64 * 1024;
const DAY: u64 = 86_400;

/// An object of `people` people, each with a line of `line` bytes.
fn text(object: usize, people: usize, line: usize) -> Vec<u8> {
    let mut text = String::new();
    for number in 0..people {
        let name = format!("p{object}x{number}@example.org ");
        text.push_str(&name);
        text.extend(std::iter::repeat_n('.', line - name.len() - 1));
        text.push('\n');
    }
    text.into_bytes()
}

/// An engagement with `objects` objects of `people` people each.
async fn loaded(seed: u64, objects: usize, people: usize, line: usize) -> (World, Credentials) {
    let world = World::new(seed).await;
    world.engagement("alpha").await;
    let writer = world.caller(&world.session("alpha-writer", "alpha").await).unwrap();
    world.custody.create_bucket(&writer, world.request(), "alpha-data", DatasetSettings::default()).await.unwrap();
    for object in 0..objects {
        world.put(&writer, "alpha-data", &format!("o{object}"), &text(object, people, line)).await.unwrap();
    }
    let reader = world.session("alpha-reader", "alpha").await;
    (world, reader)
}

const fn new(per: Per) -> NewBudget {
    NewBudget { per, window_seconds: DAY, people: None, bytes: None, objects: None, soft_percent: None }
}

async fn set(world: &World, budget: NewBudget) {
    world.custody.set_budget(&world.ann(), world.request(), "alpha", &budget).await.unwrap();
}

async fn shown(world: &World) -> BudgetUse {
    world.custody.show_budget(&world.ann(), world.request(), "alpha").await.unwrap()
}

async fn used(world: &World, per: Per) -> ReaderUse {
    let shown = shown(world).await;
    shown.used.into_iter().find(|used| used.per == per).unwrap()
}

/// Everybody whom a credential reached.
async fn reached(world: &World, credentials: &Credentials) -> Figure {
    let selector = Selector { kind: SelectorKind::Credential, value: credentials.access_key().to_owned() };
    let now = world.clock.now();
    let question = ScopeQuestion {
        selectors: vec![selector],
        from: now.plus_seconds(-86_400),
        to: now.plus_seconds(86_400),
        engagement: None,
    };
    let scope = world.custody.scope(&world.ann(), world.request(), &question).await.unwrap();
    scope.engagements[0].people
}

/// How many entries of a kind the engagement's chain has.
fn entries(world: &World, kind: &str) -> usize {
    let id = world.custody.directory().engagement_named("alpha").unwrap().id;
    world.entries(ChainId::from(id)).iter().filter(|entry| entry.kind == kind).count()
}

/// Reads over one connection until nothing more is given: whole objects and ranges, as chance has it.
async fn steal(world: Arc<World>, caller: Arc<Caller>, chance: SeededEntropy, objects: u64, size: u64) -> u64 {
    let number = |below: u64| u64::from_be_bytes(<dyn base::Entropy>::bytes(&chance)) % below;
    let (mut stolen, mut refused) = (0, 0);
    while refused < 20 {
        let key = format!("o{}", number(objects));
        let span = match number(3) {
            0 => Span::Whole,
            1 => Span::From(number(size)),
            _ => {
                let from = number(size);
                Span::Between(from, from + number(2 * BLOCK as u64))
            }
        };
        let mut delivery = match world.open_body(&caller, "alpha-data", &key, span).await {
            Ok(delivery) => delivery,
            Err(CustodyError::Spent(_)) => {
                refused += 1;
                continue;
            }
            Err(other) => panic!("{other}"),
        };
        let mut read = 0;
        loop {
            match delivery.step() {
                Step::Segment(plain) => read += plain.expose(<[u8]>::len) as u64,
                Step::Earn => {
                    if delivery.earn().await.is_err() {
                        break;
                    }
                }
                Step::End | Step::Broken(_) => break,
            }
        }
        delivery.settle(read);
        stolen += read;
    }
    stolen
}

/// The bar: a thousand people of a hundred thousand, and the rest of the block that crossed.
#[tokio::test(flavor = "multi_thread")]
async fn a_thief_at_full_speed_gets_the_budget_and_the_block_that_crosses_it() {
    const PEOPLE: usize = 1_000;
    const LINE: usize = 330;
    let (world, reader) = loaded(1, 100, PEOPLE, LINE).await;
    set(&world, NewBudget { people: Some(Limit::At(1_000)), ..new(Per::Session) }).await;
    let (caller, world) = (world.caller(&reader).unwrap(), Arc::new(world));
    let thieves: Vec<_> = (0..64)
        .map(|number| {
            let steal =
                steal(Arc::clone(&world), Arc::clone(&caller), SeededEntropy::new(number), 100, (PEOPLE * LINE) as u64);
            tokio::spawn(steal)
        })
        .collect();
    let mut stolen = 0;
    for thief in thieves {
        stolen += thief.await.unwrap();
    }
    world.custody.settle_now().await.unwrap();
    let people = reached(&world, &reader).await;
    // A line of the one before may reach into a block.
    let a_block = (BLOCK / LINE + 2) as u64;
    assert!((1_000..=1_000 + a_block).contains(&people.authorised), "{people:?}");
    assert!(stolen > 0 && people.sent <= people.authorised);
    assert_eq!(used(&world, Per::Session).await.people, people.authorised, "the book says what scope says");
    assert_eq!((entries(&world, "budget.soft"), entries(&world, "budget.spent")), (1, 1));
    let alarms = world.custody.alarms(&world.ann(), world.request()).await.unwrap();
    assert_eq!(alarms.iter().filter(|alarm| alarm.kind == AlarmKind::Budget).count(), 2);
}

#[tokio::test]
async fn a_spent_budget_is_named_to_its_reader_and_the_refusal_is_on_record() {
    let (world, reader) = loaded(2, 3, 10, 100).await;
    set(&world, NewBudget { people: Some(Limit::At(5)), ..new(Per::Session) }).await;
    let caller = world.caller(&reader).unwrap();
    world.get(&caller, "alpha-data", "o0", Span::Whole).await.unwrap();
    let refused = world.get(&caller, "alpha-data", "o1", Span::Whole).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::Refused);
    let told = refused.to_string();
    assert!(told.contains("the budget of this session is used up: 5 people within 24 hours"), "{told}");
    // What was read already may be read again; names are no budget's business; another session has its own.
    world.get(&caller, "alpha-data", "o0", Span::Between(0, 9)).await.unwrap();
    let other = world.caller(&world.session("alpha-writer", "alpha").await).unwrap();
    world.get(&other, "alpha-data", "o1", Span::Whole).await.unwrap();
    let id = world.custody.directory().engagement_named("alpha").unwrap().id;
    let denial = world.entries(ChainId::from(id)).into_iter().find(|entry| entry.kind == "denial").unwrap();
    let denial: serde_json::Value = serde_json::from_slice(&denial.payload.entry).unwrap();
    assert_eq!(denial["policy"], "budget-spent");
    assert_eq!(denial["inputs"]["budget"], "spent", "a replay has what it rested on");
}

#[tokio::test]
async fn whoever_may_not_read_spends_nothing_and_learns_nothing() {
    let (world, ungranted) = loaded(3, 1, 10, 100).await;
    set(&world, NewBudget { people: Some(Limit::At(5)), ..new(Per::Engagement) }).await;
    let of_reader = world.custody.directory().principal_named("alpha-reader").unwrap().row.id;
    let grant = world.custody.directory().grants().into_iter().find(|grant| grant.principal == of_reader).unwrap();
    world.custody.drop_grant(&world.ann(), world.request(), grant.id).await.unwrap();
    let ungranted = world.caller(&ungranted).unwrap();
    let before = world.get(&ungranted, "alpha-data", "o0", Span::Whole).await.unwrap_err().to_string();
    assert_eq!(used(&world, Per::Engagement).await.people, 0);
    let granted = world.caller(&world.session("alpha-writer", "alpha").await).unwrap();
    world.get(&granted, "alpha-data", "o0", Span::Whole).await.unwrap();
    let after = world.get(&ungranted, "alpha-data", "o0", Span::Whole).await.unwrap_err().to_string();
    assert_eq!(before, after);
}

/// Stopped at each durable step of a read, the book that is written anew says what the record says, and never less than was opened.
#[tokio::test]
async fn after_a_stop_at_any_step_the_book_is_what_the_record_says() {
    let (mut world, reader) = loaded(4, 1, 100, 10_000).await;
    set(&world, NewBudget { bytes: Some(Limit::At(10_000_000)), ..new(Per::Session) }).await;
    let size = 1_000_000;
    let mut expected = 0;
    for step in 0..4 {
        let caller = world.caller(&reader).unwrap();
        let mut delivery = world.open_body(&caller, "alpha-data", "o0", Span::Whole).await.unwrap();
        let mut opened = 0;
        if step > 0 {
            let Step::Segment(plain) = delivery.step() else { panic!("no segment") };
            opened = plain.expose(<[u8]>::len) as u64;
        }
        match step {
            // Entered and not opened; opened and not settled: both count whole.
            0 | 1 => expected += size,
            // Settled, and the settlement is not entered: counts whole.
            2 => {
                delivery.settle(0);
                expected += size;
            }
            // Entered: what was opened counts, whatever the wire took of it.
            _ => {
                delivery.settle(0);
                world.custody.settle_now().await.unwrap();
                expected += opened;
                assert_eq!(used(&world, Per::Session).await.bytes, expected, "it is given back at once too");
            }
        }
        drop((delivery, caller));
        let before = shown(&world).await;
        world = world.reopen().await;
        let after = used(&world, Per::Session).await;
        assert_eq!(after.bytes, expected, "step {step}");
        assert_eq!((after.people, after.objects), (100, 1), "step {step}");
        assert_eq!(after.people, before.used.iter().find(|used| used.per == Per::Session).unwrap().people);
    }
    assert_eq!(
        world.get(&world.caller(&reader).unwrap(), "alpha-data", "o0", Span::Whole).await.unwrap().len(),
        1_000_000
    );
}

#[tokio::test]
async fn a_clock_that_jumps_frees_no_budget_and_time_does() {
    let (world, _) = loaded(5, 2, 10, 100).await;
    set(&world, NewBudget { people: Some(Limit::At(5)), ..new(Per::Principal) }).await;
    let reader = world.caller(&world.session("alpha-reader", "alpha").await).unwrap();
    world.get(&reader, "alpha-data", "o0", Span::Whole).await.unwrap();
    for hours in [48, -48] {
        world.clock.set_wall(world.clock.now().plus_seconds(hours * 3_600));
        let reader = world.caller(&world.session("alpha-reader", "alpha").await).unwrap();
        let refused = world.get(&reader, "alpha-data", "o1", Span::Whole).await.unwrap_err();
        assert!(matches!(refused, CustodyError::Spent(_)), "{hours}: {refused}");
    }
    world.clock.advance_seconds(25 * 3_600 + 1);
    let reader = world.caller(&world.session("alpha-reader", "alpha").await).unwrap();
    world.get(&reader, "alpha-data", "o1", Span::Whole).await.unwrap();
}

#[tokio::test]
async fn lowering_is_one_persons_act_and_raising_takes_two() {
    let (world, _) = loaded(6, 1, 10, 100).await;
    let lower = NewBudget { people: Some(Limit::At(100)), ..new(Per::Session) };
    set(&world, lower).await;
    let raise = NewBudget { people: Some(Limit::At(200)), ..new(Per::Session) };
    let asked = world.custody.set_budget(&world.ann(), world.request(), "alpha", &raise).await.unwrap_err();
    let CustodyError::NeedsApproval(id) = asked else { panic!("{asked}") };
    assert_eq!(shown(&world).await.plan.budgets[0].people, Some(100));
    let approval = world.custody.approvals(&world.bob()).unwrap().remove(0);
    let digest: [u8; 32] = data_encoding::HEXLOWER.decode(approval.digest.as_bytes()).unwrap().try_into().unwrap();
    let signature = attest::approval::approve(&person_key(2), id, &digest);
    world.custody.approve(&world.bob(), world.request(), id, &signature).await.unwrap();
    // What was approved is this number and no other.
    let more = NewBudget { people: Some(Limit::At(300)), ..new(Per::Session) };
    let other = world.custody.set_budget(&world.ann(), world.request(), "alpha", &more).await.unwrap_err();
    assert!(matches!(other, CustodyError::NeedsApproval(another) if another != id));
    set(&world, raise).await;
    assert_eq!(shown(&world).await.plan.budgets[0].people, Some(200));
    let unlimited = NewBudget { people: Some(Limit::Unlimited), ..new(Per::Session) };
    let asked = world.custody.set_budget(&world.ann(), world.request(), "alpha", &unlimited).await.unwrap_err();
    assert!(matches!(asked, CustodyError::NeedsApproval(_)), "no limit is more than any");
    assert_eq!(entries(&world, "budget.set"), 2);
    let world = world.reopen().await;
    let plan = shown(&world).await.plan;
    assert_eq!((plan.revision, plan.budgets[0].people), (2, Some(200)));
}

#[tokio::test]
async fn a_partner_lowers_its_own_budgets_and_sees_no_others() {
    let (world, _) = loaded(7, 1, 10, 100).await;
    world.engagement("beta").await;
    let pat = person("pat", Some("alpha"), vec![Role::PartnerSecurity], 7);
    world.custody.create_principal(&world.ann(), world.request(), &pat).await.unwrap();
    let pat = world.custody.local_person("pat").unwrap();
    let lower = NewBudget { people: Some(Limit::At(10)), ..new(Per::Engagement) };
    world.custody.set_budget(&pat, world.request(), "alpha", &lower).await.unwrap();
    let foreign = world.custody.set_budget(&pat, world.request(), "beta", &lower).await.unwrap_err();
    assert_eq!(foreign.kind(), Kind::Missing);
    let listed = world.custody.list_budgets(&pat, world.request()).await.unwrap();
    assert_eq!(listed.iter().map(|of| of.engagement.as_str()).collect::<Vec<_>>(), ["alpha"]);
    assert_eq!(world.custody.list_budgets(&world.ann(), world.request()).await.unwrap().len(), 2);
}

//! What a decision costs. Run with `cargo test -p policy --release -- --ignored --nocapture speed`.

use std::time::Instant;

use policy::Decider;

use crate::world::Case;

const ROUNDS: u32 = 100_000;

#[test]
#[ignore = "measures; meaningful in a release build on a quiet machine only"]
#[expect(clippy::disallowed_methods, reason = "a measurement needs the real clock")]
fn a_remembered_decision_costs_well_under_two_microseconds() {
    let decider = Decider::new().unwrap();
    let question = Case::default().question();
    let first = Instant::now();
    decider.check(&question).unwrap();
    println!("fresh      {:?}", first.elapsed());
    let start = Instant::now();
    for _ in 0..ROUNDS {
        decider.check(std::hint::black_box(&question)).unwrap();
    }
    let each = start.elapsed() / ROUNDS;
    println!("remembered {each:?}");
    assert!(each.as_nanos() < 2_000);

    let start = Instant::now();
    for round in 0..1_000 {
        decider.check(&Case { pause_epoch: round + 1, ..Case::default() }.question()).unwrap();
    }
    println!("missed     {:?}", start.elapsed() / 1_000);
}

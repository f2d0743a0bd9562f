//! Fits a linear-chain conditional random field by stochastic gradient steps (AdaGrad), and rounds it to integers.

use scan::names::feature::{OWN, ROWS};
use scan::names::{LABELS, model};

use crate::corpus::{Chance, Features, Run};

/// How often every run is seen.
const ROUNDS: usize = 6;
/// The step of AdaGrad.
const STEP: f32 = 0.12;
/// Pulls weights towards zero.
const DECAY: f32 = 2e-6;
/// Of how many tokens in a hundred what names them is left out; see [`OWN`].
const BLIND_PERCENT: u64 = 12;

type Row = [f32; LABELS];

/// What was learnt, in integers.
pub(crate) struct Trained {
    pub(crate) steps: [[i16; LABELS]; LABELS],
    pub(crate) table: Vec<[i8; LABELS]>,
}

struct Chain {
    table: Vec<Row>,
    table_squares: Vec<Row>,
    steps: [Row; LABELS],
    step_squares: [Row; LABELS],
}

/// Fits `runs`.
pub(crate) fn train(runs: &[Run]) -> Trained {
    let mut chain = Chain {
        table: vec![[0.0; LABELS]; ROWS],
        table_squares: vec![[1e-3; LABELS]; ROWS],
        steps: [[0.0; LABELS]; LABELS],
        step_squares: [[1e-3; LABELS]; LABELS],
    };
    let mut chance = Chance(0x5eed_0002);
    let mut order: Vec<usize> = (0..runs.len()).collect();
    for round in 0..ROUNDS {
        for at in (1..order.len()).rev() {
            order.swap(at, (chance.next() % (at as u64 + 1)) as usize);
        }
        let step = STEP * (1.0 - 0.8 * round as f32 / ROUNDS as f32);
        let mut surprise = 0.0_f64;
        for run in &order {
            surprise += f64::from(chain.learn(&runs[*run], step, &mut chance));
        }
        eprintln!("round {}: {:.4} nats a run", round + 1, surprise / runs.len() as f64);
    }
    chain.round()
}

/// Which features of a token count in this round, one bit each.
fn used(token: &Features, chance: &mut Chance) -> u64 {
    let blind = chance.percent() < BLIND_PERCENT;
    let own = if blind { OWN.iter().fold(0, |bits, own| bits | 1 << own) } else { 0 };
    !(token.rare | own)
}

impl Chain {
    /// One step along the gradient of `run`; returns how surprising its labels were.
    fn learn(&mut self, run: &Run, step: f32, chance: &mut Chance) -> f32 {
        let used: Vec<u64> = run.tokens.iter().map(|token| used(token, chance)).collect();
        let sums: Vec<Row> = run.tokens.iter().zip(&used).map(|(token, used)| self.sum(token, *used)).collect();
        let ways = self.steps.map(|row| row.map(exp));
        let leave: Row = std::array::from_fn(|label| ways[label][0]);
        // Forward and backward, each token scaled to sum to one.
        let mut likes: Vec<Row> = Vec::with_capacity(sums.len());
        let mut forward: Vec<Row> = Vec::with_capacity(sums.len());
        let mut surprise = 0.0_f32;
        let mut before: Row = std::array::from_fn(|label| if label == 0 { 1.0 } else { 0.0 });
        for sum in &sums {
            let top = sum.iter().copied().fold(f32::MIN, f32::max);
            let like = sum.map(|value| exp(value - top));
            let mut now: Row = [0.0; LABELS];
            for (from, row) in before.iter().zip(&ways) {
                for (to, way) in now.iter_mut().zip(row) {
                    *to += from * way;
                }
            }
            now.iter_mut().zip(&like).for_each(|(now, like)| *now *= like);
            let total = scale(&mut now);
            surprise += ln(total) + top;
            likes.push(like);
            forward.push(now);
            before = now;
        }
        let ending: f32 = before.iter().zip(&leave).map(|(from, way)| from * way).sum();
        surprise += ln(ending);
        let mut behind = leave;
        scale(&mut behind);
        let mut step_gradient = [[0.0_f32; LABELS]; LABELS];
        let mut last_gold = 0;
        for at in (0..sums.len()).rev() {
            let gold = run.tokens[at].label as usize;
            let mut belief: Row = std::array::from_fn(|label| forward[at][label] * behind[label]);
            scale(&mut belief);
            surprise -= sums[at][gold];
            // Pairs of this token and the one before it.
            let start: Row = std::array::from_fn(|label| if label == 0 { 1.0 } else { 0.0 });
            let earlier = if at == 0 { start } else { forward[at - 1] };
            let ahead: Row = std::array::from_fn(|label| likes[at][label] * behind[label]);
            let mut pairs = [[0.0_f32; LABELS]; LABELS];
            let mut total = 0.0;
            for ((pairs, ways), from) in pairs.iter_mut().zip(&ways).zip(earlier) {
                for ((pair, way), to) in pairs.iter_mut().zip(ways).zip(ahead) {
                    *pair = from * way * to;
                    total += *pair;
                }
            }
            for (gradient, pairs) in step_gradient.iter_mut().zip(&pairs) {
                gradient.iter_mut().zip(pairs).for_each(|(gradient, pair)| *gradient += pair / total);
            }
            let gold_before = if at == 0 { 0 } else { run.tokens[at - 1].label as usize };
            step_gradient[gold_before][gold] -= 1.0;
            surprise -= self.steps[gold_before][gold];
            if at + 1 == sums.len() {
                last_gold = gold;
                for (label, belief) in belief.iter().enumerate() {
                    step_gradient[label][0] += belief;
                }
                step_gradient[gold][0] -= 1.0;
            }
            let mut earlier_behind: Row = [0.0; LABELS];
            for (to, ways) in earlier_behind.iter_mut().zip(&ways) {
                *to = ways.iter().zip(&ahead).map(|(way, ahead)| way * ahead).sum();
            }
            scale(&mut earlier_behind);
            behind = earlier_behind;
            belief[gold] -= 1.0;
            self.move_rows(&run.tokens[at], used[at], &belief, step);
        }
        surprise -= self.steps[last_gold][0];
        for ((row, squares), gradient) in self.steps.iter_mut().zip(&mut self.step_squares).zip(&step_gradient) {
            descend(row, squares, gradient, step * 0.5);
        }
        surprise
    }

    fn sum(&self, token: &Features, used: u64) -> Row {
        let mut sum = [0.0; LABELS];
        for (at, row) in token.rows.iter().enumerate() {
            if used & 1 << at != 0 {
                sum.iter_mut().zip(&self.table[*row as usize]).for_each(|(sum, weight)| *sum += weight);
            }
        }
        sum
    }

    fn move_rows(&mut self, token: &Features, used: u64, gradient: &Row, step: f32) {
        for (at, row) in token.rows.iter().enumerate() {
            if used & 1 << at != 0 {
                let row = *row as usize;
                descend(&mut self.table[row], &mut self.table_squares[row], gradient, step);
            }
        }
    }

    /// The weights as integers; what does not fit is cut.
    fn round(&self) -> Trained {
        let unit = model::UNIT as f32;
        let table = self.table.iter().map(|row| row.map(|weight| (weight * unit).round() as i8)).collect::<Vec<_>>();
        let cut = table.iter().flatten().filter(|weight| weight.unsigned_abs() >= 127).count();
        let used = table.iter().filter(|row| row.iter().any(|weight| *weight != 0)).count();
        eprintln!("{cut} weights were cut; {used} rows are in use");
        Trained { steps: self.steps.map(|row| row.map(|weight| (weight * unit).round() as i16)), table }
    }
}

fn descend(row: &mut Row, squares: &mut Row, gradient: &Row, step: f32) {
    for ((weight, square), gradient) in row.iter_mut().zip(squares).zip(gradient) {
        let slope = gradient + DECAY * *weight;
        *square += slope * slope;
        *weight -= step * slope / square.sqrt();
    }
}

/// Scales to a sum of one; returns what it was.
fn scale(row: &mut Row) -> f32 {
    let total: f32 = row.iter().sum::<f32>().max(1e-30);
    row.iter_mut().for_each(|value| *value /= total);
    total
}

/// e to the power of `x`, from additions and multiplications alone: a library's differs between machines.
fn exp(x: f32) -> f32 {
    let x = x.clamp(-80.0, 80.0);
    let turns = (x * std::f32::consts::LOG2_E).round();
    let rest = x - turns * std::f32::consts::LN_2;
    let series = 1.0 + rest * (1.0 + rest * (0.5 + rest * (1.0 / 6.0 + rest * (1.0 / 24.0 + rest / 120.0))));
    series * f32::from_bits(((turns as i32 + 127) as u32) << 23)
}

/// The natural logarithm, for the display only.
fn ln(x: f32) -> f32 {
    x.ln()
}

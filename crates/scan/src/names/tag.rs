//! The tagger: the best labels for a run of tokens.
//!
//! A linear chain: what the table says about each token, and what going from one label to the next costs. The best way
//! through is found with Viterbi's algorithm, in integers.

#![expect(clippy::arithmetic_side_effects, reason = "sums of a few thousand numbers of 16 bits fit 32")]

use super::model::Model;
use super::token::Token;
use super::{LABELS, Label, feature};

/// A run of tokens that is longer than this is tagged in parts.
const LONGEST_RUN: usize = 128;

/// Tags runs of tokens, reusing its buffers.
#[derive(Default)]
pub struct Tagger {
    sums: Vec<[i32; LABELS]>,
    back: Vec<[u8; LABELS]>,
}

impl Tagger {
    /// Labels `tokens`; `bias` is added to what the table says of each label. `labels` gets one for each token, with
    /// the lead over [`Label::Other`] that the table gives it.
    pub fn tag(&mut self, model: &Model<'_>, tokens: &[Token], bias: &[i32; LABELS], labels: &mut Vec<(Label, i32)>) {
        labels.clear();
        labels.resize(tokens.len(), (Label::Other, 0));
        let mut at = 0;
        while let Some(skip) = tokens.get(at..).and_then(|rest| rest.iter().position(|token| token.scored)) {
            let from = at + skip;
            let len = tokens.iter().skip(from).take(LONGEST_RUN).take_while(|token| token.scored).count();
            at = from + len;
            self.run(model, tokens, from..at, bias, labels.get_mut(from..at).unwrap_or_default());
        }
    }

    fn run(
        &mut self,
        model: &Model<'_>,
        tokens: &[Token],
        run: std::ops::Range<usize>,
        bias: &[i32; LABELS],
        labels: &mut [(Label, i32)],
    ) {
        self.sums.clear();
        self.back.clear();
        let other = Label::Other as usize;
        // Outside the run every token is `Other`.
        let mut best = [i32::MIN / 2; LABELS];
        if let Some(outside) = best.get_mut(other) {
            *outside = 0;
        }
        for at in run {
            let mut sum = model.sum(&feature::rows(tokens, at));
            sum.iter_mut().zip(bias).for_each(|(sum, bias)| *sum += bias);
            let mut next = [i32::MIN; LABELS];
            // As wide as the scores, and without a branch, so that this becomes vector code.
            let mut back = [0_i32; LABELS];
            for ((before, score), steps) in (0_i32..).zip(best).zip(&model.steps) {
                for ((next, back), step) in next.iter_mut().zip(&mut back).zip(steps) {
                    let better = score + step > *next;
                    *back = if better { before } else { *back };
                    *next = (score + step).max(*next);
                }
            }
            next.iter_mut().zip(&sum).for_each(|(next, sum)| *next += sum);
            best = next;
            self.sums.push(sum);
            self.back.push(back.map(|label| label as u8));
        }
        let leave = |label: usize| model.steps.get(label).and_then(|steps| steps.first()).copied().unwrap_or_default();
        let last = best.iter().enumerate().map(|(label, score)| (score + leave(label), std::cmp::Reverse(label))).max();
        let mut label = last.map_or(other, |(_, std::cmp::Reverse(label))| label);
        for ((place, sum), back) in labels.iter_mut().zip(&self.sums).zip(&self.back).rev() {
            let lead = sum.get(label).copied().unwrap_or_default() - sum.first().copied().unwrap_or_default();
            *place = (Label::ALL.get(label).copied().unwrap_or(Label::Other), lead);
            label = usize::from(back.get(label).copied().unwrap_or_default());
        }
    }
}

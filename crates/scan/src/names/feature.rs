//! What the tagger looks at round a token, as rows of its table.
//!
//! Each feature is a number made of what a few neighbouring tokens show; it is hashed to a row. Features meet in rows;
//! training knows of it.

#![expect(clippy::arithmetic_side_effects, reason = "positions of tokens: each difference is guarded")]

use super::token::{Shape, Token};

/// How many features a token has.
pub const FEATURES: usize = 35;

/// How many rows there are.
pub const ROWS: usize = 1 << 18;

/// The features that name the token itself; the trainer leaves them out now and then, so that a word it has never seen
/// is read from what surrounds it.
pub const OWN: [usize; 8] = [1, 2, 7, 8, 9, 10, 11, 25];

/// How far a run of capitalised words is counted.
const LONGEST_RUN: usize = 3;

/// The rows of the token at `at`.
#[must_use]
pub fn rows(tokens: &[Token], at: usize) -> [u32; FEATURES] {
    let mut rows = [0; FEATURES];
    rows.iter_mut().zip(keys(tokens, at)).for_each(|(place, key)| *place = row(key));
    rows
}

/// The row of a feature.
#[must_use]
pub const fn row(key: u64) -> u32 {
    (key >> (64 - ROWS.trailing_zeros())) as u32
}

/// The features of the token at `at`, hashed.
#[must_use]
#[inline]
pub fn keys(tokens: &[Token], at: usize) -> [u64; FEATURES] {
    let none = Token::default();
    let near = |offset: isize| at.checked_add_signed(offset).and_then(|at| tokens.get(at)).copied().unwrap_or(none);
    let (z, a, b, c, d, e, f) = (near(-3), near(-2), near(-1), near(0), near(1), near(2), near(3));
    let case = c.case as u32;
    let shape = |token: Token| token.shape as u32;
    let (sa, sb, sc, sd, se) = (shape(a), shape(b), shape(c), shape(d), shape(e));
    let (la, lb, lc, ld, le) =
        (u32::from(a.lists), u32::from(b.lists), u32::from(c.lists), u32::from(d.lists), u32::from(e.lists));
    // The shape with the case of its line, and the shape with its lists: nearly every feature wants one of them.
    let own = sc | case << 4;
    let listed = own | lc << 8;
    let three = |word: u32| word & 0x00ff_ffff;
    let two = |word: u32| word & 0xffff;
    let runs = run(tokens, at);
    let features: [(u32, u32); FEATURES] = [
        (own, 0),
        (c.word, 0),
        (c.word, own),
        (b.word, sc),
        (d.word, sc),
        (a.word, sc),
        (e.word, sc),
        (b.word, c.word),
        (c.word, d.word),
        (c.head, sc),
        (c.tail, own),
        (three(c.tail), own),
        (two(c.tail), own | (c.len().min(12) as u32) << 8),
        (sb | own << 8, 0),
        (sd | own << 8, 0),
        (sb | sd << 8 | own << 16, 0),
        (sa | sb << 4 | sd << 8 | se << 12 | own << 16, 0),
        (listed, 0),
        (listed, lb | sb << 8),
        (listed, ld | sd << 8),
        (listed, lb | ld << 4 | sb << 8 | sd << 12),
        (listed, b.word),
        (listed, d.word),
        (b.word, a.word ^ sc),
        (d.word, e.word ^ sc),
        (c.word, b.word ^ d.word.rotate_left(9)),
        (b.word, d.word.wrapping_add(sc)),
        (listed, la | lb << 4 | ld << 8 | le << 12),
        (z.word, own),
        (f.word, own),
        (three(b.tail), own | lb << 8),
        (three(d.tail), own | ld << 8),
        (runs, listed),
        (b.word, runs | own << 8),
        (d.word, runs | own << 8),
    ];
    let mut keys = [0; FEATURES];
    for (index, (key, (first, second))) in keys.iter_mut().zip(features).enumerate() {
        *key = hash(index as u64, first, second);
    }
    keys
}

/// How many capitalised words stand before and behind.
fn run(tokens: &[Token], at: usize) -> u32 {
    let capital = |token: &&Token| token.is_capitalised() && token.shape != Shape::Caseless;
    let before = tokens.get(..at).unwrap_or_default().iter().rev().take(LONGEST_RUN).take_while(capital).count();
    let after = tokens.get(at + 1..).unwrap_or_default().iter().take(LONGEST_RUN).take_while(capital).count();
    (before | after << 4) as u32
}

const fn hash(index: u64, first: u32, second: u32) -> u64 {
    let joined = ((first as u64) << 32 | second as u64) ^ index.wrapping_mul(0xd6e8_feb8_6659_fd93);
    let spread = (joined ^ joined >> 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (spread ^ spread >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9)
}

//! What the shipped policies decide, and what no policies can.

#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::print_stdout)]

mod documents;
mod matrix;
mod policies;
mod properties;
mod sets;
mod world;

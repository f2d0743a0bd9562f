//! What scope is answered from, as bytes and sets; it knows no database and no clock.
//!
//! ```text
//! touches   who reached which versions, in which span of time     ledger entries ─▶ rows of the touch index
//! packs     what 1,024 consecutive versions hold, of whom         facts          ─▶ one pack a group
//! people    touches ∩ packs, gathered in one pass                 ─▶ sets of people by type, sent and authorised
//! ```
//!
//! Everything that is kept has a version and a check of its own, is the same bytes for the same content, and is refused when
//! it does not read to its last byte: an answer is never silently smaller.

mod bits;
mod check;
mod directory;
pub mod number;
pub mod pack;
pub mod people;
pub mod ranges;
pub mod span;
pub mod touches;
mod typeset;

pub use directory::{Directory, Member};
pub use pack::{Held, Pack};
pub use people::{Gatherer, Pair, People, Reach, Summary};
pub use span::Span;
pub use touches::{Times, Touches};
pub use typeset::TypeSet;

//! The makers of proofs are made once, in the program's wiring, and cannot be made again or shared out.
//!
//! Fails if the releaser, the opener or the decider can be cloned, or a releaser made beside the commit queue's own.

use ledger::{Queue, Releaser};
use policy::Decider;
use seal::Opener;

pub fn a_queue_is_shared<C, A>(queue: &Queue<C, A>) -> Queue<C, A> {
    queue.clone()
}

pub fn no_second_releaser<C, A>(queue: Queue<C, A>) {
    let _entries = queue.size();
    let _releaser = Releaser::over(queue); //~ E0624 associated function `over` is private
}

pub fn not_from_its_parts<C, A>(queue: Queue<C, A>) {
    let _releaser = Releaser { queue }; //~ E0451 field `queue` of struct `Releaser` is private
}

pub fn not_cloned<C, A>(releaser: &Releaser<C, A>, opener: &Opener, decider: &Decider) {
    let _same: &Releaser<C, A> = releaser;
    let _releaser: Releaser<C, A> = releaser.clone(); //~ E0308 mismatched types
    let _opener: Opener = opener.clone(); //~ E0308 mismatched types
    let _decider: Decider = decider.clone(); //~ E0308 mismatched types
}

fn from_nothing<T: Default>() {}

pub fn not_from_nothing() {
    from_nothing::<String>();
    from_nothing::<Opener>(); //~ E0277 the trait bound `Opener: Default` is not satisfied
    from_nothing::<Decider>(); //~ E0277 the trait bound `Decider: Default` is not satisfied
}

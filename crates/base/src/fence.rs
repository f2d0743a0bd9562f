//! Fences: how a decision learns, without asking anybody, that the world it was judged in is gone.
//!
//! A [`Fence`] is a counter that some act moves: pausing an engagement, ending a session, changing the policies. A decision
//! takes a [`Ticket`] when it is made; whoever acts on the decision later checks that the ticket still holds. Checking costs
//! one atomic load. The ledger checks every ticket of a permit in the same critical section in which it appends the entry,
//! and a body checks before every segment.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What a fence guards; decides how a refusal reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Guarded {
    /// The engagement is paused or resumed.
    Pause,
    /// The session ends.
    Session,
    /// Grants of the principal change.
    Grants,
    /// The policy set is replaced.
    Policies,
}

/// A counter that only grows. Cloning shares it.
#[derive(Clone, Debug)]
pub struct Fence {
    epoch: Arc<AtomicU64>,
    guarded: Guarded,
}

/// The epoch of a fence at the time of a decision.
#[derive(Clone, Debug)]
pub struct Ticket {
    fence: Fence,
    epoch: u64,
}

impl Fence {
    /// A fence standing at `epoch`.
    #[must_use]
    pub fn at(guarded: Guarded, epoch: u64) -> Self {
        Self { epoch: Arc::new(AtomicU64::new(epoch)), guarded }
    }

    /// Where it stands now.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    /// Moves it by one; every ticket taken before is void from this instant. Returns the new epoch.
    pub fn advance(&self) -> u64 {
        self.epoch.fetch_add(1, Ordering::AcqRel).wrapping_add(1)
    }

    /// A ticket for the epoch it stands at.
    ///
    /// Take it *before* reading the state that the fence guards: state read first could be older than the ticket.
    #[must_use]
    pub fn ticket(&self) -> Ticket {
        Ticket { epoch: self.epoch(), fence: self.clone() }
    }
}

impl Ticket {
    /// Whether the fence still stands where it stood.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.fence.epoch() == self.epoch
    }

    /// What the fence guards.
    #[must_use]
    pub const fn guarded(&self) -> Guarded {
        self.fence.guarded
    }

    /// The epoch the decision was made under.
    #[must_use]
    pub const fn epoch(&self) -> u64 {
        self.epoch
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_holds_until_the_fence_moves() {
        let fence = Fence::at(Guarded::Pause, 7);
        let ticket = fence.ticket();
        assert!(ticket.holds());
        assert_eq!(fence.clone().advance(), 8);
        assert!(!ticket.holds());
        assert!(fence.ticket().holds());
    }
}

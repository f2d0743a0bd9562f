//! The proof that policy allowed one access.

use std::sync::Arc;

use base::fence::{Guarded, Ticket};

use crate::access::{Access, Target};

/// Policy allowed this access, under these policies, in this state of the world.
///
/// Minted by [`crate::decider::Decider::decide`] alone, and spent by value: the ledger turns it into a receipt, once. It has no
/// `Clone`, so one decision cannot pay for two accesses.
///
/// It can be spent:
/// ```
/// fn spend(permit: policy::Permit) { let _ = permit.spend(); }
/// ```
/// but not twice, not copied, and not forged:
/// ```compile_fail
/// fn twice(permit: policy::Permit) { let _ = permit.spend(); let _ = permit.spend(); }
/// ```
/// ```compile_fail
/// fn copy(permit: &policy::Permit) -> policy::Permit { permit.clone() }
/// ```
/// ```compile_fail
/// fn forge(access: policy::Access) -> policy::Permit { policy::Permit::mint(access, [].into(), Vec::new()) }
/// ```
#[must_use = "a permit is worth nothing until the ledger has recorded it"]
pub struct Permit {
    access: Access,
    policies: Arc<[String]>,
    tickets: Vec<Ticket>,
}

impl Permit {
    /// The one maker, called by the decider.
    pub(crate) fn mint(access: Access, policies: Arc<[String]>, tickets: Vec<Ticket>) -> Self {
        Self { access, policies, tickets }
    }

    /// What it allows.
    #[must_use]
    pub const fn access(&self) -> &Access {
        &self.access
    }

    /// The ids of the policies that decided.
    #[must_use]
    pub const fn policies(&self) -> &Arc<[String]> {
        &self.policies
    }

    /// The first fence that has moved since the decision, if one has: the permit is void then.
    #[must_use]
    pub fn void(&self) -> Option<Guarded> {
        self.tickets.iter().find(|ticket| !ticket.holds()).map(Ticket::guarded)
    }

    /// The pause epoch it was judged under.
    #[must_use]
    pub fn pause_epoch(&self) -> u64 {
        self.tickets.iter().find(|ticket| ticket.guarded() == Guarded::Pause).map_or(0, Ticket::epoch)
    }

    /// Adds versions whose names this access reveals. It can only make the record say more.
    pub fn naming(mut self, ordinals: impl IntoIterator<Item = u64>) -> Self {
        self.access.names.extend(ordinals);
        self.access.names.sort_unstable();
        self.access.names.dedup();
        self
    }

    /// Allows the bytes of its window up to `to` alone. It can only make the permit allow less.
    pub fn narrowed(mut self, to: u64) -> Self {
        if let Target::Bytes { window, .. } = &mut self.access.target {
            window.to = window.to.min(to.max(window.from));
        }
        self
    }

    /// Gives up the permit for the access and the tickets it was judged under. Only the ledger has a use for them.
    #[must_use]
    pub fn spend(self) -> (Access, Arc<[String]>, Vec<Ticket>) {
        (self.access, self.policies, self.tickets)
    }
}

//! The proof that the ledger holds an access durably.

use policy::Access;

/// The entry that describes this access is durable.
///
/// Minted by [`crate::Releaser::release`] alone. It contains the access: what is opened with it is taken from here and from
/// nowhere else. No `Clone`, no `Default`, no `Deserialize`; spent by value.
#[must_use = "a receipt says something was released; open it or let the settlement count it as unsent"]
pub struct Receipt {
    access: Access,
    index: u64,
    seq: u64,
}

impl Receipt {
    /// The one maker, called by the releaser once the entry is durable.
    pub(crate) fn mint(access: Access, index: u64, seq: u64) -> Self {
        Self { access, index, seq }
    }

    /// What was recorded.
    #[must_use]
    pub const fn access(&self) -> &Access {
        &self.access
    }

    /// The entry's index in the log.
    #[must_use]
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// The entry's place in its chain.
    #[must_use]
    pub const fn seq(&self) -> u64 {
        self.seq
    }
}

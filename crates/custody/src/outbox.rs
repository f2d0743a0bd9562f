//! The outbox: what receivers are still to be told, kept in the catalog until each of them has it.

use base::id::ReceiverId;
use tokio::sync::Notify;

/// Wakes whoever tells receivers of alarms.
#[derive(Default)]
pub(crate) struct Outbox {
    some: Notify,
}

impl Outbox {
    /// Says that there is something to tell.
    pub(crate) fn ring(&self) {
        self.some.notify_one();
    }

    /// How a receiver is listed.
    pub(crate) fn receiver_name(&self, receiver: ReceiverId) -> String {
        receiver.to_string()
    }
}

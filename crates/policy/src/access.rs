//! An access: who asks for what. The subject of a permit, and then of a receipt.

use std::net::IpAddr;
use std::sync::Arc;

use base::Timestamp;
use base::id::{DatasetId, EngagementId, PartnerId, PrincipalId, RequestId, SessionId};
use base::object::SealedObject;
use base::word::{Form, PrincipalKind, Purpose, Role, Verb};

/// Who asks, as far as custody has established it.
#[derive(Clone, Debug)]
pub struct Who {
    /// The person or workload.
    pub principal: PrincipalId,
    /// Person or workload.
    pub kind: PrincipalKind,
    /// The partner the principal belongs to; `None` for the operator's own.
    pub partner: Option<PartnerId>,
    /// What the principal is trusted with.
    pub roles: Vec<Role>,
    /// The session the request was signed with; `None` for people who sign with their own key.
    pub session: Option<SessionId>,
    /// The public name of the credential: an access key id, or the key id of a person.
    pub credential: String,
    /// The purpose the session was issued for.
    pub purpose: Option<Purpose>,
    /// The socket's peer.
    pub address: IpAddr,
}

/// A span of plaintext bytes of one version: `from` inclusive, `to` exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// First byte.
    pub from: u64,
    /// One past the last byte.
    pub to: u64,
}

impl Window {
    /// How many bytes it spans.
    #[must_use]
    pub const fn len(self) -> u64 {
        self.to.saturating_sub(self.from)
    }

    /// Whether it spans nothing.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.len() == 0
    }
}

/// What is asked for.
#[derive(Clone, Debug)]
pub enum Target {
    /// The engagement itself.
    Engagement,
    /// A dataset, or names in it.
    Dataset(DatasetId),
    /// Bytes of one version.
    Bytes {
        /// The version, with all that is needed to open it.
        object: Arc<SealedObject>,
        /// Which bytes.
        window: Window,
    },
}

/// One access. A plain description: what turns it into a right is the [`crate::Permit`] around it.
#[derive(Clone, Debug)]
pub struct Access {
    /// The request it belongs to.
    pub request: RequestId,
    /// When it was judged.
    pub at: Timestamp,
    /// Who asks.
    pub who: Arc<Who>,
    /// The compartment.
    pub engagement: EngagementId,
    /// What is to be done.
    pub verb: Verb,
    /// The form in which something becomes known.
    pub form: Form,
    /// On what.
    pub target: Target,
    /// Ordinals of the versions whose names become known, sorted.
    pub names: Vec<u64>,
}

impl Access {
    /// The dataset concerned, if any.
    #[must_use]
    pub fn dataset(&self) -> Option<DatasetId> {
        match &self.target {
            Target::Engagement => None,
            Target::Dataset(dataset) => Some(*dataset),
            Target::Bytes { object, .. } => Some(object.dataset),
        }
    }

    /// How many bytes of plaintext it would release.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        match &self.target {
            Target::Bytes { window, .. } => window.len(),
            Target::Engagement | Target::Dataset(_) => 0,
        }
    }
}

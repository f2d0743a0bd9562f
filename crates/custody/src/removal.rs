//! Deleting objects: a transaction and an entry; the blobs go later, with the sweep.

use base::id::{RequestId, VersionId};
use base::word::Verb;
use catalog::model::{Applied, Change};

use crate::custody::{Custody, Matter};
use crate::entries::{Deleted, kind};
use crate::error::CustodyError;
use crate::identity::Caller;

impl Custody {
    /// Deletes the current version under a key. Deleting what is not there succeeds, as in S3, and is recorded.
    ///
    /// # Errors
    /// `Missing` bucket; as policy answers.
    pub async fn delete(
        &self,
        caller: &Caller,
        request: RequestId,
        bucket: &str,
        key: &[u8],
    ) -> Result<Option<VersionId>, CustodyError> {
        let engagement = self.compartment(caller)?;
        let dataset = self.dataset(caller, bucket)?;
        let matter = Matter::names(request, Verb::Delete, &engagement, Some(&dataset));
        let permit = self.judge(caller, matter).await?;
        let version = self.catalog.current(dataset.id, key)?.map(|row| row.version);
        let what = Deleted { dataset: dataset.id, version, policies: permit.policies().clone() };
        let draft = self.draft(caller, request, engagement.id.into(), kind::DELETE, what)?;
        // The entry names the version that is current now; should another become current meanwhile, the delete is refused
        // and the client's retry names that one.
        let changes = match version {
            None => Vec::new(),
            Some(version) => vec![Change::Delete {
                dataset: dataset.id,
                key: key.to_vec(),
                only: Some(version),
                at: self.clock.now(),
            }],
        };
        let recorded = self.act(caller, permit, changes, draft).await;
        self.shelf.drop_name(dataset.id, key);
        let recorded = recorded?;
        Ok(match recorded.applied.first() {
            Some(Applied::Deleted(version)) => *version,
            _ => None,
        })
    }
}

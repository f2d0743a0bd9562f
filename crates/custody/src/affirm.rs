//! What a caller says of a bucket that is so already: that it is private, sealed, owned by its owner. Judged like a change, and
//! entered; nothing changes.

use base::id::RequestId;
use base::word::Verb;

use crate::custody::{Custody, Matter};
use crate::error::CustodyError;
use crate::identity::Caller;

impl Custody {
    /// Enters that a caller said of a bucket what is so.
    ///
    /// # Errors
    /// `Missing` bucket; as policy answers.
    pub async fn affirm(&self, caller: &Caller, request: RequestId, bucket: &str) -> Result<(), CustodyError> {
        let engagement = self.compartment(caller)?;
        let dataset = self.dataset(caller, bucket)?;
        let matter = Matter::names(request, Verb::ConfigureDataset, &engagement, Some(&dataset));
        let permit = self.judge(caller, matter).await?;
        let _receipt = self.release(caller, permit).await?;
        Ok(())
    }
}

//! Tags of objects: what can be changed of a version without making another.
//!
//! They may be personal, so they rest sealed with the rest of the metadata; reading them is a release of the *names* form, and
//! changing them an act. They steer neither policy nor scope.

use std::collections::BTreeMap;

use base::id::RequestId;
use base::word::Verb;
use catalog::model::Change;

use crate::custody::Custody;
use crate::entries::{Tagged, kind};
use crate::error::CustodyError;
use crate::identity::Caller;
use crate::intake::writing;
use crate::meta::Meta;
use crate::version::{ObjectName, VersionName};

impl Custody {
    /// The tags of an object, and which version of it has them.
    ///
    /// # Errors
    /// As a read answers.
    pub async fn tags(
        &self,
        caller: &Caller,
        request: RequestId,
        object: ObjectName<'_>,
    ) -> Result<(Option<VersionName>, BTreeMap<String, String>), CustodyError> {
        let engagement = self.compartment(caller)?;
        let dataset = self.dataset(caller, object.bucket)?;
        let version = self.find(caller, request, &engagement, &dataset, object, Verb::Head).await?;
        self.reveal(caller, request, Verb::Head, &engagement, &dataset, &version).await?;
        Ok((dataset.name_of(&version), version.meta.tags.clone()))
    }

    /// Gives an object these tags and no others. Answers which version of it has them.
    ///
    /// # Errors
    /// As a write answers; `Missing` object.
    pub async fn tag(
        &self,
        caller: &Caller,
        request: RequestId,
        object: ObjectName<'_>,
        tags: BTreeMap<String, String>,
    ) -> Result<Option<VersionName>, CustodyError> {
        let engagement = self.compartment(caller)?;
        let dataset = self.dataset(caller, object.bucket)?;
        let version = self.find(caller, request, &engagement, &dataset, object, Verb::Write).await?;
        let permit = self.judge(caller, writing(request, &engagement, &dataset)).await?;
        let id = version.row.version;
        let what = Tagged {
            dataset: dataset.id,
            object: version.row.object,
            version: id,
            tags: tags.len() as u64,
            policies: permit.policies().clone(),
        };
        let meta = Meta { tags, ..Meta::clone(&version.meta) }.seal(&engagement.fields, id)?;
        let draft = self.draft(caller, request, engagement.id.into(), kind::TAG, what)?;
        // All that can change of the metadata are its tags, so whichever of two changes comes last is whole.
        let changed = self.act(caller, permit, vec![Change::Meta { version: id, meta }], draft).await;
        self.shelf.drop_name(dataset.id, object.key);
        changed?;
        Ok(dataset.name_of(&version))
    }
}

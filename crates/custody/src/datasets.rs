//! Datasets: named collections in an engagement; buckets to S3 clients.

use std::sync::Arc;

use base::id::{DatasetId, RequestId};
use base::word::{Purpose, Verb};
use catalog::model::{Change, DatasetRow};

use crate::custody::{Custody, Matter};
use crate::directory::Engagement;
use crate::entries::{DatasetActed, kind};
use crate::error::{Clash, CustodyError};
use crate::identity::Caller;
use crate::settings::{Dataset, DatasetSettings};

/// What a dataset is created with.
struct NewDataset<'a> {
    bucket: &'a str,
    purposes: Vec<Purpose>,
    unscannable_readable: bool,
    settings: DatasetSettings,
}

impl Custody {
    /// Creates a dataset in the session's engagement, with the settings it begins with.
    ///
    /// # Errors
    /// `Conflict` if the bucket name is taken; `Invalid`; as policy answers.
    pub async fn create_bucket(
        &self,
        caller: &Caller,
        request: RequestId,
        bucket: &str,
        settings: DatasetSettings,
    ) -> Result<DatasetId, CustodyError> {
        let engagement = self.compartment(caller)?;
        let matter = Matter::names(request, Verb::CreateDataset, &engagement, None);
        let _permit = self.judge(caller, matter).await?;
        let new =
            NewDataset { bucket, purposes: Vec::new(), unscannable_readable: self.unscannable_readable, settings };
        self.add_dataset(caller, request, &engagement, new).await
    }

    /// Creates a dataset in any engagement, by a person of the operator.
    ///
    /// # Errors
    /// As [`Self::create_bucket`].
    pub async fn create_dataset(
        &self,
        caller: &Caller,
        request: RequestId,
        engagement: &str,
        bucket: &str,
        purposes: Vec<Purpose>,
        unscannable_readable: bool,
    ) -> Result<DatasetId, CustodyError> {
        self.may_administer(caller, request, Verb::Administer).await?;
        let engagement = self.engagement_named(engagement)?;
        let settings = DatasetSettings::default();
        self.add_dataset(caller, request, &engagement, NewDataset { bucket, purposes, unscannable_readable, settings })
            .await
    }

    async fn add_dataset(
        &self,
        caller: &Caller,
        request: RequestId,
        engagement: &Engagement,
        new: NewDataset<'_>,
    ) -> Result<DatasetId, CustodyError> {
        let NewDataset { bucket, purposes, unscannable_readable, settings } = new;
        check_bucket(bucket)?;
        if let Some(foreign) = purposes.iter().find(|purpose| !engagement.purposes.contains(purpose)) {
            return Err(CustodyError::invalid(format!("engagement `{}` has no purpose `{foreign}`", engagement.name)));
        }
        let _turn = self.desk.lock().await;
        if let Some(taken) = self.directory.bucket(bucket) {
            let clash = if taken.engagement == engagement.id { Clash::BucketOwned } else { Clash::BucketTaken };
            return Err(CustodyError::Conflict(clash));
        }
        let id = DatasetId::fresh(self.entropy.as_ref());
        let revision = u64::from(settings != DatasetSettings::default());
        let row = DatasetRow {
            id,
            engagement: engagement.id,
            bucket: bucket.to_owned(),
            purposes,
            unscannable_readable,
            created: self.clock.now(),
            settings: if revision == 0 { None } else { Some(settings.seal(&engagement.fields, id, revision)?) },
            revision,
        };
        let what = DatasetActed { dataset: id, bucket, object_lock: settings.lock.is_some() };
        let draft = self.draft(caller, request, engagement.id.into(), kind::DATASET, what)?;
        self.commit(vec![Change::Dataset(row.clone())], draft).await?;
        caller.entered().note(Verb::CreateDataset);
        self.directory.add_dataset(row)?;
        Ok(id)
    }

    /// Deletes an empty dataset.
    ///
    /// # Errors
    /// `Conflict` if it is not empty; `Missing`; as policy answers.
    pub async fn delete_bucket(&self, caller: &Caller, request: RequestId, bucket: &str) -> Result<(), CustodyError> {
        let engagement = self.compartment(caller)?;
        let dataset = self.dataset(caller, bucket)?;
        let matter = Matter::names(request, Verb::DeleteDataset, &engagement, Some(&dataset));
        let permit = self.judge(caller, matter).await?;
        let _turn = self.desk.lock().await;
        let what = DatasetActed { dataset: dataset.id, bucket, object_lock: false };
        let draft = self.draft(caller, request, engagement.id.into(), kind::DATASET_DELETE, what)?;
        match self.act(caller, permit, vec![Change::DropDataset(dataset.id)], draft).await {
            Ok(_) => {
                self.directory.drop_dataset(dataset.id);
                Ok(())
            }
            Err(ledger::LedgerError::Rejected(fault)) if fault.kind() == base::Kind::Conflict => {
                Err(CustodyError::Conflict(Clash::NotEmpty))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The buckets of the session's engagement. That they exist is released by receipt.
    ///
    /// # Errors
    /// As policy answers.
    pub async fn buckets(&self, caller: &Caller, request: RequestId) -> Result<Vec<Arc<Dataset>>, CustodyError> {
        let engagement = self.compartment(caller)?;
        let matter = Matter::names(request, Verb::List, &engagement, None);
        let permit = self.judge(caller, matter).await?;
        let _receipt = self.release(caller, permit).await?;
        Ok(self.directory.datasets(engagement.id))
    }

    /// That a bucket exists, and its settings.
    ///
    /// # Errors
    /// `Missing`; as policy answers.
    pub async fn head_bucket(
        &self,
        caller: &Caller,
        request: RequestId,
        bucket: &str,
    ) -> Result<Arc<Dataset>, CustodyError> {
        let engagement = self.compartment(caller)?;
        let dataset = self.dataset(caller, bucket)?;
        let matter = Matter::names(request, Verb::List, &engagement, Some(&dataset));
        let permit = self.judge(caller, matter).await?;
        let _receipt = self.release(caller, permit).await?;
        Ok(dataset)
    }
}

/// What S3 keeps for names that mean something else to its clients.
const RESERVED_BEGINNINGS: [&str; 3] = ["xn--", "sthree-", "amzn-s3-demo-"];
const RESERVED_ENDINGS: [&str; 5] = ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"];

/// S3's rules for names of buckets, as far as they keep a name usable in a path and a host name.
///
/// SPEC: S3 user guide, general purpose bucket naming rules.
fn check_bucket(bucket: &str) -> Result<(), CustodyError> {
    let bytes = bucket.as_bytes();
    let edge = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let plain = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-' || *byte == b'.';
    let right = (3..=63).contains(&bytes.len())
        && edge(bytes.first())
        && edge(bytes.last())
        && bytes.iter().all(plain)
        && !["..", ".-", "-."].iter().any(|pair| bucket.contains(pair))
        && !RESERVED_BEGINNINGS.iter().any(|beginning| bucket.starts_with(beginning))
        && !RESERVED_ENDINGS.iter().any(|ending| bucket.ends_with(ending))
        && bucket.parse::<std::net::Ipv4Addr>().is_err();
    if right {
        return Ok(());
    }
    Err(CustodyError::invalid(format!(
        "`{bucket}` cannot name a bucket: use 3 to 63 of a-z, 0-9, `-` and `.`, beginning and ending with a letter or digit"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bucket_names_follow_s3() {
        for good in ["abc", "a.b-c", "0data", &"a".repeat(63)] {
            assert!(check_bucket(good).is_ok(), "{good}");
        }
        for bad in [
            "ab",
            "Abc",
            "-abc",
            "abc-",
            "a..b",
            "a.-b",
            "a-.b",
            "10.0.0.1",
            "a_b",
            "xn--a",
            "a-s3alias",
            &"a".repeat(64),
        ] {
            assert!(check_bucket(bad).is_err(), "{bad}");
        }
    }
}

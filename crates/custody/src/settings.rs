//! Settings of a dataset: what S3 keeps with a bucket.
//!
//! One document a dataset, sealed under the engagement's record key. It is held opened in the directory, so that a request
//! costs no query. Every change is judged, recorded, and turns a revision that the catalog knows: what was decided under older
//! settings no longer fits, and what versioning has begun to protect is never destroyed by a put that was decided before.
//!
//! # Threats
//! A writer of the database cannot read or forge the document. It is bound to its dataset and revision, and its entry holds
//! the digest of the sealed bytes: an older one put back with its older revision shows against the ledger.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::str::FromStr;
use std::sync::Arc;

use base::id::{DatasetId, RequestId};
use base::word::{RetentionMode, Verb};
use catalog::model::{Change, ContractRow, DatasetRow};
use seal::Fields;
use serde::{Deserialize, Serialize};
use tokio::sync::{OwnedRwLockReadGuard, RwLock};

use crate::contracts::{self, Bound};
use crate::cors::CorsRule;
use crate::custody::{Custody, Matter};
use crate::directory::Engagement;
use crate::entries::{ContractSet, DatasetConfigured, kind};
use crate::error::{Clash, CustodyError, Thing};
use crate::identity::Caller;
use crate::version::{Version, VersionName};

/// What sealed settings are bound to, beside the dataset and the revision.
const CONTEXT: &str = "settings";

/// How many bytes the settings of a dataset may have, written out. They are in memory for every dataset.
const LARGEST_SETTINGS_BYTES: usize = 256 * 1024;

/// The settings of a dataset. One that an older program cannot read in full does not open there, so that nothing is lost when
/// it writes them back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DatasetSettings {
    /// Whether versions are kept; `None` until it is first set. It can never be unset again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub versioning: Option<Versioning>,
    /// Object lock, once it is enabled. It can never be disabled again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lock: Option<ObjectLock>,
    /// Tags.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// What browsers are told.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cors: Vec<CorsRule>,
    /// What becomes of a version in which secrets are found.
    #[serde(skip_serializing_if = "SecretsFound::is_default")]
    pub secrets: SecretsFound,
    /// The contract, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contract: Option<Bound>,
}

/// What becomes of a version in which a scan is sure to have found secrets. Card verification data is not asked about: nobody
/// may store it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecretsFound {
    /// It lies in quarantine until somebody decides.
    #[default]
    Quarantine,
    /// It is listed and may be read like others: for data that is about secrets.
    List,
}

impl SecretsFound {
    /// The text form.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Quarantine => "quarantine",
            Self::List => "list",
        }
    }

    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl FromStr for SecretsFound {
    type Err = CustodyError;

    fn from_str(text: &str) -> Result<Self, CustodyError> {
        match text {
            "quarantine" => Ok(Self::Quarantine),
            "list" => Ok(Self::List),
            _ => Err(CustodyError::invalid(format!("`{text}` is neither `quarantine` nor `list`"))),
        }
    }
}

/// What was changed of settings, for the record.
pub(crate) enum Changed {
    /// One setting; words of S3.
    Setting { setting: &'static str, value: String },
    /// The contract.
    Contract { document: String, digest: [u8; 32], subject_key: bool, not_understood: u64 },
}

/// Whether versions are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Versioning {
    /// Every put makes a version, every delete a marker.
    Enabled,
    /// What is kept stays; puts and deletes replace the null version.
    Suspended,
}

/// Object lock of a dataset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ObjectLock {
    /// What a version is retained by that brings no retention of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<DefaultRetention>,
}

/// A retention counted from when a version becomes visible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DefaultRetention {
    /// How strict.
    pub mode: RetentionMode,
    /// How long.
    pub period: Period,
}

/// A period as S3 has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Period {
    /// Days of 24 hours.
    Days(u32),
    /// Years of 365 days.
    Years(u32),
}

/// A dataset with its settings opened. Replaced as a whole when they change.
pub struct Dataset {
    row: DatasetRow,
    /// The settings.
    pub settings: DatasetSettings,
    /// Held shared by what is decided under the settings until it is durable, alone by a change of them.
    pub(crate) gate: Arc<RwLock<()>>,
}

impl Deref for Dataset {
    type Target = DatasetRow;

    fn deref(&self) -> &DatasetRow {
        &self.row
    }
}

impl Dataset {
    /// Opens the settings of a row. What the contract says of purposes and of what nobody can read stands in the place of what the
    /// row says.
    ///
    /// # Errors
    /// `Corrupt` if they do not verify.
    pub(crate) fn open(mut row: DatasetRow, fields: &Fields) -> Result<Self, CustodyError> {
        let settings = match &row.settings {
            None => DatasetSettings::default(),
            Some(sealed) => DatasetSettings::open(fields, row.id, row.revision, sealed)?,
        };
        if let Some(Bound { terms, .. }) = &settings.contract {
            row.purposes = terms.purposes.clone().unwrap_or(row.purposes);
            row.unscannable_readable = Self::unscannable_by_contract(terms).unwrap_or(row.unscannable_readable);
        }
        Ok(Self { row, settings, gate: Arc::default() })
    }
}

impl Dataset {
    /// How answers name a version: not at all where versioning was never set.
    // SPEC: S3: x-amz-version-id.
    pub(crate) fn name_of(&self, version: &Version) -> Option<VersionName> {
        self.settings.versioning.map(|_| version.name())
    }
}

impl DatasetSettings {
    pub(crate) fn seal(&self, fields: &Fields, dataset: DatasetId, revision: u64) -> Result<Vec<u8>, CustodyError> {
        let plain = serde_json::to_vec(self)
            .map_err(|error| CustodyError::invalid(format!("settings cannot be written: {error}")))?;
        if plain.len() > LARGEST_SETTINGS_BYTES {
            return Err(CustodyError::invalid(format!(
                "a bucket has at most {LARGEST_SETTINGS_BYTES} bytes of settings"
            )));
        }
        Ok(fields.seal(CONTEXT, &place(dataset, revision), &plain)?)
    }

    fn open(fields: &Fields, dataset: DatasetId, revision: u64, sealed: &[u8]) -> Result<Self, CustodyError> {
        let plain = fields.open(CONTEXT, &place(dataset, revision), sealed)?;
        plain
            .expose(|bytes| serde_json::from_slice(bytes))
            .map_err(|_| CustodyError::Corrupt(format!("settings of dataset `{dataset}`")))
    }

    /// Enables or suspends versioning; answers the word for the record.
    ///
    /// # Errors
    /// `Conflict` when it would be suspended under object lock.
    pub fn set_versioning(&mut self, versioning: Versioning) -> Result<String, CustodyError> {
        // SPEC: S3 PutBucketVersioning: InvalidBucketState.
        if self.lock.is_some() && versioning == Versioning::Suspended {
            return Err(CustodyError::Conflict(Clash::LockNeedsVersioning));
        }
        self.versioning = Some(versioning);
        Ok(match versioning {
            Versioning::Enabled => "enabled".to_owned(),
            Versioning::Suspended => "suspended".to_owned(),
        })
    }

    /// Enables object lock, or changes its default retention; answers the words for the record.
    ///
    /// # Errors
    /// `Conflict` unless versioning is enabled: a version that is overwritten is not locked.
    pub fn set_lock(&mut self, lock: ObjectLock) -> Result<String, CustodyError> {
        if self.versioning != Some(Versioning::Enabled) {
            return Err(CustodyError::Conflict(Clash::LockNeedsVersioning));
        }
        self.lock = Some(lock);
        Ok(match lock.default {
            None => "enabled".to_owned(),
            Some(DefaultRetention { mode, period: Period::Days(days) }) => format!("{mode} for {days} days"),
            Some(DefaultRetention { mode, period: Period::Years(years) }) => format!("{mode} for {years} years"),
        })
    }
}

fn place(dataset: DatasetId, revision: u64) -> Vec<u8> {
    [dataset.as_bytes().as_slice(), &revision.to_be_bytes()].concat()
}

impl Custody {
    /// A dataset under settings that stand until the guard is dropped: what is decided under them is made durable meanwhile.
    ///
    /// # Errors
    /// `Missing` if it was deleted.
    pub(crate) async fn settled(
        &self,
        dataset: DatasetId,
    ) -> Result<(Arc<Dataset>, OwnedRwLockReadGuard<()>), CustodyError> {
        let find = || self.directory.dataset(dataset).ok_or_else(|| CustodyError::missing(Thing::Dataset, dataset));
        let gate = Arc::clone(&find()?.gate).read_owned().await;
        Ok((find()?, gate))
    }

    /// Changes one of a bucket's settings. `setting` names it in the record; `change` makes the change, and answers what the
    /// record says of it: words of S3, never the content of a document, which may be personal.
    ///
    /// The settings are read with [`Self::head_bucket`].
    ///
    /// # Errors
    /// `Missing` bucket; what `change` answers, which is recorded as a failure; as policy answers.
    pub async fn configure(
        &self,
        caller: &Caller,
        request: RequestId,
        bucket: &str,
        setting: &'static str,
        change: impl FnOnce(&mut DatasetSettings) -> Result<String, CustodyError> + Send,
    ) -> Result<(), CustodyError> {
        let change = |_: &Engagement, settings: &mut DatasetSettings, _: u64| {
            change(settings).map(|value| Changed::Setting { setting, value })
        };
        self.reconfigure(caller, request, bucket, change).await
    }

    /// Changes the settings of a bucket; `change` is given the revision that it begins.
    pub(crate) async fn reconfigure(
        &self,
        caller: &Caller,
        request: RequestId,
        bucket: &str,
        change: impl FnOnce(&Engagement, &mut DatasetSettings, u64) -> Result<Changed, CustodyError> + Send,
    ) -> Result<(), CustodyError> {
        let (engagement, dataset) = self.collection(caller, bucket)?;
        let matter = Matter::names(request, Verb::ConfigureDataset, &engagement, Some(&dataset));
        let permit = self.judge(caller, matter).await?;
        let _turn = self.desk.lock().await;
        // As it is now that nobody else changes it.
        let (_, dataset) = self.collection(caller, bucket)?;
        let revision = dataset.revision.saturating_add(1);
        let mut settings = dataset.settings.clone();
        let changed = change(&engagement, &mut settings, revision)
            .and_then(|changed| Ok((changed, settings.seal(&engagement.fields, dataset.id, revision)?)));
        let (changed, sealed) = match changed {
            Ok(changed) => changed,
            Err(error) => {
                let (verb, failure) = (Verb::ConfigureDataset, error.kind().name());
                self.failed(caller, request, engagement.id, verb, Some(&dataset), failure).await?;
                return Err(error);
            }
        };
        let digest = data_encoding::HEXLOWER.encode(&attest::sha256(&[&sealed]));
        let dataset_id = dataset.id;
        let mut changes = vec![Change::DatasetSettings { dataset: dataset_id, settings: sealed, revision }];
        let chain = engagement.id.into();
        let draft = match changed {
            Changed::Setting { setting, value } => {
                let what = DatasetConfigured { dataset: dataset_id, setting, value, revision, digest };
                self.draft(caller, request, chain, kind::DATASET_CONFIGURE, what)?
            }
            Changed::Contract { document, digest: of, subject_key, not_understood } => {
                let sealed = contracts::seal(&engagement.fields, dataset_id, revision, &document)?;
                let at = self.clock.now();
                let row = ContractRow { dataset: dataset_id, revision, at, digest: of, document: sealed };
                changes.push(Change::Contract(row));
                let contract = data_encoding::HEXLOWER.encode(&of);
                let what = ContractSet { dataset: dataset_id, contract, subject_key, not_understood, revision, digest };
                self.draft(caller, request, chain, kind::DATASET_CONTRACT, what)?
            }
        };
        // INVARIANT: what was decided under the old settings is durable before the new ones are, or is decided again.
        let _alone = dataset.gate.write().await;
        let recorded = self.act(caller, permit, changes, draft).await;
        // Whatever the answer: a commit that reported failure may have taken effect.
        if let Some(row) = self.catalog.dataset(dataset.id)? {
            self.directory.add_dataset(row)?;
        }
        recorded?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_needs_versioning_and_keeps_it() {
        let mut settings = DatasetSettings::default();
        assert!(settings.set_lock(ObjectLock::default()).is_err());
        settings.set_versioning(Versioning::Suspended).unwrap();
        assert!(settings.set_lock(ObjectLock::default()).is_err());
        settings.set_versioning(Versioning::Enabled).unwrap();
        let default = Some(DefaultRetention { mode: RetentionMode::Governance, period: Period::Days(30) });
        assert_eq!(settings.set_lock(ObjectLock { default }).unwrap(), "governance for 30 days");
        assert!(settings.set_versioning(Versioning::Suspended).is_err());
        assert_eq!(settings.versioning, Some(Versioning::Enabled));
    }

    #[test]
    fn settings_of_a_newer_program_do_not_read() {
        let read = |text: &str| serde_json::from_str::<DatasetSettings>(text);
        assert_eq!(read("{}").unwrap(), DatasetSettings::default());
        assert!(read(r#"{"versioning":"enabled"}"#).is_ok());
        assert!(read(r#"{"replication":{}}"#).is_err());
    }
}

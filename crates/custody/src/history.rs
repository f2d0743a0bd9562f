//! Listings of versions and delete markers. Like every listing a release of the *names* form, whose receipt names what it
//! revealed, markers too.

use base::Timestamp;
use base::id::RequestId;
use base::word::Verb;
use catalog::model::KeptRow;

use crate::custody::{Custody, Matter};
use crate::directory::Engagement;
use crate::error::CustodyError;
use crate::identity::Caller;
use crate::listing::{Cursor, ListQuestion, Row, walk};
use crate::meta::Meta;
use crate::settings::Dataset;
use crate::version::VersionName;

/// One page of a listing of versions.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// Versions and markers, by key, the newest first.
    pub versions: Vec<ListedVersion>,
    /// Rolled-up prefixes, by name.
    pub prefixes: Vec<Vec<u8>>,
    /// Where the next page begins: after this key or prefix, or after this version of the key.
    pub next: Option<(Vec<u8>, Option<VersionName>)>,
}

/// One version or delete marker of a listing.
#[derive(Clone, Debug)]
pub struct ListedVersion {
    /// Its key.
    pub key: Vec<u8>,
    /// How it is named.
    pub name: VersionName,
    /// Whether it is a delete marker.
    pub marker: bool,
    /// Whether nothing newer is kept under the key.
    pub latest: bool,
    /// Its size.
    pub size: u64,
    /// When it became visible.
    pub modified: Timestamp,
    /// Its metadata; those of a marker say nothing.
    pub meta: Meta,
}

impl Row for KeptRow {
    fn key(&self) -> &[u8] {
        &self.key
    }

    fn ordinal(&self) -> u64 {
        self.ordinal
    }

    fn beyond(&self) -> Cursor {
        Cursor { key: self.key.clone(), below: Some(self.ordinal) }
    }
}

impl Custody {
    /// Lists a page of the versions and delete markers of a bucket. `after` of the question is a key or prefix, after which the
    /// page begins; with `below`, it begins inside the key, after that version.
    ///
    /// # Errors
    /// As a read answers.
    pub async fn list_versions(
        &self,
        caller: &Caller,
        request: RequestId,
        bucket: &str,
        question: &ListQuestion<'_>,
        below: Option<VersionName>,
    ) -> Result<History, CustodyError> {
        let engagement = self.compartment(caller)?;
        let dataset = self.dataset(caller, bucket)?;
        let matter = Matter::names(request, Verb::List, &engagement, Some(&dataset));
        let permit = self.judge(caller, matter).await?;
        let start = match (question.after, below) {
            (Some(key), Some(name)) => self.inside(&dataset, key, name)?,
            _ => Cursor::at(question),
        };
        let walked = walk(question, start, |cursor, count| {
            Ok(self.catalog.kept(dataset.id, question.prefix, &cursor.key, cursor.below, count)?)
        })?;
        let _receipt = self.release(caller, permit.naming(walked.ordinals)).await?;
        let versions: Result<Vec<ListedVersion>, CustodyError> =
            walked.rows.into_iter().map(|row| listed(&engagement, row)).collect();
        let versions = versions?;
        let last = versions.last();
        let next = walked.next.map(|next| {
            let inside = last.filter(|last| last.key == next).map(|last| last.name);
            (next, inside)
        });
        Ok(History { versions, prefixes: walked.prefixes, next })
    }

    /// The place after a version of a key. A version that is gone keeps its place; a null version that was replaced has lost it,
    /// and the key is listed from its newest on: rather twice than not at all.
    fn inside(&self, dataset: &Dataset, key: &[u8], name: VersionName) -> Result<Cursor, CustodyError> {
        let row = match name {
            VersionName::Null => self.catalog.null_version(dataset.id, key)?,
            VersionName::Id(id) => self.catalog.version(id)?,
        };
        let row = row.filter(|row| row.dataset == dataset.id && row.key == key);
        Ok(Cursor { key: key.to_vec(), below: row.map(|row| row.ordinal) })
    }
}

fn listed(engagement: &Engagement, row: KeptRow) -> Result<ListedVersion, CustodyError> {
    let meta = if row.marker { Meta::default() } else { Meta::open(&engagement.fields, row.version, &row.meta)? };
    Ok(ListedVersion {
        key: row.key,
        name: VersionName::of(row.null, row.version),
        marker: row.marker,
        latest: row.latest,
        size: row.size,
        modified: row.modified,
        meta,
    })
}

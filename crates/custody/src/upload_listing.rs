//! What is under way: the uploads of a bucket, and the parts of an upload.
//!
//! Keys can be personal, so both are releases of the *names* form and wait for their receipt. They name no versions: an upload
//! is none yet.

use base::Timestamp;
use base::id::{RequestId, UploadId};

use crate::custody::Custody;
use crate::digests::Algorithm;
use crate::error::CustodyError;
use crate::identity::Caller;
use crate::listing::{LONGEST_PAGE, ListQuestion, rolled_up, successor};
use crate::meta::Meta;
use crate::upload::{UploadedPart, chosen, show};

/// Parts of an upload, and how it sums them up.
#[derive(Clone, Debug)]
pub struct PartsPage {
    /// The parts, by number.
    pub parts: Vec<UploadedPart>,
    /// Whether there are more.
    pub more: bool,
    /// The algorithm its client chose.
    pub algorithm: Option<Algorithm>,
    /// Whether the whole's checksum is composed of the parts'.
    pub composite: bool,
}

/// An upload under way.
#[derive(Clone, Debug)]
pub struct UploadUnderWay {
    /// The key.
    pub key: Vec<u8>,
    /// The upload.
    pub upload: UploadId,
    /// When it began.
    pub begun: Timestamp,
    /// The algorithm its client chose.
    pub algorithm: Option<Algorithm>,
    /// Whether the whole's checksum is composed of the parts'.
    pub composite: bool,
}

/// A page of uploads.
#[derive(Clone, Debug, Default)]
pub struct UploadsPage {
    /// Uploads by key, then by id.
    pub uploads: Vec<UploadUnderWay>,
    /// Prefixes that stand for several.
    pub prefixes: Vec<Vec<u8>>,
    /// Where the next page begins: after this key or prefix, and after that upload of it. Nothing if this was the last.
    pub next: Option<(Vec<u8>, Option<UploadId>)>,
}

impl Custody {
    /// The parts of an upload with numbers after `after`; at most `limit`.
    ///
    /// # Errors
    /// `Missing` upload; as policy answers.
    #[expect(clippy::too_many_arguments, reason = "as the request has them")]
    pub async fn parts(
        &self,
        caller: &Caller,
        request: RequestId,
        bucket: &str,
        key: &[u8],
        upload: UploadId,
        after: u32,
        limit: usize,
    ) -> Result<PartsPage, CustodyError> {
        let dataset = self.head_bucket(caller, request, bucket).await?;
        let engagement = self.compartment(caller)?;
        let upload = self.upload_of(caller, request, &dataset, key, upload).await?;
        let begun = Meta::open(&engagement.fields, upload.version, &upload.meta)?;
        let limit = limit.min(LONGEST_PAGE);
        // One more than asked tells whether there is another page.
        let mut rows = self.catalog.upload_parts(upload.id, after, limit.saturating_add(1))?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let part = |row: catalog::model::UploadPartRow| {
            let mut meta = Meta::open(&engagement.fields, upload.version, &row.meta)?;
            show(&mut meta, chosen(&begun));
            Ok(UploadedPart { number: row.part.number, size: row.part.size, meta, modified: row.modified })
        };
        let parts: Result<Vec<UploadedPart>, CustodyError> = rows.into_iter().map(part).collect();
        Ok(PartsPage { parts: parts?, more, algorithm: chosen(&begun), composite: begun.composite })
    }

    /// Uploads under way in a bucket, in the order of the keys' bytes. With `after_upload`, those of the key `question.after`
    /// that follow it come first.
    ///
    /// # Errors
    /// As policy answers.
    pub async fn uploads(
        &self,
        caller: &Caller,
        request: RequestId,
        bucket: &str,
        question: &ListQuestion<'_>,
        after_upload: Option<UploadId>,
    ) -> Result<UploadsPage, CustodyError> {
        let dataset = self.head_bucket(caller, request, bucket).await?;
        let engagement = self.compartment(caller)?;
        let limit = question.limit.min(LONGEST_PAGE);
        let mut page = UploadsPage::default();
        // The first key of the next search, and after which upload of that key it goes on.
        let (mut from, mut after) = match (question.after, after_upload) {
            (None, _) => (Vec::new(), None),
            (Some(key), Some(upload)) => (key.to_vec(), Some(upload)),
            (Some(key), None) if rolled_up(key, question).as_deref() == Some(key) => match successor(key) {
                Some(beyond) => (beyond, None),
                None => return Ok(page),
            },
            (Some(key), None) => ([key, &[0]].concat(), None),
        };
        if limit == 0 {
            return Ok(page);
        }
        let mut last = None;
        'pages: loop {
            let rows = self.catalog.uploads(dataset.id, question.prefix, &from, after, LONGEST_PAGE)?;
            let fetched = rows.len();
            for row in rows {
                if page.uploads.len().saturating_add(page.prefixes.len()) == limit {
                    page.next = last;
                    break 'pages;
                }
                if let Some(rolled) = rolled_up(&row.key, question) {
                    let beyond = successor(&rolled);
                    last = Some((rolled.clone(), None));
                    page.prefixes.push(rolled);
                    let Some(beyond) = beyond else { break 'pages };
                    (from, after) = (beyond, None);
                    continue 'pages;
                }
                let meta = Meta::open(&engagement.fields, row.version, &row.meta)?;
                last = Some((row.key.clone(), Some(row.id)));
                (from, after) = (row.key.clone(), Some(row.id));
                page.uploads.push(UploadUnderWay {
                    key: row.key,
                    upload: row.id,
                    begun: row.begun,
                    algorithm: chosen(&meta),
                    composite: meta.composite,
                });
            }
            if fetched < LONGEST_PAGE {
                break;
            }
        }
        Ok(page)
    }
}

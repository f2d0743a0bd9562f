//! Listings: names in a compartment. Key names can be personal, so every page is a release of the *names* form, and the
//! receipt names the versions it revealed before the page is sent.

use base::Timestamp;
use base::id::RequestId;
use base::word::Verb;
use catalog::model::{DatasetRow, ListedRow};

use crate::custody::{Custody, Matter};
use crate::directory::Engagement;
use crate::error::CustodyError;
use crate::identity::Caller;
use crate::meta::Meta;

/// What is asked of a listing.
#[derive(Clone, Debug)]
pub struct ListQuestion<'a> {
    /// Only keys that begin with this.
    pub prefix: &'a [u8],
    /// Keys are rolled up to the first occurrence of this after the prefix; empty: not at all.
    pub delimiter: &'a [u8],
    /// Only keys, and rolled-up prefixes, after this one.
    pub after: Option<&'a [u8]>,
    /// At most this many keys and prefixes, at most [`LONGEST_PAGE`].
    pub limit: usize,
}

/// How many keys and prefixes a page holds at most. SPEC: S3 ListObjectsV2.
pub const LONGEST_PAGE: usize = 1000;

/// How many rows one query fetches: few after a prefix was rolled up, since the next key may roll up too; more and more
/// while keys are listed one by one.
const FETCH: std::ops::RangeInclusive<usize> = 8..=1024;

/// One page of a listing.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// Objects, by key.
    pub objects: Vec<Listed>,
    /// Rolled-up prefixes, by name.
    pub prefixes: Vec<Vec<u8>>,
    /// Where the next page begins: pass it as `after`. `None` on the last page.
    pub next: Option<Vec<u8>>,
}

/// One object of a listing.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Its key.
    pub key: Vec<u8>,
    /// Its size.
    pub size: u64,
    /// When it became visible.
    pub modified: Timestamp,
    /// Its metadata.
    pub meta: Meta,
}

impl Custody {
    /// Lists a page of a bucket, in the order of the keys' bytes.
    ///
    /// # Errors
    /// As a read answers.
    pub async fn list(
        &self,
        caller: &Caller,
        request: RequestId,
        bucket: &str,
        question: &ListQuestion<'_>,
    ) -> Result<Listing, CustodyError> {
        let engagement = self.compartment(caller)?;
        let dataset = self.dataset(caller, bucket)?;
        let matter = Matter::names(request, Verb::List, &engagement, Some(&dataset));
        // Judged before the catalog is searched; recorded with what the search found, before it is answered.
        let permit = self.judge(caller, matter).await?;
        let (listing, ordinals) = self.page(&engagement, &dataset, question)?;
        let _receipt = self.release(caller, permit.naming(ordinals)).await?;
        Ok(listing)
    }

    /// Searches one page. Skips over what a rolled-up prefix covers, so that its cost follows the page and not the bucket.
    fn page(
        &self,
        engagement: &Engagement,
        dataset: &DatasetRow,
        question: &ListQuestion<'_>,
    ) -> Result<(Listing, Vec<u64>), CustodyError> {
        let limit = question.limit.min(LONGEST_PAGE);
        let mut page = Listing::default();
        let mut ordinals = Vec::new();
        if limit == 0 {
            return Ok((page, ordinals));
        }
        let mut cursor = Cursor::at(question);
        let mut last = None;
        let mut fetch = *FETCH.end();
        'pages: loop {
            let rows =
                self.catalog.list(dataset.id, question.prefix, cursor.key.as_deref(), cursor.inclusive, fetch)?;
            let fetched = rows.len();
            for row in rows {
                if page.objects.len().saturating_add(page.prefixes.len()) == limit {
                    page.next = last;
                    break 'pages;
                }
                if let Some(rolled) = rolled_up(&row.key, question) {
                    ordinals.push(row.ordinal);
                    last = Some(rolled.clone());
                    let beyond = successor(&rolled);
                    page.prefixes.push(rolled);
                    match beyond {
                        Some(beyond) => cursor = Cursor { key: Some(beyond), inclusive: true },
                        None => break 'pages,
                    }
                    fetch = *FETCH.start();
                    continue 'pages;
                }
                ordinals.push(row.ordinal);
                last = Some(row.key.clone());
                cursor = Cursor { key: Some(row.key.clone()), inclusive: false };
                page.objects.push(Self::listed(engagement, row)?);
            }
            if fetched < fetch {
                break;
            }
            fetch = fetch.saturating_mul(4).min(*FETCH.end());
        }
        Ok((page, ordinals))
    }

    fn listed(engagement: &Engagement, row: ListedRow) -> Result<Listed, CustodyError> {
        let meta = Meta::open(&engagement.fields, row.version, &row.meta)?;
        Ok(Listed { key: row.key, size: row.size, modified: row.modified, meta })
    }
}

/// Where a search goes on.
struct Cursor {
    key: Option<Vec<u8>>,
    inclusive: bool,
}

impl Cursor {
    /// After `after`. One that is a rolled-up prefix, as the last page's end may be, is passed over whole.
    fn at(question: &ListQuestion<'_>) -> Self {
        let Some(after) = question.after else { return Self { key: None, inclusive: false } };
        if rolled_up(after, question).as_deref() == Some(after) {
            return Self { key: successor(after), inclusive: true };
        }
        Self { key: Some(after.to_vec()), inclusive: false }
    }
}

/// The prefix that a key is rolled up to, if it is: up to and with the first delimiter after the asked prefix.
pub(crate) fn rolled_up(key: &[u8], question: &ListQuestion<'_>) -> Option<Vec<u8>> {
    if question.delimiter.is_empty() {
        return None;
    }
    let rest = key.strip_prefix(question.prefix)?;
    let at = rest.windows(question.delimiter.len()).position(|window| window == question.delimiter)?;
    let length = question.prefix.len().saturating_add(at).saturating_add(question.delimiter.len());
    key.get(..length).map(<[u8]>::to_vec)
}

/// The first string of bytes after all that begin with `prefix`; nothing when there is none.
pub(crate) fn successor(prefix: &[u8]) -> Option<Vec<u8>> {
    let mut next = prefix.to_vec();
    while let Some(last) = next.last_mut() {
        if let Some(raised) = last.checked_add(1) {
            *last = raised;
            return Some(next);
        }
        next.pop();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_successor_lies_beyond_every_extension() {
        assert_eq!(successor(b"a/"), Some(b"a0".to_vec()));
        assert_eq!(successor(b"a\xff"), Some(b"b".to_vec()));
        assert_eq!(successor(b"\xff"), None);
    }

    #[test]
    fn keys_roll_up_to_the_first_delimiter_after_the_prefix() {
        let question = |delimiter| ListQuestion { prefix: b"a/", delimiter, after: None, limit: 10 };
        assert_eq!(rolled_up(b"a/b/c/d", &question(b"/")), Some(b"a/b/".to_vec()));
        assert_eq!(rolled_up(b"a/b", &question(b"/")), None);
        assert_eq!(rolled_up(b"a/b--c", &question(b"--")), Some(b"a/b--".to_vec()));
        assert_eq!(rolled_up(b"a/b/c", &question(b"")), None);
    }
}

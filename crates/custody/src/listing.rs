//! Listings: names in a compartment. Key names can be personal, so every page is a release of the *names* form, and the
//! receipt names the versions it revealed before the page is sent.

use base::Timestamp;
use base::id::RequestId;
use base::word::Verb;
use catalog::model::ListedRow;

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
        let walked = walk(question, Cursor::at(question), |cursor, count| {
            Ok(self.catalog.list(dataset.id, question.prefix, Some(&cursor.key), true, count)?)
        })?;
        let _receipt = self.release(caller, permit.naming(walked.ordinals)).await?;
        let objects: Result<Vec<Listed>, CustodyError> =
            walked.rows.into_iter().map(|row| Self::listed(&engagement, row)).collect();
        Ok(Listing { objects: objects?, prefixes: walked.prefixes, next: walked.next })
    }

    fn listed(engagement: &Engagement, row: ListedRow) -> Result<Listed, CustodyError> {
        let meta = Meta::open(&engagement.fields, row.version, &row.meta)?;
        Ok(Listed { key: row.key, size: row.size, modified: row.modified, meta })
    }
}

/// One row of what is searched.
pub(crate) trait Row {
    /// Its key.
    fn key(&self) -> &[u8];

    /// The ordinal that a receipt names it by.
    fn ordinal(&self) -> u64;

    /// Where the search goes on after it.
    fn beyond(&self) -> Cursor;
}

impl Row for ListedRow {
    fn key(&self) -> &[u8] {
        &self.key
    }

    fn ordinal(&self) -> u64 {
        self.ordinal
    }

    fn beyond(&self) -> Cursor {
        Cursor { key: [self.key.as_slice(), &[0]].concat(), below: None }
    }
}

/// Where a search goes on: at a key, and of its versions at those older than an ordinal.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cursor {
    pub(crate) key: Vec<u8>,
    pub(crate) below: Option<u64>,
}

impl Cursor {
    /// After `after`. One that is a rolled-up prefix, as the last page's end may be, is passed over whole.
    pub(crate) fn at(question: &ListQuestion<'_>) -> Self {
        let Some(after) = question.after else { return Self::default() };
        let rolled = rolled_up(after, question).is_some_and(|rolled| rolled == after);
        let key = rolled.then(|| successor(after)).flatten().unwrap_or_else(|| [after, &[0]].concat());
        Self { key, below: None }
    }
}

/// What a search of one page found.
pub(crate) struct Walked<R> {
    /// Rows, in their order.
    pub(crate) rows: Vec<R>,
    /// Rolled-up prefixes.
    pub(crate) prefixes: Vec<Vec<u8>>,
    /// What was seen, for the receipt: every row, and one row for each prefix.
    pub(crate) ordinals: Vec<u64>,
    /// The key or prefix that the page ends with, if there is more.
    pub(crate) next: Option<Vec<u8>>,
}

/// Searches one page. Skips over what a rolled-up prefix covers, so that its cost follows the page and not the bucket.
pub(crate) fn walk<R: Row>(
    question: &ListQuestion<'_>,
    mut cursor: Cursor,
    fetch: impl Fn(&Cursor, usize) -> Result<Vec<R>, CustodyError>,
) -> Result<Walked<R>, CustodyError> {
    let limit = question.limit.min(LONGEST_PAGE);
    let mut found = Walked { rows: Vec::new(), prefixes: Vec::new(), ordinals: Vec::new(), next: None };
    if limit == 0 {
        return Ok(found);
    }
    let mut last = None;
    let mut count = *FETCH.end();
    'pages: loop {
        let rows = fetch(&cursor, count)?;
        let fetched = rows.len();
        for row in rows {
            if found.rows.len().saturating_add(found.prefixes.len()) == limit {
                found.next = last;
                break 'pages;
            }
            found.ordinals.push(row.ordinal());
            if let Some(rolled) = rolled_up(row.key(), question) {
                last = Some(rolled.clone());
                let beyond = successor(&rolled);
                found.prefixes.push(rolled);
                match beyond {
                    Some(key) => cursor = Cursor { key, below: None },
                    None => break 'pages,
                }
                count = *FETCH.start();
                continue 'pages;
            }
            last = Some(row.key().to_vec());
            cursor = row.beyond();
            found.rows.push(row);
        }
        if fetched < count {
            break;
        }
        count = count.saturating_mul(4).min(*FETCH.end());
    }
    Ok(found)
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

//! Access: the one way out. Everything that a caller learns of stored data passes here, and leaves by receipt.
//!
//! Find, judge, record, open: in this order, always. Answers without a body (HEAD, 304, 412, 416) reveal that something
//! exists; they are releases of the *names* form and wait for their receipt like any other.

use std::sync::Arc;

use base::Timestamp;
use base::id::{RequestId, VersionId};
use base::lock::Lock;
use base::word::{Form, Verb};
use catalog::model::{DatasetRow, VersionRow};
use policy::Window;

use crate::custody::{Custody, Matter};
use crate::delivery::Delivery;
use crate::directory::Engagement;
use crate::error::{CustodyError, DeleteMarker, Thing};
use crate::identity::Caller;
use crate::meta::Meta;
use crate::settings::Dataset;
use crate::version::{self, ObjectName, Version, VersionName};

/// Which bytes are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// All.
    Whole,
    /// From the first to the second byte, both included, as HTTP has it; clipped to the object's end.
    Between(u64, u64),
    /// From a byte to the end.
    From(u64),
    /// The last bytes.
    Last(u64),
    /// A part of a multipart upload, by its number. What was put whole is its own part 1.
    Part(u32),
}

/// What `If-Range` holds a range against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Validator {
    /// An ETag without quotes; a weak one never holds.
    Tag(String),
    /// A time of modification, to the second.
    Date(Timestamp),
}

/// Conditions of a read, as HTTP has them. ETags without quotes; `*` matches anything.
#[derive(Clone, Debug, Default)]
pub struct Conditions {
    /// `If-Match`.
    pub if_match: Vec<String>,
    /// `If-None-Match`.
    pub if_none_match: Vec<String>,
    /// `If-Modified-Since`.
    pub if_modified_since: Option<Timestamp>,
    /// `If-Unmodified-Since`.
    pub if_unmodified_since: Option<Timestamp>,
    /// `If-Range`: where it does not hold, the whole is asked for.
    pub if_range: Option<Validator>,
}

/// What is known of an object, once a receipt paid for it.
#[derive(Clone)]
pub struct Description {
    /// The version.
    pub version: VersionId,
    /// How S3 names it; nothing where versioning was never set.
    pub name: Option<VersionName>,
    /// Plaintext bytes.
    pub size: u64,
    /// When it became visible.
    pub modified: Timestamp,
    /// Metadata.
    pub meta: Arc<Meta>,
    of: Arc<Version>,
}

/// What is known of one part of an object.
#[derive(Clone, Copy, Debug)]
pub struct PartDescription<'a> {
    /// Its number.
    pub number: u32,
    /// Its first byte in the object.
    pub from: u64,
    /// Plaintext bytes.
    pub size: u64,
    /// Its checksum, by the object's algorithm; nothing if parts' checksums were not kept.
    pub checksum: Option<&'a str>,
}

/// The answer to a read.
pub enum Got {
    /// Bytes follow.
    Body {
        /// What it is.
        about: Description,
        /// What the window answers to: what was asked for, or the whole where `If-Range` did not hold.
        span: Span,
        /// Which bytes follow.
        window: Window,
        /// The bytes.
        delivery: Box<Delivery>,
    },
    /// 304.
    NotModified(Description),
    /// 412.
    PreconditionFailed,
    /// 416; the object has this many bytes.
    Unsatisfiable(u64),
}

/// What the conditions of a read come to.
enum Verdict {
    Go,
    NotModified,
    Failed,
}

impl Custody {
    /// Reads an object, or bytes of it.
    ///
    /// # Errors
    /// `Missing`, `Paused`, `Denied`, `Hidden`, or what the ledger, the keys or the store answer. Nothing was released then.
    pub async fn get(
        self: &Arc<Self>,
        caller: Arc<Caller>,
        request: RequestId,
        object: ObjectName<'_>,
        span: Span,
        conditions: &Conditions,
    ) -> Result<Got, CustodyError> {
        let engagement = self.compartment(&caller)?;
        let dataset = self.dataset(&caller, object.bucket)?;
        let version = self.find(&caller, request, &engagement, &dataset, object, Verb::Read).await?;
        let (about, span, window) = match conditions.answer(describe(&dataset, &version), span) {
            Ok(content) => content,
            Err(got) => {
                self.reveal(&caller, request, Verb::Head, &engagement, &dataset, &version).await?;
                return Ok(got);
            }
        };
        let mut delivery =
            Delivery::new(Arc::clone(self), caller, request, engagement, dataset, version, window, Verb::Read);
        delivery.earn().await?;
        Ok(Got::Body { about, span, window, delivery: Box::new(delivery) })
    }

    /// Describes an object, or bytes of it.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn head(
        &self,
        caller: &Caller,
        request: RequestId,
        object: ObjectName<'_>,
        span: Span,
        conditions: &Conditions,
    ) -> Result<Got, CustodyError> {
        let engagement = self.compartment(caller)?;
        let dataset = self.dataset(caller, object.bucket)?;
        let version = self.find(caller, request, &engagement, &dataset, object, Verb::Head).await?;
        self.reveal(caller, request, Verb::Head, &engagement, &dataset, &version).await?;
        Ok(match conditions.answer(describe(&dataset, &version), span) {
            Ok((about, span, window)) => {
                Got::Body { about, span, window, delivery: Box::new(Delivery::nothing(engagement)) }
            }
            Err(got) => got,
        })
    }

    /// Finds the version that a request names. That nothing is there, or a delete marker, is an answer too: it is given only to
    /// those whom the policies would let look, and it is recorded.
    pub(crate) async fn find(
        &self,
        caller: &Caller,
        request: RequestId,
        engagement: &Engagement,
        dataset: &Dataset,
        object: ObjectName<'_>,
        verb: Verb,
    ) -> Result<Arc<Version>, CustodyError> {
        if verb == Verb::Read {
            self.touch_object(caller, dataset.id, object.key);
        }
        let row = match object.version {
            Some(name) => self.kept(dataset, object.key, name)?,
            None => match self.current(engagement, dataset, object.key)? {
                Some(version) => return Ok(version),
                None => self.catalog.latest(dataset.id, object.key)?,
            },
        };
        let Some(row) = row else {
            let matter = Matter::names(request, verb, engagement, Some(dataset));
            let permit = self.judge(caller, matter).await?;
            let _receipt = self.release(caller, permit).await?;
            let what = if object.version.is_some() { Thing::Version } else { Thing::Object };
            return Err(CustodyError::missing(what, String::from_utf8_lossy(object.key)));
        };
        if !row.marker {
            return Version::check(row, &engagement.fields).map(Arc::new);
        }
        self.reveal_marker(caller, request, verb, engagement, dataset, &row).await?;
        let name = VersionName::of(row.null, row.version);
        Err(CustodyError::Deleted(DeleteMarker { name, modified: row.modified, asked_for: object.version.is_some() }))
    }

    /// The current version under a key, off the shelf where it lies there.
    fn current(
        &self,
        engagement: &Engagement,
        dataset: &Dataset,
        key: &[u8],
    ) -> Result<Option<Arc<Version>>, CustodyError> {
        let look = || match self.catalog.current(dataset.id, key)? {
            Some(row) => Version::check(row, &engagement.fields).map(Some),
            None => Ok(None),
        };
        self.shelf.find(dataset.id, key, look)
    }

    /// Releases that a delete marker lies under a key.
    pub(crate) async fn reveal_marker(
        &self,
        caller: &Caller,
        request: RequestId,
        verb: Verb,
        engagement: &Engagement,
        dataset: &Dataset,
        marker: &VersionRow,
    ) -> Result<(), CustodyError> {
        version::verify(marker, &engagement.fields)?;
        let permit = self.judge(caller, Matter::names(request, verb, engagement, Some(dataset))).await?;
        let _receipt = self.release(caller, permit.naming(vec![marker.ordinal])).await?;
        Ok(())
    }

    /// Releases that a version exists, its name, size, time and metadata.
    pub(crate) async fn reveal(
        &self,
        caller: &Caller,
        request: RequestId,
        verb: Verb,
        engagement: &Engagement,
        dataset: &DatasetRow,
        version: &Version,
    ) -> Result<(), CustodyError> {
        let matter = Matter {
            request,
            verb,
            form: Form::Names,
            engagement,
            dataset: Some(dataset),
            bytes: Some((&version.row, Arc::clone(&version.sealed), Window { from: 0, to: 0 })),
            approvers: Vec::new(),
            budget: None,
        };
        let permit = self.judge(caller, matter).await?;
        let _receipt = self.release(caller, permit).await?;
        Ok(())
    }
}

impl Span {
    /// The window of this object, or nothing if it cannot be satisfied.
    fn of(self, about: &Description) -> Option<Window> {
        match self {
            Self::Part(number) if about.parts().len() > 0 => {
                let part = about.parts().find(|part| part.number == number)?;
                Some(Window { from: part.from, to: part.from.saturating_add(part.size) })
            }
            span => span.window(about.size),
        }
    }

    /// The window of an object of `size` bytes that was put whole, or nothing if it cannot be satisfied.
    #[must_use]
    pub fn window(self, size: u64) -> Option<Window> {
        let (from, to) = match self {
            Self::Whole | Self::Part(1) => return Some(Window { from: 0, to: size }),
            Self::Part(_) => return None,
            Self::Between(first, last) if first <= last => (first, last.saturating_add(1).min(size)),
            Self::Between(_, _) => return None,
            Self::From(first) => (first, size),
            Self::Last(count) => (size.saturating_sub(count), size),
        };
        (from < to).then_some(Window { from, to })
    }
}

impl Description {
    /// What locks it.
    #[must_use]
    pub fn lock(&self) -> Lock {
        self.of.row.lock
    }

    /// The parts it was uploaded in; none when it was put whole.
    pub fn parts(&self) -> impl ExactSizeIterator<Item = PartDescription<'_>> {
        let parts = if self.meta.etag.contains('-') { self.of.row.parts.as_slice() } else { &[] };
        let mut next = 0u64;
        parts.iter().enumerate().map(move |(place, part)| {
            let from = next;
            next = next.saturating_add(part.size);
            let checksum = self.meta.parts.get(place).map(String::as_str);
            PartDescription { number: part.number, from, size: part.size, checksum }
        })
    }
}

impl Conditions {
    /// What a read comes to: the bytes that answer it, or an answer without any.
    fn answer(&self, about: Description, span: Span) -> Result<(Description, Span, Window), Got> {
        match self.judge(&about) {
            Verdict::NotModified => return Err(Got::NotModified(about)),
            Verdict::Failed => return Err(Got::PreconditionFailed),
            Verdict::Go => {}
        }
        // SPEC: RFC 9110 §13.1.5: an exact match, by strong comparison.
        let fresh = match &self.if_range {
            None => true,
            Some(Validator::Tag(tag)) => *tag == about.meta.etag,
            Some(Validator::Date(date)) => date.seconds() == about.modified.seconds(),
        };
        let span = if fresh { span } else { Span::Whole };
        match span.of(&about) {
            Some(window) => Ok((about, span, window)),
            None => Err(Got::Unsatisfiable(about.size)),
        }
    }

    /// SPEC: RFC 9110 §13.2.2: `If-Match` makes `If-Unmodified-Since` moot, `If-None-Match` makes `If-Modified-Since` moot.
    fn judge(&self, about: &Description) -> Verdict {
        let names = |tags: &[String]| tags.iter().any(|tag| tag == "*" || *tag == about.meta.etag);
        // HTTP dates have whole seconds.
        let modified = about.modified.seconds();
        if self.if_match.is_empty() {
            if self.if_unmodified_since.is_some_and(|since| modified > since.seconds()) {
                return Verdict::Failed;
            }
        } else if !names(&self.if_match) {
            return Verdict::Failed;
        }
        let unchanged = if self.if_none_match.is_empty() {
            self.if_modified_since.is_some_and(|since| modified <= since.seconds())
        } else {
            names(&self.if_none_match)
        };
        if unchanged { Verdict::NotModified } else { Verdict::Go }
    }
}

fn describe(dataset: &Dataset, version: &Arc<Version>) -> Description {
    Description {
        version: version.row.version,
        name: dataset.name_of(version),
        size: version.row.size,
        modified: version.row.modified,
        meta: Arc::clone(&version.meta),
        of: Arc::clone(version),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_clipped_and_empty_ones_refused() {
        let window = |from, to| Some(Window { from, to });
        assert_eq!(Span::Whole.window(0), window(0, 0));
        assert_eq!(Span::Between(0, 9).window(10), window(0, 10));
        assert_eq!(Span::Between(5, u64::MAX).window(10), window(5, 10));
        assert_eq!(Span::Between(10, 12).window(10), None);
        assert_eq!(Span::Between(3, 2).window(10), None);
        assert_eq!(Span::From(9).window(10), window(9, 10));
        assert_eq!(Span::Last(4).window(10), window(6, 10));
        assert_eq!(Span::Last(40).window(10), window(0, 10));
        assert_eq!(Span::Last(0).window(10), None);
        assert_eq!(Span::Last(4).window(0), None);
        assert_eq!(Span::Part(1).window(0), window(0, 0));
        assert_eq!(Span::Part(2).window(10), None);
    }
}

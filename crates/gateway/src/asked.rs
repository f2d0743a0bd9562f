//! What was asked, beside what `s3s` reads: who asks, under which id, on which wire, and the headers whose meaning must not
//! depend on a strict parser: ranges that do not parse are ignored, as HTTP demands, and conditions may be lists.

use std::sync::Arc;

use base::Timestamp;
use base::id::RequestId;
use base::lock::Lock;
use custody::Caller;
use custody::access::{Conditions, Span, Validator};
use custody::intake::NewObject;
use http::HeaderMap;
use http::header::{HeaderName, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, RANGE};

use crate::claimed::Claimed;
use crate::headers::Labels;
use crate::operations::Operation;
use crate::upload::TrailerSlot;
use crate::wire::Wire;
use s3wire::range::{self, Range};
use s3wire::{Code, Refusal};

/// Everything an operation needs beside its own input. Travels in the request's extensions.
pub(crate) struct Asked {
    pub(crate) caller: Arc<Caller>,
    pub(crate) request: RequestId,
    pub(crate) operation: &'static Operation,
    pub(crate) wire: Arc<Wire>,
    pub(crate) claimed: Claimed,
    pub(crate) trailer: TrailerSlot,
    pub(crate) span: Span,
    pub(crate) conditions: Conditions,
    pub(crate) labels: Labels,
    /// The conditions of the source of a copy.
    pub(crate) source_conditions: Conditions,
}

impl Asked {
    /// The id of the owner of whatever the caller can see.
    pub(crate) fn owner(&self) -> String {
        owner(&self.caller)
    }

    /// The conditions of a write, into what is about to be written.
    ///
    /// # Errors
    /// `NotImplemented` for conditions that writes do not have.
    // SPEC: S3 conditional writes: `If-None-Match: *` or one `If-Match`. That `If-None-Match` may have a tag is what other servers
    // added, and cannot be taken for anything else.
    pub(crate) fn bind(&self, new: &mut NewObject) -> Result<(), Refusal> {
        let conditions = &self.conditions;
        let dated = conditions.if_modified_since.is_some() || conditions.if_unmodified_since.is_some();
        match (conditions.if_match.as_slice(), conditions.if_none_match.as_slice()) {
            _ if dated => return Err(unsupported()),
            ([], []) => {}
            ([], [any]) if any == "*" => new.only_if_absent = true,
            ([etag], []) => new.only_if_etag = Some(etag.clone()),
            ([], [etag]) => new.only_unless_etag = Some(etag.clone()),
            _ => return Err(unsupported()),
        }
        Ok(())
    }

    /// What is to lock the object that this request's body becomes.
    ///
    /// # Errors
    /// `InvalidRequest` for a lock on a body that nothing vouches for.
    // SPEC: S3 PutObject: a lock takes Content-MD5 or a checksum.
    pub(crate) fn lock(&self) -> Result<Lock, Refusal> {
        let Claimed { md5, checksum, trailer, .. } = &self.claimed;
        if self.labels.lock != Lock::default() && md5.is_none() && checksum.is_none() && trailer.is_none() {
            let why = "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock \
                       parameters";
            return Err(Refusal::new(Code::InvalidRequest, why));
        }
        Ok(self.labels.lock)
    }

    /// The conditions of a delete.
    ///
    /// # Errors
    /// `NotImplemented` for conditions that deletes do not have.
    pub(crate) fn if_match(&self) -> Result<Option<String>, Refusal> {
        let conditions = &self.conditions;
        let dated = conditions.if_modified_since.is_some() || conditions.if_unmodified_since.is_some();
        match (conditions.if_match.as_slice(), conditions.if_none_match.as_slice()) {
            ([], []) if !dated => Ok(None),
            ([etag], []) if !dated => Ok(Some(etag.clone())),
            _ => Err(unsupported()),
        }
    }

    /// For writes that cannot be conditional.
    ///
    /// # Errors
    /// `NotImplemented` if there is a condition: ignoring it could destroy what it was to protect.
    pub(crate) fn unconditional(&self) -> Result<(), Refusal> {
        let conditions = &self.conditions;
        let any = !conditions.if_match.is_empty()
            || !conditions.if_none_match.is_empty()
            || conditions.if_modified_since.is_some()
            || conditions.if_unmodified_since.is_some();
        if any { Err(unsupported()) } else { Ok(()) }
    }
}

/// The id of the owner of whatever a caller can see: the engagement's.
pub(crate) fn owner(caller: &Caller) -> String {
    caller.engagement().map(|engagement| engagement.to_string()).unwrap_or_default()
}

fn unsupported() -> Refusal {
    Refusal::new(Code::NotImplemented, "a header you provided implies functionality that is not implemented")
}

/// Takes the conditions out of the headers.
pub(crate) fn take_conditions(headers: &mut HeaderMap) -> Conditions {
    let if_range = headers.remove(IF_RANGE).map(|value| validator(value.to_str().unwrap_or_default()));
    let names = [IF_MATCH, IF_NONE_MATCH, IF_MODIFIED_SINCE, IF_UNMODIFIED_SINCE];
    Conditions { if_range, ..take_named(headers, &names) }
}

/// Takes the conditions of a copy's source out of the headers.
pub(crate) fn take_source_conditions(headers: &mut HeaderMap) -> Conditions {
    let names = [
        "x-amz-copy-source-if-match",
        "x-amz-copy-source-if-none-match",
        "x-amz-copy-source-if-modified-since",
        "x-amz-copy-source-if-unmodified-since",
    ];
    take_named(headers, &names.map(HeaderName::from_static))
}

/// Takes four conditions out of the headers, named in the order of HTTP's: match, none match, modified, unmodified.
fn take_named(headers: &mut HeaderMap, names: &[HeaderName; 4]) -> Conditions {
    let [matches, none_match, modified, unmodified] = names;
    let conditions = Conditions {
        if_match: tags(headers, matches),
        if_none_match: tags(headers, none_match),
        if_modified_since: date(headers, modified),
        if_unmodified_since: date(headers, unmodified),
        if_range: None,
    };
    for name in names {
        headers.remove(name);
    }
    conditions
}

/// What `If-Range` says. What cannot be read, or is a weak tag, is a tag that nothing has: the whole is the answer then.
fn validator(value: &str) -> Validator {
    match Timestamp::from_http(value) {
        Some(date) => Validator::Date(date),
        None => Validator::Tag(value.strip_prefix('"').and_then(|tag| tag.strip_suffix('"')).unwrap_or("").to_owned()),
    }
}

/// Takes the range out of the headers.
// SPEC: RFC 9110 §14.2: a range that is malformed, or one of several, may be ignored; the whole object is the answer then.
pub(crate) fn take_span(headers: &mut HeaderMap) -> Span {
    let value = headers.remove(RANGE);
    let span = value.as_ref().and_then(|value| value.to_str().ok()).and_then(range::read);
    span.map_or(Span::Whole, |range| match range {
        Range::Between(first, last) => Span::Between(first, last),
        Range::From(first) => Span::From(first),
        Range::Last(count) => Span::Last(count),
    })
}

/// Entity tags of a list, without quotes and weakness.
fn tags(headers: &HeaderMap, name: &HeaderName) -> Vec<String> {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    let tags = values.flat_map(|value| value.split(',')).map(str::trim);
    tags.map(|tag| tag.strip_prefix("W/").unwrap_or(tag).trim_matches('"').to_owned())
        .filter(|tag| !tag.is_empty())
        .collect()
}

fn date(headers: &HeaderMap, name: &HeaderName) -> Option<Timestamp> {
    headers.get(name).and_then(|value| value.to_str().ok()).and_then(Timestamp::from_http)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_that_cannot_be_read_asks_for_the_whole() {
        for (text, span) in [("bytes=0-9", Span::Between(0, 9)), ("bytes=0-1,3-4", Span::Whole), ("", Span::Whole)] {
            let mut headers = HeaderMap::new();
            headers.insert(RANGE, text.parse().unwrap());
            assert_eq!(take_span(&mut headers), span, "{text}");
            assert!(headers.is_empty());
        }
    }

    #[test]
    fn only_a_strong_tag_or_a_date_can_validate_a_range() {
        let nothing = Validator::Tag(String::new());
        assert_eq!(validator("\"a\""), Validator::Tag("a".to_owned()));
        assert_eq!(validator("Tue, 14 Nov 2023 22:13:20 GMT"), Validator::Date(Timestamp::from_seconds(1_700_000_000)));
        for unusable in ["W/\"a\"", "a", "\"a", "yesterday", ""] {
            assert_eq!(validator(unusable), nothing, "{unusable}");
        }
    }

    #[test]
    fn conditions_may_be_lists() {
        let mut headers = HeaderMap::new();
        headers.append(IF_NONE_MATCH, "\"a\", W/\"b\",c".parse().unwrap());
        headers.append(IF_NONE_MATCH, "*".parse().unwrap());
        headers.insert(IF_MODIFIED_SINCE, "Tue, 14 Nov 2023 22:13:20 GMT".parse().unwrap());
        headers.insert(IF_UNMODIFIED_SINCE, "yesterday".parse().unwrap());
        let conditions = take_conditions(&mut headers);
        assert_eq!(conditions.if_none_match, ["a", "b", "c", "*"]);
        assert_eq!(conditions.if_modified_since, Some(Timestamp::from_seconds(1_700_000_000)));
        assert_eq!(conditions.if_unmodified_since, None);
        assert!(headers.is_empty());
    }
}

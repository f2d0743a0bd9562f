//! What was asked, beside what `s3s` reads: who asks, under which id, on which wire, and the headers whose meaning must not
//! depend on a strict parser: ranges that do not parse are ignored, as HTTP demands, and conditions may be lists.

use std::sync::Arc;

use base::Timestamp;
use base::id::RequestId;
use custody::Caller;
use custody::access::{Conditions, Span};
use custody::intake::NewObject;
use http::HeaderMap;
use http::header::{IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, RANGE};

use crate::claimed::Claimed;
use crate::headers::Labels;
use crate::operations::Operation;
use crate::upload::TrailerSlot;
use crate::wire::Wire;
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
    // SPEC: S3 conditional writes: `If-None-Match: *` or one `If-Match`.
    pub(crate) fn bind(&self, new: &mut NewObject) -> Result<(), Refusal> {
        let conditions = &self.conditions;
        let dated = conditions.if_modified_since.is_some() || conditions.if_unmodified_since.is_some();
        match (conditions.if_match.as_slice(), conditions.if_none_match.as_slice()) {
            _ if dated => return Err(unsupported()),
            ([], []) => {}
            ([], [any]) if any == "*" => new.only_if_absent = true,
            ([etag], []) => new.only_if_etag = Some(etag.clone()),
            _ => return Err(unsupported()),
        }
        Ok(())
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
    let conditions = Conditions {
        if_match: tags(headers, &IF_MATCH),
        if_none_match: tags(headers, &IF_NONE_MATCH),
        if_modified_since: date(headers, &IF_MODIFIED_SINCE),
        if_unmodified_since: date(headers, &IF_UNMODIFIED_SINCE),
    };
    for name in [IF_MATCH, IF_NONE_MATCH, IF_MODIFIED_SINCE, IF_UNMODIFIED_SINCE] {
        headers.remove(name);
    }
    conditions
}

/// Takes the range out of the headers.
// SPEC: RFC 9110 §14.2: a range that is malformed, or one of several, may be ignored; the whole object is the answer then.
// With `If-Range` it is ignored too: whoever holds an older part gets the whole.
pub(crate) fn take_span(headers: &mut HeaderMap) -> Span {
    let span = match headers.get(RANGE).map(|value| value.to_str()) {
        Some(Ok(value)) if !headers.contains_key(IF_RANGE) => read_span(value).unwrap_or(Span::Whole),
        _ => Span::Whole,
    };
    headers.remove(RANGE);
    headers.remove(IF_RANGE);
    span
}

fn read_span(value: &str) -> Option<Span> {
    let (unit, range) = value.split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    let (first, last) = range.trim().split_once('-')?;
    match (first, last) {
        ("", last) => number(last).map(Span::Last),
        (first, "") => number(first).map(Span::From),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then_some(Span::Between(first, last))
        }
    }
}

/// Decimal digits only; a number too large for us is as good as the largest.
fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

/// Entity tags of a list, without quotes and weakness.
fn tags(headers: &HeaderMap, name: &http::HeaderName) -> Vec<String> {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    let tags = values.flat_map(|value| value.split(',')).map(str::trim);
    tags.map(|tag| tag.strip_prefix("W/").unwrap_or(tag).trim_matches('"').to_owned())
        .filter(|tag| !tag.is_empty())
        .collect()
}

fn date(headers: &HeaderMap, name: &http::HeaderName) -> Option<Timestamp> {
    headers.get(name).and_then(|value| value.to_str().ok()).and_then(Timestamp::from_http)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_read_as_http_has_them() {
        for (text, span) in [
            ("bytes=0-9", Span::Between(0, 9)),
            ("bytes=5-", Span::From(5)),
            ("bytes=-8", Span::Last(8)),
            ("Bytes=0-99999999999999999999", Span::Between(0, u64::MAX)),
            ("bytes=0-1,3-4", Span::Whole),
            ("bytes=3-2", Span::Whole),
            ("bytes=-", Span::Whole),
            ("bytes=+1-2", Span::Whole),
            ("bytes=a-b", Span::Whole),
            ("lines=0-9", Span::Whole),
            ("", Span::Whole),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(RANGE, text.parse().unwrap());
            assert_eq!(take_span(&mut headers), span, "{text}");
            assert!(headers.is_empty());
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

//! Tags of objects and buckets, as documents and as a header.

use std::collections::BTreeMap;

use http::HeaderMap;
use s3s::dto::{Tag, Tagging};
use s3wire::{Code, Refusal};

/// How many tags an object may have. SPEC: S3 object tagging.
pub(crate) const MOST_OF_OBJECT: usize = 10;

/// How many tags a bucket may have. SPEC: S3 bucket tagging.
pub(crate) const MOST_OF_BUCKET: usize = 50;

const LONGEST_KEY: usize = 128;
const LONGEST_VALUE: usize = 256;

/// The tags of a document.
///
/// # Errors
/// `InvalidTag` for too many, for one that breaks a rule, and for a key that occurs twice.
pub(crate) fn of_document(document: Tagging, most: usize) -> Result<BTreeMap<String, String>, Refusal> {
    let mut tags = BTreeMap::new();
    for Tag { key, value } in document.tag_set {
        let (Some(key), Some(value)) = (key, value) else {
            return Err(Refusal::new(Code::MalformedXML, "every tag needs a key and a value"));
        };
        if tags.insert(key, value).is_some() {
            return Err(invalid("cannot provide multiple tags with the same key"));
        }
    }
    check(&tags, most)?;
    Ok(tags)
}

/// The tags that a header brings.
///
/// # Errors
/// `InvalidArgument` for a header that is no query string or names a key twice; `InvalidTag` as [`of_document`].
// SPEC: S3 PutObject: `x-amz-tagging` is encoded as URL query parameters.
pub(crate) fn of_header(headers: &HeaderMap) -> Result<BTreeMap<String, String>, Refusal> {
    let Some(header) = headers.get("x-amz-tagging") else { return Ok(BTreeMap::new()) };
    let malformed = || {
        let why = "the header `x-amz-tagging` must be encoded as URL query parameters without tag name duplicates";
        Refusal::new(Code::InvalidArgument, why)
    };
    let mut tags = BTreeMap::new();
    for pair in header.to_str().map_err(|_| malformed())?.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (key, value) = (decoded(key).ok_or_else(malformed)?, decoded(value).ok_or_else(malformed)?);
        if tags.insert(key, value).is_some() {
            return Err(malformed());
        }
    }
    check(&tags, MOST_OF_OBJECT)?;
    Ok(tags)
}

/// Tags as a document has them, by key.
pub(crate) fn to_set(tags: &BTreeMap<String, String>) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag { key: Some(key.clone()), value: Some(value.clone()) }).collect()
}

fn check(tags: &BTreeMap<String, String>, most: usize) -> Result<(), Refusal> {
    if tags.len() > most {
        return Err(invalid(format!("there may be at most {most} tags")));
    }
    for (key, value) in tags {
        if key.is_empty() || key.chars().count() > LONGEST_KEY || !key.chars().all(fits) {
            return Err(invalid("the TagKey you have provided is invalid"));
        }
        if value.chars().count() > LONGEST_VALUE || !value.chars().all(fits) {
            return Err(invalid("the TagValue you have provided is invalid"));
        }
        if key.starts_with("aws:") {
            return Err(invalid("system tags cannot be added by a requester"));
        }
    }
    Ok(())
}

/// SPEC: S3 tag restrictions: letters, spaces and numbers of any script, and `+ - = . _ : / @`.
fn fits(character: char) -> bool {
    character.is_alphanumeric() || character == ' ' || "+-=._:/@".contains(character)
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [rest.next()?, rest.next()?];
                *data_encoding::HEXLOWER_PERMISSIVE.decode(&digits).ok()?.first()?
            }
            plain => plain,
        });
    }
    String::from_utf8(bytes).ok()
}

fn invalid(why: impl Into<std::borrow::Cow<'static, str>>) -> Refusal {
    Refusal::new(Code::InvalidTag, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(text: &str) -> Result<Vec<(String, String)>, Code> {
        let headers = HeaderMap::from_iter([("x-amz-tagging".parse().unwrap(), text.parse().unwrap())]);
        of_header(&headers).map(|tags| tags.into_iter().collect()).map_err(|refusal| refusal.code())
    }

    #[test]
    fn a_header_is_a_query_string() {
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(header("foo=bar&baz"), Ok(vec![pair("baz", ""), pair("foo", "bar")]));
        assert_eq!(header("a+b=%C3%BC%2B"), Ok(vec![pair("a b", "ü+")]));
        for bad in ["a=1&a=2", "a=%zz", "a=%F"] {
            assert_eq!(header(bad), Err(Code::InvalidArgument), "{bad}");
        }
    }

    #[test]
    fn tags_keep_within_their_limits() {
        let many = |count: usize| (0..count).map(|n| format!("k{n}=v")).collect::<Vec<_>>().join("&");
        assert!(header(&many(10)).is_ok());
        assert!(header(&format!("{}={}", "k".repeat(128), "v".repeat(256))).is_ok());
        for bad in
            [many(11), "=v".into(), "k".repeat(129), format!("k={}", "v".repeat(257)), "k=%3C".into(), "aws:k=v".into()]
        {
            assert_eq!(header(&bad), Err(Code::InvalidTag), "{bad}");
        }
        let twice = Tagging { tag_set: vec![to_set(&BTreeMap::from([("a".into(), "b".into())])).remove(0); 2] };
        assert_eq!(of_document(twice, 10).unwrap_err().code(), Code::InvalidTag);
    }
}

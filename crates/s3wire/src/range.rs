//! Byte ranges, as the `Range` header of HTTP and the copy header of S3 write them.

/// One range of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    /// From the first to the second byte, both included; the second is not before the first.
    Between(u64, u64),
    /// From a byte to the end.
    From(u64),
    /// The last bytes.
    Last(u64),
}

/// Reads a `Range` header that asks for one range of bytes; `None` for any other.
// SPEC: RFC 9110 §14.1.2.
#[must_use]
pub fn read(value: &str) -> Option<Range> {
    let (unit, range) = value.split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    let (first, last) = range.trim().split_once('-')?;
    match (first, last) {
        ("", last) => number(last).map(Range::Last),
        (first, "") => number(first).map(Range::From),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then_some(Range::Between(first, last))
        }
    }
}

/// Reads `x-amz-copy-source-range`: the first and the last byte.
// SPEC: S3 UploadPartCopy: of the form bytes=first-last, and no other.
#[must_use]
pub fn of_copy(value: &str) -> Option<(u64, u64)> {
    match read(value) {
        Some(Range::Between(first, last)) if value.starts_with("bytes=") => Some((first, last)),
        _ => None,
    }
}

/// Decimal digits only; a number too large for us is as good as the largest.
fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_read_as_http_has_them() {
        for (text, range) in [
            ("bytes=0-9", Some(Range::Between(0, 9))),
            ("bytes=5-", Some(Range::From(5))),
            ("bytes=-8", Some(Range::Last(8))),
            ("Bytes=0-99999999999999999999", Some(Range::Between(0, u64::MAX))),
            ("bytes=0-1,3-4", None),
            ("bytes=3-2", None),
            ("bytes=-", None),
            ("bytes=+1-2", None),
            ("bytes=a-b", None),
            ("lines=0-9", None),
            ("", None),
        ] {
            assert_eq!(read(text), range, "{text}");
        }
    }

    #[test]
    fn a_copy_names_both_ends() {
        assert_eq!(of_copy("bytes=0-9"), Some((0, 9)));
        for bad in ["bytes=0", "bytes=1-", "bytes=-1", "0-9", "bytes=1--1", "bytes=hello-world", "Bytes=0-9", ""] {
            assert_eq!(of_copy(bad), None, "{bad}");
        }
    }
}

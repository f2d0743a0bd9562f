//! The canonical request: the one spelling of a request that client and server must agree on.
//!
//! Escapes that came over the wire stay as they are; only bytes that should have been escaped are. Nothing is decoded.

use http::request::Parts;

use crate::refusal::{Code, Refusal};

/// Where in the target a text stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Path,
    Query,
}

/// The query's pairs as written, without empty ones; a name without `=` has an empty value.
pub(super) fn pairs(query: &str) -> impl Iterator<Item = (&str, &str)> {
    query.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

/// Names of the headers a signature covers, as the client lists them.
pub(super) struct SignedHeaders<'a>(Vec<&'a str>);

impl<'a> SignedHeaders<'a> {
    /// Reads `host;range;x-amz-date` and checks it against the request.
    ///
    /// `host` must be covered, and every `x-amz-` header that is present: an uncovered one could have been added by anybody.
    pub(super) fn read(list: &'a str, request: &Parts) -> Result<Self, Refusal> {
        let names: Vec<&str> = list.split(';').collect();
        let plain = names.iter().all(|name| {
            !name.is_empty()
                && name.bytes().all(|byte| byte.is_ascii_graphic() && !byte.is_ascii_uppercase() && byte != b':')
        });
        let ascending = names.iter().zip(names.iter().skip(1)).all(|(left, right)| left < right);
        if !plain || !ascending {
            return Err(Refusal::new(
                Code::AccessDenied,
                "the signed headers must be lower case, sorted, separated by semicolons and named once",
            ));
        }
        if !names.contains(&"host") {
            return Err(Refusal::new(Code::AccessDenied, "the host header must be signed"));
        }
        if let Some(missing) = names.iter().find(|name| !request.headers.contains_key(**name)) {
            return Err(Refusal::new(
                Code::AccessDenied,
                format!("the signed header `{missing}` is not in the request"),
            ));
        }
        // INVARIANT: no x-amz- header takes effect that the signature does not cover.
        let uncovered =
            request.headers.keys().find(|name| name.as_str().starts_with("x-amz-") && !names.contains(&name.as_str()));
        if let Some(name) = uncovered {
            return Err(Refusal::new(
                Code::AccessDenied,
                format!("there were headers present in the request which were not signed: `{name}`"),
            ));
        }
        if request.headers.get_all(http::header::HOST).iter().count() != 1 {
            return Err(Refusal::new(Code::InvalidRequest, "the request must carry exactly one host header"));
        }
        Ok(Self(names))
    }

    /// Whether a header is covered.
    pub(super) fn covers(&self, name: &str) -> bool {
        self.0.contains(&name)
    }
}

/// Builds the canonical request. `without` is the query parameter that the signature itself stands in.
// SPEC: SigV4 canonical request: method, URI, query, headers, empty line, signed headers, payload hash.
pub(super) fn request(
    request: &Parts,
    without: Option<&str>,
    signed: &SignedHeaders<'_>,
    payload: &str,
) -> Result<Vec<u8>, Refusal> {
    let mut text = Vec::with_capacity(1024);
    text.extend_from_slice(request.method.as_str().as_bytes());
    text.push(b'\n');
    escape(request.uri.path(), Place::Path, &mut text)?;
    text.push(b'\n');
    query(request.uri.query().unwrap_or_default(), without, &mut text)?;
    text.push(b'\n');
    for name in &signed.0 {
        text.extend_from_slice(name.as_bytes());
        for (index, value) in request.headers.get_all(*name).iter().enumerate() {
            text.push(if index == 0 { b':' } else { b',' });
            squeeze(value.as_bytes(), &mut text);
        }
        text.push(b'\n');
    }
    text.push(b'\n');
    text.extend_from_slice(signed.0.join(";").as_bytes());
    text.push(b'\n');
    text.extend_from_slice(payload.as_bytes());
    Ok(text)
}

// SPEC: SigV4: parameters sorted by name, then by value, after encoding.
fn query(raw: &str, without: Option<&str>, text: &mut Vec<u8>) -> Result<(), Refusal> {
    let mut canonical = Vec::new();
    for (name, value) in pairs(raw).filter(|(name, _)| Some(*name) != without) {
        let (mut escaped_name, mut escaped_value) = (Vec::new(), Vec::new());
        escape(name, Place::Query, &mut escaped_name)?;
        escape(value, Place::Query, &mut escaped_value)?;
        canonical.push((escaped_name, escaped_value));
    }
    canonical.sort_unstable();
    for (index, (name, value)) in canonical.iter().enumerate() {
        if index > 0 {
            text.push(b'&');
        }
        text.extend_from_slice(name);
        text.push(b'=');
        text.extend_from_slice(value);
    }
    Ok(())
}

// SPEC: S3: each byte but A-Z a-z 0-9 - . _ ~ is escaped once; `/` stays in the path. A `+` in a query means a space to
// whoever reads the parameter later, so that is also what must have been signed.
fn escape(raw: &str, place: Place, text: &mut Vec<u8>) -> Result<(), Refusal> {
    let mut bytes = raw.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'%' => {
                let (Some(high), Some(low)) = (hex_digit(bytes.next()), hex_digit(bytes.next())) else {
                    return Err(Refusal::new(
                        Code::InvalidURI,
                        "the request target contains an unfinished percent escape",
                    ));
                };
                text.extend_from_slice(&[b'%', high, low]);
            }
            b'/' if place == Place::Path => text.push(byte),
            b'+' if place == Place::Query => text.extend_from_slice(b"%20"),
            _ if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => text.push(byte),
            _ => text.extend_from_slice(format!("%{byte:02X}").as_bytes()),
        }
    }
    Ok(())
}

fn hex_digit(byte: Option<u8>) -> Option<u8> {
    byte.filter(u8::is_ascii_hexdigit)
}

// SPEC: SigV4: values are trimmed, and runs of spaces inside become one.
fn squeeze(value: &[u8], text: &mut Vec<u8>) {
    let words = value.trim_ascii().split(|byte| *byte == b' ').filter(|word| !word.is_empty());
    for (index, word) in words.enumerate() {
        if index > 0 {
            text.push(b' ');
        }
        text.extend_from_slice(word);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(target: &str, headers: &[(&str, &str)]) -> Parts {
        let mut builder = http::Request::builder().uri(target);
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        builder.body(()).unwrap().into_parts().0
    }

    fn canonical(target: &str, headers: &[(&str, &str)], list: &str) -> String {
        let parts = parts(target, headers);
        let signed = SignedHeaders::read(list, &parts).unwrap();
        String::from_utf8(request(&parts, None, &signed, "UNSIGNED-PAYLOAD").unwrap()).unwrap()
    }

    #[test]
    fn escapes_stay_as_they_came() {
        let text = canonical("/b/k%20e%2By%2fz/a+b=c?prefix=a%2Fb+c&uploads", &[("host", "h")], "host");
        assert_eq!(
            text,
            "GET\n/b/k%20e%2By%2fz/a%2Bb%3Dc\nprefix=a%2Fb%20c&uploads=\nhost:h\n\nhost\nUNSIGNED-PAYLOAD"
        );
    }

    #[test]
    fn parameters_are_sorted_after_encoding() {
        let text = canonical("/?b=2&b=1&a=/&A=x", &[("host", "h")], "host");
        assert_eq!(text.lines().nth(2), Some("A=x&a=%2F&b=1&b=2"));
    }

    #[test]
    fn repeated_headers_are_joined_and_spaces_squeezed() {
        let headers = [("host", "h"), ("x-amz-meta-a", "  one   two "), ("x-amz-meta-a", "three")];
        let text = canonical("/", &headers, "host;x-amz-meta-a");
        assert!(text.contains("\nx-amz-meta-a:one two,three\n"), "{text}");
    }

    #[test]
    fn what_the_signature_does_not_cover_is_refused() {
        let with_token = [("host", "h"), ("x-amz-security-token", "t")];
        for (list, headers) in [
            ("host", &with_token[..]),
            ("x-amz-security-token", &with_token[..]),
            ("host;range", &[("host", "h")][..]),
            ("Host", &[("host", "h")][..]),
            ("host;host", &[("host", "h")][..]),
            ("range;host", &[("host", "h"), ("range", "x")][..]),
            ("", &[("host", "h")][..]),
            ("host", &[("host", "h"), ("host", "i")][..]),
        ] {
            assert!(SignedHeaders::read(list, &parts("/", headers)).is_err(), "{list}");
        }
    }

    #[test]
    fn an_unfinished_escape_is_refused() {
        for target in ["/%", "/%2", "/%zz", "/?a=%"] {
            let parts = parts(target, &[("host", "h")]);
            let signed = SignedHeaders::read("host", &parts).unwrap();
            assert!(request(&parts, None, &signed, "x").is_err(), "{target}");
        }
    }
}

//! S3's server access log: one request a line, fields apart by spaces.
//!
//! ```text
//! owner bucket [time] address requester request operation key "request line" status error sent size ...
//! ```
//!
//! Fields are read from the front. The request line is the first that a stranger writes; it holds no quote followed by a
//! space, since neither a path nor a query can hold a space. Nothing behind `size` is needed, so nothing there is read.

use std::net::IpAddr;

use base::Timestamp;

use crate::row::{Act, Row, Thing};

/// Reads a line.
pub(crate) fn read(line: &str) -> Result<Row, &'static str> {
    let mut fields = Fields { rest: line };
    let _owner = fields.word()?;
    let _bucket = fields.word()?;
    let at = time(fields.between('[', "] ")?).ok_or("the time is not like `[24/Nov/2026:05:42:00 +0000]`")?;
    let address = match fields.word()? {
        "-" => None,
        text => Some(text.parse::<IpAddr>().map_err(|_| "the address is not one")?),
    };
    let requester = fields.word()?;
    let request = fields.word()?;
    let operation = fields.word()?;
    let key = fields.word()?;
    match fields.rest.starts_with('"') {
        true => fields.between('"', "\" ").map(|_| ())?,
        false if fields.word()? == "-" => {}
        false => return Err("the request line does not begin with a quote"),
    }
    let status = fields.word()?;
    let _error = fields.word()?;
    let sent = number(fields.word()?)?;
    let _size = number(fields.last_word())?;
    if request == "-" && operation.starts_with("REST") {
        return Err("the request has no id");
    }
    let status = match status {
        "-" => None,
        text => Some(text.parse::<u16>().map_err(|_| "the status is not a number")?),
    };
    let act = act(operation);
    Ok(Row {
        at,
        request: request.to_owned(),
        act,
        operation: operation.to_owned(),
        thing: Thing::of_key(key),
        requester: if requester == "-" { String::new() } else { requester.to_owned() },
        address,
        // What the store did by itself has no status.
        done: status.is_none_or(|status| (200..300).contains(&status)),
        sent: if copies(operation) { None } else { sent.or(Some(0)) },
        range: None,
    })
}

/// `REST.GET.OBJECT` and its like: where from, the method, on what.
fn act(operation: &str) -> Act {
    let mut words = operation.split('.');
    let (from, method, resource) = (words.next().unwrap_or_default(), words.next(), words.next());
    match (from, method.unwrap_or_default(), resource.unwrap_or_default()) {
        (_, "GET", "OBJECT" | "OBJECT_TORRENT") | (_, "COPY", _) => Act::Read,
        (_, "GET" | "HEAD" | "OPTIONS", _) => Act::Names,
        (_, "DELETE", _) | ("BATCH", _, _) | (_, "EXPIRE", _) => Act::Delete,
        (_, "PUT", _) | (_, "CREATE", _) | (_, "POST", "UPLOAD" | "UPLOADS" | "OBJECT") => Act::Write,
        (_, "POST", "MULTI_OBJECT_DELETE") => Act::Delete,
        ("S3", "TRANSITION" | "TRANSITION_SIA" | "TRANSITION_GDA", _) => Act::Write,
        // What is not known counts as a read.
        _ => Act::Read,
    }
}

/// Whether the operation is the reading side of a copy, of which the log does not say how many bytes went.
fn copies(operation: &str) -> bool {
    operation.contains(".COPY.")
}

fn number(text: &str) -> Result<Option<u64>, &'static str> {
    match text {
        "-" => Ok(None),
        text => text.parse().map(Some).map_err(|_| "a number is missing where the bytes sent and the size must stand"),
    }
}

/// `24/Nov/2026:05:42:00 +0000`.
fn time(text: &str) -> Option<Timestamp> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (date, rest) = text.split_once(':')?;
    let (clock, offset) = rest.split_once(' ')?;
    let mut parts = date.split('/');
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    let month = MONTHS.iter().position(|name| *name == month)?.checked_add(1)?;
    let (hours, minutes) = offset.split_at_checked(3)?;
    Timestamp::from_rfc3339(&format!("{year}-{month:02}-{day}T{clock}{hours}:{minutes}"))
}

struct Fields<'a> {
    rest: &'a str,
}

impl<'a> Fields<'a> {
    /// The next field; there must be another behind it.
    fn word(&mut self) -> Result<&'a str, &'static str> {
        let (word, rest) = self.rest.split_once(' ').ok_or("the line is cut off")?;
        if word.is_empty() {
            return Err("two spaces follow each other");
        }
        self.rest = rest;
        Ok(word)
    }

    /// The next field, which may be the last.
    fn last_word(&mut self) -> &'a str {
        let (word, rest) = self.rest.split_once(' ').unwrap_or((self.rest, ""));
        self.rest = rest;
        word
    }

    /// A field between two marks, the second with the space behind it.
    fn between(&mut self, open: char, close: &str) -> Result<&'a str, &'static str> {
        let inside = self.rest.strip_prefix(open).ok_or("a bracket or quote is missing")?;
        let (field, rest) = inside.split_once(close).ok_or("the line is cut off")?;
        self.rest = rest;
        Ok(field)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of S3's documentation, with an object's key.
    const GET: &str = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be amzn-s3-demo-bucket1 \
        [06/Feb/2019:00:00:38 +0000] 192.0.2.3 79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be \
        3E57427F3EXAMPLE REST.GET.OBJECT photos/2019/08/puppy.jpg \"GET /amzn-s3-demo-bucket1/photos/2019/08/puppy.jpg?x-foo=bar HTTP/1.1\" \
        206 - 113 2662992 7 6 \"-\" \"S3Console/0.4\" - s9lzHYrFp76ZVxRcpX9+5cjAnEH2ROuNkd2BHfIa6UkFVdtjf5mKR3/eTPFvsiP/XV/VLi31234= \
        SigV4 ECDHE-RSA-AES128-GCM-SHA256 AuthHeader amzn-s3-demo-bucket1.s3.us-west-1.amazonaws.com TLSV1.2 - -";

    #[test]
    fn a_documented_line_reads() {
        let row = read(GET).unwrap();
        assert_eq!(row.at.to_string(), "2019-02-06T00:00:38.000000Z");
        assert_eq!((row.act, row.done, row.sent), (Act::Read, true, Some(113)));
        assert_eq!(row.request, "3E57427F3EXAMPLE");
        assert_eq!(row.address, Some("192.0.2.3".parse().unwrap()));
        assert_eq!(row.thing, Thing::Other("photos/2019/08/puppy.jpg".to_owned()));
    }

    #[test]
    fn what_a_stranger_writes_does_not_move_the_fields() {
        for agent in [r#""" 403 AccessDenied - - 1 1 ""#, "\" \" \"", ""] {
            let line = GET.replace("S3Console/0.4", agent);
            assert_eq!(read(&line).unwrap(), read(GET).unwrap(), "{agent}");
        }
        let line = GET.replace("x-foo=bar", "x=\"403\"-\"-");
        assert_eq!(read(&line).unwrap().sent, Some(113));
    }

    #[test]
    fn a_refusal_is_not_done() {
        let row = read(&GET.replace(" 206 - 113 ", " 403 AccessDenied 243 ")).unwrap();
        assert!(!row.done);
    }

    #[test]
    fn a_copy_is_a_read_of_unknown_length() {
        let row =
            read(&GET.replace("REST.GET.OBJECT", "REST.COPY.OBJECT_GET").replace(" 206 - 113 ", " 200 - - ")).unwrap();
        assert_eq!((row.act, row.done, row.sent), (Act::Read, true, None));
    }

    #[test]
    fn operations_are_what_they_do() {
        for (operation, expected) in [
            ("REST.GET.OBJECT", Act::Read),
            ("WEBSITE.GET.OBJECT", Act::Read),
            ("REST.SELECT.OBJECT", Act::Read),
            ("REST.GET.BUCKET", Act::Names),
            ("REST.GET.OBJECT_TAGGING", Act::Names),
            ("REST.HEAD.OBJECT", Act::Names),
            ("REST.PUT.PART", Act::Write),
            ("REST.POST.UPLOAD", Act::Write),
            ("REST.POST.MULTI_OBJECT_DELETE", Act::Delete),
            ("BATCH.DELETE.OBJECT", Act::Delete),
            ("S3.EXPIRE.OBJECT", Act::Delete),
            ("REST.TELEPORT.OBJECT", Act::Read),
        ] {
            assert_eq!(act(operation), expected, "{operation}");
        }
    }

    #[test]
    fn a_line_that_is_cut_off_anywhere_before_its_size_is_refused() {
        let needed = GET.find(" 7 6 ").unwrap();
        for end in 0..needed - "2662992".len() {
            if let Some(cut) = GET.get(..end) {
                assert!(read(cut).is_err(), "{cut}");
            }
        }
        assert!(read(&GET.replace("Feb", "Fec")).is_err());
        assert!(read(&GET.replace("192.0.2.3", "somewhere")).is_err());
        assert!(read(&GET.replace(" 206 ", " two ")).is_err());
    }
}

//! Uploads by HTML form: `multipart/form-data`, read as it comes. Fields first, the file last, as S3 demands.
//!
//! # Threats
//! Strangers write these bytes before anybody knows who they are, so everything up to the file is bounded, and the file is not
//! looked at until its uploader is established. A form without its closing boundary never ends well.

use bytes::{Buf, Bytes, BytesMut};
use memchr::memmem;

use crate::refusal::{Code, Refusal};

/// How many bytes may come before the file.
// SPEC: S3 POST Object: 20 KB of form data, without the file.
const LARGEST_HEAD_BYTES: usize = 20 * 1024;

/// The longest boundary. SPEC: RFC 2046 §5.1.1.
const LONGEST_BOUNDARY_BYTES: usize = 70;

/// The field that is the file.
const FILE: &str = "file";

/// The fields of a form by lower-case name, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// The value of a field.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Sets a field, in place of what the form says.
    pub fn set(&mut self, name: &str, value: String) {
        self.0.retain(|(known, _)| known != name);
        self.0.push((name.to_owned(), value));
    }
}

/// What a form says before its file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// The fields.
    pub fields: Fields,
    /// The last component of the file's name.
    pub filename: String,
}

/// Where the reader stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// At a boundary before the file, or in a field.
    Fields,
    /// In the file.
    File,
    /// At the boundary after the file.
    Closing,
    /// Past the file; the rest is of no interest.
    Over,
}

/// Reads one form.
pub struct Reader {
    /// The boundary with the line break and dashes before it.
    delimiter: Vec<u8>,
    buffer: BytesMut,
    place: Place,
    form: Form,
    /// Bytes before the file that were read already.
    read: usize,
}

impl Reader {
    /// For a body of this `Content-Type`.
    ///
    /// # Errors
    /// `MalformedPOSTRequest` when it names no usable boundary.
    pub fn new(content_type: &str) -> Result<Self, Refusal> {
        let boundary = parameter(content_type, "boundary").filter(|boundary| {
            (1..=LONGEST_BOUNDARY_BYTES).contains(&boundary.len())
                && boundary.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ')
        });
        let boundary = boundary.ok_or_else(|| malformed("the content type names no boundary"))?;
        Ok(Self {
            delimiter: format!("\r\n--{boundary}").into_bytes(),
            // The first boundary stands at the beginning of a line too.
            buffer: BytesMut::from(&b"\r\n"[..]),
            place: Place::Fields,
            form: Form::default(),
            read: 0,
        })
    }

    /// Takes the next bytes of the body. Call [`Self::head`] or [`Self::data`] until they give nothing before the next.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.place != Place::Over {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// What the form says, once its file begins; `None` until then.
    ///
    /// # Errors
    /// `MalformedPOSTRequest`, `InvalidArgument`, or `MaxPostPreDataLengthExceededError`. The form is over then.
    pub fn head(&mut self) -> Result<Option<Form>, Refusal> {
        while self.place == Place::Fields {
            let before = self.buffer.len();
            if !self.field()? {
                if self.read.saturating_add(self.buffer.len()) > LARGEST_HEAD_BYTES {
                    return Err(Refusal::new(
                        Code::MaxPostPreDataLengthExceededError,
                        "your POST request fields preceding the upload file were too large",
                    ));
                }
                return Ok(None);
            }
            self.read = self.read.saturating_add(before.saturating_sub(self.buffer.len()));
        }
        Ok(Some(std::mem::take(&mut self.form)))
    }

    /// Reads one field, or the head of the file. `false` when its end has not come yet.
    fn field(&mut self) -> Result<bool, Refusal> {
        let known = self.buffer.len().min(self.delimiter.len());
        if self.buffer.get(..known) != self.delimiter.get(..known) {
            return Err(malformed("a part does not begin with the boundary"));
        }
        let Some(rest) = self.buffer.get(self.delimiter.len()..) else { return Ok(false) };
        if rest.starts_with(b"--") {
            let why = "POST requires exactly one file upload per request";
            return Err(Refusal::new(Code::InvalidArgument, why));
        }
        if rest.len() >= 2 && !rest.starts_with(b"\r\n") {
            return Err(malformed("a boundary does not end its line"));
        }
        let Some(head_bytes) = memmem::find(rest, b"\r\n\r\n") else { return Ok(false) };
        let head = rest.get(2..head_bytes).and_then(|head| std::str::from_utf8(head).ok());
        let disposition = head.and_then(disposition).ok_or_else(|| malformed("a part has no Content-Disposition"))?;
        let name = parameter(disposition, "name").ok_or_else(|| malformed("a field has no name"))?.to_ascii_lowercase();
        let start = head_bytes.saturating_add(4);
        if name == FILE {
            let filename = parameter(disposition, "filename").unwrap_or_default();
            // SPEC: S3: of a path only what follows the last slash or backslash.
            filename.rsplit(['/', '\\']).next().unwrap_or_default().clone_into(&mut self.form.filename);
            self.buffer.advance(self.delimiter.len().saturating_add(start));
            self.place = Place::File;
            return Ok(true);
        }
        let Some(content) = rest.get(start..) else { return Ok(false) };
        let Some(end) = memmem::find(content, &self.delimiter) else { return Ok(false) };
        let value = content.get(..end).and_then(|value| std::str::from_utf8(value).ok());
        let value = value.ok_or_else(|| malformed("a field is not text"))?.to_owned();
        if self.form.fields.find(&name).is_some() {
            return Err(Refusal::new(Code::InvalidArgument, format!("the field `{name}` is repeated")));
        }
        self.form.fields.0.push((name, value));
        self.buffer.advance(self.delimiter.len().saturating_add(start).saturating_add(end));
        Ok(true)
    }

    /// The next bytes of the file; `None` when more of the body is needed, or the file is over.
    ///
    /// # Errors
    /// `MalformedPOSTRequest` when something else than a boundary follows the file.
    pub fn data(&mut self) -> Result<Option<Bytes>, Refusal> {
        if self.place == Place::File {
            let (ready, over) = match memmem::find(&self.buffer, &self.delimiter) {
                Some(end) => (end, true),
                // What could be the beginning of the boundary waits for its end.
                None => (self.buffer.len().saturating_sub(self.delimiter.len().saturating_sub(1)), false),
            };
            let data = self.buffer.split_to(ready).freeze();
            if over {
                self.buffer.advance(self.delimiter.len());
                self.place = Place::Closing;
            }
            if !data.is_empty() {
                return Ok(Some(data));
            }
        }
        if self.place == Place::Closing && self.buffer.len() >= 2 {
            if !self.buffer.starts_with(b"--") && !self.buffer.starts_with(b"\r\n") {
                return Err(malformed("a boundary does not end its line"));
            }
            // SPEC: S3 POST Object: fields below the file are ignored.
            self.buffer.clear();
            self.place = Place::Over;
        }
        Ok(None)
    }

    /// Whether the file was read to its end, and what follows is ignored.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.place == Place::Over
    }

    /// The end of the body.
    ///
    /// # Errors
    /// `MalformedPOSTRequest` when it came before the boundary that ends the file.
    pub fn finish(&self) -> Result<(), Refusal> {
        if self.place == Place::Over { Ok(()) } else { Err(malformed("the body ends before its last boundary")) }
    }
}

/// The value of `Content-Disposition` in the head of a part, if it is that of a form's field.
fn disposition(head: &str) -> Option<&str> {
    let mut lines = head.split("\r\n").filter_map(|line| line.split_once(':'));
    let (_, value) = lines.find(|(name, _)| name.trim().eq_ignore_ascii_case("content-disposition"))?;
    let kind = value.split(';').next()?.trim();
    kind.eq_ignore_ascii_case("form-data").then_some(value)
}

/// A parameter of a header's value. Quoted, it may hold anything; of escapes only that of the quote is one.
// SPEC: RFC 7578 §4.2, and what browsers send: other backslashes stand for themselves.
fn parameter(value: &str, wanted: &str) -> Option<String> {
    let (_, mut rest) = value.split_once(';')?;
    loop {
        let (name, value) = rest.split_once('=')?;
        let (text, after) = match value.strip_prefix('"') {
            Some(quoted) => {
                let mut end = quoted.find('"')?;
                while quoted.get(..end).is_some_and(|text| text.ends_with('\\')) {
                    let next = end.saturating_add(1);
                    end = next.saturating_add(quoted.get(next..)?.find('"')?);
                }
                (quoted.get(..end)?.replace("\\\"", "\""), quoted.get(end..)?.split_once(';'))
            }
            None => {
                let (text, _) = value.split_once(';').unwrap_or((value, ""));
                (text.trim().to_owned(), value.split_once(';'))
            }
        };
        if name.trim().eq_ignore_ascii_case(wanted) {
            return Some(text);
        }
        (_, rest) = after?;
    }
}

fn malformed(what: &'static str) -> Refusal {
    let why = format!("the body of your POST request is not well-formed multipart/form-data: {what}");
    Refusal::new(Code::MalformedPOSTRequest, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPE: &str = "multipart/form-data; boundary=\"a b\"";
    const BODY: &str = "--a b\r\nContent-Disposition: form-data; name=\"Key\"\r\n\r\nuser/${filename}\r\n\
        --a b\r\ncontent-disposition: form-data; name=empty\r\n\r\n\r\n\
        --a b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"C:\\dir\\my \\\"x\\\".txt\"\r\n\
        Content-Type: text/plain\r\n\r\nhello\r\n--a\r\n--a b--\r\n";

    fn read(body: &str, piece: usize) -> Result<(Form, String), Code> {
        let mut reader = Reader::new(TYPE).unwrap();
        let (mut form, mut file) = (None, Vec::new());
        for piece in body.as_bytes().chunks(piece) {
            reader.push(piece);
            if form.is_none() {
                form = reader.head().map_err(|refusal| refusal.code())?;
            }
            while let Some(data) = reader.data().map_err(|refusal| refusal.code())? {
                file.extend_from_slice(&data);
            }
        }
        reader.finish().map_err(|refusal| refusal.code())?;
        Ok((form.unwrap(), String::from_utf8(file).unwrap()))
    }

    #[test]
    fn a_form_reads_the_same_however_it_is_cut() {
        for piece in [1, 2, 7, 1000] {
            let (form, file) = read(BODY, piece).unwrap();
            assert_eq!((form.fields.find("key"), form.fields.find("empty")), (Some("user/${filename}"), Some("")));
            assert_eq!(form.filename, "my \"x\".txt");
            assert_eq!(file, "hello\r\n--a", "what only begins like the boundary is content");
        }
        assert_eq!(read(&BODY.replace("hello\r\n--a", ""), 3).unwrap().1, "", "a file may be empty");
    }

    #[test]
    fn a_form_that_is_not_whole_does_not_end_well() {
        for (from, to, code) in [
            ("\r\n--a b--\r\n", "", Code::MalformedPOSTRequest),
            ("--a b--", "--a c--", Code::MalformedPOSTRequest),
            ("\r\n--a b--", "\r\n--a bcd", Code::MalformedPOSTRequest),
            ("form-data; name=\"Key\"", "attachment", Code::MalformedPOSTRequest),
            ("name=empty", "name=key", Code::InvalidArgument),
            ("--a b\r\nContent-Disposition: form-data; name=\"file\"", "--a b--", Code::InvalidArgument),
            ("user/", &"x".repeat(30_000), Code::MaxPostPreDataLengthExceededError),
        ] {
            let body = BODY.replacen(from, to, 1);
            assert_ne!(body, BODY);
            assert_eq!(read(&body, 100).unwrap_err(), code, "{to:.20}");
        }
        for bad in ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=\"\u{7}\""]
        {
            assert!(Reader::new(bad).is_err(), "{bad}");
        }
    }
}

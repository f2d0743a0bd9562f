//! Uploads by HTML form: a form is a PUT in other words.
//!
//! Its fields are read first, since they hold the claim; then the caller is established, the policy held against the fields, and
//! what is left is the request for the same object with the fields as headers and the file as its body. So a form is judged,
//! recorded and stored as every other upload is.
//!
//! # Threats
//! The fields are a stranger's until the claim is verified: the reader bounds them and nothing is looked up. The file's length
//! is not known before its end; the policy's bounds are kept while it comes.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use base::Timestamp;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, ETAG, HOST, HeaderName, HeaderValue, LOCATION};
use http::request::Parts;
use http::{HeaderMap, Method, Response, StatusCode, Uri};
use http_body::{Body, Frame};
use http_body_util::BodyExt as _;
use s3s::xml::Deserialize as _;

use s3wire::form::{Fields, Form, Reader};
use s3wire::post_policy::PostPolicy;
use s3wire::{Code, Refusal};

/// Fields that are headers of the PUT under the same name.
const HEADERS: [&str; 6] =
    ["cache-control", "content-disposition", "content-encoding", "content-language", "content-type", "expires"];

/// Fields that only the signature needed.
const SPENT: [&str; 5] =
    ["x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-security-token", "x-amz-signature"];

/// How many bytes may follow the file. They are ignored, and a client could go on with them for ever.
const LARGEST_REST_BYTES: u64 = 64 * 1024;

/// Whether a request is a form that carries its own signature.
pub(crate) fn carries_signature(parts: &Parts) -> bool {
    parts.method == Method::POST && is_form(&parts.headers) && !parts.headers.contains_key(AUTHORIZATION)
}

/// Whether a body is a form.
pub(crate) fn is_form(headers: &HeaderMap) -> bool {
    let form = b"multipart/form-data";
    headers
        .get(CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().get(..form.len()).is_some_and(|start| start.eq_ignore_ascii_case(form)))
}

/// A form up to its file, and the body that goes on with it.
pub(crate) struct Posted<B> {
    pub(crate) form: Form,
    pub(crate) file: File<B>,
}

/// Reads a form up to its file.
///
/// # Errors
/// What is wrong with the form; `IncompleteBody` when it breaks off.
pub(crate) async fn read<B>(parts: &Parts, mut body: B) -> Result<Posted<B>, Refusal>
where
    B: Body<Data = Bytes> + Unpin,
{
    let content_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut reader = Reader::new(content_type)?;
    loop {
        match body.frame().await {
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    reader.push(&data);
                }
            }
            Some(Err(_)) => return Err(broken_off()),
            None => {
                reader.finish()?;
                return Err(broken_off());
            }
        }
        if let Some(form) = reader.head()? {
            return Ok(Posted {
                form,
                file: File { inner: body, reader, bounds: None, given: 0, rest: 0, over: false },
            });
        }
    }
}

/// How a form wants to be answered.
pub(crate) struct Wish {
    bucket: String,
    key: String,
    status: StatusCode,
    redirect: Option<Uri>,
}

impl<B> Posted<B> {
    /// The PUT that the form stands for, once its policy holds, and how the form wants to be answered.
    ///
    /// # Errors
    /// `AccessDenied` where the policy does not hold; `InvalidPolicyDocument`; `InvalidArgument` for fields that make no request.
    pub(crate) fn into_put(
        mut self,
        mut parts: Parts,
        bucket: &str,
        now: Timestamp,
    ) -> Result<(Parts, File<B>, Wish), Refusal> {
        let fields = &mut self.form.fields;
        let key = required(fields, "key")?.replace("${filename}", &self.form.filename);
        fields.set("key", key.clone());
        if fields.find("bucket").is_some_and(|named| named != bucket) {
            return Err(Refusal::new(Code::InvalidArgument, "the form names another bucket than its address"));
        }
        fields.set("bucket", bucket.to_owned());
        let policy = PostPolicy::read(required(fields, "policy")?)?;
        policy.check(fields, now)?;
        self.file.bounds = policy.length;
        let redirect = fields.find("success_action_redirect").or(fields.find("redirect"));
        let wish = Wish {
            bucket: bucket.to_owned(),
            status: match fields.find("success_action_status") {
                Some("200") => StatusCode::OK,
                Some("201") => StatusCode::CREATED,
                _ => StatusCode::NO_CONTENT,
            },
            redirect: redirect.and_then(|text| text.parse().ok()).filter(is_web),
            key,
        };
        // INVARIANT: of the headers that the browser sent, which nobody signed, none reaches the PUT but the host.
        parts.headers = HeaderMap::from_iter(parts.headers.remove(HOST).map(|host| (HOST, host)));
        for (name, value) in fields.iter() {
            if let Some((name, value)) = header(name, value)? {
                parts.headers.insert(name, value);
            }
        }
        parts.method = Method::PUT;
        let target = format!("/{bucket}/{}", escape(&wish.key));
        parts.uri = target.parse().map_err(|_| Refusal::new(Code::InvalidURI, "the key makes no request target"))?;
        Ok((parts, self.file, wish))
    }
}

/// Whether a browser may be sent there.
fn is_web(uri: &Uri) -> bool {
    matches!(uri.scheme_str(), Some("http" | "https"))
}

/// The header of the PUT that a field stands for. What stands for none and is no part of the form's own language is refused
/// by name further on, like any header, rather than ignored.
fn header(name: &str, value: &str) -> Result<Option<(HeaderName, HeaderValue)>, Refusal> {
    let (name, value) = match name {
        "acl" => ("x-amz-acl", value.to_owned()),
        "tagging" => ("x-amz-tagging", tags(value)?),
        spent if SPENT.contains(&spent) => return Ok(None),
        name if HEADERS.contains(&name) || name.starts_with("x-amz-") || name == "content-md5" => {
            (name, value.to_owned())
        }
        _ => return Ok(None),
    };
    let unfit = || Refusal::new(Code::InvalidArgument, format!("the field `{name}` makes no header"));
    let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| unfit())?;
    let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| unfit())?;
    Ok(Some((header, value)))
}

/// The tags of a form, an XML document, as the header writes them.
fn tags(document: &str) -> Result<String, Refusal> {
    let malformed = || Refusal::new(Code::MalformedXML, "the field `tagging` is not a tag set");
    let mut deserializer = s3s::xml::Deserializer::new(document.as_bytes());
    let tagging = s3s::dto::Tagging::deserialize(&mut deserializer).map_err(|_| malformed())?;
    let pair = |tag: s3s::dto::Tag| Some(format!("{}={}", escape(&tag.key?), escape(&tag.value?)));
    let pairs: Option<Vec<String>> = tagging.tag_set.into_iter().map(pair).collect();
    Ok(pairs.ok_or_else(malformed)?.join("&"))
}

fn required<'a>(fields: &'a Fields, name: &str) -> Result<&'a str, Refusal> {
    fields
        .find(name)
        .filter(|value| !value.is_empty())
        .ok_or_else(|| Refusal::new(Code::InvalidArgument, format!("Bucket POST must contain a field named '{name}'")))
}

/// Escapes all but unreserved characters and `/`.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

impl Wish {
    /// Turns the answer to the PUT into the answer to the form.
    // SPEC: S3 POST Object: a redirect, or the wished status; 201 comes with a document.
    pub(crate) fn grant(self, mut response: Response<s3s::Body>) -> Response<s3s::Body> {
        if !response.status().is_success() {
            return response;
        }
        let etag = response.headers().get(ETAG).and_then(|etag| etag.to_str().ok()).unwrap_or_default().to_owned();
        let mut location = format!("/{}/{}", self.bucket, escape(&self.key));
        *response.status_mut() = self.status;
        if let Some(redirect) = &self.redirect {
            let joint = if redirect.query().is_some() { '&' } else { '?' };
            let value = |text: &str| escape(text).replace('/', "%2F");
            let (bucket, key, etag) = (value(&self.bucket), value(&self.key), value(&etag));
            location = format!("{redirect}{joint}bucket={bucket}&key={key}&etag={etag}");
            *response.status_mut() = StatusCode::SEE_OTHER;
        } else if self.status == StatusCode::CREATED {
            let text = s3wire::refusal::escape;
            *response.body_mut() = s3s::Body::from(format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<PostResponse><Location>{}</Location><Bucket>{}</Bucket>\
                 <Key>{}</Key><ETag>{}</ETag></PostResponse>",
                text(&location),
                text(&self.bucket),
                text(&self.key),
                text(&etag)
            ));
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/xml"));
        }
        response.headers_mut().remove(CONTENT_LENGTH);
        if let Ok(location) = HeaderValue::from_str(&location) {
            response.headers_mut().insert(LOCATION, location);
        }
        response
    }
}

/// The file of a form, as a body. It ends well only if the form does and the policy's bounds hold.
pub(crate) struct File<B> {
    inner: B,
    reader: Reader,
    bounds: Option<(u64, u64)>,
    given: u64,
    rest: u64,
    over: bool,
}

impl<B: Body<Data = Bytes> + Unpin> File<B> {
    fn poll_data(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Refusal>>> {
        loop {
            if let Some(data) = self.reader.data()? {
                self.given = self.given.saturating_add(data.len() as u64);
                self.rest = 0;
                if self.bounds.is_some_and(|(_, most)| self.given > most) {
                    let why = "your proposed upload exceeds the maximum allowed size";
                    return Poll::Ready(Some(Err(Refusal::new(Code::EntityTooLarge, why))));
                }
                return Poll::Ready(Some(Ok(data)));
            }
            match ready!(Pin::new(&mut self.inner).poll_frame(cx)) {
                Some(Ok(frame)) => {
                    let Ok(data) = frame.into_data() else { continue };
                    self.rest = self.rest.saturating_add(data.len() as u64);
                    if self.reader.is_over() && self.rest > LARGEST_REST_BYTES {
                        let why = "too much follows the file";
                        return Poll::Ready(Some(Err(Refusal::new(Code::MalformedPOSTRequest, why))));
                    }
                    self.reader.push(&data);
                }
                Some(Err(_)) => return Poll::Ready(Some(Err(broken_off()))),
                None => return Poll::Ready(self.end().err().map(Err)),
            }
        }
    }

    fn end(&self) -> Result<(), Refusal> {
        self.reader.finish()?;
        if self.bounds.is_some_and(|(least, _)| self.given < least) {
            return Err(Refusal::new(
                Code::EntityTooSmall,
                "your proposed upload is smaller than the minimum allowed size",
            ));
        }
        Ok(())
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for File<B> {
    type Data = Bytes;
    type Error = Refusal;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Refusal>>> {
        if self.over {
            return Poll::Ready(None);
        }
        let data = ready!(self.poll_data(cx));
        self.over = !matches!(data, Some(Ok(_)));
        Poll::Ready(data.map(|data| data.map(Frame::data)))
    }
}

fn broken_off() -> Refusal {
    Refusal::new(Code::IncompleteBody, "the body could not be read to its end")
}

//! The front door of S3: from raw request to authenticated operation.
//!
//! The order is fixed: an id, the claim, the caller, the register, the operation, the plan for the body; then everything that
//! only served the signature is taken off and the rest goes to `s3s`. Until a caller is established nothing is looked up and no
//! byte of the body is read, so a client that waits for `100 Continue` gets its final answer instead.
//!
//! Before a caller is answered, the ledger holds an entry of the request: what custody entered, or else the failure.
//!
//! # Threats
//! What `s3s` reads must be what was signed. It decodes the same target that the signature covers.

use std::sync::Arc;
use std::time::Duration;

use base::id::RequestId;
use base::{Clock, Kind};
use custody::digests::Algorithm;
use custody::intake::LARGEST_PUT_BYTES;
use custody::record::Failure;
use custody::signature::SigningKey;
use custody::{Caller, Custody, S3Claim};
use http::header::{
    AUTHORIZATION, CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, EXPECT, HeaderValue,
    TRANSFER_ENCODING,
};
use http::request::Parts;
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use s3s::config::{S3Config, StaticConfigProvider};
use s3s::service::{S3Service, S3ServiceBuilder};

use crate::asked::{Asked, owner, take_conditions, take_source_conditions, take_span};
use crate::callers::Callers;
use crate::claimed::{Claimed, header_of};
use crate::cors::Crossing;
use crate::headers::Labels;
use crate::hosts::Domains;
use crate::inbound::Inbound;
use crate::operations::{self, Operation};
use crate::register::Register;
use crate::s3::{Document, Door};
use crate::server::Front;
use crate::upload::{self, TrailerSlot, Upload};
use crate::wire::Wire;
use crate::{errors, form, headers};
use s3wire::chunked::{Announced, Decoder, Signatures};
use s3wire::digest::hex;
use s3wire::sigv4::{self, ChunkKey, ChunkStrings, Claim, PayloadForm};
use s3wire::{Code, Refusal};

/// How many bytes of headers a request may have. S3 allows 8 KB; session tokens and proxies need room beside.
const LARGEST_HEAD_BYTES: usize = 16 * 1024;

/// How long after its request a credential that was refused is answered: longer than it takes to record that a decoy was used and
/// to pause what it reaches. A timer for all, so that the time of an answer does not tell decoys from others. It also takes the
/// speed out of guessing, and out of jobs that try again and again under a session that is over.
const REFUSED_AFTER: Duration = Duration::from_millis(100);

/// How many bytes an XML document may have. The largest is the list of ten thousand parts, each with a checksum.
const LARGEST_XML_BYTES: usize = 4 * 1024 * 1024;

/// Headers that have done their work once the request is authenticated and its body decoded.
const SPENT: [&str; 6] = [
    sigv4::CONTENT_SHA256,
    sigv4::SECURITY_TOKEN,
    "x-amz-date",
    "x-amz-decoded-content-length",
    "x-amz-sdk-checksum-algorithm",
    "x-amz-trailer",
];

/// Serves S3 over one custody.
pub struct S3Front {
    custody: Arc<Custody>,
    callers: Arc<dyn Callers>,
    clock: Arc<dyn Clock>,
    register: Arc<Register>,
    domains: Domains,
    s3: S3Service,
}

impl S3Front {
    /// A front door for `custody`; connections are entered in `register`.
    #[must_use]
    pub fn new(custody: Arc<Custody>, clock: Arc<dyn Clock>, register: Arc<Register>) -> Self {
        let mut config = S3Config::default();
        config.xml_max_body_size = LARGEST_XML_BYTES;
        let mut builder = S3ServiceBuilder::new(Door::new(Arc::clone(&custody), Arc::clone(&register)));
        builder.set_config(Arc::new(StaticConfigProvider::new(Arc::new(config))));
        let callers = Arc::clone(&custody) as Arc<dyn Callers>;
        Self { custody, callers, clock, register, domains: Domains::default(), s3: builder.build() }
    }

    /// The same door, where `callers` asks custody who a caller is.
    #[must_use]
    pub fn with_callers(mut self, callers: Arc<dyn Callers>) -> Self {
        self.callers = callers;
        self
    }

    /// The same door, with buckets as names under `domains` too.
    #[must_use]
    pub fn with_domains(mut self, domains: Domains) -> Self {
        self.domains = domains;
        self
    }

    async fn try_answer(
        &self,
        request: Request<Inbound>,
        target: Result<Uri, Refusal>,
        wire: Arc<Wire>,
        id: RequestId,
    ) -> Result<Response<s3s::Body>, Refusal> {
        let (mut parts, body) = request.into_parts();
        if form::carries_signature(&parts) {
            return self.try_form(parts, body, target, wire, id).await;
        }
        let claim = refuse_crowded(&parts.headers).and_then(|()| sigv4::read(&parts, self.clock.now()));
        let (claim, caller, key) = self.establish(claim, &wire, id).await?;
        let caller = Arc::new(caller);
        // The signature covers the target as it came; from here on the bucket is in its path.
        let found = target.and_then(|target| {
            parts.uri = target;
            operations::find(&parts)
        });
        let operation = found.as_ref().map_or(&operations::UNKNOWN, |operation| operation);
        let bucket = operations::addressed(parts.uri.path()).1.map(str::to_owned);
        let outcome = async {
            let asked = found.and_then(|operation| {
                operation.served()?;
                prepare(parts, body, &claim, key, (Arc::clone(&caller), id, wire, operation))
            })?;
            let answer = self.s3.call(with_document(asked).await?).await;
            answer.map_err(|_| Refusal::new(Code::InternalError, "the answer could not be written"))
        };
        let outcome = outcome.await;
        self.entered(&caller, id, operation, bucket.as_deref(), outcome).await
    }

    /// Answers a form, which carries its claim in its fields: it is read as far as its file before its caller can be established.
    async fn try_form(
        &self,
        mut parts: Parts,
        body: Inbound,
        target: Result<Uri, Refusal>,
        wire: Arc<Wire>,
        id: RequestId,
    ) -> Result<Response<s3s::Body>, Refusal> {
        let posted = match refuse_crowded(&parts.headers) {
            Ok(()) => form::read(&parts, body).await,
            Err(refusal) => Err(refusal),
        };
        let posted = posted.inspect_err(|refusal| self.count_stranger(&wire, id, refusal))?;
        let now = self.clock.now();
        let claim = sigv4::form::read(&posted.form.fields, now);
        let (_, caller, _) = self.establish(claim, &wire, id).await?;
        let caller = Arc::new(caller);
        let found = target.and_then(|target| {
            parts.uri = target;
            operations::find(&parts)
        });
        let operation = found.as_ref().map_or(&operations::UNKNOWN, |operation| operation);
        let bucket = operations::addressed(parts.uri.path()).1.map(str::to_owned);
        let outcome = async {
            only(found?, "PostObject")?.served()?;
            let (put, file, wish) = posted.into_put(parts, bucket.as_deref().unwrap_or_default(), now)?;
            let labels = headers::check(&put, &owner(&caller))?;
            let claims = (Claimed::read(&put)?, TrailerSlot::default(), labels);
            let operation = only(operations::find(&put)?, "PutObject")?;
            let body = s3s::Body::http_body_unsync(file);
            let asked = dress(put, body, claims, (Arc::clone(&caller), id, wire, operation))?;
            let answer = self.s3.call(asked).await;
            let answer = answer.map_err(|_| Refusal::new(Code::InternalError, "the answer could not be written"))?;
            Ok(wish.grant(answer))
        };
        let outcome = outcome.await;
        self.entered(&caller, id, operation, bucket.as_deref(), outcome).await
    }

    /// Holds an answer until the ledger has an entry of the request.
    // INVARIANT: no caller is answered without one. A failure that custody had no occasion to enter is entered here; an answer
    // that custody recorded nothing for would be a mistake of ours, and is withheld.
    async fn entered(
        &self,
        caller: &Caller,
        id: RequestId,
        operation: &Operation,
        bucket: Option<&str>,
        mut outcome: Result<Response<s3s::Body>, Refusal>,
    ) -> Result<Response<s3s::Body>, Refusal> {
        if let Ok(response) = &mut outcome
            && response.status().is_success()
        {
            headers::say_sealed(operation.name, response.headers_mut());
        }
        if caller.has_entered(operation.verbs) {
            return outcome;
        }
        let kind = match &outcome {
            Ok(response) => errors::kind_of(response.status()),
            Err(refusal) => refusal.kind(),
        };
        if kind == Kind::Bug {
            tracing::error!(request = %id, operation = operation.name, "an answer without an entry is withheld");
            outcome = Err(Refusal::new(Code::InternalError, "the request failed inside; the request id says which"));
        }
        let failure = Failure { operation: operation.name, verb: operation.verb(), bucket, kind };
        let entered = self.custody.enter_failure(caller, id, failure).await;
        entered.map_err(|error| errors::refusal(id, error))?;
        outcome
    }

    /// Establishes the caller; whoever cannot be is a stranger, and counted.
    async fn establish(
        &self,
        claim: Result<Claim, Refusal>,
        wire: &Arc<Wire>,
        id: RequestId,
    ) -> Result<(Claim, Caller, SigningKey), Refusal> {
        // The time runs from before anything is looked up.
        let refused = tokio::time::sleep(REFUSED_AFTER);
        let established = match claim {
            Ok(claim) => {
                let established = self.authenticate(claim, wire, id);
                if established.is_err() {
                    refused.await;
                }
                established
            }
            Err(refusal) => Err(refusal),
        };
        let (claim, caller, key) = established.inspect_err(|refusal| self.count_stranger(wire, id, refusal))?;
        if let Some(engagement) = caller.engagement() {
            self.register.enter(wire, engagement);
        }
        Ok((claim, caller, key))
    }

    fn count_stranger(&self, wire: &Wire, id: RequestId, refusal: &Refusal) {
        // A part of ours that does not answer is no stranger's failure.
        if refusal.kind() != Kind::Unavailable {
            self.custody.count_noise(wire.peer().ip());
        }
        tracing::debug!(request = %id, code = refusal.code().name(), "nobody could be established as the caller");
    }

    fn authenticate(&self, claim: Claim, wire: &Wire, id: RequestId) -> Result<(Claim, Caller, SigningKey), Refusal> {
        let signature = hex(&claim.signature);
        let s3_claim = S3Claim {
            access_key: &claim.access_key,
            token: claim.session_token.as_deref(),
            date: &claim.scope.day,
            region: &claim.scope.region,
            service: sigv4::SERVICE,
            signed_at: claim.at,
            good_for_seconds: claim.good_for_seconds,
            string_to_sign: &claim.string_to_sign,
            signature: &signature,
            address: wire.peer().ip(),
        };
        let established = self.callers.workload(&s3_claim);
        let (caller, key) = established.map_err(|error| errors::refusal(id, error))?;
        Ok((claim, caller, key))
    }
}

impl Front for S3Front {
    type Body = s3s::Body;

    async fn answer(&self, request: Request<Inbound>, wire: Arc<Wire>) -> Response<s3s::Body> {
        let id = self.custody.request();
        let resource = request.uri().path().to_owned();
        let head = request.method() == Method::HEAD;
        let expects = request.headers().contains_key(EXPECT);
        let crossing = Crossing::read(request.method(), request.headers());
        let target = self.domains.path_style(request.uri(), request.headers());
        let bucket = target.as_ref().ok().and_then(|target| operations::addressed(target.path()).1);
        let bucket = bucket.and_then(|name| self.custody.directory().bucket(name));
        let rules = bucket.as_ref().map_or(&[][..], |bucket| &bucket.settings.cors);
        let preflight = request.method() == Method::OPTIONS;
        let answered = if preflight {
            // Nobody is the caller of a preflight: browsers cannot sign it.
            self.custody.count_noise(wire.peer().ip());
            crossing.preflight(rules).map(|headers| {
                let mut response = Response::new(s3s::Body::empty());
                *response.headers_mut() = headers;
                response
            })
        } else {
            self.try_answer(request, target, wire, id).await
        };
        let mut response = match answered {
            Ok(response) => response,
            Err(refusal) => render(&refusal, &resource, id),
        };
        if !preflight {
            crossing.mark(rules, response.headers_mut());
        }
        if let Some(Document(text)) = response.extensions_mut().remove::<Document>() {
            response.headers_mut().remove(CONTENT_LENGTH);
            *response.body_mut() = s3s::Body::from(text);
        }
        // `s3s` gives a description of part of an object the status of the whole.
        if response.status() == StatusCode::OK && response.headers().contains_key(CONTENT_RANGE) {
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        }
        let status = response.status();
        // SPEC: RFC 9110 §10.1.1: whoever is refused instead of `100 Continue` may send the body or not. Which it is cannot be
        // told, and the next request must not be read as the body of this one.
        if expects && !status.is_success() {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        if status == StatusCode::NOT_MODIFIED || (head && !status.is_success()) {
            *response.body_mut() = s3s::Body::empty();
            response.headers_mut().remove(CONTENT_LENGTH);
        }
        if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
            response.headers_mut().insert("x-amz-request-id", value);
        }
        response
    }
}

/// Who asks, under which id, on which wire, for what.
type Asking = (Arc<Caller>, RequestId, Arc<Wire>, &'static Operation);

/// Prepares the request of an established caller for `s3s`.
fn prepare(
    parts: Parts,
    body: Inbound,
    claim: &Claim,
    key: SigningKey,
    asking: Asking,
) -> Result<Request<s3s::Body>, Refusal> {
    refuse_unmeasured(&parts.headers, asking.3)?;
    if parts.method == Method::POST && form::is_form(&parts.headers) {
        let why = "a form carries its signature in its fields, not in a header";
        return Err(Refusal::new(Code::InvalidArgument, why));
    }
    let labels = headers::check(&parts, &owner(&asking.0))?;
    let claimed = Claimed::read(&parts)?;
    let trailer = TrailerSlot::default();
    let body = upload(&parts, body, claim, key, &claimed, trailer.clone())?;
    dress(parts, body, (claimed, trailer, labels), asking)
}

/// Hands on what an operation needs beside its own input.
fn dress(
    mut parts: Parts,
    body: s3s::Body,
    (claimed, trailer, labels): (Claimed, TrailerSlot, Labels),
    (caller, request, wire, operation): Asking,
) -> Result<Request<s3s::Body>, Refusal> {
    let asked = Asked {
        caller,
        request,
        operation,
        wire,
        claimed,
        trailer,
        span: take_span(&mut parts.headers),
        conditions: take_conditions(&mut parts.headers),
        labels,
        source_conditions: take_source_conditions(&mut parts.headers),
    };
    undress(&mut parts, body.size_hint().exact())?;
    parts.extensions.insert(Arc::new(asked));
    Ok(Request::from_parts(parts, body))
}

/// Reads a document whole before `s3s` sees it: what is wrong with a body, `s3s` would take for a failure inside.
async fn with_document(request: Request<s3s::Body>) -> Result<Request<s3s::Body>, Refusal> {
    let (parts, mut body) = request.into_parts();
    if is_object_data(&parts) {
        return Ok(Request::from_parts(parts, body));
    }
    let mut document = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(upload::refusal_of)?;
        document.extend_from_slice(frame.data_ref().map_or(&[], |data| data));
        if document.len() > LARGEST_XML_BYTES {
            return Err(Refusal::new(Code::EntityTooLarge, "the document is longer than any that S3 has"));
        }
    }
    Ok(Request::from_parts(parts, s3s::Body::from(document)))
}

// SPEC: S3: object data has a length, in one of two headers.
fn refuse_unmeasured(headers: &HeaderMap, operation: &Operation) -> Result<(), Refusal> {
    let measured = headers.contains_key(CONTENT_LENGTH) || headers.contains_key(TRANSFER_ENCODING);
    if !measured && matches!(operation.name, "PutObject" | "UploadPart") {
        return Err(Refusal::new(Code::MissingContentLength, "you must provide the Content-Length HTTP header"));
    }
    Ok(())
}

/// A form stores an object and does nothing else, whatever its address or its fields say.
fn only(operation: &'static Operation, name: &str) -> Result<&'static Operation, Refusal> {
    if operation.name == name {
        return Ok(operation);
    }
    Err(Refusal::new(Code::InvalidArgument, format!("a form does not stand for {}", operation.name)))
}

fn render(refusal: &Refusal, resource: &str, id: RequestId) -> Response<s3s::Body> {
    let mut response = Response::new(s3s::Body::from(refusal.to_xml(resource, id)));
    *response.status_mut() = refusal.code().status();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    response
}

fn refuse_crowded(headers: &HeaderMap) -> Result<(), Refusal> {
    let size = headers
        .iter()
        .fold(0usize, |size, (name, value)| size.saturating_add(name.as_str().len()).saturating_add(value.len()));
    if size > LARGEST_HEAD_BYTES {
        return Err(Refusal::new(Code::RequestHeaderSectionTooLarge, "your request header section is too large"));
    }
    Ok(())
}

/// Plans how the body is decoded and checked.
// SPEC: S3: which lengths and trailers each payload form needs.
fn upload(
    parts: &Parts,
    body: Inbound,
    claim: &Claim,
    key: SigningKey,
    claimed: &Claimed,
    slot: TrailerSlot,
) -> Result<s3s::Body, Refusal> {
    let length = body.size_hint().exact();
    let decoded = decoded_length(&parts.headers)?;
    if claimed.trailer.is_some()
        && !matches!(claim.payload, PayloadForm::ChunksAndTrailer | PayloadForm::UnsignedTrailer)
    {
        return Err(Refusal::new(Code::InvalidRequest, "x-amz-trailer needs a payload form with a trailer"));
    }
    let upload = match claim.payload {
        PayloadForm::Unsigned => Upload::plain(body, length),
        PayloadForm::Whole(hash) => Upload::hashed(body, length, hash),
        form => {
            let length = decoded.ok_or_else(|| {
                Refusal::new(Code::MissingContentLength, "you must provide the x-amz-decoded-content-length header")
            })?;
            let signed = form != PayloadForm::UnsignedTrailer;
            let seed = claim.signature;
            let signatures =
                signed.then(|| Signatures { strings: ChunkStrings::of(claim), key: Box::new(SessionKey(key)), seed });
            let trailer = announced(form, claimed)?.map(|algorithm| header_of(algorithm).to_owned());
            Upload::chunked(body, length, Decoder::new(Announced { length, trailer, signatures }), slot.clone())
        }
    };
    if upload.length().is_some_and(|length| length > LARGEST_PUT_BYTES) {
        return Err(Refusal::new(
            Code::EntityTooLarge,
            "your proposed upload exceeds the maximum allowed size of 5 GiB",
        ));
    }
    if upload.length().is_none() && parts.method == Method::PUT {
        return Err(Refusal::new(Code::MissingContentLength, "you must provide the Content-Length HTTP header"));
    }
    Ok(s3s::Body::http_body_unsync(if is_object_data(parts) { upload } else { upload.checked(claimed.clone(), slot) }))
}

/// Whether the body is an object or a part of one, which intake measures.
fn is_object_data(parts: &Parts) -> bool {
    parts.method == Method::PUT && parts.uri.path().trim_start_matches('/').contains('/')
}

/// The trailer a form must have: without a signature, the checksum is the only thing that covers the body.
fn announced(form: PayloadForm, claimed: &Claimed) -> Result<Option<Algorithm>, Refusal> {
    match (form, claimed.trailer) {
        (PayloadForm::ChunksAndTrailer | PayloadForm::UnsignedTrailer, None) => {
            Err(Refusal::new(Code::MalformedTrailerError, "x-amz-trailer must announce the checksum in the trailer"))
        }
        (_, trailer) => Ok(trailer),
    }
}

fn decoded_length(headers: &HeaderMap) -> Result<Option<u64>, Refusal> {
    let Some(value) = headers.get("x-amz-decoded-content-length") else { return Ok(None) };
    let text = value.to_str().ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let length = text.and_then(|text| text.parse().ok());
    length.map(Some).ok_or_else(|| Refusal::new(Code::InvalidRequest, "x-amz-decoded-content-length must be a number"))
}

/// Takes off what only the signature and the framing needed.
// INVARIANT: after this nothing in the request could make `s3s` look for a signature, or log one.
fn undress(parts: &mut Parts, length: Option<u64>) -> Result<(), Refusal> {
    for name in SPENT.into_iter().chain(Algorithm::ALL.into_iter().map(header_of)) {
        parts.headers.remove(name);
    }
    for name in [AUTHORIZATION, EXPECT, TRANSFER_ENCODING] {
        parts.headers.remove(name);
    }
    if let Some(length) = length {
        parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    let encodings: Vec<&str> = parts
        .headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|encoding| !encoding.is_empty() && !encoding.eq_ignore_ascii_case("aws-chunked"))
        .collect();
    let encodings = HeaderValue::from_str(&encodings.join(", "));
    parts.headers.remove(CONTENT_ENCODING);
    if let Ok(encodings) = encodings
        && !encodings.is_empty()
    {
        parts.headers.insert(CONTENT_ENCODING, encodings);
    }
    parts.uri = sigv4::without_signature(&parts.uri)?;
    Ok(())
}

/// The signing key of the caller's session, judging chunks.
struct SessionKey(SigningKey);

impl ChunkKey for SessionKey {
    fn signs(&self, text: &str, signature: &[u8; 32]) -> bool {
        self.0.accepts(text, &hex(signature))
    }
}

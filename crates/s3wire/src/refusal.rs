//! What an S3 client is told when it does not get what it asked for.
//!
//! A [`Refusal`] is an S3 error code, its one HTTP status, and a sentence. Everything this crate refuses by itself is made
//! here; errors of the domain become refusals in one table (`errors.rs`).
//!
//! # Threats
//! A stranger probes for what exists: refusals before authentication say only what is wrong with the request itself, and
//! the message never repeats a signature, a token or a query string.

use std::borrow::Cow;
use std::fmt;

use base::Kind;
use base::id::RequestId;
use http::StatusCode;

macro_rules! codes {
    ($($name:ident = $status:ident $kind:ident,)*) => {
        /// An S3 error code. The name is what clients match on.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "the names are S3's own and documented there")]
        pub enum Code {
            $($name,)*
        }

        impl Code {
            /// The code as S3 spells it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)* }
            }

            /// Its HTTP status.
            #[must_use]
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status,)* }
            }

            /// What kind of failure it stands for.
            #[must_use]
            pub const fn kind(self) -> Kind {
                match self { $(Self::$name => Kind::$kind,)* }
            }
        }
    };
}

codes! {
    AccessControlListNotSupported = BAD_REQUEST Refused,
    AccessDenied = FORBIDDEN Refused,
    AccessForbidden = FORBIDDEN Refused,
    AuthorizationHeaderMalformed = BAD_REQUEST Invalid,
    AuthorizationQueryParametersError = BAD_REQUEST Invalid,
    BadDigest = BAD_REQUEST Invalid,
    BadRequest = BAD_REQUEST Invalid,
    BucketAlreadyExists = CONFLICT Conflict,
    BucketAlreadyOwnedByYou = CONFLICT Conflict,
    BucketNotEmpty = CONFLICT Conflict,
    ConditionalRequestConflict = CONFLICT Conflict,
    EntityTooLarge = BAD_REQUEST Invalid,
    EntityTooSmall = BAD_REQUEST Invalid,
    ExpiredToken = BAD_REQUEST Refused,
    IncompleteBody = BAD_REQUEST Invalid,
    InternalError = INTERNAL_SERVER_ERROR Bug,
    InvalidAccessKeyId = FORBIDDEN Refused,
    InvalidArgument = BAD_REQUEST Invalid,
    InvalidBucketAclWithObjectOwnership = BAD_REQUEST Invalid,
    InvalidBucketName = BAD_REQUEST Invalid,
    InvalidBucketState = CONFLICT Conflict,
    InvalidChunkSizeError = FORBIDDEN Invalid,
    InvalidDigest = BAD_REQUEST Invalid,
    InvalidEncryptionAlgorithmError = BAD_REQUEST Invalid,
    InvalidObjectState = FORBIDDEN Refused,
    InvalidPart = BAD_REQUEST Invalid,
    InvalidPartNumber = RANGE_NOT_SATISFIABLE Invalid,
    InvalidPartOrder = BAD_REQUEST Invalid,
    InvalidPolicyDocument = BAD_REQUEST Invalid,
    InvalidRange = RANGE_NOT_SATISFIABLE Invalid,
    InvalidRequest = BAD_REQUEST Invalid,
    InvalidRetentionPeriod = BAD_REQUEST Invalid,
    InvalidStorageClass = BAD_REQUEST Invalid,
    InvalidTag = BAD_REQUEST Invalid,
    InvalidToken = BAD_REQUEST Refused,
    InvalidURI = BAD_REQUEST Invalid,
    KeyTooLongError = BAD_REQUEST Invalid,
    MalformedACLError = BAD_REQUEST Invalid,
    MalformedPolicy = BAD_REQUEST Invalid,
    MalformedPOSTRequest = BAD_REQUEST Invalid,
    MalformedTrailerError = BAD_REQUEST Invalid,
    MalformedXML = BAD_REQUEST Invalid,
    MaxPostPreDataLengthExceededError = BAD_REQUEST Invalid,
    MetadataTooLarge = BAD_REQUEST Invalid,
    MethodNotAllowed = METHOD_NOT_ALLOWED Invalid,
    MissingContentLength = LENGTH_REQUIRED Invalid,
    MissingSecurityHeader = BAD_REQUEST Invalid,
    NoSuchBucket = NOT_FOUND Missing,
    NoSuchBucketPolicy = NOT_FOUND Missing,
    NoSuchCORSConfiguration = NOT_FOUND Missing,
    NoSuchConfiguration = NOT_FOUND Missing,
    NoSuchKey = NOT_FOUND Missing,
    NoSuchLifecycleConfiguration = NOT_FOUND Missing,
    NoSuchTagSet = NOT_FOUND Missing,
    NoSuchObjectLockConfiguration = NOT_FOUND Missing,
    NoSuchUpload = NOT_FOUND Missing,
    NoSuchVersion = NOT_FOUND Missing,
    NoSuchWebsiteConfiguration = NOT_FOUND Missing,
    NotImplemented = NOT_IMPLEMENTED Invalid,
    NotModified = NOT_MODIFIED Conflict,
    ObjectLockConfigurationNotFoundError = NOT_FOUND Missing,
    PreconditionFailed = PRECONDITION_FAILED Conflict,
    ReplicationConfigurationNotFoundError = NOT_FOUND Missing,
    RequestHeaderSectionTooLarge = BAD_REQUEST Invalid,
    RequestTimeTooSkewed = FORBIDDEN Refused,
    RequestTimeout = BAD_REQUEST Invalid,
    ServiceUnavailable = SERVICE_UNAVAILABLE Unavailable,
    SignatureDoesNotMatch = FORBIDDEN Refused,
    XAmzContentSHA256Mismatch = BAD_REQUEST Invalid,
}

/// Why a request gets no answer.
#[derive(Debug)]
#[must_use = "a refusal that is not sent is an answer withheld"]
pub struct Refusal {
    code: Code,
    message: Cow<'static, str>,
}

impl Refusal {
    /// A refusal under `code`, explained by `message`.
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into() }
    }

    /// The S3 code.
    #[must_use]
    pub const fn code(&self) -> Code {
        self.code
    }

    /// The sentence.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What kind of failure it stands for.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.code.kind()
    }

    /// The XML body of the answer.
    // SPEC: S3 error responses: no namespace; Code, Message, Resource, RequestId in this order.
    #[must_use]
    pub fn to_xml(&self, resource: &str, request: RequestId) -> String {
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{}</Code><Message>{}</Message><Resource>{}</Resource>\
             <RequestId>{request}</RequestId></Error>",
            self.code.name(),
            escape(&self.message),
            escape(resource),
        )
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.name(), self.message)
    }
}

impl std::error::Error for Refusal {}

/// Escapes text for XML; characters that XML 1.0 cannot carry become U+FFFD.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\t' | '\n' | '\r' => escaped.push(character),
            control if control < ' ' || matches!(control, '\u{FFFE}' | '\u{FFFF}') => escaped.push('\u{FFFD}'),
            plain => escaped.push(plain),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_cannot_break_out_of_the_answer() {
        let refusal = Refusal::new(Code::NoSuchKey, "no such key");
        let xml = refusal.to_xml("/b/<a>&\u{1}", RequestId::from_bytes([0; 16]));
        assert!(xml.contains("<Resource>/b/&lt;a&gt;&amp;\u{FFFD}</Resource>"), "{xml}");
    }
}

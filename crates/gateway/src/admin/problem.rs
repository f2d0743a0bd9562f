//! Problems: what the admin API answers when it does not do what was asked. RFC 9457.

use base::Kind;
use base::error::chain;
use base::id::{ApprovalId, RequestId};
use bytes::Bytes;
use custody::CustodyError;
use http::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use http::{Response, StatusCode};
use http_body_util::Full;
use serde::Serialize;

/// Where the types of problems are described; a name, not a page that is fetched.
const TYPES: &str = "https://cofferdam.example/problems/";

/// Why a request was not done.
#[derive(Debug)]
#[must_use = "a problem that is not sent is an answer withheld"]
pub struct Problem {
    status: StatusCode,
    kind: Kind,
    detail: String,
    policy: Option<Policy>,
    approval: Option<ApprovalId>,
    allow: Option<String>,
}

/// The policy that refused, for those who may know.
#[derive(Debug)]
struct Policy {
    id: String,
    guideline: String,
}

// SPEC: RFC 9457 §3: members, and extensions beside them.
#[derive(Serialize)]
struct Document<'a> {
    r#type: String,
    title: &'static str,
    status: u16,
    detail: &'a str,
    instance: String,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    guideline: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    approval: Option<ApprovalId>,
}

/// The one table from kinds to statuses and titles.
const fn of_kind(kind: Kind) -> (StatusCode, &'static str) {
    match kind {
        Kind::Invalid => (StatusCode::BAD_REQUEST, "the request is malformed"),
        Kind::Refused => (StatusCode::FORBIDDEN, "the request is refused"),
        Kind::Paused => (StatusCode::LOCKED, "the engagement is paused"),
        Kind::Missing => (StatusCode::NOT_FOUND, "there is no such thing"),
        Kind::Conflict => (StatusCode::CONFLICT, "the state does not allow it"),
        Kind::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "a part does not answer"),
        Kind::Corrupt => (StatusCode::INTERNAL_SERVER_ERROR, "stored data does not verify"),
        Kind::Bug => (StatusCode::INTERNAL_SERVER_ERROR, "the request failed inside"),
    }
}

impl Problem {
    fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self { status: of_kind(kind).0, kind, detail: detail.into(), policy: None, approval: None, allow: None }
    }

    /// The request is malformed.
    pub(super) fn invalid(detail: impl Into<String>) -> Self {
        Self::new(Kind::Invalid, detail)
    }

    /// The request is refused, whoever asks.
    pub(super) fn refused(detail: impl Into<String>) -> Self {
        Self::new(Kind::Refused, detail)
    }

    /// Nobody could be established as the caller.
    pub(super) fn unsigned(detail: &str) -> Self {
        Self { status: StatusCode::UNAUTHORIZED, ..Self::new(Kind::Refused, detail) }
    }

    /// There is no such thing.
    pub(super) fn missing(detail: impl Into<String>) -> Self {
        Self::new(Kind::Missing, detail)
    }

    /// We could not do our part.
    pub(super) fn failed(detail: impl Into<String>) -> Self {
        Self::new(Kind::Bug, detail)
    }

    /// The path exists, the method does not.
    pub(super) fn method(allowed: String) -> Self {
        let detail = format!("this path answers to {allowed}");
        Self { status: StatusCode::METHOD_NOT_ALLOWED, allow: Some(allowed), ..Self::new(Kind::Invalid, detail) }
    }

    /// What an error of custody comes to. Our own failures go to the log and are not described to the caller.
    pub(super) fn of(request: RequestId, error: &CustodyError) -> Self {
        let kind = error.kind();
        match error {
            CustodyError::Unauthenticated(why) => Self::unsigned(&why.to_string()),
            CustodyError::Denied(denial) if denial.disclose => {
                let policy = Policy { id: denial.policy.clone(), guideline: denial.guideline.clone() };
                Self { policy: Some(policy), ..Self::new(kind, error.to_string()) }
            }
            // One identical answer for all who may not know.
            CustodyError::Denied(_) | CustodyError::Hidden => {
                Self::missing("no such thing, or it is not yours to know")
            }
            CustodyError::NeedsApproval(approval) => {
                Self { approval: Some(*approval), ..Self::new(kind, error.to_string()) }
            }
            CustodyError::Missing { .. }
            | CustodyError::Invalid(_)
            | CustodyError::Conflict(_)
            | CustodyError::Incident(_)
            | CustodyError::Paused => Self::new(kind, error.to_string()),
            inside => Self::inside(request, kind, inside),
        }
    }

    fn inside(request: RequestId, kind: Kind, error: &CustodyError) -> Self {
        match kind {
            Kind::Paused | Kind::Refused | Kind::Conflict => Self::new(kind, error.to_string()),
            Kind::Unavailable => {
                tracing::warn!(%request, error = chain(error), "a part does not answer");
                Self::new(
                    kind,
                    "a part that is needed does not answer\ntry again; the log names it under the request's id",
                )
            }
            Kind::Invalid | Kind::Missing | Kind::Corrupt | Kind::Bug => {
                tracing::error!(%request, kind = %kind, error = chain(error), "a request failed inside");
                let kind = if kind == Kind::Corrupt { kind } else { Kind::Bug };
                Self::new(kind, "the request failed inside\nthe log says why under the request's id")
            }
        }
    }

    /// The answer.
    pub(super) fn render(&self, request: RequestId) -> Response<Full<Bytes>> {
        let document = Document {
            r#type: format!("{TYPES}{}", self.kind),
            title: of_kind(self.kind).1,
            status: self.status.as_u16(),
            detail: &self.detail,
            instance: format!("urn:cofferdam:request:{request}"),
            kind: self.kind.name(),
            policy: self.policy.as_ref().map(|policy| policy.id.as_str()),
            guideline: self.policy.as_ref().map(|policy| policy.guideline.as_str()),
            approval: self.approval,
        };
        let body = serde_json::to_vec(&document).unwrap_or_default();
        let mut response = Response::new(Full::new(Bytes::from(body)));
        *response.status_mut() = self.status;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(allow) = self.allow.as_ref().and_then(|allow| HeaderValue::from_str(allow).ok()) {
            response.headers_mut().insert(ALLOW, allow);
        }
        response
    }
}

//! The one table that turns what custody answers into what an S3 client is told.
//!
//! # Threats
//! Error messages are read by whoever holds a credential, stolen ones too. A denial is explained only where custody says that
//! the caller may know the thing exists; otherwise everybody gets the same sentence. Failures inside say nothing of the inside.

use base::Kind;
use base::error::chain;
use base::id::RequestId;
use custody::{Clash, CustodyError, DeleteMarker, Thing, Unknown};
use http::StatusCode;

use s3wire::{Code, Refusal};

/// What everybody is told who may not know more.
const DENIED: &str = "Access Denied";

/// Why paused engagements answer `AccessDenied`: a 503 would make clients try again and again.
const PAUSED: &str = "the engagement is paused: nothing of it moves until two people resume it";

/// Turns an error of custody into a refusal. What is our own failure goes to the log, with the request's id.
pub(crate) fn refusal(request: RequestId, error: CustodyError) -> Refusal {
    let kind = error.kind();
    match error {
        CustodyError::Unauthenticated(why) => stranger(why),
        CustodyError::Denied(denial) if denial.disclose && kind != Kind::Paused => {
            Refusal::new(Code::AccessDenied, denial.to_string())
        }
        CustodyError::Denied(denial) if denial.disclose => Refusal::new(Code::AccessDenied, PAUSED),
        CustodyError::Denied(_) | CustodyError::Hidden => Refusal::new(Code::AccessDenied, DENIED),
        CustodyError::Paused => Refusal::new(Code::AccessDenied, PAUSED),
        CustodyError::Missing { what, .. } => missing(what),
        CustodyError::Deleted(DeleteMarker { asked_for: true, .. }) => {
            Refusal::new(Code::MethodNotAllowed, "the specified method is not allowed against this resource")
        }
        CustodyError::Deleted(_) => missing(Thing::Object),
        CustodyError::Locked => {
            Refusal::new(Code::AccessDenied, "Access Denied because object protected by object lock")
        }
        CustodyError::Argument(why) => Refusal::new(Code::InvalidArgument, why),
        CustodyError::Invalid(why) => Refusal::new(Code::InvalidRequest, why),
        CustodyError::TooLarge => Refusal::new(Code::EntityTooLarge, error.to_string()),
        CustodyError::Conflict(clash) => conflict(clash, error.to_string()),
        CustodyError::NeedsApproval(_) | CustodyError::Spent(_) => Refusal::new(Code::AccessDenied, error.to_string()),
        inside => by_kind(request, kind, &inside),
    }
}

/// What kind of failure an answer with this status is. A success is none: [`Kind::Bug`].
pub(crate) fn kind_of(status: StatusCode) -> Kind {
    match status {
        StatusCode::FORBIDDEN => Kind::Refused,
        StatusCode::NOT_FOUND => Kind::Missing,
        StatusCode::CONFLICT | StatusCode::PRECONDITION_FAILED => Kind::Conflict,
        status if status == StatusCode::NOT_IMPLEMENTED || status.is_client_error() => Kind::Invalid,
        StatusCode::SERVICE_UNAVAILABLE => Kind::Unavailable,
        _ => Kind::Bug,
    }
}

/// A caller who could not be established. Nothing here depends on whether anything exists but the credential itself.
fn stranger(why: Unknown) -> Refusal {
    let code = match why {
        Unknown::NoSuchKey => Code::InvalidAccessKeyId,
        Unknown::BadToken => Code::InvalidToken,
        Unknown::BadSignature => Code::SignatureDoesNotMatch,
        Unknown::Expired => Code::ExpiredToken,
        Unknown::ClockSkew => Code::RequestTimeTooSkewed,
        Unknown::Anonymous | Unknown::Replayed | Unknown::Misplaced => Code::AccessDenied,
    };
    Refusal::new(code, why.to_string())
}

fn missing(what: Thing) -> Refusal {
    match what {
        Thing::Dataset => Refusal::new(Code::NoSuchBucket, "the specified bucket does not exist"),
        Thing::Object => Refusal::new(Code::NoSuchKey, "the specified key does not exist"),
        Thing::Version => Refusal::new(Code::NoSuchVersion, "the specified version does not exist"),
        Thing::Upload => Refusal::new(Code::NoSuchUpload, "the specified multipart upload does not exist"),
        Thing::Part => Refusal::new(Code::InvalidPart, "one or more of the specified parts could not be found"),
        Thing::Partner
        | Thing::Engagement
        | Thing::Principal
        | Thing::Grant
        | Thing::Session
        | Thing::Approval
        | Thing::Quarantined
        | Thing::Contract
        | Thing::Decoy
        | Thing::Alarm
        | Thing::Receiver
        | Thing::Incident
        | Thing::Report => Refusal::new(Code::AccessDenied, DENIED),
    }
}

fn conflict(clash: Clash, message: String) -> Refusal {
    let code = match clash {
        Clash::BucketOwned => Code::BucketAlreadyOwnedByYou,
        Clash::BucketTaken => Code::BucketAlreadyExists,
        Clash::NotEmpty => Code::BucketNotEmpty,
        Clash::LockNeedsVersioning => Code::InvalidBucketState,
        Clash::Precondition => Code::PreconditionFailed,
        Clash::InvalidPart => Code::InvalidPart,
        Clash::InvalidPartOrder => Code::InvalidPartOrder,
        Clash::PartTooSmall => Code::EntityTooSmall,
        Clash::Digest => Code::BadDigest,
        Clash::Raced | Clash::NameTaken | Clash::Already => Code::ConditionalRequestConflict,
    };
    Refusal::new(code, message)
}

/// Failures of parts. A pause or a lapsed right can surface here too, when it happened between judgement and record.
fn by_kind(request: RequestId, kind: Kind, error: &CustodyError) -> Refusal {
    match kind {
        Kind::Paused => Refusal::new(Code::AccessDenied, PAUSED),
        Kind::Refused => Refusal::new(Code::AccessDenied, DENIED),
        Kind::Conflict => Refusal::new(Code::ConditionalRequestConflict, "another request was faster; try again"),
        Kind::Unavailable => {
            tracing::warn!(%request, error = chain(error), "a part does not answer");
            Refusal::new(Code::ServiceUnavailable, "a part that is needed does not answer; try again")
        }
        Kind::Invalid | Kind::Missing | Kind::Corrupt | Kind::Bug => {
            tracing::error!(%request, kind = %kind, error = chain(error), "a request failed inside");
            Refusal::new(Code::InternalError, "the request failed inside; the request id says which")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(error: CustodyError) -> (Code, String) {
        let refusal = refusal(RequestId::from_bytes([0; 16]), error);
        (refusal.code(), refusal.message().to_owned())
    }

    fn missing(what: Thing) -> CustodyError {
        CustodyError::Missing { what, name: "secret-name".to_owned() }
    }

    #[test]
    fn those_who_may_not_know_get_one_identical_answer() {
        let hidden = answer(CustodyError::Hidden);
        assert_eq!(hidden, (Code::AccessDenied, DENIED.to_owned()));
        assert_eq!(answer(missing(Thing::Engagement)), hidden);
        assert_eq!(answer(missing(Thing::Session)), hidden);
    }

    #[test]
    fn a_pause_says_so_and_does_not_invite_another_try() {
        let (code, message) = answer(CustodyError::Paused);
        assert_eq!(code.status(), 403);
        assert!(message.contains("paused"));
    }

    #[test]
    fn nothing_is_repeated_from_the_inside() {
        let (code, message) = answer(CustodyError::Corrupt("row 17 of table versions".to_owned()));
        assert_eq!(code, Code::InternalError);
        assert!(!message.contains("17"));
        assert!(!answer(missing(Thing::Object)).1.contains("secret-name"));
    }
}

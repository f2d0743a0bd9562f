//! Which operation a request asks for, and whether it is served: decided here, before `s3s` sees the request.
//!
//! `s3s` ignores what it does not know, and could take `DELETE /bucket?logging` for the deletion of the bucket. So every
//! subresource that S3 has is known here, goes with its own operations alone, and an operation that is in no row of the table
//! is refused. The table is also what `docs/s3.md` lists, and what a failure is entered under in the ledger.

mod table;

use base::word::Verb;
use http::request::Parts;
use http::{HeaderMap, Method};
use s3wire::{Code, Refusal};

use crate::form::is_form;

pub use table::TABLE;

/// What a request addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The service as a whole.
    Service,
    /// A bucket.
    Bucket,
    /// An object.
    Object,
}

/// What tells an operation from others with the same method and target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// A subresource: a key in the query.
    Key(&'static str),
    /// A key in the query that other operations take too, as an option.
    Parameter(&'static str),
    /// A key in the query with this value.
    Pair(&'static str, &'static str),
    /// A header.
    Header(&'static str),
    /// A form as its body.
    Form,
}

/// Whether an operation is served.
#[derive(Clone, Copy, Debug)]
pub enum Standing {
    /// It is, with what a user should know.
    Served(&'static str),
    /// It is not, on purpose: the code, and why.
    Refused(Code, &'static str),
}

/// An operation of S3.
#[derive(Debug)]
pub struct Operation {
    /// As S3 names it.
    pub name: &'static str,
    /// Its method.
    pub method: Method,
    /// What it addresses.
    pub target: Target,
    /// What tells it from others.
    pub marks: &'static [Mark],
    /// The verbs its entries bear; a failure is entered under the first.
    pub verbs: &'static [Verb],
    /// Whether it is served.
    pub standing: Standing,
}

/// Subresources and marks of operations that no row has: requests for operations that came after these tables were made, or
/// that no client of a general purpose bucket sends. Refused with any method.
const FOREIGN: [&str; 7] = [
    "abac",
    "annotation",
    "append",
    "metadataConfiguration",
    "metadataInventoryTable",
    "metadataJournalTable",
    "renameObject",
];

/// A request that asks for no operation there is. Entered like one, when it fails.
pub static UNKNOWN: Operation = Operation {
    name: "Unknown",
    method: Method::GET,
    target: Target::Service,
    marks: &[],
    verbs: &[Verb::Head],
    standing: Standing::Refused(Code::NotImplemented, "there is no such operation"),
};

impl Operation {
    /// The refusal of an operation that is not served.
    ///
    /// # Errors
    /// The refusal itself.
    pub fn served(&self) -> Result<(), Refusal> {
        match self.standing {
            Standing::Served(_) => Ok(()),
            Standing::Refused(code, why) => Err(Refusal::new(code, format!("{} is not served: {why}", self.name))),
        }
    }
}

/// The bucket that a path names, and what it addresses.
#[must_use]
pub fn addressed(path: &str) -> (Target, Option<&str>) {
    let path = path.strip_prefix('/').unwrap_or(path);
    match path.split_once('/') {
        None if path.is_empty() => (Target::Service, None),
        None => (Target::Bucket, Some(path)),
        Some((bucket, "")) => (Target::Bucket, Some(bucket)),
        Some((bucket, _)) => (Target::Object, Some(bucket)),
    }
}

/// The operation that a request asks for.
///
/// # Errors
/// `MethodNotAllowed` for a subresource that the method does not go with; `InvalidArgument` for several that exclude each other;
/// `NotImplemented` for what is no operation.
pub fn find(parts: &Parts) -> Result<&'static Operation, Refusal> {
    let (target, _) = addressed(parts.uri.path());
    let query = Query::read(parts.uri.query().unwrap_or_default())?;
    let alike = || TABLE.iter().filter(|operation| operation.method == parts.method && operation.target == target);
    let fits = |operation: &&Operation| operation.marks.iter().all(|mark| mark.is_on(&query, &parts.headers));
    let Some(found) = alike().find(fits) else {
        return Err(Refusal::new(Code::MethodNotAllowed, "the specified method is not allowed against this resource"));
    };
    match query.subresources().find(|key| !found.has(key)) {
        None => Ok(found),
        Some(key) if alike().any(|other| other.has(key)) => {
            Err(Refusal::new(Code::InvalidArgument, "conflicting query string parameters"))
        }
        Some(key) if FOREIGN.contains(&key) => Err(Refusal::new(
            Code::NotImplemented,
            "a query string you provided implies functionality that is not implemented",
        )),
        Some(_) => {
            Err(Refusal::new(Code::MethodNotAllowed, "the specified method is not allowed against this resource"))
        }
    }
}

impl Operation {
    /// The verb that a failure is entered under.
    #[must_use]
    pub fn verb(&self) -> Verb {
        self.verbs.first().copied().unwrap_or(Verb::Head)
    }

    /// Whether `method`, as the trait of `s3s` spells it, is this operation.
    pub(crate) fn is(&self, method: &str) -> bool {
        let letters = method.bytes().filter(|byte| *byte != b'_').map(|byte| byte.to_ascii_lowercase());
        letters.eq(self.name.bytes().map(|byte| byte.to_ascii_lowercase()))
    }

    /// Whether it is served, and not only meant to be.
    #[must_use]
    pub fn is_implemented(&self) -> bool {
        // A form is turned into the PUT that it stands for before `s3s` sees it.
        let here = self.marks.contains(&Mark::Form);
        (here || crate::s3::IMPLEMENTED.iter().any(|method| self.is(method))) && self.served().is_ok()
    }

    fn has(&self, key: &str) -> bool {
        self.marks.iter().any(|mark| mark.key() == Some(key))
    }
}

impl Mark {
    fn is_on(self, query: &Query<'_>, headers: &HeaderMap) -> bool {
        match self {
            Self::Key(key) | Self::Parameter(key) => query.has(key),
            Self::Pair(key, value) => query.0.contains(&(key, value)),
            Self::Header(name) => headers.contains_key(name),
            Self::Form => is_form(headers),
        }
    }

    const fn key(self) -> Option<&'static str> {
        match self {
            Self::Key(key) => Some(key),
            Self::Parameter(_) | Self::Pair(..) | Self::Header(_) | Self::Form => None,
        }
    }
}

/// The pairs of a query as they are written.
struct Query<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Query<'a> {
    // No key that S3 knows has a character that needs escaping. One that is escaped all the same could pass for another.
    fn read(text: &'a str) -> Result<Self, Refusal> {
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        let pairs: Vec<_> = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, ""))).collect();
        if pairs.iter().any(|(key, _)| key.contains(['%', '+'])) {
            return Err(Refusal::new(Code::InvalidArgument, "a key of the query string is escaped"));
        }
        Ok(Self(pairs))
    }

    fn has(&self, key: &str) -> bool {
        self.0.iter().any(|(have, _)| *have == key)
    }

    /// The keys that name a subresource of any operation.
    fn subresources(&self) -> impl Iterator<Item = &'a str> {
        let known = |key: &str| FOREIGN.contains(&key) || TABLE.iter().any(|operation| operation.has(key));
        self.0.iter().map(|(key, _)| *key).filter(|key| !key.starts_with("X-Amz-")).filter(move |key| known(key))
    }
}

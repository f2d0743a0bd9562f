//! The routes of the admin API, as data.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use base::id::RequestId;
use bytes::Bytes;
use custody::{Caller, Custody};
use http::{Method, Response};
use http_body_util::Full;
use serde::de::DeserializeOwned;

use super::problem::Problem;
use super::{Interpreter, budgets, handlers, incidents, intake, watch};
use crate::tls::CertificateState;

/// Where the API begins.
const ROOT: &str = "/api/v1/";

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody who reaches the listener.
    Open,
    /// A person, by signature.
    Person,
}

/// One route.
pub struct Route {
    /// The method.
    pub method: &'static str,
    /// The path below `/api/v1/`; a segment in braces stands for anything.
    pub pattern: &'static str,
    /// What it does, as a command line would say it.
    pub verb: &'static str,
    /// Who may call it.
    pub access: Access,
    pub(super) handler: Handler,
}

/// What a handler answers.
pub(super) type Answer = Result<Response<Full<Bytes>>, Problem>;

/// Does one call.
pub(super) type Handler = fn(Call) -> Pin<Box<dyn Future<Output = Answer> + Send>>;

/// One authenticated call.
pub(super) struct Call {
    pub(super) custody: Arc<Custody>,
    pub(super) interpreter: Arc<dyn Interpreter>,
    /// How the certificate in use is; nothing when plain text is spoken.
    pub(super) certificate: Option<CertificateState>,
    pub(super) caller: Arc<Caller>,
    pub(super) request: RequestId,
    pub(super) captured: Vec<String>,
    pub(super) body: Bytes,
}

impl Call {
    /// The first captured segment.
    pub(super) fn name(&self) -> &str {
        self.captured.first().map_or("", String::as_str)
    }

    /// The first captured segment as an id.
    pub(super) fn id<T: std::str::FromStr<Err: std::fmt::Display>>(&self) -> Result<T, Problem> {
        self.name().parse().map_err(|error| Problem::invalid(format!("`{}` is {error}", self.name())))
    }

    /// The body as JSON.
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        serde_json::from_slice(&self.body)
            .map_err(|error| Problem::invalid(format!("the body is not what is expected: {error}")))
    }

    /// What an error of custody comes to for this call.
    pub(super) fn problem(&self, error: &custody::CustodyError) -> Problem {
        Problem::of(self.request, error)
    }
}

macro_rules! routes {
    ($($method:ident $pattern:literal $verb:literal => $($handler:ident)::+;)*) => {
        /// Every route a person may call, and `health`.
        pub static ROUTES: &[Route] = &[
            Route {
                method: "GET",
                pattern: "health",
                verb: "health",
                access: Access::Open,
                handler: |_| Box::pin(async { Ok(handlers::health()) }),
            },
            $(Route {
                method: stringify!($method),
                pattern: $pattern,
                verb: $verb,
                access: Access::Person,
                handler: |call| Box::pin($($handler)::+(call)),
            },)*
        ];
    };
}

routes! {
    GET "status" "status" => handlers::status;
    GET "partners" "partner list" => handlers::list_partners;
    POST "partners" "partner create" => handlers::create_partner;
    GET "partners/{name}" "partner show" => handlers::show_partner;
    GET "engagements" "engagement list" => handlers::list_engagements;
    POST "engagements" "engagement create" => handlers::create_engagement;
    GET "engagements/{name}" "engagement show" => handlers::show_engagement;
    POST "engagements/{name}/pause" "pause" => handlers::pause;
    POST "engagements/{name}/resume" "resume" => handlers::resume;
    GET "engagements/{name}/budgets" "budget show" => budgets::show;
    POST "engagements/{name}/budgets" "budget set" => budgets::set;
    GET "budgets" "budget list" => budgets::list;
    GET "datasets" "dataset list" => handlers::list_datasets;
    POST "datasets" "dataset create" => handlers::create_dataset;
    GET "datasets/{bucket}" "dataset show" => handlers::show_dataset;
    POST "datasets/{bucket}/secrets" "dataset configure" => intake::configure_secrets;
    POST "datasets/{bucket}/contract" "dataset contract set" => intake::set_contract;
    GET "datasets/{bucket}/contract" "dataset contract show" => intake::show_contract;
    GET "datasets/{bucket}/profile" "dataset profile" => intake::profile;
    POST "datasets/{bucket}/rescan" "dataset rescan" => intake::rescan;
    GET "datasets/{bucket}/rescan" "dataset rescan" => intake::rescan_state;
    GET "datasets/{bucket}/quarantine" "quarantine list" => intake::list_quarantined_of;
    GET "quarantine" "quarantine list" => intake::list_quarantined;
    GET "quarantine/{version}" "quarantine show" => intake::show_quarantined;
    POST "quarantine/{version}/release" "quarantine release" => intake::release_quarantined;
    POST "quarantine/{version}/keep" "quarantine keep" => intake::keep_quarantined;
    POST "bypasses" "bypass import" => intake::import_store_log;
    GET "principals" "principal list" => handlers::list_principals;
    POST "principals" "principal create" => handlers::create_principal;
    GET "principals/{name}" "principal show" => handlers::show_principal;
    GET "grants" "grant list" => handlers::list_grants;
    POST "grants" "grant create" => handlers::create_grant;
    GET "grants/{id}" "grant show" => handlers::show_grant;
    DELETE "grants/{id}" "grant delete" => handlers::delete_grant;
    GET "sessions" "session list" => handlers::list_sessions;
    POST "sessions" "session create" => handlers::create_session;
    GET "sessions/{id}" "session show" => handlers::show_session;
    DELETE "sessions/{id}" "session end" => handlers::end_session;
    GET "approvals" "approval list" => handlers::list_approvals;
    POST "approvals/{id}/approve" "approval grant" => handlers::approve;
    GET "decoys" "decoy list" => watch::list_decoys;
    POST "decoys/credentials" "decoy create" => watch::create_bundle;
    POST "decoys/objects" "decoy plant" => watch::bait_object;
    POST "decoys/{id}/rehearse" "decoy selftest" => watch::rehearse_decoy;
    DELETE "decoys/{id}" "decoy retire" => watch::retire_decoy;
    GET "alarms" "alarm list" => watch::list_alarms;
    POST "alarms" "alarm test" => watch::test_alarm;
    GET "alarms/{id}" "alarm show" => watch::show_alarm;
    POST "alarms/{id}/acknowledge" "alarm acknowledge" => watch::acknowledge_alarm;
    GET "receivers" "alarm receiver list" => watch::list_receivers;
    POST "receivers" "alarm receiver add" => watch::add_receiver;
    DELETE "receivers/{id}" "alarm receiver remove" => watch::drop_receiver;
    POST "scope" "scope" => handlers::scope;
    GET "incidents" "incident list" => incidents::list;
    POST "incidents" "incident open" => incidents::open;
    GET "incidents/{id}" "incident show" => incidents::show;
    POST "incidents/{id}/acts" "incident act" => incidents::act;
    POST "incidents/{id}/scope" "incident scope" => incidents::scope;
    POST "incidents/{id}/contain" "incident contain" => incidents::contain;
    POST "incidents/{id}/reports" "incident report" => incidents::report;
    GET "incidents/{id}/reports/{no}/documents/{name}" "incident report" => incidents::document;
    GET "incidents/{id}/reports/{no}/partners/{engagement}" "incident partner" => incidents::partner_document;
    POST "incidents/{id}/reports/{no}/people/{engagement}" "incident people" => incidents::people;
    GET "incident-files" "incident files" => incidents::partner_files;
    GET "ledger/checkpoint" "ledger show" => handlers::ledger;
    POST "ledger/verify" "ledger verify" => handlers::verify;
    POST "ledger/pack/{engagement}" "ledger pack" => handlers::pack;
}

/// A route and what its braces captured.
pub(super) struct Found {
    pub(super) route: &'static Route,
    pub(super) captured: Vec<String>,
}

/// Finds the route of a request.
///
/// # Errors
/// A problem for a path that is none, and for a method it does not answer to.
pub(super) fn find(method: &Method, path: &str) -> Result<Found, Problem> {
    let nothing = || Problem::missing("the admin API has no such path");
    let path = path.strip_prefix(ROOT).ok_or_else(nothing)?;
    let mut allowed = Vec::new();
    for route in ROUTES {
        let Some(captured) = captures(route.pattern, path) else { continue };
        if route.method == method.as_str() {
            return Ok(Found { route, captured });
        }
        allowed.push(route.method);
    }
    if allowed.is_empty() { Err(nothing()) } else { Err(Problem::method(allowed.join(", "))) }
}

/// Matches a path against a pattern, segment by segment; captured ones are decoded.
fn captures(pattern: &str, path: &str) -> Option<Vec<String>> {
    let (mut patterns, mut segments) = (pattern.split('/'), path.split('/'));
    let mut captured = Vec::new();
    loop {
        match (patterns.next(), segments.next()) {
            (None, None) => return Some(captured),
            (Some(pattern), Some(segment)) if pattern.starts_with('{') => captured.push(decode(segment)?),
            (Some(pattern), Some(segment)) if pattern == segment => {}
            _ => return None,
        }
    }
}

/// Decodes a segment; one that is empty, or no text, matches nothing.
fn decode(segment: &str) -> Option<String> {
    let decoded = s3wire::sigv4::decode(segment)?;
    (!decoded.is_empty()).then_some(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_find_their_route_and_method() {
        let found = find(&Method::POST, "/api/v1/engagements/a%2Fb/pause").ok().unwrap();
        assert_eq!((found.route.verb, found.captured), ("pause", vec!["a/b".to_owned()]));
        assert!(find(&Method::GET, "/api/v1/engagements//pause").is_err());
        for (method, path) in [
            (Method::GET, "/"),
            (Method::GET, "/api/v1/"),
            (Method::GET, "/api/v1/partners/"),
            (Method::GET, "/api/v1/partners/a/b"),
            (Method::PUT, "/api/v1/partners"),
            (Method::GET, "/api/v2/partners"),
        ] {
            assert!(find(&method, path).is_err(), "{method} {path}");
        }
    }

    #[test]
    fn no_two_routes_answer_the_same_request() {
        for (place, route) in ROUTES.iter().enumerate() {
            let path = format!("{ROOT}{}", route.pattern);
            let found = find(&route.method.parse().unwrap(), &path).ok().unwrap();
            assert!(std::ptr::eq(found.route, &ROUTES[place]), "{path}");
        }
    }

    #[test]
    fn only_health_is_open() {
        let open: Vec<&str> =
            ROUTES.iter().filter(|route| route.access == Access::Open).map(|route| route.pattern).collect();
        assert_eq!(open, ["health"]);
    }
}

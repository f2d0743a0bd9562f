//! What each route does: parse, call custody, render.

use base::Timestamp;
use base::word::{Purpose, State};
use bytes::Bytes;
use custody::scope::ScopeQuestion;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Response, StatusCode};
use http_body_util::Full;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::problem::Problem;
use super::routes::{Answer, Call};
use super::view::View;

/// How many selectors one scope question may have: each is looked up by itself.
const MOST_SELECTORS: usize = 1000;

/// That the process answers, and nothing else.
pub(super) fn health() -> Response<Full<Bytes>> {
    json_response(StatusCode::OK, br#"{"status":"ok"}"#.to_vec())
}

pub(super) async fn status(call: Call) -> Answer {
    let ledger = call.custody.ledger_state().await;
    let view = view(&call);
    let engagements = view.engagements();
    let paused: Vec<&str> =
        engagements.iter().filter(|row| row.state == State::Paused).map(|row| row.name.as_str()).collect();
    let mut status = json!({
        "schema": "cofferdam.status/1",
        "origin": ledger.origin,
        "entries": ledger.entries,
        "published": ledger.published,
        "engagements": engagements.len(),
        "paused": paused,
        "sessions": view.sessions().len(),
    });
    if let (Some(certificate), Some(members)) = (&call.certificate, status.as_object_mut()) {
        let certificate = json!({ "expires": certificate.expires, "problem": certificate.problem });
        members.insert("certificate".to_owned(), certificate);
    }
    answer(&status)
}

pub(super) async fn list_partners(call: Call) -> Answer {
    answer(&view(&call).partners())
}

pub(super) async fn show_partner(call: Call) -> Answer {
    one(view(&call).partners(), |row| row.name == call.name())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewPartner {
    name: String,
}

pub(super) async fn create_partner(call: Call) -> Answer {
    let new: NewPartner = call.read()?;
    let id = call.custody.create_partner(&call.caller, call.request, &new.name).await;
    created(&id.map_err(|error| call.problem(&error))?)
}

pub(super) async fn list_engagements(call: Call) -> Answer {
    answer(&view(&call).engagements())
}

pub(super) async fn show_engagement(call: Call) -> Answer {
    one(view(&call).engagements(), |row| row.name == call.name())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewEngagement {
    partner: String,
    name: String,
    purposes: Vec<Purpose>,
}

pub(super) async fn create_engagement(call: Call) -> Answer {
    let new: NewEngagement = call.read()?;
    let (partner, name) = (&new.partner, &new.name);
    let id = call.custody.create_engagement(&call.caller, call.request, partner, name, new.purposes).await;
    created(&id.map_err(|error| call.problem(&error))?)
}

/// Nothing but the signature and the name is looked at before custody stops the bytes.
pub(super) async fn pause(call: Call) -> Answer {
    let paused = call.custody.pause(std::sync::Arc::clone(&call.caller), call.request, call.name()).await;
    answer(&paused.map_err(|error| call.problem(&error))?)
}

pub(super) async fn resume(call: Call) -> Answer {
    let resumed = call.custody.resume(&call.caller, call.request, call.name()).await;
    answer(&resumed.map_err(|error| call.problem(&error))?)
}

pub(super) async fn list_datasets(call: Call) -> Answer {
    answer(&view(&call).datasets())
}

pub(super) async fn show_dataset(call: Call) -> Answer {
    one(view(&call).datasets(), |row| row.bucket == call.name())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewDataset {
    engagement: String,
    bucket: String,
    #[serde(default)]
    purposes: Vec<Purpose>,
    #[serde(default)]
    unscannable_readable: bool,
}

pub(super) async fn create_dataset(call: Call) -> Answer {
    let new: NewDataset = call.read()?;
    let (engagement, bucket) = (&new.engagement, &new.bucket);
    let id = call
        .custody
        .create_dataset(&call.caller, call.request, engagement, bucket, new.purposes, new.unscannable_readable)
        .await;
    created(&id.map_err(|error| call.problem(&error))?)
}

pub(super) async fn list_principals(call: Call) -> Answer {
    answer(&view(&call).principals())
}

pub(super) async fn show_principal(call: Call) -> Answer {
    one(view(&call).principals(), |row| row.name == call.name())
}

pub(super) async fn create_principal(call: Call) -> Answer {
    let new = call.read()?;
    let id = call.custody.create_principal(&call.caller, call.request, &new).await;
    created(&id.map_err(|error| call.problem(&error))?)
}

pub(super) async fn list_grants(call: Call) -> Answer {
    answer(&view(&call).grants())
}

pub(super) async fn show_grant(call: Call) -> Answer {
    let id = call.id()?;
    one(view(&call).grants(), |row| row.id == id)
}

pub(super) async fn create_grant(call: Call) -> Answer {
    let new = call.read()?;
    let id = call.custody.create_grant(&call.caller, call.request, &new).await;
    created(&id.map_err(|error| call.problem(&error))?)
}

pub(super) async fn delete_grant(call: Call) -> Answer {
    let dropped = call.custody.drop_grant(&call.caller, call.request, call.id()?).await;
    dropped.map_err(|error| call.problem(&error))?;
    Ok(nothing())
}

pub(super) async fn list_sessions(call: Call) -> Answer {
    answer(&view(&call).sessions())
}

pub(super) async fn show_session(call: Call) -> Answer {
    let id = call.id()?;
    one(view(&call).sessions(), |row| row.id == id)
}

pub(super) async fn create_session(call: Call) -> Answer {
    let new = call.read()?;
    let issued = call.custody.create_session(&call.caller, call.request, &new).await;
    let mut response = created(&issued.map_err(|error| call.problem(&error))?)?;
    // The one answer with a secret in it.
    response.headers_mut().insert(http::header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

pub(super) async fn end_session(call: Call) -> Answer {
    let ended = call.custody.end_session(&call.caller, call.request, call.id()?).await;
    ended.map_err(|error| call.problem(&error))?;
    Ok(nothing())
}

pub(super) async fn list_approvals(call: Call) -> Answer {
    answer(&call.custody.approvals(&call.caller).map_err(|error| call.problem(&error))?)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Approving {
    signature: String,
}

pub(super) async fn approve(call: Call) -> Answer {
    let body: Approving = call.read()?;
    let signature = data_encoding::BASE64.decode(body.signature.as_bytes());
    let signature = signature.map_err(|_| Problem::invalid("the signature is not base64"))?;
    let approved = call.custody.approve(&call.caller, call.request, call.id()?, &signature).await;
    answer(&approved.map_err(|error| call.problem(&error))?)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    selectors: Vec<Selector>,
    from: Timestamp,
    to: Timestamp,
    #[serde(default)]
    engagement: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Selector {
    kind: String,
    value: String,
}

pub(super) async fn scope(call: Call) -> Answer {
    let question = question(&call, call.read()?)?;
    let scope = call.custody.scope(&call.caller, call.request, &question).await;
    answer(&scope.map_err(|error| call.problem(&error))?)
}

/// A question in custody's words.
pub(super) fn question(call: &Call, asked: Asked) -> Result<ScopeQuestion, Problem> {
    let Asked { selectors, from, to, engagement } = asked;
    if selectors.len() > MOST_SELECTORS {
        return Err(Problem::invalid(format!("a question may have at most {MOST_SELECTORS} selectors")));
    }
    let read = |asked: Selector| {
        let unknown = || {
            Problem::invalid(format!("`{}` names no {} that accesses could be selected by", asked.value, asked.kind))
        };
        call.interpreter.selector(&asked.kind, &asked.value).ok_or_else(unknown)
    };
    let selectors = selectors.into_iter().map(read).collect::<Result<_, Problem>>()?;
    Ok(ScopeQuestion { selectors, from, to, engagement })
}

pub(super) async fn ledger(call: Call) -> Answer {
    answer(&call.custody.ledger_state().await)
}

pub(super) async fn verify(call: Call) -> Answer {
    let audited = call.custody.audit(&call.caller, call.request).await;
    let audited = audited.map_err(|error| call.problem(&error))?;
    answer(&json!({ "entries": audited.entries, "chains": audited.chains }))
}

pub(super) async fn pack(call: Call) -> Answer {
    let pack = call.custody.pack(&call.caller, call.request, call.name()).await;
    let mut response = Response::new(Full::new(Bytes::from(pack.map_err(|error| call.problem(&error))?)));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/x-tar"));
    Ok(response)
}

fn view(call: &Call) -> View<'_> {
    View::of(call.custody.directory(), &call.caller)
}

pub(super) fn answer<T: Serialize + ?Sized>(value: &T) -> Answer {
    render(StatusCode::OK, value)
}

/// What was created: an id alone becomes `{"id": ..}`.
pub(super) fn created<T: Serialize>(value: &T) -> Answer {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(id)) => render(StatusCode::CREATED, &json!({ "id": id })),
        _ => render(StatusCode::CREATED, value),
    }
}

/// One row of a list the caller may see. What it may not see is not there.
fn one<T: Serialize>(rows: Vec<T>, wanted: impl Fn(&T) -> bool) -> Answer {
    let row = rows.into_iter().find(wanted).ok_or_else(|| Problem::missing("there is no such thing"))?;
    answer(&row)
}

fn render<T: Serialize + ?Sized>(status: StatusCode, value: &T) -> Answer {
    let body = serde_json::to_vec(value).map_err(|error| {
        tracing::error!(%error, "an answer could not be written");
        Problem::failed("the answer could not be written")
    })?;
    Ok(json_response(status, body))
}

fn json_response(status: StatusCode, body: Vec<u8>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

pub(super) fn nothing() -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

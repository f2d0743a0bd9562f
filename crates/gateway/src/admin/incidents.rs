//! Incidents: parse, call custody, render.

use std::collections::BTreeMap;

use base::id::IncidentId;
use bytes::Bytes;
use custody::incidents::acts::{NewAct, Opening};
use custody::incidents::report::NewReport;
use http::Response;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use http_body_util::Full;
use serde::Deserialize;
use serde_json::json;

use super::handlers::{Asked, answer, question};
use super::problem::Problem;
use super::routes::{Answer, Call};

pub(super) async fn list(call: Call) -> Answer {
    let listed = call.custody.incidents(&call.caller, call.request).await;
    answer(&listed.map_err(|error| call.problem(&error))?)
}

pub(super) async fn open(call: Call) -> Answer {
    let new: Opening = call.read()?;
    let opened = call.custody.open_incident(&call.caller, call.request, &new).await;
    answer(&opened.map_err(|error| call.problem(&error))?)
}

pub(super) async fn show(call: Call) -> Answer {
    let shown = call.custody.incident(&call.caller, call.request, call.id()?).await;
    answer(&shown.map_err(|error| call.problem(&error))?)
}

pub(super) async fn act(call: Call) -> Answer {
    let act: NewAct = call.read()?;
    let done = call.custody.act_on_incident(&call.caller, call.request, call.id()?, act).await;
    answer(&done.map_err(|error| call.problem(&error))?)
}

#[derive(Deserialize)]
struct Scoping {
    question: Asked,
    #[serde(default)]
    why: String,
}

pub(super) async fn scope(call: Call) -> Answer {
    let Scoping { question: asked, why } = call.read()?;
    let question = question(&call, asked)?;
    let scoped = call.custody.scope_incident(&call.caller, call.request, call.id()?, &question, &why).await;
    answer(&scoped.map_err(|error| call.problem(&error))?)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Containing {
    #[serde(default)]
    engagements: Vec<String>,
}

/// What is named is paused before anything else is looked at.
pub(super) async fn contain(call: Call) -> Answer {
    let Containing { engagements } = call.read()?;
    let incident: IncidentId = call.id()?;
    let contained = call.custody.contain_incident(&call.caller, call.request, incident, &engagements).await;
    let contained = contained.map_err(|error| call.problem(&error))?;
    let failed: BTreeMap<&str, String> =
        contained.failed.iter().map(|(name, error)| (name.as_str(), error.to_string())).collect();
    answer(&json!({ "shown": contained.shown, "failed": failed }))
}

pub(super) async fn report(call: Call) -> Answer {
    let new: NewReport = call.read()?;
    let made = call.custody.report_incident(&call.caller, call.request, call.id()?, &new).await;
    answer(&made.map_err(|error| call.problem(&error))?)
}

pub(super) async fn document(call: Call) -> Answer {
    let (no, name) = (number(&call)?, captured(&call, 2));
    let document = call.custody.incident_document(&call.caller, call.request, call.id()?, (no, name)).await;
    Ok(bytes(document.map_err(|error| call.problem(&error))?))
}

pub(super) async fn partner_files(call: Call) -> Answer {
    let files = call.custody.partner_files(&call.caller, call.request).await;
    answer(&files.map_err(|error| call.problem(&error))?)
}

pub(super) async fn partner_document(call: Call) -> Answer {
    let (no, engagement) = (number(&call)?, captured(&call, 2));
    let document = call.custody.partner_document(&call.caller, call.request, call.id()?, (no, engagement)).await;
    Ok(bytes(document.map_err(|error| call.problem(&error))?))
}

pub(super) async fn people(call: Call) -> Answer {
    let (no, engagement) = (number(&call)?, captured(&call, 2));
    let list = call.custody.open_people(&call.caller, call.request, call.id()?, (no, engagement)).await;
    let mut response = answer(&list.map_err(|error| call.problem(&error))?)?;
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

fn captured(call: &Call, place: usize) -> &str {
    call.captured.get(place).map_or("", String::as_str)
}

fn number(call: &Call) -> Result<u32, Problem> {
    let text = captured(call, 1);
    text.parse().map_err(|_| Problem::invalid(format!("`{text}` is not the number of a report")))
}

/// A document as it was kept: its digest stands in the ledger, so not a byte may change.
fn bytes(document: Vec<u8>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(document)));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    response
}

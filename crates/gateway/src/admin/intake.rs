//! What comes in, as people look after it: quarantine and its decisions, what a dataset holds, scanning it anew, and what the
//! backing store says was read of it.

use base::word::Decision;
use custody::bypass::{Ours, Row};
use custody::settings::SecretsFound;
use serde::Deserialize;
use serde_json::json;

use super::handlers::answer;
use super::routes::{Answer, Call};

pub(super) async fn list_quarantined(call: Call) -> Answer {
    let listed = call.custody.quarantined(&call.caller, call.request, None).await;
    answer(&listed.map_err(|error| call.problem(&error))?)
}

pub(super) async fn list_quarantined_of(call: Call) -> Answer {
    let listed = call.custody.quarantined(&call.caller, call.request, Some(call.name())).await;
    answer(&listed.map_err(|error| call.problem(&error))?)
}

pub(super) async fn show_quarantined(call: Call) -> Answer {
    let shown = call.custody.quarantined_version(&call.caller, call.request, call.id()?).await;
    answer(&shown.map_err(|error| call.problem(&error))?)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Decided {
    reason: String,
}

pub(super) async fn release_quarantined(call: Call) -> Answer {
    decide(call, Decision::Release).await
}

pub(super) async fn keep_quarantined(call: Call) -> Answer {
    decide(call, Decision::Keep).await
}

async fn decide(call: Call, decision: Decision) -> Answer {
    let Decided { reason } = call.read()?;
    let (caller, request, version) = (&call.caller, call.request, call.id()?);
    let decided = call.custody.decide_quarantined(caller, request, version, decision, &reason).await;
    answer(&decided.map_err(|error| call.problem(&error))?)
}

pub(super) async fn profile(call: Call) -> Answer {
    let profile = call.custody.profile(&call.caller, call.request, call.name()).await;
    answer(&profile.map_err(|error| call.problem(&error))?)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Contracted {
    document: String,
}

pub(super) async fn set_contract(call: Call) -> Answer {
    let Contracted { document } = call.read()?;
    let set = call.custody.set_contract(&call.caller, call.request, call.name(), &document).await;
    answer(&set.map_err(|error| call.problem(&error))?)
}

pub(super) async fn show_contract(call: Call) -> Answer {
    let shown = call.custody.contract(&call.caller, call.request, call.name()).await;
    answer(&shown.map_err(|error| call.problem(&error))?)
}

pub(super) async fn rescan(call: Call) -> Answer {
    let queued = call.custody.rescan(&call.caller, call.request, call.name()).await;
    answer(&queued.map_err(|error| call.problem(&error))?)
}

pub(super) async fn rescan_state(call: Call) -> Answer {
    let state = call.custody.rescan_state(&call.caller, call.request, call.name()).await;
    answer(&state.map_err(|error| call.problem(&error))?)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StoreLog {
    ours: Vec<String>,
    rows: Vec<Row>,
}

pub(super) async fn import_store_log(call: Call) -> Answer {
    let StoreLog { ours, rows } = call.read()?;
    let ours = Ours { requesters: ours };
    let imported = call.custody.import_store_log(&call.caller, call.request, rows, &ours).await;
    answer(&imported.map_err(|error| call.problem(&error))?)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Secrets {
    secrets: SecretsFound,
}

pub(super) async fn configure_secrets(call: Call) -> Answer {
    let Secrets { secrets } = call.read()?;
    let configured = call.custody.configure(&call.caller, call.request, call.name(), "secrets", |settings| {
        settings.secrets = secrets;
        Ok(secrets.word().to_owned())
    });
    configured.await.map_err(|error| call.problem(&error))?;
    answer(&json!({ "bucket": call.name(), "secrets": secrets }))
}

//! `cofferdam decoy selftest`: every decoy is used, and its alarm awaited.

use std::time::Duration;

use bytes::Bytes;
use custody::alarms::Alarm;
use custody::planting::DecoyShown;
use http::{Method, Request, StatusCode};
use http_body_util::Full;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};

use super::Context;
use crate::client::{AdminClient, Endpoint, Http};
use crate::error::Error;
use crate::exit::Exit;

/// How often the server is asked whether an alarm has arrived.
const ASK_EVERY: Duration = Duration::from_millis(200);

pub(super) async fn run(context: &Context, client: &AdminClient, within: Duration) -> Result<Exit, Error> {
    let s3 = Http::new(Endpoint::read(&context.endpoint()?, context.authority())?);
    let until = Instant::now().checked_add(within).unwrap_or_else(Instant::now);
    let mut rows = Vec::new();
    for decoy in client.decoys().await? {
        for rehearsed in client.rehearse_decoy(decoy.id, s3.authority()).await? {
            let answered = match &rehearsed.target {
                Some(target) => Some(ask(&s3, target).await?),
                None => None,
            };
            let alarm = timeout_at(until, arrived(client, rehearsed.alarm)).await;
            let alarm = match alarm {
                Ok(alarm) => Some(alarm?),
                // In time or not: what there is of it by now.
                Err(_) => client.alarm(rehearsed.alarm).await.ok(),
            };
            rows.push(row(&decoy, answered, alarm.as_ref()));
        }
    }
    let columns = [
        ("DECOY", "decoy"),
        ("KIND", "kind"),
        ("WHERE", "where"),
        ("ANSWERED", "answered"),
        ("ALARM", "alarm"),
        ("TOLD", "told"),
        ("WOULD PAUSE", "would_pause"),
        ("WORKS", "works"),
    ];
    context.output.list("selftest", &columns, &rows)?;
    if rows.is_empty() {
        context.output.say("there is no decoy\nmake one with `cofferdam decoy create`");
    }
    let works = rows.iter().all(|row| row.get("works").and_then(Value::as_str) == Some("yes"));
    Ok(if works { Exit::Done } else { Exit::Findings })
}

async fn ask(s3: &std::sync::Arc<Http>, target: &str) -> Result<StatusCode, Error> {
    let request = Request::builder().method(Method::GET).uri(target).header("host", s3.authority());
    let request = request.body(Full::new(Bytes::new()));
    let request = request.map_err(|error| Error::Answer(format!("the rehearsal's request is malformed: {error}")))?;
    Ok(s3.send(request).await?.status)
}

/// The alarm, once it was entered and every receiver was told or given up.
async fn arrived(client: &AdminClient, id: base::id::AlarmId) -> Result<Alarm, Error> {
    loop {
        match client.alarm(id).await {
            Ok(alarm) if alarm.told.iter().all(|told| told.settled.is_some()) => return Ok(alarm),
            Err(error) if error.kind() != base::Kind::Missing => return Err(error),
            _ => tokio::time::sleep(ASK_EVERY).await,
        }
    }
}

fn row(decoy: &DecoyShown, answered: Option<StatusCode>, alarm: Option<&Alarm>) -> Value {
    let refused = answered.is_none_or(|status| status.is_client_error());
    let told = alarm.map(|alarm| {
        let arrived = alarm.told.iter().filter(|told| told.outcome.as_deref() == Some("arrived")).count();
        (arrived, alarm.told.len())
    });
    let all_told = told.is_some_and(|(arrived, all)| arrived == all);
    let works = if decoy.spent {
        "no: it is spent; plant another"
    } else if !refused {
        "no: it was not refused"
    } else if alarm.is_none() {
        "no: no alarm"
    } else if !all_told {
        "no: not everybody was told"
    } else {
        "yes"
    };
    json!({
        "decoy": decoy.id,
        "kind": decoy.kind,
        "where": decoy.note,
        "answered": answered.map(|status| status.as_u16()),
        "alarm": alarm.map(|alarm| alarm.id),
        "told": told.map(|(arrived, all)| format!("{arrived} of {all}")),
        "would_pause": decoy.engagements,
        "works": works,
    })
}

//! Decoys and alarms over the admin API.

use base::id::AlarmId;
use custody::planting::{NewBaitedObject, NewBundle};
use custody::rehearsal::{Rehearsal, Rehearser};
use http::header::{CACHE_CONTROL, HeaderValue};
use serde::{Deserialize, Serialize};

use super::handlers::{answer, created, nothing};
use super::problem::Problem;
use super::routes::{Answer, Call};

pub(super) async fn list_decoys(call: Call) -> Answer {
    let decoys = call.custody.decoys(&call.caller, call.request).await;
    answer(&decoys.map_err(|error| call.problem(&error))?)
}

pub(super) async fn create_bundle(call: Call) -> Answer {
    let new: NewBundle = call.read()?;
    let bundle = call.custody.create_bundle(&call.caller, call.request, &new).await;
    let mut response = created(&bundle.map_err(|error| call.problem(&error))?)?;
    // As with sessions: there are secrets in it.
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

pub(super) async fn bait_object(call: Call) -> Answer {
    let new: NewBaitedObject = call.read()?;
    let decoy = call.custody.bait_object(&call.caller, call.request, &new).await;
    created(&decoy.map_err(|error| call.problem(&error))?)
}

pub(super) async fn retire_decoy(call: Call) -> Answer {
    let retired = call.custody.retire_decoy(&call.caller, call.request, call.id()?).await;
    retired.map_err(|error| call.problem(&error))?;
    Ok(nothing())
}

pub(super) async fn list_alarms(call: Call) -> Answer {
    let alarms = call.custody.alarms(&call.caller, call.request).await;
    answer(&alarms.map_err(|error| call.problem(&error))?)
}

pub(super) async fn show_alarm(call: Call) -> Answer {
    let alarm = call.custody.alarm(&call.caller, call.request, call.id()?).await;
    answer(&alarm.map_err(|error| call.problem(&error))?)
}

pub(super) async fn acknowledge_alarm(call: Call) -> Answer {
    let alarm = call.custody.acknowledge_alarm(&call.caller, call.request, call.id()?).await;
    answer(&alarm.map_err(|error| call.problem(&error))?)
}

pub(super) async fn test_alarm(call: Call) -> Answer {
    let alarm = call.custody.test_alarm(&call.caller, call.request).await;
    created(&alarm.map_err(|error| call.problem(&error))?)
}

pub(super) async fn list_receivers(call: Call) -> Answer {
    let receivers = call.custody.receivers(&call.caller, call.request).await;
    answer(&receivers.map_err(|error| call.problem(&error))?)
}

pub(super) async fn add_receiver(call: Call) -> Answer {
    let new = call.read()?;
    let added = call.custody.add_receiver(&call.caller, call.request, new).await;
    let mut response = created(&added.map_err(|error| call.problem(&error))?)?;
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

pub(super) async fn drop_receiver(call: Call) -> Answer {
    let dropped = call.custody.drop_receiver(&call.caller, call.request, call.id()?).await;
    dropped.map_err(|error| call.problem(&error))?;
    Ok(nothing())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rehearsing {
    /// The host of the S3 endpoint, as the request will name it.
    host: String,
}

/// One request of a rehearsal.
#[derive(Serialize)]
struct Rehearsed {
    /// The target to ask for; nothing where the rehearsal needs no request.
    target: Option<String>,
    /// The alarm that it raises.
    alarm: AlarmId,
}

/// The requests that rehearse a decoy, each good for a minute and for once.
pub(super) async fn rehearse_decoy(call: Call) -> Answer {
    let Rehearsing { host } = call.read()?;
    let begun = call.custody.rehearse_decoy(&call.caller, call.request, call.id()?).await;
    let requests = match begun.map_err(|error| call.problem(&error))? {
        Rehearsal::Done(alarm) => vec![Rehearsed { target: None, alarm }],
        Rehearsal::Credentials(all) => {
            all.into_iter().map(|one| presign(&call, one, &host)).collect::<Result<Vec<_>, Problem>>()?
        }
    };
    let mut response = answer(&requests)?;
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// For how long a rehearsal's request is good.
const REHEARSED_WITHIN_SECONDS: u32 = 60;

/// Presigns a listing of buckets under a decoy's secret: what thieves ask first. What is signed is what the front door will make of
/// the request, by the same code.
fn presign(call: &Call, rehearser: Rehearser, host: &str) -> Result<Rehearsed, Problem> {
    let failed = |_| Problem::invalid("the host cannot be written into a request");
    let now = rehearser.now();
    let time = now.to_amz();
    let day = time.get(..8).unwrap_or_default().to_owned();
    let unsigned = format!(
        "/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={}%2F{day}%2F{REGION}%2Fs3%2Faws4_request&X-Amz-Date={time}\
         &X-Amz-Expires={REHEARSED_WITHIN_SECONDS}&X-Amz-Security-Token={}&X-Amz-SignedHeaders=host&X-Amz-Signature=",
        rehearser.access_key(),
        rehearser.token(),
    );
    let placeholder = "0".repeat(64);
    let request = http::Request::get(format!("{unsigned}{placeholder}")).header("host", host).body(());
    let (parts, ()) = request.map_err(failed)?.into_parts();
    let claim =
        s3wire::sigv4::read(&parts, now).map_err(|_| Problem::invalid("the host is none that S3 could have"))?;
    let signed = rehearser.sign(&day, REGION, &claim.string_to_sign);
    let (signature, alarm) = signed.map_err(|error| call.problem(&error))?;
    Ok(Rehearsed { target: Some(format!("{unsigned}{signature}")), alarm })
}

/// The region that rehearsals name; any is as good.
const REGION: &str = "us-east-1";

//! Decoys and alarms over the admin API.

use custody::planting::{NewBaitedObject, NewBundle};
use http::header::{CACHE_CONTROL, HeaderValue};

use super::handlers::{answer, created, nothing};
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

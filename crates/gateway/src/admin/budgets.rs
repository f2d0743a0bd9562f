//! Budgets: what may leave, and how much of it has.

use super::handlers::answer;
use super::routes::{Answer, Call};

pub(super) async fn list(call: Call) -> Answer {
    let listed = call.custody.list_budgets(&call.caller, call.request).await;
    answer(&listed.map_err(|error| call.problem(&error))?)
}

pub(super) async fn show(call: Call) -> Answer {
    let shown = call.custody.show_budget(&call.caller, call.request, call.name()).await;
    answer(&shown.map_err(|error| call.problem(&error))?)
}

pub(super) async fn set(call: Call) -> Answer {
    let new = call.read()?;
    let set = call.custody.set_budget(&call.caller, call.request, call.name(), &new).await;
    answer(&set.map_err(|error| call.problem(&error))?)
}

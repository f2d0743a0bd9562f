//! How receivers of alarms are told: the port of custody's outbox, by the sockets of `courier`.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use courier::{Finding, MailRoute, Trust, Undelivered, Webhook, WebhookSecret, send_mail, send_webhook};
use custody::outbox::{Courier, Delivered, Letter};
use custody::receivers::{Receiver, Route};

/// Carries letters over the network.
pub(crate) struct Couriers;

impl Courier for Couriers {
    fn deliver(&self, to: Arc<Receiver>, letter: Letter) -> Pin<Box<dyn Future<Output = Delivered> + Send>> {
        Box::pin(async move { carry(&to, &letter).await.map_err(|undelivered| undelivered.to_string()) })
    }
}

async fn carry(to: &Receiver, letter: &Letter) -> Result<(), Undelivered> {
    let id = letter.alarm.id.to_string();
    let finding = finding(letter, &id);
    match &to.route {
        Route::Webhook { url, authority } => {
            let secret = to.secret.as_deref().and_then(WebhookSecret::read);
            let secret = secret.ok_or(Undelivered::Address("it has no secret to sign with; add it anew"))?;
            let trust = trust(authority.as_deref());
            let body = finding.to_ocsf().to_string().into_bytes();
            send_webhook(&Webhook { url, trust: &trust, secret: &secret }, &id, letter.at, body).await
        }
        Route::Mail { host, port, plain, authority, login, from, to } => {
            let trust = trust(authority.as_deref());
            let login = login.as_ref().map(|(user, password)| (user.as_str(), password.as_str()));
            let route = MailRoute { host, port: *port, plain: *plain, trust: &trust, login, from, to };
            let subject = format!("[{}] {}", letter.alarm.severity, letter.alarm.details.summary);
            send_mail(&route, &id, letter.at, &subject, &text(letter)).await
        }
    }
}

fn trust(authority: Option<&str>) -> Trust {
    authority.map_or(Trust::System, |pem| Trust::Authorities(pem.to_owned()))
}

fn finding<'l>(letter: &'l Letter, id: &'l str) -> Finding<'l> {
    let Letter { alarm, origin, .. } = letter;
    Finding {
        id,
        origin,
        kind: alarm.kind,
        severity: alarm.severity,
        summary: &alarm.details.summary,
        raised: alarm.raised,
        count: alarm.count,
        engagements: alarm.details.engagements.iter().map(ToString::to_string).collect(),
        ids: alarm.details.ids.iter().map(|(name, id)| (name.clone(), id.clone())).collect(),
        rehearsal: alarm.details.rehearsal,
    }
}

/// What a mail says.
fn text(letter: &Letter) -> String {
    let Letter { alarm, origin, .. } = letter;
    let mut lines = vec![
        alarm.details.summary.clone(),
        String::new(),
        format!("alarm      {}", alarm.id),
        format!("severity   {}", alarm.severity),
        format!("raised     {}", alarm.raised),
        format!("count      {}", alarm.count),
        format!("deployment {origin}"),
    ];
    lines.extend(alarm.details.engagements.iter().map(|engagement| format!("engagement {engagement}")));
    lines.extend(alarm.details.ids.iter().map(|(name, id)| format!("{name:<10} {id}")));
    lines.push(String::new());
    lines.push(format!("See `cofferdam alarm show {}`.", alarm.id));
    lines.join("\n")
}

//! The admin API, from the other end: requests signed by a person, answers in custody's own types.

use std::sync::Arc;

use attest::person::{self, body_digest};
use base::id::{ApprovalId, EngagementId, GrantId, IncidentId, SessionId, VersionId};
use base::time::Clock;
use base::word::{Decision, Purpose};
use base::{Entropy, Kind, Timestamp};
use bytes::Bytes;
use custody::approvals::Approval;
use custody::budget_office::{BudgetUse, Budgeted, NewBudget};
use custody::bypass::{Imported, Ours, Row};
use custody::contracts::ContractAnswer;
use custody::evidence::LedgerState;
use custody::incidents::acts::{NewAct, Opening};
use custody::incidents::people::PeopleList;
use custody::incidents::report::{NewReport, Reported};
use custody::incidents::scoping::Scoped;
use custody::incidents::view::{PartnerFile, Shown};
use custody::office::{NewGrant, NewPrincipal};
use custody::pause::{Paused, Resumed};
use custody::profile::Profile;
use custody::quarantine::Quarantined;
use custody::rescan::RescanState;
use custody::scope::Scope;
use custody::sessions::{Issued, NewSession};
use custody::settings::SecretsFound;
use http::{Method, Request};
use http_body_util::Full;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::chance::SystemEntropy;
use crate::client::endpoint::Endpoint;
use crate::client::http::{Http, Response};
use crate::client::identity::Identity;
use crate::client::problem::Problem;
use crate::client::s3::encode;
use crate::clock::SystemClock;
use crate::error::Error;

/// A client of one server for one person.
pub struct AdminClient {
    server: Arc<Http>,
    identity: Identity,
    clock: SystemClock,
    entropy: SystemEntropy,
}

/// The id of something that was created.
#[derive(Debug, Serialize, Deserialize)]
pub struct Created {
    /// Its id.
    pub id: String,
}

/// A selector as the API spells it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SelectorText {
    /// `credential`, `session`, `principal` or `address`.
    pub kind: String,
    /// Which.
    pub value: String,
}

/// A question about what was reached.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ScopeAsked {
    /// Whose accesses: of any of these.
    pub selectors: Vec<SelectorText>,
    /// From when, inclusive.
    pub from: Timestamp,
    /// Until when, exclusive.
    pub to: Timestamp,
    /// Only in this engagement, by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub engagement: Option<String>,
}

impl AdminClient {
    /// A client; nothing is connected yet.
    #[must_use]
    pub fn new(server: impl Into<Endpoint>, identity: Identity) -> Self {
        Self { server: Http::new(server), identity, clock: SystemClock, entropy: SystemEntropy::default() }
    }

    /// Who signs.
    #[must_use]
    pub const fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Sends one signed request. `segments` are joined under `/api/v1`, each percent-encoded.
    ///
    /// # Errors
    /// [`Error::NoServer`], [`Error::Broken`]; [`Error::Problem`] for every answer that is no success.
    pub async fn send(&self, method: Method, segments: &[&str], body: Option<&Value>) -> Result<Response, Error> {
        let body = body.map_or_else(Bytes::new, |body| Bytes::from(body.to_string()));
        let mut path = String::from("/api/v1");
        for segment in segments {
            path.push('/');
            encode(segment, b"-._~", &mut path);
        }
        let digest = body_digest(&body);
        let authority = self.server.authority();
        let signed = person::Request { method: method.as_str(), authority, path: &path, query: None, body: &digest };
        let nonce = data_encoding::BASE64URL_NOPAD.encode(&(&self.entropy as &dyn Entropy).bytes::<16>());
        let headers = person::sign(&signed, self.clock.now(), &nonce, self.identity.key())
            .map_err(|error| Error::part("signing a request", Kind::Bug, error))?;
        let request = Request::builder()
            .method(method)
            .uri(&path)
            .header("host", authority)
            .header("content-type", "application/json")
            .header("content-digest", headers.content_digest)
            .header("signature-input", headers.signature_input)
            .header("signature", headers.signature)
            .body(Full::new(body))
            .map_err(|error| Error::Misuse(format!("the request cannot be written: {error}")))?;
        let response = self.server.send(request).await?;
        if response.status.is_success() {
            return Ok(response);
        }
        let status = response.status;
        let body = response.bytes().await?;
        Err(Error::Problem(Problem::read(status, &body)))
    }

    /// Sends one signed request and reads the answer's JSON.
    ///
    /// # Errors
    /// As [`Self::send`]; [`Error::Answer`] when the answer is not what was expected.
    pub async fn call<A: DeserializeOwned>(
        &self,
        method: Method,
        segments: &[&str],
        body: Option<&Value>,
    ) -> Result<A, Error> {
        let answer = self.send(method, segments, body).await?.bytes().await?;
        let answer = if answer.is_empty() { Bytes::from_static(b"null") } else { answer };
        serde_json::from_slice(&answer).map_err(|error| {
            Error::Answer(format!("the server's answer to `{}` is not understood: {error}", segments.join("/")))
        })
    }

    async fn get<A: DeserializeOwned>(&self, segments: &[&str]) -> Result<A, Error> {
        self.call(Method::GET, segments, None).await
    }

    async fn post<A: DeserializeOwned>(&self, segments: &[&str], body: &Value) -> Result<A, Error> {
        self.call(Method::POST, segments, Some(body)).await
    }

    /// How the server is.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn status(&self) -> Result<Value, Error> {
        self.get(&["status"]).await
    }

    /// Every row of a noun: `partners`, `engagements`, `datasets`, `principals`, `grants`, `sessions`.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn list(&self, noun: &str) -> Result<Vec<Value>, Error> {
        self.get(&[noun]).await
    }

    /// One row of a noun.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn show(&self, noun: &str, name: &str) -> Result<Value, Error> {
        self.get(&[noun, name]).await
    }

    /// Creates a partner.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn create_partner(&self, name: &str) -> Result<Created, Error> {
        self.post(&["partners"], &json!({ "name": name })).await
    }

    /// Creates an engagement.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn create_engagement(&self, partner: &str, name: &str, purposes: &[Purpose]) -> Result<Created, Error> {
        self.post(&["engagements"], &json!({ "partner": partner, "name": name, "purposes": purposes })).await
    }

    /// Creates a dataset.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn create_dataset(
        &self,
        engagement: &str,
        bucket: &str,
        purposes: &[Purpose],
        unscannable_readable: bool,
    ) -> Result<Created, Error> {
        let body = json!({
            "engagement": engagement,
            "bucket": bucket,
            "purposes": purposes,
            "unscannable_readable": unscannable_readable,
        });
        self.post(&["datasets"], &body).await
    }

    /// Says what becomes of versions of a dataset in which secrets are found.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn configure_secrets(&self, bucket: &str, secrets: SecretsFound) -> Result<Value, Error> {
        self.post(&["datasets", bucket, "secrets"], &json!({ "secrets": secrets })).await
    }

    /// Puts a dataset under a contract.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn set_contract(&self, bucket: &str, document: &str) -> Result<ContractAnswer, Error> {
        self.post(&["datasets", bucket, "contract"], &json!({ "document": document })).await
    }

    /// The contract of a dataset.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn contract(&self, bucket: &str) -> Result<ContractAnswer, Error> {
        self.get(&["datasets", bucket, "contract"]).await
    }

    /// What a dataset holds.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn profile(&self, bucket: &str) -> Result<Profile, Error> {
        self.get(&["datasets", bucket, "profile"]).await
    }

    /// Queues another scan of a dataset.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn rescan(&self, bucket: &str) -> Result<RescanState, Error> {
        self.post(&["datasets", bucket, "rescan"], &json!({})).await
    }

    /// How far a dataset's scans are, and what the last ones changed.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn rescan_state(&self, bucket: &str) -> Result<RescanState, Error> {
        self.get(&["datasets", bucket, "rescan"]).await
    }

    /// Brings rows of the backing store's log.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn import_store_log(&self, rows: &[Row], ours: &Ours) -> Result<Imported, Error> {
        self.post(&["bypasses"], &json!({ "ours": ours.requesters, "rows": rows })).await
    }

    /// What lies in quarantine: in one dataset, or wherever the caller may review.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn quarantined(&self, bucket: Option<&str>) -> Result<Vec<Quarantined>, Error> {
        match bucket {
            Some(bucket) => self.get(&["datasets", bucket, "quarantine"]).await,
            None => self.get(&["quarantine"]).await,
        }
    }

    /// One version that lies in quarantine.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn quarantined_version(&self, version: VersionId) -> Result<Quarantined, Error> {
        self.get(&["quarantine", &version.to_string()]).await
    }

    /// Lets a version out of quarantine, or records that it stays.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn decide_quarantined(
        &self,
        version: VersionId,
        decision: Decision,
        reason: &str,
    ) -> Result<Quarantined, Error> {
        let act = decision.word();
        self.post(&["quarantine", &version.to_string(), act], &json!({ "reason": reason })).await
    }

    /// Creates a principal.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn create_principal(&self, new: &NewPrincipal) -> Result<Created, Error> {
        self.post(&["principals"], &json!(new)).await
    }

    /// Makes a grant.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn create_grant(&self, new: &NewGrant) -> Result<Created, Error> {
        self.post(&["grants"], &json!(new)).await
    }

    /// Withdraws a grant.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn delete_grant(&self, grant: GrantId) -> Result<(), Error> {
        self.send(Method::DELETE, &["grants", &grant.to_string()], None).await.map(drop)
    }

    /// Issues a session.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn create_session(&self, new: &NewSession) -> Result<Issued, Error> {
        self.post(&["sessions"], &json!(new)).await
    }

    /// Ends a session.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn end_session(&self, session: SessionId) -> Result<(), Error> {
        self.send(Method::DELETE, &["sessions", &session.to_string()], None).await.map(drop)
    }

    /// Pauses an engagement.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn pause(&self, engagement: &str) -> Result<Paused, Error> {
        self.post(&["engagements", engagement, "pause"], &json!({})).await
    }

    /// Resumes an engagement, or says whose approval is missing.
    ///
    /// # Errors
    /// As [`Self::call`]; a problem that names an `approval` when another person must approve first.
    pub async fn resume(&self, engagement: &str) -> Result<Resumed, Error> {
        self.post(&["engagements", engagement, "resume"], &json!({})).await
    }

    /// Sets a budget of an engagement, or says whose approval is missing.
    ///
    /// # Errors
    /// As [`Self::resume`].
    pub async fn set_budget(&self, engagement: &str, new: &NewBudget) -> Result<Budgeted, Error> {
        self.post(&["engagements", engagement, "budgets"], &json!(new)).await
    }

    /// An engagement's budgets, and how far they are used.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn budget(&self, engagement: &str) -> Result<BudgetUse, Error> {
        self.get(&["engagements", engagement, "budgets"]).await
    }

    /// The budgets of all engagements.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn budgets(&self) -> Result<Vec<Budgeted>, Error> {
        self.get(&["budgets"]).await
    }

    /// Open requests for approval.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn approvals(&self) -> Result<Vec<Approval>, Error> {
        self.get(&["approvals"]).await
    }

    /// Approves, with a signature over the digest of exactly this act.
    ///
    /// # Errors
    /// As [`Self::call`]; [`Error::Misuse`] when there is no such request.
    pub async fn approve(&self, id: ApprovalId) -> Result<Approval, Error> {
        let open = self.approvals().await?;
        let asked = open.into_iter().find(|approval| approval.id == id);
        let asked = asked
            .ok_or_else(|| Error::Misuse(format!("no approval `{id}` is asked for\nsee `cofferdam approval list`")))?;
        let digest = attest::digest::read_hex(&asked.digest)
            .ok_or_else(|| Error::Answer("the digest of the approval is malformed".to_owned()))?;
        let signature = attest::approval::approve(self.identity.key(), id, &digest);
        let body = json!({ "signature": attest::digest::base64(&signature) });
        self.post(&["approvals", &id.to_string(), "approve"], &body).await
    }

    /// What was reached.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn scope(&self, asked: &ScopeAsked) -> Result<Scope, Error> {
        self.post(&["scope"], &json!(asked)).await
    }

    /// Every incident.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn incidents(&self) -> Result<Vec<Shown>, Error> {
        self.get(&["incidents"]).await
    }

    /// Opens an incident.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn open_incident(&self, new: &Opening) -> Result<Shown, Error> {
        self.post(&["incidents"], &json!(new)).await
    }

    /// One incident.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn incident(&self, id: IncidentId) -> Result<Shown, Error> {
        self.get(&["incidents", &id.to_string()]).await
    }

    /// Does something about an incident.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn act_on_incident(&self, id: IncidentId, act: &NewAct) -> Result<Shown, Error> {
        self.post(&["incidents", &id.to_string(), "acts"], &json!(act)).await
    }

    /// Asks what an incident reached.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn scope_incident(&self, id: IncidentId, asked: &ScopeAsked, why: &str) -> Result<Scoped, Error> {
        let body = json!({ "question": asked, "why": why });
        self.post(&["incidents", &id.to_string(), "scope"], &body).await
    }

    /// Pauses engagements for an incident; what could not be paused stands under `failed`.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn contain_incident(&self, id: IncidentId, engagements: &[String]) -> Result<Value, Error> {
        self.post(&["incidents", &id.to_string(), "contain"], &json!({ "engagements": engagements })).await
    }

    /// Makes a report of an incident.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn report_incident(&self, id: IncidentId, new: &NewReport) -> Result<Reported, Error> {
        self.post(&["incidents", &id.to_string(), "reports"], &json!(new)).await
    }

    /// The documents that were made for the caller's own engagements.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn partner_files(&self) -> Result<Vec<PartnerFile>, Error> {
        self.get(&["incident-files"]).await
    }

    /// A partner's document of a report.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub async fn partner_document(&self, id: IncidentId, no: u32, engagement: &str) -> Result<Bytes, Error> {
        let segments = ["incidents", &id.to_string(), "reports", &no.to_string(), "partners", engagement];
        self.send(Method::GET, &segments, None).await?.bytes().await
    }

    /// Opens the list of the people of an engagement, or says whose approval is missing.
    ///
    /// # Errors
    /// As [`Self::call`]; a problem that names an `approval` when another person must approve first.
    pub async fn open_people(&self, id: IncidentId, no: u32, engagement: &str) -> Result<PeopleList, Error> {
        self.post(&["incidents", &id.to_string(), "reports", &no.to_string(), "people", engagement], &json!({})).await
    }

    /// The state of the ledger.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn ledger(&self) -> Result<LedgerState, Error> {
        self.get(&["ledger", "checkpoint"]).await
    }

    /// Lets the server audit its whole ledger.
    ///
    /// # Errors
    /// As [`Self::call`]; a problem of kind `corrupt` when something does not agree.
    pub async fn verify(&self) -> Result<Value, Error> {
        self.post(&["ledger", "verify"], &json!({})).await
    }

    /// The evidence pack of an engagement.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub async fn pack(&self, engagement: &str) -> Result<Bytes, Error> {
        self.send(Method::POST, &["ledger", "pack", engagement], None).await?.bytes().await
    }

    /// The id of an engagement, by name.
    ///
    /// # Errors
    /// As [`Self::call`]; [`Error::Answer`].
    pub async fn engagement_id(&self, name: &str) -> Result<EngagementId, Error> {
        let shown = self.show("engagements", name).await?;
        let id = shown.get("id").and_then(Value::as_str).and_then(|id| id.parse().ok());
        id.ok_or_else(|| Error::Answer(format!("the answer about `{name}` names no id")))
    }
}

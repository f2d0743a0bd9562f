//! Decoys and alarms, over the admin API.

use base::id::{AlarmId, DecoyId, ReceiverId};
use custody::alarms::Alarm;
use custody::planting::{Bundle, DecoyShown, NewBaitedObject, NewBundle};
use custody::receivers::{NewReceiver, ReceiverAdded, ReceiverShown};
use http::Method;
use serde::Deserialize;
use serde_json::json;

use crate::client::AdminClient;
use crate::error::Error;

/// One request of a rehearsal.
#[derive(Debug, Deserialize)]
pub struct Rehearsed {
    /// The target to ask for; nothing where the rehearsal needs no request.
    pub target: Option<String>,
    /// The alarm that it raises.
    pub alarm: AlarmId,
}

impl AdminClient {
    /// The requests that rehearse a decoy, as they are to be sent to `host`.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn rehearse_decoy(&self, id: DecoyId, host: &str) -> Result<Vec<Rehearsed>, Error> {
        self.call(Method::POST, &["decoys", &id.to_string(), "rehearse"], Some(&json!({ "host": host }))).await
    }

    /// Who is told of alarms.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn receivers(&self) -> Result<Vec<ReceiverShown>, Error> {
        self.call(Method::GET, &["receivers"], None).await
    }

    /// Has somebody told of alarms.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn add_receiver(&self, new: &NewReceiver) -> Result<ReceiverAdded, Error> {
        self.call(Method::POST, &["receivers"], Some(&json!(new))).await
    }

    /// Tells a receiver nothing more.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn drop_receiver(&self, id: ReceiverId) -> Result<(), Error> {
        self.send(Method::DELETE, &["receivers", &id.to_string()], None).await.map(drop)
    }

    /// Makes decoy credentials to plant together.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn create_decoys(&self, new: &NewBundle) -> Result<Bundle, Error> {
        self.call(Method::POST, &["decoys", "credentials"], Some(&json!(new))).await
    }

    /// Makes a decoy of an object.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn bait_object(&self, new: &NewBaitedObject) -> Result<DecoyShown, Error> {
        self.call(Method::POST, &["decoys", "objects"], Some(&json!(new))).await
    }

    /// Every decoy.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn decoys(&self) -> Result<Vec<DecoyShown>, Error> {
        self.call(Method::GET, &["decoys"], None).await
    }

    /// Gives a decoy up.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn retire_decoy(&self, id: DecoyId) -> Result<(), Error> {
        self.send(Method::DELETE, &["decoys", &id.to_string()], None).await.map(drop)
    }

    /// The newest alarms.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn alarms(&self) -> Result<Vec<Alarm>, Error> {
        self.call(Method::GET, &["alarms"], None).await
    }

    /// One alarm.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn alarm(&self, id: AlarmId) -> Result<Alarm, Error> {
        self.call(Method::GET, &["alarms", &id.to_string()], None).await
    }

    /// Says that somebody has seen an alarm.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn acknowledge_alarm(&self, id: AlarmId) -> Result<Alarm, Error> {
        self.call(Method::POST, &["alarms", &id.to_string(), "acknowledge"], Some(&json!({}))).await
    }

    /// Raises an alarm to see whether it arrives.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn test_alarm(&self) -> Result<Alarm, Error> {
        self.call(Method::POST, &["alarms"], Some(&json!({}))).await
    }
}

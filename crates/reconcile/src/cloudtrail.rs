//! CloudTrail's data events: a JSON object with `Records`, one a request.

use std::net::IpAddr;
use std::ops::Range;

use base::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::row::{Act, Row, Thing};

/// A file of CloudTrail.
#[derive(Deserialize)]
pub(crate) struct Trail {
    #[serde(rename = "Records")]
    pub(crate) records: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    event_time: String,
    event_source: String,
    event_name: String,
    #[serde(default, rename = "sourceIPAddress")]
    source_ip_address: String,
    #[serde(default, rename = "requestID")]
    request_id: String,
    #[serde(default, rename = "eventID")]
    event_id: String,
    #[serde(default)]
    error_code: Option<String>,
    #[serde(default)]
    user_identity: Identity,
    #[serde(default)]
    request_parameters: Option<Parameters>,
    #[serde(default)]
    additional_event_data: Option<Additional>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Identity {
    #[serde(default)]
    arn: String,
    #[serde(default)]
    account_id: String,
    #[serde(default)]
    invoked_by: String,
}

#[derive(Deserialize)]
struct Parameters {
    #[serde(default)]
    key: String,
    #[serde(default, rename = "x-amz-copy-source")]
    copy_source: String,
    #[serde(default, rename = "Range", alias = "range")]
    range: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Additional {
    /// A number, which CloudTrail writes as `4096.0` at times.
    #[serde(default)]
    bytes_transferred_out: Option<f64>,
}

/// Reads a record; nothing for those of other services.
pub(crate) fn read(record: &Value) -> Result<Option<Row>, &'static str> {
    let source = record.get("eventSource").and_then(Value::as_str).ok_or("a record has no `eventSource`")?;
    if source != "s3.amazonaws.com" {
        return Ok(None);
    }
    let record = Record::deserialize(record).map_err(|_| "a record lacks `eventTime`, `eventName` or another field")?;
    debug_assert_eq!(record.event_source, source, "read twice from one value");
    let at = Timestamp::from_rfc3339(&record.event_time).ok_or("an `eventTime` is not RFC 3339")?;
    let request = if record.request_id.is_empty() { record.event_id } else { record.request_id };
    if request.is_empty() {
        return Err("a record has neither `requestID` nor `eventID`");
    }
    let parameters = record.request_parameters;
    let copied = parameters.as_ref().map(|given| given.copy_source.as_str()).filter(|source| !source.is_empty());
    // What left is the source of a copy, not what it was copied to.
    let key = copied.or(parameters.as_ref().map(|given| given.key.as_str())).unwrap_or_default();
    let who = [record.user_identity.arn, record.user_identity.invoked_by, record.user_identity.account_id];
    let sent = record.additional_event_data.and_then(|data| data.bytes_transferred_out).and_then(whole);
    Ok(Some(Row {
        at,
        request,
        act: Act::of_call(&record.event_name),
        thing: Thing::of_key(key),
        operation: record.event_name,
        requester: who.into_iter().find(|name| !name.is_empty()).unwrap_or_default(),
        // Services of the store stand there by name.
        address: record.source_ip_address.parse::<IpAddr>().ok(),
        done: record.error_code.is_none_or(|code| code.is_empty()),
        sent: if copied.is_some() { None } else { sent },
        range: parameters.as_ref().and_then(|given| range(&given.range)),
    }))
}

/// A count of bytes that is written as a number with a point.
fn whole(number: f64) -> Option<u64> {
    format!("{number:.0}").parse().ok()
}

/// `bytes=0-99`. Other forms stay unknown, which counts as all.
fn range(text: &str) -> Option<Range<u64>> {
    let (from, to) = text.strip_prefix("bytes=")?.split_once('-')?;
    let (from, to) = (from.parse::<u64>().ok()?, to.parse::<u64>().ok()?);
    (from <= to).then_some(from..to.checked_add(1)?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event() -> Value {
        json!({
            "eventVersion": "1.08", "eventTime": "2026-11-24T05:42:00Z", "eventSource": "s3.amazonaws.com", "eventName": "GetObject",
            "sourceIPAddress": "198.51.100.7", "requestID": "3E57427F3EXAMPLE", "eventID": "a4f8", "readOnly": true,
            "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/eve", "accountId": "111122223333"},
            "requestParameters": {"bucketName": "sealed", "key": "blobs/3v/x", "Range": "bytes=0-99"},
            "additionalEventData": {"bytesTransferredOut": 100.0}
        })
    }

    #[test]
    fn an_event_reads() {
        let row = read(&event()).unwrap().unwrap();
        assert_eq!((row.act, row.done, row.sent, row.range), (Act::Read, true, Some(100), Some(0..100)));
        assert_eq!(row.requester, "arn:aws:iam::111122223333:user/eve");
        assert_eq!(row.thing, Thing::Other("blobs/3v/x".to_owned()));
    }

    #[test]
    fn a_copy_reads_its_source() {
        let mut copy = event();
        copy["eventName"] = json!("CopyObject");
        copy["requestParameters"]["x-amz-copy-source"] = json!("sealed/blobs/3v/y");
        let row = read(&copy).unwrap().unwrap();
        assert_eq!((row.act, row.sent), (Act::Read, None));
        assert_eq!(row.thing, Thing::Other("sealed/blobs/3v/y".to_owned()));
    }

    #[test]
    fn other_services_are_passed_over_and_unreadable_records_are_not() {
        assert_eq!(read(&json!({"eventSource": "kms.amazonaws.com"})), Ok(None));
        assert!(read(&json!({})).is_err());
        for missing in ["eventTime", "eventName"] {
            let mut broken = event();
            broken.as_object_mut().unwrap().remove(missing);
            assert!(read(&broken).is_err(), "{missing}");
        }
        let mut refused = event();
        refused["errorCode"] = json!("AccessDenied");
        assert!(!read(&refused).unwrap().unwrap().done);
    }
}

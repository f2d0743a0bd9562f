//! The policy of an upload by HTML form: what its signer let the uploader send, and until when.
//!
//! # Threats
//! Whoever was given a form wants to store what its signer did not mean: under another key, larger, with other headers. So every
//! field must be covered by a condition, and every condition must hold.

use base::Timestamp;
use serde_json::Value;

use crate::form::Fields;
use crate::refusal::{Code, Refusal};

/// How many conditions a policy may have. The form that carries it is bounded already.
const MOST_CONDITIONS: usize = 1000;

/// A policy that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostPolicy {
    expires: Timestamp,
    conditions: Vec<Condition>,
    /// How many bytes the file may have: at least and at most.
    pub length: Option<(u64, u64)>,
}

/// What a field must be.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Condition {
    Equal { field: String, value: String },
    Prefix { field: String, prefix: String },
}

impl PostPolicy {
    /// Reads a policy from the form's field: JSON in base64.
    ///
    /// # Errors
    /// `InvalidPolicyDocument`, with what is wrong.
    pub fn read(field: &str) -> Result<Self, Refusal> {
        let text = data_encoding::BASE64.decode(field.as_bytes()).ok();
        let text = text.ok_or_else(|| invalid("it is not base64"))?;
        let document: Value = serde_json::from_slice(&plain(&text)).map_err(|_| invalid("it is not JSON"))?;
        let expires = document.get("expiration").and_then(Value::as_str).and_then(Timestamp::from_rfc3339);
        let expires = expires.ok_or_else(|| invalid("it needs an expiration in ISO 8601"))?;
        let listed = document.get("conditions").and_then(Value::as_array);
        let listed = listed.filter(|listed| (1..=MOST_CONDITIONS).contains(&listed.len()));
        let mut policy = Self { expires, conditions: Vec::new(), length: None };
        for condition in listed.ok_or_else(|| invalid("it needs a list of conditions"))? {
            policy
                .add(condition)
                .ok_or_else(|| invalid("a condition is none of eq, starts-with, content-length-range"))?;
        }
        Ok(policy)
    }

    fn add(&mut self, condition: &Value) -> Option<()> {
        match condition {
            Value::Object(pairs) => {
                for (field, value) in pairs {
                    let field = field.to_ascii_lowercase();
                    self.conditions.push(Condition::Equal { field, value: value.as_str()?.to_owned() });
                }
                (!pairs.is_empty()).then_some(())
            }
            Value::Array(parts) => {
                let [verb, first, second] = parts.as_slice() else { return None };
                match verb.as_str()?.to_ascii_lowercase().as_str() {
                    "eq" => self
                        .conditions
                        .push(Condition::Equal { field: name(first)?, value: second.as_str()?.to_owned() }),
                    "starts-with" => {
                        self.conditions
                            .push(Condition::Prefix { field: name(first)?, prefix: second.as_str()?.to_owned() });
                    }
                    "content-length-range" => {
                        let (least, most) = (number(first)?, number(second)?);
                        self.length = Some((least, most)).filter(|_| least <= most && self.length.is_none());
                        self.length?;
                    }
                    _ => return None,
                }
                Some(())
            }
            _ => None,
        }
    }

    /// Holds a form against the policy. `bucket` is a field of it too: the one that the request is addressed to.
    ///
    /// # Errors
    /// `AccessDenied`, with what does not hold.
    // SPEC: S3 POST policy: each field is covered, but for x-amz-signature, file, policy and x-ignore-*.
    pub fn check(&self, fields: &Fields, now: Timestamp) -> Result<(), Refusal> {
        if now >= self.expires {
            return Err(denied("Policy expired."));
        }
        for condition in &self.conditions {
            let (verb, field, value, holds) = match condition {
                Condition::Equal { field, value } => {
                    ("eq", field, value, fields.find(field).unwrap_or_default() == value)
                }
                Condition::Prefix { field, prefix } => ("starts-with", field, prefix, begins(fields, field, prefix)),
            };
            if !holds {
                return Err(denied(&format!("Policy Condition failed: [\"{verb}\", \"${field}\", \"{value}\"]")));
            }
        }
        let covered = |name: &str| {
            matches!(name, "x-amz-signature" | "policy")
                || name.starts_with("x-ignore-")
                || self.conditions.iter().any(|condition| {
                    let (Condition::Equal { field, .. } | Condition::Prefix { field, .. }) = condition;
                    field == name
                })
        };
        match fields.iter().find(|(name, _)| !covered(name)) {
            Some((name, _)) => Err(denied(&format!("Extra input fields: {name}"))),
            None => Ok(()),
        }
    }
}

// SPEC: S3 POST policy: Content-Type may be a list, of which each must begin so.
fn begins(fields: &Fields, field: &str, prefix: &str) -> bool {
    let value = fields.find(field).unwrap_or_default();
    match field {
        "content-type" => value.split(',').all(|one| one.trim_start().starts_with(prefix)),
        _ => value.starts_with(prefix),
    }
}

/// The field that `$name` means.
fn name(value: &Value) -> Option<String> {
    value.as_str()?.strip_prefix('$').map(str::to_ascii_lowercase)
}

/// A number of bytes, as a number or as text.
fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

/// The document as JSON has it: policies may also escape the dollar sign.
// SPEC: S3 POST policy, character escaping.
fn plain(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut bytes = text.iter().copied();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            plain.push(byte);
            continue;
        }
        match bytes.next() {
            Some(b'$') => plain.push(b'$'),
            escaped => plain.extend(std::iter::once(byte).chain(escaped)),
        }
    }
    plain
}

fn denied(why: &str) -> Refusal {
    Refusal::new(Code::AccessDenied, format!("Invalid according to Policy: {why}"))
}

fn invalid(what: &'static str) -> Refusal {
    Refusal::new(
        Code::InvalidPolicyDocument,
        format!("the content of the form does not meet the conditions of a policy document: {what}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(conditions: &str) -> Result<PostPolicy, Code> {
        let text = format!(r#"{{"expiration": "2030-01-01T00:00:00.000Z", "conditions": [{conditions}]}}"#);
        PostPolicy::read(&data_encoding::BASE64.encode(text.as_bytes())).map_err(|refusal| refusal.code())
    }

    fn form(fields: &[(&str, &str)]) -> Fields {
        let mut form = Fields::default();
        for (name, value) in fields {
            form.set(name, (*value).to_owned());
        }
        form
    }

    #[test]
    fn every_condition_holds_and_every_field_is_covered() {
        let policy = policy(
            r#"{"bucket": "b"}, ["starts-with", "$KEY", "user/"], ["eq", "$x-amz-meta-a", "\$1"],
               ["starts-with", "$Content-Type", "image/"], ["content-length-range", 1, "10"]"#,
        )
        .unwrap();
        assert_eq!(policy.length, Some((1, 10)));
        let good = [("bucket", "b"), ("key", "user/x"), ("x-amz-meta-a", "$1"), ("content-type", "image/a, image/b")];
        let now = Timestamp::from_seconds(1_700_000_000);
        let mut all = good.to_vec();
        all.extend([("x-amz-signature", "s"), ("policy", "p"), ("x-ignore-me", "")]);
        assert!(policy.check(&form(&all), now).is_ok());
        assert!(policy.check(&form(&all), Timestamp::from_seconds(1_893_456_000)).is_err(), "expired");
        for bad in [
            ("bucket", "c"),
            ("key", "other"),
            ("x-amz-meta-a", "1"),
            ("content-type", "image/a,text/b"),
            ("acl", "private"),
        ] {
            let mut fields = form(&good);
            fields.set(bad.0, bad.1.to_owned());
            assert_eq!(policy.check(&fields, now).unwrap_err().code(), Code::AccessDenied, "{bad:?}");
        }
    }

    #[test]
    fn a_policy_that_is_none_is_refused() {
        for bad in [
            "",
            "{}",
            "1",
            r#"["eq", "$key"]"#,
            r#"["eq", "key", "x"]"#,
            r#"["like", "$key", "x"]"#,
            r#"{"key": 1}"#,
            r#"["content-length-range", 0]"#,
            r#"["content-length-range", -1, 5]"#,
            r#"["content-length-range", 6, 5]"#,
        ] {
            assert_eq!(policy(bad).unwrap_err(), Code::InvalidPolicyDocument, "{bad}");
        }
        for bad in ["%", "e30=", "eA=="] {
            assert!(PostPolicy::read(bad).is_err(), "{bad}");
        }
    }
}

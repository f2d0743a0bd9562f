//! What a dataset's settings say of browsers: which pages may send requests, and which of the answer's headers they may read.
//!
//! They grant nothing: a request that a browser sends is signed and judged like any other. What they mean is for the interface
//! to say that speaks to browsers.

use serde::{Deserialize, Serialize};

/// One rule. A `*` in an origin or a header stands for any characters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CorsRule {
    /// What its author calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Where pages come from that may send requests.
    pub origins: Vec<String>,
    /// The methods they may use.
    pub methods: Vec<String>,
    /// The headers they may send.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<String>,
    /// The headers of the answer they may read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exposed: Vec<String>,
    /// How long a browser may remember the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<i32>,
}

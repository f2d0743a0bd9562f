//! Buckets in the host's name: `bucket.s3.example.org/key` for `s3.example.org/bucket/key`.
//!
//! The signature covers the target and the host as they came, so it is judged before. Then the bucket is put where everything
//! behind the front door looks for it; what is judged, recorded and served is the same either way.
//!
//! # Threats
//! The host is a stranger's text until the signature was verified, and then it is what the caller signed. It can name no more
//! than a path could: it must read as a bucket's name, or it names nothing.

use http::header::HOST;
use http::uri::PathAndQuery;
use http::{HeaderMap, Uri};
use s3wire::{Code, Refusal};

/// The names under which buckets have names of their own. Without one, buckets are in the path alone.
#[derive(Clone, Debug, Default)]
pub struct Domains(Vec<String>);

impl Domains {
    /// From names in lower case, such as `s3.example.org`.
    #[must_use]
    pub fn new(mut names: Vec<String>) -> Self {
        // Where one lies under another, the longer one is meant.
        names.sort_by_key(|name| std::cmp::Reverse(name.len()));
        Self(names)
    }

    /// The target with its bucket in the path, wherever the request had it.
    ///
    /// # Errors
    /// `InvalidURI` for a target that has no place for it.
    pub(crate) fn path_style(&self, uri: &Uri, headers: &HeaderMap) -> Result<Uri, Refusal> {
        let Some(bucket) = self.bucket(headers) else { return Ok(uri.clone()) };
        let key = if uri.path() == "/" { "" } else { uri.path() };
        let target = match uri.query() {
            Some(query) => format!("/{bucket}{key}?{query}"),
            None => format!("/{bucket}{key}"),
        };
        let target = PathAndQuery::try_from(target);
        target.map(Uri::from).map_err(|_| Refusal::new(Code::InvalidURI, "the request target cannot be read"))
    }

    fn bucket(&self, headers: &HeaderMap) -> Option<String> {
        let host = headers.get(HOST)?.to_str().ok()?.to_ascii_lowercase();
        let name = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => &host,
        };
        if self.0.iter().any(|domain| domain == name) {
            return None;
        }
        let bucket = self.0.iter().find_map(|domain| name.strip_suffix(domain)?.strip_suffix('.'))?;
        let reads = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'.';
        (!bucket.is_empty() && bucket.bytes().all(reads)).then(|| bucket.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(host: &str, target: &str) -> String {
        let domains = Domains::new(vec!["s3.example.org".to_owned(), "eu.s3.example.org".to_owned()]);
        let headers = HeaderMap::from_iter([(HOST, host.parse().unwrap())]);
        domains.path_style(&target.parse().unwrap(), &headers).unwrap().to_string()
    }

    #[test]
    fn a_bucket_in_the_name_goes_to_the_path() {
        assert_eq!(target("data.s3.example.org", "/a%20b/c?versionId=1"), "/data/a%20b/c?versionId=1");
        assert_eq!(target("DATA.s3.example.org:8333", "/?list-type=2"), "/data?list-type=2");
        assert_eq!(target("data.s3.example.org", "/"), "/data");
        assert_eq!(target("da.ta.s3.example.org", "//k"), "/da.ta//k");
        assert_eq!(target("data.eu.s3.example.org", "/k"), "/data/k");
    }

    #[test]
    fn every_other_name_means_the_path() {
        for host in
            ["s3.example.org", "eu.s3.example.org:443", "other.org", "127.0.0.1:8333", "[::1]:8333", ".s3.example.org"]
        {
            assert_eq!(target(host, "/bucket/k"), "/bucket/k", "{host}");
        }
        for host in ["a/b.s3.example.org", "a%2fb.s3.example.org", "a?b.s3.example.org", "evils3.example.org"] {
            assert_eq!(target(host, "/bucket/k"), "/bucket/k", "{host}");
        }
    }
}

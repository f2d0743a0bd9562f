//! Cross-origin requests: what a browser is told before and with an answer, from the rules stored with a bucket.
//!
//! # Threats
//! A preflight comes without a signature, since browsers cannot sign it. It is answered from the stored rules alone and opens
//! nothing; a bucket that is not there and one without rules get the same answer. Whoever guesses a bucket's name, and an origin
//! that its rules name, learns that it is there. The rules grant nothing: what follows is signed and judged.

use custody::cors::CorsRule;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, HeaderName, HeaderValue, ORIGIN, VARY,
};
use http::{HeaderMap, Method};
use s3s::dto::CORSRule;
use s3wire::{Code, Refusal};

/// How many rules a bucket may have. SPEC: S3 PutBucketCors.
const MOST_RULES: usize = 100;

const LONGEST_ID: usize = 255;
const METHODS: [&str; 5] = ["GET", "PUT", "HEAD", "POST", "DELETE"];
const VARIES: &str = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method";

/// What a browser says of a request that a page of another origin makes.
pub(crate) struct Crossing {
    origin: Option<String>,
    /// The method it announces.
    announced: Option<String>,
    method: Method,
    headers: Vec<String>,
}

impl Crossing {
    pub(crate) fn read(method: &Method, headers: &HeaderMap) -> Self {
        let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let wanted = text(ACCESS_CONTROL_REQUEST_HEADERS).unwrap_or_default();
        let wanted = wanted.split(',').map(|name| name.trim().to_ascii_lowercase()).filter(|name| !name.is_empty());
        Self {
            origin: text(ORIGIN),
            announced: text(ACCESS_CONTROL_REQUEST_METHOD),
            method: method.clone(),
            headers: wanted.collect(),
        }
    }

    /// Answers a preflight.
    ///
    /// # Errors
    /// `BadRequest` when it does not say what is to follow, `AccessForbidden` when no rule allows that.
    pub(crate) fn preflight(&self, rules: &[CorsRule]) -> Result<HeaderMap, Refusal> {
        let Some(origin) = &self.origin else {
            let why = "insufficient information: the Origin request header is needed";
            return Err(Refusal::new(Code::BadRequest, why));
        };
        let Some(method) = self.announced.as_deref().filter(|method| METHODS.contains(method)) else {
            let why = format!("invalid Access-Control-Request-Method: {}", self.announced.as_deref().unwrap_or("null"));
            return Err(Refusal::new(Code::BadRequest, why));
        };
        if rules.is_empty() {
            return Err(Refusal::new(Code::AccessForbidden, "CORSResponse: CORS is not enabled for this bucket"));
        }
        let Some((rule, pattern)) = matching(rules, origin, method, &self.headers) else {
            let why = "CORSResponse: this CORS request is not allowed: the origin, the request method or a request header is \
                       not in the bucket's CORS rules";
            return Err(Refusal::new(Code::AccessForbidden, why));
        };
        let mut answer = HeaderMap::new();
        permit(&mut answer, rule, pattern, origin);
        set(&mut answer, ACCESS_CONTROL_ALLOW_HEADERS, &self.headers.join(", "));
        Ok(answer)
    }

    /// Says in the headers of an answer, of an error too, whether the page may read it.
    pub(crate) fn mark(&self, rules: &[CorsRule], answer: &mut HeaderMap) {
        if rules.is_empty() {
            return;
        }
        let method = self.announced.as_deref().unwrap_or(self.method.as_str());
        let found = self.origin.as_ref().and_then(|origin| Some((matching(rules, origin, method, &[])?, origin)));
        match found {
            Some(((rule, pattern), origin)) => permit(answer, rule, pattern, origin),
            // What a cache keeps for one origin is not for another.
            None => set(answer, VARY, VARIES),
        }
    }
}

/// The first rule that allows a request, and the pattern that its origin fits.
fn matching<'a>(
    rules: &'a [CorsRule],
    origin: &str,
    method: &str,
    headers: &[String],
) -> Option<(&'a CorsRule, &'a str)> {
    rules.iter().find_map(|rule| {
        let pattern = rule.origins.iter().find(|pattern| fits(pattern, origin))?;
        let may_send = |name: &String| rule.headers.iter().any(|allowed| fits(&allowed.to_ascii_lowercase(), name));
        let allowed = rule.methods.iter().any(|allowed| allowed == method) && headers.iter().all(may_send);
        allowed.then_some((rule, pattern.as_str()))
    })
}

/// Whether `text` fits a pattern with at most one `*`.
fn fits(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, end)) => text.strip_prefix(start).is_some_and(|rest| rest.ends_with(end)),
    }
}

// SPEC: S3: a rule for any origin is answered with `*`, any other with the origin that asked.
fn permit(answer: &mut HeaderMap, rule: &CorsRule, pattern: &str, origin: &str) {
    if pattern == "*" {
        set(answer, ACCESS_CONTROL_ALLOW_ORIGIN, pattern);
    } else {
        set(answer, ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        set(answer, ACCESS_CONTROL_ALLOW_CREDENTIALS, "true");
    }
    set(answer, ACCESS_CONTROL_ALLOW_METHODS, &rule.methods.join(", "));
    set(answer, ACCESS_CONTROL_EXPOSE_HEADERS, &rule.exposed.join(", "));
    set(answer, ACCESS_CONTROL_MAX_AGE, &rule.seconds.map(|seconds| seconds.to_string()).unwrap_or_default());
    set(answer, VARY, VARIES);
}

fn set(answer: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value)
        && !value.is_empty()
    {
        answer.insert(name, value);
    }
}

/// The rules of a document.
///
/// # Errors
/// `MalformedXML` or `InvalidRequest` for what S3 does not take.
// SPEC: S3 PutBucketCors and CORSRule.
pub(crate) fn of_document(rules: Vec<CORSRule>) -> Result<Vec<CorsRule>, Refusal> {
    if rules.is_empty() || rules.len() > MOST_RULES {
        return Err(Refusal::new(Code::MalformedXML, format!("a CORS configuration has 1 to {MOST_RULES} rules")));
    }
    rules.into_iter().map(read).collect()
}

fn read(rule: CORSRule) -> Result<CorsRule, Refusal> {
    let invalid = |why: String| Err(Refusal::new(Code::InvalidRequest, why));
    let rule = CorsRule {
        id: rule.id,
        origins: rule.allowed_origins,
        methods: rule.allowed_methods,
        headers: rule.allowed_headers.unwrap_or_default(),
        exposed: rule.expose_headers.unwrap_or_default(),
        seconds: rule.max_age_seconds,
    };
    if rule.origins.is_empty() || rule.methods.is_empty() {
        return Err(Refusal::new(Code::MalformedXML, "a CORS rule needs an allowed origin and an allowed method"));
    }
    if rule.id.as_ref().is_some_and(|id| id.len() > LONGEST_ID) || rule.seconds.is_some_and(|seconds| seconds < 0) {
        return invalid(
            "the ID of a CORS rule has at most 255 characters, and its MaxAgeSeconds is not negative".to_owned(),
        );
    }
    if let Some(method) = rule.methods.iter().find(|method| !METHODS.contains(&method.as_str())) {
        return invalid(format!("found unsupported HTTP method in CORS config: unsupported method is {method}"));
    }
    if let Some(wild) = rule.origins.iter().chain(&rule.headers).find(|text| text.matches('*').count() > 1) {
        return invalid(format!("`{wild}` can not have more than one wildcard"));
    }
    if let Some(wild) = rule.exposed.iter().find(|name| name.contains('*')) {
        return invalid(format!("ExposeHeader `{wild}` contains a wildcard, which is not supported"));
    }
    // Each goes into a header of answers.
    if rule.origins.iter().chain(&rule.headers).chain(&rule.exposed).any(|text| HeaderValue::from_str(text).is_err()) {
        return invalid("a CORS rule has characters that no header can carry".to_owned());
    }
    Ok(rule)
}

/// The rules as a document has them.
pub(crate) fn to_document(rules: &[CorsRule]) -> Vec<CORSRule> {
    let some = |list: &[String]| (!list.is_empty()).then(|| list.to_vec());
    let rule = |rule: &CorsRule| CORSRule {
        id: rule.id.clone(),
        allowed_origins: rule.origins.clone(),
        allowed_methods: rule.methods.clone(),
        allowed_headers: some(&rule.headers),
        expose_headers: some(&rule.exposed),
        max_age_seconds: rule.seconds,
    };
    rules.iter().map(rule).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_characters() {
        for (pattern, text, expected) in [
            ("*", "https://a.example", true),
            ("https://*.example", "https://a.example", true),
            ("https://*.example", "https://.example", true),
            ("https://*.example", "http://a.example", false),
            ("*suffix", "foo.suffix", true),
            ("start*end", "startend", true),
            ("start*end", "starend", false),
            ("ab*ba", "aba", false),
            ("https://a.example", "https://A.example", false),
        ] {
            assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn rules_that_could_not_be_kept_are_refused() {
        let rule = |origin: &str, method: &str, exposed: &str| CORSRule {
            allowed_origins: vec![origin.to_owned()],
            allowed_methods: vec![method.to_owned()],
            allowed_headers: None,
            expose_headers: Some(vec![exposed.to_owned()]),
            id: None,
            max_age_seconds: None,
        };
        let code = |rules| of_document(rules).map(|_| ()).map_err(|refusal| refusal.code());
        assert_eq!(code(vec![rule("*", "GET", "etag")]), Ok(()));
        assert_eq!(code(vec![rule("*", "PATCH", "etag")]), Err(Code::InvalidRequest));
        assert_eq!(code(vec![rule("*.*", "GET", "etag")]), Err(Code::InvalidRequest));
        assert_eq!(code(vec![rule("*", "GET", "*")]), Err(Code::InvalidRequest));
        assert_eq!(code(vec![rule("a\nb", "GET", "etag")]), Err(Code::InvalidRequest));
        assert_eq!(code(Vec::new()), Err(Code::MalformedXML));
        assert_eq!(code(vec![rule("*", "GET", "etag"); MOST_RULES + 1]), Err(Code::MalformedXML));
    }
}

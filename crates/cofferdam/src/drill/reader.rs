//! A client that reads, and remembers exactly what it asked for and what it received.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use attest::digest::hex;
use aws_lc_rs::digest::{Context, SHA256};
use bytes::Bytes;
use http::{Method, StatusCode};

use crate::client::{Response, S3Client};
use crate::drill::spans::Spans;
use crate::drill::truth::Place;
use crate::error::Error;

/// How much of a refusal is kept for the report.
const LONGEST_REFUSAL_CHARS: usize = 300;

/// What one credential took.
#[derive(Clone, Debug, Default)]
pub(super) struct Taken {
    /// By object.
    pub(super) objects: BTreeMap<Place, Taking>,
    /// Objects whose names it was told.
    pub(super) names: BTreeSet<Place>,
    /// Answers that were broken off in the middle.
    pub(super) cut: u64,
    /// Requests that were refused.
    pub(super) refused: u64,
}

/// What was taken of one object.
#[derive(Clone, Debug, Default)]
pub(super) struct Taking {
    pub(super) asked: Spans,
    pub(super) received: Spans,
}

/// How a read ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// All of it came, with this SHA-256.
    Whole([u8; 32]),
    /// It broke off after so many bytes.
    Cut(u64),
    /// The server said no, and this.
    Refused(StatusCode, String),
}

impl Taken {
    /// How many bytes it received, repeats counted once.
    pub(super) fn bytes(&self) -> u64 {
        self.objects.values().map(|taking| taking.received.len()).sum()
    }

    /// Objects of which it received something.
    pub(super) fn received(&self) -> impl Iterator<Item = (&Place, &Spans)> {
        let all = self.objects.iter().map(|(place, taking)| (place, &taking.received));
        all.filter(|(_, received)| received.len() > 0)
    }
}

/// Reads with one session.
#[derive(Clone)]
pub(super) struct Reader {
    client: S3Client,
    taken: Arc<Mutex<Taken>>,
}

impl Reader {
    /// Reads with this client; what it takes is added to `taken`, which several readers may share.
    pub(super) fn new(client: S3Client, taken: Arc<Mutex<Taken>>) -> Self {
        Self { client, taken }
    }

    /// What was taken so far.
    pub(super) fn taken(&self) -> Taken {
        self.lock().clone()
    }

    /// Reads an object, or a range of it.
    pub(super) async fn read(&self, place: &Place, range: Option<Range<u64>>, size: u64) -> Result<Ended, Error> {
        let asked = range.clone().unwrap_or(0..size);
        let wanted = format!("bytes={}-{}", asked.start, asked.end.saturating_sub(1));
        let headers: &[(&str, &str)] = if range.is_some() { &[("range", &wanted)] } else { &[] };
        self.lock().objects.entry(place.clone()).or_default().asked.add(asked.clone());
        let answer = self.client.request(Method::GET, &place.0, &place.1, &[], headers, Bytes::new()).await;
        let mut answer = match answer {
            Ok(answer) if answer.status.is_success() => answer,
            Ok(answer) => {
                self.note(|taken| &mut taken.refused);
                return refusal(answer).await;
            }
            Err(Error::Broken { .. }) => {
                self.note(|taken| &mut taken.cut);
                return Ok(Ended::Cut(0));
            }
            Err(error) => return Err(error),
        };
        let mut digest = Context::new(&SHA256);
        let mut at = asked.start;
        loop {
            match answer.chunk().await {
                Ok(Some(bytes)) => {
                    digest.update(&bytes);
                    let end = at.saturating_add(bytes.len() as u64);
                    self.lock().objects.entry(place.clone()).or_default().received.add(at..end);
                    at = end;
                }
                Ok(None) if at == asked.end => {
                    return Ok(Ended::Whole(digest.finish().as_ref().try_into().unwrap_or_default()));
                }
                Ok(None) | Err(Error::Broken { .. }) => {
                    self.note(|taken| &mut taken.cut);
                    return Ok(Ended::Cut(at.saturating_sub(asked.start)));
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Lists a bucket, page by page.
    pub(super) async fn list(&self, bucket: &str) -> Result<Vec<String>, Error> {
        let mut keys = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let mut query = vec![("list-type", "2"), ("encoding-type", "url")];
            query.extend(token.as_deref().map(|token| ("continuation-token", token)));
            let answer = self.client.request(Method::GET, bucket, "", &query, &[], Bytes::new()).await?;
            if !answer.status.is_success() {
                let refused = refusal(answer).await?;
                return Err(Error::Answer(format!("listing `{bucket}` was refused: {refused:?}")));
            }
            let page = String::from_utf8_lossy(&answer.bytes().await?).into_owned();
            let here: Vec<String> = elements(&page, "Key").map(url_decoded).collect();
            self.lock().names.extend(here.iter().map(|key| (bucket.to_owned(), key.clone())));
            keys.extend(here);
            token = elements(&page, "NextContinuationToken").next().map(str::to_owned);
            if token.is_none() {
                return Ok(keys);
            }
        }
    }

    fn note(&self, count: impl Fn(&mut Taken) -> &mut u64) {
        let mut taken = self.lock();
        let count = count(&mut taken);
        *count = count.saturating_add(1);
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes an object.
pub(super) async fn put(client: &S3Client, place: &Place, bytes: Vec<u8>) -> Result<(), Error> {
    let answer = client.request(Method::PUT, &place.0, &place.1, &[], &[], Bytes::from(bytes)).await?;
    if answer.status.is_success() {
        return answer.bytes().await.map(drop);
    }
    let refused = refusal(answer).await?;
    Err(Error::Answer(format!("putting `{}/{}` was refused: {refused:?}", place.0, place.1)))
}

async fn refusal(answer: Response) -> Result<Ended, Error> {
    let status = answer.status;
    let body = answer.bytes().await.unwrap_or_default();
    let text = String::from_utf8_lossy(&body).into_owned();
    let said = match (elements(&text, "Code").next(), elements(&text, "Message").next()) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        _ => text.clone(),
    };
    let one_line = said.replace('\n', "; ");
    Ok(Ended::Refused(status, one_line.chars().take(LONGEST_REFUSAL_CHARS).collect()))
}

/// The text of every element of this name. Enough for the answers of S3, in which these elements hold text alone.
fn elements<'a>(xml: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let mut rest = xml;
    std::iter::from_fn(move || {
        let (_, after) = rest.split_once(&open)?;
        let (text, after) = after.split_once(&close)?;
        rest = after;
        Some(text)
    })
}

/// Undoes `encoding-type=url`.
fn url_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digits: Vec<u8> = rest.by_ref().take(2).collect();
                let value = std::str::from_utf8(&digits).ok().and_then(|digits| u8::from_str_radix(digits, 16).ok());
                bytes.push(value.unwrap_or(b'%'));
            }
            other => bytes.push(other),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Whole(digest) => write!(f, "whole, sha-256 {}", hex(digest)),
            Self::Cut(bytes) => write!(f, "broken off after {bytes} bytes"),
            Self::Refused(status, said) => write!(f, "{}: {said}", status.as_u16()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listings_are_read() {
        let page = "<R><Contents><Key>a%2Fb+c</Key></Contents><Contents><Key>%C3%A4</Key></Contents>\
                    <NextContinuationToken>t1</NextContinuationToken></R>";
        let keys: Vec<String> = elements(page, "Key").map(url_decoded).collect();
        assert_eq!(keys, ["a/b c", "ä"]);
        assert_eq!(elements(page, "NextContinuationToken").next(), Some("t1"));
        assert_eq!(elements(page, "Code").next(), None);
    }
}

//! An S3 client as the documentation describes one, written apart from the gateway's own reading of it.

use std::net::SocketAddr;
use std::sync::Arc;

use base::{Clock, Secret};
use custody::sessions::Issued;
use custody::signature::SigningKey;
use testkit::ManualClock;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub(crate) const REGION: &str = "eu-north-9";

pub(crate) struct Client {
    pub(crate) server: SocketAddr,
    /// What it calls the server.
    pub(crate) host: String,
    pub(crate) issued: Issued,
    pub(crate) clock: Arc<ManualClock>,
}

/// A request that was signed; its signature, scope and key sign the chunks of its body.
pub(crate) struct Signed {
    pub(crate) head: String,
    pub(crate) signature: String,
    pub(crate) date: String,
    pub(crate) scope: String,
    pub(crate) key: SigningKey,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    /// What stands between the first `<tag>` and its end.
    pub(crate) fn tag(&self, tag: &str) -> String {
        let text = self.text();
        let rest = text.split_once(&format!("<{tag}>")).map(|(_, rest)| rest.to_owned());
        rest.and_then(|rest| rest.split_once(&format!("</{tag}>")).map(|(inside, _)| inside.to_owned()))
            .unwrap_or_default()
    }

    pub(crate) fn tags(&self, tag: &str) -> Vec<String> {
        let (text, open) = (self.text(), format!("<{tag}>"));
        let pieces = text.split(&open).skip(1);
        pieces.map(|piece| piece.split("</").next().unwrap().to_owned()).collect()
    }

    pub(crate) fn code(&self) -> String {
        self.tag("Code")
    }
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    data_encoding::HEXLOWER.encode(digest.as_ref())
}

impl Client {
    fn key(&self, day: &str) -> SigningKey {
        let mut secret: [u8; 40] = self.issued.secret.as_bytes().try_into().unwrap();
        SigningKey::derive(&Secret::take(&mut secret), day, REGION, "s3")
    }

    /// Signs a request by header. `payload` is the value of `x-amz-content-sha256`.
    pub(crate) fn sign(&self, method: &str, target: &str, extra: &[(&str, &str)], payload: &str) -> Signed {
        let date = self.clock.now().to_amz();
        let day = &date[..8];
        let (host, token) = (self.host.clone(), self.issued.token.as_str());
        let mut headers: Vec<(&str, &str)> = extra.to_vec();
        headers.extend([("host", host.as_str()), ("x-amz-content-sha256", payload), ("x-amz-date", date.as_str())]);
        headers.push(("x-amz-security-token", token));
        headers.sort_unstable();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut pairs: Vec<String> = query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| if pair.contains('=') { pair.to_owned() } else { format!("{pair}=") })
            .collect();
        // By key: `=` must not take part in the comparison.
        pairs.sort_by(|left, right| left.split('=').cmp(right.split('=')));
        let canonical_headers: String = headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
        let names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
        let names = names.join(";");
        let canonical = format!("{method}\n{path}\n{}\n{canonical_headers}\n{names}\n{payload}", pairs.join("&"));
        let scope = format!("{day}/{REGION}/s3/aws4_request");
        let key = self.key(day);
        let signature = key.sign(&format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", sha256(canonical.as_bytes())));
        let mut head = format!("{method} {target} HTTP/1.1\r\n");
        for (name, value) in &headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let access_key = &self.issued.access_key;
        head.push_str(&format!(
            "authorization: AWS4-HMAC-SHA256 Credential={access_key}/{scope}, SignedHeaders={names}, Signature={signature}\r\n\r\n"
        ));
        Signed { head, signature, date: date.clone(), scope, key }
    }

    /// Signs the policy of a form: date, credential, signature.
    pub(crate) fn sign_policy(&self, policy: &str) -> (String, String, String) {
        let date = self.clock.now().to_amz();
        let day = &date[..8];
        let credential = format!("{}/{day}/{REGION}/s3/aws4_request", self.issued.access_key);
        let signature = self.key(day).sign(policy);
        (date, credential, signature)
    }

    /// A presigned target.
    pub(crate) fn presign(&self, method: &str, path: &str, seconds: u32) -> String {
        let date = self.clock.now().to_amz();
        let day = &date[..8];
        let escape = |text: &str| {
            text.bytes()
                .map(|byte| {
                    if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                        char::from(byte).to_string()
                    } else {
                        format!("%{byte:02X}")
                    }
                })
                .collect::<String>()
        };
        let scope = format!("{day}/{REGION}/s3/aws4_request");
        let query = format!(
            "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={}&X-Amz-Date={date}&X-Amz-Expires={seconds}\
             &X-Amz-Security-Token={}&X-Amz-SignedHeaders=host",
            escape(&format!("{}/{scope}", self.issued.access_key)),
            escape(&self.issued.token)
        );
        let canonical = format!("{method}\n{path}\n{query}\nhost:{}\n\nhost\nUNSIGNED-PAYLOAD", self.host);
        let text = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", sha256(canonical.as_bytes()));
        format!("{path}?{query}&X-Amz-Signature={}", self.key(day).sign(&text))
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.server).await.unwrap()
    }

    /// Sends a signed request with a hashed body and reads the answer.
    pub(crate) async fn send(&self, method: &str, target: &str, extra: &[(&str, &str)], body: &[u8]) -> Answer {
        let length = body.len().to_string();
        let mut headers = extra.to_vec();
        if !body.is_empty() || method == "PUT" || method == "POST" {
            headers.push(("content-length", &length));
        }
        let signed = self.sign(method, target, &headers, &sha256(body));
        self.exchange(signed.head.as_bytes(), body, method == "HEAD").await
    }

    pub(crate) async fn get(&self, target: &str) -> Answer {
        self.send("GET", target, &[], b"").await
    }

    pub(crate) async fn put(&self, target: &str, body: &[u8]) -> Answer {
        self.send("PUT", target, &[], body).await
    }

    /// Sends bytes as they are on a fresh connection and reads one answer.
    pub(crate) async fn exchange(&self, head: &[u8], body: &[u8], headless: bool) -> Answer {
        let mut stream = self.connect().await;
        stream.write_all(head).await.unwrap();
        // The server may answer and close before it has read the body.
        let _ = stream.write_all(body).await;
        read_answer(&mut stream, headless).await
    }
}

/// Reads a head, without its body.
pub(crate) async fn read_head(stream: &mut (impl AsyncReadExt + Unpin)) -> Answer {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(error) => panic!("{error} after {:?}", String::from_utf8_lossy(&head)),
        }
    }
    let head = String::from_utf8(head).unwrap();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    Answer { status, headers, body: Vec::new() }
}

/// Reads one answer: by its length, or to its end.
pub(crate) async fn read_answer(stream: &mut (impl AsyncReadExt + Unpin), headless: bool) -> Answer {
    let mut answer = read_head(stream).await;
    if headless || matches!(answer.status, 100 | 204 | 304) {
        return answer;
    }
    match answer.header("content-length").map(|length| length.parse().unwrap()) {
        Some(length) => {
            answer.body = vec![0; length];
            stream.read_exact(&mut answer.body).await.unwrap();
        }
        None => panic!("an answer without a length: {answer:?}"),
    }
    answer
}

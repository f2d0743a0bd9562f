//! Mail: one message to one mailbox, over SMTP.
//!
//! SPEC: RFC 5321 (SMTP), RFC 3207 (STARTTLS), RFC 4954 (AUTH PLAIN), RFC 5322 (the message). Credentials go over TLS alone. What a server
//! offered before TLS is forgotten after it.

use base::Timestamp;
use data_encoding::BASE64;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::LONGEST_ATTEMPT;
use crate::connection::{Trust, Wire, connect, secure};
use crate::error::Undelivered;

/// SPEC: RFC 5321 §4.5.3.1.5: a reply line has at most 512 bytes; some servers greet with more.
const LONGEST_LINE_BYTES: usize = 2048;

/// How many lines one reply may have.
const MOST_LINES: usize = 64;

/// The port of SMTP over TLS from its first byte. SPEC: RFC 8314.
const IMPLICIT_TLS: u16 = 465;

/// How a message goes out.
pub struct MailRoute<'a> {
    /// The server's name.
    pub host: &'a str,
    /// Its port. 465 speaks TLS at once, every other after STARTTLS.
    pub port: u16,
    /// Whether plain text will do: a relay on this machine.
    pub plain: bool,
    /// Whom to believe about its name.
    pub trust: &'a Trust,
    /// A user and password, where the server asks for them.
    pub login: Option<(&'a str, &'a str)>,
    /// The mailbox it comes from.
    pub from: &'a str,
    /// The mailbox it goes to.
    pub to: &'a str,
}

/// Sends a message. It has arrived when the server has taken it.
///
/// # Errors
/// [`Undelivered`], after [`LONGEST_ATTEMPT`] at the latest.
pub async fn send_mail(
    route: &MailRoute<'_>,
    id: &str,
    at: Timestamp,
    subject: &str,
    text: &str,
) -> Result<(), Undelivered> {
    let message = message(route, id, at, subject, text)?;
    tokio::time::timeout(LONGEST_ATTEMPT, converse(route, &message)).await.unwrap_or(Err(Undelivered::Late))
}

async fn converse(route: &MailRoute<'_>, message: &str) -> Result<(), Undelivered> {
    let stream = connect(route.host, route.port).await?;
    let mut speaking: Speaking<Box<dyn Wire>> = match (route.plain, route.port) {
        (true, _) => Speaking(Box::new(stream) as Box<dyn Wire>).greeted().await?,
        (false, IMPLICIT_TLS) => Speaking(secure(stream, route.host, route.trust).await?).greeted().await?,
        // It has greeted already, before TLS.
        (false, _) => Speaking(secure(start_tls(stream).await?, route.host, route.trust).await?),
    };
    speaking.say("EHLO cofferdam", 250).await?;
    if let Some((user, password)) = route.login {
        // INVARIANT: a password is never said in plain text.
        if route.plain {
            return Err(Undelivered::Address("a password needs TLS"));
        }
        let plain = BASE64.encode(format!("\0{user}\0{password}").as_bytes());
        speaking.say(&format!("AUTH PLAIN {plain}"), 235).await?;
    }
    speaking.say(&format!("MAIL FROM:<{}>", route.from), 250).await?;
    speaking.say(&format!("RCPT TO:<{}>", route.to), 250).await?;
    speaking.say("DATA", 354).await?;
    speaking.say(message, 250).await?;
    // It has the message; whether it says goodbye is its own affair.
    let _ = speaking.say("QUIT", 221).await;
    Ok(())
}

/// Asks for TLS in plain text, and hands the stream on for it.
async fn start_tls(stream: TcpStream) -> Result<TcpStream, Undelivered> {
    let mut speaking = Speaking(stream).greeted().await?;
    speaking.say("EHLO cofferdam", 250).await?;
    speaking.say("STARTTLS", 220).await?;
    Ok(speaking.0)
}

/// A conversation. It reads byte by byte as far as a reply goes and no further, so that nothing said before TLS is taken for
/// something said after it.
struct Speaking<S>(S);

impl<S: Wire> Speaking<S> {
    async fn greeted(mut self) -> Result<Self, Undelivered> {
        self.expect(220).await?;
        Ok(self)
    }

    async fn say(&mut self, line: &str, expected: u16) -> Result<(), Undelivered> {
        self.0.write_all(line.as_bytes()).await.map_err(Undelivered::Unreachable)?;
        self.0.write_all(b"\r\n").await.map_err(Undelivered::Unreachable)?;
        self.0.flush().await.map_err(Undelivered::Unreachable)?;
        self.expect(expected).await
    }

    async fn expect(&mut self, expected: u16) -> Result<(), Undelivered> {
        for _ in 0..MOST_LINES {
            let line = self.line().await?;
            let status = line.get(..3).and_then(|digits| std::str::from_utf8(digits).ok()?.parse::<u16>().ok());
            let status = status.ok_or(Undelivered::Garbled("a reply without a status"))?;
            if line.get(3) == Some(&b'-') {
                continue;
            }
            return if status == expected { Ok(()) } else { Err(Undelivered::Refused(status)) };
        }
        Err(Undelivered::Garbled("a reply of too many lines"))
    }

    async fn line(&mut self) -> Result<Vec<u8>, Undelivered> {
        let mut line = Vec::new();
        while line.len() < LONGEST_LINE_BYTES {
            match self.0.read_u8().await.map_err(Undelivered::Unreachable)? {
                b'\n' => return Ok(line),
                byte => line.push(byte),
            }
        }
        Err(Undelivered::Garbled("a reply line that is too long"))
    }
}

/// The message as it is sent after `DATA`, with its end.
fn message(route: &MailRoute<'_>, id: &str, at: Timestamp, subject: &str, text: &str) -> Result<String, Undelivered> {
    // What stands in a line of its own must be one: a line break in it would be a command of the sender's.
    let one_line =
        [route.from, route.to, id, subject].iter().all(|part| part.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
    let mailbox = |text: &str| text.contains('@') && !text.contains(['<', '>', ' ']);
    if !one_line || !mailbox(route.from) || !mailbox(route.to) {
        return Err(Undelivered::Address("a mailbox is not written like name@example.org"));
    }
    let domain = route.from.rsplit('@').next().unwrap_or("cofferdam");
    let mut message = format!(
        "From: Cofferdam <{from}>\r\nTo: <{to}>\r\nSubject: {subject}\r\nDate: {date}\r\nMessage-ID: <{id}@{domain}>\r\n\
         Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\
         Content-Transfer-Encoding: 8bit\r\n\r\n",
        from = route.from,
        to = route.to,
        date = mail_date(at),
    );
    for line in text.lines() {
        // SPEC: RFC 5321 §4.5.2: a line that begins with a dot gets another one.
        if line.starts_with('.') {
            message.push('.');
        }
        message.push_str(line);
        message.push_str("\r\n");
    }
    message.push('.');
    Ok(message)
}

/// SPEC: RFC 5322 §3.3; the day of the week may be left out.
fn mail_date(at: Timestamp) -> String {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let text = at.to_string();
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    let month =
        part(5, 7).parse::<usize>().ok().and_then(|month| MONTHS.get(month.saturating_sub(1))).unwrap_or(&"Jan");
    format!("{} {month} {} {} +0000", part(8, 10), part(0, 4), part(11, 19))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route<'a>(to: &'a str, trust: &'a Trust) -> MailRoute<'a> {
        MailRoute { host: "localhost", port: 25, plain: true, trust, login: None, from: "custody@example.org", to }
    }

    #[test]
    fn a_message_says_no_more_than_it_was_given() {
        let trust = Trust::System;
        let at = Timestamp(1_700_000_000_000_000);
        let text = message(&route("guard@example.org", &trust), "alm_1", at, "[critical] decoy", "one\n.two\r\nthree")
            .unwrap();
        assert!(text.contains("\r\nDate: 14 Nov 2023 22:13:20 +0000\r\n"), "{text}");
        assert!(text.contains("\r\nMessage-ID: <alm_1@example.org>\r\n"));
        assert!(text.ends_with("\r\n\r\none\r\n..two\r\nthree\r\n."), "{text}");
        for to in ["guard", "guard@example.org>\r\nRCPT TO:<x@y", "a b@c", "gu\u{e4}rd@example.org"] {
            assert!(message(&route(to, &trust), "alm_1", at, "s", "t").is_err(), "{to}");
        }
    }
}

//! Secrets in the formats they come in, and what is not one.

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod common;

use base::word::DataType;
use common::scan;
use scan::Rules;

/// The secrets of `text`: the rule and what was found.
fn secrets(text: &str) -> Vec<(String, String)> {
    let rules = Rules::built_in();
    let found = scan(text.as_bytes()).findings;
    let secrets = found.into_iter().filter(|found| found.data_type == DataType::Secret);
    secrets
        .map(|found| (rules.get(found.rule).id.clone(), text[found.from as usize..found.to as usize].to_owned()))
        .collect()
}

fn values(text: &str) -> Vec<String> {
    secrets(text).into_iter().map(|(_, value)| value).collect()
}

/// Made up; letters and digits in turn.
const TOKEN: &str = "q7Zp2mXv9Kd4Lw8RtB3n";

#[test]
fn a_secret_is_found_in_every_format() {
    for text in [
        format!("{{\"api_key\": \"{TOKEN}\"}}\n{{\"api_key\": \"\"}}\n"),
        format!("[{{\"user\": {{\"name\": \"x\", \"token\": \"{TOKEN}\"}}}}]"),
        format!("name,secret\nada,{TOKEN}\nbob,-\n"),
        format!("# settings\nAPI_KEY={TOKEN}\nMODE=fast\n"),
        format!("{{\"messages\": [{{\"role\": \"user\", \"content\": \"set api_key = \\\"{TOKEN}\\\" please\"}}]}}\n"),
        format!("<settings>\n  <apiKey>{TOKEN}</apiKey>\n</settings>\n"),
        format!("env:\n  - name: API_TOKEN\n    value: {TOKEN}\n"),
    ] {
        assert_eq!(values(&text), [TOKEN], "{text}");
    }
}

#[test]
fn passwords_of_people_are_found_where_they_say_so() {
    for (text, expected) in [
        ("{\"login\": \"ada\", \"password\": \"zebra-quilt-9\"}", "zebra-quilt-9"),
        ("user,password\nada,zebra-quilt-9\nbob,${PASSWORD}\n", "zebra-quilt-9"),
        ("Server=db;Database=main;Uid=ada;Pwd=zebraquilt;", "zebraquilt"),
        ("The password for the portal is \"zebraquilt\", ok?", "zebraquilt"),
        ("sshpass -p zebra-quilt-9 ssh ada@host", "zebra-quilt-9"),
        ("amqp://ada:zebra-quilt-9@queue.example.org", "zebra-quilt-9"),
    ] {
        assert_eq!(values(text), [expected], "{text}");
    }
}

#[test]
fn what_only_looks_like_one_is_not_found() {
    for text in [
        "sha256 = \"3f9a1c7e5b2d80463f9a1c7e5b2d80463f9a1c7e5b2d80463f9a1c7e5b2d8046\"",
        "commit 3f9a1c7e5b2d80463f9a1c7e5b2d80463f9a1c7e",
        "\"integrity\": \"sha512-q7Zp2mXv9Kd4Lw8RtB3nq7Zp2mXv9Kd4Lw8RtB3nq7Zp2mXv9Kd4Lw8RtB3n\"",
        "id: 3f9a1c7e-5b2d-8046-3f9a-1c7e5b2d8046",
        "<img src=\"data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4\">",
        "color: #a1b2c3; background: #0f0f0f",
        "password = getpass.getpass(\"Password: \")",
        "def login(user, password=None):",
        "password: *const c_char,",
        "let token = lexer.next_token();",
        "API_KEY=<your-api-key>",
        "api_key: ${API_KEY}",
        "api_key = \"xxxxxxxxxxxxxxxxxxxxxxxx\"",
        "Please enter your password: it must have 8 characters.",
        "https://example.org:8080/path?x=1#frag@ment",
        "Lorem ipsum dolor sit amet, consectetur adipiscing elit.",
    ] {
        assert_eq!(secrets(text), [], "{text}");
    }
}

#[test]
fn a_key_block_is_one_secret_in_text_and_in_json() {
    let block =
        format!("-----BEGIN EC PRIVATE KEY-----\n{}\n-----END EC PRIVATE KEY-----", "Ab1+Cd2/Ef3+Gh4/".repeat(4));
    assert_eq!(secrets(&format!("x\n{block}\ny")), [("secret-private-key".to_owned(), block.clone())]);
    let escaped = block.replace('\n', "\\n");
    let json = format!("{{\"type\": \"service_account\", \"private_key\": \"{escaped}\\n\"}}");
    assert_eq!(secrets(&json), [("secret-private-key".to_owned(), escaped)]);
}

#[test]
fn texts_of_prefixes_and_operators_end() {
    for piece in [
        "eyJ-",
        "password=",
        "-----BEGIN PRIVATE KEY-----",
        "$krb5tgs$23$",
        "PuTTY-User-Key-File-2:",
        "</secret>",
        "a:",
        "value=",
        "://a:b@",
        "token is ",
    ] {
        let text = piece.repeat((64 << 10) / piece.len());
        assert!(scan(text.as_bytes()).report.findings < 64 << 10, "{piece}");
    }
}

//! Names of secrets: which keys, variables, columns and options are called after one.
//!
//! A name is read from its end: `STRIPE_API_KEY_PROD` is a key, `api_key_file` is a file. A name counts only if all of
//! its words behind the one that says "secret" are known to change nothing; so an unknown word means no.

/// What a name says about its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// A key of something, or a word that often names other things: its value has to look random.
    Key,
    /// A token, an API key, a secret: its value has to look like one.
    Token,
    /// A password: people choose it, so it may look like anything.
    Password,
}

/// The most words of a name that are looked at, from its end.
const MOST_WORDS: usize = 8;

/// Words that say "password", in several languages.
const PASSWORD: &[&str] = &[
    "password",
    "passwd",
    "passwrd",
    "passwort",
    "passphrase",
    "passcode",
    "pwd",
    "pswd",
    "psw",
    "pass",
    "pw",
    "psk",
    "passw",
    "pasword",
    "kennwort",
    "contrasena",
    "contraseña",
    "senha",
    "wachtwoord",
    "parola",
    "haslo",
    "hasło",
    "heslo",
    "lozinka",
    "salasana",
    "losenord",
    "lösenord",
    "adgangskode",
    "motdepasse",
    "mdp",
    "пароль",
    "密码",
    "passwords",
];

/// Endings of longer words that say "password": `dbpassword`, `pgpasswd`.
const PASSWORD_ENDINGS: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "passwort",
    "pwd",
    "userpass",
    "dbpass",
    "adminpass",
    "rootpass",
    "mypass",
];

/// Words that say "token" or "secret".
const TOKEN: &[&str] = &[
    "secret",
    "secrets",
    "token",
    "tokens",
    "apikey",
    "apikeys",
    "apitoken",
    "apisecret",
    "accesskey",
    "secretkey",
    "authkey",
    "authtoken",
    "privatekey",
    "accesstoken",
    "refreshtoken",
    "clientsecret",
    "credential",
    "credentials",
    "creds",
    "cred",
    "bearer",
    "pat",
    "jwt",
    "passkey",
    "authorization",
    "auth",
    "sessionkey",
    "masterkey",
    "encryptionkey",
    "signingkey",
    "appkey",
    "appsecret",
    "accountkey",
    "sharedaccesskey",
    "hmac",
    "oauth",
    "webhooksecret",
    "licensekey",
    "userkey",
    "keyvalue",
    "seckey",
    "consumersecret",
];

/// Endings of longer words that say "token" or "secret": `githubtoken`, `xapikey`.
const TOKEN_ENDINGS: &[&str] =
    &["secret", "token", "apikey", "accesskey", "secretkey", "privatekey", "authkey", "oauthkey"];

/// What a key is of, if it is secret: `api_key`, `signing key`.
const SECRET_KEYS: &[&str] = &[
    "api",
    "access",
    "secret",
    "private",
    "priv",
    "auth",
    "authentication",
    "encryption",
    "encrypt",
    "encrypted",
    "crypt",
    "crypto",
    "cipher",
    "aes",
    "des",
    "signing",
    "signature",
    "sign",
    "master",
    "account",
    "client",
    "consumer",
    "customer",
    "application",
    "app",
    "shared",
    "service",
    "session",
    "storage",
    "deploy",
    "deployment",
    "license",
    "licence",
    "activation",
    "jwt",
    "hmac",
    "webhook",
    "subscription",
    "integration",
    "ingest",
    "insert",
    "write",
    "admin",
    "root",
    "server",
    "rest",
    "restricted",
    "live",
    "personal",
    "management",
    "unseal",
    "recovery",
    "stream",
    "user",
    "security",
    "rails",
    "django",
    "flask",
    "x",
    "test",
    "device",
    "provision",
    "agent",
    "host",
    "merchant",
];

/// What a key is of, if it is no secret, or is one of a table.
const OPEN_KEYS: &[&str] = &[
    "public",
    "pub",
    "publishable",
    "primary",
    "foreign",
    "sort",
    "cache",
    "partition",
    "hash",
    "map",
    "dict",
    "row",
    "item",
    "index",
    "unique",
    "composite",
    "lookup",
    "object",
    "registry",
    "translation",
    "i18n",
    "message",
    "field",
    "group",
    "data",
    "column",
    "product",
    "host_public",
    "verify",
    "verification",
    "order",
    "attribute",
    "property",
    "header",
    "metadata",
    "locale",
    "label",
    "sha",
    "md5",
    "etag",
    "query",
    "param",
    "parent",
    "node",
    "tree",
    "search",
    "event",
    "state",
    "storage_map",
    "s3_object",
    "routing",
    "bucket",
    "issue",
    "project",
    "config",
    "feature",
    "flag",
    "hot",
    "short",
    "return",
    "last",
    "first",
    "the",
    "a",
    "this",
    "cookie",
    "idempotency",
];

/// Words behind that change nothing.
const CHANGE_NOTHING: &[&str] = &[
    "base",
    "value",
    "val",
    "prod",
    "production",
    "dev",
    "development",
    "staging",
    "stage",
    "stg",
    "test",
    "testing",
    "live",
    "local",
    "sandbox",
    "default",
    "new",
    "old",
    "current",
    "primary",
    "secondary",
    "backup",
    "string",
    "str",
    "plain",
    "plaintext",
    "cleartext",
    "b64",
    "base64",
    "hex",
    "raw",
    "env",
    "var",
    "main",
    "admin",
    "root",
    "user",
    "db",
    "database",
    "master",
    "v1",
    "v2",
    "v3",
    "one",
    "two",
    "s3",
    "ci",
    "api",
    "hash",
    "hashed",
    "salt",
    "enc",
    "encoded",
    "crypt",
    "md5",
    "bcrypt",
    "rw",
    "ro",
    "readonly",
];

/// Weaker words: the value decides.
const WEAK: &[&str] = &[
    "login",
    "salt",
    "session",
    "sessionid",
    "sid",
    "cookie",
    "pin",
    "nonce",
    "license",
    "licence",
    "signature",
    "sig",
    "seed",
    "mnemonic",
    "webhook",
    "dsn",
];

/// What `name` says about its value, if it names a secret.
pub(super) fn kind(name: &[u8]) -> Option<Kind> {
    let mut words = Words::back(name).take(MOST_WORDS).peekable();
    let mut hashed = false;
    loop {
        let word = words.next()?;
        let kind = one_word(word, words.peek().copied());
        if kind.is_some() {
            // What is left of a password's hash is random, so it is held to that.
            return if hashed { kind.map(|_| Kind::Token) } else { kind };
        }
        if !is_in(CHANGE_NOTHING, word) && !word.iter().all(u8::is_ascii_digit) {
            return None;
        }
        hashed |= ["hash", "hashed", "salt", "encoded", "enc", "crypt", "md5", "bcrypt"]
            .iter()
            .any(|hash| hash.as_bytes().eq_ignore_ascii_case(word));
    }
}

/// What `word` says behind the word `before` it.
fn one_word(word: &[u8], before: Option<&[u8]>) -> Option<Kind> {
    if is_in(PASSWORD, word) || ends_in(PASSWORD_ENDINGS, word) {
        return Some(Kind::Password);
    }
    if is_in(TOKEN, word) || ends_in(TOKEN_ENDINGS, word) {
        return Some(Kind::Token);
    }
    if word.eq_ignore_ascii_case(b"key") || word.eq_ignore_ascii_case(b"keys") {
        return match before {
            Some(before) if is_in(OPEN_KEYS, before) => None,
            Some(before) if is_in(SECRET_KEYS, before) => Some(Kind::Token),
            _ => Some(Kind::Key),
        };
    }
    let joined = word.len() > 3 && word.last_chunk::<3>().is_some_and(|end| end.eq_ignore_ascii_case(b"key"));
    (is_in(WEAK, word)
        || (joined
            && !is_in(
                &["monkey", "turkey", "hotkey", "pubkey", "publickey", "donkey", "jockey", "hockey", "whiskey"],
                word,
            )))
    .then_some(Kind::Key)
}

/// Whether `name` has a word that speaks of keys, wherever: enough beside the name of a provider.
pub(super) fn is_keyish(name: &[u8]) -> bool {
    const KEYISH: &[&str] = &[
        "access",
        "api",
        "login",
        "license",
        "licence",
        "apikey",
        "id",
        "uuid",
        "reporter",
        "crumb",
        "pw",
        "auth",
        "oauth",
        "credential",
        "credentials",
        "client",
        "consumer",
        "personal",
    ];
    Words::back(name).any(|word| one_word(word, None).is_some() || is_in(KEYISH, word))
}

fn is_in(list: &[&str], word: &[u8]) -> bool {
    list.iter().any(|one| one.len() == word.len() && one.as_bytes().eq_ignore_ascii_case(word))
}

fn ends_in(list: &[&str], word: &[u8]) -> bool {
    list.iter().any(|end| {
        word.len()
            .checked_sub(end.len())
            .filter(|at| *at > 0)
            .and_then(|at| word.get(at..))
            .is_some_and(|tail| tail.eq_ignore_ascii_case(end.as_bytes()))
    })
}

/// The words of a name, last first: parted by what is no letter or digit, and by humps.
#[derive(Clone)]
pub(super) struct Words<'a>(&'a [u8]);

impl<'a> Words<'a> {
    /// Of `name`.
    pub(super) const fn back(name: &'a [u8]) -> Self {
        Self(name)
    }
}

impl<'a> Iterator for Words<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let end = self.0.iter().rposition(|byte| is_word(*byte))?.saturating_add(1);
        let name = self.0.get(..end)?;
        let begins = |at: usize| {
            let before = at.checked_sub(1).and_then(|before| name.get(before)).copied().unwrap_or(b' ');
            let here = name.get(at).copied().unwrap_or(b' ');
            let small_after = name.get(at.saturating_add(1)).is_some_and(u8::is_ascii_lowercase);
            !is_word(before)
                || (here.is_ascii_uppercase()
                    && (before.is_ascii_lowercase() || (small_after && before.is_ascii_uppercase())))
        };
        let start = (0..end).rev().find(|at| begins(*at)).unwrap_or(0);
        self.0 = name.get(..start)?;
        name.get(start..)
    }
}

/// Letters of any script and digits.
const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_their_value_is() {
        for (name, expected) in [
            ("password", Some(Kind::Password)),
            ("DB_PASSWORD", Some(Kind::Password)),
            ("spring.datasource.password", Some(Kind::Password)),
            ("dbpasswd", Some(Kind::Password)),
            ("Contraseña", Some(Kind::Password)),
            ("IRC_PASS", Some(Kind::Password)),
            ("bypass", None),
            ("compass", None),
            ("password_file", None),
            ("passwordResetUrl", None),
            ("password_hash", Some(Kind::Token)),
            ("STRIPE_API_KEY_PROD", Some(Kind::Token)),
            ("clientSecret", Some(Kind::Token)),
            ("CLIENTSECRET", Some(Kind::Token)),
            ("fbApiKey", Some(Kind::Token)),
            ("secret_key_base", Some(Kind::Token)),
            ("aws_secret_access_key", Some(Kind::Token)),
            ("secret key", Some(Kind::Token)),
            ("X-Auth-Token", Some(Kind::Token)),
            ("JINA_KEY", Some(Kind::Key)),
            ("key", Some(Kind::Key)),
            ("public_key", None),
            ("primaryKey", None),
            ("monkey", None),
            ("author", None),
            ("token_type", None),
            ("tokenizer", None),
            ("max_tokens_count", None),
            ("", None),
        ] {
            assert_eq!(kind(name.as_bytes()), expected, "{name}");
        }
    }

    #[test]
    fn words_come_last_first() {
        let words: Vec<&[u8]> = Words::back(b"myAPIKey_v2.x").collect();
        assert_eq!(words, [b"x".as_slice(), b"v2", b"Key", b"API", b"my"]);
    }
}

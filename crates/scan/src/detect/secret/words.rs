//! The words that names of secrets are made of.
//!
//! Lists, not patterns: everybody who reads this file can say what it does to their data. Lower case; case does not
//! count.

use std::sync::LazyLock;

/// What a word means in a name: one bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Meaning(u16);

impl Meaning {
    /// A password.
    pub(super) const PASSWORD: Self = Self(1);
    /// A token or a secret.
    pub(super) const TOKEN: Self = Self(1 << 1);
    /// "Key": what stands before it says of what.
    pub(super) const KEY: Self = Self(1 << 2);
    /// Before "key": it is secret.
    pub(super) const OF_SECRET: Self = Self(1 << 3);
    /// Before "key": it is open, or one of a table.
    pub(super) const OF_TABLE: Self = Self(1 << 4);
    /// Behind the word that counts: it changes nothing.
    pub(super) const NOTHING: Self = Self(1 << 5);
    /// Behind a password: what is stored is made of it.
    pub(super) const DERIVED: Self = Self(1 << 6);
    /// It may name a secret: the value decides.
    pub(super) const WEAK: Self = Self(1 << 7);
    /// Enough beside the name of a provider.
    pub(super) const KEYISH: Self = Self(1 << 8);
    /// It names nothing: what does is in another attribute, or before the colon.
    pub(super) const ELSEWHERE: Self = Self(1 << 9);

    /// Whether it is also `other`.
    pub(super) const fn is(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// The lists.
const LISTS: [(Meaning, &str); 11] = [
    (Meaning::PASSWORD, PASSWORD),
    (Meaning::TOKEN, TOKEN),
    (Meaning::KEY, "key keys"),
    (Meaning::OF_SECRET, OF_SECRET),
    (Meaning::OF_TABLE, OF_TABLE),
    (Meaning::NOTHING, NOTHING),
    (Meaning::NOTHING, DERIVED),
    (Meaning::DERIVED, DERIVED),
    (Meaning::WEAK, WEAK),
    (Meaning::KEYISH, KEYISH),
    (Meaning::ELSEWHERE, ELSEWHERE),
];

/// Words that say "password", in several languages.
const PASSWORD: &str = "\
    password passwd passwrd passwort passphrase passcode pwd pswd psw pass pw psk passw pasword kennwort \
    contrasena contraseña senha wachtwoord parola haslo hasło heslo lozinka salasana losenord lösenord \
    adgangskode motdepasse mdp пароль 密码 passwords";

/// Words that say "token" or "secret".
const TOKEN: &str = "\
    secret secrets token tokens apikey apikeys apitoken apisecret accesskey secretkey authkey authtoken \
    privatekey accesstoken refreshtoken clientsecret credential credentials creds cred bearer pat jwt \
    passkey authorization auth sessionkey masterkey encryptionkey signingkey appkey appsecret accountkey \
    sharedaccesskey oauth webhooksecret licensekey userkey keyvalue seckey consumersecret";

/// What a key is of, if it is secret: `api_key`, `signing key`.
const OF_SECRET: &str = "\
    api access secret private priv auth authentication encryption encrypt encrypted crypt crypto cipher \
    aes des signing signature sign master account client consumer customer application app shared \
    service session storage deploy deployment license licence activation jwt hmac webhook subscription \
    integration ingest insert write admin root server rest restricted live personal management unseal \
    recovery stream user security rails django flask x test device provision agent host merchant";

/// What a key is of, if it is no secret, or is one of a table.
const OF_TABLE: &str = "\
    public pub publishable primary foreign sort cache partition hash map dict row item index unique \
    composite lookup object registry translation i18n message field group data column product verify \
    verification order attribute property header metadata locale label sha md5 etag query param parent \
    node tree search event state routing bucket issue project config feature flag hot short return last \
    first the a this cookie idempotency";

/// Words behind that change nothing: `SECRET_KEY_BASE`, `API_KEY_PROD`.
const NOTHING: &str = "\
    base value val prod production dev development staging stage stg test testing live local sandbox \
    default new old current primary secondary backup string str plain plaintext cleartext b64 base64 hex \
    raw env var main admin root user db database master v1 v2 v3 one two s3 ci api rw ro readonly";

/// What may be stored of a password.
const DERIVED: &str = "hash hashed salt encoded enc crypt md5 bcrypt";

/// Words that name other things as well.
const WEAK: &str = "\
    login session sessionid sid cookie pin nonce license licence signature sig seed mnemonic webhook dsn \
    salt";

/// Words that speak of keys beside the name of a provider: `GITHUB_CLIENT_ID`.
const KEYISH: &str = "\
    access api login license licence id uuid reporter crumb client consumer personal";

/// `<add key="..." value="...">` and `let key: string = ...`.
const ELSEWHERE: &str = "value content str string bytes final text nsstring any char secretstr";

/// Endings of longer words that say "password": `dbpassword`, `pgpasswd`.
const PASSWORD_ENDINGS: &[&[u8]] = &[
    b"password",
    b"passwd",
    b"passphrase",
    b"passcode",
    b"passwort",
    b"pwd",
    b"userpass",
    b"dbpass",
    b"adminpass",
    b"rootpass",
    b"mypass",
];

/// Endings of longer words that say "token" or "secret": `githubtoken`, `xapikey`.
const TOKEN_ENDINGS: &[&[u8]] =
    &[b"secret", b"token", b"apikey", b"accesskey", b"secretkey", b"privatekey", b"authkey", b"oauthkey"];

/// Words that end in "key" and are something else.
const NO_KEYS: &[&[u8]] = &[
    b"monkey",
    b"turkey",
    b"hotkey",
    b"pubkey",
    b"publickey",
    b"donkey",
    b"jockey",
    b"hockey",
    b"whiskey",
    b"primarykey",
];

/// The longest word in a list.
const LONGEST_WORD_BYTES: usize = 24;

/// Several times as many as there are words, so that most look-ups end at once.
const SLOTS: usize = 2048;

/// What `word` means.
pub(super) fn meaning(word: &[u8]) -> Meaning {
    if word.len() > LONGEST_WORD_BYTES {
        return by_ending(word);
    }
    let mut slots = TABLE.iter().cycle().skip(slot_of(word)).map_while(|slot| *slot);
    slots
        .find(|(known, _)| known.as_bytes().eq_ignore_ascii_case(word))
        .map_or_else(|| by_ending(word), |(_, found)| found)
}

/// What the end of a longer word means.
fn by_ending(word: &[u8]) -> Meaning {
    let Some([first, second, third]) = word.last_chunk::<3>() else { return Meaning::default() };
    let ends = |ending: &&[u8]| {
        let from = word.len().checked_sub(ending.len());
        from.and_then(|from| word.get(from..)).is_some_and(|tail| tail.eq_ignore_ascii_case(ending))
    };
    match &[first | 0x20, second | 0x20, third | 0x20] {
        b"ord" | b"swd" | b"ase" | b"ode" | b"ort" | b"pwd" | b"ass" if PASSWORD_ENDINGS.iter().any(ends) => {
            Meaning::PASSWORD
        }
        b"ret" | b"ken" | b"key" if TOKEN_ENDINGS.iter().any(ends) => Meaning::TOKEN,
        b"key" if !NO_KEYS.iter().any(|word_of| word_of.eq_ignore_ascii_case(word)) => Meaning::WEAK,
        _ => Meaning::default(),
    }
}

/// The words by their hash; of two with the same, one is in the next free slot.
static TABLE: LazyLock<Vec<Option<(&'static str, Meaning)>>> = LazyLock::new(|| {
    let mut slots: Vec<Option<(&'static str, Meaning)>> = vec![None; SLOTS];
    for (meaning, words) in LISTS {
        for word in words.split_ascii_whitespace() {
            let first = slot_of(word.as_bytes());
            let mut places = (first..SLOTS).chain(0..first);
            let place =
                places.find(|place| slots.get(*place).is_some_and(|slot| slot.is_none_or(|(known, _)| known == word)));
            if let Some(slot) = place.and_then(|place| slots.get_mut(place)) {
                let before = slot.map_or(0, |(_, before)| before.0);
                *slot = Some((word, Meaning(before | meaning.0)));
            }
        }
    }
    slots
});

/// FNV-1a over the word in lower case.
fn slot_of(word: &[u8]) -> usize {
    let hash =
        word.iter().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte | 0x20)).wrapping_mul(0x0100_0193));
    (hash >> 16) as usize % SLOTS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_found_in_any_case() {
        for (expected, words) in LISTS {
            for word in words.split_ascii_whitespace() {
                assert!(meaning(word.as_bytes()).is(expected), "{word}");
                assert!(meaning(word.to_ascii_uppercase().as_bytes()).is(expected), "{word}");
            }
        }
    }

    #[test]
    fn endings_count_and_other_words_do_not() {
        assert!(meaning(b"githubtoken").is(Meaning::TOKEN));
        assert!(meaning(b"PGPASSWORD").is(Meaning::PASSWORD));
        assert!(meaning(b"stripekey").is(Meaning::WEAK));
        for word in ["monkey", "bypass", "compass", "author", "", "x"] {
            assert!(
                !meaning(word.as_bytes()).is(Meaning::PASSWORD) && !meaning(word.as_bytes()).is(Meaning::TOKEN),
                "{word}"
            );
        }
    }
}

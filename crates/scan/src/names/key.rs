//! What the name of a key or column says of its values: `first_name`, `patient`, `Straße`.

use std::sync::LazyLock;

use super::token::word_hash;

/// What the values under a key are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    /// Names, or parts of names, of people, and nothing else.
    Name,
    /// Often names of people: `name`, `author`.
    Likely,
    /// Streets, towns, postcodes.
    Address,
    /// Ages.
    Age,
    /// Dates of birth.
    BirthDate,
}

/// What the key words say. The first line with a word of the key counts; a line with `+` wants both of its words.
const KEYS: &[(Holds, &str)] = &[
    (
        Holds::BirthDate,
        "dob birthdate birthday dateofbirth birth+date birth+day born+on geburtsdatum geburtstag fechanacimiento \
         nacimiento+fecha datenaissance naissance+date nascimento+data nascita+data geboortedatum bday",
    ),
    (Holds::Age, "age edad alter âge età idade leeftijd"),
    (
        Holds::Name,
        "firstname first+name lastname last+name givenname given+name surname familyname family+name forename fname lname \
         middlename middle+name fullname full+name maidenname maiden mothersmaiden patientname patient+name \
         customer+name client+name contact+name employee+name holder+name cardholder accountholder recipient+name \
         sender+name doctor+name physician+name beneficiary+name guardian+name member+name driver+name vorname nachname \
         familienname prénom apellido apellidos cognome sobrenome achternaam voornaam spouse nombre+completo person+name",
    ),
    (
        Holds::Address,
        "address addresses addr street streetaddress address1 address2 addressline city town postcode postalcode zip zipcode \
         postal+code adresse anschrift straße strasse hausnummer ort wohnort plz dirección direccion domicilio calle \
         localidad rue ville indirizzo citta città cap endereço rua cidade cep adres straat woonplaats",
    ),
    (
        Holds::Likely,
        "name author patient customer client employee recipient sender doctor physician attendee participant speaker \
         beneficiary guardian assignee reporter owner manager teacher student passenger guest tenant landlord nombre nom nome \
         naam autor auteur autore paciente paziente cliente contact reviewer creator artist director actor person names",
    ),
];

/// A name that is of something else: `file_name`, `company name`, `ip address`.
const AGAINST: &str = "file user host domain company product brand class table column field event page screen display \
    bucket queue topic package module function method variable tag branch repo repository project app application service \
    server database db schema index key path folder group team role bank hospital school ship street+name city+name \
    country org organization organisation business item category event model device ip mac email mail e web site url \
    wallet btc memory network type id code account";

/// What the values under a key with these names are, if they say it.
pub(super) fn holds(names: &[&[u8]; 2]) -> Option<Holds> {
    let [key, around] = names;
    if key.is_empty() {
        return None;
    }
    let mut words = Words::default();
    words.read(key);
    if let Some(holds) = words.holds() {
        return Some(holds);
    }
    // `"name": {"first": "Ada"}`, `"patient": {"name": ..}` says enough by itself.
    let part = [b"first".as_slice(), b"last", b"given", b"family", b"middle", b"full"];
    let of_name = part.iter().any(|part| key.eq_ignore_ascii_case(part));
    let about_name = || around.windows(4).any(|word| word.eq_ignore_ascii_case(b"name"));
    (of_name && about_name()).then_some(Holds::Name)
}

/// How many words of a key are read.
const MOST_WORDS: usize = 6;

/// The words of a key, as hashes, and all of it as one.
#[derive(Default)]
struct Words {
    hashes: [u32; MOST_WORDS],
    len: usize,
    whole: u32,
}

impl Words {
    fn read(&mut self, key: &[u8]) {
        let Ok(key) = std::str::from_utf8(key) else { return };
        let mut whole = String::with_capacity(key.len());
        let mut word = String::with_capacity(key.len());
        let mut small = false;
        for letter in key.chars() {
            // A word ends at a sign, and at a capital behind a small letter.
            if !letter.is_alphanumeric() || (letter.is_uppercase() && small) {
                self.push(&word);
                word.clear();
            }
            small = letter.is_lowercase();
            if letter.is_alphanumeric() {
                word.push(letter);
                whole.push(letter);
            }
        }
        self.push(&word);
        self.whole = word_hash(whole.trim_end_matches(|letter: char| letter.is_ascii_digit()));
    }

    fn push(&mut self, word: &str) {
        if !word.is_empty()
            && let Some(slot) = self.hashes.get_mut(self.len)
        {
            *slot = word_hash(word.trim_end_matches(|letter: char| letter.is_ascii_digit()));
            self.len = self.len.saturating_add(1);
        }
    }

    fn has(&self, hash: u32) -> bool {
        self.hashes.get(..self.len).unwrap_or_default().contains(&hash)
    }

    fn holds(&self) -> Option<Holds> {
        let last = self.len.checked_sub(1).and_then(|last| self.hashes.get(last)).copied();
        let fits = |entry: &Entry| match entry.holds {
            _ if entry.beside.is_some() => self.has_entry(entry),
            _ if self.whole == entry.word => true,
            // What a `customer name` is its last word says; a `name set` is none.
            Some(Holds::Likely) => last == Some(entry.word),
            _ => self.has_entry(entry),
        };
        let holds = ENTRIES.keys.iter().find(|entry| fits(entry))?.holds?;
        let exactly = ENTRIES.keys.iter().any(|entry| entry.beside.is_none() && entry.word == self.whole);
        let against = || ENTRIES.against.iter().any(|entry| self.has_entry(entry));
        let strong = matches!(holds, Holds::Name | Holds::BirthDate);
        (exactly || strong || !against()).then_some(holds)
    }

    fn has_entry(&self, entry: &Entry) -> bool {
        self.has(entry.word) && entry.beside.is_none_or(|beside| self.has(beside))
    }
}

/// A word of the lists above, or two that stand beside each other, as hashes.
struct Entry {
    holds: Option<Holds>,
    word: u32,
    beside: Option<u32>,
}

/// The lists above, hashed once: every text under a key asks.
struct Entries {
    keys: Vec<Entry>,
    against: Vec<Entry>,
}

static ENTRIES: LazyLock<Entries> = LazyLock::new(|| {
    let entry = |holds, text: &str| {
        let (word, beside) = text.split_once('+').map_or((text, None), |(word, beside)| (word, Some(beside)));
        Entry { holds, word: word_hash(word), beside: beside.map(word_hash) }
    };
    let of = |(holds, words): &(Holds, &str)| {
        words.split_whitespace().map(|word| entry(Some(*holds), word)).collect::<Vec<_>>()
    };
    Entries {
        keys: KEYS.iter().flat_map(of).collect(),
        against: AGAINST.split_whitespace().map(|word| entry(None, word)).collect(),
    }
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_say_what_they_hold() {
        for (key, expected) in [
            ("first_name", Some(Holds::Name)),
            ("GivenName", Some(Holds::Name)),
            ("MothersMaiden", Some(Holds::Name)),
            ("patient_name", Some(Holds::Name)),
            ("Nachname", Some(Holds::Name)),
            ("name", Some(Holds::Likely)),
            ("author", Some(Holds::Likely)),
            ("NameSet", None),
            ("file_name", None),
            ("username", None),
            ("user_name", None),
            ("company name", None),
            ("StreetAddress", Some(Holds::Address)),
            ("address_line_1", Some(Holds::Address)),
            ("ip_address", None),
            ("email_address", None),
            ("City", Some(Holds::Address)),
            ("ZipCode", Some(Holds::Address)),
            ("dob", Some(Holds::BirthDate)),
            ("date_of_birth", Some(Holds::BirthDate)),
            ("Birthday", Some(Holds::BirthDate)),
            ("age", Some(Holds::Age)),
            ("page", None),
            ("message", None),
            ("content", None),
            ("", None),
        ] {
            assert_eq!(holds(&[key.as_bytes(), b""]), expected, "{key}");
        }
        assert_eq!(holds(&[b"first", b"name"]), Some(Holds::Name));
        assert_eq!(holds(&[b"first", b"page"]), None);
    }
}

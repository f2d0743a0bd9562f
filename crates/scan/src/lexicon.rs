//! Key words: which words speak of which type of data.
//!
//! Lists, not patterns: everybody who reads this file can say what it does to their data. Lower case; case does not
//! count.

use std::sync::LazyLock;

/// What a key word speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Topic {
    /// A telephone.
    Phone,
    /// A payment card.
    Card,
    /// A social security number.
    Ssn,
    /// Some other number: whatever it is, it is none of the above.
    Other,
}

/// Where a key word counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counts {
    /// In texts and in names of keys and columns.
    Everywhere,
    /// In texts only: in a name it says too little (`messages`, `call_log`, `social`).
    InTexts,
}

/// A key word and what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    word: &'static str,
    /// What it speaks of.
    pub(crate) topic: Topic,
    /// Where it counts.
    pub(crate) counts: Counts,
}

/// The key words, between blanks.
const LISTS: [(Topic, Counts, &str); 7] = [
    (Topic::Phone, Counts::Everywhere, PHONE),
    (Topic::Phone, Counts::InTexts, PHONE_TALK),
    (Topic::Card, Counts::Everywhere, CARD),
    (Topic::Card, Counts::InTexts, CARD_TALK),
    (Topic::Ssn, Counts::Everywhere, SSN),
    (Topic::Ssn, Counts::InTexts, SSN_TALK),
    (Topic::Other, Counts::Everywhere, OTHER),
];

const PHONE: &str = "\
    cel cell cellphone cellular cellulare celular contact fax faxes fon fono gsm handphone handset helpline hotline \
    landline mob mobiel mobil mobile mobilnummer mobiltelefon msisdn móvil natel pager phone phonenumber phones \
    rufnummer sms tel telefon telefone telefonnummer telefono telefoon telefoonnummer telefón telefónico telephone \
    telephones telf telno telnr teléf teléfono tfno tlf tlfno tél télf téléphone voicemail whatsapp";

const PHONE_TALK: &str = "\
    answering appelez bel call called caller calling calls desk dial dialing handy llamar message messages office \
    portable reach reached ring texted texting";

const CARD: &str = "\
    amex card cardnumber cards carta carte cc ccn ccnum ccnumber creditcard creditcardnumber diners jcb karte \
    kreditkarte maestro mastercard pan tarjeta visa";

const CARD_TALK: &str = "credit debit";

const SSN: &str = "socialsecurity socialsecuritynumber ssn ssns ssnumber";

const SSN_TALK: &str = "social";

const OTHER: &str = "\
    aba account accounts acct amount asin balance barcode bic block born build bytes case claim commit confirmation \
    count created customer date dob doi ean employee epoch eur expires gbp hash iban id identifier ids imei index \
    insurance invoice isbn issn lat latitude licence license lon longitude member mrn nonce npi offset order parcel \
    passport patent patient pid policy population postal postcode price reference revenue routing seed serial size \
    sku swift tax ticket timestamp timestamps tracking transaction ts unix upc updated usd user uuid version vin \
    zip zipcode";

/// The longest key word.
const LONGEST_WORD_BYTES: usize = 24;

/// Several times as many as there are words, so that most look-ups end at once.
const SLOTS: usize = 1024;

/// The key word that `word` is.
pub(crate) fn look_up(word: &[u8]) -> Option<Key> {
    if word.len() > LONGEST_WORD_BYTES {
        return None;
    }
    let mut slots = KEYS.iter().cycle().skip(slot_of(word)).map_while(|slot| *slot);
    slots.find(|key| key.word.as_bytes().eq_ignore_ascii_case(word))
}

/// The key words by their hash; of two with the same, one is in the next free slot.
static KEYS: LazyLock<Vec<Option<Key>>> = LazyLock::new(|| {
    let mut slots = vec![None; SLOTS];
    for (topic, counts, words) in LISTS {
        for word in words.split_ascii_whitespace() {
            let first = slot_of(word.as_bytes());
            let free = (first..SLOTS).chain(0..first).find(|slot| slots.get(*slot) == Some(&None));
            if let Some(slot) = free.and_then(|slot| slots.get_mut(slot)) {
                *slot = Some(Key { word, topic, counts });
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
    fn every_word_is_found_and_says_one_thing() {
        for (topic, counts, words) in LISTS {
            for word in words.split_ascii_whitespace() {
                let found = [word.to_owned(), word.to_ascii_uppercase()].map(|word| look_up(word.as_bytes()));
                assert_eq!(found, [Some(Key { word, topic, counts }); 2], "{word}");
            }
        }
    }

    #[test]
    fn other_words_are_not() {
        for word in ["", "hello", "cards_", "PHONE1", &"x".repeat(99)] {
            assert_eq!(look_up(word.as_bytes()), None);
        }
    }
}

//! Where somebody lives: a country, or a state of one, as laws about people's data ask for it.
//!
//! The form is ISO 3166: `DE`, `US-CA`. Data says it in many ways; [`Residence::read`] knows codes and English names, and answers
//! nothing where it does not know: a residence that was guessed would set the wrong clock running.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The longest code: a country, `-`, and three characters of a subdivision.
const LONGEST_BYTES: usize = 6;

/// The longest text that is looked up.
const LONGEST_NAME_BYTES: usize = 64;

/// Codes, and what people write for them.
const COUNTRIES: &str = include_str!("../content/countries.tsv");
const SUBDIVISIONS: &str = include_str!("../content/subdivisions.tsv");

/// Countries whose subdivisions are all listed: a code of theirs that is not is none.
const LISTED: [&str; 2] = ["US", "CA"];

/// A country, or a subdivision of one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Residence {
    /// ASCII, filled up with zeros.
    code: [u8; LONGEST_BYTES],
}

/// A text that is no code of a residence.
#[derive(Debug, PartialEq, Eq)]
pub struct UnknownResidence;

impl fmt::Display for UnknownResidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unknown residence: expected a code of ISO 3166, such as DE or US-CA")
    }
}

impl std::error::Error for UnknownResidence {}

impl Residence {
    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let end = self.code.iter().position(|byte| *byte == 0).unwrap_or(LONGEST_BYTES);
        // INVARIANT: `of_code` lets nothing but ASCII in.
        self.code.get(..end).and_then(|code| std::str::from_utf8(code).ok()).unwrap_or_default()
    }

    /// The country alone.
    #[must_use]
    pub fn country(&self) -> Self {
        let mut code = [0; LONGEST_BYTES];
        code.iter_mut().zip(self.code).take(2).for_each(|(to, from)| *to = from);
        Self { code }
    }

    /// Reads what data says of a residence: a code in either case (`us_ca`), or an English name. Where the data says states
    /// without their country, `within` is that country; a text that is both then means the state.
    #[must_use]
    pub fn read(text: &str, within: Option<Self>) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() || text.len() > LONGEST_NAME_BYTES {
            return None;
        }
        let name = fold(text);
        if let Some(country) = within {
            let country = country.country();
            if let Some(inside) = Self::of_code(&format!("{country}-{}", text.to_ascii_uppercase())) {
                return Some(inside);
            }
            let inside = NAMES.subdivisions.get(&name).filter(|found| found.country() == country);
            if let Some(inside) = inside {
                return Some(*inside);
            }
        }
        let code = text.to_ascii_uppercase().replace('_', "-");
        Self::of_code(&code)
            .or_else(|| NAMES.countries.get(&name).copied())
            .or_else(|| NAMES.subdivisions.get(&name).copied())
    }

    /// The code itself, if it is one.
    fn of_code(text: &str) -> Option<Self> {
        let (country, inside) = match text.split_once('-') {
            None => (text, None),
            Some((country, inside)) => (country, Some(inside)),
        };
        if !NAMES.codes.contains(country) || text.len() > LONGEST_BYTES {
            return None;
        }
        if let Some(inside) = inside {
            let right = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
            let listed = LISTED.contains(&country);
            if inside.is_empty() || !inside.bytes().all(right) || listed && !NAMES.codes.contains(text) {
                return None;
            }
        }
        let mut code = [0; LONGEST_BYTES];
        code.iter_mut().zip(text.bytes()).for_each(|(to, from)| *to = from);
        Some(Self { code })
    }
}

impl FromStr for Residence {
    type Err = UnknownResidence;

    fn from_str(text: &str) -> Result<Self, UnknownResidence> {
        Self::of_code(text).ok_or(UnknownResidence)
    }
}

impl fmt::Display for Residence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Residence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Residence({self})")
    }
}

impl Serialize for Residence {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Residence {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Codes and names, ready to be looked up.
struct Names {
    codes: HashSet<&'static str>,
    countries: HashMap<String, Residence>,
    subdivisions: HashMap<String, Residence>,
}

static NAMES: LazyLock<Names> = LazyLock::new(|| {
    let lines = |text: &'static str| text.lines().filter(|line| !line.starts_with('#'));
    let mut names = Names { codes: HashSet::new(), countries: HashMap::new(), subdivisions: HashMap::new() };
    for (text, into) in [(COUNTRIES, &mut names.countries), (SUBDIVISIONS, &mut names.subdivisions)] {
        for line in lines(text) {
            let mut cells = line.split('\t');
            let Some(code) = cells.next() else { continue };
            names.codes.insert(code);
            let mut residence = [0; LONGEST_BYTES];
            residence.iter_mut().zip(code.bytes()).for_each(|(to, from)| *to = from);
            into.extend(cells.map(|name| (fold(name), Residence { code: residence })));
        }
    }
    names
});

/// A name as it is compared: lower case, words apart by one space, no full stops.
fn fold(name: &str) -> String {
    let name = name.replace('.', "").to_lowercase();
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, within: Option<&str>) -> Option<String> {
        let within = within.map(|code| code.parse().unwrap());
        Residence::read(text, within).map(|residence| residence.to_string())
    }

    #[test]
    fn codes_and_names_are_read() {
        for (text, code) in [
            ("DE", "DE"),
            ("de", "DE"),
            ("us_ca", "US-CA"),
            ("US-CA", "US-CA"),
            (" Germany ", "DE"),
            ("U.S.A.", "US"),
            ("united  states", "US"),
            ("California", "US-CA"),
            ("GB-ENG", "GB-ENG"),
            ("Québec", "CA-QC"),
        ] {
            assert_eq!(read(text, None).as_deref(), Some(code), "{text}");
        }
    }

    #[test]
    fn states_are_read_within_their_country() {
        assert_eq!(read("CA", None).as_deref(), Some("CA"), "Canada");
        assert_eq!(read("CA", Some("US")).as_deref(), Some("US-CA"));
        assert_eq!(read("Georgia", None).as_deref(), Some("GE"));
        assert_eq!(read("Georgia", Some("US")).as_deref(), Some("US-GA"));
        assert_eq!(read("Germany", Some("US")).as_deref(), Some("DE"));
    }

    #[test]
    fn what_is_not_known_is_nothing() {
        for text in ["", "XX", "US-XX", "Atlantis", "EU", "US-", "DE-BAYERN", "-", "12345", &"a".repeat(1000)] {
            assert_eq!(read(text, None), None, "{text}");
        }
    }

    #[test]
    fn a_country_is_a_residence_without_its_rest() {
        let residence: Residence = "US-CA".parse().unwrap();
        assert_eq!(residence.country().as_str(), "US");
        assert_eq!(serde_json::to_string(&residence).unwrap(), "\"US-CA\"");
        assert_eq!("us-ca".parse::<Residence>(), Err(UnknownResidence));
    }
}

//! Patterns: what the regular expressions of rules may be.

use regex_automata::util::syntax;

/// How every pattern is read: bytes, so that `\d` and `\w` are ASCII and a match may begin anywhere. A rule that wants
/// the characters of other scripts writes `(?u)`.
pub(crate) fn reading() -> syntax::Config {
    syntax::Config::new().unicode(false).utf8(false)
}

/// Whether `pattern` can be used; if not, why.
pub(crate) fn check(pattern: &str) -> Result<(), String> {
    let parsed = syntax::parse_with(pattern, &reading()).map_err(|error| error.to_string())?;
    match parsed.properties().minimum_len() {
        Some(0) => Err("it matches empty text".to_owned()),
        None => Err("it matches nothing".to_owned()),
        Some(_) => Ok(()),
    }
}

//! Whose accesses are meant: a tree of AND, OR and NOT over selectors.
//!
//! What the leaves mean is not decided here: an expression of words ([`Atom`]) is turned into one of whatever the caller can
//! test, leaf by leaf, and no leaf is lost on the way.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How many selectors an expression may have.
pub const MOST_SELECTORS: usize = 1000;

/// How deep an expression may nest: far beyond what a person would write, and shallow enough for every stack.
pub const DEEPEST: usize = 64;

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $word:literal,)*) => {
        /// By what an access can be selected.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Kind {
            $($(#[$doc])* #[serde(rename = $word)] $kind,)*
        }

        impl Kind {
            /// Every kind, in the order in which they are listed.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)*];

            /// The text form.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$kind => $word,)* }
            }
        }
    };
}

kinds! {
    /// An access key id, or the id of a person's key.
    Credential = "credential",
    /// A session, by id.
    Session = "session",
    /// A principal, by name or id.
    Principal = "principal",
    /// A network address.
    Address = "address",
    /// Every address of a network, such as `10.0.0.0/8`.
    Network = "network",
    /// The host or workload that sessions were issued for.
    Host = "host",
    /// The digest of the image that sessions were issued for.
    Image = "image",
    /// The run that sessions were issued for.
    Run = "run",
    /// A decoy: whoever used it, from wherever that was.
    Decoy = "decoy",
    /// A dataset, by bucket name or id.
    Dataset = "dataset",
    /// An engagement, by name or id.
    Engagement = "engagement",
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// A word that is no kind of selector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownKind(String);

impl fmt::Display for UnknownKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<&str> = Kind::ALL.iter().map(|kind| kind.word()).collect();
        write!(f, "accesses are not selected by `{}`\nselect them by {}", self.0.escape_debug(), words.join(", "))
    }
}

impl std::error::Error for UnknownKind {}

impl FromStr for Kind {
    type Err = UnknownKind;
    fn from_str(text: &str) -> Result<Self, UnknownKind> {
        Self::ALL.iter().copied().find(|kind| kind.word() == text).ok_or_else(|| UnknownKind(text.to_owned()))
    }
}

/// One selector in words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Atom {
    /// By what.
    pub kind: Kind,
    /// Which.
    pub value: String,
}

impl Atom {
    /// A selector.
    #[must_use]
    pub fn new(kind: Kind, value: impl Into<String>) -> Self {
        Self { kind, value: value.into() }
    }
}

impl fmt::Display for Atom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if crate::text::is_bare(&self.value) {
            return write!(f, "{}={}", self.kind, self.value);
        }
        write!(f, "{}='{}'", self.kind, self.value.replace('\'', "''"))
    }
}

/// An expression over leaves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Expression<L = Atom> {
    /// One selector.
    Is(L),
    /// All of these.
    All(Vec<Expression<L>>),
    /// Any of these.
    Any(Vec<Expression<L>>),
    /// Not this.
    Not(Box<Expression<L>>),
}

/// Why an expression is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// A group without a member, or no expression at all: it would select everything or nothing, and says neither.
    Empty,
    /// More selectors than [`MOST_SELECTORS`].
    TooMany,
    /// Deeper than [`DEEPEST`].
    TooDeep,
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str(
                "the question names nobody's accesses\nname a selector, for example `credential=ACCESS_KEY`",
            ),
            Self::TooMany => write!(f, "a question has at most {MOST_SELECTORS} selectors\nask several questions"),
            Self::TooDeep => write!(f, "a question nests at most {DEEPEST} deep\nwrite it with fewer parentheses"),
        }
    }
}

impl std::error::Error for Unusable {}

impl Expression {
    /// The rule for selectors that are merely listed: those of one kind are alternatives, and all kinds must hold.
    ///
    /// # Errors
    /// [`Unusable`], also for an empty list.
    pub fn listed(atoms: Vec<Atom>) -> Result<Self, Unusable> {
        let mut kinds = Vec::new();
        for kind in Kind::ALL {
            let mut of: Vec<Self> =
                atoms.iter().filter(|atom| atom.kind == *kind).cloned().map(Expression::Is).collect();
            match of.len() {
                0 => {}
                1 => kinds.append(&mut of),
                _ => kinds.push(Self::Any(of)),
            }
        }
        let whole = if kinds.len() == 1 { kinds.pop().ok_or(Unusable::Empty)? } else { Self::All(kinds) };
        whole.check()?;
        Ok(whole)
    }
}

impl<L> Expression<L> {
    /// That it is small enough, and has no empty group.
    ///
    /// # Errors
    /// [`Unusable`] otherwise.
    pub fn check(&self) -> Result<(), Unusable> {
        self.count(DEEPEST).map(|_| ())
    }

    fn count(&self, deeper: usize) -> Result<usize, Unusable> {
        let left = deeper.checked_sub(1).ok_or(Unusable::TooDeep)?;
        let count = match self {
            Self::Is(_) => 1,
            Self::Not(of) => of.count(left)?,
            Self::All(of) | Self::Any(of) if of.is_empty() => return Err(Unusable::Empty),
            Self::All(of) | Self::Any(of) => {
                of.iter().try_fold(0usize, |sum, one| one.count(left).map(|more| sum.saturating_add(more)))?
            }
        };
        if count > MOST_SELECTORS { Err(Unusable::TooMany) } else { Ok(count) }
    }

    /// Whether it holds, where `holds` says so of each leaf.
    pub fn matches(&self, holds: &dyn Fn(&L) -> bool) -> bool {
        match self {
            Self::Is(leaf) => holds(leaf),
            Self::All(of) => of.iter().all(|one| one.matches(holds)),
            Self::Any(of) => of.iter().any(|one| one.matches(holds)),
            Self::Not(of) => !of.matches(holds),
        }
    }

    /// The same expression over other leaves.
    ///
    /// # Errors
    /// The first leaf's that cannot be turned.
    pub fn turn<M, E>(&self, turn: &mut dyn FnMut(&L) -> Result<M, E>) -> Result<Expression<M>, E> {
        let mut each = |of: &[Self]| of.iter().map(|one| one.turn(turn)).collect::<Result<Vec<_>, E>>();
        Ok(match self {
            Self::All(of) => Expression::All(each(of)?),
            Self::Any(of) => Expression::Any(each(of)?),
            Self::Not(of) => Expression::Not(Box::new(of.turn(turn)?)),
            Self::Is(leaf) => Expression::Is(turn(leaf)?),
        })
    }

    /// Every leaf, in order.
    #[must_use]
    pub fn leaves(&self) -> Vec<&L> {
        match self {
            Self::Is(leaf) => vec![leaf],
            Self::Not(of) => of.leaves(),
            Self::All(of) | Self::Any(of) => of.iter().flat_map(Self::leaves).collect(),
        }
    }
}

impl<L: fmt::Display> fmt::Display for Expression<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let group = |f: &mut fmt::Formatter<'_>, of: &[Self], word: &str| {
            for (place, one) in of.iter().enumerate() {
                if place > 0 {
                    write!(f, " {word} ")?;
                }
                match one {
                    Self::Is(_) | Self::Not(_) => write!(f, "{one}")?,
                    Self::All(_) | Self::Any(_) => write!(f, "({one})")?,
                }
            }
            Ok(())
        };
        match self {
            Self::Is(leaf) => write!(f, "{leaf}"),
            Self::All(of) => group(f, of, "and"),
            Self::Any(of) => group(f, of, "or"),
            Self::Not(of) if matches!(**of, Self::Is(_)) => write!(f, "not {of}"),
            Self::Not(of) => write!(f, "not ({of})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(kind: Kind, value: &str) -> Expression {
        Expression::Is(Atom::new(kind, value))
    }

    #[test]
    fn listed_selectors_are_alternatives_within_a_kind_and_all_kinds_must_hold() {
        let atoms =
            vec![Atom::new(Kind::Host, "etl-07"), Atom::new(Kind::Credential, "AK1"), Atom::new(Kind::Host, "etl-08")];
        let listed = Expression::listed(atoms).unwrap();
        assert_eq!(listed.to_string(), "credential=AK1 and (host=etl-07 or host=etl-08)");
        let holds = |of: &'static [(Kind, &'static str)]| {
            listed.matches(&move |atom: &Atom| of.contains(&(atom.kind, atom.value.as_str())))
        };
        assert!(holds(&[(Kind::Host, "etl-08"), (Kind::Credential, "AK1")]));
        assert!(!holds(&[(Kind::Host, "etl-08")]) && !holds(&[(Kind::Credential, "AK1")]));
        assert_eq!(Expression::listed(Vec::new()), Err(Unusable::Empty));
        assert_eq!(Expression::listed(vec![Atom::new(Kind::Run, "r")]), Ok(is(Kind::Run, "r")));
    }

    #[test]
    fn what_is_too_large_too_deep_or_empty_is_refused() {
        let many = (0..=MOST_SELECTORS).map(|number| is(Kind::Host, &number.to_string())).collect();
        assert_eq!(Expression::Any(many).check(), Err(Unusable::TooMany));
        let mut deep = is(Kind::Host, "a");
        for _ in 0..DEEPEST {
            deep = Expression::Not(Box::new(deep));
        }
        assert_eq!(deep.check(), Err(Unusable::TooDeep));
        assert_eq!(Expression::All(vec![Expression::<Atom>::Any(vec![])]).check(), Err(Unusable::Empty));
    }

    #[test]
    fn the_json_form_is_plain() {
        let asked = r#"{"all":[{"is":{"kind":"host","value":"etl-07"}},{"not":{"is":{"kind":"network","value":"10.0.0.0/8"}}}]}"#;
        let read: Expression = serde_json::from_str(asked).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), asked);
        assert_eq!(read.to_string(), "host=etl-07 and not network=10.0.0.0/8");
        assert!(serde_json::from_str::<Expression>(r#"{"is":{"kind":"shoe","value":"a"}}"#).is_err());
    }

    #[test]
    fn turning_keeps_every_leaf() {
        let all = Expression::All(vec![is(Kind::Host, "a"), Expression::Not(Box::new(is(Kind::Run, "b")))]);
        let turned = all.turn(&mut |atom: &Atom| Ok::<_, ()>(atom.value.len())).unwrap();
        assert_eq!(turned.leaves(), [&1, &1]);
        assert_eq!(all.turn(&mut |_: &Atom| Err::<(), _>(7)), Err(7));
    }
}

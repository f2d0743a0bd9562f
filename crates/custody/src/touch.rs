//! Touches: which accesses reached which versions, folded from entries. The index is built with this, and so is the answer
//! over entries that are not indexed yet: one code, one meaning.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use base::Timestamp;
use base::id::{ChainId, EngagementId, PrincipalId, SessionId};
use base::word::{Form, Verb};
use catalog::model::{Digest, Level, SelectorKind, TouchKey, Touches};
use ledger::Opened;
use scope::Span;
use seal::Fields;
use serde::Deserialize;

use crate::entries::kind;
use crate::error::CustodyError;
use crate::names::short;

/// What a `release` entry says, as far as scope needs it.
#[derive(Clone, Deserialize)]
pub(crate) struct Release {
    pub(crate) at: Timestamp,
    principal: PrincipalId,
    session: Option<SessionId>,
    credential: String,
    verb: Verb,
    form: Form,
    ordinal: Option<u64>,
    from: Option<u64>,
    to: Option<u64>,
    size: Option<u64>,
    #[serde(default)]
    names: String,
    #[serde(skip)]
    place: Place,
    /// The private field; absent once erased.
    #[serde(skip)]
    address: Option<String>,
}

#[derive(Clone, Copy, Default)]
struct Place {
    engagement: Option<EngagementId>,
    seq: u64,
}

/// What a `settlement` entry says.
#[derive(Deserialize)]
struct Settlement {
    whole: String,
    part: Vec<(u64, u64)>,
}

/// A selector: by what, and which.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Selector {
    /// By what.
    pub kind: SelectorKind,
    /// Which: an access key, an id, an address.
    pub value: String,
}

impl Selector {
    /// Under which digest the index has it: keyed, so that the index names nobody.
    pub(crate) fn digest(&self, fields: &Fields) -> Digest {
        let context = match self.kind {
            SelectorKind::Credential => "touch/credential",
            SelectorKind::Session => "touch/session",
            SelectorKind::Principal => "touch/principal",
            SelectorKind::Address => "touch/address",
            SelectorKind::Engagement => "touch/engagement",
        };
        short(&fields.index(context, self.value.as_bytes()))
    }
}

impl Release {
    /// Reads a `release` entry; nothing for entries of other kinds.
    ///
    /// # Errors
    /// `Corrupt` if it is one and cannot be read: scope never skips what it does not understand.
    pub(crate) fn read(entry: &Opened) -> Result<Option<Self>, CustodyError> {
        if entry.kind != ledger::RELEASE {
            return Ok(None);
        }
        let mut release: Self = serde_json::from_slice(&entry.payload.entry).map_err(|_| unreadable(entry))?;
        ledger::read_runs(&release.names).ok_or_else(|| unreadable(entry))?;
        release.place = Place { engagement: entry.payload.link.chain.engagement(), seq: entry.payload.link.seq };
        release.address = entry.payload.private.get(ledger::ADDRESS).map(|field| field.value.clone());
        Ok(Some(release))
    }

    /// Everything it can be selected by. What the scanner reads never leaves the process: it is found by the scanner's own
    /// name, and not under the engagement.
    pub(crate) fn selectors(&self) -> Vec<Selector> {
        let mut all = vec![
            Selector { kind: SelectorKind::Credential, value: self.credential.clone() },
            Selector { kind: SelectorKind::Principal, value: self.principal.to_string() },
        ];
        let session = self.session.map(|session| (SelectorKind::Session, session.to_string()));
        let address = self.address.clone().map(|address| (SelectorKind::Address, address));
        let engagement = self.place.engagement.map(|engagement| (SelectorKind::Engagement, engagement.to_string()));
        if self.verb != Verb::Scan {
            all.extend(
                [session, address, engagement].into_iter().flatten().map(|(kind, value)| Selector { kind, value }),
            );
        }
        all
    }

    /// What of which version had to be fetched from the store for it.
    pub(crate) fn fetched(&self) -> Option<(u64, Range<u64>)> {
        let window = self.window();
        (self.form != Form::Names && !window.is_empty()).then_some((self.ordinal?, window))
    }

    fn window(&self) -> Range<u64> {
        self.from.unwrap_or(0)..self.to.unwrap_or(0)
    }
}

/// The rows of the index that a release belongs to: by what, under which digest.
type Picks = Vec<(SelectorKind, Digest)>;

/// Folds entries into touches.
pub(crate) struct Fold<'a> {
    fields: &'a Fields,
    wanted: Box<dyn Fn(&Selector) -> bool + Send + Sync + 'a>,
    pub(crate) rows: BTreeMap<TouchKey, Touches>,
    /// Releases whose settlement may still come.
    open: HashMap<(ChainId, u64), (Release, Picks)>,
    /// Digests of selectors met so far: the same few come again and again.
    digests: HashMap<Selector, Digest>,
}

/// How many unsettled releases a fold remembers; older ones are read back from the ledger when their settlement comes.
const REMEMBERED: usize = 262_144;

impl<'a> Fold<'a> {
    pub(crate) fn new(fields: &'a Fields, wanted: impl Fn(&Selector) -> bool + Send + Sync + 'a) -> Self {
        Self { fields, wanted: Box::new(wanted), rows: BTreeMap::new(), open: HashMap::new(), digests: HashMap::new() }
    }

    /// Takes the rows gathered so far; remembered releases stay.
    pub(crate) fn take(&mut self) -> Vec<(TouchKey, Touches)> {
        std::mem::take(&mut self.rows).into_iter().collect()
    }

    /// Counts a release as authorised.
    pub(crate) fn release(&mut self, release: Release) {
        let picks = self.picks(&release);
        self.touch(&release, &picks, Level::Authorised, &release.window());
        if let (Form::Raw | Form::View, Some(engagement)) = (release.form, release.place.engagement) {
            if self.open.len() >= REMEMBERED {
                self.open.clear();
            }
            self.open.insert((engagement.into(), release.place.seq), (release, picks));
        }
    }

    /// Counts what a settlement says was sent. `find` reads a release that is not remembered, or says that it does not count.
    pub(crate) fn settlement(
        &mut self,
        entry: &Opened,
        mut find: impl FnMut(ChainId, u64) -> Result<Option<Release>, CustodyError>,
    ) -> Result<(), CustodyError> {
        if entry.kind != kind::SETTLEMENT {
            return Ok(());
        }
        let settled: Settlement = serde_json::from_slice(&entry.payload.entry).map_err(|_| unreadable(entry))?;
        let whole = ledger::read_runs(&settled.whole).ok_or_else(|| unreadable(entry))?;
        let whole = whole.into_iter().flatten().map(|seq| (seq, u64::MAX));
        for (seq, sent) in whole.chain(settled.part) {
            let key = (entry.payload.link.chain, seq);
            let (release, picks) = match self.open.remove(&key) {
                Some(known) => known,
                None => match find(key.0, seq)? {
                    Some(release) => {
                        let picks = self.picks(&release);
                        (release, picks)
                    }
                    None => continue,
                },
            };
            let window = release.window();
            let to = window.end.min(window.start.saturating_add(sent));
            self.touch(&release, &picks, Level::Sent, &(window.start..to));
        }
        Ok(())
    }

    /// How many remembered releases are not settled yet.
    pub(crate) fn unsettled(&self) -> usize {
        self.open.len()
    }

    fn digest(&mut self, selector: Selector) -> Digest {
        if self.digests.len() >= REMEMBERED {
            self.digests.clear();
        }
        let fields = self.fields;
        *self.digests.entry(selector).or_insert_with_key(|selector| selector.digest(fields))
    }

    fn picks(&mut self, release: &Release) -> Picks {
        let mut picks = Vec::new();
        for selector in release.selectors() {
            if (self.wanted)(&selector) {
                picks.push((selector.kind, self.digest(selector)));
            }
        }
        picks
    }

    fn touch(&mut self, release: &Release, picks: &[(SelectorKind, Digest)], level: Level, window: &Range<u64>) {
        let Some(engagement) = release.place.engagement else { return };
        for (kind, selector) in picks {
            let key = TouchKey {
                kind: *kind,
                selector: *selector,
                engagement,
                hour: release.at.hour(),
                span: Span::Hour,
                form: release.form,
                level,
            };
            let row = self.rows.entry(key).or_default();
            row.count(release.at, window.end.saturating_sub(window.start));
            for names in ledger::read_runs(&release.names).unwrap_or_default() {
                row.whole.insert_range(names);
            }
            let Some(ordinal) = release.ordinal else { continue };
            let everything = release.form == Form::Names || (window.start == 0 && Some(window.end) == release.size);
            if everything {
                row.whole.insert(ordinal);
            } else {
                row.add(ordinal, window.clone());
            }
        }
    }
}

fn unreadable(entry: &Opened) -> CustodyError {
    CustodyError::Corrupt(format!("entry {} of kind `{}` cannot be read", entry.index, entry.kind))
}

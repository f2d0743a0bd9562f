//! Pickles and what is built on them: read without being run.
//!
//! `pickle.load` runs a program that whoever wrote the file has chosen. So a model or data set in this form is not only
//! read for what is about people but for what it would *do*: every import is named and judged ([`Standing`]). Texts are
//! handed out where they stand.
//!
//! # Threats
//! The writer wants a command to go unseen: named in parts that are put together on the stack, reached through the
//! module of a harmless library, kept in the memo, behind an end mark, behind an error, or behind an array. The
//! first is [`Standing::Dangerous`] because nobody needs it; names are judged whole; the memo is followed; reading goes
//! on behind the end; what came before an error was found before it.

pub(crate) mod file;
mod known;
mod machine;
mod opcode;

pub use known::Standing;

use crate::cursor::Cursor;
use crate::error::Stop;
use machine::Machine;

/// Something that loading would import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// The module.
    pub module: String,
    /// What is taken from it; empty when `module` describes what cannot be named.
    pub name: String,
    /// The offset of the instruction, or of the name.
    pub at: u64,
    /// What is known of it.
    pub standing: Standing,
    /// Whether it is called, too.
    pub called: bool,
}

impl std::fmt::Display for Import {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.module)?;
        if !self.name.is_empty() {
            write!(f, ".{}", self.name)?;
        }
        Ok(())
    }
}

/// What loading a file would do.
#[derive(Debug, Default)]
pub(crate) struct Pickle {
    /// What is imported, each once, in the order of first use.
    pub(crate) imports: Vec<Import>,
    /// There were more imports than are told apart.
    pub(crate) more_imports: bool,
    /// How many objects texts belonged to so far.
    pub(crate) objects: u64,
    /// Bytes of arrays that stand between instructions.
    pub(crate) array_bytes: u64,
    /// How many pickles followed each other.
    pub(crate) pickles: u64,
    /// Where the last pickle ends.
    pub(crate) end: u64,
}

/// A text in a pickle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Text {
    /// Where it stands.
    pub(crate) from: u64,
    /// How many bytes it has.
    pub(crate) len: u64,
    /// Texts with different numbers belong to different objects.
    pub(crate) object: u64,
}

/// The first byte of a pickle of protocol 2 or later.
const PROTOCOL: u8 = 0x80;
const NEWEST_PROTOCOL: u8 = 5;

/// Whether a file that begins so is a pickle. Protocols 0 and 1 have no mark, so only an import right at the beginning
/// tells them, or a name that says so.
pub(crate) fn is_pickle(start: &[u8], name: &str) -> bool {
    match start {
        [PROTOCOL, 2..=NEWEST_PROTOCOL, next, ..] => !next.is_ascii_digit(),
        [b'c', rest @ ..] => is_import(rest),
        [b'(' | b'}' | b']' | b'I' | b'S' | b'V' | b'K' | b'U' | b'X', ..] => {
            let ending = name.rsplit('.').next().unwrap_or_default();
            ["pkl", "pickle", "p", "joblib", "pt", "pth", "ckpt"].iter().any(|word| ending.eq_ignore_ascii_case(word))
        }
        _ => false,
    }
}

/// Two lines that are names.
fn is_import(start: &[u8]) -> bool {
    let mut lines = start.splitn(3, |byte| *byte == b'\n');
    let is_name = |line: &[u8]| {
        !line.is_empty()
            && !line.first().is_some_and(u8::is_ascii_digit)
            && line.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'))
    };
    let (module, name, rest) = (lines.next(), lines.next(), lines.next());
    // Two words on two lines are also how a text may begin; what follows an import is an instruction on arguments.
    let goes_on = rest.and_then(|rest| rest.first()).is_some_and(|next| b"(]})pqRo.".contains(next));
    module.is_some_and(is_name) && name.is_some_and(is_name) && goes_on
}

/// Reads the pickles in `cursor`, one behind the other, until there are no more. Texts go to `texts`.
///
/// On an error, `found` holds what came before it.
pub(crate) fn read(
    cursor: &mut Cursor<'_>,
    found: &mut Pickle,
    texts: &mut dyn FnMut(&Text) -> Result<(), Stop>,
) -> Result<(), Stop> {
    loop {
        Machine::new(found, texts).follow(cursor)?;
        found.pickles = found.pickles.saturating_add(1);
        found.end = cursor.at();
        if !matches!(cursor.peek(2)?, [PROTOCOL, 0..=NEWEST_PROTOCOL]) {
            return look_behind(cursor, found);
        }
    }
}

/// Behind the last pickle stands the data of old `torch.save`, or a pickle without a mark. Whether it is one shows when
/// it can be followed to its end, and it matters when it imports something.
fn look_behind(cursor: &mut Cursor<'_>, found: &mut Pickle) -> Result<(), Stop> {
    let end = found.end;
    let mut behind = Pickle::default();
    let followed = Machine::new(&mut behind, &mut |_| Ok(())).follow(cursor);
    if let Err(failed @ Stop::Failed(_)) = followed {
        return Err(failed);
    }
    if followed.is_ok() || behind.imports.iter().any(|import| import.standing == Standing::Dangerous) {
        for import in behind.imports {
            if !found.imports.iter().any(|known| known.module == import.module && known.name == import.name) {
                found.imports.push(import);
            }
        }
    }
    cursor.go(end)
}

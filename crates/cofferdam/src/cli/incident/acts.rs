//! Acts on incidents, from the words of the command line.

use base::Timestamp;
use base::id::IncidentId;
use base::time::Clock;
use custody::incidents::acts::NewAct;
use incident::stage::Lesson;

use super::Incident;
use crate::clock::SystemClock;
use crate::error::Error;
use crate::when;

/// A time as it was typed. `now` means the server's: its clock goes before ours.
pub(super) fn time(text: &str) -> Result<Timestamp, Error> {
    when::read(text, SystemClock.now())
}

fn unless_now(text: &str) -> Result<Option<Timestamp>, Error> {
    if text == "now" { Ok(None) } else { time(text).map(Some) }
}

impl Incident {
    /// The act that the command line names.
    ///
    /// # Errors
    /// [`Error::Misuse`] for what does not read; a text that is in no file.
    pub(super) fn read(self) -> Result<(IncidentId, NewAct), Error> {
        Ok(match self {
            Self::Triage { id, owner, reasoning } => (id, NewAct::Triage { owner, reasoning }),
            Self::Dismiss { id, reasoning } => (id, NewAct::Dismiss { reasoning }),
            Self::Declare { id, criteria, category, lead } => (id, NewAct::Declare { criteria, category, lead }),
            Self::Clock { id, clock, at, why, again } => (id, NewAct::Clock { clock, at: time(&at)?, why, again }),
            Self::Measure { id, kind, what, engagement, at } => {
                (id, NewAct::Measure { at: unless_now(&at)?, kind, what, engagement })
            }
            Self::Decide { id, fact, why } => {
                let fact = serde_json::from_str(&fact)
                    .map_err(|error| Error::Misuse(format!("the fact is not understood: {error}")))?;
                (id, NewAct::Decide { fact, why })
            }
            Self::Eradicate { id, done } => (id, NewAct::Eradicate { done }),
            Self::Recover { id, conditions } => (id, NewAct::Recover { conditions }),
            Self::Notify { id, duty, recipient, text, receipt, report, sent, engagement, reason_late } => {
                let text = std::fs::read_to_string(&text).map_err(|error| {
                    Error::Misuse(format!("the text in `{}` cannot be read: {error}", text.display()))
                })?;
                let sent = unless_now(&sent)?;
                (id, NewAct::Notify { duty, recipient, text, sent, receipt, report, engagement, reason_late })
            }
            Self::Close { id, lessons } => {
                let lessons = lessons.iter().map(|text| lesson(text)).collect::<Result<_, _>>()?;
                (id, NewAct::Close { lessons })
            }
            Self::Open { .. }
            | Self::List
            | Self::Show { .. }
            | Self::Scope { .. }
            | Self::Contain { .. }
            | Self::Report { .. }
            | Self::Files
            | Self::Partner { .. }
            | Self::People { .. } => return Err(Error::Misuse("this is no act on an incident".to_owned())),
        })
    }
}

/// `LESSON;NAME;2026-12-31`.
fn lesson(text: &str) -> Result<Lesson, Error> {
    let mut parts = text.rsplitn(3, ';').map(str::trim);
    match (parts.next(), parts.next(), parts.next()) {
        (Some(by), Some(owner), Some(lesson)) => {
            Ok(Lesson { lesson: lesson.to_owned(), owner: owner.to_owned(), by: by.to_owned() })
        }
        _ => Err(Error::Misuse(format!(
            "`{}` is not a lesson\nwrite what was learnt, who sees to it, and by when: `LESSON;NAME;2026-12-31`",
            text.escape_debug()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::lesson;

    #[test]
    fn a_lesson_has_an_owner_and_a_date() {
        let read = lesson("pin tools; and lock them; ada; 2026-12-31").unwrap();
        assert_eq!((&*read.lesson, &*read.owner, &*read.by), ("pin tools; and lock them", "ada", "2026-12-31"));
        assert!(lesson("pin tools;ada").is_err());
    }
}

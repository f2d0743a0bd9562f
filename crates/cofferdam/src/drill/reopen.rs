//! After the pause: the stolen sessions are dead, one person alone cannot resume, and after two have, only new sessions work.

use std::sync::Arc;

use base::Kind;
use base::id::ApprovalId;

use crate::drill::cast::{Cast, HONEST};
use crate::drill::diary::Page;
use crate::drill::pulse::Lane;
use crate::drill::reader::Ended;
use crate::drill::seat::{Seat, Wires};
use crate::drill::truth::{Content, Place, Truth};
use crate::error::Error;

/// The stolen sessions are dead, and none can be issued.
pub(super) async fn dead(cast: &Cast, thieves: &[Seat], truths: &[Arc<Truth>], page: &mut Page) -> Result<(), Error> {
    for thief in thieves {
        let about = thief.about;
        let Some((place, content)) = truths.get(thief.place).and_then(|truth| small(truth)) else { continue };
        let ended = thief.reader.read(place, None, content.size).await?;
        page.promise(
            format!("The stolen session in {}'s engagement is refused, and told why.", about.said),
            paused(&ended),
            ended.to_string(),
        );
        let host = HONEST.iter().find(|host| host.works_in.contains(&thief.place));
        if let Some(host) = host {
            let refused = cast.session(host, about).await.err();
            let held = refused.as_ref().is_some_and(|error| error.kind() == Kind::Paused);
            page.promise(
                format!("While {}'s engagement is paused no new session is issued in it.", about.said),
                held,
                refused.map_or_else(|| "one was issued".to_owned(), |error| error.to_string()),
            );
        }
    }
    Ok(())
}

/// Resumes one compartment, with all that must be refused on the way.
pub(super) async fn resume(
    cast: &Cast,
    wires: &Wires,
    thief: &Seat,
    truth: &Truth,
    lane: &Arc<Lane>,
    page: &mut Page,
) -> Result<(), Error> {
    let (about, Some((place, content))) = (thief.about, small(truth)) else { return Ok(()) };
    let alone = cast.security.resume(about.engagement).await.err();
    let approval = alone.as_ref().and_then(approval_named);
    page.promise(
        "One person alone cannot resume; the refusal names the approval that is missing.",
        approval.is_some() && alone.as_ref().is_some_and(|error| error.kind() == Kind::Refused),
        alone.as_ref().map_or_else(|| "it was resumed".to_owned(), |error| error.to_string().replace('\n', "; ")),
    );
    let Some(approval) = approval else { return Ok(()) };
    let own = cast.security.approve(approval).await.err();
    page.promise(
        "Nobody approves their own request.",
        own.is_some(),
        own.map_or_else(|| "it was approved".to_owned(), |error| error.to_string().replace('\n', "; ")),
    );
    let ended = thief.reader.read(place, None, content.size).await?;
    page.promise("Until it is approved, nothing moves.", paused(&ended), ended.to_string());

    cast.second.approve(approval).await?;
    let resumed = cast.security.resume(about.engagement).await;
    let seen = match &resumed {
        Ok(resumed) => format!("resumed at epoch {}", resumed.epoch),
        Err(error) => error.to_string(),
    };
    page.promise("With a second person's approval it resumes.", resumed.is_ok(), seen);

    let ended = thief.reader.read(place, None, content.size).await?;
    page.promise("After the resume the stolen session is still dead.", expired(&ended), ended.to_string());
    let Some(host) = HONEST.iter().find(|host| host.works_in.contains(&thief.place)) else { return Ok(()) };
    let issued = cast.session(host, about).await?;
    let seat = Seat::take(wires, &issued, host.address, (thief.place, about), lane).await?;
    let ended = seat.reader.read(place, None, content.size).await?;
    page.promise(
        "A new session reads again, byte for byte what was stored.",
        ended == Ended::Whole(content.digest),
        format!("`{}/{}` read with a session issued after the resume", place.0, place.1),
    );
    Ok(())
}

/// The other compartment stays as it is.
pub(super) async fn still_paused(thief: &Seat, truth: &Truth, page: &mut Page) -> Result<(), Error> {
    let Some((place, content)) = small(truth) else { return Ok(()) };
    let ended = thief.reader.read(place, None, content.size).await?;
    page.promise(
        format!("Resuming one engagement leaves {}'s paused.", thief.about.said),
        paused(&ended),
        ended.to_string(),
    );
    Ok(())
}

/// The approval that a refusal names.
fn approval_named(error: &Error) -> Option<ApprovalId> {
    match error {
        Error::Problem(problem) => problem.approval.as_ref()?.parse().ok(),
        _ => None,
    }
}

/// Refused, and told that the engagement is paused.
fn paused(ended: &Ended) -> bool {
    matches!(ended, Ended::Refused(status, said) if status.as_u16() == 403 && said.contains("paused"))
}

/// Refused as S3 refuses sessions that have ended.
fn expired(ended: &Ended) -> bool {
    matches!(ended, Ended::Refused(_, said) if said.starts_with("ExpiredToken"))
}

/// An object that is quickly read; people were found in it, so it was scanned and may be read.
fn small(truth: &Truth) -> Option<(&Place, &Content)> {
    truth.iter().filter(|(_, content)| !content.marks.is_empty()).min_by_key(|(_, content)| content.size)
}

//! The pause, while the intruder reads on: how long until the last byte, and what came after.

use std::sync::Arc;
use std::time::Duration;

use base::Millis;
use base::time::{Clock, Tick};
use custody::pause::Paused;
use serde::Serialize;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::client::AdminClient;
use crate::drill::cast::Compartment;
use crate::drill::diary::Page;
use crate::drill::plant::{ARCHIVE, RECENT};
use crate::drill::reader::{Ended, Reader};
use crate::drill::tap::{Mark, Tap};
use crate::drill::truth::{Place, Truth};
use crate::error::Error;

/// How fast an intruder's stream is: slow enough that the pause finds it under way.
pub(super) const STREAM_BYTES_PER_SECOND: u64 = 1_000_000;

/// Which parts of the archive are streamed, in percent. None reaches its end, so that not everybody's data is allowed.
const STREAMS: [(u64, u64); 3] = [(0, 40), (10, 50), (20, 60)];

/// A stream so slow that the kernel on the program's side has taken in all of it, long before its reader has it.
/// What was handed to the kernel has not been sent yet, and must not count as certainly sent.
pub(super) const SLOW_BYTES_PER_SECOND: u64 = 100_000;

/// How many bytes that were not read before must have come through before the pause is asked for.
const UNDER_WAY_BYTES: u64 = 1_500_000;

/// How long that may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often it is looked at whether the streams are under way.
const GLANCE: Duration = Duration::from_millis(10);

/// How often it is looked at, during the pause, whether bytes have come: this is how exactly the last one is timed.
const BLINK: Duration = Duration::from_millis(1);

/// How much of the archive's beginning the greedy reader takes again and again.
const GREEDY_BYTES: u64 = 200_000;

/// How many times the greedy reader asks once the pause has returned, before it gives up.
const STUBBORN: usize = 20;

/// What a pause must be faster than. SPEC: design §3, promise 3.
const PROMISED: Millis = Millis(1000);

/// What one pause was seen to do, from outside.
#[derive(Clone, Debug, Serialize)]
pub struct Halted {
    /// The partner, as the report calls it.
    pub partner: String,
    /// When it was asked, in microseconds since the drill began.
    pub asked_micros: u64,
    /// How long the answer took.
    pub answered_after_micros: u64,
    /// How long until the last byte was seen to have arrived, from asking; 0 if none was. To within a millisecond.
    pub last_byte_after_micros: u64,
    /// How many bytes arrived after the answer.
    pub bytes_after: u64,
    /// On how many connections that was watched.
    pub connections: u64,
    /// How many streams were under way, and cut in the middle.
    pub streams_cut: u64,
    /// How many more requests were made after the answer; all must be refused.
    pub requests_after: u64,
    /// What the program itself says.
    pub said: Paused,
}

/// The intruder's reading that the pause falls into.
pub(super) struct Streams {
    paced: JoinSet<Result<Ended, Error>>,
    greedy: JoinSet<Result<Vec<(Tick, Ended)>, Error>>,
    /// Set when the pause has returned.
    returned: watch::Sender<bool>,
}

/// How that reading ended.
pub(super) struct Ends {
    paced: Vec<Ended>,
    /// Each request of the greedy reader: when it was made, and how it ended.
    greedy: Vec<(Tick, Ended)>,
}

/// Starts streams over parts of an archive, and a greedy reader that never stops asking.
pub(super) fn stream(
    paced: &Reader,
    slow: &Reader,
    fast: &Reader,
    about: &Compartment,
    truth: &Truth,
    clock: &Arc<dyn Clock>,
) -> Streams {
    let [bucket, _] = about.buckets;
    let object = |key: &str| {
        let place = (bucket.to_owned(), key.to_owned());
        let size = truth.get(&place).map_or(0, |content| content.size);
        (place, size)
    };
    let (place, size) = object(ARCHIVE);
    let percent = |part: u64| size.saturating_mul(part).div_euclid(100);
    let returned = watch::Sender::new(false);
    let mut streams = Streams { paced: JoinSet::new(), greedy: JoinSet::new(), returned };
    for (from, to) in STREAMS {
        let (reader, place, range) = (paced.clone(), place.clone(), percent(from)..percent(to));
        streams.paced.spawn(async move { reader.read(&place, Some(range), size).await });
    }
    let (slow, (recent, recent_size)) = (slow.clone(), object(RECENT));
    streams.paced.spawn(async move { slow.read(&recent, None, recent_size).await });
    let returned = streams.returned.subscribe();
    streams.greedy.spawn(ask_again(fast.clone(), place, size, Arc::clone(clock), returned));
    streams
}

async fn ask_again(
    reader: Reader,
    place: Place,
    size: u64,
    clock: Arc<dyn Clock>,
    returned: watch::Receiver<bool>,
) -> Result<Vec<(Tick, Ended)>, Error> {
    let mut all = Vec::new();
    // Refusals begin before the pause returns. Only what is asked after it counts.
    let mut afterwards = 0usize;
    while afterwards < STUBBORN {
        let late = *returned.borrow();
        let asked = clock.tick();
        let ended = reader.read(&place, Some(0..GREEDY_BYTES.min(size)), size).await?;
        if late {
            afterwards = afterwards.saturating_add(1);
        } else if !matches!(ended, Ended::Whole(_)) {
            tokio::time::sleep(BLINK).await;
        }
        all.push((asked, ended));
    }
    Ok(all)
}

/// Waits until bytes of every compartment have come that were not read `before`.
pub(super) async fn until_under_way(readers: &[Reader], before: &[u64]) -> Result<(), Error> {
    let fresh = |reader: &Reader, before: &u64| reader.taken().bytes().saturating_sub(*before);
    let waiting = async {
        while readers.iter().zip(before).any(|(reader, before)| fresh(reader, before) < UNDER_WAY_BYTES) {
            tokio::time::sleep(GLANCE).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.map_err(|elapsed| Error::Broken {
        attempt: "waiting for the intruder's streams to be under way",
        source: elapsed.into(),
    })
}

/// A pause that was answered, and what had arrived by then.
pub(super) struct Answered {
    asked: Tick,
    answered: Tick,
    /// When bytes were last seen to have come.
    last: Tick,
    connections: u64,
    marks: Vec<Mark>,
    said: Paused,
}

/// Asks for a pause, watches every line of the compartment meanwhile, and marks them the moment the answer is there.
pub(super) async fn pause(
    security: &AdminClient,
    about: &Compartment,
    taps: &[&Tap],
    clock: &Arc<dyn Clock>,
) -> Result<Answered, Error> {
    // Lines that are opened later carry refusals, and are looked at by their answers.
    let open: Vec<Mark> = taps.iter().map(|tap| tap.mark()).collect();
    let connections = open.iter().map(Mark::lines).sum();
    let arrived = || open.iter().map(Mark::total).sum::<u64>();
    let (asked, mut seen) = (clock.tick(), arrived());
    let mut last = asked;
    let mut asking = std::pin::pin!(security.pause(about.engagement));
    let said = loop {
        let said = tokio::select! {
            said = &mut asking => Some(said?),
            () = tokio::time::sleep(BLINK) => None,
        };
        // Counted first and timed then: the byte came before.
        let total = arrived();
        if total > seen {
            (seen, last) = (total, clock.tick());
        }
        if let Some(said) = said {
            break said;
        }
    };
    let answered = clock.tick();
    let marks = open.iter().map(Mark::again).collect();
    taps.iter().for_each(|tap| tap.hurry());
    Ok(Answered { asked, answered, last, connections, marks, said })
}

/// How the intruder's reading ended. To be called once the pause has returned.
pub(super) async fn ended(mut streams: Streams) -> Result<Ends, Error> {
    streams.returned.send_replace(true);
    let failed = |error| Error::part("waiting for a stream", base::Kind::Bug, error);
    let mut ends = Ends { paced: Vec::new(), greedy: Vec::new() };
    while let Some(stream) = streams.paced.join_next().await {
        ends.paced.push(stream.map_err(failed)??);
    }
    while let Some(greedy) = streams.greedy.join_next().await {
        ends.greedy.extend(greedy.map_err(failed)??);
    }
    Ok(ends)
}

/// Judges a pause once the intruder's reading has ended.
pub(super) fn judge(partner: &str, answered: &Answered, ends: &Ends, began: Tick, page: &mut Page) -> Halted {
    let after: Vec<&Ended> =
        ends.greedy.iter().filter(|(asked, _)| *asked > answered.answered).map(|(_, ended)| ended).collect();
    let halted = Halted {
        partner: partner.to_owned(),
        asked_micros: answered.asked.micros_since(began),
        answered_after_micros: answered.answered.micros_since(answered.asked),
        last_byte_after_micros: answered.last.micros_since(answered.asked),
        bytes_after: answered.marks.iter().map(Mark::since).sum(),
        connections: answered.connections,
        streams_cut: ends.paced.iter().filter(|ended| matches!(ended, Ended::Cut(_))).count() as u64,
        requests_after: after.len() as u64,
        said: answered.said.clone(),
    };
    page.promise(
        format!("When the pause of {partner}'s engagement has returned, not one more byte arrives anywhere."),
        halted.bytes_after == 0 && halted.connections > 0,
        format!(
            "{} bytes after the answer, on {} connections; {}",
            halted.bytes_after,
            halted.connections,
            halted.last_byte()
        ),
    );
    page.promise(
        format!("The pause of {partner}'s engagement is answered within a second."),
        halted.answered_after_micros <= PROMISED.0.saturating_mul(1000),
        format!("{} from asking to the answer", millis(halted.answered_after_micros)),
    );
    page.promise(
        format!("Every stream of {partner}'s data that is under way is cut in the middle."),
        !ends.paced.is_empty() && halted.streams_cut == ends.paced.len() as u64,
        format!("{} of {} streams cut", halted.streams_cut, ends.paced.len()),
    );
    let got_something = after.iter().filter(|ended| !matches!(ended, Ended::Refused(..) | Ended::Cut(0))).count();
    let refused = after.iter().filter(|ended| matches!(ended, Ended::Refused(..))).count();
    page.promise(
        format!("No request for {partner}'s data that is made after the pause has returned gets any of it."),
        refused > 0 && got_something == 0,
        format!("{refused} of {} requests refused, {got_something} answered", after.len()),
    );
    halted
}

impl Halted {
    /// When the last byte was seen, in words.
    pub(super) fn last_byte(&self) -> String {
        match self.last_byte_after_micros {
            0 => "no byte was seen after asking".to_owned(),
            micros => format!("the last byte was seen {} after asking", millis(micros)),
        }
    }
}

/// Microseconds as people say them.
pub(super) fn millis(micros: u64) -> String {
    let tenths = micros.div_ceil(100);
    format!("{}.{} ms", tenths.div_euclid(10), tenths.rem_euclid(10))
}

#[cfg(test)]
mod tests {
    use base::Timestamp;
    use base::id::EngagementId;
    use http::StatusCode;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;
    use crate::clock::SystemClock;
    use crate::drill::diary::{Diary, Step, Voice};
    use crate::drill::pulse::{Lane, Whose};

    struct Silent;

    impl Voice for Silent {
        fn begins(&mut self, _title: &str) {}
        fn ended(&mut self, _step: &Step) {}
    }

    fn said() -> Paused {
        let at = Timestamp(0);
        Paused {
            engagement: EngagementId::from_bytes([1; 16]),
            asked: at,
            stopped: at,
            epoch: 2,
            streams_cut: 1,
            sessions_ended: 1,
            took: Millis(1),
            already: false,
        }
    }

    /// Which of the four promises of a pause are broken, when `late` bytes come after the answer.
    async fn broken(late: &[u8], answered_micros: u64, paced: Ended, afterwards: Ended) -> Vec<usize> {
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let lane = Arc::new(Lane::new("test", 0, Whose::Intruder, clock.tick()));
        let source = std::net::Ipv4Addr::LOCALHOST;
        let tap = Tap::open(server.local_addr().unwrap(), source, None, lane, Arc::clone(&clock)).await.unwrap();
        let mut client = TcpStream::connect(tap.address()).await.unwrap();
        let (mut at_server, _) = server.accept().await.unwrap();
        at_server.write_all(b"before").await.unwrap();
        client.read_exact(&mut [0; 6]).await.unwrap();
        let mark = tap.mark();
        at_server.write_all(late).await.unwrap();

        let (asked, answered) = (Tick(0), Tick(answered_micros));
        let answered = Answered { asked, answered, last: asked, connections: 1, marks: vec![mark], said: said() };
        let ends = Ends { paced: vec![paced], greedy: vec![(Tick(u64::MAX), afterwards)] };
        let mut voice = Silent;
        let mut diary = Diary::new(clock, &mut voice);
        let mut page = diary.begin("a pause");
        judge("Partner", &answered, &ends, Tick(0), &mut page);
        diary.end(page, "judged");
        let promises = diary.steps().remove(0).promises;
        promises.iter().enumerate().filter(|(_, promise)| !promise.held).map(|(place, _)| place).collect()
    }

    #[tokio::test]
    async fn every_way_in_which_a_pause_can_fail_is_found() {
        let refused = || Ended::Refused(StatusCode::FORBIDDEN, String::new());
        assert_eq!(broken(b"", 1000, Ended::Cut(5), refused()).await, [0; 0]);
        assert_eq!(broken(b"!", 1000, Ended::Cut(5), refused()).await, [0]);
        assert_eq!(broken(b"", 1_000_001, Ended::Cut(5), refused()).await, [1]);
        assert_eq!(broken(b"", 1000, Ended::Whole([0; 32]), refused()).await, [2]);
        assert_eq!(broken(b"", 1000, Ended::Cut(5), Ended::Whole([0; 32])).await, [3]);
        assert_eq!(broken(b"", 1000, Ended::Cut(5), Ended::Cut(1)).await, [3]);
    }

    #[test]
    fn spans_are_rounded_up() {
        assert_eq!([0, 1, 100, 12_345].map(millis), ["0.0 ms", "0.1 ms", "0.1 ms", "12.4 ms"]);
    }
}

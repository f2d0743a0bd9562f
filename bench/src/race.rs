//! Peers under the same load, taking turns, so that what the machine does meanwhile meets all of them.

use std::fmt::Write as _;

use crate::load::{Requests, run};
use crate::peers::Peer;
use crate::{Outcome, note};

/// What a race counts.
#[derive(Clone, Copy)]
pub(crate) enum Unit {
    /// Requests a second.
    Requests,
    /// Megabytes a second.
    Megabytes,
}

/// The load of a race.
pub(crate) struct Load {
    /// How often each peer has its turn; the median counts.
    pub(crate) rounds: usize,
    pub(crate) connections: usize,
    /// How long a turn lasts.
    pub(crate) micros: u64,
    pub(crate) unit: Unit,
}

/// What a peer came to: the figures of its turns, and how long its requests took.
pub(crate) struct Result {
    pub(crate) name: String,
    pub(crate) figures: Vec<f64>,
    p50: u64,
    p99: u64,
}

impl Result {
    /// A limit that was measured without a server.
    pub(crate) fn limit(name: &str, figures: Vec<f64>) -> Self {
        Self { name: name.to_owned(), figures, p50: 0, p99: 0 }
    }

    /// The median of the turns.
    pub(crate) fn median(&self) -> f64 {
        let mut sorted = self.figures.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
    }
}

/// Lets every peer run under `load`; `requests` prepares a peer's turn.
pub(crate) async fn race(peers: &[Peer], load: &Load, requests: impl Fn(&Peer) -> Requests) -> Outcome<Vec<Result>> {
    let mut results: Vec<Result> = peers.iter().map(|peer| Result::limit(peer.name, Vec::new())).collect();
    for round in 0..=load.rounds {
        for (peer, result) in peers.iter().zip(&mut results) {
            // The first turn warms caches and connections and does not count.
            let micros = if round == 0 { load.micros / 4 } else { load.micros };
            let mut done = run(peer, requests(peer), load.connections, micros).await?;
            let figure = match load.unit {
                Unit::Requests => done.requests_a_second(),
                Unit::Megabytes => done.megabytes_a_second(),
            };
            if round > 0 {
                result.figures.push(figure);
                (result.p50, result.p99) = (done.taken.percentile(50), done.taken.percentile(99));
            }
            note(&format!("round {round}: {} {figure:.0}", peer.name));
        }
    }
    Ok(results)
}

/// The rows of a race. Ours is the first; `bars` say what it must reach of which peer.
pub(crate) fn table(what: &str, unit: Unit, results: &[Result], bars: &[(&str, f64)]) -> String {
    let unit = match unit {
        Unit::Requests => "requests/s",
        Unit::Megabytes => "MB/s",
    };
    let ours = results.first().map_or(0.0, Result::median);
    let mut rows = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(rows, "| {what} | {unit}, median | least to most | ours ÷ it | bar | p50 µs | p99 µs |");
    let _ = writeln!(rows, "|---|---|---|---|---|---|---|");
    for result in results {
        let least = result.figures.iter().copied().fold(f64::INFINITY, f64::min);
        let most = result.figures.iter().copied().fold(0.0, f64::max);
        let bar = bars.iter().find(|(name, _)| *name == result.name);
        let bar = bar.map_or_else(String::new, |(_, bar)| format!("{bar:.1}"));
        let _ = writeln!(
            rows,
            "| {} | {:.0} | {least:.0} to {most:.0} | {:.2} | {bar} | {} | {} |",
            result.name,
            result.median(),
            ours / result.median().max(1e-9),
            result.p50,
            result.p99,
        );
    }
    rows
}

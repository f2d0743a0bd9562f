//! Logging: to standard error, in one of two forms.
//!
//! Some targets stay silent whatever the configuration says, because at low levels they print whole requests: keys and values
//! of customers. That cap is code, not configuration.

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

use crate::config::{Level, Log, LogFormat};

/// Starts logging. Called once, by `serve`.
pub fn start(log: Log) {
    let lines = fmt::layer().with_writer(std::io::stderr).with_ansi(false);
    let lines = match log.format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().boxed(),
    };
    // A second start in one process (tests) changes nothing.
    let _ = tracing_subscriber::registry().with(lines.with_filter(targets(log.level))).try_init();
}

fn targets(level: Level) -> Targets {
    let level = match level {
        Level::Error => LevelFilter::ERROR,
        Level::Warn => LevelFilter::WARN,
        Level::Info => LevelFilter::INFO,
        Level::Debug => LevelFilter::DEBUG,
        Level::Trace => LevelFilter::TRACE,
    };
    // Libraries say what they do at low levels, and that may quote what they carry: from them, warnings at most.
    let ours = ["attest", "catalog", "cofferdam", "custody", "gateway", "ledger", "policy", "scan", "seal", "store"];
    let others = level.min(LevelFilter::WARN);
    let targets = Targets::new().with_default(others).with_targets(ours.map(|target| (target, level)));
    targets.with_targets(gateway::QUIET_TARGETS.map(|target| (target, LevelFilter::OFF)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_targets_are_quiet_at_every_level() {
        let targets = targets(Level::Trace);
        for quiet in gateway::QUIET_TARGETS {
            assert!(!targets.would_enable(quiet, &tracing::Level::ERROR), "{quiet}");
        }
        assert!(targets.would_enable("custody::pause", &tracing::Level::TRACE));
        assert!(!targets.would_enable("hyper::proto", &tracing::Level::INFO));
    }
}

//! Percentiles, and the machine a figure was measured on.

use std::path::Path;

/// Durations in microseconds.
#[derive(Default)]
pub(crate) struct Micros(Vec<u64>);

impl Micros {
    /// Adds one.
    pub(crate) fn push(&mut self, micros: u64) {
        self.0.push(micros);
    }

    /// Adds all of another's.
    pub(crate) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// How many there are.
    pub(crate) fn count(&self) -> u64 {
        self.0.len() as u64
    }

    /// The duration that `percent` of 100 do not exceed; 0 of none.
    pub(crate) fn percentile(&mut self, percent: usize) -> u64 {
        self.0.sort_unstable();
        let place = self.0.len().saturating_mul(percent).div_ceil(100).saturating_sub(1);
        self.0.get(place).copied().unwrap_or(0)
    }

    /// The longest.
    pub(crate) fn longest(&self) -> u64 {
        self.0.iter().copied().max().unwrap_or(0)
    }
}

/// `part / whole`, for people.
pub(crate) fn ratio(part: u64, whole: u64) -> f64 {
    // Figures far below 2^52 are exact as floats.
    part as f64 / whole.max(1) as f64
}

/// Events a second.
pub(crate) fn rate(count: u64, micros: u64) -> u64 {
    count.saturating_mul(1_000_000).checked_div(micros).unwrap_or(0)
}

/// Processor, cores, kernel and file system, as one line.
pub(crate) fn machine(folder: &Path) -> String {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("unknown processor", |(_, model)| model);
    let cores = cpu.lines().filter(|line| line.starts_with("processor")).count();
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("{model}, {cores} cores, Linux {}, {}", kernel.trim(), file_system(folder))
}

fn file_system(folder: &Path) -> String {
    let mounts = std::fs::read_to_string("/proc/mounts").unwrap_or_default();
    let mut best = ("", "unknown file system");
    for line in mounts.lines() {
        let mut words = line.split(' ').skip(1);
        if let (Some(place), Some(kind)) = (words.next(), words.next())
            && folder.starts_with(place)
            && place.len() >= best.0.len()
        {
            best = (place, kind);
        }
    }
    best.1.to_owned()
}

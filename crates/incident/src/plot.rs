//! The pictures of the page as inline SVG: bars from a minimum to a maximum, and accesses over time.
//!
//! Only shapes are SVG; words stand beside them as HTML, so that they keep their size on a telephone while the shapes shrink.

use std::fmt::Write as _;

use base::{Bytes, Timestamp};

use crate::figure::Bounds;
use crate::letter::minute;
use crate::report::Report;
use crate::word::ClockName;

/// The pictures' own units: wide enough that rounding does not show.
const WIDTH: u64 = 1000;
const HEIGHT: u64 = 200;

/// One bar.
pub(crate) struct Row {
    /// What it is of.
    pub(crate) label: String,
    /// Its bounds in words.
    pub(crate) text: String,
    /// It.
    pub(crate) svg: String,
}

/// Accesses over time.
pub(crate) struct Timeline {
    /// The columns.
    pub(crate) svg: String,
    /// The times below: beginning, middle, end.
    pub(crate) ticks: [String; 3],
    /// The upright lines, in words.
    pub(crate) lines: Vec<String>,
    /// How high the highest column is.
    pub(crate) most: String,
}

/// Bars at one scale: dark to the minimum, light to the maximum.
pub(crate) fn ranges(rows: &[(String, Bounds)]) -> Vec<Row> {
    let most = rows.iter().map(|(_, bounds)| bounds.high).max().unwrap_or(0).max(1);
    let of = |(label, bounds): &(String, Bounds)| {
        let long = |count: u64| scaled(count, most, WIDTH).max(u64::from(count > 0).saturating_mul(3));
        let (low, high) = (long(bounds.low), long(bounds.high));
        Row {
            label: label.clone(),
            text: bounds.to_string(),
            svg: format!(
                "<svg class=\"range\" viewBox=\"0 0 {WIDTH} 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect \
                 class=\"most\" width=\"{high}\" height=\"10\"/><rect class=\"least\" width=\"{low}\" height=\"10\"/></svg>"
            ),
        }
    };
    rows.iter().map(of).collect()
}

/// Bytes over time, with the clocks that fell into that time. None: the report has no accesses over time.
pub(crate) fn timeline(report: &Report) -> Option<Timeline> {
    let spans = &report.exposure.access_over_time;
    let from = spans.iter().map(|span| span.from).min()?;
    let to = spans.iter().map(|span| span.to).max().filter(|to| *to > from)?;
    let most = spans.iter().map(|span| span.bytes.high).max().unwrap_or(0).max(1);
    let long = to.micros_since(from);
    let x = |at: Timestamp| scaled(at.micros_since(from), long, WIDTH);
    let mut svg = format!(
        "<svg class=\"time\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"Bytes \
         over time\">"
    );
    for span in spans {
        let (left, right) = (x(span.from), x(span.to));
        let width = right.saturating_sub(left).saturating_sub(1).max(1);
        for (class, count) in [("most", span.bytes.high), ("least", span.bytes.low)] {
            let tall = scaled(count, most, HEIGHT).max(u64::from(count > 0));
            let top = HEIGHT.saturating_sub(tall);
            let _ =
                write!(svg, "<rect class=\"{class}\" x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{tall}\"/>");
        }
    }
    let mut lines = Vec::new();
    for (clock, name) in [
        (ClockName::FirstActivity, "first activity"),
        (ClockName::FirstSignal, "first signal"),
        (ClockName::Contained, "contained"),
        (ClockName::Aware, "aware"),
    ] {
        let Some(at) = report.clock_at(clock).filter(|at| *at >= from && *at <= to) else { continue };
        let at_x = x(at);
        let _ = write!(svg, "<rect class=\"line\" x=\"{at_x}\" y=\"0\" width=\"2\" height=\"{HEIGHT}\"/>");
        lines.push(format!("{name} {}", at.to_string().get(11..19).unwrap_or_default()));
    }
    svg.push_str("</svg>");
    let middle = Timestamp(from.0.midpoint(to.0));
    Some(Timeline { svg, ticks: [from, middle, to].map(minute), lines, most: Bytes(most).to_string() })
}

/// `room` times `count / most`.
fn scaled(count: u64, most: u64, room: u64) -> u64 {
    let scaled = u128::from(count).saturating_mul(u128::from(room)).checked_div(u128::from(most)).unwrap_or(0);
    u64::try_from(scaled).unwrap_or(room).min(room)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::specimen;

    #[test]
    fn a_bar_is_as_long_as_its_count_and_never_invisible() {
        let rows = [
            ("a".to_owned(), Bounds { low: 500, high: 1000 }),
            ("b".to_owned(), Bounds { low: 0, high: 1 }),
            ("c".to_owned(), Bounds { low: 0, high: 0 }),
        ];
        let bars = ranges(&rows);
        assert!(
            bars[0].svg.contains("class=\"most\" width=\"1000\"") && bars[0].svg.contains("\"least\" width=\"500\"")
        );
        assert!(bars[1].svg.contains("class=\"most\" width=\"3\"") && bars[1].svg.contains("\"least\" width=\"0\""));
        assert!(bars[2].svg.contains("class=\"most\" width=\"0\""));
        assert_eq!(bars[0].text, "500 to 1,000");
    }

    #[test]
    fn columns_stand_where_their_time_is() {
        let plot = timeline(&specimen::report()).unwrap();
        assert_eq!(plot.ticks[0], "2026-03-24, 09:00 UTC");
        assert_eq!(plot.svg.matches("class=\"most\"").count(), specimen::report().exposure.access_over_time.len());
        let lines = ["first activity 09:03:11", "first signal 11:41:50", "contained 11:41:52"];
        assert_eq!(plot.lines, lines, "awareness falls behind the last column");
        let mut report = specimen::report();
        report.exposure.access_over_time.clear();
        assert!(timeline(&report).is_none());
    }
}

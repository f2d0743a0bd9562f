//! The picture: bytes received over time, a row for each session, with the pause drawn where it fell.

use std::fmt::Write as _;

use serde::Serialize;

use crate::drill::pulse::{BEAT_MICROS, Lane, Whose};

/// Beats in a second.
const BEATS_A_SECOND: u64 = 1_000_000_u64.div_euclid(BEAT_MICROS);

/// Measures of the picture, in its own units.
const WIDTH: f64 = 960.0;
const LABELS: f64 = 190.0;
const ROW: f64 = 62.0;
const HEIGHT: f64 = 40.0;
const TOP: f64 = 26.0;
const AXIS: f64 = 34.0;

/// One row of the picture, as the report keeps it.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// Whose accesses.
    pub label: String,
    /// The partner's place in the cast.
    pub compartment: usize,
    /// Whether they are the intruder's.
    pub whose: Whose,
    /// How long a beat is.
    pub beat_ms: u64,
    /// Number of a beat since the drill began, and bytes in it; beats without any are left out.
    pub beats: Vec<(u64, u64)>,
}

/// Something that happened to a compartment.
#[derive(Clone, Debug, Serialize)]
pub struct Event {
    /// When, in microseconds since the drill began.
    pub at_micros: u64,
    /// To which compartment.
    pub compartment: usize,
    /// What, in a word.
    pub what: String,
}

impl From<&Lane> for Row {
    fn from(lane: &Lane) -> Self {
        Self {
            label: lane.label.clone(),
            compartment: lane.compartment,
            whose: lane.whose,
            beat_ms: BEAT_MICROS.div_euclid(1000),
            beats: lane.beats(),
        }
    }
}

/// The time a picture spans, in beats.
#[derive(Clone, Copy)]
struct Span {
    from: u64,
    to: u64,
}

impl Span {
    fn of(rows: &[Row]) -> Self {
        let beats = || rows.iter().flat_map(|row| &row.beats).map(|(beat, _)| *beat);
        let (first, last) = (beats().min().unwrap_or(0), beats().max().unwrap_or(0));
        Self { from: first.saturating_sub(1), to: last.max(first).saturating_add(2) }
    }

    fn x(self, beat: f64) -> f64 {
        let length = self.to.saturating_sub(self.from).max(1);
        LABELS + (beat - number(self.from)) / number(length) * (WIDTH - LABELS - 2.0)
    }
}

/// Draws the picture as SVG, to be set into a page.
pub(super) fn draw(rows: &[Row], events: &[Event]) -> String {
    let span = Span::of(rows);
    let height = TOP + ROW * number(rows.len() as u64) + AXIS;
    let mut svg = format!(
        "<svg class=\"timeline\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
         aria-label=\"Bytes received over time, by session\">\n"
    );
    for (place, row) in rows.iter().enumerate() {
        let base = TOP + ROW * number(place as u64) + HEIGHT;
        draw_row(&mut svg, row, span, base);
        for event in events.iter().filter(|event| event.compartment == row.compartment) {
            draw_event(&mut svg, event, span, base);
        }
    }
    draw_axis(&mut svg, span, TOP + ROW * number(rows.len() as u64));
    svg.push_str("</svg>");
    svg
}

fn draw_row(svg: &mut String, row: &Row, span: Span, base: f64) {
    let most = row.beats.iter().map(|(_, bytes)| *bytes).max().unwrap_or(0);
    let class = if row.whose == Whose::Intruder { "intruder" } else { "ordinary" };
    let mut path = String::new();
    for (beat, bytes) in &row.beats {
        let (left, right) = (span.x(number(*beat)), span.x(number(beat.saturating_add(1))));
        let up = number(*bytes) / number(most.max(1)) * HEIGHT;
        // Writing to a string cannot fail.
        let _ = write!(path, "M{left:.1} {base:.1}v-{up:.1}H{right:.1}V{base:.1}z");
    }
    let (left, right) = (span.x(number(span.from)), span.x(number(span.to)));
    let rate = base::Bytes(most.saturating_mul(BEATS_A_SECOND));
    let _ = writeln!(
        svg,
        "<text class=\"label\" x=\"0\" y=\"{:.1}\">{}</text>\
         <text class=\"rate\" x=\"0\" y=\"{:.1}\">up to {rate}/s</text>\
         <path class=\"{class}\" d=\"{path}\"/>\
         <line class=\"base\" x1=\"{left:.1}\" y1=\"{base:.1}\" x2=\"{right:.1}\" y2=\"{base:.1}\"/>",
        base - 17.0,
        escape(&row.label),
        base - 2.0,
    );
}

fn draw_event(svg: &mut String, event: &Event, span: Span, base: f64) {
    let x = span.x(number(event.at_micros) / number(BEAT_MICROS));
    let top = base - HEIGHT - 6.0;
    // Beside the line, on the side where there is room.
    let (beside, anchor) = if x > WIDTH - 70.0 { (x - 5.0, "end") } else { (x + 5.0, "start") };
    let _ = writeln!(
        svg,
        "<line class=\"event\" x1=\"{x:.1}\" y1=\"{top:.1}\" x2=\"{x:.1}\" y2=\"{:.1}\"/>\
         <text class=\"event\" x=\"{beside:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\">{}</text>",
        base + 4.0,
        top + 8.0,
        escape(&event.what),
    );
}

/// Half seconds or whole ones, as there is room for, from the beginning of the picture.
fn draw_axis(svg: &mut String, span: Span, y: f64) {
    let halves = span.to.saturating_sub(span.from).saturating_mul(2).div_euclid(BEATS_A_SECOND);
    let step = if halves < 13 { 1 } else { halves.div_ceil(26).saturating_mul(2) };
    for half in (0..=halves).step_by(usize::try_from(step).unwrap_or(1)) {
        let beats = number(half) / 2.0 * number(BEATS_A_SECOND);
        let x = span.x(number(span.from) + beats);
        let elapsed = number(half) / 2.0;
        let _ = writeln!(
            svg,
            "<line class=\"tick\" x1=\"{x:.1}\" y1=\"{y:.1}\" x2=\"{x:.1}\" y2=\"{:.1}\"/>\
             <text class=\"tick\" x=\"{x:.1}\" y=\"{:.1}\">{elapsed} s</text>",
            y + 5.0,
            y + 20.0,
        );
    }
}

/// As a measure on paper. Beyond 2^53 a picture has other worries.
#[expect(clippy::cast_precision_loss, reason = "a picture needs three digits")]
fn number(value: u64) -> f64 {
    value as f64
}

/// Text as it stands in a page.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_its_rows_its_pause_and_nothing_from_elsewhere() {
        let row = |whose, compartment| Row {
            label: "a <b>".to_owned(),
            compartment,
            whose,
            beat_ms: 100,
            beats: vec![(20, 1000), (21, 500), (45, 10)],
        };
        let rows = [row(Whose::Intruder, 0), row(Whose::Ordinary, 2)];
        let pause = Event { at_micros: 2_250_000, compartment: 0, what: "paused".to_owned() };
        let svg = draw(&rows, &[pause]);
        assert_eq!(svg.matches("class=\"label\"").count(), 2);
        assert_eq!(svg.matches(">paused<").count(), 1);
        assert!(svg.contains("a &lt;b&gt;") && !svg.contains("http"), "{svg}");
        assert!(svg.starts_with("<svg") && svg.ends_with("</svg>"));
    }

    #[test]
    fn an_empty_picture_is_drawn_too() {
        assert!(draw(&[], &[]).ends_with("</svg>"));
    }
}

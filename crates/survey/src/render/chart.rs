//! The pictures of a page, as SVG without scripts: bars of findings by type and confidence, and a grid of files and types.

use std::fmt::Write as _;

use super::grouped;
use crate::Row;

/// Widths and heights in the units of the picture, which is scaled to the page.
const WIDTH: u64 = 920;
const LABEL: u64 = 250;
const NUMBER: u64 = 70;
const LINE: u64 = 26;
const BAR: u64 = 14;

/// How tall the slanted headings of the grid are, and how wide its columns.
const HEADING: u64 = 150;
const CELL: u64 = 34;

/// One bar for each row, in pieces for high, medium and low confidence, all at one scale.
pub(super) fn bars(rows: &[(String, Row)]) -> String {
    let most = rows.iter().map(|(_, row)| row.all()).max().unwrap_or(0).max(1);
    let room = WIDTH.saturating_sub(LABEL).saturating_sub(NUMBER);
    // Something is visible as soon as there is something.
    let long = |count: u64| scaled(count, most, room).max(u64::from(count > 0).saturating_mul(2));
    let mut svg = open("bars", WIDTH, LINE.saturating_mul(rows.len() as u64));
    for (at, (label, row)) in rows.iter().enumerate() {
        let top = LINE.saturating_mul(at as u64);
        let _ = write!(svg, "<text class=\"label\" x=\"0\" y=\"{}\">{}</text>", top.saturating_add(17), escape(label));
        let mut left = LABEL;
        for (class, count) in [("high", row.high), ("medium", row.medium), ("low", row.low)] {
            let width = long(count);
            if width > 0 {
                let _ = write!(
                    svg,
                    "<rect class=\"{class}\" x=\"{left}\" y=\"{}\" width=\"{width}\" height=\"{BAR}\"><title>{}: {}</title></rect>",
                    top.saturating_add(6),
                    class,
                    grouped(count)
                );
            }
            left = left.saturating_add(width);
        }
        let _ = write!(
            svg,
            "<text class=\"count\" x=\"{}\" y=\"{}\">{}</text>",
            left.saturating_add(8),
            top.saturating_add(17),
            grouped(row.all())
        );
    }
    svg + "</svg>"
}

/// A row for each file, a column for each type, darker where there is more.
pub(super) fn grid(columns: &[&str], rows: &[(String, Vec<u64>)]) -> String {
    let most = rows.iter().flat_map(|(_, counts)| counts).copied().max().unwrap_or(0);
    let label = LABEL.saturating_add(80);
    let width = label.saturating_add(CELL.saturating_mul(columns.len() as u64)).saturating_add(90).max(WIDTH);
    let height = HEADING.saturating_add(LINE.saturating_mul(rows.len() as u64));
    let mut svg = open("grid", width, height);
    for (at, column) in columns.iter().enumerate() {
        let left = label.saturating_add(CELL.saturating_mul(at as u64)).saturating_add(20);
        let top = HEADING.saturating_sub(10);
        let _ = write!(
            svg,
            "<text class=\"label\" transform=\"translate({left} {top}) rotate(-45)\">{}</text>",
            escape(column)
        );
    }
    for (at, (name, counts)) in rows.iter().enumerate() {
        let top = HEADING.saturating_add(LINE.saturating_mul(at as u64));
        let _ = write!(
            svg,
            "<text class=\"label\" x=\"0\" y=\"{}\">{}<title>{}</title></text>",
            top.saturating_add(17),
            escape(&shortened(name)),
            escape(name)
        );
        for (column, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            let left = label.saturating_add(CELL.saturating_mul(column as u64));
            let _ = write!(
                svg,
                "<rect class=\"shade{}\" x=\"{left}\" y=\"{}\" width=\"{}\" height=\"{}\"><title>{}, {}: {}</title></rect>",
                shade(*count, most),
                top.saturating_add(1),
                CELL.saturating_sub(2),
                LINE.saturating_sub(2),
                escape(name),
                escape(columns.get(column).copied().unwrap_or_default()),
                grouped(*count)
            );
        }
    }
    svg + "</svg>"
}

/// The darkness of a count, 1 to 5: by powers of two, because counts differ by those.
fn shade(count: u64, most: u64) -> u32 {
    let steps = |count: u64| u64::BITS.saturating_sub(count.leading_zeros());
    let all = steps(most).max(1);
    steps(count).saturating_mul(5).div_ceil(all).clamp(1, 5)
}

/// The end of a long path says more than its beginning.
fn shortened(name: &str) -> String {
    const MOST: usize = 44;
    let count = name.chars().count();
    if count <= MOST {
        return name.to_owned();
    }
    let kept: String = name.chars().skip(count.saturating_sub(MOST).saturating_add(1)).collect();
    format!("…{kept}")
}

fn open(class: &str, width: u64, height: u64) -> String {
    format!("<svg class=\"{class}\" viewBox=\"0 0 {width} {}\" role=\"img\">", height.max(1))
}

/// `room` times `count / most`.
fn scaled(count: u64, most: u64, room: u64) -> u64 {
    let scaled = u128::from(count).saturating_mul(u128::from(room)).checked_div(u128::from(most)).unwrap_or(0);
    u64::try_from(scaled).unwrap_or(room)
}

/// Text inside SVG and HTML.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_long_as_its_count_and_never_invisible() {
        let rows = [("<b>".to_owned(), Row { low: 1, medium: 0, high: 5000 }), ("none".to_owned(), Row::default())];
        let svg = bars(&rows);
        assert!(svg.contains("class=\"high\" x=\"250\" y=\"6\" width=\"599\""), "{svg}");
        assert!(svg.contains("class=\"low\" x=\"849\" y=\"6\" width=\"2\"") && svg.contains("&lt;b&gt;"), "{svg}");
        assert_eq!(svg.matches("<rect").count(), 2);
    }

    #[test]
    fn shades_grow_with_counts() {
        assert_eq!([1, 2, 30, 1000].map(|count| shade(count, 1000)), [1, 1, 3, 5]);
        assert_eq!(shade(1, 1), 5);
        assert_eq!(shortened(&"x".repeat(50)).chars().count(), 44);
    }
}

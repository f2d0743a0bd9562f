//! Rows of Markdown tables, as they go into docs.

/// A line of a table.
pub(crate) fn row(cells: &[String]) -> String {
    format!("| {} |\n", cells.join(" | "))
}

/// The head of a table.
pub(crate) fn head(cells: &[&str]) -> String {
    format!("| {} |\n|{}\n", cells.join(" | "), "---|".repeat(cells.len()))
}

/// Three digits behind the point, as scores are quoted: `.862`, `1.00`.
pub(crate) fn score(share: f64) -> String {
    let text = format!("{share:.3}");
    match text.strip_prefix('0') {
        Some(rest) => rest.to_owned(),
        None => "1.00".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_short() {
        assert_eq!([0.0, 0.8625, 0.9996, 1.0].map(score), [".000", ".863", "1.00", "1.00"]);
    }
}

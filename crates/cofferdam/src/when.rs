//! Times as people write them: `2026-11-24T05:42:00Z`, `2026-11-24`, `-2h`, `now`.

use base::Timestamp;

use crate::error::Error;

/// Reads a time.
///
/// A date alone is its midnight, UTC. A relative time is counted back from `now`: `-90s`, `-15m`, `-2h`, `-30d`.
///
/// # Errors
/// [`Error::Misuse`], with the forms there are.
pub fn read(text: &str, now: Timestamp) -> Result<Timestamp, Error> {
    let midnight = || Timestamp::from_rfc3339(&format!("{text}T00:00:00Z"));
    let read = match text {
        "now" => Some(now),
        _ => relative(text, now).or_else(|| Timestamp::from_rfc3339(text)).or_else(midnight),
    };
    read.ok_or_else(|| {
        Error::Misuse(format!(
            "`{}` is not a time\nwrite `2026-11-24T05:42:00Z`, `2026-11-24`, `-2h` or `now`",
            text.escape_debug()
        ))
    })
}

fn relative(text: &str, now: Timestamp) -> Option<Timestamp> {
    let text = text.strip_prefix('-')?;
    let (count, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let seconds: i64 = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return None,
    };
    let count: u32 = count.parse().ok()?;
    Some(now.plus_seconds(seconds.checked_mul(i64::from(count))?.saturating_neg()))
}

/// Reads a span of time such as `90s`, `15m`, `2h` or `30d`, in seconds.
///
/// # Errors
/// What is wrong, for the command line's parser.
pub fn read_span_seconds(text: &str) -> Result<u64, String> {
    let zero = Timestamp(0);
    let read = relative(&format!("-{text}"), zero).map(|then| zero.micros_since(then).div_euclid(1_000_000));
    read.filter(|seconds| *seconds > 0).ok_or_else(|| "expected a span such as `90s`, `15m`, `2h` or `30d`".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read() {
        let now = Timestamp::from_rfc3339("2026-11-24T06:00:00Z").unwrap();
        for (text, then) in [
            ("now", "2026-11-24T06:00:00Z"),
            ("-2h", "2026-11-24T04:00:00Z"),
            ("-90s", "2026-11-24T05:58:30Z"),
            ("-30d", "2026-10-25T06:00:00Z"),
            ("2026-11-23", "2026-11-23T00:00:00Z"),
            ("2026-11-24T07:00:00+02:00", "2026-11-24T05:00:00Z"),
        ] {
            assert_eq!(read(text, now).ok(), Timestamp::from_rfc3339(then), "{text}");
        }
        for bad in ["", "-", "-h", "2h", "-2w", "-1.5h", "yesterday", "2026-13-01", "-99999999999d", "-é"] {
            assert!(read(bad, now).is_err(), "{bad}");
        }
    }

    #[test]
    fn spans_are_positive() {
        assert_eq!(read_span_seconds("1h"), Ok(3600));
        for bad in ["", "0s", "-1h", "1", "h"] {
            assert!(read_span_seconds(bad).is_err(), "{bad}");
        }
    }
}

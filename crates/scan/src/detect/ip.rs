//! IP addresses, of both versions.
//!
//! Four numbers with dots may be a version of a program, so words that say so speak against them. Short forms of IPv6
//! are written by programmers for other things (`[1::2]`), so those need a key word.

use std::net::Ipv6Addr;
use std::ops::Range;

use super::{Candidate, Detector, Scene, Strength, only};
use crate::finding::Confidence;
use crate::rules::{Rule, RuleId};

/// The longest IPv6 address in text, with an IPv4 address at its end.
const LONGEST_BYTES: usize = 45;

/// The longest name of a zone: `%eth0`.
const LONGEST_ZONE_BYTES: usize = 16;

/// IPv6 addresses with fewer hexadecimal digits are slices and paths of code more often than addresses.
const FEWEST_HEX_DIGITS: usize = 5;

/// Words right before four numbers that are no address.
const VERSIONS: &[&[u8]] =
    &[b"version", b"versions", b"ver", b"v", b"release", b"rev", b"build", b"section", b"chapter", b"clause", b"oid"];

/// Finds IP addresses.
pub(super) struct Ip {
    rule: RuleId,
}

impl Ip {
    /// Of the rule that names it.
    pub(super) fn of(rules: &[(RuleId, &Rule)]) -> Self {
        Self { rule: only(rules) }
    }

    fn four(&self, scene: &Scene<'_>, runs: &[Range<usize>]) -> Option<Candidate> {
        let text = scene.text.bytes;
        let span = four(text, runs)?;
        let numbers: Vec<u8> = text.get(span.clone())?.split(|byte| *byte == b'.').filter_map(octet).collect();
        let confidence = match numbers.as_slice() {
            [0 | 127, ..] | [255, 255, ..] => Confidence::Low,
            // SPEC: RFC 5737: for documents.
            [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => Confidence::Medium,
            [10, ..] | [192, 168, ..] | [172, 16..=31, ..] | [169, 254, ..] => Confidence::Medium,
            // Sections of a document, and versions that do not say so.
            numbers if numbers.iter().all(|number| *number < 20) => Confidence::Low,
            _ => Confidence::High,
        };
        let version = is_version(text.get(..span.start)?);
        (!version).then(|| self.candidate(span, confidence, "IPv4 ranges"))
    }

    fn six(&self, scene: &Scene<'_>, run: &Range<usize>) -> Option<Candidate> {
        let text = scene.text.bytes;
        let span = six(text, run)?;
        let digits =
            text.get(span.clone())?.iter().take_while(|byte| **byte != b'%').filter(|byte| byte.is_ascii_hexdigit());
        let long = digits.count() >= FEWEST_HEX_DIGITS;
        let told = || scene.context(span.start).tells_of(self.rule, span.end);
        // SPEC: RFC 3849 and RFC 4291: for documents, and within one network.
        let local = text.get(span.clone())?.to_ascii_lowercase();
        let local = [b"2001:db8:".as_slice(), b"fe80:", b"fc", b"fd", b"ff", b"::"]
            .iter()
            .any(|start| local.starts_with(start));
        let confidence = if local { Confidence::Medium } else { Confidence::High };
        (long || told()).then(|| self.candidate(span.clone(), confidence, "IPv6 form"))
    }

    fn candidate(&self, span: Range<usize>, confidence: Confidence, validator: &'static str) -> Candidate {
        Candidate { rule: self.rule, span, strength: Strength::Certain, confidence, validator }
    }
}

impl Detector for Ip {
    fn detect(&self, scene: &Scene<'_>, found: &mut Vec<Candidate>) {
        let runs = &scene.anchors.runs;
        let text = scene.text.bytes;
        let mut end = 0;
        for (place, run) in runs.iter().enumerate().filter(|(_, run)| run.len() <= 4) {
            if run.start < end {
                continue;
            }
            let around = [run.start.checked_sub(1), Some(run.end)].map(|at| at.and_then(|at| text.get(at)).copied());
            let six = if touches_colon(text, run) { self.six(scene, run) } else { None };
            let candidate = six.or_else(|| match around {
                // What stands behind a colon may be the end of an address that is none.
                [Some(b':'), Some(b'.')] if is_hexadecimal(text, run.start) => None,
                [_, Some(b'.')] => self.four(scene, runs.get(place..).unwrap_or_default()),
                _ => None,
            });
            end = candidate.as_ref().map_or(end, |candidate| candidate.span.end);
            found.extend(candidate);
        }
    }

    fn canonical(&self, value: &[u8], canonical: &mut Vec<u8>) {
        canonical.extend(value.iter().map(u8::to_ascii_lowercase));
    }
}

/// Whether the word of hexadecimal digits that `run` is in stands beside a colon.
fn touches_colon(text: &[u8], run: &Range<usize>) -> bool {
    let hex = |byte: &&u8| byte.is_ascii_hexdigit();
    let back = text.get(..run.start).unwrap_or_default().iter().rev().take(4).find(|byte| !hex(byte));
    let ahead = text.get(run.end..).unwrap_or_default().iter().take(4).find(|byte| !hex(byte));
    back == Some(&b':') || ahead == Some(&b':')
}

/// Whether the colon before `from` stands behind another or behind a group of hexadecimal digits.
fn is_hexadecimal(text: &[u8], from: usize) -> bool {
    let before = text.get(..from.saturating_sub(1)).unwrap_or_default();
    let group = before.iter().rev().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let mark = before.len().checked_sub(group.saturating_add(1)).and_then(|at| before.get(at));
    group <= 4 && mark == Some(&b':')
}

/// The span of four numbers with dots, of which the first of `runs` is the first.
fn four(text: &[u8], runs: &[Range<usize>]) -> Option<Range<usize>> {
    let four = runs.get(..4)?;
    let dotted =
        four.windows(2).all(|pair| matches!(pair, [left, right] if text.get(left.end..right.start) == Some(b".")));
    let numbers = four.iter().all(|run| text.get(run.clone()).and_then(octet).is_some());
    let span = four.first()?.start..four.last()?.end;
    let before = text.get(..span.start)?.last();
    let begins = before.is_none_or(|byte| !byte.is_ascii_alphanumeric() && !matches!(byte, b'.' | b'_' | b'-'));
    let ends = match text.get(span.end..)? {
        [byte, ..] if byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'%') => false,
        [b'.' | b'-', after, ..] => !after.is_ascii_alphanumeric(),
        _ => true,
    };
    (dotted && numbers && begins && ends).then_some(span)
}

/// One of the four numbers, without a zero in front.
fn octet(digits: &[u8]) -> Option<u8> {
    let plain = digits.len() == 1 || digits.first() != Some(&b'0');
    std::str::from_utf8(digits).ok().filter(|_| plain)?.parse().ok()
}

/// Whether the last word of `before` says that a version follows.
fn is_version(before: &[u8]) -> bool {
    let end = before.iter().rposition(u8::is_ascii_alphanumeric).map_or(0, |at| at.saturating_add(1));
    let near = before.len().saturating_sub(end) <= 3;
    let word =
        before.get(..end).unwrap_or_default().rsplit(|byte| !byte.is_ascii_alphabetic()).next().unwrap_or_default();
    near && VERSIONS.iter().any(|version| version.eq_ignore_ascii_case(word))
}

/// The span of the IPv6 address that `run` is in.
fn six(text: &[u8], run: &Range<usize>) -> Option<Range<usize>> {
    let part = |byte: &&u8| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.');
    let back = text.get(..run.start)?.iter().rev().take(LONGEST_BYTES).take_while(part).count();
    let ahead = text.get(run.start..)?.iter().take(LONGEST_BYTES).take_while(part).count();
    let mut from = run.start.saturating_sub(back);
    let mut to = run.start.saturating_add(ahead);
    // The colon of a label, and the marks at the end of a sentence, are not part of it.
    let stretch = text.get(from..to)?;
    if matches!(stretch, [b':' | b'.', after, ..] if *after != b':') {
        from = from.saturating_add(1);
    }
    while matches!(text.get(from..to)?, [.., b'.'] | [.., b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F', b':']) {
        to = to.saturating_sub(1);
    }
    let written = std::str::from_utf8(text.get(from..to)?).ok()?;
    let groups = written.split([':', '.']);
    let telling = written.contains("::") || groups.clone().any(|group| group.len() > 2);
    written.parse::<Ipv6Addr>().ok().filter(|_| telling)?;
    let zone = zone_len(text.get(to..)?);
    let before = text.get(..from)?.last();
    let begins = before.is_none_or(|byte| !byte.is_ascii_alphanumeric() && !matches!(byte, b'_' | b':'));
    let after = text.get(to.saturating_add(zone));
    let ends = after.is_none_or(|byte| !byte.is_ascii_alphanumeric() && !matches!(byte, b'_' | b':'));
    (begins && ends).then_some(from..to.saturating_add(zone))
}

/// The length of `%eth0`.
fn zone_len(after: &[u8]) -> usize {
    match after {
        [b'%', name @ ..] => {
            let len = name.iter().take(LONGEST_ZONE_BYTES).take_while(|byte| byte.is_ascii_alphanumeric()).count();
            if len == 0 { 0 } else { len.saturating_add(1) }
        }
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::found;

    #[test]
    fn addresses_are_found_whole() {
        for (text, address) in [
            ("ping 8.8.8.8.", "8.8.8.8"),
            ("http://93.184.216.34:8080/x", "93.184.216.34"),
            ("route 192.168.0.0/16", "192.168.0.0"),
            ("at 2001:db8::1, port", "2001:db8::1"),
            ("[2400:c401::5054:ff:fe1b:b031]:443", "2400:c401::5054:ff:fe1b:b031"),
            ("my ip: 684D:1111:222:3333:4444:5555:6:77", "684D:1111:222:3333:4444:5555:6:77"),
            ("fe80::1%eth0", "fe80::1%eth0"),
            ("::ffff:192.168.0.1", "::ffff:192.168.0.1"),
            ("my ip: ::1", "::1"),
        ] {
            assert_eq!(found("ip", text), [address], "{text}");
        }
    }

    #[test]
    fn versions_times_and_slices_are_not() {
        for text in [
            "version 1.2.3.4",
            "v10.20.30.40",
            "256.1.1.1",
            "1.3.6.1.4.1",
            "192.168.0",
            "at 12:34:56",
            "x[1::2]",
            "00:1A:2B:3C:4D:5E",
            "50:06:01:60:3b:20:19:b0",
            "2001::db8::1",
            "text192.168.1.1",
            "fe80::1text",
            "::ffff:256.0.0.1",
        ] {
            assert_eq!(found("ip", text), [] as [&str; 0], "{text}");
        }
    }
}

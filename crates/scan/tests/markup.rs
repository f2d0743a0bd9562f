//! HTML and XML: what is found is what a reader sees, and it leads back to the bytes as written.

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod common;

use base::word::DataType;
use common::{Scanned, scan_named};
use scan::Format;

/// What was found, as written in the object.
fn written<'a>(text: &'a str, scanned: &Scanned) -> Vec<&'a str> {
    scanned.findings.iter().map(|finding| &text[finding.from as usize..finding.to as usize]).collect()
}

#[test]
fn inline_tags_and_entities_do_not_hide_a_value() {
    let text = "<html><p>Write to <b>ada</b>@<i class='x'>example.org</i>, or bob&#64;example&period;org.</p></html>";
    let scanned = scan_named("a.html", text.as_bytes());
    assert_eq!(scanned.report.format, Some(Format::Html));
    assert_eq!(written(text, &scanned), ["ada</b>@<i class='x'>example.org", "bob&#64;example&period;org"]);
}

#[test]
fn attributes_comments_and_scripts_are_read() {
    let text = "<html><a href=\"mailto:&#97;da@example.org?subject=x\">write</a><!-- ask bob@example.org -->\
                <script>const to = 'eve@example.org'; if (a < b) {}</script><p title=kim@example.org>x</p></html>";
    let scanned = scan_named("", text.as_bytes());
    assert_eq!(
        written(text, &scanned),
        ["&#97;da@example.org", "bob@example.org", "eve@example.org", "kim@example.org"]
    );
}

#[test]
fn a_row_is_a_record_and_its_columns_have_names() {
    let text = "<table><tr><th>name</th><th>ssn</th><th>mail</th></tr>\
                <tr><td>Ada</td><td>536221234</td><td>ada@example.org</td></tr>\
                <tr><td>Bob<td><td>bob@example.org</tr></table><p>eve@example.org</p>";
    let scanned = scan_named("", text.as_bytes());
    let found: Vec<_> = scanned.findings.iter().map(|finding| (finding.data_type, finding.record)).collect();
    let ssn = found.iter().find(|(data_type, _)| *data_type == DataType::Ssn).unwrap();
    let mails: Vec<u64> =
        found.iter().filter(|(kind, _)| *kind == DataType::Email).map(|(_, record)| *record).collect();
    assert_eq!(mails[0], ssn.1);
    assert!(mails[0] < mails[1] && mails[1] < mails[2], "{found:?}");
}

#[test]
fn a_label_before_a_text_is_its_context() {
    let text = "<html><dl><dt>Social security number:</dt><dd>536221234</dd></dl></html>";
    assert_eq!(scan_named("", text.as_bytes()).findings[0].data_type, DataType::Ssn);
}

#[test]
fn elements_of_xml_name_their_texts() {
    let text = "<?xml version='1.0'?><people><person><ssn>536221234</ssn><mail>ada@example.org</mail></person>\
                <person ssn=\"536221235\"><mail><![CDATA[bob@example.org]]></mail></person></people>";
    let scanned = scan_named("", text.as_bytes());
    assert_eq!(scanned.report.format, Some(Format::Xml));
    let found: Vec<_> = scanned.findings.iter().map(|finding| (finding.data_type, finding.record)).collect();
    use DataType::{Email, Ssn};
    assert_eq!(found, [(Ssn, 0), (Email, 0), (Ssn, 1), (Email, 1)]);
}

/// Whatever fills the window and more: a text, an attribute, a comment, tags without a text.
#[test]
fn what_is_longer_than_the_window_is_read_in_pieces() {
    let words = "some words go here ".repeat(40_000);
    let tags = "<b></b>".repeat(100_000);
    for long in [
        format!("<html><p>{words}ada@example.org {words}</p>bob@example.org"),
        format!("<html><p title='{words}ada@example.org {words}'>x</p>bob@example.org"),
        format!("<html><!-- {words}ada@example.org {words} -->bob@example.org"),
        format!("<html><p>{tags}ada@example.org{tags}</p>bob@example.org"),
        format!("<html><p>a{tags}<b title='ada@example.org'>{tags}</p>bob@example.org"),
    ] {
        let scanned = scan_named("a.html", long.as_bytes());
        assert_eq!(written(&long, &scanned), ["ada@example.org", "bob@example.org"], "{}", &long[..20]);
    }
}

#[test]
fn nonsense_ends() {
    for piece in
        ["<a \"", "<a x=\"", "<", "</", "<!--", "<![CDATA[", "&", "<b>", "<tr><td>", "<x>", "</x>", "<?", "&#x"]
    {
        for name in ["a.html", "a.xml"] {
            let text = format!("<p>{}", piece.repeat(30_000));
            scan_named(name, text.as_bytes());
        }
    }
}

//! Office documents: DOCX, XLSX, PPTX and OpenDocument, which are zip archives of XML.
//!
//! Every XML member is read, not only the body: comments, notes, headers, the properties with the author's name, and the
//! targets of links all hold people's data. Pictures and other embedded files are members like any other.

mod prose;
mod sheet;
mod xml;

pub(crate) use sheet::Strings;

use crate::error::Stop;
use crate::kind::Kind;
use crate::report::Entry;
use crate::stream::Stream;
use crate::walk::Walk;

/// Where a workbook keeps the texts of its cells, each once.
pub(crate) const SHARED_STRINGS: &str = "xl/sharedStrings.xml";

/// What kind of document a zip archive is that has a member of this name.
pub(crate) fn kind_by_member(name: &str) -> Option<Kind> {
    match name {
        "word/document.xml" => Some(Kind::Docx),
        "xl/workbook.xml" => Some(Kind::Xlsx),
        "ppt/presentation.xml" => Some(Kind::Pptx),
        "content.xml" => Some(Kind::OpenDocument),
        _ => None,
    }
}

/// Whether a member of a document is read here.
pub(crate) fn reads(name: &str) -> bool {
    name.ends_with(".xml") || name.ends_with(".rels")
}

/// Reads an XML member of a document.
pub(crate) fn read(
    walk: &mut Walk<'_>,
    entry: &mut Entry,
    name: &str,
    strings: &mut Strings,
    stream: &mut dyn Stream,
) -> Result<(), Stop> {
    entry.kind = Kind::Xml;
    let mut xml = xml::Xml::new(stream);
    if name == SHARED_STRINGS {
        strings.read(walk, entry, &mut xml)
    } else if let Some(sheet) = name.strip_prefix("xl/worksheets/sheet") {
        let number = sheet.strip_suffix(".xml").and_then(|number| number.parse::<u32>().ok()).unwrap_or(1);
        sheet::read(walk, entry, number.saturating_sub(1), strings, &mut xml)
    } else {
        prose::read(walk, entry, &mut xml)
    }
}

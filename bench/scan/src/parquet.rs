//! Writes a Parquet file of text columns: the little of the format that a sample needs, so that no library that reads and
//! writes all of it has to be built for one.
//!
//! SPEC: Apache Parquet format 2.x: plain, uncompressed, required byte arrays, one page a column and row group; metadata in
//! Thrift's compact protocol.

/// How many rows are in a group.
const GROUP_ROWS: usize = 10_000;

const MAGIC: &[u8] = b"PAR1";
const BYTE_ARRAY: i64 = 6;
const UTF8: i64 = 0;
const PLAIN: i64 = 0;
const RLE: i64 = 3;

/// Thrift's types, as the compact protocol numbers them.
const I32: u8 = 5;
const I64: u8 = 6;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const STRUCT: u8 = 12;

/// A file of `rows`, whose cells are those of `columns`.
pub(crate) fn file(columns: &[&str], rows: &[Vec<String>]) -> Vec<u8> {
    let mut file = MAGIC.to_vec();
    let groups: Vec<Group> = rows.chunks(GROUP_ROWS).map(|rows| group(columns.len(), rows, &mut file)).collect();
    let metadata = metadata(columns, rows.len(), &groups);
    file.extend_from_slice(&metadata);
    file.extend_from_slice(&u32::try_from(metadata.len()).unwrap_or_default().to_le_bytes());
    file.extend_from_slice(MAGIC);
    file
}

/// Where the columns of a row group lie, and how many bytes each takes.
struct Group {
    rows: usize,
    chunks: Vec<(usize, usize)>,
}

fn group(columns: usize, rows: &[Vec<String>], file: &mut Vec<u8>) -> Group {
    let mut chunks = Vec::new();
    for column in 0..columns {
        let mut page = Vec::new();
        for cell in rows.iter().filter_map(|row| row.get(column)) {
            page.extend_from_slice(&u32::try_from(cell.len()).unwrap_or_default().to_le_bytes());
            page.extend_from_slice(cell.as_bytes());
        }
        let at = file.len();
        let values = Struct::new().int(1, I32, rows.len() as i64).int(2, I32, PLAIN).int(3, I32, RLE).int(4, I32, RLE);
        let size = page.len() as i64;
        let header = Struct::new().int(1, I32, 0).int(2, I32, size).int(3, I32, size).field(5, STRUCT, values.end());
        file.extend(header.end());
        file.append(&mut page);
        chunks.push((at, file.len().saturating_sub(at)));
    }
    Group { rows: rows.len(), chunks }
}

fn metadata(columns: &[&str], rows: usize, groups: &[Group]) -> Vec<u8> {
    let root = Struct::new().field(4, BINARY, binary("schema")).int(5, I32, columns.len() as i64).end();
    let column = |name: &&str| {
        Struct::new().int(1, I32, BYTE_ARRAY).int(3, I32, 0).field(4, BINARY, binary(name)).int(6, I32, UTF8).end()
    };
    let schema = list(STRUCT, std::iter::once(root).chain(columns.iter().map(column)).collect());
    let group = |group: &Group| {
        let chunk = |(name, (at, len)): (&&str, &(usize, usize))| {
            let about = Struct::new()
                .int(1, I32, BYTE_ARRAY)
                .field(2, LIST, list(I32, vec![varint(zigzag(PLAIN))]))
                .field(3, LIST, list(BINARY, vec![binary(name)]))
                .int(4, I32, 0)
                .int(5, I64, group.rows as i64)
                .int(6, I64, *len as i64)
                .int(7, I64, *len as i64)
                .int(9, I64, *at as i64);
            Struct::new().int(2, I64, *at as i64).field(3, STRUCT, about.end()).end()
        };
        let chunks = columns.iter().zip(&group.chunks).map(chunk).collect();
        let bytes: usize = group.chunks.iter().map(|(_, len)| len).sum();
        Struct::new()
            .field(1, LIST, list(STRUCT, chunks))
            .int(2, I64, bytes as i64)
            .int(3, I64, group.rows as i64)
            .end()
    };
    let groups = list(STRUCT, groups.iter().map(group).collect());
    Struct::new().int(1, I32, 1).field(2, LIST, schema).int(3, I64, rows as i64).field(4, LIST, groups).end()
}

/// A struct under way, its fields in order.
struct Struct {
    bytes: Vec<u8>,
    last: u8,
}

impl Struct {
    const fn new() -> Self {
        Self { bytes: Vec::new(), last: 0 }
    }

    fn field(mut self, id: u8, kind: u8, value: Vec<u8>) -> Self {
        self.bytes.push(id.wrapping_sub(self.last).wrapping_shl(4) | kind);
        self.bytes.extend(value);
        self.last = id;
        self
    }

    fn int(self, id: u8, kind: u8, value: i64) -> Self {
        self.field(id, kind, varint(zigzag(value)))
    }

    fn end(mut self) -> Vec<u8> {
        self.bytes.push(0);
        self.bytes
    }
}

const fn zigzag(value: i64) -> u64 {
    (value.wrapping_shl(1) ^ (value >> 63)) as u64
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

fn binary(text: &str) -> Vec<u8> {
    [varint(text.len() as u64), text.as_bytes().to_vec()].concat()
}

/// Elements of one kind, each as it is written.
fn list(kind: u8, elements: Vec<Vec<u8>>) -> Vec<u8> {
    let head = match u8::try_from(elements.len()) {
        Ok(few @ 0..15) => vec![few.wrapping_shl(4) | kind],
        _ => [vec![0xF0 | kind], varint(elements.len() as u64)].concat(),
    };
    [head, elements.concat()].concat()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::Stand;
    use unpack::{Flat, Unpacker};

    #[test]
    fn what_is_written_is_read() {
        let rows: Vec<Vec<String>> =
            (0..25_000).map(|row| vec![format!("row {row}"), format!("ada{row}@lovelace.net")]).collect();
        let file = file(&["note", "contact"], &rows);
        let unpacker = Unpacker::new(scan::Scanner::new(scan::Options::without_names()), Arc::new(Stand));
        let mut folder = Flat(scan::Folder::new(scan::Blocks { first: 1 << 16, rest: 1 << 16 }));
        let report = unpacker.examine(&file, &scan::Hint::default(), &mut folder).unwrap();
        assert_eq!(report.listed.iter().map(|entry| entry.kind).collect::<Vec<_>>(), [unpack::Kind::Parquet]);
        assert_eq!(report.findings, 25_000);
    }
}

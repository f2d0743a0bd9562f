//! One block of bzip2: its codes, the transform they were sorted by, the runs, the checksum.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "all numbers are bounded: lengths by 20, symbols by 258, positions by the 900,000 bytes of a block"
)]

use zeroize::Zeroizing;

use super::bzip2::Bits;
use crate::error::Stop;

/// Bytes of a block for each level.
const LEVEL_BYTES: usize = 100_000;

/// A table codes so many symbols before the next selector chooses another.
const GROUP_SYMBOLS: usize = 50;

/// The longest code, in bits.
const LONGEST_CODE: usize = 20;

/// More selectors than a block can use; the reference implementation drops those behind too.
const MOST_SELECTORS: usize = 18_002;

/// How many equal bytes stand before the count of those that follow.
const RUN: u8 = 4;

const DAMAGED: &str = "a block of the bzip2 stream is damaged";

/// A block that was read, as far as it was emitted.
#[derive(Default)]
pub(super) struct Block {
    most: usize,
    /// In the low byte the block's bytes, sorted; above it, where the next byte stands.
    links: Zeroizing<Vec<u32>>,
    /// The link to the next byte.
    at: u32,
    /// How many links were not followed yet.
    left: usize,
    /// The last byte, how often it came in a row, and how often it is still to be repeated.
    last: u8,
    equal: u8,
    repeat: u8,
    stated: u32,
    checksum: u32,
}

impl Block {
    /// Makes room for blocks of a level.
    pub(super) fn resize(&mut self, level: u8) {
        self.most = usize::from(level) * LEVEL_BYTES;
        self.links.clear();
        self.links.reserve(self.most);
    }

    /// Reads a block that has the checksum `stated`.
    pub(super) fn read(&mut self, bits: &mut Bits<'_>, stated: u32) -> Result<(), Stop> {
        if bits.bit()? {
            return Err(Stop::broken("a bzip2 block is of a kind that no program has written since 1997"));
        }
        let origin = bits.take(24)?;
        let used = used_bytes(bits)?;
        let selectors = Selectors::read(bits)?;
        let symbols = used.len() + 2;
        let tables: Vec<Table> = (0..selectors.tables).map(|_| Table::read(bits, symbols)).collect::<Result<_, _>>()?;
        let counts = self.symbols(bits, used, &selectors.list, &tables)?;
        self.link(&counts);
        let start = self.links.get(origin as usize).ok_or(Stop::broken(DAMAGED))?;
        self.at = start >> 8;
        self.left = self.links.len();
        (self.equal, self.repeat, self.stated, self.checksum) = (0, 0, stated, u32::MAX);
        Ok(())
    }

    /// Reads the symbols into the low bytes of the links: runs of the first byte of a list, or a place in it, which then
    /// moves to its front. Returns how often each byte occurs.
    fn symbols(
        &mut self,
        bits: &mut Bits<'_>,
        mut front: Vec<u8>,
        selectors: &[u8],
        tables: &[Table],
    ) -> Result<[u32; 256], Stop> {
        let end = front.len() + 1;
        let mut counts = [0_u32; 256];
        let (mut run, mut weight) = (0_usize, 1_usize);
        self.links.clear();
        for selector in selectors {
            let table = tables.get(usize::from(*selector)).ok_or(Stop::broken(DAMAGED))?;
            for _ in 0..GROUP_SYMBOLS {
                let symbol = table.symbol(bits)?;
                if symbol <= 1 {
                    run += weight << symbol;
                    weight <<= 1;
                    if run > self.most {
                        return Err(Stop::broken(DAMAGED));
                    }
                    continue;
                }
                self.add(front.first().copied(), run, &mut counts)?;
                (run, weight) = (0, 1);
                if symbol == end {
                    return Ok(counts);
                }
                let place = front.get_mut(..symbol).ok_or(Stop::broken(DAMAGED))?;
                place.rotate_right(1);
                self.add(front.first().copied(), 1, &mut counts)?;
            }
        }
        Err(Stop::broken(DAMAGED))
    }

    /// Adds a byte `times` times.
    fn add(&mut self, byte: Option<u8>, times: usize, counts: &mut [u32; 256]) -> Result<(), Stop> {
        let byte = byte.ok_or(Stop::broken(DAMAGED))?;
        let len = self.links.len() + times;
        if len > self.most {
            return Err(Stop::broken(DAMAGED));
        }
        self.links.resize(len, u32::from(byte));
        if let Some(count) = counts.get_mut(usize::from(byte)) {
            *count += times as u32;
        }
        Ok(())
    }

    /// Undoes the sorting: links each byte to the one that follows it.
    fn link(&mut self, counts: &[u32; 256]) {
        let mut places = [0_u32; 256];
        let mut sum = 0;
        for (place, count) in places.iter_mut().zip(counts) {
            *place = sum;
            sum += count;
        }
        for at in 0..self.links.len() {
            let Some(byte) = self.links.get(at).map(|link| (link & 0xff) as usize) else { break };
            let Some(place) = places.get_mut(byte) else { break };
            if let Some(link) = self.links.get_mut(*place as usize) {
                *link |= (at as u32) << 8;
            }
            *place += 1;
        }
    }

    /// Writes the next bytes into `into` and returns how many; 0 at the end of the block.
    pub(super) fn emit(&mut self, into: &mut [u8]) -> usize {
        let mut made = 0;
        for place in into {
            if self.repeat > 0 {
                self.repeat -= 1;
            } else {
                let Some(byte) = self.next() else { break };
                if self.equal == RUN {
                    // Not a byte: how often the last one is repeated. It may be not at all.
                    self.equal = 0;
                    self.repeat = byte;
                    if byte == 0 {
                        let Some(byte) = self.next() else { break };
                        self.begin(byte);
                    } else {
                        self.repeat -= 1;
                    }
                } else if self.equal > 0 && byte == self.last {
                    self.equal += 1;
                } else {
                    self.begin(byte);
                }
            }
            *place = self.last;
            let folded = (self.checksum >> 24) as u8 ^ self.last;
            self.checksum = self.checksum << 8 ^ CRC.get(usize::from(folded)).copied().unwrap_or_default();
            made += 1;
        }
        made
    }

    fn begin(&mut self, byte: u8) {
        self.last = byte;
        self.equal = 1;
    }

    /// Follows a link.
    fn next(&mut self) -> Option<u8> {
        self.left = self.left.checked_sub(1)?;
        let link = *self.links.get(self.at as usize)?;
        self.at = link >> 8;
        Some((link & 0xff) as u8)
    }

    /// Whether the block that was emitted is what was packed.
    pub(super) fn check(&self) -> Result<(), Stop> {
        if !self.checksum == self.stated { Ok(()) } else { Err(Stop::broken("the checksum of a bzip2 block is wrong")) }
    }
}

/// The bytes that occur in the block.
fn used_bytes(bits: &mut Bits<'_>) -> Result<Vec<u8>, Stop> {
    let rows = bits.take(16)?;
    let mut used = Vec::with_capacity(256);
    for row in 0..16_u8 {
        if rows >> (15 - row) & 1 == 0 {
            continue;
        }
        let columns = bits.take(16)?;
        used.extend((0..16_u8).filter(|column| columns >> (15 - column) & 1 == 1).map(|column| row << 4 | column));
    }
    if used.is_empty() { Err(Stop::broken(DAMAGED)) } else { Ok(used) }
}

/// Which table codes which group of symbols.
struct Selectors {
    tables: u8,
    list: Vec<u8>,
}

impl Selectors {
    fn read(bits: &mut Bits<'_>) -> Result<Self, Stop> {
        let tables = bits.take(3)? as u8;
        let count = bits.take(15)? as usize;
        if !(2..=6).contains(&tables) || count == 0 {
            return Err(Stop::broken(DAMAGED));
        }
        let mut front: Vec<u8> = (0..tables).collect();
        let mut list = Vec::with_capacity(count.min(MOST_SELECTORS));
        for at in 0..count {
            let mut place = 1;
            while bits.bit()? {
                place += 1;
            }
            front.get_mut(..place).ok_or(Stop::broken(DAMAGED))?.rotate_right(1);
            if at < MOST_SELECTORS {
                list.extend(front.first());
            }
        }
        Ok(Self { tables, list })
    }
}

/// A table of codes, the shorter ones first, those of a length in order.
struct Table {
    /// For each length one more than its last code, or 0 if it has none; and what to add to a code for its place.
    lengths: [(u32, u32); LONGEST_CODE + 1],
    symbols: Vec<u16>,
}

impl Table {
    fn read(bits: &mut Bits<'_>, symbols: usize) -> Result<Self, Stop> {
        let mut lens = Vec::with_capacity(symbols);
        let mut len = bits.take(5)? as usize;
        for _ in 0..symbols {
            loop {
                if !(1..=LONGEST_CODE).contains(&len) {
                    return Err(Stop::broken(DAMAGED));
                }
                if !bits.bit()? {
                    break;
                }
                len = if bits.bit()? { len - 1 } else { len + 1 };
            }
            lens.push(len);
        }
        Ok(Self::new(&lens))
    }

    fn new(lens: &[usize]) -> Self {
        let mut table = Self { lengths: [(0, 0); LONGEST_CODE + 1], symbols: Vec::with_capacity(lens.len()) };
        let mut code = 0_u32;
        for (len, (end, shift)) in table.lengths.iter_mut().enumerate().skip(1) {
            code <<= 1;
            let place = table.symbols.len() as u32;
            let of_len = lens.iter().zip(0_u16..).filter(|(has, _)| **has == len).map(|(_, symbol)| symbol);
            table.symbols.extend(of_len);
            let count = table.symbols.len() as u32 - place;
            // Tables that lie have more codes than fit; sums wrap, and no symbol stands where they lead.
            (*end, *shift) = (if count > 0 { code.wrapping_add(count) } else { 0 }, place.wrapping_sub(code));
            code = code.wrapping_add(count);
        }
        table
    }

    fn symbol(&self, bits: &mut Bits<'_>) -> Result<usize, Stop> {
        let mut code = 0;
        for (end, shift) in self.lengths.iter().skip(1) {
            code = code << 1 | bits.take(1)?;
            if code < *end {
                let symbol = self.symbols.get(code.wrapping_add(*shift) as usize);
                return symbol.map(|symbol| usize::from(*symbol)).ok_or(Stop::broken(DAMAGED));
            }
        }
        Err(Stop::broken(DAMAGED))
    }
}

/// The checksum's table: the polynomial of Ethernet, the highest bit first.
const CRC: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = (byte as u32) << 24;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc >> 31 == 1 { crc << 1 ^ 0x04c1_1db7 } else { crc << 1 };
            bit += 1;
        }
        #[expect(clippy::indexing_slicing, reason = "runs at compile time, below the array's length")]
        {
            table[byte] = crc;
        }
        byte += 1;
    }
    table
};

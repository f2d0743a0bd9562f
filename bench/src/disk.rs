//! What the disk alone can do: append an entry's worth of bytes and flush, again and again.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use base::Clock;

use crate::Outcome;
use crate::figures::Micros;

/// An entry of a release is about this long.
const ENTRY_BYTES: usize = 300;

/// Flushes for `micros`, on a file of its own in `folder`. Blocks.
pub(crate) fn flushes(folder: &Path, micros: u64, clock: &dyn Clock) -> Outcome<Micros> {
    let path = folder.join("flushes");
    let mut file = File::create(&path)?;
    let entry = [b'x'; ENTRY_BYTES];
    let mut taken = Micros::default();
    let began = clock.tick();
    while clock.tick().micros_since(began) < micros {
        let before = clock.tick();
        file.write_all(&entry)?;
        file.sync_data()?;
        taken.push(clock.tick().micros_since(before));
    }
    std::fs::remove_file(path)?;
    Ok(taken)
}

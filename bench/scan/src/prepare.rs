//! Writes the parts of the sets that are to be measured, and their wrapped forms, where all peers read them.

use std::path::Path;

use crate::Outcome;
use crate::sets::{Set, Split, folders};
use crate::wrap::{Wrapping, wrap};

/// Sets that are also measured wrapped: short texts of many types, which the bar names.
const WRAPPED: &[&str] = &["presidio_v2", "presidio_gen_large"];

/// Writes everything into `work`; of the sets called `only`, if any are.
pub(crate) fn prepare(sets: &Path, work: &Path, split: Split, only: &[&str]) -> Outcome<()> {
    for folder in folders(sets)? {
        let set = Set::read(&folder, split)?;
        if set.documents.is_empty() || !(only.is_empty() || only.contains(&set.name.as_str())) {
            continue;
        }
        set.write(work)?;
        if WRAPPED.contains(&set.name.as_str()) {
            for wrapping in Wrapping::ALL {
                wrap(&set, wrapping).write(work)?;
            }
        }
    }
    Ok(())
}

//! Trains the tagger of names and writes its model file; `scripts/train-names` calls it.
//!
//! `train_names LISTS TEXTS MODEL`: LISTS is a folder with `given.txt`, `surname.txt`, `place.txt` and `common.txt`, a
//! word a line; TEXTS a file of `{"text", "spans": [[start, end, label]]}` lines with offsets in code points. The same
//! input gives the same file, byte for byte: one thread, a seeded shuffle, and no arithmetic that differs between
//! machines.

#![expect(
    clippy::print_stderr,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a tool of developers: it says how far it is, and a mistake in it may stop it"
)]

mod chain;
mod corpus;

use std::error::Error;
use std::path::Path;

use scan::names::{lists, model};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [list_folder, texts, output] = arguments.as_slice() else {
        return Err("three arguments: the folder of lists, the file of texts, the model to write".into());
    };
    let table = read_lists(Path::new(list_folder))?;
    let runs = corpus::read(Path::new(texts), &table)?;
    let trained = chain::train(&runs);
    std::fs::write(output, model::write(&trained.steps, &trained.table, &table))?;
    Ok(())
}

/// The table of all lists.
fn read_lists(folder: &Path) -> Result<Vec<[u8; 2]>, Box<dyn Error>> {
    let mut words = Vec::new();
    let files = [
        ("given.txt", lists::GIVEN),
        ("surname.txt", lists::SURNAME),
        ("place.txt", lists::PLACE),
        ("common.txt", lists::COMMON),
    ];
    for (file, bit) in files {
        let text = std::fs::read_to_string(folder.join(file))?;
        words.extend(text.lines().map(|word| (scan::names::token::word_hash(word), bit)));
    }
    Ok(lists::build(words.into_iter()).ok_or("the lists are too long: shorten one")?)
}

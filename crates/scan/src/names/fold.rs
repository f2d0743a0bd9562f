//! Folds letters: case and accents make no difference to which word it is, so that "Jose" is "José" is "JOSÉ".
//!
//! The tables follow the canonical decomposition of Unicode's Latin blocks; letters that have none, such as `ø`, go to
//! the letter that people write for them. `-` stands where there is no letter.

/// U+00C0 to U+024F.
const LATIN: &[u8; 400] = b"\
    aaaaaaaceeeeiiiidnooooo-ouuuuytsaaaaaaaceeeeiiiidnooooo-ouuuuyty\
    aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkkllllll-\
    -llnnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs\
    -----------------ff-------------oo-------------uu---------------\
    -------------aaiioouuuuuuuuuu-aaaaaa--ggkkoooo--j---gg--nnaaaaoo\
    aaaaeeeeiiiioooorrrruuuusstt--hh------aaeeooooooooyy------------\
    ----------------";

/// U+1E00 to U+1EFF.
const LATIN_ADDITIONAL: &[u8; 256] = b"\
    aabbbbbbccddddddddddeeeeeeeeeeffgghhhhhhhhhhiiiikkkkkkllllllllmm\
    mmmmnnnnnnnnoooooooopppprrrrrrrrssssssssssttttttttuuuuuuuuuuvvvv\
    wwwwwwwwwwxxxxyyzzzzzzhtwy-s--s-aaaaaaaaaaaaaaaaaaaaaaaaeeeeeeee\
    eeeeeeeeiiiioooooooooooooooooooooooouuuuuuuuuuuuuuyyyyyyyy------";

/// What `character` counts as.
pub(crate) fn fold(character: char) -> u32 {
    let code = u32::from(character);
    let in_table = |table: &'static [u8], first: u32| {
        let letter = code.checked_sub(first).and_then(|place| table.get(place as usize));
        letter.filter(|letter| **letter != b'-').map(|letter| u32::from(*letter))
    };
    in_table(LATIN, 0xc0)
        .or_else(|| in_table(LATIN_ADDITIONAL, 0x1e00))
        .unwrap_or_else(|| character.to_lowercase().next().map_or(code, u32::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_and_case_fold() {
        let folded = |text: &str| text.chars().map(|c| char::from_u32(fold(c)).unwrap()).collect::<String>();
        assert_eq!(folded("ÀÉîøßŁžŐ"), "aeioslzo");
        assert_eq!(folded("ẾỹḐ"), "eyd");
        assert_eq!(folded("ЖДΩ"), "ждω");
    }
}

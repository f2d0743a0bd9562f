//! How random a value looks: entropy, and how unlike a word it is.
//!
//! Entropy alone cannot tell `a9f3kq27xw` from `getPrivateKey`: short texts of either kind have much of it. Words give
//! themselves away by which letter follows which, so that is counted too.

/// For each letter, those that commonly follow it in words and names: nine pairs of ten in English prose and source
/// code are among these. Counted over the Python standard library and CC BY texts.
const FOLLOWERS: [&[u8]; 26] = [
    b"abcdghiklmnprstuvwy",
    b"aeilorsuy",
    b"acehiklortu",
    b"adeiorsu",
    b"abcdefgilmnoprstvwxy",
    b"aefiloru",
    b"aehilnorsu",
    b"aeiortu",
    b"abcdefgklmnoprstvz",
    b"aeo",
    b"aeis",
    b"adeilostuy",
    b"abeimopsu",
    b"acdefgiknostuv",
    b"abcdfgiklmnoprstuvw",
    b"aehiloprstu",
    b"u",
    b"acdegiklmnorstuy",
    b"acehiklmopstuy",
    b"acehilorstuy",
    b"abcdegilmnprst",
    b"aeio",
    b"aeio",
    b"t",
    b"anps",
    b"e",
];

/// What a byte is: a letter of either case from 0, a digit, or something else.
const DIGIT: u8 = 52;
const OTHER: u8 = 53;

/// The class of each byte.
#[expect(clippy::indexing_slicing, reason = "computed by the compiler, which would refuse a mistake")]
const CLASSES: [u8; 256] = {
    let mut classes = [OTHER; 256];
    let mut letter = 0;
    while letter < 26 {
        classes[(b'a' + letter) as usize] = letter;
        classes[(b'A' + letter) as usize] = 26 + letter;
        letter += 1;
    }
    let mut digit = b'0';
    while digit <= b'9' {
        classes[digit as usize] = DIGIT;
        digit += 1;
    }
    classes
};

/// For each class, one bit for each class that does not follow it in words. A capital may follow a small letter in a
/// name, and what follows other characters begins a word.
#[expect(clippy::indexing_slicing, reason = "computed by the compiler, which would refuse a mistake")]
const STRANGE: [u64; 54] = {
    const LETTERS: u64 = (1 << 52) - 1;
    const SMALL: u64 = (1 << 26) - 1;
    let mut strange = [0_u64; 54];
    let mut letter = 0;
    while letter < 26 {
        let mut follow = 0_u64;
        let mut rest = FOLLOWERS[letter];
        while let [follower, tail @ ..] = rest {
            follow |= 1 << (*follower - b'a');
            rest = tail;
        }
        strange[letter] = (SMALL & !follow) | 1 << DIGIT;
        strange[26 + letter] = (LETTERS & !(follow | follow << 26)) | 1 << DIGIT;
        letter += 1;
    }
    strange[DIGIT as usize] = LETTERS;
    strange
};

/// Of a thousand neighbours, how many do not stand together in words, at least, in a random value.
///
/// Measured: of names of 16 bytes and more in Python's library one in fifty is above, of random letters and digits of
/// 20 bytes all but one in fifty.
const RANDOM_PER_MILLE: usize = 280;

/// What a value is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Makeup {
    /// How many bytes.
    pub(super) len: usize,
    pub(super) lower: usize,
    pub(super) upper: usize,
    pub(super) digits: usize,
    /// What is neither letter nor digit.
    pub(super) others: usize,
    /// Neighbours that do not stand together in words.
    strange: usize,
}

impl Makeup {
    /// Of `value`.
    pub(super) fn of(value: &[u8]) -> Self {
        let mut counts = [0_usize; 4];
        let mut strange: usize = 0;
        let mut not_after = 0_u64;
        for byte in value {
            let class = CLASSES.get(usize::from(*byte)).copied().unwrap_or(OTHER);
            let kind = match class {
                0..26 => 0,
                26..DIGIT => 1,
                DIGIT => 2,
                _ => 3_usize,
            };
            if let Some(count) = counts.get_mut(kind) {
                *count = count.saturating_add(1);
            }
            strange = strange.saturating_add(usize::from(not_after.wrapping_shr(u32::from(class)) & 1 == 1));
            not_after = STRANGE.get(usize::from(class)).copied().unwrap_or(0);
        }
        let [lower, upper, digits, others] = counts;
        Self { len: value.len(), lower, upper, digits, others, strange }
    }

    /// Letters of either case.
    pub(super) const fn letters(&self) -> usize {
        self.lower.saturating_add(self.upper)
    }

    /// How many kinds of characters it has: small letters, capitals, digits, others.
    pub(super) fn kinds(&self) -> usize {
        [self.lower, self.upper, self.digits, self.others].into_iter().filter(|count| *count > 0).count()
    }

    /// Whether no word, name or number looks like it. Says little about fewer than twelve bytes.
    pub(super) fn looks_random(&self) -> bool {
        let pairs = self.len.saturating_sub(1).max(1);
        self.letters() > 0 && self.strange.saturating_mul(1000) >= pairs.saturating_mul(RANDOM_PER_MILLE)
    }
}

/// Shannon's entropy of the bytes of `value`, in bits a byte.
pub(super) fn entropy(value: &[u8]) -> f32 {
    let mut counts = [0_u16; 256];
    for byte in value {
        if let Some(count) = counts.get_mut(usize::from(*byte)) {
            *count = count.saturating_add(1);
        }
    }
    let len = value.len().min(usize::from(u16::MAX)) as f32;
    let share = |count: &u16| f32::from(*count) / len;
    counts.iter().filter(|count| **count > 0).map(share).map(|share| -share * share.log2()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_told_from_random_values() {
        for word in [
            "getPrivateKeyFromStore",
            "assertAlmostEqual",
            "test_connection_refused",
            "passwordResetTokenGenerator",
            "org.apache.commons.configuration",
        ] {
            assert!(!Makeup::of(word.as_bytes()).looks_random(), "{word}");
        }
        for value in ["q7Zp2mXv9Kd4Lw8RtB3n", "xkqzjwvbpgtrhmnd", "3f9a1c7e5b2d8046", "hJqWzXkTbVnRpLsGdF"] {
            assert!(Makeup::of(value.as_bytes()).looks_random(), "{value}");
        }
    }

    #[test]
    fn a_makeup_counts_kinds() {
        let makeup = Makeup::of(b"aB3-");
        assert_eq!((makeup.kinds(), makeup.letters(), makeup.digits), (4, 2, 1));
    }

    #[test]
    fn entropy_is_that_of_the_textbook() {
        assert_eq!(entropy(b"aaaa"), 0.0);
        assert_eq!(entropy(b"abab"), 1.0);
        assert_eq!(entropy(b"abcd"), 2.0);
        assert_eq!(entropy(b""), 0.0);
    }
}

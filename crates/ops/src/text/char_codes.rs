//! The characters of a text as numbers of one width, so that they can be compared and hashed by position.

/// The number of characters from which texts have no codes.
pub(super) const MOST: usize = u16::MAX as usize;
/// The number of codes that can be read after the last one, whatever they hold.
pub(super) const MARGIN: usize = 32;
/// The code of the first character beyond the basic plane. It is one of the surrogates, which no text has.
const FIRST_FAR: u16 = 0xD800;
/// The number of codes for characters beyond the basic plane.
const FAR_CODES: usize = 0x800;
/// The number of bytes that are examined at once.
const STEP: usize = 16;

/// The codes of a text. The memory is reused from text to text.
///
/// Two characters of a text have the same code only if they are the same. A character of the basic plane is its own code, and
/// others get free codes in the order in which they appear.
#[derive(Clone, Debug)]
pub(super) struct CharCodes {
    narrow: Box<[u8; MOST + MARGIN]>,
    wide: Box<[u16; MOST + MARGIN]>,
    /// Characters beyond the basic plane with their codes, in order.
    far: Vec<(u32, u16)>,
}

/// The codes of a text, with their number.
pub(super) enum Codes<'a> {
    Narrow(&'a [u8; MOST + MARGIN], usize),
    Wide(&'a [u16; MOST + MARGIN], usize),
}

impl Default for CharCodes {
    fn default() -> Self {
        Self {
            narrow: zeros(),
            wide: zeros(),
            far: Vec::new(),
        }
    }
}

impl CharCodes {
    /// Returns the codes of `text`; `None` for long texts, and for those with very many characters beyond the basic plane.
    pub(super) fn of(&mut self, text: &str) -> Option<Codes<'_>> {
        if text.is_ascii() {
            let codes = self.narrow.get_mut(..text.len())?;
            codes.copy_from_slice(text.as_bytes());
            return (text.len() < MOST).then_some(Codes::Narrow(&self.narrow, text.len()));
        }
        let len = self.decode(text.as_bytes())?;
        Some(Codes::Wide(&self.wide, len))
    }

    /// Fills the wide codes.
    fn decode(&mut self, bytes: &[u8]) -> Option<usize> {
        let Self { wide, far, .. } = self;
        far.clear();
        let (mut len, mut place) = (0, 0);
        while place < bytes.len() {
            let codes = wide
                .get_mut(len..len + STEP)
                .filter(|_| len < MOST - STEP)?;
            if let Some(step) = bytes[place..].first_chunk::<STEP>() {
                for (code, byte) in codes.iter_mut().zip(step) {
                    *code = u16::from(*byte);
                }
                let ascii = ascii_prefix(step);
                len += ascii;
                place += ascii;
                if ascii == STEP {
                    continue;
                }
            } else if bytes[place].is_ascii() {
                codes[0] = u16::from(bytes[place]);
                len += 1;
                place += 1;
                continue;
            }
            // Characters of the same width tend to come together.
            while len < MOST && bytes.get(place).is_some_and(|byte| !byte.is_ascii()) {
                let (code, bytes) = longer_char(&bytes[place..]);
                let code = u16::try_from(code).ok().or_else(|| far_code(far, code))?;
                wide[len] = code;
                len += 1;
                place += bytes;
            }
        }
        (len < MOST).then_some(len)
    }
}

/// Returns the code of a character beyond the basic plane; `None` if there are no free codes left.
#[cold]
fn far_code(far: &mut Vec<(u32, u16)>, ch: u32) -> Option<u16> {
    match far.binary_search_by_key(&ch, |&(ch, _)| ch) {
        Ok(found) => Some(far[found].1),
        Err(_) if far.len() == FAR_CODES => None,
        Err(place) => {
            let code = FIRST_FAR + far.len() as u16;
            far.insert(place, (ch, code));
            Some(code)
        }
    }
}

/// Returns the first character of `bytes`, which is not ASCII, and the number of its bytes.
#[inline(always)]
fn longer_char(bytes: &[u8]) -> (u32, usize) {
    let low = |offset: usize| u32::from(bytes.get(offset).copied().unwrap_or(0) & 0x3F);
    let lead = u32::from(bytes[0]);
    if lead < 0xE0 {
        ((lead & 0x1F) << 6 | low(1), 2)
    } else if lead < 0xF0 {
        ((lead & 0x0F) << 12 | low(1) << 6 | low(2), 3)
    } else {
        ((lead & 7) << 18 | low(1) << 12 | low(2) << 6 | low(3), 4)
    }
}

/// Returns the number of these bytes before the first that is not ASCII.
#[inline(always)]
fn ascii_prefix(bytes: &[u8; STEP]) -> usize {
    const HIGH_BITS: u128 = 0x8080_8080_8080_8080_8080_8080_8080_8080;
    (u128::from_le_bytes(*bytes) & HIGH_BITS).trailing_zeros() as usize / 8
}

/// Returns an array of zeros that takes no memory before it is used.
pub(super) fn zeros<T: Copy + Default, const N: usize>() -> Box<[T; N]> {
    let zeros = vec![T::default(); N].into_boxed_slice().try_into();
    zeros.unwrap_or_else(|_| Box::new([T::default(); N]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Returns the codes of a text, made from one character at a time.
    fn plain_codes(text: &str) -> Vec<u16> {
        let mut far = Vec::new();
        let code = |ch: char| {
            u16::try_from(u32::from(ch)).unwrap_or_else(|_| {
                let known = far.iter().position(|&other| other == ch);
                FIRST_FAR
                    + known.unwrap_or_else(|| {
                        far.push(ch);
                        far.len() - 1
                    }) as u16
            })
        };
        text.chars().map(code).collect()
    }

    #[track_caller]
    fn check(codes: &mut CharCodes, text: &str) {
        let found: Vec<u16> = match codes.of(text).expect("the text is short") {
            Codes::Narrow(codes, len) => codes[..len].iter().map(|&code| code.into()).collect(),
            Codes::Wide(codes, len) => codes[..len].to_vec(),
        };
        assert_eq!(found, plain_codes(text), "{text:?}");
    }

    #[test]
    fn every_character_has_a_code() {
        let mut codes = CharCodes::default();
        let all: Vec<char> = (0..=0x10_FFFF).filter_map(char::from_u32).collect();
        for chars in all.chunks(1_000) {
            check(&mut codes, &chars.iter().collect::<String>());
        }
    }

    #[test]
    fn texts_beyond_the_limits_have_no_codes() {
        let mut codes = CharCodes::default();
        assert!(codes.of(&"a".repeat(MOST - 1)).is_some());
        assert!(codes.of(&"a".repeat(MOST)).is_none());
        assert!(codes.of(&"a".repeat(10 * MOST)).is_none());
        assert!(codes.of(&"é".repeat(MOST)).is_none());
        assert!(codes.of(&"é".repeat(MOST - 100)).is_some());
        let far: String = ('\u{20000}'..).take(FAR_CODES + 1).collect();
        assert!(codes.of(&far[4..]).is_some());
        assert!(codes.of(&far).is_none());
    }

    proptest! {
        #[test]
        fn codes_agree_with_the_characters(text in "([ -~]{0,40}|\\PC{0,40}|[一Гπa１😀𠮷\n]{0,70}){0,4}") {
            check(&mut CharCodes::default(), &text);
        }
    }
}

//! Finding the real change in a replacement, if an operator replaced more than necessary.

use std::ops::Range;

/// The length below which replacements are kept as they are.
const LONG_BYTES: usize = 32;
/// The distance on either side within which to search for the place where the texts agree again.
const WINDOW_BYTES: usize = 64;
/// The number of equal bytes that count as agreement.
const AGREE_BYTES: usize = 8;

/// Finds replacements that turn `old` into `new`, in order. Ranges are bytes of `old`.
///
/// It walks both texts together. At a difference it takes the nearest place where they agree again. If there is none nearby, or
/// there are very many differences, the rest is replaced as a whole.
pub(super) fn replacements<'n>(old: &str, new: &'n str, out: &mut Vec<(Range<usize>, &'n str)>) {
    if old.len() < LONG_BYTES || new.len() < LONG_BYTES {
        out.push((0..old.len(), new));
        return;
    }
    let (mut at_old, mut at_new) = (0, 0);
    let mut patience = 64 + old.len() / 16;
    loop {
        let equal = equal_bytes(&old.as_bytes()[at_old..], &new.as_bytes()[at_new..]);
        (at_old, at_new) = (at_old + equal, at_new + equal);
        if at_old == old.len() && at_new == new.len() {
            return;
        }
        // Go back to the start of a character. The bytes before are the same in both.
        while !old.is_char_boundary(at_old) || !new.is_char_boundary(at_new) {
            (at_old, at_new) = (at_old - 1, at_new - 1);
        }
        patience = patience.saturating_sub(1);
        let again = match patience {
            0 => None,
            _ => agreement(&old[at_old..], &new[at_new..]),
        };
        let Some((of_old, of_new)) = again else {
            out.push((at_old..old.len(), &new[at_new..]));
            return;
        };
        out.push((at_old..at_old + of_old, &new[at_new..at_new + of_new]));
        (at_old, at_new) = (at_old + of_old, at_new + of_new);
    }
}

fn equal_bytes(a: &[u8], b: &[u8]) -> usize {
    const STEP: usize = 32;
    let chunks = a.chunks_exact(STEP).zip(b.chunks_exact(STEP));
    let whole = STEP * chunks.take_while(|(a, b)| a == b).count();
    let rest = a[whole..].iter().zip(&b[whole..]);
    whole + rest.take_while(|(a, b)| a == b).count()
}

/// Returns the nearest place where both texts agree again, as bytes from their starts.
fn agreement(old: &str, new: &str) -> Option<(usize, usize)> {
    let agree = |of_old: usize, of_new: usize| {
        let old_bytes = old.as_bytes().get(of_old..of_old + AGREE_BYTES);
        let new_bytes = new.as_bytes().get(of_new..of_new + AGREE_BYTES);
        old_bytes.is_some()
            && old_bytes == new_bytes
            && old.is_char_boundary(of_old)
            && new.is_char_boundary(of_new)
    };
    (1..=2 * WINDOW_BYTES).find_map(|distance| {
        let nearest = distance.saturating_sub(WINDOW_BYTES)..=distance.min(WINDOW_BYTES);
        nearest
            .map(|of_old| (of_old, distance - of_old))
            .find(|(of_old, of_new)| agree(*of_old, *of_new))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn applied(old: &str, new: &str) -> (String, usize) {
        let mut found = Vec::new();
        replacements(old, new, &mut found);
        let (mut text, mut end) = (String::new(), 0);
        for (range, inserted) in &found {
            text.push_str(&old[end..range.start]);
            text.push_str(inserted);
            end = range.end;
        }
        text.push_str(&old[end..]);
        let inserted = found.iter().map(|(_, inserted)| inserted.len()).sum();
        (text, inserted)
    }

    proptest! {
        #[test]
        fn applying_them_gives_the_new_text(
            words in prop::collection::vec("[a-dé中 ]{0,12}", 0..40),
            changes in prop::collection::vec((any::<prop::sample::Index>(), "[aé中😀]{0,6}"), 0..6),
        ) {
            let old = words.concat();
            let mut new = words.clone();
            for (at, text) in changes {
                if !new.is_empty() {
                    let at = at.index(new.len());
                    new[at] = text;
                }
            }
            let new = new.concat();
            prop_assert_eq!(applied(&old, &new).0, new.clone());
            prop_assert_eq!(applied(&new, &old).0, old);
        }

        #[test]
        fn texts_that_have_nothing_in_common_are_replaced(old in "[a-m]{0,300}", new in "[n-zé]{0,300}") {
            prop_assert_eq!(applied(&old, &new).0, new);
        }
    }

    #[test]
    fn only_what_differs_is_inserted() {
        let old = "It\u{2019}s a long text with \u{201C}some quotes\u{201D} in it. ".repeat(40);
        let new = old
            .replace(['\u{201C}', '\u{201D}'], "\"")
            .replace('\u{2019}', "'");
        let (text, inserted) = applied(&old, &new);
        assert_eq!((text, inserted), (new, 3 * 40));
    }
}

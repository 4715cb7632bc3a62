//! One byte for every character, which shows the scan whether it has to look closer.

use std::iter::once;
use std::sync::LazyLock;

use unicode_normalization::char::canonical_combining_class;
use unicode_normalization::{IsNormalized, is_nfc_quick, is_nfd_quick, is_nfkd_quick};

use super::char_table::CharTable;
use super::{badness, characters};

/// A fixer of single characters changes it.
pub(super) const EDIT: u8 = 1;
/// NFC always changes it.
pub(super) const NOT_NFC: u8 = 1 << 1;
/// NFC may join it to the character before.
pub(super) const JOINS: u8 = 1 << 2;
/// It is a mark, so any form may move it.
pub(super) const MARK: u8 = 1 << 3;
/// Mojibake may begin with it.
pub(super) const ANCHOR: u8 = 1 << 4;
/// Mojibake may continue with it.
pub(super) const FOLLOWER: u8 = 1 << 5;
/// Mojibake may begin with it and continue with ASCII.
pub(super) const BEFORE_ASCII: u8 = 1 << 6;
/// A form other than NFC may change it.
pub(super) const NOT_OTHER_FORMS: u8 = 1 << 7;

/// The classes of all characters; most have none (0).
pub(super) static CLASSES: LazyLock<CharTable<u8>> = LazyLock::new(|| {
    let mut table = CharTable::new(0);
    // Every process builds this table once, so code points that are known to be plain are left out: ideographs and private use.
    let spans = [
        '\u{80}'..='\u{33ff}',
        '\u{a000}'..='\u{abff}',
        '\u{d7a4}'..='\u{d7ff}',
        '\u{f900}'..='\u{1ffff}',
        '\u{2f800}'..='\u{2fa1f}',
    ];
    for c in spans.into_iter().flatten() {
        let class = normalization_class(c);
        if class != 0 {
            *table.slot(c) = class;
        }
    }
    for syllable in '\u{ac00}'..='\u{d7a3}' {
        *table.slot(syllable) = NOT_OTHER_FORMS;
    }
    for c in ('\u{80}'..='\u{ffff}').filter(|&c| is_edited(c)) {
        *table.slot(c) |= EDIT;
    }
    for (c, role) in badness::roles().filter(|(c, _)| !c.is_ascii()) {
        let bits = [
            (role.anchor, ANCHOR),
            (role.follower, FOLLOWER),
            (role.before_ascii, BEFORE_ASCII),
        ];
        *table.slot(c) |= bits
            .iter()
            .map(|&(is_set, bit)| u8::from(is_set) * bit)
            .sum::<u8>();
    }
    table
});

/// Returns whether the canonical form of `c` differs from `c`.
pub(super) fn is_decomposable(c: char) -> bool {
    is_nfd_quick(once(c)) != IsNormalized::Yes
}

fn is_edited(c: char) -> bool {
    matches!(c, '\u{80}'..='\u{9f}') || characters::plainer(c).is_some()
}

fn normalization_class(c: char) -> u8 {
    // NFKD splits everything that any form splits, and NFC and NFKC join the same characters.
    let in_other_forms = is_nfkd_quick(once(c)) == IsNormalized::Yes;
    let composed = match is_nfc_quick(once(c)) {
        IsNormalized::Yes => 0,
        IsNormalized::No => NOT_NFC,
        IsNormalized::Maybe => JOINS,
    };
    let mark = u8::from(canonical_combining_class(c) != 0) * MARK;
    composed | mark | (u8::from(!in_other_forms) * NOT_OTHER_FORMS)
}

#[cfg(test)]
mod tests {
    use unicode_normalization::is_nfkc_quick;

    use super::*;

    #[test]
    fn what_is_left_out_of_the_table_is_plain() {
        let normalization = NOT_NFC | JOINS | MARK | NOT_OTHER_FORMS;
        // Later code points are for private use.
        for c in ('\u{80}'..='\u{33fff}').chain('\u{e0000}'..='\u{e0fff}') {
            let class = CLASSES.get(c);
            assert_eq!(class & normalization, normalization_class(c), "{c:?}");
            assert_eq!(class & EDIT != 0, is_edited(c), "{c:?}");
            let is_stable = [
                is_nfd_quick(once(c)),
                is_nfkc_quick(once(c)),
                is_nfkd_quick(once(c)),
            ] == [const { IsNormalized::Yes }; 3];
            assert!(is_stable || class & (JOINS | NOT_OTHER_FORMS) != 0, "{c:?}");
        }
    }

    #[test]
    fn ideographs_have_no_class() {
        assert!(('\u{4000}'..='\u{9fff}').all(|c| CLASSES.get(c) == 0));
    }
}

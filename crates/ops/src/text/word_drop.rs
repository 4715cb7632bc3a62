//! Drops words from a text, and adjusts the blanks between the others.

use std::ops::Range;

use super::block_scan::for_each_hit;

/// The treatment of the blanks around words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gaps {
    /// Blanks between words that stay are kept. Around dropped words, one run of blanks stays: the first one with the most line
    /// feeds, or else with a tab.
    Keep,
    /// As in Data-Juicer, which splits the text and joins it again: one line feed between lines, one tab between parts of a line,
    /// one space between words, and none of them at the ends.
    Collapse,
}

/// Reports the edits that drop all words of `text` for which `keep` does not hold, in order. Spaces, tabs and line feeds separate
/// words. `keep` is called with the words' positions, in order.
pub fn drop_words(
    text: &str,
    gaps: Gaps,
    mut keep: impl FnMut(Range<usize>) -> bool,
    mut edit: impl FnMut(Range<usize>, &str),
) {
    // The text before the next word that stays: its start, and the words in it that were dropped.
    let mut gap = 0;
    let mut dropped: Vec<Range<usize>> = Vec::new();
    let mut is_first = true;
    for_each_word(text, |word| {
        if !keep(word.clone()) {
            dropped.push(word);
            return;
        }
        let place = match is_first {
            true => Place::Start,
            false => Place::Between,
        };
        close(text, gap..word.start, &dropped, place, gaps, &mut edit);
        dropped.clear();
        gap = word.end;
        is_first = false;
    });
    close(text, gap..text.len(), &dropped, Place::End, gaps, &mut edit);
}

fn for_each_word(text: &str, mut visit: impl FnMut(Range<usize>)) {
    let mut start = 0;
    let parts = |byte: u8, _, _| (byte == b' ') | (byte == b'\n') | (byte == b'\t');
    for_each_hit(text.as_bytes(), parts, |blank| {
        if blank > start {
            visit(start..blank);
        }
        start = blank + 1;
    });
    if start < text.len() {
        visit(start..text.len());
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Start,
    Between,
    End,
}

/// Reports the change to the gap between two words that stay, or at an end of the text.
fn close(
    text: &str,
    gap: Range<usize>,
    dropped: &[Range<usize>],
    place: Place,
    gaps: Gaps,
    edit: &mut impl FnMut(Range<usize>, &str),
) {
    let kept = match (gaps, place) {
        (Gaps::Collapse, Place::Start | Place::End) => "",
        (Gaps::Collapse, Place::Between) => strongest(&text[gap.clone()]),
        (Gaps::Keep, _) if dropped.is_empty() => return,
        (Gaps::Keep, Place::Start) => "",
        (Gaps::Keep, _) => {
            let kept = widest(text, gap.clone(), dropped);
            // A space at the end has no effect, but a line feed may end the last line.
            match place == Place::End && !kept.contains('\n') {
                true => "",
                false => kept,
            }
        }
    };
    if &text[gap.clone()] != kept {
        edit(gap, kept);
    }
}

/// Returns the single blank that replaces a gap.
fn strongest(gap: &str) -> &'static str {
    match (gap.contains('\n'), gap.contains('\t')) {
        (true, _) => "\n",
        (false, true) => "\t",
        (false, false) => " ",
    }
}

/// Returns the run of blanks around the dropped words that separates the most.
fn widest<'t>(text: &'t str, gap: Range<usize>, dropped: &[Range<usize>]) -> &'t str {
    let starts = std::iter::once(gap.start).chain(dropped.iter().map(|word| word.end));
    let ends = dropped.iter().map(|word| word.start).chain([gap.end]);
    let runs = starts.zip(ends).map(|(start, end)| &text[start..end]);
    let width = |run: &str| {
        let lines = run.bytes().filter(|byte| *byte == b'\n').count();
        (lines, run.contains('\t'), !run.is_empty())
    };
    runs.fold("", |best, run| match width(run) > width(best) {
        true => run,
        false => best,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn dropped(text: &str, gaps: Gaps) -> String {
        let (mut out, mut done) = (String::new(), 0);
        let keep = |word: Range<usize>| !text[word].contains('x');
        drop_words(text, gaps, keep, |range, with| {
            out.push_str(&text[done..range.start]);
            out.push_str(with);
            done = range.end;
        });
        out + &text[done..]
    }

    /// Splits the text on three levels and joins the rest.
    fn plain(text: &str) -> String {
        let join = |parts: Vec<String>, with: &str| {
            let parts = parts.into_iter().filter(|part| !part.is_empty());
            parts.collect::<Vec<_>>().join(with)
        };
        let part = |part: &str| {
            let words = part.split(' ').filter(|word| !word.contains('x'));
            join(words.map(str::to_owned).collect(), " ")
        };
        let line = |line: &str| join(line.split('\t').map(part).collect(), "\t");
        join(text.split('\n').map(line).collect(), "\n")
    }

    #[test]
    fn gaps_between_words_that_stay_are_kept() {
        for (text, expected) in [
            ("", ""),
            (" a  b\n\n\tc \n", " a  b\n\n\tc \n"),
            ("a x b", "a b"),
            ("a\n\nx\nb", "a\n\nb"),
            ("a x\n\nb", "a\n\nb"),
            ("a x\tb", "a\tb"),
            (" x a x", "a"),
            ("a x\n", "a\n"),
            ("x", ""),
            ("\nx x\n\n", "\n\n"),
        ] {
            assert_eq!(dropped(text, Gaps::Keep), expected, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn collapsing_is_splitting_and_joining(text in "[axé \t\n\r]{0,30}") {
            prop_assert_eq!(dropped(&text, Gaps::Collapse), plain(&text));
        }

        #[test]
        fn dropping_again_drops_nothing(text in "[ax \t\n]{0,30}") {
            for gaps in [Gaps::Keep, Gaps::Collapse] {
                let once = dropped(&text, gaps);
                prop_assert_eq!(dropped(&once, gaps), once);
            }
        }
    }
}

//! Finds sentences without a model: text that ends with a full stop, an exclamation mark, a question mark, or dots.

use std::ops::Range;

use super::chars::is_alnum;

/// The places where a sentence ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    /// After all end marks in a row, and the closing quotes and brackets after them. A full stop right before a letter or digit
    /// (`3.14`, `a.com`) doesn't end a sentence.
    Runs,
    /// As in Data-Juicer: every end mark ends a sentence, unless the mark before it did, or a closing quote follows.
    Marks,
}

/// Reports the sentences of a line, in order. Together they make up the line.
pub fn for_each_sentence(line: &str, ends: Ends, mut sentence: impl FnMut(Range<usize>)) {
    let mut start = 0;
    let mut end = |place: usize| {
        sentence(start..place);
        start = place;
    };
    match ends {
        Ends::Runs => ends_of_runs(line, &mut end),
        Ends::Marks => ends_at_marks(line, &mut end),
    }
    if !line.is_empty() {
        end(line.len());
    }
}

fn is_mark(ch: char) -> bool {
    matches!(ch, '.' | '。' | '!' | '！' | '?' | '？')
}

fn closes(ch: char) -> bool {
    matches!(ch, '’' | '”' | '"' | '\'' | ')' | '）' | '」' | '』' | '》')
}

fn ends_of_runs(line: &str, end: &mut impl FnMut(usize)) {
    let mut chars = line.char_indices().peekable();
    let mut last = None;
    while let Some((_, ch)) = chars.next() {
        if !(is_mark(ch) || ch == '…') {
            last = Some(ch);
            continue;
        }
        let mut marks = 1;
        while chars
            .next_if(|(_, ch)| is_mark(*ch) || *ch == '…')
            .is_some()
        {
            marks += 1;
        }
        let next = chars.peek().map(|(_, ch)| *ch);
        let is_inside = marks == 1
            && ch == '.'
            && last.is_some_and(is_alnum)
            && next.is_some_and(|next| next.is_ascii() && is_alnum(next));
        // A single ellipsis works like a comma.
        if is_inside || (marks == 1 && ch == '…') {
            last = Some(ch);
            continue;
        }
        while chars.next_if(|(_, ch)| closes(*ch)).is_some() {}
        last = None;
        match chars.peek() {
            Some((behind, _)) => end(*behind),
            None => return,
        }
    }
}

/// Reports the ends that Data-Juicer's four substitutions make. Matches of one substitution don't touch each other: each looks for
/// marks and then a character that isn't a closing quote, and continues after that character.
fn ends_at_marks(line: &str, end: &mut impl FnMut(usize)) {
    let is_quote = |ch: char| matches!(ch, '’' | '”');
    // The class of the last pattern contains curly braces, 2 and 6, because a repetition is written inside it.
    let may_be_quoted = |ch: char| is_mark(ch) || matches!(ch, '{' | '}' | '2' | '6' | '…');
    // The positions up to which each of the patterns has consumed the text.
    let (mut marks, mut ellipses, mut quotes) = (0, 0, 0);
    let mut before: [Option<(usize, char)>; 2] = [None, None];
    for (place, ch) in line.char_indices() {
        let [earlier, last] = before;
        if let Some((start, mark)) = last
            && !is_quote(ch)
        {
            let behind = place + ch.len_utf8();
            let is_free =
                |used: usize, first: Option<(usize, char)>, fits: &dyn Fn(char) -> bool| {
                    first.is_some_and(|(start, ch)| start >= used && fits(ch))
                };
            let mut ends = false;
            if start >= marks && is_mark(mark) {
                (marks, ends) = (behind, true);
            }
            if mark == '…' && is_free(ellipses, earlier, &|ch| ch == '…') {
                (ellipses, ends) = (behind, true);
            }
            if is_quote(mark) && is_free(quotes, earlier, &may_be_quoted) {
                (quotes, ends) = (behind, true);
            }
            if ends {
                end(place);
            }
        }
        before = [last, Some((place, ch))];
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex::Regex;

    use super::*;

    fn sentences(line: &str, ends: Ends) -> Vec<&str> {
        let mut all = Vec::new();
        for_each_sentence(line, ends, |range| all.push(&line[range]));
        all
    }

    /// Makes the four substitutions, one after the other.
    fn plain(line: &str) -> Vec<String> {
        let patterns = [
            r"([.。！!？\?])([^’”])",
            r"(\.{6})([^’”])",
            r"(\…{2})([^’”])",
            r"([.。！!？\?\.{6}\…{2}][’”])([^’”])",
        ];
        let split = patterns.iter().fold(line.to_owned(), |text, pattern| {
            let pattern = Regex::new(&pattern.replace(r"\…", "…")).unwrap();
            pattern.replace_all(&text, "$1\n$2").into_owned()
        });
        let lines = split.split('\n').filter(|line| !line.is_empty());
        lines.map(str::to_owned).collect()
    }

    proptest! {
        #[test]
        fn ends_at_marks_are_those_of_the_patterns(line in "[ab.。!?…’”{62 ]{0,24}|(\\.{6}|……|[a.”]){0,8}") {
            prop_assert_eq!(sentences(&line, Ends::Marks), plain(&line));
        }

        #[test]
        fn sentences_are_the_line(line in "[ab.。!?…’”{62 ]{0,24}|\\PC{0,20}") {
            for ends in [Ends::Runs, Ends::Marks] {
                prop_assert_eq!(sentences(&line, ends).concat(), line.clone());
                prop_assert!(sentences(&line, ends).iter().all(|sentence| !sentence.is_empty()));
            }
        }
    }

    #[test]
    fn marks_in_a_row_end_one_sentence() {
        for (line, expected) in [
            (
                "Why?! No. “Go!” he said...",
                vec!["Why?!", " No.", " “Go!”", " he said..."],
            ),
            (
                "v1.2 costs 3.14. See a.com.",
                vec!["v1.2 costs 3.14.", " See a.com."],
            ),
            ("你好……再见。好", vec!["你好……", "再见。", "好"]),
            ("so… yes", vec!["so… yes"]),
            ("", vec![]),
        ] {
            assert_eq!(sentences(line, Ends::Runs), expected);
        }
    }
}

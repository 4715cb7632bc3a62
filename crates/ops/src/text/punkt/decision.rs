//! Decides whether a sentence ends at a candidate.

use super::super::python::lower_into;
use super::tables::Tables;
use super::tokens::{for_each_token, is_initial, is_number};

/// The name of numbers in the tables.
const NUMBER: &str = "##number##";

/// Decides from the tokens of a context, reusing its memory.
#[derive(Debug, Default)]
pub(super) struct Judge {
    /// The token before, and the current one.
    before: Kind,
    now: Kind,
}

/// A token with the facts about it.
#[derive(Debug, Default)]
struct Kind {
    token: String,
    /// The word in lower case, or [`NUMBER`].
    word: String,
    ends_sentence: bool,
    is_abbreviation: bool,
    is_ellipsis: bool,
}

impl Judge {
    /// Returns whether a sentence ends in the context, before its last token.
    pub(super) fn ends_sentence(&mut self, context: &str, tables: &Tables) -> bool {
        let Self { before, now } = self;
        let (mut is_first, mut ends) = (true, false);
        for_each_token(context, |token| {
            if ends {
                return;
            }
            now.read(token, tables);
            if !is_first {
                before.look_at_next(now, tables);
                ends = before.ends_sentence;
            }
            is_first = false;
            std::mem::swap(before, now);
        });
        ends
    }
}

impl Kind {
    /// Reads a token, and decides from the token alone.
    fn read(&mut self, token: &str, tables: &Tables) {
        self.token.clear();
        self.token.push_str(token);
        self.word.clear();
        if is_number(token) {
            self.word.push_str(NUMBER);
        } else {
            lower_into(token, &mut self.word);
        }
        (self.ends_sentence, self.is_abbreviation, self.is_ellipsis) = (false, false, false);
        if matches!(token, "." | "?" | "!") {
            self.ends_sentence = true;
        } else if token.len() > 1 && token.bytes().all(|byte| byte == b'.') {
            self.is_ellipsis = true;
        } else if token.ends_with('.') && !token.ends_with("..") {
            let mut word = String::new();
            lower_into(&token[..token.len() - 1], &mut word);
            let last_part = word.rsplit('-').next().unwrap_or_default();
            let is_known = |word| tables.is_abbreviation(word);
            self.is_abbreviation = is_known(&word) || is_known(last_part);
            self.ends_sentence = !self.is_abbreviation;
        }
    }

    /// Decides again with the next token.
    fn look_at_next(&mut self, next: &Kind, tables: &Tables) {
        if !self.token.ends_with('.') {
            return;
        }
        let word = without_stop(&self.word);
        if tables.belong_together(word, next.as_next()) {
            self.ends_sentence = false;
            return;
        }
        let is_initial = is_initial(&self.token);
        if (self.is_abbreviation || self.is_ellipsis) && !is_initial {
            let starts = next.starts_sentence(tables) == Some(true)
                || (next.is_upper() && tables.is_starter(next.as_next()));
            if starts {
                self.ends_sentence = true;
                return;
            }
        }
        if is_initial || word == NUMBER {
            // After an initial, a word that is never written in lower case continues the name.
            let goes_on = match next.starts_sentence(tables) {
                Some(starts) => !starts,
                None => is_initial && next.is_upper() && !tables.seen(next.as_next()).lower(),
            };
            if goes_on {
                self.ends_sentence = false;
            }
        }
    }

    /// Returns the form in which the tables list the word as a next word.
    fn as_next(&self) -> &str {
        match self.ends_sentence {
            true => without_stop(&self.word),
            false => &self.word,
        }
    }

    fn is_upper(&self) -> bool {
        self.token.chars().next().is_some_and(char::is_uppercase)
    }

    fn is_lower(&self) -> bool {
        self.token.chars().next().is_some_and(char::is_lowercase)
    }

    /// Returns whether the word starts a sentence, judging by the cases in which it was seen; `None` if they are inconclusive.
    fn starts_sentence(&self, tables: &Tables) -> Option<bool> {
        if matches!(self.token.as_str(), ";" | ":" | "," | "." | "!" | "?") {
            return Some(false);
        }
        let seen = tables.seen(self.as_next());
        if self.is_upper() && seen.lower() && !seen.upper_inside() {
            return Some(true);
        }
        let goes_on = self.is_lower() && (seen.upper() || !seen.lower_first());
        goes_on.then_some(false)
    }
}

fn without_stop(word: &str) -> &str {
    match word.strip_suffix('.') {
        Some(rest) if !rest.is_empty() => rest,
        _ => word,
    }
}

//! Replaces macros with their values.

use std::collections::HashMap;
use std::ops::Range;

use memchr::{memchr, memmem};

use super::macros::{Definition, LineEnds, find_definitions, name_at};
use crate::text::passes::Passes;

/// The number of macros that are expanded pass by pass, at most. Each pass goes over the whole text.
const MOST_PASSES: usize = 1000;

/// Returns the length that the expanded text may have. Without a limit, macros that each use another one twice would double it time
/// and again.
fn most_bytes(text: &str) -> usize {
    text.len().saturating_mul(16).saturating_add(1 << 20)
}

/// Commands whose first argument is a macro that they define.
const DEFINING: [&str; 8] = [
    "\\newcommand",
    "\\renewcommand",
    "\\providecommand",
    "\\def",
    "\\gdef",
    "\\edef",
    "\\xdef",
    "\\let",
];

const TOO_LONG: &str = "the macros expand to far more text than the document has";

/// Reports the uses of macros in `text`, in order, each with its replacement.
///
/// Macros within the values of macros are expanded, too. Definitions stay as they are, and so do macros whose expansion never ends
/// because they use themselves. If a name has several definitions, the last one counts.
///
/// # Errors
/// If the text became too long.
pub fn expand(text: &str, mut edit: impl FnMut(Range<usize>, &str)) -> Result<(), String> {
    let mut definitions = find_definitions(text, LineEnds::Blank);
    if definitions.is_empty() {
        return Ok(());
    }
    let expansions = expansions(text, &definitions)?;
    definitions.sort_by_key(|definition| definition.whole.start);
    let mut definitions = definitions.iter().peekable();
    let mut room = most_bytes(text);
    let mut is_too_long = false;
    for_each_macro(text, |token| {
        while definitions
            .next_if(|definition| definition.whole.end <= token.start)
            .is_some()
        {}
        let is_defined_here = definitions
            .peek()
            .is_some_and(|definition| definition.whole.start <= token.start);
        if is_too_long || is_defined_here || is_redefined(&text[..token.start]) {
            return;
        }
        let Some(Some(value)) = expansions.get(&text[token.start + 1..token.end]) else {
            return;
        };
        match room.checked_sub(value.len()) {
            Some(left) => room = left,
            None => is_too_long = true,
        }
        edit(token, value);
    });
    match is_too_long {
        true => Err(TOO_LONG.to_owned()),
        false => Ok(()),
    }
}

/// Calls `found` with the ranges of `\name`, in order. A double backslash doesn't begin a name.
fn for_each_macro(text: &str, mut found: impl FnMut(Range<usize>)) {
    let mut from = 0;
    while let Some(place) = memchr(b'\\', &text.as_bytes()[from..]) {
        let start = from + place;
        from = match name_at(text, start + 1) {
            Some(name) => {
                found(start..name.end);
                name.end
            }
            None if text.as_bytes().get(start + 1) == Some(&b'\\') => start + 2,
            None => start + 1,
        };
    }
}

/// Returns whether the macro after `before` is only named there in order to be defined.
fn is_redefined(before: &str) -> bool {
    let before = before.trim_end_matches([' ', '{', '*']);
    DEFINING.iter().any(|command| before.ends_with(command))
}

/// The values of macros by name, with all macros in them expanded; `None` for a value without end.
type Expansions<'t> = HashMap<&'t str, Option<String>>;

fn expansions<'t>(text: &'t str, definitions: &[Definition]) -> Result<Expansions<'t>, String> {
    let name = |definition: &Definition| &text[definition.name.clone()];
    let value = |definition: &Definition| &text[definition.value.clone()];
    let values: HashMap<&str, &str> = definitions
        .iter()
        .map(|definition| (name(definition), value(definition)))
        .collect();
    // The number of macros that each value still waits for, and the values that wait for each macro.
    let mut waits_for: HashMap<&str, usize> = HashMap::new();
    let mut waiting: HashMap<&str, Vec<&str>> = HashMap::new();
    for (name, value) in &values {
        for_each_macro(value, |token| {
            let used = &value[token.start + 1..token.end];
            if values.contains_key(used) {
                *waits_for.entry(name).or_default() += 1;
                waiting.entry(used).or_default().push(name);
            }
        });
    }
    let mut ready: Vec<&str> = values
        .keys()
        .copied()
        .filter(|name| !waits_for.contains_key(name))
        .collect();
    let mut expansions: Expansions<'_> = values.keys().map(|name| (*name, None)).collect();
    let mut room = most_bytes(text);
    while let Some(name) = ready.pop() {
        let expanded = expanded(values[name], &expansions, room).ok_or(TOO_LONG)?;
        room -= expanded.len();
        expansions.insert(name, Some(expanded));
        for user in waiting.remove(name).unwrap_or_default() {
            if let Some(count) = waits_for.get_mut(user) {
                *count -= 1;
                if *count == 0 {
                    ready.push(user);
                }
            }
        }
    }
    Ok(expansions)
}

/// Expands a value all of whose macros have their expansions; `None` if it is longer than `room`.
fn expanded(value: &str, expansions: &Expansions<'_>, room: usize) -> Option<String> {
    let mut out = String::new();
    let mut done = 0;
    let mut fits = true;
    for_each_macro(value, |token| {
        if let Some(Some(inner)) = expansions.get(&value[token.start + 1..token.end]) {
            fits &= out.len() + inner.len() <= room;
            if fits {
                out.push_str(&value[done..token.start]);
                out.push_str(inner);
                done = token.end;
            }
        }
    });
    out.push_str(&value[done..]);
    (fits && out.len() <= room).then_some(out)
}

/// Expands macros as Data-Juicer does: one after the other, in the definitions too, and only before another character. That
/// character is skipped when the search for the same macro continues.
///
/// # Errors
/// If there are too many macros, or the text became too long.
pub fn expand_loosely(text: &str, passes: &mut Passes) -> Result<(), String> {
    passes.begin();
    let macros = in_order_of_first(text, &find_definitions(text, LineEnds::Bare));
    if macros.len() > MOST_PASSES {
        return Err(format!(
            "the document defines {} macros; at most {MOST_PASSES} can be expanded one after the other",
            macros.len()
        ));
    }
    let mut uses = Vec::new();
    for (name, value) in macros {
        uses.clear();
        let current = passes.current(text);
        find_loosely(current, name, |used| uses.push(used));
        let longest = current.len() + uses.len().saturating_mul(value.len());
        if longest > most_bytes(text) {
            return Err(TOO_LONG.to_owned());
        }
        passes.run(text, |_, edit| {
            uses.drain(..).for_each(|used| edit(used, value));
        });
    }
    Ok(())
}

/// Returns names and values, in the order in which the names are first defined. If a name has several values, the last one counts.
fn in_order_of_first<'t>(text: &'t str, definitions: &[Definition]) -> Vec<(&'t str, &'t str)> {
    let mut numbers: HashMap<&str, usize> = HashMap::new();
    let mut macros: Vec<(&str, &str)> = Vec::new();
    for definition in definitions {
        let (name, value) = (
            &text[definition.name.clone()],
            &text[definition.value.clone()],
        );
        let number = *numbers.entry(name).or_insert(macros.len());
        match macros.get_mut(number) {
            Some(known) => known.1 = value,
            None => macros.push((name, value)),
        }
    }
    macros
}

fn find_loosely(text: &str, name: &str, mut found: impl FnMut(Range<usize>)) {
    let token = format!("\\{name}");
    let finder = memmem::Finder::new(&token);
    let mut from = 0;
    while let Some(place) = finder.find(text.as_bytes().get(from..).unwrap_or_default()) {
        let start = from + place;
        let end = start + token.len();
        from = end;
        let Some(behind) = text[end..].chars().next() else {
            return;
        };
        if !behind.is_ascii_alphanumeric() {
            found(start..end);
            from += behind.len_utf8();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let (mut out, mut done) = (String::new(), 0);
        expand(text, |range, with| {
            out.push_str(&text[done..range.start]);
            out.push_str(with);
            done = range.end;
        })
        .unwrap();
        assert_eq!(out + &text[done..], expected, "{text:?}");
    }

    #[test]
    fn uses_are_expanded_and_definitions_stay() {
        check(
            "\\newcommand{\\a}{A}\n\\a\\a, \\ab \\\\a \\a",
            "\\newcommand{\\a}{A}\nAA, \\ab \\\\a A",
        );
        check(
            "\\def\\x{\\y!}\n\\def\\y{Y}\n\\x\\y",
            "\\def\\x{\\y!}\n\\def\\y{Y}\nY!Y",
        );
        check(
            "\\def\\q{1}\n\\renewcommand{\\q}{2}\n\\q",
            "\\def\\q{1}\n\\renewcommand{\\q}{2}\n1",
        );
    }

    #[test]
    fn macros_without_end_stay() {
        let head = "\\def\\a{\\b}\n\\def\\b{\\a}\n\\def\\c{\\a c}\n\\def\\d{D}\n";
        check(
            &format!("{head}\\a \\b \\c \\d"),
            &format!("{head}\\a \\b \\c D"),
        );
    }

    #[test]
    fn no_document_grows_without_bound() {
        let mut text = String::new();
        for number in 0..60 {
            let next = number + 1;
            text += &format!("\\def\\a{number}x{{\\a{next}x,\\a{next}x}}\n");
        }
        text += "\\def\\a60x{long}\n\\a0x \n";
        assert!(expand(&text, |_, _| ()).is_err());
        assert!(expand_loosely(&text, &mut Passes::default()).is_err());
    }
}

//! The sets of properties, in the version of Unicode that Python's `regex` has.
//!
//! The crate `regex-syntax` knows the properties by all of their names, in an older version of Unicode. What characters that came
//! later are is in a table.

use regex_syntax::hir::{Class, HirKind};

use super::CharSet;
use super::newer::{ASSIGNED, MEMBERS, MOVED};

/// Returns the set of a property by its name in a pattern; none if there is no such property.
pub(crate) fn property(name: &str) -> Option<CharSet> {
    let is_name = |ch: char| ch.is_ascii_alphanumeric() || "_=:- &".contains(ch);
    if name.is_empty() || !name.chars().all(is_name) {
        return None;
    }
    let hir = regex_syntax::parse(&format!(r"\p{{{name}}}")).ok()?;
    let set = match hir.into_kind() {
        HirKind::Class(Class::Unicode(class)) => CharSet(class),
        // A property of a single character is a literal.
        HirKind::Literal(literal) => {
            let text = std::str::from_utf8(&literal.0).ok()?;
            CharSet::of(&text.chars().collect::<Vec<_>>())
        }
        _ => return None,
    };
    Some(brought_up_to_date(set, name))
}

/// Returns the characters without those that Unicode has assigned after version 14, the version of Python 3.11.
pub(crate) fn of_unicode_14(set: CharSet) -> CharSet {
    set.without(&CharSet::of_ranges(ASSIGNED))
}

/// Puts characters into a set that came later than the tables it was made of. Of the properties, categories and those that
/// classes of patterns are made of are known; of others, such as scripts, the set stays as it is.
fn brought_up_to_date(set: CharSet, name: &str) -> CharSet {
    let plain: String = name.to_ascii_lowercase().replace(['_', '-', ' '], "");
    let value = plain.split(['=', ':']).next_back().unwrap_or(&plain);
    if matches!(value, "cn" | "unassigned") {
        return set.without(&CharSet::of_ranges(ASSIGNED));
    }
    let Some(parts) = parts(value) else {
        return set;
    };
    // Other as a whole has the characters that are not assigned.
    let set = match parts.contains(&"Cn") {
        true => of_unicode_14(set),
        false => set,
    };
    let is_part = |name: &str| parts.contains(&name);
    let added = MEMBERS.iter().filter(|(name, _)| is_part(name));
    let added = CharSet::of_ranges(added.flat_map(|(_, ranges)| ranges.iter().copied()));
    // Small letters that are letters without case now are not lowercase any more.
    let is_category = parts
        .iter()
        .all(|part| part.len() == 2 || *part == "Lowercase");
    let moved = MOVED.iter().filter(|_| is_category);
    let (to, from): (Vec<_>, Vec<_>) = moved.partition(|(_, category)| is_part(category));
    let of = |moved: Vec<&(char, &str)>| {
        let chars: Vec<char> = moved.into_iter().map(|(ch, _)| *ch).collect();
        CharSet::of(&chars)
    };
    set.or(&added).or(&of(to)).without(&of(from))
}

/// Returns the least categories that a category is made of, or the property itself, by a name in small letters.
fn parts(name: &str) -> Option<&'static [&'static str]> {
    Some(match name {
        "l" | "letter" => &["Lu", "Ll", "Lt", "Lm", "Lo"],
        "lc" | "l&" | "casedletter" => &["Lu", "Ll", "Lt"],
        "m" | "mark" | "combiningmark" => &["Mn", "Mc", "Me"],
        "n" | "number" => &["Nd", "Nl", "No"],
        "p" | "punct" | "punctuation" => &["Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po"],
        "s" | "symbol" => &["Sm", "Sc", "Sk", "So"],
        "z" | "separator" => &["Zs", "Zl", "Zp"],
        "c" | "other" => &["Cc", "Cf", "Co", "Cn"],
        "lu" | "uppercaseletter" => &["Lu"],
        "ll" | "lowercaseletter" => &["Ll"],
        "lt" | "titlecaseletter" => &["Lt"],
        "lm" | "modifierletter" => &["Lm"],
        "lo" | "otherletter" => &["Lo"],
        "mn" | "nonspacingmark" => &["Mn"],
        "mc" | "spacingmark" => &["Mc"],
        "me" | "enclosingmark" => &["Me"],
        "nd" | "digit" | "decimalnumber" => &["Nd"],
        "nl" | "letternumber" => &["Nl"],
        "no" | "othernumber" => &["No"],
        "pc" | "connectorpunctuation" => &["Pc"],
        "pd" | "dashpunctuation" => &["Pd"],
        "ps" | "openpunctuation" => &["Ps"],
        "pe" | "closepunctuation" => &["Pe"],
        "pi" | "initialpunctuation" => &["Pi"],
        "pf" | "finalpunctuation" => &["Pf"],
        "po" | "otherpunctuation" => &["Po"],
        "sm" | "mathsymbol" => &["Sm"],
        "sc" | "currencysymbol" => &["Sc"],
        "sk" | "modifiersymbol" => &["Sk"],
        "so" | "othersymbol" => &["So"],
        "cf" | "format" => &["Cf"],
        "alphabetic" | "alpha" => &["Alphabetic"],
        "uppercase" | "upper" => &["Uppercase"],
        "lowercase" | "lower" => &["Lowercase"],
        _ => return None,
    })
}

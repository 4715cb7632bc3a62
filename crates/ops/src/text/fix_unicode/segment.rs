//! Fixes one segment until nothing changes. This is the definition that all shortcuts must agree with.

use super::{Normalizer, characters, entities, mojibake};

/// Returns `segment` with every fix applied, in the order and as often as in ftfy.
pub(super) fn fix(segment: &str, with_references: bool, form: Normalizer) -> String {
    let mut text = segment.to_owned();
    loop {
        let fixed = fix_once(&text, with_references, form);
        if fixed == text {
            return text;
        }
        text = fixed;
    }
}

fn fix_once(text: &str, with_references: bool, form: Normalizer) -> String {
    let mut text = text.to_owned();
    if with_references {
        apply(&mut text, entities::unescape);
    }
    apply(&mut text, mojibake::fix_encoding);
    apply(&mut text, mojibake::fix_c1_controls);
    apply(&mut text, characters::straighten);
    apply(&mut text, characters::remove_terminal_escapes);
    apply(&mut text, characters::remove_controls);
    if text.is_ascii() {
        return text;
    }
    form.apply(&text)
}

fn apply(text: &mut String, fixer: impl Fn(&str) -> Option<String>) {
    if let Some(fixed) = fixer(text) {
        *text = fixed;
    }
}

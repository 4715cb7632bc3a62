//! Shortens a text to its head and its tail.

/// The room for the mark between head and tail, in characters.
const MARK_CHARS: usize = 128;
/// The room below which only the head is kept.
const LEAST_ROOM: usize = 400;
/// The number of characters that head and tail have, at least.
const LEAST_PART: usize = 200;

/// Shortens a text to about `most` characters. Its head makes up `head_ratio` (0.35 to 0.85) of them. The mark between head and
/// tail says how many are left out. With a limit below 528, only the head is kept.
pub fn head_and_tail(text: &str, most: usize, head_ratio: f64) -> String {
    let chars = text.chars().count();
    if most == 0 || chars <= most {
        return text.to_owned();
    }
    let ratio = head_ratio.clamp(0.35, 0.85);
    let room = most.saturating_sub(MARK_CHARS);
    if room < LEAST_ROOM {
        let head = first(text, most.saturating_sub(48));
        return format!("{head}\n…[truncated — agent_dialog_normalize_mapper]…");
    }
    let mut head = LEAST_PART.max((room as f64 * ratio) as usize);
    let mut tail = room - head;
    if tail < LEAST_PART {
        tail = LEAST_PART;
        head = LEAST_PART.max(room - tail);
    }
    let omitted = chars - head - tail;
    let mark = format!(
        "\n\n[··· {omitted} chars omitted from middle; head+tail preserved — agent_dialog_normalize_mapper]\n\n"
    );
    let whole = head + mark.chars().count() + tail;
    if whole > most {
        head = head.saturating_sub(whole - most).max(120);
    }
    format!("{}{mark}{}", first(text, head), last(text, tail))
}

/// Returns the first `count` characters.
fn first(text: &str, count: usize) -> &str {
    let end = text.char_indices().nth(count).map(|(end, _)| end);
    &text[..end.unwrap_or(text.len())]
}

/// Returns the last `count` characters.
fn last(text: &str, count: usize) -> &str {
    let places = text.char_indices().rev();
    let start = places.take(count).last().map(|(start, _)| start);
    &text[start.unwrap_or(text.len())..]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_long_text_gets_no_longer_than_the_limit_and_its_mark(
            text in "[a-é中]{0,900}", most in 0_usize..1200, ratio in -1.0..2.0,
        ) {
            let short = head_and_tail(&text, most, ratio);
            let chars = text.chars().count();
            if most == 0 || chars <= most {
                prop_assert_eq!(short, text);
            } else {
                let mark = most.saturating_sub(48) + 50;
                prop_assert!(short.chars().count() <= most.max(mark));
                prop_assert!(text.starts_with(first(&short, most.saturating_sub(48).min(120))));
            }
        }
    }
}

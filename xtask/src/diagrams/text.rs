//! The widths of texts, and their line breaks.
//!
//! Nobody knows which font a reader's browser has. The widths are those of DejaVu Sans, one of the widest in use, so a text takes
//! at most the space that it is given.

/// The look of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// The title of a box or group.
    Title,
    /// The text below the title.
    Body,
    /// The label of an arrow.
    Label,
}

impl Style {
    /// Returns the size of the font.
    pub(super) fn size(self) -> f64 {
        match self {
            Self::Title => 13.0,
            Self::Body => 11.5,
            Self::Label => 11.0,
        }
    }

    /// Returns the distance from one line to the next.
    pub(super) fn line_height(self) -> f64 {
        match self {
            Self::Title => 17.0,
            Self::Body => 15.0,
            Self::Label => 14.0,
        }
    }
}

/// Returns the width of a line, in which text between backticks is code.
pub(super) fn width(line: &str, style: Style) -> f64 {
    let mut is_code = false;
    let mut ems = 0.0;
    for c in line.chars() {
        match c {
            '`' => is_code = !is_code,
            _ if is_code => ems += 0.58,
            _ => ems += of(c),
        }
    }
    let weight = if style == Style::Title { 1.1 } else { 1.0 };
    ems * weight * style.size()
}

/// Returns the width of a character in units of the font's size.
fn of(c: char) -> f64 {
    match c {
        'i' | 'j' | 'l' | '\'' | '|' => 0.28,
        ' ' | ',' | '.' | '/' | 'I' => 0.33,
        'f' | 't' | 'r' | '-' | '(' | ')' | ':' | ';' | '!' => 0.4,
        'm' | 'w' | 'M' | 'W' | '@' | '%' => 0.95,
        'A'..='Z' | '+' | '=' | '<' | '>' | '→' => 0.74,
        'c' | 'k' | 's' | 'v' | 'x' | 'y' | 'z' => 0.56,
        _ => 0.63,
    }
}

/// Breaks a text into lines that are at most `most` wide. A word that is too wide has a line of its own.
pub(super) fn wrap(text: &str, style: Style, most: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        if let Some(line) = lines.last_mut() {
            let longer = format!("{line} {word}");
            if width(&longer, style) <= most {
                *line = longer;
                continue;
            }
        }
        lines.push(word.to_owned());
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words_and_lose_none() {
        let lines = wrap("one two three four", Style::Body, 60.0);
        assert!(lines.len() > 1, "{lines:?}");
        assert_eq!(lines.join(" "), "one two three four");
        assert!(lines.iter().all(|line| width(line, Style::Body) <= 60.0));
        assert_eq!(wrap("unbreakable", Style::Body, 5.0), ["unbreakable"]);
    }
}

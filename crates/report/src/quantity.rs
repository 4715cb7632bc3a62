//! Numbers in a form that people read easily.

pub use coldpress_executor::{counted, grouped};

/// Formats a number of bytes in units of 1,000: `1.3 MB`.
///
/// ```
/// use coldpress_report::quantity::bytes;
/// assert_eq!(bytes(999), "999 B");
/// assert_eq!(bytes(1_250_560), "1.3 MB");
/// ```
#[must_use]
pub fn bytes(count: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if count < 1000 {
        return format!("{count} B");
    }
    let mut value = count as f64 / 1000.0;
    let mut unit = 0;
    // A value that would be rounded up to 1000.0 belongs to the next unit.
    while value >= 999.95 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

/// Formats a duration in seconds: `0.52 s`, `12.3 s`, `3 min 20 s`, `2 h 5 min`.
#[must_use]
pub fn duration(seconds: f64) -> String {
    let seconds = if seconds.is_finite() {
        seconds.max(0.0)
    } else {
        0.0
    };
    let whole = seconds.round() as u64;
    match whole {
        _ if seconds < 9.995 => format!("{seconds:.2} s"),
        0..=119 => format!("{seconds:.1} s"),
        120..=7199 => format!("{} min {} s", whole / 60, whole % 60),
        _ => format!("{} h {} min", whole / 3600, whole / 60 % 60),
    }
}

/// Formats a share of 1 as a percentage with one decimal.
#[must_use]
pub fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// Returns whether a character changes the direction of the text after it, so that the text reads differently from what it is.
fn is_bidi(letter: char) -> bool {
    matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Returns text from data or files without its control characters, so that it can neither break a line nor affect a terminal.
///
/// ```
/// use coldpress_report::quantity::plain;
/// assert_eq!(plain("a\nb\u{1b}[2J"), "a\\nb\\u{1b}[2J");
/// assert_eq!(plain("gpj.\u{202e}exe"), "gpj.\\u{202e}exe");
/// ```
#[must_use]
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_control() || is_bidi(letter) {
            out.extend(letter.escape_default());
        } else {
            out.push(letter);
        }
    }
    out
}

/// Returns a text of several lines as lines of plain text, all but the first after this indent.
///
/// ```
/// # use coldpress_report::quantity::plain_lines;
/// assert_eq!(plain_lines("a\n  b\r\n\nc\n", "    "), "a\n      b\n    c");
/// ```
#[must_use]
pub fn plain_lines(text: &str, indent: &str) -> String {
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let lines: Vec<String> = lines.map(|line| plain(line.trim_end())).collect();
    lines.join(&format!("\n{indent}"))
}

/// Returns the first line of a text as plain text, with a mark if there are more.
///
/// ```
/// # use coldpress_report::quantity::first_line;
/// assert_eq!(first_line("a\nb"), "a …");
/// assert_eq!(first_line("a\n"), "a");
/// ```
#[must_use]
pub fn first_line(text: &str) -> String {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let first = plain(lines.next().unwrap_or_default().trim_end());
    match lines.next() {
        Some(_) => format!("{first} …"),
        None => first,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_times_at_their_edges() {
        for (count, text) in [
            (0, "0 B"),
            (1000, "1.0 kB"),
            (999_949, "999.9 kB"),
            (999_950, "1.0 MB"),
            (u64::MAX, "18.4 EB"),
        ] {
            assert_eq!(bytes(count), text);
        }
        for (seconds, text) in [
            (f64::NAN, "0.00 s"),
            (-1.0, "0.00 s"),
            (9.99, "9.99 s"),
            (10.0, "10.0 s"),
            (119.4, "119.4 s"),
            (200.0, "3 min 20 s"),
            (7500.0, "2 h 5 min"),
        ] {
            assert_eq!(duration(seconds), text);
        }
        assert_eq!(counted(1, "record"), "1 record");
        assert_eq!(counted(2000, "record"), "2,000 records");
    }
}

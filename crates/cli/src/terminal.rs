//! The abilities of the terminal at standard output: colours, and redrawing in place.

use std::io::IsTerminal;

use coldpress::report::Look;

/// Returns whether standard output is a terminal that can be drawn on.
pub(crate) fn is_drawable() -> bool {
    let is_dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
    std::io::stdout().is_terminal() && !is_dumb
}

/// Returns how texts look on standard output: with marks on a terminal, and in colours unless `NO_COLOR` is set.
pub(crate) fn look() -> Look {
    let no_colours = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    match (is_drawable(), no_colours) {
        (false, _) => Look::Plain,
        (true, true) => Look::Marks,
        (true, false) => Look::Colours,
    }
}

/// Returns the number of lines that the terminal shows at once; none where that is not known.
pub(crate) fn lines() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok()?;
    (size.ws_row > 2).then_some(usize::from(size.ws_row))
}

/// Returns what draws a text over the one before, from the top of the terminal: nothing flickers, because no line is cleared
/// before it is written. Lines that do not fit are left out, and counted in the last one.
pub(crate) fn redraw(text: &str, lines: Option<usize>) -> String {
    let all: Vec<&str> = text.lines().collect();
    let most = lines.map_or(all.len(), |lines| lines - 1);
    let (shown, left_out) = match all.len() > most {
        true => (&all[..most - 1], all.len() - (most - 1)),
        false => (&all[..], 0),
    };
    let mut drawn = "\x1b[H".to_owned();
    shown
        .iter()
        .for_each(|line| drawn.push_str(&format!("{line}\x1b[K\n")));
    if left_out > 0 {
        drawn.push_str(&format!("... {left_out} more lines\x1b[K\n"));
    }
    drawn.push_str("\x1b[J");
    drawn
}

#[cfg(test)]
mod tests {
    use super::redraw;

    #[test]
    fn a_text_takes_the_place_of_the_one_before() {
        assert_eq!(redraw("a\nb\n", Some(24)), "\x1b[Ha\x1b[K\nb\x1b[K\n\x1b[J");
        assert_eq!(redraw("a\nb\n", None), redraw("a\nb\n", Some(3)));
    }

    #[test]
    fn what_does_not_fit_is_counted() {
        let text = "1\n2\n3\n4\n5\n";
        let drawn = redraw(text, Some(4));
        assert_eq!(drawn.matches('\n').count(), 3);
        assert!(drawn.contains("2\x1b[K\n... 3 more lines"), "{drawn}");
    }
}

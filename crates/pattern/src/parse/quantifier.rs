//! How often a part is repeated.

use super::Parser;
use crate::ast::{Greed, Node, Repeat};
use crate::error::Result;

/// The least and the most times, and how many characters say so.
type Counts = ((u32, Option<u32>), usize);

/// The most characters between the braces of a quantifier.
const LONGEST: usize = 100;

impl Parser {
    /// Reads the quantifier of a part that begins at `start`, if it has one.
    pub(super) fn quantified(&mut self, node: Node, start: usize) -> Result<Node> {
        self.skip()?;
        let Some((least, most)) = self.counts()? else {
            return Ok(node);
        };
        // A condition in a group can be.
        if !self.is_regex() && matches!(node, Node::Assert(_)) && self.chars[start] != '(' {
            return Err(self.wrong("there is nothing that can be repeated"));
        }
        let greed = match self.peek() {
            Some('?') => Greed::Lazy,
            Some('+') => Greed::Possessive,
            _ => Greed::Greedy,
        };
        self.at += usize::from(greed != Greed::Greedy);
        self.skip()?;
        if self.counts()?.is_some() {
            return Err(self.wrong("a repeat is repeated; put `(?:…)` around it to allow that"));
        }
        Ok(Node::Repeat(Box::new(Repeat {
            node,
            least,
            most,
            greed,
        })))
    }

    fn counts(&mut self) -> Result<Option<(u32, Option<u32>)>> {
        let counts = match self.peek() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') => {
                let Some((counts, length)) = self.counts_ahead(self.at)? else {
                    return Ok(None);
                };
                self.at += length;
                return Ok(Some(counts));
            }
            _ => return Ok(None),
        };
        self.at += 1;
        Ok(Some(counts))
    }

    /// Reads the limits in braces; none if the braces are ordinary characters.
    pub(super) fn counts_ahead(&self, at: usize) -> Result<Option<Counts>> {
        let inside = &self.chars[at + 1..];
        // No longer than what two numbers and a few limits of errors take, or braces without an end cost the square of their number.
        let Some(length) = inside.iter().take(LONGEST).position(|ch| *ch == '}') else {
            return Ok(None);
        };
        let text: String = inside[..length].iter().collect();
        let text = match self.is_regex() && self.flags.verbose {
            true => text.replace(char::is_whitespace, ""),
            false => text,
        };
        if self.is_regex() && is_approximate(&text) {
            return Err(self.unsupported("approximate matching is"));
        }
        let (least, most) = match text.split_once(',') {
            Some((least, most)) => (least, most),
            None if text.is_empty() => return Ok(None),
            None => (text.as_str(), text.as_str()),
        };
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number(least) || !is_number(most) {
            return Ok(None);
        }
        let number = |text: &str| {
            let number = text.parse::<u32>();
            number.map_err(|_| self.wrong(&format!("a part cannot be repeated {text} times")))
        };
        let least = if least.is_empty() { 0 } else { number(least)? };
        let most = match most.is_empty() {
            true => None,
            false => Some(number(most)?),
        };
        if most.is_some_and(|most| most < least) {
            return Err(self.wrong("the least number of repeats is greater than the most"));
        }
        Ok(Some(((least, most), length + 2)))
    }
}

/// Returns whether braces hold limits of errors, such as `e<=1` or `1<=i<=2,d`.
fn is_approximate(text: &str) -> bool {
    let constraint = |part: &str| {
        let is_known = |ch: char| "idse<>=+: ".contains(ch) || ch.is_ascii_digit();
        !part.is_empty() && part.chars().all(is_known)
    };
    text.contains(['i', 'd', 's', 'e']) && text.split(',').all(constraint)
}

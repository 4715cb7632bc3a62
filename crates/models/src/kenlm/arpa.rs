//! Reads ARPA text, line by line.

use super::header::check_order;
use crate::Fault;

/// The lines of an ARPA file.
#[derive(Debug)]
pub(super) struct Arpa<'a> {
    text: &'a [u8],
    place: usize,
    /// The number of the last line that was read, from 1.
    line: u64,
}

/// A line with an n-gram.
#[derive(Debug, PartialEq)]
pub(super) struct Ngram<'a> {
    pub(super) prob: f32,
    pub(super) words: Vec<&'a [u8]>,
    /// Its backoff; negative zero if it has none.
    pub(super) backoff: f32,
}

impl<'a> Arpa<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self {
            text,
            place: 0,
            line: 0,
        }
    }

    /// Reads up to the end of the counts, and returns them.
    ///
    /// # Errors
    /// [`Fault::Damaged`] if the text isn't an ARPA file, or is too short for that many n-grams.
    pub(super) fn counts(&mut self) -> Result<Vec<u64>, Fault> {
        let first = loop {
            let line = self.line()?;
            if !is_blank(line) && !line.starts_with(b"#") {
                break line;
            }
        };
        if first != b"\\data\\" {
            return Err(match first {
                [0x1f, 0x8b, ..] => {
                    Fault::unsupported("it is a gzip file, which must be unpacked first")
                }
                _ => {
                    self.fault("neither a binary model nor ARPA text, which begins with `\\data\\`")
                }
            });
        }
        let mut counts = Vec::new();
        loop {
            let line = self.line()?;
            if is_blank(line) {
                break;
            }
            let order = counts.len() + 1;
            let count = std::str::from_utf8(line)
                .ok()
                .and_then(|line| line.strip_prefix(&format!("ngram {order}=")))
                .and_then(|count| count.trim().parse::<u64>().ok());
            let count = count.ok_or_else(|| {
                self.fault(&format!(
                    "not the number of {order}-grams, `ngram {order}=…`"
                ))
            })?;
            // An n-gram has at least a digit, its words, and their separators.
            let shortest = 2 + 2 * order as u64;
            if count > self.text.len() as u64 / shortest {
                return Err(self.fault(&format!(
                    "a number of {order}-grams that does not fit into the file"
                )));
            }
            check_order(order.max(2))?;
            counts.push(count);
        }
        check_order(counts.len())?;
        Ok(counts)
    }

    /// Reads the heading of the n-grams of one length.
    pub(super) fn heading(&mut self, order: usize) -> Result<(), Fault> {
        let expected = format!("\\{order}-grams:");
        self.expect(&expected)
    }

    /// Reads the end of the file.
    pub(super) fn end(&mut self) -> Result<(), Fault> {
        self.expect("\\end\\")
    }

    fn expect(&mut self, expected: &str) -> Result<(), Fault> {
        let line = loop {
            let line = self.line()?;
            if !is_blank(line) {
                break line;
            }
        };
        match line == expected.as_bytes() {
            true => Ok(()),
            false => Err(self.fault(&format!("not `{expected}`"))),
        }
    }

    /// Reads an n-gram of the given length into `ngram`.
    pub(super) fn ngram(&mut self, order: usize, ngram: &mut Ngram<'a>) -> Result<(), Fault> {
        let line = self.line()?;
        let mut fields = line
            .split(|byte| matches!(byte, b' ' | b'\t' | b'\r'))
            .filter(|field| !field.is_empty());
        let prob = fields.next().and_then(float);
        ngram.words.clear();
        ngram.words.extend(fields.by_ref().take(order));
        let backoff = match fields.next() {
            None => Some(-0.0),
            // Zero is made negative. N-grams that others begin with are marked when the longer ones are read.
            Some(field) => float(field).map(|backoff| if backoff == 0.0 { -0.0 } else { backoff }),
        };
        let is_whole = ngram.words.len() == order && fields.next().is_none();
        let (Some(prob), Some(backoff), true) = (prob, backoff, is_whole) else {
            return Err(self.fault(&format!("no {order}-gram with its weights")));
        };
        if prob > 0.0 || prob.is_nan() || !backoff.is_finite() {
            return Err(self.fault("a weight that is no logarithm of a probability"));
        }
        (ngram.prob, ngram.backoff) = (prob, backoff);
        Ok(())
    }

    fn line(&mut self) -> Result<&'a [u8], Fault> {
        let rest = &self.text[self.place..];
        if rest.is_empty() {
            return Err(Fault::damaged(format!("it ends after line {}", self.line)));
        }
        let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        self.place += (end + 1).min(rest.len());
        self.line += 1;
        let line = &rest[..end];
        Ok(line.strip_suffix(b"\r").unwrap_or(line))
    }

    /// Returns the fault of the last line that was read; `is` says what is wrong with it.
    pub(super) fn fault(&self, is: &str) -> Fault {
        Fault::damaged(format!("line {} is {is}", self.line))
    }
}

fn is_blank(line: &[u8]) -> bool {
    line.iter().all(u8::is_ascii_whitespace)
}

fn float(field: &[u8]) -> Option<f32> {
    std::str::from_utf8(field).ok()?.parse().ok()
}

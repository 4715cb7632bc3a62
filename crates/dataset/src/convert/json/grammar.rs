//! Checks whether the text between the strings of an element can be JSON.
//!
//! One quote too many or too few swaps strings and the text between them: from then on the counted brackets are those inside texts.
//! This shows at the next quote, because what follows there cannot follow a string. The check is made only for that; it accepts
//! anything that leaves the reader in step.

/// The last token outside strings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Last {
    /// An opening bracket, a comma or a colon, after which a value may follow.
    Free,
    /// A part of a number or word.
    Token,
    /// A string or a closing bracket, after which no value may follow.
    Value,
}

/// The open brackets of an element, and what may come next.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grammar {
    depth: u64,
    /// The innermost brackets, the last one in the lowest bit, which is set for an object. Nothing is known of brackets outside
    /// these.
    objects: u128,
    last: Last,
    /// True if a key must come, in an object.
    wants_key: bool,
}

/// The number of nesting levels that are tracked.
const LEVELS: u64 = 128;

impl Grammar {
    pub(super) fn new() -> Self {
        Self {
            depth: 0,
            objects: 0,
            last: Last::Free,
            wants_key: false,
        }
    }

    pub(super) fn depth(&self) -> u64 {
        self.depth
    }

    fn is_object(&self) -> bool {
        self.objects & 1 == 1
    }

    /// Returns whether nothing is known of the innermost bracket, because the nesting was deeper than the tracked levels.
    fn is_unknown(&self) -> bool {
        self.depth > LEVELS
    }

    /// Takes an opening bracket; returns whether one can be here.
    pub(super) fn open(&mut self, byte: u8) -> bool {
        let fits = self.depth == 0 || self.last == Last::Free && !self.wants_key;
        self.depth += 1;
        if !self.is_unknown() {
            let is_object = byte == b'{';
            self.objects = self.objects << 1 | u128::from(is_object);
            self.wants_key = is_object;
        } else {
            self.wants_key = false;
        }
        self.last = Last::Free;
        fits
    }

    /// Takes a closing bracket that is inside others. Returns whether it closes the innermost.
    pub(super) fn close(&mut self, byte: u8) -> bool {
        let fits = self.is_unknown() || self.is_object() == (byte == b'}');
        if !self.is_unknown() {
            self.objects >>= 1;
        }
        self.depth -= 1;
        (self.last, self.wants_key) = (Last::Value, false);
        fits
    }

    /// Takes the quote that opens a string; returns whether one can be here.
    pub(super) fn open_string(&mut self) -> bool {
        self.wants_key = false;
        self.depth == 0 || self.last == Last::Free
    }

    pub(super) fn close_string(&mut self) {
        self.last = Last::Value;
    }

    pub(super) fn comma(&mut self) {
        self.last = Last::Free;
        self.wants_key = !self.is_unknown() && self.depth > 0 && self.is_object();
    }

    pub(super) fn colon(&mut self) {
        self.last = Last::Free;
    }

    /// Takes a byte of a number or word; returns whether one can be here.
    pub(super) fn token(&mut self) -> bool {
        let fits = self.depth == 0 || self.last != Last::Value;
        self.last = Last::Token;
        fits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the byte of `text` that cannot be where it is. Strings are written as `s`.
    fn wrong(text: &str) -> Option<usize> {
        let mut grammar = Grammar::new();
        text.bytes().position(|byte| !match byte {
            b'{' | b'[' => grammar.open(byte),
            b'}' | b']' => grammar.close(byte),
            b',' => {
                grammar.comma();
                true
            }
            b':' => {
                grammar.colon();
                true
            }
            b's' => {
                let fits = grammar.open_string();
                grammar.close_string();
                fits
            }
            b' ' => true,
            _ => grammar.token(),
        })
    }

    #[test]
    fn what_cannot_follow_shows() {
        for good in [
            "{s:s,s:[1,{s:{}},s],s:null}",
            "{}",
            "[[[]],{}]",
            "{s:[{},{}]}",
        ] {
            assert_eq!(wrong(good), None, "{good}");
        }
        for (text, place) in [
            ("{s:s1", 4),
            ("{s:ss", 4),
            ("{s:1s", 4),
            ("{s:s{", 4),
            ("{s:{},{", 6),
            ("{s:[1}", 5),
            ("{s:1]", 4),
        ] {
            assert_eq!(wrong(text), Some(place), "{text}");
        }
        let deep = format!("{}{{s:1{}", "[".repeat(1000), "]".repeat(900));
        assert_eq!(wrong(&deep), None, "deeper brackets are not told apart");
    }
}

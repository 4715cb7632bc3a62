//! Finding the next element after a malformed one.

/// The first bytes of an element, which give its first key.
#[derive(Clone, Copy)]
pub(super) struct Head {
    bytes: [u8; Self::BYTES],
    length: u8,
}

impl Head {
    const BYTES: usize = 80;

    pub(super) fn new() -> Self {
        Self {
            bytes: [0; Self::BYTES],
            length: 0,
        }
    }

    pub(super) fn add(&mut self, bytes: &[u8]) {
        let length = usize::from(self.length);
        let taken = bytes.len().min(Self::BYTES - length);
        if taken > 0 {
            self.bytes[length..length + taken].copy_from_slice(&bytes[..taken]);
            self.length += taken as u8;
        }
    }

    /// Returns the first key of the object that the element begins as, with its closing quote.
    fn first_key(&self) -> Option<&[u8]> {
        let bytes = &self.bytes[..usize::from(self.length)];
        let key = bytes.strip_prefix(b"{")?.trim_ascii_start();
        let key = key.strip_prefix(b"\"")?;
        let end = key.iter().position(|byte| *byte == b'"')?;
        let after = key[end + 1..].trim_ascii_start();
        let is_plain = !key[..end].contains(&b'\\');
        (is_plain && after.first() == Some(&b':')).then(|| &key[..=end])
    }
}

/// The kind of element that may begin at the next byte that is not blank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum May {
    Nothing,
    /// An element whose first key is that of the one before.
    SameKey,
    /// An element with any key.
    AnyKey,
}

/// The result of looking at a byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sought {
    /// The byte belongs to the text that is left out.
    Passed,
    /// The byte may belong to the next element, and is held.
    Held,
    /// The held bytes and this one begin the next element.
    Found,
    /// The held bytes are not an element. The byte was not taken.
    Not,
    /// The string continues here. The byte was not taken.
    InString,
}

/// The search for the next element, byte by byte.
pub(super) struct Seek {
    key: Option<Vec<u8>>,
    /// True if an element that begins on a line of its own may have any key, because none has line breaks inside.
    is_by_line: bool,
    /// True if values follow one another without commas.
    is_values: bool,
    /// True if the search began at a line break in a string. Otherwise the string continues.
    in_string: bool,
    may: May,
    /// The bytes of a possible next element: `{`, blanks, a quote and the start of its first key.
    held: Vec<u8>,
    quote: Option<usize>,
    /// Blanks, commas and closing brackets of the array, which are left out if an element or the end follows.
    gap: Vec<u8>,
    /// The offset in the file of the first held byte.
    place: u64,
    last: u8,
}

impl Seek {
    /// The most bytes that are held. More blanks than this do not occur between a bracket and a key.
    const MOST_HELD: usize = 512;

    pub(super) fn new(head: &Head, has_breaks: bool, is_values: bool) -> Self {
        Self {
            key: head.first_key().map(<[u8]>::to_vec),
            is_by_line: !has_breaks,
            is_values,
            in_string: false,
            may: May::Nothing,
            held: Vec::new(),
            quote: None,
            gap: Vec::new(),
            place: 0,
            last: 0,
        }
    }

    /// Lets an element begin at the very next byte.
    pub(super) fn at_bracket(mut self) -> Self {
        self.may = May::SameKey;
        self
    }

    /// Begins the search at a line break in a string.
    pub(super) fn within_string(mut self) -> Self {
        self.in_string = true;
        self.may = self.at_line_start();
        self
    }

    fn at_line_start(&self) -> May {
        match self.is_by_line {
            true => May::AnyKey,
            false => May::SameKey,
        }
    }

    /// Takes the byte at `offset` of the file.
    pub(super) fn next(&mut self, byte: u8, offset: u64) -> Sought {
        if !self.held.is_empty() {
            return self.test(byte);
        }
        if byte == b'{' && self.may != May::Nothing {
            self.place = offset;
            self.held.push(byte);
            return Sought::Held;
        }
        let is_blank = byte.is_ascii_whitespace();
        if self.in_string && !is_blank && !matches!(byte, b',' | b'}' | b']') {
            return Sought::InString;
        }
        self.may = match byte {
            b'\n' => self.at_line_start(),
            _ if is_blank || self.in_string => self.may,
            b',' if self.last == b'}' && self.may == May::Nothing => May::SameKey,
            b',' => self.may,
            b'}' if self.is_values => May::SameKey,
            _ => May::Nothing,
        };
        if !is_blank {
            self.last = byte;
        }
        let is_between = is_blank || byte == b',' || byte == b']' && !self.is_values;
        if is_between && self.gap.len() < Self::MOST_HELD {
            self.gap.push(byte);
            return Sought::Held;
        }
        Sought::Passed
    }

    /// Returns the bytes between those that were passed and the next.
    pub(super) fn take_gap(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.gap)
    }

    /// Checks whether the held bytes and `byte` begin an element.
    fn test(&mut self, byte: u8) -> Sought {
        let any_key = self.may == May::AnyKey || self.key.is_none();
        let fits = match self.quote {
            None if byte == b'"' => {
                self.quote = Some(self.held.len());
                true
            }
            None => byte.is_ascii_whitespace() && self.held.len() < Self::MOST_HELD,
            Some(quote) => {
                let key = self.key.as_deref().unwrap_or_default();
                key.get(self.held.len() - quote - 1) == Some(&byte)
            }
        };
        if !fits {
            (self.may, self.quote) = (May::Nothing, None);
            return Sought::Not;
        }
        self.held.push(byte);
        let is_found = self.quote.is_some_and(|quote| {
            let key_length = self.key.as_ref().map_or(0, Vec::len);
            any_key || self.held.len() - quote > key_length
        });
        if is_found {
            Sought::Found
        } else {
            Sought::Held
        }
    }

    /// Returns the held bytes, and where the first of them is in the file.
    pub(super) fn take_held(&mut self) -> (Vec<u8>, u64) {
        (std::mem::take(&mut self.held), self.place)
    }

    pub(super) fn is_in_string(&self) -> bool {
        self.in_string
    }

    /// Returns whether the last byte that is not blank can be the last of the text.
    pub(super) fn is_at_end(&self) -> bool {
        let end = if self.is_values { b'}' } else { b']' };
        self.held.is_empty() && !self.in_string && self.last == end
    }
}

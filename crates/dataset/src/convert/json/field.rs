//! Finding the array in a field of one object.

use memchr::memchr;

/// The search for a top-level field, byte by byte.
pub(super) struct Field {
    name: String,
    depth: u64,
    in_string: bool,
    is_escaped: bool,
    /// True if a key may come: after the opening bracket or a comma of the outermost object.
    wants_key: bool,
    /// The current key as it is in the file, as long as it may be the one that is searched for.
    key: Vec<u8>,
    /// True if the value of the field is next.
    is_at_value: bool,
}

/// The result of looking at a byte.
pub(super) enum Looked {
    /// The array is further on.
    On,
    /// It is the opening bracket of the array.
    Found,
    /// The text has another form.
    Other(&'static str),
}

impl Field {
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            depth: 0,
            in_string: false,
            is_escaped: false,
            wants_key: false,
            key: Vec::new(),
            is_at_value: false,
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn next(&mut self, byte: u8) -> Looked {
        if self.in_string {
            self.string(byte);
            return Looked::On;
        }
        if byte.is_ascii_whitespace() {
            return Looked::On;
        }
        if self.is_at_value && byte != b':' {
            return match byte {
                b'[' => Looked::Found,
                _ => Looked::Other("holds no list of records"),
            };
        }
        match byte {
            b'"' => {
                self.in_string = true;
                self.key.clear();
            }
            b'{' | b'[' => {
                if self.depth == 0 && byte == b'[' {
                    return Looked::Other(
                        "cannot be found: the file is a JSON array, which has no fields",
                    );
                }
                self.depth += 1;
                self.wants_key = self.depth == 1;
            }
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            b',' => self.wants_key = self.depth == 1,
            _ => {}
        }
        Looked::On
    }

    fn string(&mut self, byte: u8) {
        if !self.is_escaped && byte == b'"' {
            self.in_string = false;
            if std::mem::take(&mut self.wants_key) {
                self.is_at_value = self.is_key();
            }
            return;
        }
        self.is_escaped = !self.is_escaped && byte == b'\\';
        // A key with escapes is longer than its name by at most this factor: one byte becomes `\u` and four digits.
        if self.wants_key && self.key.len() <= self.name.len() * 6 {
            self.key.push(byte);
        }
    }

    fn is_key(&self) -> bool {
        if memchr(b'\\', &self.key).is_none() {
            return self.key == self.name.as_bytes();
        }
        let quoted = [b"\"", self.key.as_slice(), b"\""].concat();
        serde_json::from_slice::<String>(&quoted).is_ok_and(|key| key == self.name)
    }
}

//! The members of JSON objects.

/// Returns the members of a JSON object in their order: each name in its quotes, and its value, both as they are written.
///
/// The object must be known to be JSON; for other texts, the result is unspecified.
///
/// ```
/// use coldpress_operator::value::members;
///
/// let found: Vec<_> = members(r#"{"a": 1.50, "b":["}"] }"#).collect();
/// assert_eq!(found, [("\"a\"", "1.50"), ("\"b\"", "[\"}\"]")]);
/// ```
pub fn members(object: &str) -> Members<'_> {
    let at = object.find('{').map_or(object.len(), |brace| brace + 1);
    Members { line: object, at }
}

/// The names and values of an object's members, as [`members`] returns them.
#[derive(Clone, Debug)]
pub struct Members<'l> {
    line: &'l str,
    at: usize,
}

impl<'l> Members<'l> {
    /// Skips these bytes.
    fn skip(&mut self, bytes: &[u8]) {
        let rest = self.line.as_bytes()[self.at..].iter();
        self.at += rest.take_while(|byte| bytes.contains(byte)).count();
    }

    /// Returns the text in quotes that begins here.
    fn quoted(&mut self) -> &'l str {
        let (start, bytes) = (self.at, self.line.as_bytes());
        self.at += 1;
        while self.at < bytes.len() && bytes[self.at] != b'"' {
            self.at += if bytes[self.at] == b'\\' { 2 } else { 1 };
        }
        self.at = (self.at + 1).min(bytes.len());
        &self.line[start..self.at]
    }

    /// Returns the value that begins here, of any kind.
    fn value(&mut self) -> &'l str {
        let (start, bytes, mut depth) = (self.at, self.line.as_bytes(), 0u32);
        while let Some(byte) = bytes.get(self.at) {
            match byte {
                b'"' => {
                    self.quoted();
                    continue;
                }
                b'[' | b'{' => depth += 1,
                b',' | b'}' if depth == 0 => break,
                b']' | b'}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            self.at += 1;
        }
        self.line[start..self.at].trim_ascii_end()
    }
}

impl<'l> Iterator for Members<'l> {
    type Item = (&'l str, &'l str);

    fn next(&mut self) -> Option<Self::Item> {
        self.skip(b", \t\r\n");
        if self.line.as_bytes().get(self.at) != Some(&b'"') {
            return None;
        }
        let name = self.quoted();
        self.skip(b": \t\r\n");
        Some((name, self.value()))
    }
}

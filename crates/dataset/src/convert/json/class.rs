//! The meaning of a byte outside strings.

/// The meaning of a byte outside strings, unless it is part of a token.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Token,
    Blank,
    Break,
    Open,
    Close,
    Comma,
    Colon,
    Quote,
}

const CLASSES: [Class; 256] = {
    let mut classes = [Class::Token; 256];
    classes[b' ' as usize] = Class::Blank;
    classes[b'\t' as usize] = Class::Blank;
    classes[b'\n' as usize] = Class::Break;
    classes[b'\r' as usize] = Class::Break;
    classes[b'{' as usize] = Class::Open;
    classes[b'[' as usize] = Class::Open;
    classes[b'}' as usize] = Class::Close;
    classes[b']' as usize] = Class::Close;
    classes[b',' as usize] = Class::Comma;
    classes[b':' as usize] = Class::Colon;
    classes[b'"' as usize] = Class::Quote;
    classes
};

pub(super) fn class(byte: u8) -> Class {
    CLASSES[usize::from(byte)]
}

//! Numbers in as few bytes as possible: seven bits per byte, lowest first (LEB128).

/// Appends a number.
pub(crate) fn put(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends a number that may be negative. Small numbers of either sign are short.
pub(crate) fn put_signed(value: i64, out: &mut Vec<u8>) {
    put(((value << 1) ^ (value >> 63)) as u64, out);
}

/// Removes a number from the front; none if `bytes` do not begin with one.
pub(crate) fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for (at, byte) in bytes.iter().enumerate().take(10) {
        let bits = u64::from(byte & 0x7F);
        let shifted = bits.checked_shl(7 * at as u32)?;
        if shifted >> (7 * at as u32) != bits {
            return None;
        }
        value |= shifted;
        if byte & 0x80 == 0 {
            *bytes = &bytes[at + 1..];
            return Some(value);
        }
    }
    None
}

/// Removes a number that may be negative from the front.
pub(crate) fn take_signed(bytes: &mut &[u8]) -> Option<i64> {
    let value = take(bytes)?;
    Some((value >> 1) as i64 ^ -((value & 1) as i64))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_come_back(unsigned in any::<u64>(), signed in any::<i64>(), shift in 0u32..64) {
            let (unsigned, signed) = (unsigned >> shift, signed >> shift);
            let mut bytes = Vec::new();
            put(unsigned, &mut bytes);
            put_signed(signed, &mut bytes);
            let mut rest = bytes.as_slice();
            prop_assert_eq!(take(&mut rest), Some(unsigned));
            prop_assert_eq!(take_signed(&mut rest), Some(signed));
            prop_assert!(rest.is_empty());
            for end in 0..bytes.len() {
                let mut cut = &bytes[..end];
                let both = take(&mut cut).and_then(|_| take_signed(&mut cut));
                prop_assert_eq!(both, None);
            }
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for bytes in [
            &[0xFF; 11][..],
            &[0x80; 10],
            &[0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 2],
        ] {
            assert_eq!(take(&mut &bytes[..]), None, "{bytes:?}");
        }
    }
}

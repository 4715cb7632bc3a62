//! A mapper: says in edits what becomes of the text.

use coldpress::prelude::*;

params! {
    /// Parameters of `mask_digits_mapper`.
    pub struct MaskDigitsParams {
        /// What stands for a run of digits.
        mask: String = "#".to_owned();
        /// Shorter runs stay.
        min_digits: u64 = 3;
    }
}

struct MaskDigits(MaskDigitsParams);

impl Mapper for MaskDigits {
    fn map(&mut self, record: &Record<'_>, changes: &mut Changes) -> Result<(), RecordError> {
        let text = record.text(0)?.as_bytes();
        let mut start = 0;
        while start < text.len() {
            let digits = text[start..]
                .iter()
                .take_while(|byte| byte.is_ascii_digit())
                .count();
            if digits > 0 && digits as u64 >= self.0.min_digits {
                changes
                    .field(0)
                    .replace(start..start + digits, &self.0.mask);
            }
            start += digits.max(1);
        }
        Ok(())
    }
}

/// Puts a mask over long numbers.
pub fn mask_digits_mapper() -> OperatorSpec {
    OperatorSpec::mapper(
        "mask_digits_mapper",
        "Puts a mask over long numbers.",
        |params: MaskDigitsParams, _cx| {
            if params.min_digits == 0 {
                return Err(ParamError::new("min_digits", "must be at least 1"));
            }
            Ok(Resolved::new(move || MaskDigits(params.clone())))
        },
    )
}

//! # What it does
//! Keeps the records with the most (or least) frequent values of a field, value by value, starting with the most frequent one. Of
//! equally frequent values, the one that comes first in the dataset comes first.
//!
//! # Parameters
//! `field_key` names the field; `a.b` is the field `b` of the object `a`. `top_ratio`, a share of the distinct values, and `topk`
//! say how many values are kept: with both, the smaller number. `reverse: false` keeps the least frequent values.
//!
//! # Example
//! Of records with the values `a`, `b`, `b`, `c` of `s`, `field_key: s` and `topk: 2` keep `b`, `b` and `a`, in this order.
//!
//! # Notes on determinism
//! Pure: the result depends only on the field's values, their order in the dataset and the parameters. 3 and 3.0 are one value. A
//! record without the field, or with a list or an object in it, goes to quarantine.

use coldpress_operator::{
    Amount, Global, OperatorSpec, ParamError, ResolveContext, Selection, params,
};

use super::by_field::{FieldSigner, Values, by_field, check_amount, is_share};

params! {
    /// Parameters of `frequency_specified_field_selector`.
    pub(crate) struct FrequencyParams {
        /// The field to select by; a dotted name reaches into objects.
        field_key: String = String::new();
        /// The share of the distinct values that is kept, from 0 to 1.
        top_ratio: Option<f64> = None, is_share, "must be from 0 to 1";
        /// The number of distinct values that are kept, at most.
        topk: Option<u64> = None;
        /// If set, the most frequent values are kept; otherwise the least frequent.
        reverse: bool = true;
    }
}

/// Returns the description of `frequency_specified_field_selector`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::selector(
        "frequency_specified_field_selector",
        "Keeps the records with the most or least frequent values of a field, value by value.",
        resolve,
    )
    .doc(&super::manual(include_str!("frequency_specified_field.rs")))
}

fn resolve(
    params: FrequencyParams,
    context: &mut ResolveContext<'_>,
) -> Result<Global<FieldSigner>, ParamError> {
    let amount = Amount {
        share: params.top_ratio,
        count: params.topk,
    };
    check_amount(amount, ["top_ratio", "topk"], context)?;
    let selection = Selection::Frequent {
        amount,
        most: params.reverse,
    };
    by_field(&params.field_key, Values::Scalar, selection, context)
}

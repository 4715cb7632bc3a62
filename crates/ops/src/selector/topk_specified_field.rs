//! # What it does
//! Keeps the records with the largest (or smallest) values of a field, starting with the largest. Of equal values, the one that
//! comes first in the dataset comes first.
//!
//! # Parameters
//! `field_key` names the field; `a.b` is the field `b` of the object `a`. `top_ratio` and `topk` say how many records are kept:
//! with both, the smaller number. `reverse: false` keeps the smallest values, starting with the smallest.
//!
//! # Example
//! Of records with the values 5, 9, 3 and 9 of `n`, `field_key: n` and `topk: 3` keep 9, 9 and 5, in this order.
//!
//! # Notes on determinism
//! Pure: the result depends only on the field's values, their order in the dataset and the parameters. Values of a plain name are
//! compared as they are: numbers by their value, texts by code points; the job fails if some are numbers and others are not. Values
//! of a dotted name are read as floats, as in Data-Juicer: a text by the number in it, and a list by its mean. Anything else comes
//! last. A record without the field goes to quarantine, and so does a list or an object under a plain name.

use coldpress_operator::{
    Amount, Global, OperatorSpec, ParamError, Reading, ResolveContext, Selection, params,
};

use super::by_field::{FieldSigner, Values, by_field, check_amount, is_share};

params! {
    /// Parameters of `topk_specified_field_selector`.
    pub(crate) struct TopkParams {
        /// The field to select by; a dotted name reaches into objects.
        field_key: String = String::new();
        /// The share of the records that is kept, from 0 to 1.
        top_ratio: Option<f64> = None, is_share, "must be from 0 to 1";
        /// The number of records that are kept, at most.
        topk: Option<u64> = None;
        /// If set, the largest values are kept; otherwise the smallest.
        reverse: bool = true;
    }
}

/// Returns the description of `topk_specified_field_selector`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::selector(
        "topk_specified_field_selector",
        "Keeps the records with the largest or smallest values of a field, in the order of the values.",
        resolve,
    )
    .doc(&super::manual(include_str!("topk_specified_field.rs")))
}

fn resolve(
    params: TopkParams,
    context: &mut ResolveContext<'_>,
) -> Result<Global<FieldSigner>, ParamError> {
    let amount = Amount {
        share: params.top_ratio,
        count: params.topk,
    };
    check_amount(amount, ["top_ratio", "topk"], context)?;
    let is_nested = params.field_key.contains('.');
    let (reading, values) = match is_nested {
        true => (Reading::Float, Values::Any),
        false => (Reading::Exact, Values::Scalar),
    };
    let selection = Selection::Top {
        amount,
        largest: params.reverse,
        reading,
    };
    by_field(&params.field_key, values, selection, context)
}

//! # What it does
//! Keeps the records between two ranks in the order of a field's values, starting with the largest.
//!
//! # Parameters
//! `field_key` names the field; `a.b` is the field `b` of the object `a`. `lower_percentile` and `lower_rank` are the number of the
//! smallest values that are left out: with both, the larger number. `upper_percentile` and `upper_rank` are the number of the
//! smallest values from which the others are kept: with both, the smaller number. A percentile is a share of the records, from 0 to
//! 1.
//!
//! # Example
//! Of records with the values 5, 9, 3 and 7 of `n`, `field_key: n`, `lower_rank: 1` and `upper_rank: 3` keep 7 and 5, in this
//! order.
//!
//! # Notes on determinism
//! Pure: the result depends only on the field's values, their order in the dataset and the parameters. Values are read as floats: a
//! text by the number in it, and a list by its mean. Anything else is smaller than all numbers. A record without the field goes to
//! quarantine.

use coldpress_operator::{
    Amount, Global, OperatorSpec, ParamError, ResolveContext, Selection, params,
};

use super::by_field::{FieldSigner, Values, by_field, check_amount, is_share};

params! {
    /// Parameters of `range_specified_field_selector`.
    pub(crate) struct RangeParams {
        /// The field to select by; a dotted name reaches into objects.
        field_key: String = String::new();
        /// The share of the records with the smallest values that is left out, from 0 to 1.
        lower_percentile: Option<f64> = None, is_share, "must be from 0 to 1";
        /// The share of the records with the smallest values from which the others are kept, from 0 to 1.
        upper_percentile: Option<f64> = None, is_share, "must be from 0 to 1";
        /// The number of records with the smallest values that are left out.
        lower_rank: Option<u64> = None;
        /// The number of records with the smallest values from which the others are kept.
        upper_rank: Option<u64> = None;
    }
}

/// Returns the description of `range_specified_field_selector`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::selector(
        "range_specified_field_selector",
        "Keeps the records between two ranks in the order of a field's values.",
        resolve,
    )
    .doc(&super::manual(include_str!("range_specified_field.rs")))
}

fn resolve(
    params: RangeParams,
    context: &mut ResolveContext<'_>,
) -> Result<Global<FieldSigner>, ParamError> {
    let lower = Amount {
        share: params.lower_percentile,
        count: params.lower_rank,
    };
    let upper = Amount {
        share: params.upper_percentile,
        count: params.upper_rank,
    };
    check_amount(lower, ["lower_percentile", "lower_rank"], context)?;
    check_amount(upper, ["upper_percentile", "upper_rank"], context)?;
    let selection = Selection::Range { lower, upper };
    by_field(&params.field_key, Values::Any, selection, context)
}

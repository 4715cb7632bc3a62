//! # What it does
//! Keeps randomly chosen records, in random order. If at least as many are wanted as there are, all records stay in their order.
//!
//! # Parameters
//! `select_ratio` and `select_num` say how many records are kept: with both, the smaller number.
//!
//! # Example
//! `select_num: 1000` keeps 1,000 records of the dataset; `select_ratio: 0.1` a tenth of it.
//!
//! # Notes on determinism
//! Seeded: the result depends on the recipe's seed and the positions of the records in the dataset, not on their content.

use coldpress_operator::{
    Amount, Determinism, Global, OperatorSpec, ParamError, Record, RecordError, ResolveContext,
    Resolved, Rule, Selection, Signature, SignatureForm, Signer, params,
};
use serde_json::json;

use super::by_field::{check_amount, is_share};

params! {
    /// Parameters of `random_selector`.
    pub(crate) struct RandomParams {
        /// The share of the records that is kept, from 0 to 1.
        select_ratio: Option<f64> = None, is_share, "must be from 0 to 1";
        /// The number of records that are kept, at most.
        select_num: Option<u64> = None;
    }
}

/// Returns the description of `random_selector`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::selector(
        "random_selector",
        "Keeps randomly chosen records, in random order.",
        resolve,
    )
    .determinism(Determinism::Seeded)
    .doc(&super::manual(include_str!("random.rs")))
}

fn resolve(
    params: RandomParams,
    context: &mut ResolveContext<'_>,
) -> Result<Global<Unread>, ParamError> {
    let amount = Amount {
        share: params.select_ratio,
        count: params.select_num,
    };
    check_amount(amount, ["select_ratio", "select_num"], context)?;
    let rule = Rule::Select {
        selection: Selection::Random {
            amount,
            seed: context.seed,
        },
        compat: context.compat(),
    };
    let signer = Resolved::new(|| Unread).fields(Vec::<String>::new());
    Ok(Global::new(signer, SignatureForm::Value, rule).signed_by(json!({})))
}

/// Notes nothing about a record.
pub(crate) struct Unread;

impl Signer for Unread {
    fn sign(&mut self, _: &Record<'_>, _: &mut Signature) -> Result<(), RecordError> {
        Ok(())
    }
}

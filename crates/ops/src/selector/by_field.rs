//! The common part of all selectors by a field.

use coldpress_operator::value::{Kind, Value};
use coldpress_operator::{
    Amount, Global, ParamError, Reading, Record, RecordError, ResolveContext, Resolved, Rule,
    Selection, Signature, SignatureForm, Signer,
};
use serde_json::json;

/// The values of the field that a selector can work with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Values {
    /// Texts, numbers, booleans and nulls.
    Scalar,
    /// Values of any type.
    Any,
}

/// Returns a selector by the field with this name.
///
/// # Errors
/// If the name is empty. Data-Juicer then returns the dataset as it is, which is done only with `compat`.
pub(super) fn by_field(
    field_key: &str,
    values: Values,
    selection: Selection,
    context: &mut ResolveContext<'_>,
) -> Result<Global<FieldSigner>, ParamError> {
    let compat = context.compat();
    if field_key.is_empty() && !compat {
        let message = "is empty and must name the field to select by";
        return Err(ParamError::new("field_key", message));
    }
    let field = (!field_key.is_empty()).then(|| field_key.to_owned());
    let selection = match field {
        Some(_) => selection,
        None => everything(),
    };
    let fields = field.clone();
    let signer = Resolved::new(move || FieldSigner {
        field: field.clone(),
        values,
    });
    let rule = Rule::Select { selection, compat };
    let global = Global::new(signer.fields(fields), SignatureForm::Value, rule);
    Ok(global.signed_by(json!({ "field_key": field_key })))
}

/// Returns the selection of all records.
fn everything() -> Selection {
    Selection::Top {
        amount: Amount::default(),
        largest: true,
        reading: Reading::Exact,
    }
}

/// Refuses a call without an amount. Data-Juicer then returns the dataset as it is, which is done only with `compat`.
///
/// # Errors
/// If no amount is given.
pub(super) fn check_amount(
    amount: Amount,
    names: [&str; 2],
    context: &mut ResolveContext<'_>,
) -> Result<(), ParamError> {
    match amount.share.is_some() || amount.count.is_some() || context.compat() {
        true => Ok(()),
        false => {
            let [share, count] = names;
            let message = format!("must be given, or `{count}`: how much is to be selected");
            Err(ParamError::new(share, message))
        }
    }
}

/// Returns whether a share is from 0 to 1.
pub(super) fn is_share(share: &Option<f64>) -> bool {
    share.is_none_or(|share| (0.0..=1.0).contains(&share))
}

/// Notes the value of a field.
pub(crate) struct FieldSigner {
    field: Option<String>,
    values: Values,
}

impl Signer for FieldSigner {
    fn sign(&mut self, record: &Record<'_>, signature: &mut Signature) -> Result<(), RecordError> {
        let Some(name) = &self.field else {
            return Ok(());
        };
        let value = record.json(0);
        let value =
            value.ok_or_else(|| RecordError::new(format!("the field `{name}` is missing")))?;
        let kind = Value::parse(value.as_bytes()).map(|value| value.kind());
        match kind.map_err(|error| RecordError::new(error.to_string()))? {
            kind @ (Kind::List | Kind::Object) if self.values == Values::Scalar => {
                Err(RecordError::new(format!(
                    "the field `{name}` is {kind}, and records can be selected by texts, numbers and nulls"
                )))
            }
            _ => {
                signature.value.extend_from_slice(value.as_bytes());
                Ok(())
            }
        }
    }
}

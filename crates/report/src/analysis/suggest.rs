//! Bounds for the filters of a recipe, from the distribution of their statistics.

use coldpress_config::OperatorCall;
use coldpress_operator::Registry;

use super::Analysis;
use crate::job_report::thresholds::Call;

/// Two percentiles, as shares from 0 to 1, the lower one first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Between {
    /// The percentile for lower bounds.
    pub low: f64,
    /// The percentile for upper bounds.
    pub high: f64,
}

/// Returns the recipe's list of operators in YAML, with bounds at these percentiles for each filter that decides by one number.
///
/// If several filters have the same statistic, only the last gets bounds, because the values are those that it saw.
pub(super) fn suggested(
    analysis: &Analysis,
    calls: &[Call],
    registry: &Registry,
    between: Between,
) -> String {
    let with_bounds = |(at, call): (usize, &Call)| {
        let Some(bounds) = bounds(analysis, call, registry, between) else {
            return entry(&call.call);
        };
        if let Some(later) = calls[at + 1..]
            .iter()
            .find(|later| shares_statistic(call, later))
        {
            let note = format!(
                "    # Unchanged: a later {} has the same statistic, and it is suggested for that one.\n",
                later.name
            );
            return entry(&call.call) + &note;
        }
        let mut call = call.call.clone();
        for (name, value) in bounds {
            call.params.retain(|(key, _)| key.name != name);
            call = call.with(name, value);
        }
        entry(&call)
    };
    let mut run = calls.iter().enumerate().map(with_bounds);
    let mut passed_over = analysis.passed_over.iter().peekable();
    let mut text = "process:\n".to_owned();
    for place in 0.. {
        // Operators that were not run stay in their places.
        let next = match passed_over.next_if(|one| one.place == place) {
            Some(one) => Some(entry(&one.call)),
            None => run.next(),
        };
        match next {
            Some(next) => text.push_str(&next),
            None => break,
        }
    }
    text
}

fn shares_statistic(call: &Call, later: &Call) -> bool {
    later.is_filter() && later.stats.iter().any(|stat| call.stats.contains(stat))
}

fn entry(call: &OperatorCall) -> String {
    let name = &call.name;
    match call.params.is_empty() {
        true => format!("  - {name}:\n"),
        // JSON is single-line YAML.
        false => format!("  - {name}: {}\n", call.params_json()),
    }
}

/// Returns the parameters that bound a filter's statistic, with their new values.
fn bounds<'r>(
    analysis: &Analysis,
    call: &Call,
    registry: &'r Registry,
    between: Between,
) -> Option<Vec<(&'r str, coldpress_config::Node)>> {
    let spec = registry.get(&call.name).filter(|_| call.is_filter())?;
    let [statistic] = call.stats.as_slice() else {
        return None;
    };
    let mut statistics = analysis.statistics.iter();
    let described = statistics.find(|one| one.name == *statistic)?;
    let at = |share: f64| {
        let mut quantiles = described.quantiles.iter();
        quantiles
            .find(|one| one.share == share)
            .map(|one| one.value)
    };
    let (low, high) = (at(between.low)?, at(between.high)?);
    let are_whole = [described.min, described.max];
    let are_whole = are_whole.iter().flatten().all(|value| value.fract() == 0.0);
    let parameters = spec.params().iter().filter(|one| one.default.is_number());
    let bound = |name: &'r str| {
        let value = match (name.starts_with("min_"), name.starts_with("max_")) {
            (true, _) => rounded(low, are_whole, f64::floor),
            (_, true) => rounded(high, are_whole, f64::ceil),
            _ => return None,
        };
        Some((name, value))
    };
    let bounds: Vec<_> = parameters.filter_map(|one| bound(one.name)).collect();
    (!bounds.is_empty()).then_some(bounds)
}

/// Rounds outwards, to whole numbers or to four digits, so that the values at the percentiles are inside.
fn rounded(value: f64, is_whole: bool, outwards: fn(f64) -> f64) -> coldpress_config::Node {
    if is_whole && value.abs() < 1e15 {
        return coldpress_config::Node::from(outwards(value) as i64);
    }
    if value == 0.0 || !value.is_finite() {
        return coldpress_config::Node::from(value);
    }
    let digits = 3 - value.abs().log10().floor() as i32;
    let scale = 10_f64.powi(digits);
    // A quotient of whole numbers prints with few digits, so the scale is always a whole number.
    let value = match digits >= 0 {
        true => outwards(value * scale) / scale,
        false => outwards(value / 10_f64.powi(-digits)) * 10_f64.powi(-digits),
    };
    coldpress_config::Node::from(value)
}

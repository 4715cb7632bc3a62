//! The signs that an agent did badly.

use coldpress_operator::RecordError;
use serde_json::Value;

use super::bad_case_facts::{DIALOG_QUALITY, Facts, number, parse};
use super::bad_case_params::AgentBadCaseSignalParams as Params;
use crate::text::python::strip;
use crate::text::python_value::{is_true, repr, str};

/// The code of the sign that has a high weight on its own.
pub(super) const TOOL_FAILED: &str = "tool_message_error_pattern";

/// The texts of which a label of a negative mood contains at least one.
const NEGATIVE: [&str; 8] = [
    "负面",
    "negative",
    "angry",
    "沮丧",
    "不满",
    "frustrated",
    "disappointed",
    "unhappy",
];

/// A sign.
pub(super) struct Signal {
    pub(super) code: &'static str,
    pub(super) detail: String,
    pub(super) is_high: bool,
}

impl Signal {
    pub(super) fn weight(&self) -> &'static str {
        if self.is_high { "high" } else { "medium" }
    }
}

fn medium(code: &'static str, detail: String) -> Signal {
    Signal {
        code,
        detail,
        is_high: false,
    }
}

/// A sign, or none, or an error if the record cannot be judged.
type Found = Result<Option<Signal>, RecordError>;

/// Returns the signs of a record, in the order of Data-Juicer.
///
/// # Errors
/// If a value that is judged isn't a number.
pub(super) fn of(
    facts: &Facts<'_>,
    params: &Params,
    calibration: Option<&Value>,
) -> Result<Vec<Signal>, RecordError> {
    let thresholds = Thresholds::of(facts, params, calibration);
    let [failures, successes] = ["tool_fail_count", "tool_success_count"].map(|key| {
        let value = facts.meta(key);
        value.map_or(Ok(0.0), |value| number(value, key))
    });
    let counts = (failures?.trunc(), successes?.trunc());
    let found = [
        failed_tools(counts.0, params),
        low_ratio(facts, counts, params)?,
        short_response(facts, params)?,
        above(facts, "total_tokens", thresholds.tokens)?
            .map(|value| medium("high_token_usage", format!("total_tokens={value}"))),
        above(facts, "agent_total_cost_time_ms", thresholds.latency)?
            .map(|value| medium("high_latency_ms", format!("total_cost_time_ms={value}"))),
        analysis(facts, params)?,
        quality(facts, params)?,
        sentiment(facts, params),
        perplexity(facts, thresholds.perplexity)?,
        poor_reply(facts, params)?,
        low_axes(facts, params),
    ];
    Ok(found.into_iter().flatten().collect())
}

fn failed_tools(failures: f64, params: &Params) -> Option<Signal> {
    let least = params.min_tool_fail_count_for_signal.max(1);
    (params.signal_on_tool_fail && failures >= least as f64).then(|| Signal {
        code: TOOL_FAILED,
        detail: format!("tool_fail_count={failures}"),
        is_high: true,
    })
}

fn low_ratio(facts: &Facts<'_>, (failures, successes): (f64, f64), params: &Params) -> Found {
    let rounds = failures + successes;
    let enough = rounds >= params.min_tool_rounds_for_ratio_signal as f64;
    let Some(ratio) = facts.meta("tool_success_ratio") else {
        return Ok(None);
    };
    if !params.signal_on_low_tool_success_ratio
        || !enough
        || number(ratio, "tool_success_ratio")? > params.tool_success_ratio_max_for_signal
    {
        return Ok(None);
    }
    let ratio = str(ratio);
    let detail = format!("ratio={ratio}, success={successes}, fail={failures}");
    Ok(Some(medium("low_tool_success_ratio", detail)))
}

fn short_response(facts: &Facts<'_>, params: &Params) -> Found {
    let query = facts.length(&params.query_key)?;
    let response = facts.length(&params.response_key)?;
    let is_sign = params.signal_on_suspect_empty_response
        && query >= params.min_query_len_for_empty_check
        && response <= params.max_response_len_for_empty_check;
    let detail = || format!("query_len={query}, response_len={response}");
    Ok(is_sign.then(|| medium("suspect_empty_or_trivial_final_response", detail())))
}

/// Returns the spelling of a number that is above its threshold.
fn above(
    facts: &Facts<'_>,
    key: &str,
    threshold: Option<i64>,
) -> Result<Option<String>, RecordError> {
    let (Some(threshold), Some(value)) = (threshold, facts.meta(key)) else {
        return Ok(None);
    };
    let is_above = number(value, key)?.trunc() > threshold as f64;
    Ok(is_above.then(|| str(value)))
}

/// The rules by which a score from a model is judged.
struct Score {
    code: &'static str,
    score: &'static str,
    record: &'static str,
    most: f64,
    must_discard: bool,
    high_most: f64,
}

fn analysis(facts: &Facts<'_>, params: &Params) -> Found {
    let score = Score {
        code: "llm_agent_analysis_eval_low",
        score: "llm_analysis_score",
        record: "llm_analysis_record",
        most: params.llm_analysis_score_max_for_bad,
        must_discard: params.llm_analysis_discard_must_be_strict,
        high_most: params.high_precision_llm_analysis_discard_threshold,
    };
    low_score(facts, &score, params.signal_on_llm_analysis_low)
}

fn quality(facts: &Facts<'_>, params: &Params) -> Found {
    let score = Score {
        code: "llm_reply_quality_eval_low",
        score: "llm_quality_score",
        record: "llm_quality_record",
        most: params.llm_text_quality_score_max_for_bad,
        must_discard: params.llm_text_quality_discard_must_be_strict,
        high_most: params.high_precision_llm_text_quality_discard_threshold,
    };
    low_score(facts, &score, params.signal_on_llm_text_quality_low)
}

fn low_score(facts: &Facts<'_>, wanted: &Score, is_wanted: bool) -> Found {
    let Some(value) = facts.stat(wanted.score).filter(|_| is_wanted) else {
        return Ok(None);
    };
    let score = number(value, wanted.score)?;
    let recommendation = facts.stat(wanted.record).map(recommendation);
    let recommendation = recommendation.unwrap_or_default();
    let discards = recommendation == "discard";
    if score > wanted.most || (wanted.must_discard && !discards) {
        return Ok(None);
    }
    let shown = if recommendation.is_empty() {
        "n/a"
    } else {
        &recommendation
    };
    Ok(Some(Signal {
        code: wanted.code,
        detail: format!("score={}, recommendation={shown}", str(value)),
        is_high: score <= wanted.high_most && discards,
    }))
}

/// Returns the recommendation in a model's record, which may be an object or its JSON.
fn recommendation(record: &Value) -> String {
    let parsed = record.as_str().map(serde_json::from_str::<Value>);
    let record = match &parsed {
        Some(parsed) => parsed.as_ref().unwrap_or(&Value::Null),
        None => record,
    };
    let value = match &record["recommendation"] {
        Value::Array(values) if !values.is_empty() => &values[0],
        value => value,
    };
    if value.is_null() {
        return String::new();
    }
    strip(&str(value)).trim_matches('"').to_lowercase()
}

fn sentiment(facts: &Facts<'_>, params: &Params) -> Option<Signal> {
    let labels = facts.meta("dialog_sentiment_labels")?.as_array()?;
    let lowered: Vec<String> = labels
        .iter()
        .map(|label| str(label).to_lowercase())
        .collect();
    let lowered = lowered.join(" ");
    let own = params.negative_sentiment_substrings.as_deref();
    let is_negative = match own.filter(|own| !own.is_empty()) {
        Some(own) => own
            .iter()
            .any(|part| lowered.contains(&part.to_lowercase())),
        None => NEGATIVE.iter().any(|part| lowered.contains(part)),
    };
    let shown = Value::from(labels.iter().take(6).cloned().collect::<Vec<_>>());
    (params.signal_on_negative_sentiment_hint && !labels.is_empty() && is_negative).then(|| {
        medium(
            "negative_sentiment_label_hint",
            format!("labels={}", repr(&shown)),
        )
    })
}

fn perplexity(facts: &Facts<'_>, threshold: Option<f64>) -> Found {
    let (Some(threshold), Some(value)) = (threshold, facts.stat("perplexity")) else {
        return Ok(None);
    };
    let is_high = number(value, "perplexity")? >= threshold;
    Ok(is_high.then(|| medium("high_perplexity", format!("perplexity={}", str(value)))))
}

fn poor_reply(facts: &Facts<'_>, params: &Params) -> Found {
    let (difficulty, quality) = (
        facts.stat("llm_difficulty_score"),
        facts.stat("llm_quality_score"),
    );
    let (Some(difficulty), Some(quality)) = (difficulty, quality) else {
        return Ok(None);
    };
    if !params.signal_hard_query_poor_reply
        || number(difficulty, "llm_difficulty_score")? < params.hard_query_difficulty_min
        || number(quality, "llm_quality_score")? > params.poor_reply_quality_max
    {
        return Ok(None);
    }
    let (difficulty, quality) = (str(difficulty), str(quality));
    let detail = format!("difficulty={difficulty}, llm_quality_score={quality}");
    Ok(Some(medium(
        "hard_query_low_reply_quality_conjunction",
        detail,
    )))
}

fn low_axes(facts: &Facts<'_>, params: &Params) -> Option<Signal> {
    let threshold = params.dialog_quality_low_score_threshold;
    let is_low = |key: &&str| {
        let Some(judged) = facts.meta(key) else {
            return false;
        };
        let is_judged = !is_true(&judged["skipped"]) && !is_true(&judged["error"]);
        let score = parse(&judged["score"]).filter(|_| is_judged);
        score.is_some_and(|score| score <= threshold)
    };
    let low: Vec<&str> = DIALOG_QUALITY.into_iter().filter(is_low).collect();
    let least = params.min_dialog_quality_low_axes_for_signal.max(1);
    let is_sign = params.signal_on_low_dialog_quality_meta
        && i64::try_from(low.len()).unwrap_or(i64::MAX) >= least;
    let detail = || {
        let (low, threshold) = (repr(&Value::from(low.clone())), repr(&threshold.into()));
        format!("axes={low}, threshold={threshold}")
    };
    is_sign.then(|| medium("dialog_turn_quality_meta_low", detail()))
}

/// The thresholds that the calibration file may give.
struct Thresholds {
    tokens: Option<i64>,
    latency: Option<i64>,
    /// The threshold of perplexity; `None` if it is ignored.
    perplexity: Option<f64>,
}

impl Thresholds {
    fn of(facts: &Facts<'_>, params: &Params, calibration: Option<&Value>) -> Self {
        let calibrated = |key| Self::calibrated(facts, calibration?, key);
        let choose = |own: Option<i64>, calibrated: Option<f64>| {
            let calibrated = calibrated.map(|number| number as i64);
            if params.calibration_manual_overrides_auto {
                own.or(calibrated)
            } else {
                calibrated.or(own)
            }
        };
        Self {
            tokens: choose(params.max_total_tokens, calibrated("max_total_tokens")),
            latency: choose(params.max_latency_ms, calibrated("max_latency_ms")),
            perplexity: Self::of_perplexity(params, calibrated("perplexity_high_threshold")),
        }
    }

    fn of_perplexity(params: &Params, calibrated: Option<f64>) -> Option<f64> {
        let own = params
            .signal_on_high_perplexity
            .then_some(params.perplexity_high_threshold);
        let calibrated =
            calibrated.filter(|_| own.is_some() || params.auto_enable_perplexity_from_calibration);
        if params.calibration_manual_overrides_auto {
            own.or(calibrated)
        } else {
            calibrated.or(own)
        }
    }

    /// Returns the file's value for the record's model, or for all models.
    fn calibrated(facts: &Facts<'_>, calibration: &Value, key: &str) -> Option<f64> {
        let model = facts
            .meta("agent_request_model")
            .map(str)
            .unwrap_or_default();
        let of_model = &calibration["by_request_model"][strip(&model)][key];
        let value = if of_model.is_null() {
            &calibration["default"][key]
        } else {
            of_model
        };
        parse(value)
    }
}

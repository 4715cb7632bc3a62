//! Which signs of a bad case are looked for.

use coldpress_operator::params;

params! {
    /// Parameters of `agent_bad_case_signal_mapper`.
    pub(crate) struct AgentBadCaseSignalParams {
        /// The field with the query.
        query_key: String = "query".to_owned();
        /// The field with the response.
        response_key: String = "response".to_owned();
        /// Whether failed tool calls are a sign.
        signal_on_tool_fail: bool = true;
        /// How many tool calls have to fail.
        min_tool_fail_count_for_signal: i64 = 1;
        /// Whether a low share of successful tool calls is a sign.
        signal_on_low_tool_success_ratio: bool = true;
        /// Up to which share.
        tool_success_ratio_max_for_signal: f64 = 0.499;
        /// How many tool calls there have to be.
        min_tool_rounds_for_ratio_signal: i64 = 2;
        /// Whether a short response to a long query is a sign.
        signal_on_suspect_empty_response: bool = true;
        /// From how many characters on a query is long.
        min_query_len_for_empty_check: i64 = 80;
        /// Up to how many characters a response is short.
        max_response_len_for_empty_check: i64 = 20;
        /// More tokens than this are a sign.
        max_total_tokens: Option<i64> = None;
        /// More milliseconds than this are a sign.
        max_latency_ms: Option<i64> = None;
        /// A JSON file with thresholds by model: an object `default`, and one per model under `by_request_model`.
        calibration_json_path: Option<String> = None;
        /// Whether the thresholds of that file are used.
        auto_calibrate_thresholds: bool = false;
        /// Whether thresholds of the recipe win over those of the file.
        calibration_manual_overrides_auto: bool = true;
        /// Whether a threshold of the file is enough for high perplexity to be a sign.
        auto_enable_perplexity_from_calibration: bool = true;
        /// Whether a low score of the analysis by a model is a sign.
        signal_on_llm_analysis_low: bool = true;
        /// Up to which score.
        llm_analysis_score_max_for_bad: f64 = 0.28;
        /// Whether the model has to recommend to discard the record.
        llm_analysis_discard_must_be_strict: bool = true;
        /// Up to which score the sign weighs much, where the model recommends to discard the record.
        high_precision_llm_analysis_discard_threshold: f64 = 0.24;
        /// Whether a low score of the quality by a model is a sign.
        signal_on_llm_text_quality_low: bool = true;
        /// Up to which score.
        llm_text_quality_score_max_for_bad: f64 = 0.28;
        /// Whether the model has to recommend to discard the record.
        llm_text_quality_discard_must_be_strict: bool = true;
        /// Up to which score the sign weighs much, where the model recommends to discard the record.
        high_precision_llm_text_quality_discard_threshold: f64 = 0.24;
        /// Whether labels of a negative mood are a sign.
        signal_on_negative_sentiment_hint: bool = false;
        /// What such labels contain; by default words such as `angry`.
        negative_sentiment_substrings: Option<Vec<String>> = None;
        /// Whether high perplexity is a sign.
        signal_on_high_perplexity: bool = false;
        /// From which perplexity on.
        perplexity_high_threshold: f64 = 800.0;
        /// Whether a poor reply to a hard query is a sign.
        signal_hard_query_poor_reply: bool = false;
        /// From which difficulty on a query is hard.
        hard_query_difficulty_min: f64 = 0.72;
        /// Up to which quality a reply is poor.
        poor_reply_quality_max: f64 = 0.36;
        /// Whether failed tool calls alone give the tier `high_precision`.
        high_precision_on_tool_fail_alone: bool = true;
        /// How many signs of medium weight give the tier `watchlist`. A single one alone does too.
        min_medium_signals_for_watchlist: i64 = 2;
        /// Whether low scores of the dialogue, from 1 to 5, are a sign.
        signal_on_low_dialog_quality_meta: bool = true;
        /// Up to which score.
        dialog_quality_low_score_threshold: f64 = 2.0;
        /// How many scores have to be low.
        min_dialog_quality_low_axes_for_signal: i64 = 1;
    }
}

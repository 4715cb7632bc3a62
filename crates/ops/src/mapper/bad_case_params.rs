//! The signs of a bad case that are looked for.

use coldpress_operator::params;

params! {
    /// Parameters of `agent_bad_case_signal_mapper`.
    pub(crate) struct AgentBadCaseSignalParams {
        /// The field with the query.
        query_key: String = "query".to_owned();
        /// The field with the response.
        response_key: String = "response".to_owned();
        /// If set, failed tool calls are a sign.
        signal_on_tool_fail: bool = true;
        /// The number of tool calls that have to fail.
        min_tool_fail_count_for_signal: i64 = 1;
        /// If set, a low share of successful tool calls is a sign.
        signal_on_low_tool_success_ratio: bool = true;
        /// The greatest share that is low.
        tool_success_ratio_max_for_signal: f64 = 0.499;
        /// The number of tool calls that there have to be.
        min_tool_rounds_for_ratio_signal: i64 = 2;
        /// If set, a short response to a long query is a sign.
        signal_on_suspect_empty_response: bool = true;
        /// The least number of characters of a long query.
        min_query_len_for_empty_check: i64 = 80;
        /// The greatest number of characters of a short response.
        max_response_len_for_empty_check: i64 = 20;
        /// The number of tokens above which a record has a sign.
        max_total_tokens: Option<i64> = None;
        /// The number of milliseconds above which a record has a sign.
        max_latency_ms: Option<i64> = None;
        /// A JSON file with thresholds per model: an object `default`, and one per model under `by_request_model`.
        calibration_json_path: Option<String> = None;
        /// If set, the thresholds of that file are used.
        auto_calibrate_thresholds: bool = false;
        /// If set, thresholds of the recipe take precedence over those of the file.
        calibration_manual_overrides_auto: bool = true;
        /// If set, a threshold in the file is enough to make high perplexity a sign.
        auto_enable_perplexity_from_calibration: bool = true;
        /// If set, a low score of the analysis by a model is a sign.
        signal_on_llm_analysis_low: bool = true;
        /// The greatest score that is low.
        llm_analysis_score_max_for_bad: f64 = 0.28;
        /// If set, the model has to recommend discarding the record.
        llm_analysis_discard_must_be_strict: bool = true;
        /// The greatest score with which the sign has a high weight if the model recommends discarding the record.
        high_precision_llm_analysis_discard_threshold: f64 = 0.24;
        /// If set, a low quality score by a model is a sign.
        signal_on_llm_text_quality_low: bool = true;
        /// The greatest score that is low.
        llm_text_quality_score_max_for_bad: f64 = 0.28;
        /// If set, the model has to recommend discarding the record.
        llm_text_quality_discard_must_be_strict: bool = true;
        /// The greatest score with which the sign has a high weight if the model recommends discarding the record.
        high_precision_llm_text_quality_discard_threshold: f64 = 0.24;
        /// If set, labels of a negative mood are a sign.
        signal_on_negative_sentiment_hint: bool = false;
        /// The texts that such labels contain; by default words such as `angry`.
        negative_sentiment_substrings: Option<Vec<String>> = None;
        /// If set, high perplexity is a sign.
        signal_on_high_perplexity: bool = false;
        /// The least perplexity that is high.
        perplexity_high_threshold: f64 = 800.0;
        /// If set, a poor reply to a hard query is a sign.
        signal_hard_query_poor_reply: bool = false;
        /// The least difficulty of a hard query.
        hard_query_difficulty_min: f64 = 0.72;
        /// The greatest quality of a poor reply.
        poor_reply_quality_max: f64 = 0.36;
        /// If set, failed tool calls alone give the tier `high_precision`.
        high_precision_on_tool_fail_alone: bool = true;
        /// The number of signs of medium weight that give the tier `watchlist`. A single sign on its own does too.
        min_medium_signals_for_watchlist: i64 = 2;
        /// If set, low scores of the dialogue, from 1 to 5, are a sign.
        signal_on_low_dialog_quality_meta: bool = true;
        /// The greatest score that is low.
        dialog_quality_low_score_threshold: f64 = 2.0;
        /// The number of scores that have to be low.
        min_dialog_quality_low_axes_for_signal: i64 = 1;
    }
}

//! # What it does
//! Replaces texts that identify somebody or grant access with placeholders: paths, e-mail addresses, secrets, ids, telephone and
//! identity card numbers, tokens, keys, addresses of machines and, if wanted, links.
//!
//! It works on the fields of `redact_keys`, on the contents and tool calls of messages, on every text under a key `file_path`,
//! `path`, `file`, `arguments` or `file_paths`, and on every text in a list, anywhere in the record. Everything else stays byte for
//! byte.
//!
//! # Parameters
//! The kinds of texts to mask, their replacements, your own patterns, and the fields; see below. Replacements are templates as in
//! Python, where `\\` is a backslash. Patterns are those of Python's `re`, see [patterns](../patterns.md).
//!
//! # Example
//! `mail bob@example.com, password: hunter2` becomes `mail [EMAIL_REDACTED], password: [REDACTED]`.
//!
//! # Notes on determinism
//! Pure: the result depends only on the record and the parameters. With `compat` it leaves what Data-Juicer leaves, such as a
//! telephone number right beside a Chinese character or the token of `Authorization: Bearer`, removes the colon of `session_id: x`,
//! and ignores patterns that cannot be used.

use std::fmt::Display;

use coldpress_operator::{
    Changes, Mapper, OperatorSpec, ParamError, Record, RecordError, ResolveContext, Resolved,
    params,
};
use coldpress_pattern::{Dialect, Options};

use super::pii_walk::{Places, redact_record};
use crate::text::pii::{Kind, Redactor, Words};
use crate::text::substitution::{Substitution, too_many_steps};
use crate::unicode;

params! {
    /// Parameters of `pii_redaction_mapper`.
    pub(crate) struct PiiRedactionParams {
        /// If set, paths of files are replaced.
        mask_paths: bool = true;
        /// If set, e-mail addresses are replaced.
        mask_emails: bool = true;
        /// If set, the text after words such as `password:` is replaced.
        mask_secrets: bool = true;
        /// If set, the text after words such as `session_id:` is replaced.
        mask_ids: bool = true;
        /// If set, telephone numbers are replaced.
        mask_phones: bool = true;
        /// If set, numbers of Chinese identity cards are replaced.
        mask_id_cards: bool = true;
        /// If set, the channel that somebody writes from is replaced.
        mask_channel_ids: bool = true;
        /// If set, user ids of messaging platforms are replaced.
        mask_platform_open_ids: bool = true;
        /// If set, blocks of keys and certificates are replaced.
        mask_pem: bool = true;
        /// If set, JSON web tokens are replaced.
        mask_jwt: bool = true;
        /// If set, links are replaced.
        mask_urls: bool = false;
        /// If set, IP addresses are replaced.
        mask_ips: bool = true;
        /// If set, hardware addresses are replaced.
        mask_macs: bool = true;
        /// The replacement for a path.
        path_replacement: String = "[PATH_REDACTED]".to_owned();
        /// The replacement for an e-mail address.
        email_replacement: String = "[EMAIL_REDACTED]".to_owned();
        /// The replacement for a secret.
        secret_replacement: String = "[REDACTED]".to_owned();
        /// The replacement for an id.
        id_replacement: String = "[ID_REDACTED]".to_owned();
        /// The replacement for a telephone number.
        phone_replacement: String = "[PHONE_REDACTED]".to_owned();
        /// The replacement for the number of an identity card.
        id_card_replacement: String = "[ID_CARD_REDACTED]".to_owned();
        /// The replacement for a channel or a user id of a platform.
        channel_id_replacement: String = "[CHANNEL_ID_REDACTED]".to_owned();
        /// The replacement for a block of a key or certificate.
        pem_replacement: String = "[PEM_REDACTED]".to_owned();
        /// The replacement for a JSON web token.
        jwt_replacement: String = "[JWT_REDACTED]".to_owned();
        /// The replacement for a link.
        url_replacement: String = "[URL_REDACTED]".to_owned();
        /// The replacement for an IP address.
        ip_replacement: String = "[IP_REDACTED]".to_owned();
        /// The replacement for a hardware address.
        mac_replacement: String = "[MAC_REDACTED]".to_owned();
        /// Pairs of a regular expression and the replacement for its matches, applied after everything else.
        extra_patterns: Option<Vec<Vec<String>>> = None;
        /// The top-level fields that are redacted; by default the text field, `query`, `response`, `dialog_history`, `messages`
        /// and the field of `messages_key`.
        redact_keys: Option<Vec<String>> = None;
        /// The field with the list of messages.
        messages_key: Option<String> = Some("messages".to_owned());
    }
}

/// Returns the description of `pii_redaction_mapper`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::mapper(
        "pii_redaction_mapper",
        "Replaces personal information and secrets with placeholders.",
        resolve,
    )
    .doc(&super::manual(include_str!("pii_redaction.rs")))
}

fn resolve(
    params: PiiRedactionParams,
    context: &mut ResolveContext<'_>,
) -> Result<Resolved<PiiRedactionMapper>, ParamError> {
    let compat = context.compat();
    let mut redactor = Redactor::new(if compat { Words::All } else { Words::Ascii });
    for (kind, name, replacement) in kinds(&params) {
        let refused = |reason| ParamError::new(name, format_args!("cannot be used: {reason}"));
        redactor.add(kind, replacement).map_err(refused)?;
    }
    if params.extra_patterns.is_some() {
        context.uses("pattern", coldpress_pattern::REVISION);
    }
    let options = Options {
        dialect: Dialect::Re,
        unicode: unicode::version(context),
        dot_all: false,
    };
    for pair in params.extra_patterns.iter().flatten() {
        let refused = |pattern: &str, reason: &dyn Display| {
            let reason = format_args!("`{pattern}` cannot be used: {reason}");
            ParamError::new("extra_patterns", reason)
        };
        let [pattern, template] = pair.as_slice() else {
            let pattern = pair.first().map(String::as_str).unwrap_or_default();
            return Err(refused(
                pattern,
                &"it is no pair of a pattern and a replacement",
            ));
        };
        match Substitution::of_verbatim(pattern, template, options) {
            Ok(substitution) => redactor.add_pattern(substitution),
            Err(_) if compat => {}
            Err(error) => return Err(refused(pattern, &error)),
        }
    }
    let usual = || {
        let mut keys = vec![context.text_key.clone()];
        keys.extend(["query", "response", "dialog_history", "messages"].map(str::to_owned));
        keys.extend(params.messages_key.clone().filter(|_| !compat));
        keys
    };
    let places = Places {
        keys: params.redact_keys.clone().unwrap_or_else(usual),
        messages: params.messages_key,
    };
    // The record is read as a whole, so no field of it has to be declared.
    let no_fields: [String; 0] = [];
    Ok(Resolved::new(move || PiiRedactionMapper {
        redactor: redactor.clone(),
        places: places.clone(),
    })
    .fields(no_fields)
    .whole_records())
}

/// Returns the kinds of texts that are masked, in the order of masking: blocks come first, then texts that may be part of a block.
fn kinds(params: &PiiRedactionParams) -> impl Iterator<Item = (Kind, &'static str, &String)> {
    macro_rules! kinds {
        ($($kind:ident $mask:ident $replacement:ident)*) => {
            [$((params.$mask, Kind::$kind, stringify!($replacement), &params.$replacement)),*]
        };
    }
    let all = kinds! {
        Pem mask_pem pem_replacement
        Jwt mask_jwt jwt_replacement
        Url mask_urls url_replacement
        Ip mask_ips ip_replacement
        Mac mask_macs mac_replacement
        Path mask_paths path_replacement
        Email mask_emails email_replacement
        Secret mask_secrets secret_replacement
        Id mask_ids id_replacement
        Channel mask_channel_ids channel_id_replacement
        OpenId mask_platform_open_ids channel_id_replacement
        Phone mask_phones phone_replacement
        IdCard mask_id_cards id_card_replacement
    };
    all.into_iter()
        .filter(|(mask, ..)| *mask)
        .map(|(_, kind, name, replacement)| (kind, name, replacement))
}

struct PiiRedactionMapper {
    redactor: Redactor,
    places: Places,
}

impl Mapper for PiiRedactionMapper {
    fn map(&mut self, record: &Record<'_>, changes: &mut Changes) -> Result<(), RecordError> {
        let json = record.whole();
        let redacted = redact_record(&json, &self.places, &mut self.redactor, changes.whole());
        redacted.map_err(too_many_steps)
    }
}

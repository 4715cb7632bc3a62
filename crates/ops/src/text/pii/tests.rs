use proptest::prelude::*;
use regex::Regex;

use crate::text::linear_time::assert_linear;

use super::*;

const ALL: [Kind; 13] = [
    Kind::Pem,
    Kind::Jwt,
    Kind::Url,
    Kind::Ip,
    Kind::Mac,
    Kind::Path,
    Kind::Email,
    Kind::Secret,
    Kind::Id,
    Kind::Channel,
    Kind::OpenId,
    Kind::Phone,
    Kind::IdCard,
];

fn redactor(words: Words, kinds: &[Kind]) -> Redactor {
    let mut redactor = Redactor::new(words);
    for kind in kinds {
        redactor.add(*kind, &format!("<{kind:?}>")).unwrap();
    }
    redactor
}

#[track_caller]
fn check(words: Words, text: &str, expected: &str) {
    let redacted = redactor(words, &ALL).redacted(text).unwrap();
    assert_eq!(redacted.as_deref().unwrap_or(text), expected);
}

#[test]
fn nothing_leaks_beside_characters_of_other_scripts() {
    for (words, expected) in [
        (
            Words::Ascii,
            "电话<Phone>结束，证<IdCard>号 Authorization: <Secret> x session_id: <Id> at <Ip>",
        ),
        (
            Words::All,
            "电话13800138000结束，证11010519491231002X号 Authorization: <Secret> abc.def x session_id<Id> at [fe80::1]",
        ),
    ] {
        let text = "电话13800138000结束，证11010519491231002X号 Authorization: Bearer abc.def x session_id: a-1 at [fe80::1]";
        check(words, text, expected);
    }
}

#[test]
fn what_looks_alike_stays() {
    for text in [
        "1.2.3.4.5 is a version, 256.1.1.1 too",
        "a/home/x and no: /house",
        "x@y a@b.c @b.com",
        "+123 +12345 +1-12345",
        "113800138000 1380013800",
        "00:1A:2b:3C:4d 00:1A:2b:3C:4d:5E:",
        "tokens: many, xpassword:y",
        "eyJ.a.b xeyJa.b.c",
    ] {
        let kinds = [
            Kind::Jwt,
            Kind::Path,
            Kind::Email,
            Kind::Phone,
            Kind::Secret,
        ];
        let redacted = redactor(Words::All, &kinds).redacted(text).unwrap();
        assert_eq!(redacted, None, "{text}");
    }
}

/// Returns the matches of a pattern in Python's engine. The pattern is written for an engine without look-around, so the group is
/// the match.
fn plain(pattern: &str, text: &str) -> Vec<Range<usize>> {
    let regex = Regex::new(pattern).unwrap();
    let (mut found, mut from) = (Vec::new(), 0);
    while let Some(groups) = regex.captures_at(text, from) {
        let range = groups.get(1).unwrap().range();
        from = range.end;
        found.push(range);
    }
    found
}

fn found(finder: Finder, text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    finder(Words::All, text, &mut found);
    found
}

proptest! {
    #[test]
    fn finders_agree_with_the_patterns(
        text in "([ \n\"'(\\[=:@./+_a-]|é|中|/home|/tmp|C:\\\\|\\\\\\\\|https?://|eyJ|ou_|uid_|u_|[0-9]{1,6}|13800138000|11010519491231002[0Xx]|00:1a:2B:3c|password|session-id|[a-z]{1,9}|[0-9a-f]{16,32}){0,12}",
    ) {
        let cases: [(Finder, &str); 9] = [
            (numbers::id_card, r"\b([1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx])\b"),
            (contacts::url, r#"(https?://[^\s"'<>]+)"#),
            (contacts::email, r"([a-zA-Z0-9][\w.+-]*@[\w.-]+\.(?:[a-zA-Z]{2,}|\w{2,}))"),
            (contacts::chinese_phone, r"\b(1[3-9]\d{9})\b"),
            (contacts::phone, r"(\+\d{1,4}[-.\s]?\d{6,14})\b"),
            (keys::jwt, r"\b(eyJ[A-Za-z0-9_=-]+\.[A-Za-z0-9_=-]+\.[A-Za-z0-9_=-]+)\b"),
            (keys::feishu_id, r"(?i)\b(ou_[0-9a-f]{32})\b"),
            (keys::platform_id, r"\b((?:ou_|u_|uid_)[0-9a-zA-Z_-]{16,64})\b"),
            (numbers::mac, r"(?:\A|[^0-9A-Fa-f:])((?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2})\b"),
        ];
        for (finder, pattern) in cases {
            prop_assert_eq!(found(finder, &text), plain(pattern, &text), "{}", pattern);
        }
        let with_prefix: [(Finder, &str); 5] = [
            (paths::unix, r#"(?:^|[\s"'(\[=])(/(?:Users?|home|tmp|etc|var|opt|Applications)[^\s"')\]]*)"#),
            (paths::windows, r#"(?:^|[\s"'(\[=])([A-Za-z]:\\[^\s"')\]]*)"#),
            (paths::share, r#"(?:^|[\s"'(\[=])(\\\\[^\s"')\]]+)"#),
            (secrets::secret, r#"(?i)\b(?:secret|password|token|auth)\s*[:=]\s*["']?([^\s"',}\]]+)"#),
            (secrets::id, r#"(?i)\b(?:session|user)[_-]?id(\s*[:=]\s*["']?[\w.-]+)"#),
        ];
        for (finder, pattern) in with_prefix {
            prop_assert_eq!(found(finder, &text), plain(pattern, &text), "{}", pattern);
        }
    }

    #[test]
    fn nothing_panics(text in any::<String>()) {
        redactor(Words::Ascii, &ALL).redacted(&text).unwrap();
    }
}

/// The time for these texts grows with their length, not with its square.
#[test]
fn hostile_texts_take_linear_time() {
    for part in [
        "eyJ-",
        "eyJa.eyJ-",
        "xtoken=",
        "ou_",
        "uid_a",
        "a@",
        "a@b.",
        "@a.",
        "1380013800",
        "+1234567",
        "1.2.3.",
        "19191919191",
        "00:",
        "[1:2",
        "-----BEGIN A-----",
        "/home",
        " /home",
        "\\\\",
        "session_id=",
        "channel:",
    ] {
        let mut redactor = redactor(Words::All, &ALL);
        assert_linear(part, 20_000, |text| {
            redactor.redacted(text).unwrap();
        });
    }
}

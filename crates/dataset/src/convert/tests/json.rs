use serde_json::Value;
use serde_json::value::RawValue;

use super::*;

fn array(bytes: &[u8], sizes: &[usize]) -> Made {
    let made = run(bytes, 0, Elements::of_array(), 0, sizes);
    check_resumed(bytes, &made, || Elements::of_array().resumed(), sizes);
    made
}

fn values(bytes: &[u8], sizes: &[usize]) -> Made {
    let made = run(bytes, 0, Elements::of_values(), 0, sizes);
    check_resumed(bytes, &made, || Elements::of_values().resumed(), sizes);
    made
}

#[track_caller]
fn check_array(text: &str, lines: &[&str], error: Option<&str>) {
    for sizes in [&[1][..], &[2, 5], &[usize::MAX]] {
        let made = array(text.as_bytes(), sizes);
        assert_eq!(made.lines(), lines, "{text:?}");
        assert_eq!(made.error.as_deref(), error, "{text:?}");
    }
}

#[track_caller]
fn check_values(text: &str, lines: &[&str], error: Option<&str>) {
    for sizes in [&[1][..], &[2, 5], &[usize::MAX]] {
        let made = values(text.as_bytes(), sizes);
        assert_eq!(made.lines(), lines, "{text:?}");
        assert_eq!(made.error.as_deref(), error, "{text:?}");
    }
}

#[test]
fn elements_stand_on_lines_of_their_own_and_else_as_they_are() {
    check_array("[]", &[], None);
    check_array("\u{FEFF} [ \n ] \n", &[], None);
    check_array(
        "[\n  {\n    \"a\": 1.50,\r\n\t\"b\" : [1,\n2 , 3]\n  },\n  {}, 7,\"x\\\"]\" ,null\n]\n",
        &[
            "{\"a\": 1.50, \"b\" : [1, 2 , 3]}",
            "{}",
            "7",
            "\"x\\\"]\"",
            "null",
        ],
        None,
    );
    check_array(
        "[{\"a\":1},{\"b\":[{}]},[[]]]",
        &["{\"a\":1}", "{\"b\":[{}]}", "[[]]"],
        None,
    );
    check_values(
        "{\n  \"a\": {\n    \"b\": 1\n  }\n}\n{\"c\":\n2}{\"d\": 3},\n[1,\n2] 3 \"x\" true{}",
        &[
            "{\"a\": {\"b\": 1}}",
            "{\"c\":2}",
            "{\"d\": 3}",
            "[1, 2]",
            "3",
            "\"x\"",
            "true",
            "{}",
        ],
        None,
    );
    check_values("  \n", &[], None);
}

#[test]
fn what_is_no_json_stays_none() {
    // Tokens on both sides of a line break are not joined, and a break in a string does not become a blank.
    check_array(
        "[{\"a\": 1\n2}, {\"a\": tr\nue}, {\"b\": \"x\ny\"}, {\"c\": \"\\\n\"}]",
        &[
            "{\"a\": 1 2}",
            "{\"a\": tr ue}",
            "{\"b\": \"x\ry\"}",
            "{\"c\": \"\\\r\"}",
        ],
        None,
    );
    check_array(
        "[{\"a\": 1}\n{\"b\": 2}, {\"a\": 1 2}, }, x y]",
        &["{\"a\": 1} {\"b\": 2}", "{\"a\": 1 2}", "}", "x y"],
        None,
    );
    check_values(
        "{\"a\": 1}} x{]y",
        &["{\"a\": 1}", "}", "x", "{]y"],
        Some("the JSON breaks off in the record that begins at byte 11; the file ends at byte 14"),
    );
}

/// One byte too many or too few costs only its element, whatever the others contain.
#[test]
fn an_element_out_of_step_does_not_take_others_along() {
    let good = |id: usize| {
        format!("{{\"id\": {id}, \"text\": \"say \\\"x\\\", {{ok}}\", \"in\": [{{\"id\": {{}}}}]}}")
    };
    let bad = [
        "{\"id\": 9, \"text\": \"a 6\" pipe and more\"}",
        "{\"id\": 9, \"text\": \"a 6 pipe and more}",
        "{\"id\": 9, \"text: \"a 6 pipe and more\"}",
        "{\"id: 9, \"text\": \"a\"}",
        "{\"id\": 9, \"text\": \"a\", \"in\": {}",
        "{\"id\": 9, \"text\": \"a\", \"in\": [}",
        "{\"id\": {9, \"text\": \"a\"}",
        "{\"id\": 9]",
    ];
    let pretty = |text: &str| {
        text.replace("{\"id\": ", "{\n  \"id\": ")
            .replace(", \"text", ",\n  \"text")
    };
    for bad in bad {
        // The elements are on lines of their own, without line breaks, and over several lines each. The bad one also comes last.
        for (style, lost) in [(",\n", 1), (", ", 2), ("pretty", 2)] {
            let (comma, lines) = match style {
                "pretty" => (",\n", true),
                comma => (comma, false),
            };
            let mut elements: Vec<String> = (0..8).map(good).collect();
            elements.insert(3, bad.to_owned());
            let mut text = elements.join(comma);
            if lines {
                text = pretty(&text);
            }
            let text = format!("[\n{text}\n]\n");
            for sizes in [&[1][..], &[2, 5], &[usize::MAX]] {
                let made = array(text.as_bytes(), sizes);
                assert_eq!(made.error, None, "{text}");
                let lines = made.lines();
                let valid = lines
                    .iter()
                    .filter(|line| serde_json::from_str::<Value>(line).is_ok())
                    .count();
                assert!(
                    valid + lost > 8 && valid < lines.len(),
                    "{text}: {lines:#?}"
                );
            }
        }
    }
}

#[test]
fn pretty_values_out_of_step_do_not_take_others_along() {
    for bad in ["\"a 6\" pipe\"\n}", "\"a\"", "\"a\n}", "\"a\", {\n}"] {
        let one = |text: &str| format!("{{\n  \"id\": 1,\n  \"text\": {text}\n");
        let good = one("\"x\"\n}");
        let text = format!("{good}{}{}", one(bad), good.repeat(4));
        for sizes in [&[1][..], &[2, 5], &[usize::MAX]] {
            let made = values(text.as_bytes(), sizes);
            assert_eq!(made.error, None, "{text}");
            let valid = made
                .lines()
                .iter()
                .filter(|line| serde_json::from_str::<Value>(line).is_ok())
                .count();
            assert!(
                valid >= 4 && valid < made.lines().len(),
                "{:#?}",
                made.lines()
            );
        }
    }
}

#[test]
fn the_records_may_be_in_a_field() {
    let run_field = |text: &str, name: &str, sizes: &[usize]| {
        let field = || Elements::of_field(name);
        let made = run(text.as_bytes(), 0, field(), 0, sizes);
        check_resumed(text.as_bytes(), &made, || field().resumed(), sizes);
        made
    };
    for sizes in [&[1][..], &[2, 5], &[usize::MAX]] {
        let text = "{\"v\": {\"data\": [0], \"x\": \"\\\"data\\\"\"},\n \"d\\u0061ta\": [\n{\"a\": 1},\n{\"a\": 2}\n], \"n\": [3]}\n";
        let made = run_field(text, "data", sizes);
        assert_eq!(
            (made.lines(), &made.error),
            (vec!["{\"a\": 1}", "{\"a\": 2}"], &None)
        );
        for (text, error) in [
            (
                text,
                "the JSON object has no field `rows`, which `load_dataset_kwargs.field` names",
            ),
            (
                "{\"rows\": {\"a\": 1}}",
                "the field `rows` (`load_dataset_kwargs.field`) holds no list of records (byte 9)",
            ),
            (
                "{\"rows\": [{}, ",
                "the JSON array breaks off: the file ends at byte 14 without its `]`",
            ),
        ] {
            assert_eq!(run_field(text, "rows", sizes).error.as_deref(), Some(error));
        }
    }
}

#[test]
fn superfluous_commas_are_told() {
    for (text, good, commas) in [
        ("[1,,2,]", 2, 2),
        ("[,]", 0, 1),
        ("[1 , , , 2]", 2, 2),
        ("[{}\n,\n]", 1, 1),
        ("[1,2]", 2, 0),
    ] {
        for sizes in [&[1][..], &[usize::MAX]] {
            let made = array(text.as_bytes(), sizes);
            let rejected = made
                .lines()
                .iter()
                .filter(|line| line.starts_with('\u{1a}'))
                .count();
            assert_eq!(
                (made.lines().len() - rejected, rejected),
                (good, commas),
                "{text}"
            );
            assert_eq!(made.error, None);
        }
    }
}

#[test]
fn what_breaks_off_is_told_with_its_place() {
    check_array(
        "[{\"a\": 1}, {\"b\": ",
        &["{\"a\": 1}", "{\"b\": "],
        Some("the JSON breaks off in the record that begins at byte 11; the file ends at byte 17"),
    );
    check_array(
        "[{\"a\": 1},\n",
        &["{\"a\": 1}"],
        Some("the JSON array breaks off: the file ends at byte 11 without its `]`"),
    );
    check_array(
        "\u{FEFF}[1]\n[2]",
        &["1"],
        Some("the JSON array has ended and other text follows (byte 7)"),
    );
    check_values(
        "{}\n{\"a\": \"x",
        &["{}", "{\"a\": \"x"],
        Some("the JSON breaks off in the record that begins at byte 3; the file ends at byte 11"),
    );
    let made = run(b"x[1]", 0, Elements::of_array(), 0, &[1]);
    let reason = "the JSON array does not begin with `[` (byte 0)";
    assert_eq!(
        (made.text, made.error.as_deref()),
        (Vec::new(), Some(reason))
    );
}

#[test]
fn neither_a_deep_nor_a_long_element_is_held() {
    let deep = "[".repeat(1_000_000);
    let made = run(deep.as_bytes(), 0, Elements::of_array(), 0, &[usize::MAX]);
    assert_eq!(made.text.len(), 999_999);
    assert!(made.error.is_some());

    let long = io::repeat(b'x').take(1 << 26);
    let raw = io::Cursor::new(b"[\"")
        .chain(long)
        .chain(io::Cursor::new(b"\",1]"));
    let mut converter = Converter::over(Box::new(raw), 0, Elements::of_array(), 0);
    let (mut buffer, mut total) = (vec![0; 1 << 16], 0);
    loop {
        let length = converter.read(&mut buffer).unwrap();
        total += length;
        assert!(converter.out.text.capacity() < 1 << 20);
        if length == 0 {
            break;
        }
    }
    assert_eq!(total, (1 << 26) + 5);
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[\\[\\]{},:\"\\\\\n\t aé\u{0}]{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 20, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-c\n\"]{0,3}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Writes the value with white space between tokens: compact, pretty, or in an odd way.
fn written(value: &Value, style: usize) -> String {
    match style {
        0 => serde_json::to_string(value).unwrap(),
        1 => serde_json::to_string_pretty(value).unwrap(),
        _ => serde_json::to_string_pretty(value)
            .unwrap()
            .replace('\n', "\r\n\t \n"),
    }
}

proptest! {
    #[test]
    fn arrays_give_the_elements_of_a_plain_parser(
        elements in prop::collection::vec(json(), 0..6),
        style in 0usize..3,
        sizes in sizes(),
    ) {
        let text = written(&Value::from(elements.clone()), style);
        let made = array(text.as_bytes(), &sizes);
        prop_assert_eq!(&made.error, &None);
        let found: Vec<Value> = made.lines().iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        prop_assert_eq!(found, elements);
        if style == 0 {
            let raw: Vec<Box<RawValue>> = serde_json::from_str(&text).unwrap();
            let raw: Vec<&str> = raw.iter().map(|raw| raw.get()).collect();
            prop_assert_eq!(made.lines(), raw);
        }
        // A text that is cut anywhere is reported as such, and all lines before the cut are the same.
        let cut = text.len() / 2;
        if text.is_char_boundary(cut) {
            let torn = array(&text.as_bytes()[..cut], &sizes);
            prop_assert!(torn.error.is_some() || cut == 0);
            let whole_lines = torn.text.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
            prop_assert_eq!(&torn.text[..whole_lines], &made.text[..whole_lines]);
        }
    }

    #[test]
    fn values_give_those_of_a_plain_parser(
        records in prop::collection::vec((json(), 0usize..3, "[ \n]{0,2}"), 0..6),
        sizes in sizes(),
    ) {
        let mut text = String::new();
        let mut expected = Vec::new();
        for (value, style, blank) in records {
            let Value::Object(_) = &value else { continue };
            text.push_str(&written(&value, style));
            text.push_str(&blank);
            expected.push(value);
        }
        let made = values(text.as_bytes(), &sizes);
        prop_assert_eq!(&made.error, &None);
        let found: Vec<Value> = made.lines().iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn hostile_json_ends_and_tells_the_same_in_all_pieces(
        bytes in json().prop_flat_map(|value| mutated(written(&Value::from(vec![value.clone(), value]), 1).into_bytes())),
        sizes in sizes(),
    ) {
        prop_assert_eq!(array(&bytes, &sizes), array(&bytes, &[usize::MAX]));
        prop_assert_eq!(values(&bytes, &sizes), values(&bytes, &[usize::MAX]));
        // A line that is valid was valid in the file, with the same value.
        let made = array(&bytes, &sizes);
        for ((position, place), next) in made.seeks.iter().zip(made.seeks.iter().skip(1)) {
            let line = &made.text[*position as usize..next.0 as usize];
            let Ok(value) = serde_json::from_slice::<Value>(line) else { continue };
            let raw = &bytes[*place as usize..];
            let first = serde_json::Deserializer::from_slice(raw).into_iter::<Value>().next();
            prop_assert_eq!(first.and_then(Result::ok), Some(value));
        }
    }

    #[test]
    fn any_bytes_end(bytes in prop::collection::vec(prop::sample::select(&b"[]{},:\"\\ \n\ra1\x00\xEF\xBB\xBF"[..]), 0..60), sizes in sizes()) {
        prop_assert_eq!(array(&bytes, &sizes), array(&bytes, &[usize::MAX]));
        prop_assert_eq!(values(&bytes, &sizes), values(&bytes, &[usize::MAX]));
    }
}

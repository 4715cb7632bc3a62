//! Very many partitions, keys, and a newer report.

use serde_json::{Value, json};

use crate::bench::{Bench, data_of, with_data, with_script};
use crate::browser::{Browser, Looked};

fn job() -> (Bench, String) {
    let bench = Bench::new(200);
    bench.run(&Bench::line("")).expect(0);
    let page = bench.page();
    (bench, page)
}

/// Returns what a script of the test has to say: it puts JSON into an element of its own.
#[track_caller]
fn said(looked: &Looked) -> Value {
    assert_eq!(looked.console, [""; 0]);
    let begin = looked
        .dom
        .find("<b id=\"said\">")
        .expect("the script did not get to its end")
        + 13;
    let end = begin + looked.dom[begin..].find("</b>").unwrap();
    let json = looked.dom[begin..end]
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&");
    serde_json::from_str(&json).unwrap()
}

const SAY: &str = "const say = (value) => document.body.append(Object.assign(document.createElement('b'), \
                   {id: 'said', textContent: JSON.stringify(value)}));\n";

#[test]
fn ten_thousand_partitions_are_fast() {
    let (_bench, page) = job();
    let mut data = data_of(&page);
    let columns = data["partitions"].as_object_mut().unwrap();
    const PARTITIONS: usize = 10_000;
    for (name, column) in columns.iter_mut() {
        match column {
            Value::Array(values) if name != "sources" => {
                let first = values.clone();
                *values = (0..PARTITIONS)
                    .map(|at| first[at % first.len()].clone())
                    .collect();
            }
            Value::String(letters) => *letters = "c".repeat(PARTITIONS),
            _ => {}
        }
    }
    columns["index"] = json!((0..PARTITIONS).collect::<Vec<_>>());
    columns["total"] = json!(PARTITIONS);
    let Some(browser) = Browser::find() else {
        return;
    };
    let script = format!(
        "{SAY}const map = document.querySelector('#partitions canvas');\n\
         const begun = performance.now();\n\
         const report = JSON.parse(document.getElementById('report').textContent);\n\
         show(report);\n\
         const node = document.querySelector('#partitions canvas');\n\
         document.querySelector('#partitions select').value = 'time';\n\
         document.querySelector('#partitions select').dispatchEvent(new Event('change'));\n\
         for (let at = 0; at < 20; at += 1) node.dispatchEvent(new KeyboardEvent('keydown', {{key: 'PageDown'}}));\n\
         say({{millis: performance.now() - begun, readout: document.querySelector('#partitions .readout').textContent}});"
    );
    let said = said(&browser.look(&with_script(&with_data(&page, &data), &script)));
    let millis = said["millis"].as_f64().unwrap();
    // A fraction of this, where nothing else runs.
    assert!(millis < 5_000.0, "{said}");
    assert!(
        said["readout"].as_str().unwrap().starts_with("Partition "),
        "{said}"
    );
}

#[test]
fn keys_move_over_the_grid_and_the_timeline() {
    let (_bench, page) = job();
    let Some(browser) = Browser::find() else {
        return;
    };
    let script = format!(
        "{SAY}const press = (place, ...keys) => {{ const node = document.querySelector(place + ' canvas');\n\
         keys.forEach((key) => node.dispatchEvent(new KeyboardEvent('keydown', {{key}})));\n\
         return document.querySelector(place + ' .readout').textContent; }};\n\
         say([press('#partitions', 'ArrowDown', 'ArrowRight', 'ArrowDown', 'ArrowDown'), press('#partitions', 'End', '+', '-', 'Home'),\n\
         press('#timeline', 'ArrowRight', 'ArrowRight', '+')]);"
    );
    let said = said(&browser.look(&with_script(&page, &script)));
    let texts: Vec<&str> = said
        .as_array()
        .unwrap()
        .iter()
        .map(|text| text.as_str().unwrap())
        .collect();
    assert!(texts[0].starts_with("Partition 1 (completed"), "{said}");
    assert!(
        texts[0].contains("text_length_filter: 9 of 9 records out"),
        "{said}"
    );
    assert!(texts[1].starts_with("Partition 0 (completed"), "{said}");
    assert!(texts[2].starts_with("Partition "), "{said}");
}

#[test]
fn nothing_is_wider_than_a_phone_but_tables_that_scroll() {
    let (_bench, page) = job();
    let Some(browser) = Browser::find() else {
        return;
    };
    // A window is never so narrow here, but the rules for narrow ones hold from 640 pixels down.
    let script = format!(
        "{SAY}document.documentElement.style.width = '360px';\n\
         document.querySelectorAll('details').forEach((one) => one.buildNow());\n\
         setTimeout(() => say([matchMedia('(max-width: 640px)').matches, ...[...document.querySelectorAll('main *, header *')]\n\
         .filter((node) => node.getBoundingClientRect().right > 361 && !node.closest('.scroll') && !node.closest('nav'))\n\
         .map((node) => `${{node.tagName}} ${{node.textContent}}`)]), 1000);"
    );
    let said = said(&browser.look_in(&with_script(&page, &script), 500));
    assert_eq!(said, json!([true]));
}

#[test]
fn filters_of_events_stay_when_a_newer_report_comes() {
    let (_bench, page) = job();
    let Some(browser) = Browser::find() else {
        return;
    };
    let script = format!(
        "{SAY}const rows = () => document.querySelectorAll('#events tbody tr').length;\n\
         const all = rows();\n\
         const choose = (name, value, event) => {{ const node = document.querySelector('#events ' + name); node.value = value; \
         node.dispatchEvent(new Event(event)); }};\n\
         choose('input[type=number]', '3', 'input');\n\
         const ofPartition = rows();\n\
         choose('input[type=search]', 'text_length', 'input');\n\
         const ofOperator = rows();\n\
         show(JSON.parse(document.getElementById('report').textContent));\n\
         say([all, ofPartition, ofOperator, rows()]);"
    );
    let said = said(&browser.look(&with_script(&page, &script)));
    let counts: Vec<u64> = said
        .as_array()
        .unwrap()
        .iter()
        .map(|count| count.as_u64().unwrap())
        .collect();
    assert!(
        counts[0] > counts[1] && counts[1] > counts[2] && counts[2] > 0,
        "{counts:?}"
    );
    assert_eq!(counts[2], counts[3]);
}

#[test]
fn differences_of_texts_are_whole_on_both_sides() {
    let (_bench, page) = job();
    let Some(browser) = Browser::find() else {
        return;
    };
    let cases = [
        ("one two three", "one three"),
        ("a  b\n\nc", "a b\nc"),
        ("", "new"),
        ("gone", ""),
        ("same", "same"),
        ("日本語 テキスト 😀", "日本語テキスト 😀!"),
        ("<b>bold</b> http://x.y/z end", "<b>bold</b>  end"),
    ];
    let script = format!(
        "{SAY}const sides = (a, b) => {{ const parts = difference(a, b).filter((part) => !(part.className === 'sign')); \
         const side = (not) => parts.filter((part) => part.tagName !== not).map((part) => (typeof part === 'string' ? part : part.textContent)).join(''); \
         return [side('INS'), side('DEL')].map((text) => text.replace(/[↵⇥]/g, '')); }};\n\
         say({}.map(([a, b]) => sides(a, b)));",
        json!(cases)
    );
    let said = said(&browser.look(&with_script(&page, &script)));
    for ((before, after), sides) in cases.iter().zip(said.as_array().unwrap()) {
        let newline = if before == after { "\n" } else { "" };
        assert_eq!(sides[0], format!("{before}{newline}"), "{said}");
        assert_eq!(sides[1], format!("{after}{newline}"), "{said}");
    }
}

#[test]
fn statistics_count_the_records_that_have_values() {
    // A deduplicator after the filter removes records that have values all the same.
    let (_bench, page) = job();
    let mut data = data_of(&page);
    data["statistics"]["with_dropped"] = json!(false);
    let Some(browser) = Browser::find() else {
        return;
    };
    let script = format!(
        "{SAY}document.querySelectorAll('#statistics details').forEach((one) => one.buildNow());\n\
         say(document.querySelector('#statistics output').textContent);"
    );
    let text = said(&browser.look(&with_script(&with_data(&page, &data), &script)));
    let records = &data["statistics"]["list"][0]["records"];
    assert!(
        text.as_str().unwrap().ends_with(&format!("of {records}")),
        "{text}, not {records}"
    );
    assert_ne!(records, &data["overview"]["progress"]["exported_samples"]);
}

#[test]
fn statistics_that_were_left_out_are_not_passed_over() {
    let (_bench, page) = job();
    let mut data = data_of(&page);
    data["statistics"]["list"] = json!([]);
    data["statistics"]["left_out"] = json!("To save time, they were not read.");
    let Some(browser) = Browser::find() else {
        return;
    };
    let looked = browser.look(&with_data(&page, &data));
    looked.is_whole(&["statistics"]);
    looked.shows(&["To save time, they were not read."]);
}

//! Data that would like to be script.

use serde_json::Value;

use crate::bench::{Bench, data_of, with_data, with_script};
use crate::browser::{Browser, Looked};

/// Each of these runs its script, where it is taken for markup or for code.
const HOSTILE: [&str; 8] = [
    "</script><script>document.documentElement.dataset.pwned=1</script>",
    "<img src=x onerror=document.documentElement.dataset.pwned=1>",
    "<svg/onload=document.documentElement.dataset.pwned=1>",
    "\"><iframe srcdoc='<script>parent.document.documentElement.dataset.pwned=1</script>'></iframe>",
    "javascript:document.documentElement.dataset.pwned=1",
    "<!--<script>'\"`${document.documentElement.dataset.pwned=1}\u{2028}]]>",
    "</style><style>*{display:none}</style></title></textarea><a href=javascript:1 autofocus onfocus=document.documentElement.dataset.pwned=1>",
    "\u{202e}\u{0}\u{1b}[2J\u{feff}<math><mtext><table><mglyph><style><img src=x onerror=document.documentElement.dataset.pwned=1>",
];

#[track_caller]
fn is_harmless(looked: &Looked) {
    assert!(
        !looked.dom.contains("data-pwned"),
        "a script of the data ran"
    );
    for element in [
        "<img",
        "<iframe",
        "<math",
        "<textarea",
        "<a href=\"javascript",
    ] {
        assert!(!looked.shown().contains(element), "data became {element}");
    }
    assert_eq!(looked.console, [""; 0]);
}

/// Puts hostile texts in the place of all texts, but for those that the page decides by.
fn poison(value: &mut Value, name: &str, next: &mut usize) {
    const DECIDING: [&str; 5] = ["level", "outcome", "status", "kind", "schema_version"];
    match value {
        Value::String(text) if !DECIDING.contains(&name) => {
            *text = HOSTILE[*next % HOSTILE.len()].to_owned();
            *next += 1;
        }
        Value::Array(items) => items.iter_mut().for_each(|item| poison(item, name, next)),
        Value::Object(members) => {
            for (name, member) in members.iter_mut() {
                poison(member, &name.clone(), next);
            }
        }
        _ => {}
    }
}

#[test]
fn no_text_of_a_report_runs_wherever_it_stands() {
    let bench = Bench::new(200);
    bench.run(&Bench::line("")).expect(0);
    let page = bench.page();
    let Some(browser) = Browser::find() else {
        return;
    };
    // All kinds of texts come to all places.
    for shift in 0..HOSTILE.len() {
        let mut data = data_of(&page);
        let mut next = shift;
        poison(&mut data, "", &mut next);
        assert!(next > 200, "{next}");
        // Folded content is built too.
        let open = "document.querySelectorAll('details').forEach((one) => one.buildNow());";
        let looked = browser.look(&with_script(&with_data(&page, &data), open));
        is_harmless(&looked);
        looked.is_whole(&["overview", "funnel", "samples", "quarantine", "events"]);
        if shift == 0 {
            let looked = browser.look(&with_data(&page, &data));
            is_harmless(&looked);
        }
    }
}

#[test]
fn a_hostile_dataset_recipe_and_name_do_not_run_either() {
    let bench = Bench::new(0);
    let name = "in<img src=x onerror=alert(1)>.jsonl";
    let lines = HOSTILE.iter().enumerate().map(|(at, text)| {
        let record = serde_json::json!({ *text: text, "id": at, "text": format!("{text} http://a.b/{text}") });
        format!("{record}\n{{\"text\": \"{}\n{{\"text\": 1}}\n", "</script><img src=x>")
    });
    bench.write(name, lines.collect::<String>());
    let recipe = bench
        .read("recipe.yaml")
        .replace("in.jsonl", &format!("'{name}'"));
    bench.write("recipe.yaml", format!("# {}\n{recipe}", HOSTILE[0]));
    bench.run(&Bench::line("")).expect(0);
    let page = bench.page();
    let Some(browser) = Browser::find() else {
        return;
    };
    let looked = browser.look(&page);
    is_harmless(&looked);
    looked.is_whole(&["overview", "quarantine", "samples", "fields", "recipe"]);
    looked.shows(&["in&lt;img src=x onerror=alert(1)&gt;.jsonl"]);
}

#[test]
fn the_policy_lets_nothing_run_that_is_not_of_the_page() {
    let bench = Bench::new(20);
    bench.run(&Bench::line("")).expect(0);
    let page = bench.page();
    let Some(browser) = Browser::find() else {
        return;
    };
    let script = "document.documentElement.dataset.pwned=1";
    let injected = page.replace("</body>", &format!("<script>{script}</script></body>"));
    let looked = browser.look(&injected);
    assert!(!looked.dom.contains("data-pwned"));
    assert!(
        looked
            .console
            .iter()
            .any(|line| line.contains("Content Security Policy"))
    );
    // Without the policy it would have run, so this test can tell.
    let looked = browser.look(&with_script(&page, script));
    assert!(looked.dom.contains("data-pwned"));
}

//! The pages of a server, which follow what happens.

use crate::bench::Bench;
use crate::browser::Browser;
use crate::server::Server;
use crate::shared::Frozen;
use crate::tab::Tab;

/// Starts a job that is stopped in the middle of its work.
fn frozen(bench: &Bench) -> Frozen {
    bench.freeze_at(&Bench::line(""), "a", |journal| {
        journal.matches("\"published\"").count() > 20
    })
}

const STATUS: &str = "document.querySelector('header .pill')?.textContent";

#[track_caller]
fn wait_for_status(tab: &mut Tab, status: &str) {
    tab.wait(&format!("{STATUS} === '{status}'"));
}

#[test]
fn a_page_follows_its_job_to_the_end_and_keeps_what_people_did() {
    let bench = Bench::new(1_000);
    let job = frozen(&bench);
    let server = Server::start(&bench);
    let Some(browser) = Browser::find() else {
        return;
    };
    let mut tab = Tab::open(&browser, &server.url("/jobs/a"));
    wait_for_status(&mut tab, "running");
    tab.wait("document.getElementById('live').textContent === 'live'");
    // A user filters events, closes the recipe, moves a slider, and reads in the middle of the page.
    tab.value(
        "{ const type = (node, value, event) => { node.value = value; node.dispatchEvent(new Event(event, {bubbles: true})); };\n\
         type(document.querySelector('#events input[type=search]'), 'text_length', 'input');\n\
         document.querySelector('#recipe details').open = false;\n\
         document.getElementById('recipe').scrollIntoView();\n\
         document.querySelector('#events input[type=search]').focus({preventScroll: true});\n\
         window.marked = document.getElementById('recipe'); }",
    );
    let place = "Math.round(document.getElementById('recipe').getBoundingClientRect().top)";
    let before = tab.value(place).as_i64().unwrap();
    let done = "Number(document.querySelector('#overview .cards').textContent.match(/Partitions([\\d,]+)/)[1].replaceAll(',', ''))";
    let first = tab.value(done).as_i64().unwrap();
    job.signal("CONT");
    // The page changes while the job runs, and not only at its end.
    tab.wait(&format!("{done} > {first} || {STATUS} !== 'running'"));
    wait_for_status(&mut tab, "completed");
    job.thaw().expect(0);
    tab.wait("document.getElementById('live').textContent.startsWith('not live')");
    tab.wait_for_text("document_deduplicator removed");
    let after = tab.value(place).as_i64().unwrap();
    assert!((after - before).abs() < 40, "{before} became {after}");
    let kept = "[document.querySelector('#events input[type=search]').value, document.activeElement.type,\n\
                document.querySelector('#recipe details').open, window.marked.isConnected,\n\
                [...document.querySelectorAll('#events tbody tr')].every((row) => row.textContent.includes('text_length'))]";
    assert_eq!(
        tab.value(kept),
        serde_json::json!(["text_length", "search", false, true, true])
    );
    assert!(tab.complaints().is_empty(), "{:?}", tab.complaints());
    // It is the page that `report --html` writes.
    let report = server.get("/jobs/a/report.json");
    let report: serde_json::Value =
        serde_json::from_str(report.split_once("\r\n\r\n").unwrap().1).unwrap();
    let printed = bench
        .run("report a --base-dir jobs --json")
        .expect(0)
        .json();
    assert_eq!(report["operators"], printed["operators"]);
    assert_eq!(report["statistics"], printed["statistics"]);
}

#[test]
fn a_page_goes_on_after_the_server_was_away() {
    let bench = Bench::new(1_000);
    let job = frozen(&bench);
    let server = Server::start(&bench);
    let address = server.address.clone();
    let Some(browser) = Browser::find() else {
        return;
    };
    let mut tab = Tab::open(&browser, &server.url("/jobs/a"));
    tab.wait("document.getElementById('live').textContent === 'live'");
    assert_eq!(server.end("TERM"), Some(0));
    tab.wait_for_text("no connection, trying again");
    let server = Server::start_at(&bench, &address);
    tab.wait("document.getElementById('live').textContent === 'live'");
    job.thaw().expect(0);
    wait_for_status(&mut tab, "completed");
    assert!(tab.complaints().is_empty(), "{:?}", tab.complaints());
    assert_eq!(server.end("INT"), Some(0));
}

#[test]
fn a_page_says_how_its_job_ended() {
    let Some(browser) = Browser::find() else {
        return;
    };
    for (signal, code, status) in [("TERM", 143, "stopped"), ("KILL", -1, "interrupted")] {
        let bench = Bench::new(1_000);
        let job = frozen(&bench);
        let server = Server::start(&bench);
        let mut tab = Tab::open(&browser, &server.url("/jobs/a"));
        wait_for_status(&mut tab, "running");
        job.signal(signal);
        job.thaw_after(signal).expect(code);
        wait_for_status(&mut tab, status);
        tab.wait("document.getElementById('live').textContent.startsWith('not live')");
    }
    let bench = Bench::new(1_000);
    let line = Bench::line("--max_error_ratio 0.001 --max_errors 100");
    let server = Server::start(&bench);
    let mut tab = Tab::open(&browser, &server.url("/"));
    tab.wait_for_text("There are no jobs here yet");
    bench.run(&line).expect(1);
    tab.wait("document.querySelector('#jobs td .pill')?.textContent === 'failed'");
    tab.value("document.querySelector('#jobs td a').click()");
    wait_for_status(&mut tab, "failed");
    tab.wait_for_text("are in quarantine");
    tab.value("document.querySelector('header a').click()");
    tab.wait("document.title.startsWith('Jobs')");
    assert!(tab.complaints().is_empty(), "{:?}", tab.complaints());
}

#[test]
fn a_hostile_job_runs_no_script_on_a_served_page() {
    let hostile = "</script><script>document.documentElement.dataset.pwned=1</script><img src=x onerror=document.documentElement.dataset.pwned=1>";
    let bench = Bench::new(0);
    let record =
        serde_json::json!({"text": format!("{hostile} http://a.b/{hostile}"), hostile: hostile});
    bench.write(
        "in.jsonl",
        format!("{record}\n{{\"text\": \"{hostile}\n").repeat(50),
    );
    let recipe = bench.read("recipe.yaml");
    bench.write("recipe.yaml", format!("# {hostile}\n{recipe}"));
    bench.run(&Bench::line("")).expect(0);
    // A folder that looks like a job's, and a summary that anyone may have written.
    bench.write(
        "jobs/<img src=x onerror=alert(1)>/journal/000001.jsonl",
        "x",
    );
    let summary = serde_json::json!({"status": "failed", "start_time": 1.0, "error_message": hostile, "dataset_path": hostile});
    bench.write("jobs/b/job_summary.json", summary.to_string());
    let server = Server::start(&bench);
    let Some(browser) = Browser::find() else {
        return;
    };
    let mut tab = Tab::open(&browser, &server.url("/"));
    tab.wait_for_text("<img src=x onerror=alert(1)>");
    for path in [
        "/",
        "/jobs/a",
        "/jobs/b",
        "/jobs/%3Cimg%20src=x%20onerror=alert(1)%3E",
        "/<script>alert(1)</script>",
    ] {
        tab.go(&server.url(path));
        tab.value("document.querySelectorAll('details').forEach((one) => one.buildNow())");
        let harm = "[document.documentElement.dataset.pwned, document.images.length, document.scripts.length > 2]";
        assert_eq!(
            tab.value(harm),
            serde_json::json!([null, 0, false]),
            "{path}"
        );
        assert!(
            tab.value("document.body.innerText.length").as_u64() > Some(20),
            "{path}"
        );
    }
    // The policy would stop it too.
    tab.go(&server.url("/jobs/a"));
    tab.value("document.body.append(Object.assign(document.createElement('script'), {textContent: 'document.documentElement.dataset.pwned = 1'}))");
    assert_eq!(
        tab.value("document.documentElement.dataset.pwned"),
        serde_json::Value::Null
    );
}

#[test]
fn a_server_says_what_is_wrong_and_ends_when_asked() {
    let bench = Bench::new(0);
    let server = Server::start(&bench);
    bench
        .run(&format!(
            "serve --base-dir jobs --listen {}",
            server.address
        ))
        .expect(1)
        .tells(&[
            "error: cannot listen on 127.0.0.1:",
            "another program does; name another port, or port 0",
        ]);
    bench
        .run("serve --listen nowhere")
        .expect(2)
        .tells(&["must be an address and a port, such as 127.0.0.1:8080"]);
    assert_eq!(server.end("INT"), Some(0));
}

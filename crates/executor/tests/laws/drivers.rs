//! One driver per job, one job per export.

use std::thread;

use coldpress_executor::ErrorKind;
use coldpress_job::Status;

use crate::bench::Bench;
use crate::control;
use crate::dataset::Dataset;
use crate::operators;
use crate::plan::{Form, Plan};
use crate::reference::Expected;

/// While a job is held in the middle, another driver is refused, of the same job or of another with the same export.
#[track_caller]
fn check(second_job: &str, form: Form) {
    let dataset = Dataset::of_texts(["a", "b", "c"]);
    let id = control::new_id();
    let plan = Plan {
        form,
        ..Plan::new(vec![operators::hold(id)], 1)
    };
    let expected = Expected::of(&dataset, &plan);
    // Of two jobs with an export behind a URL, one learns only when it commits (law `of_two_jobs_with_one_url_one_is_exported_whole`).
    let bench = match second_job {
        "job" => Bench::new(&dataset),
        _ => Bench::beside(&dataset),
    };
    control::hold(id);
    let (first, second) = (
        bench.executor_of("job", &plan),
        bench.executor_of(second_job, &plan),
    );
    thread::scope(|scope| {
        let running = scope.spawn(|| first.run());
        control::wait_until_held(id);
        let refused = second.run();
        let held = control::held(id);
        control::disarm(id);
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Refused);
        // It was refused at the door: none of its own records came as far as the operator.
        assert_eq!(held, 1);
        let report = running.join().unwrap().unwrap();
        assert_eq!(report.status, Status::Completed);
        bench.check(&plan, &report, &expected);
    });
}

#[test]
fn a_second_driver_of_a_job_is_refused() {
    check("job", Form::Plain);
}

#[test]
fn a_second_job_on_an_export_is_refused() {
    check("other", Form::Plain);
    check("other", Form::Shards(10));
}

/// The export of a job that is done may be replaced by another job: it is Coldpress's own. Then the first one's is
/// not there any more, and is made again from its results.
#[test]
fn jobs_may_take_turns_at_an_export() {
    let dataset = Dataset::of_texts(["a", "b", "c"]);
    let bench = Bench::new(&dataset);
    let one = Plan::new(Vec::new(), 1);
    let other = Plan::new(vec![coldpress_config::OperatorCall::new("edit_mapper")], 2);
    bench.executor_of("one", &one).run().unwrap();
    bench.executor_of("other", &other).run().unwrap();
    bench.check_export(&other, &Expected::of(&dataset, &other));
    let report = bench.executor_of("one", &one).run().unwrap();
    assert!(!report.already_complete);
    assert_eq!(report.partitions_reused, 3);
    bench.check_export(&one, &Expected::of(&dataset, &one));
}

/// What Coldpress did not make is never replaced.
#[test]
fn a_foreign_file_at_the_export_path_stands() {
    let bench = Bench::new(&Dataset::of_texts(["a"]));
    let plan = Plan::new(Vec::new(), 1);
    std::fs::write(bench.path(plan.form.file_name()), "mine").unwrap();
    assert_eq!(bench.run(&plan).unwrap_err().kind(), ErrorKind::Refused);
    assert_eq!(bench.export(plan.form).unwrap(), [b"mine"]);
}

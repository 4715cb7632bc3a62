//! Same records, whatever the formats and the plan.

use proptest::prelude::*;

use super::any::any_files;
use super::expected::Expected;
use super::output::any_output;
use super::{Job, Work, any_work, any_workers, completed, with_workers};
use crate::bench::Bench;
use crate::dataset::any_dataset;
use crate::plan::{Plan, any_how, cases};

proptest! {
    #![proptest_config(cases(24))]

    /// Lines, arrays and cells are the same bytes under every plan, tables the same values and schema; and tables the
    /// same bytes too, where the dataset is cut at the same places.
    #[test]
    fn no_format_and_no_plan_shows_in_the_export(
        files in any_files(), work in any_work(), how in any_how(), workers in any_workers(),
    ) {
        let expected = Expected::of(&files, &work.plan);
        let Some((_, one)) = completed(&files, &work, &expected) else { return Ok(()) };
        let other = Work { plan: Plan { how, ..work.plan.clone() }, ..work.clone() };
        let (_, other) = completed(&files, &other, &expected).unwrap();
        if work.output.is_table() {
            prop_assert_eq!(&one.schema, &other.schema);
            let how = with_workers(&work.plan.how, workers);
            let same_cut = Work { plan: Plan { how, ..work.plan.clone() }, ..work };
            let (_, same_cut) = completed(&files, &same_cut, &expected).unwrap();
            prop_assert!(one.parts == same_cut.parts, "the bytes differ");
        } else {
            prop_assert!(one.parts == other.parts, "the bytes differ");
        }
    }

    /// Odd spellings, odd types, repeated keys, lines that are no records: what comes out as lines comes out in every
    /// form.
    #[test]
    fn odd_lines_come_out_in_every_form(
        dataset in any_dataset(), plan in crate::plan::any_plan(), output in any_output(),
    ) {
        let lines = crate::reference::Expected::of(&dataset, &plan);
        prop_assume!(lines.ledger.records > 0);
        let job = Job(Bench::new(&dataset));
        let work = Work { plan, output, stats: false, dropped: false };
        let report = job.run(&work).unwrap();
        let expected = Expected::of_lines(&lines);
        output.check(&job.read(&work), &expected);
        prop_assert_eq!(&report.ledger, &lines.ledger);
        prop_assert_eq!(report.unreadable.len() as u64, lines.torn);
        prop_assert_eq!(job.0.quarantined(&job.plan(&work)), lines.quarantined);
    }
}

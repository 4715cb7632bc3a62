//! Same records, whatever the formats and the plan.

use proptest::prelude::*;

use super::expected::Expected;
use super::files::any_files;
use super::{Work, any_work, any_workers, completed, with_workers};
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
}

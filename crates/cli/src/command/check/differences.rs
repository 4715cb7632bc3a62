//! Differences from Data-Juicer that can show in the results of a recipe.

use std::path::Path;

use coldpress::config::{Location, OperatorCall, Recipe};
use coldpress::executor::Prepared;
use coldpress::job::FieldsView;
use coldpress::ops::differences::{About, Case, Difference, all};
use coldpress::report::quantity::counted;

use crate::output::wrapped;

/// The recipe and its dataset, as far as `check` knows them.
pub(super) struct Known<'a> {
    pub(super) prepared: &'a Prepared,
    pub(super) fields: &'a FieldsView,
}

/// A difference that can show, and where.
struct Concern {
    difference: &'static Difference,
    places: Vec<String>,
    /// True if `compat` is set for all operators that the difference concerns.
    is_compat: bool,
}

impl Known<'_> {
    /// Returns the differences that can show in the recipe's results, and what `compat` does about them.
    pub(super) fn differences(&self) -> String {
        let mut concerns: Vec<Concern> = all().filter_map(|row| self.concern(row)).collect();
        // Keys of the recipe first, then in the order of the operators.
        let first = |one: &Concern| one.places.first()?.parse::<u32>().ok();
        concerns.sort_by_key(first);
        let text = wrapped(&head(&concerns, self.is_compat()), "", 0);
        concerns.iter().fold(text, |text, one| text + &one.lines())
    }

    fn recipe(&self) -> &Recipe {
        &self.prepared.recipe
    }

    fn is_compat(&self) -> bool {
        self.recipe().compat.is_some()
    }

    /// Returns where a difference can show: the numbers of operators, or a key of the recipe. None if it cannot.
    fn concern(&self, difference: &'static Difference) -> Option<Concern> {
        let shows = |is_compat: bool| !is_compat || difference.differs_with_compat();
        let (places, is_compat) = match difference.about {
            About::Analyses => return None,
            About::Key(key, case) => {
                let is_compat = self.is_compat();
                let can_show = self.has(case) && shows(is_compat);
                (
                    vec![format!("`{key}`")]
                        .into_iter()
                        .filter(|_| can_show)
                        .collect(),
                    is_compat,
                )
            }
            About::Operators(_) | About::FiltersAgain => {
                let is_again = matches!(difference.about, About::FiltersAgain);
                // An operator may have the key for itself.
                let is_compat = |call: &OperatorCall| {
                    let own = call.param("compat");
                    self.is_compat() || own.is_some_and(|value| !value.is_null())
                };
                let calls = self.recipe().process.iter().zip(1_u32..);
                let calls = calls
                    .filter(|(call, _)| difference.concerns_call(call) && shows(is_compat(call)))
                    .filter(|(call, number)| !is_again || self.is_known(call, *number));
                let calls: Vec<_> = calls.collect();
                let places: Vec<String> = calls.iter().map(|(_, at)| at.to_string()).collect();
                (places, calls.iter().all(|(call, _)| is_compat(call)))
            }
        };
        (!places.is_empty()).then_some(Concern {
            difference,
            places,
            is_compat,
        })
    }

    /// Returns whether records may have the statistics of a filter before it: from the input, or from the same filter.
    fn is_known(&self, call: &OperatorCall, number: u32) -> bool {
        let mut before = self.recipe().process.iter().zip(1..number);
        let mut fields = self.fields.fields.iter();
        before.any(|(earlier, _)| earlier.name == call.name)
            || fields.any(|field| field.name == "__dj__stats__")
    }

    /// Returns whether the recipe is such a case.
    fn has(&self, case: Case) -> bool {
        let recipe = self.recipe();
        let (inputs, total) = (&recipe.dataset.inputs, recipe.dataset.max_sample_num);
        let traces = |more: bool| recipe.trace.enabled && recipe.trace.samples > 0 && more;
        let names: Vec<&str> = recipe
            .process
            .iter()
            .map(|call| call.name.as_str())
            .collect();
        let any_name = |is: fn(&str) -> bool| names.iter().any(|name| is(name));
        match case {
            Case::Always => true,
            Case::WeightsAlone => total.is_none() && inputs.iter().any(|input| input.weight != 1.0),
            Case::BrokenShares => total.is_some_and(|total| {
                let sum: f64 = inputs.iter().map(|input| input.weight).sum();
                let mut shares = inputs
                    .iter()
                    .map(|input| total as f64 * (input.weight / sum));
                shares.any(|share| share.fract() != 0.0)
            }),
            Case::SinglePath => total.is_some() && inputs.len() == 1,
            Case::Draws => {
                let mut fractions = inputs.iter().map(|input| input.weight.fract());
                total.is_some() || !self.is_compat() && fractions.any(|part| part != 0.0)
            }
            Case::Total => total.is_some(),
            Case::TotalBesidePaths => {
                total.is_some() && recipe.spelling_of("dataset_path") == "dataset_path"
            }
            Case::SeveralElsewhere => {
                let mut urls = inputs.iter().map(|input| Location::of(&input.path).url());
                inputs.len() > 1 && (recipe.executor.kind.is_ray() || urls.any(|url| url.is_some()))
            }
            Case::Directory => {
                let mut paths = inputs.iter().map(|input| Location::of(&input.path).path());
                paths.any(|path| path.is_some_and(|path| Path::new(path).is_dir()))
            }
            Case::MediaPaths => {
                let keys = &recipe.fields;
                let keys = [&keys.image_key, &keys.audio_key, &keys.video_key];
                let mut fields = self.fields.fields.iter();
                fields.any(|field| keys.contains(&&field.name))
            }
            Case::UnevenFields => {
                let mut fields = self.fields.fields.iter();
                fields.any(|field| field.missing > 0 || field.types.len() > 1)
            }
            Case::Refused => false,
            Case::Statistics => {
                recipe.export.stats != Some(true) && any_name(|name| name.ends_with("_filter"))
            }
            Case::NoEnding => recipe.export_lacks_ending(),
            Case::Traces => traces(true),
            Case::TracesTwice => {
                let mut names = names.clone();
                names.sort_unstable();
                traces(names.windows(2).any(|two| two[0] == two[1]))
            }
            Case::TracesDeduplicator => traces(any_name(|name| name.ends_with("_deduplicator"))),
            Case::TracesExact => traces(any_name(|name| name == "document_deduplicator")),
            Case::TracesMany => {
                let mut specs = names
                    .iter()
                    .filter_map(|name| self.prepared.registry.get(name));
                traces(specs.any(|spec| spec.splits()))
            }
            Case::UnknownTraced => {
                let mut asked = recipe.trace.op_names.iter();
                traces(asked.any(|name| !names.contains(&name.as_str())))
            }
            Case::Duplicates => recipe.export.duplicates_path.is_some(),
        }
    }
}

/// Says how many differences there are, and what `compat` does about them.
fn head(concerns: &[Concern], is_compat: bool) -> String {
    let all = concerns.len();
    let differences = counted(all as u64, "difference");
    match (all, is_compat) {
        (0, _) => return "No known difference from Data-Juicer".to_owned(),
        (1, true) => {
            return format!("{differences} from Data-Juicer remains with `compat: data_juicer`:");
        }
        (_, true) => {
            return format!("{differences} from Data-Juicer remain with `compat: data_juicer`:");
        }
        _ => {}
    }
    let going = concerns
        .iter()
        .filter(|one| !one.difference.differs_with_compat());
    let going = match (going.count(), all) {
        (0, 1) => "It stays with".to_owned(),
        (_, 1) => "It disappears with".to_owned(),
        (0, _) => "None of them disappears with".to_owned(),
        (1, _) => "1 of them disappears with".to_owned(),
        (some, _) if some == all => "All of them disappear with".to_owned(),
        (some, _) => format!("{some} of them disappear with"),
    };
    let explained = match all {
        1 => "It is explained",
        _ => "All are explained",
    };
    format!(
        "{differences} from Data-Juicer can show in this recipe's results. {going} `compat: data_juicer`. {explained} in \
         docs/compatibility.md"
    )
}

impl Concern {
    fn lines(&self) -> String {
        let row = self.difference;
        let (here, with_compat) = match self.is_compat {
            true if row.with_compat != "the same" => (row.with_compat, None),
            true => (row.here, None),
            false => (row.here, Some(row.with_compat)),
        };
        let places = self.places.join(", ");
        let mut text = wrapped(&plainly(row.what), &format!("     {places:>4}  "), 11);
        let parts = [
            ("Data-Juicer", Some(row.data_juicer)),
            ("Here", Some(here)),
            ("With `compat`", with_compat),
        ];
        for (name, told) in parts {
            let told = told.map(|told| {
                if told == "–" {
                    "nothing of the kind"
                } else {
                    told
                }
            });
            if let Some(told) = told {
                text += &wrapped(&plainly(told), &format!("             {name}: "), 15);
            }
        }
        text
    }
}

/// Markdown without links and emphasis.
fn plainly(markdown: &str) -> String {
    let markdown = markdown.replace("**", "");
    let mut text = String::new();
    let mut rest = markdown.as_str();
    while let Some(middle) = rest.find("](") {
        let (Some(start), Some(length)) = (rest[..middle].rfind('['), rest[middle..].find(')'))
        else {
            break;
        };
        text += &rest[..start];
        text += &rest[start + 1..middle];
        rest = &rest[middle + length + 1..];
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_and_emphasis_are_reduced_to_their_text() {
        let told = plainly("**all** of [a.md](../a.md) and `[b]` ([c](c.md))");
        assert_eq!(told, "all of a.md and `[b]` (c)");
    }
}

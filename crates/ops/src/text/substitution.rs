//! Replaces the matches of a pattern with a template.

use std::fmt;
use std::ops::Range;

use coldpress_operator::RecordError;
use coldpress_pattern::{Error, Groups, Matches, Options, Pattern, Template, TooManySteps};

use super::char_set::CharSet;

/// A finder for a built-in pattern. It appends the ranges that it finds, in order and without overlap.
pub type Finder = fn(&str, &mut Vec<Range<usize>>);

/// Something to find and its replacement. The memory is reused from text to text.
#[derive(Clone)]
pub struct Substitution {
    target: Target,
    template: Template,
    found: Vec<Range<usize>>,
    expanded: String,
}

#[derive(Clone)]
enum Target {
    Finder(Finder),
    Pattern(Box<Matches>),
    /// Runs of these characters, each run as one match.
    Members(Box<CharSet>),
}

impl Substitution {
    /// Replaces the matches of `finder`. All of its `groups` groups are the whole match.
    ///
    /// # Errors
    /// [`Error::Template`].
    pub fn of_finder(finder: Finder, groups: usize, template: &str) -> Result<Self, Error> {
        let template = Template::parse(template, Groups::Whole(groups))?;
        Ok(Self::new(Target::Finder(finder), template))
    }

    /// Replaces the matches of a user's pattern of Python's `regex`. A wrapper `r'...'` or `r"..."` is removed, and a dot matches
    /// line feeds too.
    ///
    /// # Errors
    /// Those of the pattern, then those of the template.
    pub fn of_pattern(pattern: &str, template: &str) -> Result<Self, Error> {
        let options = Options {
            dot_all: true,
            ..Options::default()
        };
        Self::of_verbatim(unwrapped(pattern), template, options)
    }

    /// Replaces the matches of a user's pattern, which is read as it is written. A dot matches no line feeds unless the options say
    /// so.
    ///
    /// # Errors
    /// Those of the pattern, then those of the template.
    pub fn of_verbatim(pattern: &str, template: &str, options: Options) -> Result<Self, Error> {
        let pattern = Pattern::new(pattern, options)?;
        let template = Template::parse(template, Groups::Of(&pattern))?;
        let matches = Box::new(Matches::new(pattern));
        Ok(Self::new(Target::Pattern(matches), template))
    }

    /// Removes the matches of a user's pattern of Python's `regex`, as [`of_verbatim`](Self::of_verbatim) does. Adjacent matches
    /// may be reported as one.
    ///
    /// # Errors
    /// Those of the pattern.
    pub fn removing(pattern: &str) -> Result<Self, Error> {
        if let Some(set) = CharSet::of_category(pattern) {
            let nothing = Template::parse("", Groups::Whole(0))?;
            return Ok(Self::new(Target::Members(Box::new(set)), nothing));
        }
        Self::of_verbatim(pattern, "", Options::default())
    }

    fn new(target: Target, template: Template) -> Self {
        Self {
            target,
            template,
            found: Vec::new(),
            expanded: String::new(),
        }
    }

    /// Reports every replacement in `text`, in order, with its range.
    ///
    /// # Errors
    /// [`TooManySteps`] if a pattern that needs backtracking takes too long.
    pub fn replace_all(
        &mut self,
        text: &str,
        mut replace: impl FnMut(Range<usize>, &str),
    ) -> Result<(), TooManySteps> {
        let Self {
            target,
            template,
            found,
            expanded,
        } = self;
        match target {
            Target::Finder(finder) => {
                found.clear();
                finder(text, found);
                for range in found.iter() {
                    match template.as_literal() {
                        Some(literal) => replace(range.clone(), literal),
                        None => {
                            expanded.clear();
                            template.expand_whole(&text[range.clone()], expanded);
                            replace(range.clone(), expanded);
                        }
                    }
                }
            }
            Target::Members(set) => set.runs_of_members(text, |run| replace(run, "")),
            Target::Pattern(matches) => match template.as_literal() {
                Some(literal) => {
                    matches.each_whole(text, |start, end| replace(start..end, literal))?;
                }
                None => matches.each(text, |slots| {
                    let group = |group: usize| {
                        let places = slots.get(2 * group..2 * group + 2)?;
                        Some(places[0]?..places[1]?)
                    };
                    let Some(range) = group(0) else { return };
                    expanded.clear();
                    template.expand(|number| group(number).map(|at| &text[at]), expanded);
                    replace(range, expanded);
                })?,
            },
        }
        Ok(())
    }
}

/// Returns the error of a record in whose text a pattern takes too many steps.
pub(crate) fn too_many_steps(error: TooManySteps) -> RecordError {
    RecordError::new(error.to_string())
}

/// Returns the pattern without a wrapper `r'...'` or `r"..."`.
fn unwrapped(pattern: &str) -> &str {
    if pattern.chars().count() <= 2 {
        return pattern;
    }
    let inside = |quote: char| {
        pattern
            .strip_prefix('r')?
            .strip_prefix(quote)?
            .strip_suffix(quote)
    };
    inside('\'').or_else(|| inside('"')).unwrap_or(pattern)
}

impl fmt::Debug for Substitution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Substitution")
            .field("template", &self.template)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use coldpress_pattern::Dialect;

    use super::*;

    fn replaced(mut substitution: Substitution, text: &str) -> String {
        let mut out = String::new();
        let mut done = 0;
        let result = substitution.replace_all(text, |range, with| {
            out.push_str(&text[done..range.start]);
            out.push_str(with);
            done = range.end;
        });
        result.unwrap();
        out + &text[done..]
    }

    #[test]
    fn matches_become_what_the_template_says() {
        let cases = [
            ("x*", "-", "axb", "-a--b-"),
            ("(x*)", r"<\1>", "axé", "<>a<x><>é<>"),
            (
                r"(\w+) (\w+)",
                r"\2 \1",
                "one two, three four",
                "two one, four three",
            ),
            ("b", "", "abcb", "ac"),
        ];
        for (pattern, template, text, expected) in cases {
            assert_eq!(
                replaced(Substitution::of_pattern(pattern, template).unwrap(), text),
                expected
            );
        }
        let finder: Finder = |text, found| found.extend(text.find('@').map(|at| at..at + 1));
        assert_eq!(
            replaced(
                Substitution::of_finder(finder, 2, r"[\g<0>\1]").unwrap(),
                "a@b"
            ),
            "a[@@]b"
        );
    }

    #[test]
    fn a_wrapper_is_taken_off() {
        let of = |pattern: &str| Substitution::of_pattern(pattern, "-").unwrap();
        assert_eq!(replaced(of(r"r'\d{2,}'"), "a1 b22"), "a1 b-");
        assert_eq!(replaced(of("r\"x+\""), "axxb"), "a-b");
        assert_eq!(replaced(of("r'"), "ar'b"), "a-b");
        assert_eq!(replaced(of("a.b"), "a\nb"), "-");
        let options = Options {
            dialect: Dialect::Re,
            ..Options::default()
        };
        let verbatim = Substitution::of_verbatim("r'a.'", "-", options).unwrap();
        assert_eq!(replaced(verbatim, "r'a\n' r'ab'"), "r'a\n' -");
    }

    #[test]
    fn a_text_that_takes_too_many_steps_is_an_error() {
        let mut substitution = Substitution::of_pattern(r"(a+)+(?!b)c", "").unwrap();
        let text = "a".repeat(100);
        assert_eq!(
            substitution.replace_all(&text, |_, _| ()),
            Err(TooManySteps)
        );
        assert_eq!(substitution.replace_all("aac", |_, _| ()), Ok(()));
    }

    #[test]
    fn characters_of_a_category_are_removed_as_by_the_pattern() {
        let text = "a, b... «c»\u{1e95e}\u{1e95f} — d_e-f’s! 日本、語。\n\u{10ffff}";
        for pattern in [
            r"\p{P}", r"\p{P}+", r"\p{Lu}", r"\P{L}+", r"\p{Han}", "[.,]",
        ] {
            let plain = Substitution::of_verbatim(pattern, "", Options::default()).unwrap();
            let removing = Substitution::removing(pattern).unwrap();
            assert_eq!(replaced(removing, text), replaced(plain, text), "{pattern}");
        }
        assert!(Substitution::removing(r"\p{Xx}").is_err());
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert!(matches!(
            Substitution::of_pattern("(", "("),
            Err(Error::Pattern { .. })
        ));
        assert!(matches!(
            Substitution::of_pattern("a", r"\1"),
            Err(Error::Template { .. })
        ));
    }
}

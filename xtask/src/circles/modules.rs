//! The modules of a crate, and the uses between them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::paths::{Found, paths};

/// A module by its path in the crate; the crate itself is empty.
type Module = Vec<String>;

/// The modules of a crate that are files of their own, except those for tests.
#[derive(Default)]
pub(super) struct Crate {
    modules: BTreeMap<Module, File>,
}

#[derive(Default)]
struct File {
    /// The path relative to the folder of the crate's sources.
    path: PathBuf,
    paths: Vec<Found>,
}

/// The use of a module by another beside it, or of something that their parent defines.
#[derive(Debug)]
pub(super) struct Use {
    /// The module that holds both; empty for the crate itself.
    pub(super) parent: String,
    pub(super) from: String,
    pub(super) to: String,
    /// The place and the path, as an example.
    pub(super) example: String,
}

/// The name of the crate's own file among its modules.
const ROOT: &str = "lib.rs";

impl Crate {
    /// Reads the crate whose sources are in this folder.
    pub(super) fn read(sources: &Path) -> Result<Self> {
        let mut files = Vec::new();
        list(sources, &mut files)?;
        let texts = files.into_iter().map(|file| {
            let text = std::fs::read_to_string(&file);
            let text = text.with_context(|| format!("cannot read {}", file.display()))?;
            let path = file.strip_prefix(sources).unwrap_or(&file);
            Ok((path.to_owned(), text))
        });
        Ok(Self::of_texts(texts.collect::<Result<_>>()?))
    }

    fn of_texts(texts: Vec<(PathBuf, String)>) -> Self {
        let mut modules = BTreeMap::new();
        let mut for_tests: BTreeSet<Module> = BTreeSet::new();
        for (path, text) in texts {
            let module = module_of(&path);
            let found = paths(&text);
            let within = |name| module.iter().cloned().chain([name]).collect();
            for_tests.extend(found.test_modules.into_iter().map(within));
            let paths = found.paths;
            modules.insert(module, File { path, paths });
        }
        let is_for_tests =
            |module: &Module| (1..=module.len()).any(|end| for_tests.contains(&module[..end]));
        modules.retain(|module, _| !is_for_tests(module));
        Self { modules }
    }

    /// Returns every use of one module by another beside it.
    pub(super) fn uses(&self) -> Vec<Use> {
        let mut uses = Vec::new();
        for (module, file) in &self.modules {
            for found in &file.paths {
                let start: Module = module.iter().chain(&found.inside).cloned().collect();
                let target = self.target(&start, &found.segments, 0);
                uses.extend(target.and_then(|target| {
                    let example = format!("{}:{}", file.path.display(), found.line);
                    let example = format!("{} in {example}", found.segments.join("::"));
                    between(module, &target, example)
                }));
            }
        }
        uses
    }

    /// Returns the module in which the target of a path is defined; none if that is another crate.
    fn target(&self, start: &[String], segments: &[String], depth: usize) -> Option<Module> {
        let first = segments.first()?.as_str();
        let (mut at, mut rest): (Module, &[String]) = match first {
            "crate" => (Module::new(), &segments[1..]),
            "self" => (start.to_vec(), &segments[1..]),
            "super" => (
                start[..start.len().checked_sub(1)?].to_vec(),
                &segments[1..],
            ),
            name if self.has_child(start, name) => (start.to_vec(), segments),
            _ => return None,
        };
        while let Some((next, behind)) = rest.split_first() {
            if next == "super" {
                at.pop()?;
            } else if self.has_child(&at, next) {
                at.push(next.clone());
            } else {
                break;
            }
            rest = behind;
        }
        let Some(name) = rest.first() else {
            return Some(at);
        };
        match self.import(&at, name) {
            Some(import) if depth < 8 => {
                let within: Module = at.iter().chain(&import.inside).cloned().collect();
                self.target(&within, &import.segments, depth + 1)
            }
            _ => Some(at),
        }
    }

    fn has_child(&self, module: &[String], name: &str) -> bool {
        let child: Module = module.iter().cloned().chain([name.to_owned()]).collect();
        self.modules.contains_key(&child)
    }

    /// Returns the import that gives a module this name.
    fn import(&self, module: &Module, name: &str) -> Option<&Found> {
        let imports = &self.modules.get(module)?.paths;
        imports
            .iter()
            .find(|found| found.name.as_deref() == Some(name))
    }
}

/// Returns the use of `target` by `module` as one between modules beside each other. What is in a module's own file belongs to all
/// modules inside it, except for the file of the crate.
fn between(module: &Module, target: &Module, example: String) -> Option<Use> {
    let common = module
        .iter()
        .zip(target)
        .take_while(|(own, other)| own == other)
        .count();
    let parent = module[..common].join("::");
    let (from, to) = match (module.get(common), target.get(common)) {
        (Some(from), Some(to)) => (from.clone(), to.clone()),
        (Some(from), None) if common == 0 => (from.clone(), ROOT.to_owned()),
        (None, Some(to)) if common == 0 => (ROOT.to_owned(), to.clone()),
        _ => return None,
    };
    Some(Use {
        parent,
        from,
        to,
        example,
    })
}

fn module_of(path: &Path) -> Module {
    let bare = path.with_extension("");
    let mut module: Module = bare
        .iter()
        .map(|name| name.to_string_lossy().into_owned())
        .collect();
    if module.last().is_some_and(|last| last == "mod") || module == ["lib"] || module == ["main"] {
        module.pop();
    }
    module
}

fn list(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let entries = std::fs::read_dir(folder);
    for entry in entries.with_context(|| format!("cannot list {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            list(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(files: &[(&str, &str)], expected: &[&str]) {
        let texts = files
            .iter()
            .map(|(path, text)| (PathBuf::from(path), (*text).to_owned()));
        let uses = Crate::of_texts(texts.collect()).uses();
        let shown = uses
            .iter()
            .map(|found| format!("{} {}>{}", found.parent, found.from, found.to));
        assert_eq!(shown.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_path_leads_to_where_the_item_is_defined() {
        let lib = (
            "lib.rs",
            "mod a; mod b; pub use b::c::X; pub const N: u32 = 1;",
        );
        let c = ("b/c.rs", "pub struct X;");
        check(
            &[lib, ("a.rs", "use crate::X;"), ("b.rs", "pub mod c;"), c],
            &[" lib.rs>b", " a>b"],
        );
        check(
            &[lib, ("a.rs", "use super::N;"), ("b.rs", ""), c],
            &[" lib.rs>b", " a>lib.rs"],
        );
        check(
            &[
                lib,
                ("a.rs", "use crate::b::W;"),
                ("b.rs", "use crate::a::Y;"),
                c,
            ],
            &[" lib.rs>b", " a>b", " b>a"],
        );
    }

    #[test]
    fn modules_inside_of_others_are_compared_there() {
        let files = [
            ("lib.rs", ""),
            ("a.rs", "mod x; mod y; fn f() {}"),
            ("a/x.rs", "use super::y::Y; use super::f; use crate::a::y;"),
            ("a/y/mod.rs", "mod m { use super::super::x; }"),
        ];
        check(&files, &["a x>y", "a x>y", "a y>x"]);
    }

    #[test]
    fn modules_for_tests_may_use_anything() {
        let lib = ("lib.rs", "mod a; #[cfg(test)] mod tests;");
        check(
            &[
                lib,
                ("a.rs", ""),
                ("tests.rs", "use crate::a;"),
                ("tests/t.rs", "use crate::a;"),
            ],
            &[],
        );
    }
}

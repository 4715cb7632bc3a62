//! A case: damage, run again, judge.

use std::fmt;
use std::fs;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::bench::{Bench, Place, Ran, Written};
use crate::files::{self, May, names_of};
use crate::harm::{Harm, STRANGER};
use crate::state::State;

/// A file and what happens to it.
pub(crate) struct Case {
    state: State,
    file: String,
    harm: Harm,
    may: May,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "| {:?} | {} | {:?} |", self.state, self.file, self.harm)
    }
}

/// The harms to the first and the last file of each kind.
pub(crate) fn cases_of(scene: &Place, state: State) -> Vec<Case> {
    let mut cases = Vec::new();
    for kind in files::by_kind(scene.files(), state) {
        let mut add = |file: &str, harms: Vec<Harm>| {
            let case = |harm| Case {
                state,
                file: file.to_owned(),
                harm,
                may: kind.may,
            };
            cases.extend(harms.into_iter().map(case));
        };
        let (first, others) = kind.files.split_first().unwrap();
        add(first, Harm::of(&scene.path(first)));
        if let Some(last) = others.last() {
            add(last, Harm::of(&scene.path(last)));
            let together = vec![
                Harm::Swap(last.clone()),
                Harm::DeleteAll(kind.files.clone()),
            ];
            add(first, together);
        }
    }
    cases
}

/// Plays all cases, and gives the rows of those that went wrong.
pub(crate) fn play_all(bench: &Bench, scene: &Place, cases: &[Case]) -> Vec<String> {
    let (next, failed) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(case) = cases.get(number) else {
                        break;
                    };
                    let place = bench.place(&format!("case-{number:03}"));
                    scene.copy_to(&place);
                    if let Err(reason) = case.play(bench, &place) {
                        failed.lock().unwrap().push(format!("{case} {reason} |"));
                    }
                    place.remove();
                }
            });
        }
    });
    failed.into_inner().unwrap()
}

impl Case {
    fn play(&self, bench: &Bench, place: &Place) -> Result<(), String> {
        self.harm.apply(place, &self.file);
        let before = place.written();
        let ran = self.run(place, "")?;
        if self.harm == Harm::LinkAstray
            && fs::read(place.path(STRANGER)).unwrap() != STRANGER.as_bytes()
        {
            return Err("the file of somebody else was written to".to_owned());
        }
        if ran.code == Some(0) {
            return check_whole(place, &bench.undisturbed);
        }
        self.check_refused(place, &before, &ran)?;
        if ran.stderr.contains("--fresh") {
            // What is advised must help.
            self.run(place, "--fresh")?;
            check_whole(place, &bench.undisturbed)?;
        }
        Ok(())
    }

    fn run(&self, place: &Place, more: &str) -> Result<Ran, String> {
        let ran = place.process(&format!("{} {more}", self.state.arguments()), None);
        let has_panicked = [&ran.stdout, &ran.stderr]
            .into_iter()
            .any(|text| text.contains("panicked"));
        match has_panicked {
            true => Err(format!("a panic: {}{}", ran.stdout, ran.stderr)),
            false => Ok(ran),
        }
    }

    /// The run ended with an error that names the file, and left the export alone.
    fn check_refused(&self, place: &Place, before: &Written, ran: &Ran) -> Result<(), String> {
        let fails = |what: &str| {
            Err(format!(
                "{what}; exit {:?}: {}",
                ran.code,
                ran.stderr.trim()
            ))
        };
        if ran.code.is_none() {
            return fails("it did not end");
        }
        if place.written() != *before {
            return fails("not done, and the export is another");
        }
        if !self.may.refuse(&self.harm) {
            return fails("refused what can be mended");
        }
        let is_error = |line: &&str| line.starts_with("error: ");
        let errors: Vec<_> = ran.stderr.lines().filter(is_error).collect();
        let names_it = |error: &&str| names_of(&self.file).any(|name| error.contains(&name));
        match errors[..] {
            [error] if names_it(&error) => Ok(()),
            _ => fails("no error line that names the file"),
        }
    }
}

fn check_whole(place: &Place, undisturbed: &Written) -> Result<(), String> {
    let written = place.written();
    let names = |written: &Written| written.keys().cloned().collect::<Vec<_>>().join(", ");
    if names(&written) != names(undisturbed) {
        return Err(format!("exported {}", names(&written)));
    }
    let differs = |(name, bytes): &(&String, &Vec<u8>)| undisturbed.get(*name) != Some(*bytes);
    match written.iter().find(differs) {
        Some((name, _)) => Err(format!("{name} differs from that of an undisturbed run")),
        None => Ok(()),
    }
}

use super::*;
use crate::layout::Layout;
use coldpress_storage::MemoryStore;

/// Returns schemes that map to one store in memory.
pub(super) fn schemes() -> (StoreSchemes, MemoryStore) {
    let store = MemoryStore::new();
    let opened = store.clone();
    let schemes = StoreSchemes::default().with("memory", move |_| Ok(Arc::new(opened.clone())));
    (schemes, store)
}

#[test]
fn a_stand_in_is_named_after_the_url_and_goes_with_who_only_looks() {
    let dir = tempfile::tempdir().unwrap();
    let (schemes, _) = schemes();
    let at = |url: &str, scratch: &Scratch| {
        Layout::at_url(url, "job".parse().unwrap(), &schemes, scratch).unwrap()
    };
    let below = Scratch::Below(dir.path().to_owned());
    let layout = at("memory://b/jobs", &below);
    assert_eq!(layout.url(), Some("memory://b/jobs/job"));
    assert_eq!(layout.shown_base(), "memory://b/jobs");
    assert!(layout.job_dir().starts_with(dir.path()) && layout.job_dir().ends_with("job"));
    let shown = layout.shown_path(&layout.summary());
    assert_eq!(shown, Path::new("memory://b/jobs/job/job_summary.json"));
    for same in ["memory://b/jobs/", "memory://b/jobs/job"] {
        assert_eq!(at(same, &below).job_dir(), layout.job_dir(), "{same}");
    }
    assert_ne!(at("memory://c/jobs", &below).job_dir(), layout.job_dir());
    let temporary = at("memory://b/jobs", &Scratch::Temporary);
    temporary.bring().unwrap();
    let folder = temporary.job_dir().to_owned();
    let other = temporary.clone();
    drop(temporary);
    assert!(folder.is_dir());
    drop(other);
    assert!(!folder.exists());
}

#[test]
fn every_place_is_below_the_url_but_for_those_that_the_recipe_puts_elsewhere() {
    let (schemes, _) = schemes();
    let paths = coldpress_config::PathSettings {
        work_dir: "memory://b/jobs".to_owned(),
        partition_dir: Some("/p".to_owned()),
        ..coldpress_config::PathSettings::default()
    };
    let id: JobId = "job".parse().unwrap();
    let layout = Layout::with_stores(&paths, id.clone(), &schemes, &Scratch::Temporary).unwrap();
    let specs = layout.store_specs();
    for place in coldpress_storage::Place::ALL {
        let expected = match place {
            coldpress_storage::Place::Partitions => StoreSpec::Folder("/p/job".into()),
            _ => StoreSpec::Url(format!("memory://b/jobs/job/{place}")),
        };
        assert_eq!(specs.of(place), expected);
    }
    assert!(matches!(
        Layout::new(&paths, id),
        Err(Error::NoFolder { .. })
    ));
}

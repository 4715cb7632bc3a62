//! Where operators find models and word lists, where the recipe does not say.

use std::ffi::OsStr;
use std::path::PathBuf;

use coldpress::assets::AssetFolders;

/// The folders of `COLDPRESS_ASSETS`, separated by `:`; else those that Data-Juicer's own variables name; else those that
/// Coldpress, Data-Juicer and Hugging Face's tools have in the user's cache.
pub(crate) fn folders() -> AssetFolders {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let cache = cache();
    let folders = AssetFolders::new(places(variable, cache.clone()));
    match cache {
        Some(cache) => folders.remembering_in(cache.join("coldpress/digests.json")),
        None => folders,
    }
}

/// The folder in which jobs that lie in object stores have their copies on this machine, where the recipe does not say.
pub(crate) fn scratch() -> PathBuf {
    let cache = cache().unwrap_or_else(std::env::temp_dir);
    cache.join("coldpress/scratch")
}

/// The user's folder for what can be made again.
fn cache() -> Option<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let cache = variable("XDG_CACHE_HOME").map(PathBuf::from);
    cache.or_else(|| Some(PathBuf::from(variable("HOME")?).join(".cache")))
}

fn places<V: AsRef<OsStr>>(
    variable: impl Fn(&str) -> Option<V>,
    cache: Option<PathBuf>,
) -> Vec<PathBuf> {
    let listed = |name: &str| -> Vec<PathBuf> {
        let value = variable(name);
        value.map_or_else(Vec::new, |value| std::env::split_paths(&value).collect())
    };
    let own = listed("COLDPRESS_ASSETS");
    if !own.is_empty() {
        return own;
    }
    let theirs = [
        "DATA_JUICER_EXTERNAL_MODELS_HOME",
        "DATA_JUICER_MODELS_CACHE",
        "DATA_JUICER_ASSETS_CACHE",
    ];
    let theirs: Vec<PathBuf> = theirs.into_iter().flat_map(listed).collect();
    if !theirs.is_empty() {
        return theirs;
    }
    let folders = [
        "coldpress/assets",
        "data_juicer/models",
        "data_juicer/assets",
        "huggingface",
    ];
    let cached = cache.into_iter();
    cached
        .flat_map(|cache| folders.map(|folder| cache.join(folder)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(variables: &[(&str, &str)]) -> Vec<String> {
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| value.to_owned())
        };
        let places = places(variable, Some("/cache".into()));
        places
            .iter()
            .map(|place| place.display().to_string())
            .collect()
    }

    #[test]
    fn the_nearest_word_counts() {
        let own = ("COLDPRESS_ASSETS", "/a:/b");
        let theirs = ("DATA_JUICER_MODELS_CACHE", "/dj");
        assert_eq!(found(&[own, theirs]), ["/a", "/b"]);
        assert_eq!(found(&[theirs]), ["/dj"]);
        assert_eq!(found(&[])[0], "/cache/coldpress/assets");
    }
}

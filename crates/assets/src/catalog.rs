//! The addresses of files, which are those that Data-Juicer 1.6.1 downloads them from (`utils/model_utils.py` and
//! `utils/asset_utils.py` of that package).

/// The folder of Data-Juicer's copies.
const COPIES: &str = "https://dail-wlcb.oss-cn-wulanchabu.aliyuncs.com/data_juicer";
/// The language models of cc_net, trained on Wikipedia.
const LANGUAGE_MODELS: &str = "https://huggingface.co/edugp/kenlm/resolve/main/wikipedia";
const FASTTEXT_MODELS: &str = "https://dl.fbaipublicfiles.com/fasttext/supervised-models";
const TOKENIZERS: &str = "https://huggingface.co";
/// NLTK's data at a fixed revision, and as its downloader gets it.
const NLTK_DATA: [&str; 2] = [
    "https://raw.githubusercontent.com/nltk/nltk_data/550b6625bcef1f2abff2ff770a5a0d272c9c6b2a/packages",
    "https://raw.githubusercontent.com/nltk/nltk_data/gh-pages/packages",
];
/// The sentence tables of all languages, one folder each.
const PUNKT: &str = "punkt_tab";
const PUNKT_ARCHIVE: &str = "nltk_data/tokenizers/punkt_tab.zip";

/// Digests that are known from elsewhere. A file with a different one is refused.
const PINNED: [(&str, &str); 5] = [
    (
        "en.arpa.bin",
        "04923fccbb4e63005c40f01d66112659416de01accd80d16e366a592289ee07a",
    ),
    (
        "en.sp.model",
        "cf8147a573770b4e6c0d4df1dcb75453baa88190706dab406be7711b84f059de",
    ),
    (
        "lid.176.bin",
        "7e69ec5451bc261cc7844e49e4792a85d7f09c06789ec800fc4a44aec362764e",
    ),
    (
        "lid.176.ftz",
        "8f3472cfe8738a7b6099e8e999c3cbfae0dcd15696aac7d7738a8039db603e83",
    ),
    // From the index of NLTK's data at that revision.
    (
        PUNKT_ARCHIVE,
        "e57f64187974277726a3417ca6f181ec5403676c717672eef6a748a7b20e0106",
    ),
];

/// A file that can be downloaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Download {
    /// Its name in a folder of assets.
    pub name: String,
    /// Its addresses, the first choice first.
    pub addresses: Vec<String>,
    /// The SHA-256 that it must have, in hexadecimal digits, if it is known.
    pub sha256: Option<String>,
    /// The wanted folder, if the file is a ZIP archive of folders. It is unpacked beside the archive.
    pub folder: Option<String>,
}

impl Download {
    /// Returns the download for a file or folder with this name, if it is known.
    ///
    /// ```
    /// use coldpress_assets::Download;
    ///
    /// let download = Download::of("en.sp.model").unwrap();
    /// assert!(download.addresses[1].ends_with("/wikipedia/en.sp.model"));
    /// assert_eq!(Download::of("my-own.model"), None);
    /// ```
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        let (file, folder) = file_of(name);
        Some(Self::from(file, folder, addresses(file)?))
    }

    /// Returns the same file in a user's own mirror, which is used instead of the known addresses.
    #[must_use]
    pub fn from_mirror(name: &str, mirror: &str) -> Self {
        let (file, folder) = file_of(name);
        // In a mirror, an archive has its own name, without NLTK's folders.
        let called = match folder {
            Some(_) => file.rsplit('/').next().unwrap_or(file),
            None => file,
        };
        let address = format!("{}/{called}", mirror.trim_end_matches('/'));
        Self::from(file, folder, vec![address])
    }

    fn from(file: &str, folder: Option<&str>, addresses: Vec<String>) -> Self {
        let pinned = PINNED.iter().find(|(known, _)| *known == file);
        Self {
            name: file.to_owned(),
            addresses,
            sha256: pinned.map(|(_, digest)| (*digest).to_owned()),
            folder: folder.map(str::to_owned),
        }
    }
}

/// Returns the file that contains an asset, and the folder in it, if it is an archive.
fn file_of(name: &str) -> (&str, Option<&str>) {
    let language = name
        .strip_prefix(PUNKT)
        .and_then(|rest| rest.strip_prefix('/'));
    match language.is_some_and(|language| !language.contains('/')) {
        true => (PUNKT_ARCHIVE, Some(name)),
        false => (name, None),
    }
}

fn addresses(name: &str) -> Option<Vec<String>> {
    let copy = |folder: &str| format!("{COPIES}/{folder}{name}");
    if name == PUNKT_ARCHIVE {
        let name = name.replace("nltk_data/", "");
        return Some(NLTK_DATA.map(|data| format!("{data}/{name}")).into());
    }
    if name.starts_with("lid.176.") {
        return Some(vec![format!("{FASTTEXT_MODELS}/{name}"), copy("models/")]);
    }
    if name.ends_with(".sp.model") || name.ends_with(".arpa.bin") {
        return Some(vec![copy("models/"), format!("{LANGUAGE_MODELS}/{name}")]);
    }
    if name == "stopwords.json" || name == "flagged_words.json" {
        return Some(vec![copy("")]);
    }
    // A tokenizer on the Hugging Face hub is called `owner/name/tokenizer.json` here.
    let repository = name.strip_suffix("/tokenizer.json")?;
    let parts = repository.split('/').count();
    (parts == 2).then(|| {
        vec![format!(
            "{TOKENIZERS}/{repository}/resolve/main/tokenizer.json"
        )]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_data_juicer_downloads_is_known() {
        for (name, end) in [
            ("lid.176.bin", "/supervised-models/lid.176.bin"),
            ("zh.sp.model", "/data_juicer/models/zh.sp.model"),
            ("en.arpa.bin", "/data_juicer/models/en.arpa.bin"),
            ("stopwords.json", "/data_juicer/stopwords.json"),
            (
                "EleutherAI/pythia-6.9b-deduped/tokenizer.json",
                "/EleutherAI/pythia-6.9b-deduped/resolve/main/tokenizer.json",
            ),
        ] {
            let download = Download::of(name).unwrap();
            assert!(download.addresses[0].ends_with(end), "{name}");
            assert!(
                download
                    .addresses
                    .iter()
                    .all(|address| address.starts_with("https://"))
            );
        }
        assert_eq!(Download::of("a/b/c/tokenizer.json"), None);
        let punkt = Download::of("punkt_tab/english").unwrap();
        assert_eq!(punkt.name, "nltk_data/tokenizers/punkt_tab.zip");
        assert_eq!(punkt.folder.as_deref(), Some("punkt_tab/english"));
        assert!(punkt.sha256.is_some());
        for address in punkt.addresses {
            assert!(address.ends_with("/packages/tokenizers/punkt_tab.zip"));
        }
    }

    #[test]
    fn a_mirror_is_asked_alone_and_must_have_the_same_bytes() {
        let download = Download::from_mirror("lid.176.bin", "http://127.0.0.1:1/x/");
        assert_eq!(download.addresses, ["http://127.0.0.1:1/x/lid.176.bin"]);
        assert_eq!(download.sha256, Download::of("lid.176.bin").unwrap().sha256);
        let punkt = Download::from_mirror("punkt_tab/french", "http://127.0.0.1:1");
        assert_eq!(punkt.addresses, ["http://127.0.0.1:1/punkt_tab.zip"]);
        assert_eq!(
            punkt.sha256,
            Download::of("punkt_tab/english").unwrap().sha256
        );
    }
}

//! Where files come from: the addresses that Data-Juicer 1.6.1 downloads them from (`utils/model_utils.py` and
//! `utils/asset_utils.py` of that package).

/// The folder of Data-Juicer's copies.
const COPIES: &str = "https://dail-wlcb.oss-cn-wulanchabu.aliyuncs.com/data_juicer";
/// The language models of cc_net, trained on Wikipedia.
const LANGUAGE_MODELS: &str = "https://huggingface.co/edugp/kenlm/resolve/main/wikipedia";
const FASTTEXT_MODELS: &str = "https://dl.fbaipublicfiles.com/fasttext/supervised-models";
const TOKENIZERS: &str = "https://huggingface.co";

/// Digests that are known from elsewhere. A file with another one is refused.
const PINNED: [(&str, &str); 4] = [
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
];

/// A file that can be downloaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Download {
    /// What it is called in a folder of assets.
    pub name: String,
    /// Where it is, the first choice first.
    pub addresses: Vec<String>,
    /// The SHA-256 that it must have, in hexadecimal digits, where that is known.
    pub sha256: Option<String>,
}

impl Download {
    /// Where a file of this name comes from; none if nobody is known to have it.
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
        let pinned = PINNED.iter().find(|(known, _)| *known == name);
        Some(Self {
            name: name.to_owned(),
            addresses: addresses(name)?,
            sha256: pinned.map(|(_, digest)| (*digest).to_owned()),
        })
    }

    /// The same file from a folder of a user's own, which is asked instead of the known addresses.
    #[must_use]
    pub fn from_mirror(name: &str, mirror: &str) -> Self {
        let pinned = PINNED.iter().find(|(known, _)| *known == name);
        Self {
            name: name.to_owned(),
            addresses: vec![format!("{}/{name}", mirror.trim_end_matches('/'))],
            sha256: pinned.map(|(_, digest)| (*digest).to_owned()),
        }
    }
}

fn addresses(name: &str) -> Option<Vec<String>> {
    let copy = |folder: &str| format!("{COPIES}/{folder}{name}");
    if name.starts_with("lid.176.") {
        return Some(vec![format!("{FASTTEXT_MODELS}/{name}"), copy("models/")]);
    }
    if name.ends_with(".sp.model") || name.ends_with(".arpa.bin") {
        return Some(vec![copy("models/"), format!("{LANGUAGE_MODELS}/{name}")]);
    }
    if name == "stopwords.json" || name == "flagged_words.json" {
        return Some(vec![copy("")]);
    }
    // A tokenizer of the Hugging Face hub is `owner/name/tokenizer.json` here.
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
    }

    #[test]
    fn a_mirror_is_asked_alone_and_must_have_the_same_bytes() {
        let download = Download::from_mirror("lid.176.bin", "http://127.0.0.1:1/x/");
        assert_eq!(download.addresses, ["http://127.0.0.1:1/x/lid.176.bin"]);
        assert_eq!(download.sha256, Download::of("lid.176.bin").unwrap().sha256);
    }
}

//! A folder with a job to report on.

use std::ops::Deref;

use serde_json::Value;

use crate::shared::Folder;

const RECIPE: &str = "\
dataset_path: in.jsonl
export_path: out/clean.jsonl
work_dir: jobs
np: 2
partition: {size: 10}
export_dropped: out/dropped
resource_sample_seconds: 0.05
max_error_ratio: 1
open_tracer: true
process:
  - whitespace_normalization_mapper:
  - clean_links_mapper:
  - text_length_filter: {min_len: 12}
  - document_deduplicator:
";

/// A folder with records and a recipe.
pub(crate) struct Bench(Folder);

impl Deref for Bench {
    type Target = Folder;

    fn deref(&self) -> &Folder {
        &self.0
    }
}

impl Bench {
    /// Writes so many records. Some are short, some are damaged, and each ten are the same.
    pub(crate) fn new(records: usize) -> Self {
        let bench = Self(Folder::new());
        let line = |id: usize| match id % 50 {
            7 => format!("{{\"text\": \"torn {id}\n"),
            13 => format!("{{\"text\": {id}}}\n"),
            _ => format!(
                "{{\"id\": {id}, \"text\": \" text  number {} of many\"}}\n",
                id / 10
            ),
        };
        bench.write("in.jsonl", (0..records).map(line).collect::<String>());
        bench.write("recipe.yaml", RECIPE);
        bench
    }

    /// Returns the words that run the recipe as the job `a`, with these settings.
    pub(crate) fn line(settings: &str) -> String {
        format!("process --config recipe.yaml --job_id a --no-progress {settings}")
    }

    /// Writes the page of the job and returns it.
    #[track_caller]
    pub(crate) fn page(&self) -> String {
        self.run("report a --base-dir jobs --html page.html")
            .expect(0)
            .tells(&["page of job a: page.html"]);
        self.read("page.html")
    }
}

/// Returns the report inside a page.
pub(crate) fn data_of(page: &str) -> Value {
    let (begin, end) = place_of_data(page);
    serde_json::from_str(&page[begin..end]).unwrap()
}

/// Puts another report into a page.
pub(crate) fn with_data(page: &str, data: &Value) -> String {
    let (begin, end) = place_of_data(page);
    let json = data.to_string().replace('<', "\\u003c");
    format!("{}{json}{}", &page[..begin], &page[end..])
}

/// Appends a script to a page, and removes the policy that would not let it run.
pub(crate) fn with_script(page: &str, script: &str) -> String {
    let policy = page.find("<meta http-equiv").unwrap();
    let end = policy + page[policy..].find('\n').unwrap();
    let page = format!("{}{}", &page[..policy], &page[end..]);
    page.replace("</body>", &format!("<script>{script}</script></body>"))
}

fn place_of_data(page: &str) -> (usize, usize) {
    let tag = "<script type=\"application/json\" id=\"report\">";
    let begin = page.find(tag).unwrap() + tag.len();
    (begin, begin + page[begin..].find("</script>").unwrap())
}

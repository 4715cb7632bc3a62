//! The preview of a run, as text.

use coldpress_dataset::FileCompression;
use coldpress_executor::{DiskSpace, StoreSpace};

use coldpress_job::FieldsView;

use crate::plan::{PlanView, PlannedPath, PlannedSource, StageView};
use crate::quantity::{bytes, counted, grouped, plain};

/// The most files that are listed by name.
const LISTED_SOURCES: usize = 10;

impl PlanView {
    /// Renders the plan as text.
    #[must_use]
    pub fn render(&self) -> String {
        let about = if self.exact { "" } else { "about " };
        let mut text = format!("Plan of {}\n\n", plain(&self.project_name));
        text.push_str(&self.render_sources());
        text.push_str(&self.render_mixture());
        text.push_str(&format!(
            "Records      {about}{}{}{}\n",
            grouped(self.records),
            self.drawn_text(),
            self.limit.map_or(String::new(), |limit| format!(
                " (limit {})",
                grouped(limit)
            ))
        ));
        text.push_str(&format!(
            "Partitions   {about}{} of up to {} or {}\n",
            grouped(self.partitions),
            counted(self.partition_records, "record"),
            bytes(self.partition_bytes)
        ));
        for decision in &self.decisions {
            text.push_str(&format!(
                "             {} {}: {}\n",
                plain(&decision.what),
                plain(&decision.value),
                plain(&decision.reason)
            ));
        }
        text.push_str(&render_fields(&self.fields, 13));
        text.push_str(&format!("Workers      {}\n", self.workers_text()));
        let points = self.stages.iter().flat_map(|stage| &stage.checkpoints);
        let points: Vec<u32> = points.copied().collect();
        let mut follows_placed = false;
        for (stage, number) in self.stages.iter().zip(1..) {
            text.push_str(&stage.render(number, follows_placed, &points));
            follows_placed = stage.places_records;
        }
        if self.stages.len() > 1 {
            text.push_str(
                "             A barrier waits for all partitions, then decides about the whole\n             \
                 dataset; the next stage begins by applying the decision.\n",
            );
        }
        if self.stages.iter().any(|stage| stage.places_records) {
            text.push_str(
                "             Where it places records, each partition of the next stage has an equal part\n             \
                 of what comes out.\n",
            );
        }
        text.push_str(&self.render_checkpoints());
        text.push_str(&self.render_disk());
        text.push_str(&self.render_stores());
        text.push_str(&self.render_space());
        text.push_str(&self.render_traffic());
        text.push_str(&format!(
            "Output       {}\n",
            plain(&self.export_path.display().to_string())
        ));
        text.push_str(&format!("Jobs in      {}\n", plain(&self.work_dir)));
        if self.traced_operators > 0 {
            let operators = counted(self.traced_operators, "operator");
            text.push_str(&format!(
                "Traces       of {operators}, in the folder `trace` of the job\n"
            ));
        }
        for note in &self.notes {
            text.push_str(&format!("Note         {}\n", plain(note)));
        }
        text
    }

    fn workers_text(&self) -> String {
        let workers = self.workers;
        let Some(address) = &self.ray_address else {
            return match self.worker_processes {
                true => format!("{workers} processes"),
                false => format!("{workers} threads"),
            };
        };
        let as_many = || match self.workers_as_ray_has {
            true => "as many as it has CPUs".to_owned(),
            false => workers.to_string(),
        };
        match address.as_str() {
            "auto" => format!(
                "on the Ray cluster that runs on this machine, {}; or {workers} worker processes if there is none",
                as_many()
            ),
            "local" => format!("{workers} on a Ray cluster on this machine for this job alone"),
            address => format!("on the Ray cluster {}, {}", plain(address), as_many()),
        }
    }

    fn render_sources(&self) -> String {
        let files = counted(self.sources.len() as u64, "file");
        let stored: u64 = self.sources.iter().map(|source| source.bytes).sum();
        let mut text = format!("Dataset      {files}, {}\n", bytes(stored));
        for source in self.sources.iter().take(LISTED_SOURCES) {
            text.push_str(&source.render());
        }
        if let Some(left) = self.sources.len().checked_sub(LISTED_SOURCES + 1) {
            text.push_str(&format!(
                "             ... and {}\n",
                counted(left as u64 + 1, "more file")
            ));
        }
        text
    }

    /// Returns whether `limit` leaves out part of the dataset.
    fn is_cut(&self) -> bool {
        self.limit.is_some_and(|limit| limit <= self.records)
    }

    /// Formats how many of the records are drawn, if not all are. With a limit the number is not known.
    fn drawn_text(&self) -> String {
        let drawn: u64 = self.mixture.iter().map(|path| path.sampled).sum();
        let about = match self.mixture.iter().all(|path| path.exact) {
            true => "",
            false => "about ",
        };
        match self.mixture.is_empty() || self.is_cut() || drawn == self.records {
            true => String::new(),
            false => format!(" read, {about}{} drawn", grouped(drawn)),
        }
    }

    fn render_mixture(&self) -> String {
        let paths = self.mixture.iter().take(LISTED_SOURCES);
        let mut lines: Vec<String> = paths.map(|path| path.render(self.exact)).collect();
        if let Some(left) = self.mixture.len().checked_sub(LISTED_SOURCES + 1) {
            lines.push(format!("... and {}", counted(left as u64 + 1, "more path")));
        }
        if !lines.is_empty() && self.is_cut() {
            lines.insert(0, "(before `limit`)".to_owned());
        }
        let lines = lines.iter().zip(0..).map(|(line, at)| {
            let head = if at == 0 { "Mixture" } else { "" };
            format!("{head:<13}{line}\n")
        });
        lines.collect()
    }

    fn render_checkpoints(&self) -> String {
        match self.checkpoint_files {
            0 => format!(
                "Checkpoints  {}: finished partitions only\n",
                self.checkpoint_strategy
            ),
            files => format!(
                "Checkpoints  {}: {}\n",
                self.checkpoint_strategy,
                counted(files, "file")
            ),
        }
    }

    fn render_disk(&self) -> String {
        let disk = &self.disk;
        let parts = [
            ("results", disk.results),
            ("signatures", disk.signatures),
            ("checkpoints", disk.checkpoints),
            ("lists of duplicates", disk.duplicates),
            ("copies", disk.copies),
            ("output", disk.export),
        ];
        let parts = parts.iter().filter(|(_, size)| *size > 0);
        let parts: Vec<String> = parts
            .map(|(name, size)| format!("{name} {}", bytes(*size)))
            .collect();
        let label = match self.stores.is_empty() {
            true => "Disk",
            false => "Writes",
        };
        format!(
            "{label:<13}up to {} before compression\n             ({})\n",
            bytes(disk.total()),
            parts.join(", ")
        )
    }

    fn render_stores(&self) -> String {
        let line = |store: &StoreSpace| {
            let (size, url) = (bytes(store.needed_bytes), plain(&store.url));
            format!("             up to {size} of it in {url}\n")
        };
        let stores = self.stores.iter().map(line);
        let scratch = self.scratch.iter().map(|folder| {
            let folder = plain(&folder.display().to_string());
            format!("Scratch      copies of the journal and the views of the job, in\n             {folder}\n")
        });
        stores.chain(scratch).collect()
    }

    fn render_traffic(&self) -> String {
        let traffic = &self.traffic;
        let part = |verb: &str, size: u64, requests: u64| {
            let requests = counted(requests, "request");
            (size > 0).then(|| format!("{verb} {} in about {requests}", bytes(size)))
        };
        let parts = [
            part("reads", traffic.read_bytes, traffic.read_requests),
            part("writes", traffic.written_bytes, traffic.write_requests),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        match parts.as_slice() {
            [] => String::new(),
            parts => format!("Network      {}\n", parts.join(", ")),
        }
    }

    fn render_space(&self) -> String {
        let line = |disk: &DiskSpace| {
            let short = match disk.needed_bytes > disk.free_bytes {
                true => ": that may not be enough",
                false => "",
            };
            format!(
                "Free         {} for up to {}{short}\n             on {}\n",
                bytes(disk.free_bytes),
                bytes(disk.needed_bytes),
                plain(&disk.name())
            )
        };
        self.space.iter().map(line).collect()
    }
}

impl PlannedPath {
    /// Formats what comes from the path; `exact` means that its records were counted.
    fn render(&self, exact: bool) -> String {
        let about = |exact| if exact { "" } else { "about " };
        let path = plain(&self.path);
        if self.sampled == 0 {
            let is_empty = self.readings > 0 && self.records == 0;
            let why = if is_empty { ", it has no records" } else { "" };
            return format!("{path}: nothing{why}");
        }
        let times = match self.readings {
            1 => "once".to_owned(),
            2 => "twice".to_owned(),
            readings => format!("{} times", grouped(readings)),
        };
        let how = match (self.readings, self.drawn) {
            (0, _) => format!(", drawn of {}{}", about(exact), grouped(self.records)),
            (1, 0) => ", all of them".to_owned(),
            (_, 0) => format!(", all of them {times}"),
            (_, drawn) => format!(
                ": all {times}, and {}{} once more",
                about(exact),
                grouped(drawn)
            ),
        };
        let sampled = counted(self.sampled, "record");
        format!("{path}: {}{sampled}{how}", about(self.exact))
    }
}

impl PlannedSource {
    fn render(&self) -> String {
        let packed = match self.compression {
            FileCompression::Gzip => ", gzip",
            FileCompression::Zstd => ", zstd",
            _ => "",
        };
        format!(
            "             {} ({}, {}{packed})\n",
            plain(&self.path),
            self.format,
            bytes(self.bytes)
        )
    }
}

impl StageView {
    /// Formats the stage. The next stage writes the checkpoint after the operator at the barrier, so `points` has those of all
    /// stages.
    fn render(&self, number: u32, follows_placed: bool, points: &[u32]) -> String {
        let mark = |done: u32| match points.contains(&done) {
            true => "  [checkpoint]",
            false => "",
        };
        let does = match self.operators.len() {
            0 if follows_placed && self.barrier.is_none() => {
                "the records are there already".to_owned()
            }
            0 if follows_placed => "no operators".to_owned(),
            0 if number > 1 => "the decision is applied".to_owned(),
            count => counted(count as u64, "operator"),
        };
        let mut text = format!("Stage {number}      {does}\n");
        for (operator, done) in self.operators.iter().zip(self.first + 1..) {
            let package = match self.in_package.contains(&done) {
                true => "  [Data-Juicer's package]",
                false => "",
            };
            let mark = format!("{package}{}", mark(done));
            text.push_str(&format!("       {done:>4}  {}{mark}\n", plain(operator)));
        }
        if let Some(operator) = &self.barrier {
            let place = self.first + self.operators.len() as u32 + 1;
            let mark = mark(place);
            let places = match self.places_records {
                true => "  [places records]",
                false => "",
            };
            let operator = plain(operator);
            text.push_str(&format!("Barrier{place:>4}  {operator}{places}{mark}\n"));
        }
        text
    }
}

/// The most fields that are listed by name.
const LISTED_FIELDS: usize = 12;

/// Formats a name, in quotes if it would not be visible otherwise.
fn shown_name(name: &str) -> String {
    match name.trim().is_empty() {
        true => plain(&format!("{name:?}")),
        false => plain(name),
    }
}

/// Renders the fields of the sampled records, as text after labels of this width; nothing if no record was looked at.
#[must_use]
pub fn render_fields(view: &FieldsView, label_width: usize) -> String {
    let mut text = String::new();
    for (field, at) in view.fields.iter().take(LISTED_FIELDS).zip(0..) {
        let head = if at == 0 { "Fields" } else { "" };
        let kinds: Vec<&str> = field.types.iter().map(|seen| seen.kind.as_str()).collect();
        let mut kinds = match kinds.is_empty() {
            true => "null".to_owned(),
            false => kinds.join(" or "),
        };
        for (count, what) in [(field.nulls, "null"), (field.missing, "missing")] {
            if count > 0 && view.records > 0 && !field.types.is_empty() {
                let percent = 100.0 * count as f64 / view.records as f64;
                kinds.push_str(&format!(", {percent:.0} % {what}"));
            }
        }
        text.push_str(&format!(
            "{head:<label_width$}{}: {}\n",
            shown_name(&field.name),
            plain(&kinds)
        ));
    }
    if let Some(left) = view.fields.len().checked_sub(LISTED_FIELDS + 1) {
        let more = counted(left as u64 + 1, "more field");
        text.push_str(&format!("{:<label_width$}... and {more}\n", ""));
    }
    text
}

//! What a run would do, as text.

use coldpress_dataset::Compression;

use crate::plan::{PlanView, PlannedSource, StageView};
use crate::quantity::{bytes, counted, grouped, plain};

/// Files that are listed by name.
const LISTED_SOURCES: usize = 10;

impl PlanView {
    /// The plan as text.
    #[must_use]
    pub fn render(&self) -> String {
        let about = if self.exact { "" } else { "about " };
        let mut text = format!("Plan of {}\n\n", plain(&self.project_name));
        text.push_str(&self.render_sources());
        text.push_str(&format!(
            "Records      {about}{}{}\n",
            grouped(self.records),
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
        text.push_str(&format!("Workers      {}\n", self.workers));
        for (stage, number) in self.stages.iter().zip(1..) {
            text.push_str(&stage.render(number));
        }
        text.push_str(&self.render_checkpoints());
        text.push_str(&self.render_disk());
        text.push_str(&format!(
            "Output       {}\n",
            plain(&self.export_path.display().to_string())
        ));
        text.push_str(&format!("Jobs in      {}\n", plain(&self.work_dir)));
        for note in &self.notes {
            text.push_str(&format!("Note         {}\n", plain(note)));
        }
        text
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
            ("checkpoints", disk.checkpoints),
            ("copies", disk.copies),
            ("output", disk.export),
        ];
        let parts = parts.iter().filter(|(_, size)| *size > 0);
        let parts: Vec<String> = parts
            .map(|(name, size)| format!("{name} {}", bytes(*size)))
            .collect();
        format!(
            "Disk         up to {} before compression\n             ({})\n",
            bytes(disk.total()),
            parts.join(", ")
        )
    }
}

impl PlannedSource {
    fn render(&self) -> String {
        let packed = match self.compression {
            Compression::Gzip => ", gzip",
            Compression::Zstd => ", zstd",
            _ => "",
        };
        format!(
            "             {} ({}{packed})\n",
            plain(&self.path),
            bytes(self.bytes)
        )
    }
}

impl StageView {
    fn render(&self, number: u32) -> String {
        let mut text = format!(
            "Stage {number}      {}\n",
            counted(self.operators.len() as u64, "operator")
        );
        for (operator, done) in self.operators.iter().zip(1_u32..) {
            let mark = if self.checkpoints.contains(&done) {
                "  [checkpoint]"
            } else {
                ""
            };
            text.push_str(&format!("       {done:>4}  {}{mark}\n", plain(operator)));
        }
        text
    }
}

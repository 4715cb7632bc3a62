//! What a path means.

use coldpress_job::JobId;

/// What a path means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Jobs,
    JobsLive,
    Job(JobId),
    JobLive(JobId),
    JobReport(JobId),
    Metrics,
    Health,
}

impl Route {
    /// Returns the meaning of a path, if it has one. Ids of jobs need no escapes, so a path with escapes has none.
    pub(crate) fn of(path: &str) -> Option<Self> {
        let mut parts = path.strip_prefix('/')?.split('/');
        let route = match (parts.next()?, parts.next(), parts.next()) {
            ("", None, None) => Self::Jobs,
            ("live", None, None) => Self::JobsLive,
            ("metrics", None, None) => Self::Metrics,
            ("healthz", None, None) => Self::Health,
            ("jobs", Some(id), rest) => {
                let id = id.parse().ok()?;
                match rest {
                    None => Self::Job(id),
                    Some("live") => Self::JobLive(id),
                    Some("report.json") => Self::JobReport(id),
                    Some(_) => return None,
                }
            }
            _ => return None,
        };
        parts.next().is_none().then_some(route)
    }
}

#[cfg(test)]
mod tests {
    use super::Route;

    #[test]
    fn only_paths_of_the_site_mean_something() {
        let id = || "a.b-1_c".parse().unwrap();
        for (path, route) in [
            ("/", Some(Route::Jobs)),
            ("/live", Some(Route::JobsLive)),
            ("/jobs/a.b-1_c", Some(Route::Job(id()))),
            ("/jobs/a.b-1_c/live", Some(Route::JobLive(id()))),
            ("/jobs/a.b-1_c/report.json", Some(Route::JobReport(id()))),
            ("/metrics", Some(Route::Metrics)),
            ("/healthz", Some(Route::Health)),
        ] {
            assert_eq!(Route::of(path), route, "{path}");
        }
        for path in [
            "",
            "/..",
            "/jobs",
            "/jobs/",
            "/jobs/..",
            "/jobs/../..",
            "/jobs/../../etc/passwd",
            "/jobs/%2e%2e/live",
            "/jobs/a/../b",
            "/jobs/a/live/",
            "/jobs/a/recipe.yaml",
            "/jobs/.hidden",
            "/jobs/a%00",
            "//jobs/a",
            "/jobs//live",
            "/healthz/",
            "/metrics/x",
            "/jobs/a/report.json/x",
            "/jobs/\u{202e}a",
        ] {
            assert_eq!(Route::of(path), None, "{path}");
        }
    }
}

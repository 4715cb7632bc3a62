//! From a request to its answer.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, SystemTime};

use coldpress_job::JobId;
use coldpress_report::{Origin, render_job_page, render_jobs_page, render_notice};
use coldpress_storage::spawn;

use crate::ServeOptions;
use crate::connections::Connection;
use crate::host::is_this_machine;
use crate::jobs::WatchedJobs;
use crate::listing::Listing;
use crate::live::{Label, follow};
use crate::metrics::Metrics;
use crate::request::{Refusal, Request, read};
use crate::response::{Response, Status, send};
use crate::route::Route;
use crate::version::Version;
use crate::watched::{Latest, Trouble};

/// All that answers are made from.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) options: ServeOptions,
    /// Whether only this machine can reach the server.
    is_local: bool,
    label: Label,
    listing: Listing,
    jobs: WatchedJobs,
    metrics: Metrics,
    /// Held by the thread that reads a job, so that at most one core is busy, however many jobs are watched.
    one_at_a_time: Mutex<()>,
    /// The number of answers that wait for a store.
    waiting: AtomicUsize,
}

/// How long an answer may wait for a store.
const PATIENCE_WITH_STORE: Duration = Duration::from_secs(3);

/// The most answers that wait for a store at a time.
const MOST_WAITING: usize = 16;

/// Counts one answer that waits less when it ends, be it with a panic.
struct Leaving<'s>(&'s AtomicUsize);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// The seconds after which a page asks again for a job that has not begun.
const AGAIN_AFTER_SECONDS: u32 = 3;

impl Site {
    pub(crate) fn new(options: ServeOptions, address: SocketAddr) -> Self {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        Self {
            is_local: address.ip().is_loopback(),
            label: Label {
                server: now.map_or(0, |since| since.as_nanos()),
            },
            listing: Listing::new(options.jobs()),
            jobs: WatchedJobs::default(),
            metrics: Metrics::default(),
            one_at_a_time: Mutex::default(),
            waiting: AtomicUsize::new(0),
            options,
        }
    }

    /// Reads the request of a connection and answers it.
    pub(crate) fn serve(self: &Arc<Self>, connection: &Connection) {
        let (stream, patience) = (&connection.stream, self.options.patience);
        let request = match read(stream, patience) {
            Ok(request) => request,
            Err(Refusal::Silent) => return,
            Err(Refusal::Status(status)) => {
                let text = match status {
                    Status::MethodNotAllowed => {
                        "nothing can be changed here: only GET and HEAD are answered\n"
                    }
                    Status::HeadTooLarge => "the request is too large\n",
                    _ => "this is not a request that can be understood\n",
                };
                return send(stream, &Response::text(status, text), false, patience);
            }
        };
        connection.is_asked();
        let answer = |response: &Response| send(stream, response, request.is_head, patience);
        if let Err(refusal) = self.check_host(&request) {
            return answer(&refusal);
        }
        let since = self.label.number_in(&request.query);
        let live = |latest: &dyn Fn() -> Latest| match latest() {
            Err(trouble) => answer(&Response::text(status_of(&trouble), trouble.text())),
            Ok(_) if request.is_head => answer(&Response::text(Status::Ok, "")),
            Ok(_) if !connection.may_follow() => {
                answer(&Response::text(Status::Busy, "too many pages are open\n"));
            }
            Ok(_) => follow(stream, self.label, since, patience, latest),
        };
        match Route::of(&request.path) {
            Some(Route::JobsLive) => live(&|| self.listing.latest()),
            Some(Route::JobLive(id)) => {
                // Held as long as the client follows the job, so that it is not forgotten.
                let job = self.jobs.get(&id);
                live(&|| job.latest(&self.options, &self.one_at_a_time));
            }
            Some(route) => answer(&self.answer_in_time(route)),
            None => answer(&not_found(&format!("There is no page {}", request.path))),
        }
    }

    fn check_host(&self, request: &Request) -> Result<(), Response> {
        let host = request.host.as_deref().unwrap_or_default();
        if !self.is_local || is_this_machine(host) {
            return Ok(());
        }
        let text = "this server answers only to names of its own machine, such as localhost\n";
        Err(Response::text(Status::Forbidden, text))
    }

    /// Answers within a few seconds, even while the store of the jobs is silent.
    fn answer_in_time(self: &Arc<Self>, route: Route) -> Response {
        let is_of_store = !matches!(route, Route::Health) && self.options.jobs().url().is_some();
        if !is_of_store {
            return self.answer(&route);
        }
        let store = self.options.jobs().to_string();
        let silent = || {
            let text = format!("{store} has not answered yet; try again in a moment\n");
            Response::text(Status::Busy, text).again_after(AGAIN_AFTER_SECONDS)
        };
        // Each of them waits for the store for as long as it takes.
        if self.waiting.fetch_add(1, Ordering::AcqRel) >= MOST_WAITING {
            self.waiting.fetch_sub(1, Ordering::AcqRel);
            return silent();
        }
        let (give, taken) = mpsc::channel();
        let site = Arc::clone(self);
        let begun = spawn("http-store", move || {
            let _left = Leaving(&site.waiting);
            let _ = give.send(site.answer(&route));
        });
        if begun.is_err() {
            self.waiting.fetch_sub(1, Ordering::AcqRel);
            return silent();
        }
        taken
            .recv_timeout(PATIENCE_WITH_STORE)
            .unwrap_or_else(|_| silent())
    }

    fn answer(&self, route: &Route) -> Response {
        match route {
            Route::Jobs => match self.listing.latest() {
                Ok(version) => {
                    let page = render_jobs_page(
                        &version.json,
                        Origin::Live(&self.label.of(version.number)),
                    );
                    Response::page(Status::Ok, page)
                }
                Err(trouble) => notice(&trouble),
            },
            Route::Job(id) => match self.latest(id) {
                Ok(version) => {
                    let since = self.label.of(version.number);
                    let origin = match version.over {
                        Some(_) => Origin::Server,
                        None => Origin::Live(&since),
                    };
                    Response::page(
                        Status::Ok,
                        render_job_page(id.as_str(), &version.json, origin),
                    )
                }
                Err(trouble) => notice(&trouble),
            },
            Route::JobReport(id) => match self.latest(id) {
                Ok(version) => Response::json(version.json.clone()),
                Err(trouble) => {
                    Response::text(status_of(&trouble), format!("{}\n", trouble.text()))
                }
            },
            Route::Metrics => match self.listing.jobs() {
                Ok(jobs) => Response::metrics(self.metrics.text(&jobs)),
                Err(trouble) => Response::text(Status::Failed, format!("{}\n", trouble.text())),
            },
            Route::Health | Route::JobsLive | Route::JobLive(_) => {
                Response::text(Status::Ok, "ok\n")
            }
        }
    }

    fn latest(&self, id: &JobId) -> Result<Arc<Version>, Trouble> {
        self.jobs.get(id).latest(&self.options, &self.one_at_a_time)
    }
}

fn status_of(trouble: &Trouble) -> Status {
    match trouble {
        Trouble::Unknown(_) | Trouble::NotYet(_) => Status::NotFound,
        Trouble::Unreadable(_) => Status::Failed,
    }
}

fn notice(trouble: &Trouble) -> Response {
    let (title, is_to_come) = match trouble {
        Trouble::Unknown(_) => ("No such job", false),
        Trouble::NotYet(_) => ("This job has not begun", true),
        Trouble::Unreadable(_) => ("This job cannot be shown", false),
    };
    let response = Response::page(status_of(trouble), render_notice(title, trouble.text()));
    match is_to_come {
        true => response.again_after(AGAIN_AFTER_SECONDS),
        false => response,
    }
}

fn not_found(text: &str) -> Response {
    Response::page(Status::NotFound, render_notice("Not found", text))
}

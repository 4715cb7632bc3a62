//! Taking connections, and ending.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use coldpress_storage::spawn;

use crate::answer::Site;
use crate::connections::Connections;
use crate::{Error, Result, ServeOptions};

/// A server that has its address, and answers once it runs.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    site: Arc<Site>,
    stop: StopHandle,
}

/// Ends a server.
#[derive(Clone, Debug)]
pub struct StopHandle {
    is_stopped: Arc<AtomicBool>,
    address: SocketAddr,
}

/// How long to wait for a thread or a file handle to become free.
const RETRY_AFTER: Duration = Duration::from_millis(100);

/// How long answers under way may take once the server is to end.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(2);

impl Server {
    /// Takes the address.
    ///
    /// # Errors
    /// [`Error::InUse`] if another program listens there, [`Error::Listen`].
    pub fn bind(options: ServeOptions) -> Result<Self> {
        let asked = options.listen;
        let listener =
            TcpListener::bind(asked).map_err(|source| Error::of_listening(asked, source))?;
        let address = listener
            .local_addr()
            .map_err(|source| Error::of_listening(asked, source))?;
        let stop = StopHandle {
            is_stopped: Arc::default(),
            address,
        };
        Ok(Self {
            listener,
            address,
            site: Arc::new(Site::new(options, address)),
            stop,
        })
    }

    /// Returns the address that it listens on, with the port that was chosen.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns a handle that ends it.
    #[must_use]
    pub fn stop_handle(&self) -> StopHandle {
        self.stop.clone()
    }

    /// Answers until it is stopped.
    pub fn run(self) {
        let connections = Arc::new(Connections::new(self.site.options.connections));
        while !self.stop.is_stopped() {
            match self.listener.accept() {
                // The connection that wakes the loop has nothing to say.
                Ok(_) if self.stop.is_stopped() => break,
                Ok((stream, _)) => self.take(stream, &connections),
                // Mostly because file handles have run out: some connections must end first.
                Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                    thread::sleep(RETRY_AFTER)
                }
                Err(_) => {}
            }
        }
        connections.close_all();
        let begun = Instant::now();
        while !connections.is_empty() && begun.elapsed() < SHUTDOWN_GRACE {
            thread::sleep(Duration::from_millis(10));
        }
    }

    fn take(&self, stream: TcpStream, connections: &Arc<Connections>) {
        let Some(connection) = connections.admit(stream) else {
            return;
        };
        let site = Arc::clone(&self.site);
        // Without a thread the connection is closed: its client may try again.
        let _ = spawn("http", move || site.serve(&connection));
    }
}

impl StopHandle {
    /// Ends the server: no connection is taken any more, and those that are open are closed.
    pub fn stop(&self) {
        self.is_stopped.store(true, Ordering::SeqCst);
        // The loop waits for a connection, so it gets one.
        let mut address = self.address;
        if address.ip().is_unspecified() {
            address.set_ip(match address.ip() {
                IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
                IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::LOCALHOST),
            });
        }
        let _ = TcpStream::connect_timeout(&address, Duration::from_secs(1));
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.is_stopped.load(Ordering::SeqCst)
    }
}

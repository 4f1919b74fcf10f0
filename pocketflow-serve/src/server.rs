//! The server.

use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::extract::{DefaultBodyLimit, Query, State};
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router, middleware};
use pocketflow_checkpoint::{Checkpoints, Storage};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::access::{self, Access};
use crate::database::{Database, millis};
use crate::sources::Sources;
use crate::stream::{self, Which};
use crate::{actions, assets, list};

/// How long open connections may delay the end. Browsers keep some open without a request.
const GRACE: Duration = Duration::from_secs(1);
/// The largest value that a form may send.
const LARGEST: usize = 16 << 20;

/// A server of the live page: the list of runs, and each run as it happens.
///
/// ```
/// use pocketflow_serve::Server;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?; let runs = folder.path();
/// let server = Server::new().records(runs).bind(0).await?;
/// assert!(server.address().starts_with("http://127.0.0.1:"));   // with the token: open it in a browser
/// server.run_until(async { /* tokio::signal::ctrl_c().await */ }).await?;
/// # Ok(()) }
/// ```
#[must_use = "a server does nothing until it is bound and run"]
pub struct Server {
    records: Option<PathBuf>,
    database: Option<Arc<dyn Database>>,
    redact: Vec<String>,
    read_only: bool,
    poll: Duration,
    token: Option<String>,
    origins: Vec<String>,
}

/// What the handlers share.
pub(crate) struct Shared {
    pub(crate) sources: Arc<Sources>,
    pub(crate) read_only: bool,
    /// Whether the server ends.
    ended: watch::Receiver<bool>,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            records: None,
            database: None,
            redact: Vec::new(),
            read_only: false,
            poll: Duration::from_millis(500),
            token: None,
            origins: Vec::new(),
        }
    }
}

impl Server {
    /// A server without runs.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the records in a folder: the files whose names end with `.jsonl`. They may be in the middle of being
    /// written, and new ones may appear.
    pub fn records(mut self, folder: impl Into<PathBuf>) -> Self {
        self.records = Some(folder.into());
        self
    }

    /// Adds the runs of a database. If they run in this process, pass the checkpoints that they use, so that a run
    /// resumes at once when it is filled.
    pub fn database<E: Storage>(mut self, runs: Checkpoints<E>) -> Self {
        self.database = Some(Arc::new(runs));
        self
    }

    /// Hides the values of a field of this name, at every depth of a store. Fields with `#[shared(redact)]` are
    /// hidden already.
    pub fn redact(mut self, field: impl Into<String>) -> Self {
        self.redact.push(field.into());
        self
    }

    /// Sets whether the page only shows runs, and changes none. By default, it also changes them.
    pub fn read_only(mut self, read_only: bool) -> Self {
        self.read_only = read_only;
        self
    }

    /// Sets how often the sources are asked while somebody looks: every half second by default, and less often
    /// if they take long to answer.
    pub fn poll(mut self, poll: Duration) -> Self {
        self.poll = poll;
        self
    }

    /// Sets the token, which stays the same when the server starts again. By default each server has a new one
    /// of 256 random bits. Anyone who has it can do what the page can do.
    ///
    /// # Panics
    ///
    /// The token has fewer than 32 characters, or contains anything but letters, digits, `-` and `_`.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        let token = token.into();
        let fits = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
        assert!(
            token.len() >= 32 && token.chars().all(fits),
            "a token has at least 32 letters, digits, `-` and `_`"
        );
        self.token = Some(token);
        self
    }

    /// Adds an origin under which the page is reached: `https://ops.example.org`, without a path. A proxy there
    /// must keep the header `Host`. By default, only the loopback address reaches it.
    pub fn origin(mut self, origin: impl Into<String>) -> Self {
        self.origins.push(origin.into().to_lowercase());
        self
    }

    fn make(self) -> io::Result<(Arc<Access>, Router, watch::Sender<bool>)> {
        let (end, ended) = watch::channel(false);
        let token = match self.token {
            Some(token) => token,
            None => access::random_token().map_err(io::Error::other)?,
        };
        let access = Arc::new(Access::new(token, self.origins));
        let sources = Sources::new(self.records, self.database, self.redact, self.poll);
        let shared = Arc::new(Shared {
            sources: Arc::new(sources),
            read_only: self.read_only,
            ended,
        });
        let router = Router::new()
            .merge(assets::routes())
            .route("/api/runs", get(runs))
            .route("/api/changes", get(changes))
            .route("/api/run", get(run))
            .route("/api/state", get(actions::state))
            .route("/api/actions", post(actions::act))
            .layer(DefaultBodyLimit::max(LARGEST))
            .with_state(shared)
            .layer(middleware::from_fn_with_state(
                access.clone(),
                access::guard,
            ));
        Ok((access, router, end))
    }

    /// Listens on the loopback address. With port 0, the system chooses one.
    ///
    /// # Errors
    ///
    /// If the port is in use, or if the system has no random numbers.
    pub async fn bind(self, port: u16) -> io::Result<Bound> {
        let (access, router, end) = self.make()?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        access.listens(address.port());
        Ok(Bound {
            listener,
            address,
            access,
            router,
            end,
        })
    }

    /// Makes a router for a server of your own, and the token that a person needs: they open
    /// `/?token=…` of the path where the router is, which ends with `/`. The page is reached only under its
    /// [`origin`](Self::origin)s.
    ///
    /// ```
    /// use pocketflow_serve::Server;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let server = Server::new().records("runs").origin("http://127.0.0.1:3000");
    /// let (live, token) = server.router()?;
    /// let app: axum::Router = axum::Router::new().nest_service("/runs/", live);
    /// println!("http://127.0.0.1:3000/runs/?token={token}");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// If the system has no random numbers.
    pub fn router(self) -> io::Result<(Router, String)> {
        let (access, router, _) = self.make()?;
        Ok((router, access.token().to_owned()))
    }
}

/// A server that listens.
#[must_use = "a server answers only while it is run"]
pub struct Bound {
    listener: TcpListener,
    address: SocketAddr,
    access: Arc<Access>,
    router: Router,
    end: watch::Sender<bool>,
}

impl Bound {
    /// The address to open, with the token.
    pub fn address(&self) -> String {
        format!("http://{}/?token={}", self.address, self.access.token())
    }

    /// The address on which it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Answers requests until the future is ready. Open pages are told nothing more, and try again until a server
    /// is there.
    ///
    /// # Errors
    ///
    /// If the listener fails.
    pub async fn run_until(self, end: impl Future<Output = ()>) -> io::Result<()> {
        let ending = self.end.clone();
        let mut ended = ending.subscribe();
        let stopped = async move {
            let _ = ended.wait_for(|ended| *ended).await;
        };
        let server = axum::serve(self.listener, self.router).with_graceful_shutdown(stopped);
        tokio::select! {
            result = async { server.await } => result,
            () = async {
                end.await;
                ending.send_replace(true);
                tokio::time::sleep(GRACE).await;
            } => Ok(()),
        }
    }
}

async fn runs(
    State(shared): State<Arc<Shared>>,
    Query(query): Query<list::Query>,
) -> impl IntoResponse {
    let list = shared.sources.list().await;
    let mut page = list.page(&query);
    page.now = millis(SystemTime::now());
    page.read_only = shared.read_only;
    // A page of rows borrows from the list.
    Json(serde_json::to_value(&page).unwrap_or_default()).into_response()
}

async fn changes(State(shared): State<Arc<Shared>>) -> impl IntoResponse {
    let sources = shared.sources.clone();
    stream::sent(shared.ended.clone(), |events| {
        stream::changes(sources, events)
    })
}

async fn run(
    State(shared): State<Arc<Shared>>,
    Query(which): Query<Which>,
    headers: HeaderMap,
) -> impl IntoResponse {
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let (last, sources) = (last.map(str::to_owned), shared.sources.clone());
    stream::sent(shared.ended.clone(), |events| {
        stream::follow(sources, which, last, events)
    })
}

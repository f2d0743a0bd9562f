//! The server: two listeners, the background tasks, and an end in good order.

use std::sync::Arc;
use std::time::Duration;

use base::id::EngagementId;
use custody::{Custody, Wire};
use gateway::admin::AdminFront;
use gateway::register::Register;
use gateway::server::Rules;
use gateway::wire::Security;
use gateway::{Callers, Domains, S3Front};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::certificates::Certificates;
use crate::clock::SystemClock;
use crate::config::Config;
use crate::couriers::Couriers;
use crate::error::Error;
use crate::interpreter::Interpret;
use crate::output::Output;
use crate::run_file::RunFile;
use crate::spawner::Spawner;
use crate::wiring::Deployment;

/// How often the catalog's log is moved into its file. Often enough to keep it short, seldom enough to cost nothing.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(1);

/// Serves a data folder until it is asked to stop.
///
/// # Errors
/// As [`Server::open`] and [`Server::run`].
pub async fn run(config: &Config, output: &Output) -> Result<(), Error> {
    let asked = stop_signal()?;
    Server::open(config).await?.run(config, output, asked, |_| ()).await
}

/// A deployment that was opened to be served.
pub struct Server {
    deployment: Deployment,
    register: Arc<Register>,
    callers: Arc<dyn Callers>,
}

impl Server {
    /// Opens the deployment of a data folder.
    ///
    /// # Errors
    /// As [`Deployment::open`].
    pub async fn open(config: &Config) -> Result<Self, Error> {
        raise_descriptors();
        let register = Arc::new(Register::default());
        let sockets = Arc::new(Sockets(Arc::clone(&register)));
        let deployment = Deployment::open(config, sockets, Arc::new(SystemClock)).await?;
        let callers = Arc::clone(&deployment.custody) as Arc<dyn Callers>;
        Ok(Self { deployment, register, callers })
    }

    /// The domain.
    #[must_use]
    pub const fn custody(&self) -> &Arc<Custody> {
        &self.deployment.custody
    }

    /// Has the callers of S3 requests established by `callers`, who can only ask custody.
    pub fn establish_by(&mut self, callers: Arc<dyn Callers>) {
        self.callers = callers;
    }

    /// Serves until `asked` resolves; `listening` learns where.
    ///
    /// # Errors
    /// An address cannot be had; a task ended that must not.
    pub async fn run(
        self,
        config: &Config,
        output: &Output,
        asked: impl Future<Output = ()>,
        listening: impl FnOnce(&RunFile),
    ) -> Result<(), Error> {
        let served = self.serve(config, output, asked, listening).await;
        self.deployment.close().await;
        served
    }

    async fn serve(
        &self,
        config: &Config,
        output: &Output,
        asked: impl Future<Output = ()>,
        listening: impl FnOnce(&RunFile),
    ) -> Result<(), Error> {
        let Self { deployment, register, callers } = self;
        let failed = |error: gateway::Error| Error::part("starting to listen", error.kind(), error);
        let clock = || Arc::clone(&deployment.clock);
        let certificates = config.tls.as_ref().map(|files| Certificates::open(files, clock())).transpose()?;
        let tls = certificates.as_ref().map(Certificates::tls);
        let s3 = gateway::server::listen(config.listen.s3).await.map_err(failed)?;
        let desk = Desk::open()?;
        let admin =
            desk.run(gateway::admin::listen(config.listen.admin, config.admin_security())).await?.map_err(failed)?;
        let address = |listener: &tokio::net::TcpListener| {
            listener
                .local_addr()
                .map_err(|source| Error::Broken { attempt: "asking where we listen", source: source.into() })
        };
        let running = RunFile::new(address(&s3)?, address(&admin)?, tls.is_some());

        let (stop, stopped) = watch::channel(false);
        let mut tasks = Spawner::default();
        keep_house(&mut tasks, deployment);
        if let Some(certificates) = certificates {
            tasks.spawn("certificates", certificates.watch()?);
        }
        let rules = Rules { limits: config.listener_limits(), tls: tls.clone() };
        let front = S3Front::new(Arc::clone(&deployment.custody), clock(), Arc::clone(register))
            .with_callers(Arc::clone(callers))
            .with_domains(Domains::new(config.s3.domains.clone()));
        tasks.spawn(S3, gateway::server::serve(s3, Arc::new(front), Arc::clone(register), rules, stopped.clone()));
        // At the desk too: a pause that a decoy asks for gets its turn as one that a person asks for.
        let guarding = desk.run(Arc::clone(&deployment.custody).guard_forever());
        tasks.spawn("guard", async move {
            if let Err(error) = guarding.await {
                tracing::error!(error = base::error::chain(&error), "nobody guards the decoys");
            }
        });
        let interpreter = Arc::new(Interpret::new(Arc::clone(&deployment.custody)));
        let front = AdminFront::new(Arc::clone(&deployment.custody), interpreter, tls.clone());
        let tls = tls.filter(|_| config.admin_security() == Security::Tls);
        let rules = Rules { limits: config.listener_limits(), tls };
        let serving = desk.run(gateway::server::serve(admin, Arc::new(front), Arc::clone(register), rules, stopped));
        tasks.spawn(ADMIN, async move {
            if let Err(error) = serving.await {
                tracing::error!(error = base::error::chain(&error), "the admin API ended");
            }
        });

        running.write(&config.data)?;
        output.say(&format!("serving S3 on {}, the admin API on {}", running.endpoint(), running.admin));
        listening(&running);
        let ended = tasks.watch(asked, &stop).await;
        let removed = RunFile::remove(&config.data);
        output.say("stopping: answers under way may finish");
        tasks.finish(&[S3, ADMIN]).await;
        ended.and(removed)
    }
}

/// Takes as many file descriptors as the system allows: connections must not use up those that a pause, the catalog and the
/// store need. Many systems start programs with a quarter of what the gateway serves.
fn raise_descriptors() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let maximum = getrlimit(Resource::Nofile).maximum;
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        tracing::warn!(%error, "the limit of file descriptors could not be raised");
    }
}

/// Threads of their own for the admin API. However many streams keep the others busy, a pause gets its turn from the kernel's
/// scheduler, at once, and cuts them from here.
struct Desk(Option<tokio::runtime::Runtime>);

/// One for a long answer, such as a scope over months, and one for the pause that comes meanwhile.
const DESK_THREADS: usize = 2;

impl Desk {
    fn open() -> Result<Self, Error> {
        let built = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(DESK_THREADS)
            .thread_name("admin")
            .enable_all()
            .build();
        let failed = |source: std::io::Error| Error::Broken { attempt: "starting the desk", source: source.into() };
        built.map(|runtime| Self(Some(runtime))).map_err(failed)
    }

    /// Runs a task at the desk.
    fn run<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
        &self,
        task: F,
    ) -> impl Future<Output = Result<T, Error>> + Send + 'static + use<T, F> {
        let running = self.0.as_ref().map(|runtime| runtime.spawn(task));
        let closed = || Error::Broken { attempt: "working at the desk", source: "it is closed".into() };
        async move {
            let done = running.ok_or_else(closed)?.await;
            done.map_err(|source| Error::Broken { attempt: "working at the desk", source: source.into() })
        }
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        // Waiting for its threads is not allowed where others run; what was to finish has finished.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// The names of the tasks that obey `stop`.
const S3: &str = "s3";
const ADMIN: &str = "admin";

/// The tasks behind the two fronts. None of them may end.
fn keep_house(tasks: &mut Spawner, deployment: &Deployment) {
    let custody = || Arc::clone(&deployment.custody);
    let publisher = Arc::clone(&deployment.publisher);
    tasks.spawn("publish", async move { publisher.publish_forever().await });
    let settling = custody();
    tasks.spawn("settle", async move { settling.settle_forever().await });
    let indexing = custody();
    tasks.spawn("index", async move { indexing.index_forever().await });
    let counting = custody();
    tasks.spawn("noise", async move { counting.enter_noise_forever().await });
    let scanning = custody();
    tasks.spawn("scan", async move { scanning.scan_forever().await });
    let telling = custody();
    tasks.spawn("tell", async move { telling.deliver_forever(Arc::new(Couriers)).await });
    let sweeping = custody();
    tasks.spawn("sweep", async move { sweep(&sweeping).await });
    let catalog = deployment.catalog.clone();
    tasks.spawn("keep", async move { keep_catalog(catalog).await });
}

/// Collects what the last run left, then what this one leaves.
async fn sweep(custody: &Custody) {
    match custody.sweep().await {
        Ok(0) => {}
        Ok(swept) => tracing::info!(swept, "blobs that no version names are gone"),
        Err(error) => tracing::warn!(error = base::error::chain(&error), "the sweep did not finish; the next goes on"),
    }
    custody.sweep_forever().await;
}

/// Keeps the catalog's log short.
async fn keep_catalog(catalog: catalog::Catalog) {
    let mut every = tokio::time::interval(CHECKPOINT_EVERY);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        let catalog = catalog.clone();
        match tokio::task::spawn_blocking(move || catalog.checkpoint()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(error = base::error::chain(&error), "the catalog's log only grows"),
            Err(error) => tracing::error!(%error, "keeping the catalog's log short failed"),
        }
    }
}

/// Resolves when the program is asked to stop, by SIGTERM or SIGINT.
///
/// # Errors
/// [`Error::Broken`] when signals cannot be listened for.
pub fn stop_signal() -> Result<impl Future<Output = ()>, Error> {
    let failed = |source: std::io::Error| Error::Broken { attempt: "listening for signals", source: source.into() };
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// The gateway's sockets, as custody cuts them.
struct Sockets(Arc<Register>);

impl Wire for Sockets {
    fn cut(&self, engagement: EngagementId) -> u64 {
        self.0.cut(engagement)
    }
}

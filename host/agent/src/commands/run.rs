//! `skidway run`: builds everything, runs until a signal, drains.

use std::collections::HashMap;
use std::io::{Write as _, stderr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use skidway_config::{Config, Pipeline, Warning};
use skidway_otlp::Delivery;
use skidway_state::{Ledger, StateFile};
use skidway_tail::Waker;
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::books::{Books, show};
use crate::cli::Run;
use crate::identity::Identity;
use crate::library::Library;
use crate::pipeline::{Lane, LaneParts, Outbox, Room, Sender, Sources, Spooling};
use crate::setup::WRONG_CONFIG;
use crate::way::Way;
use crate::{exporter, files, health, identity, metrics, owner, setup, spool};

/// For calls to the system that are still under way at the end.
const TO_LET_GO: Duration = Duration::from_secs(1);

pub(crate) fn run(args: &Run) -> Result<ExitCode> {
    let config = match setup::started(&args.files)? {
        Ok(config) => config,
        Err(wrong) => return Ok(wrong),
    };
    for Warning(problem) in &config.warnings {
        let at = problem.at.as_ref().map(ToString::to_string);
        tracing::warn!(at, hint = problem.hint, "config: {}", problem.message);
    }
    raise_open_files();
    let agent = match Agent::build(&config) {
        Ok(agent) => agent,
        Err(error) if error.is::<skidway_config::Errors>() => {
            writeln!(stderr(), "{}", setup::shown(&error))?;
            return Ok(ExitCode::from(WRONG_CONFIG));
        }
        Err(error) => {
            tracing::error!("cannot start: {error:#}");
            return Ok(ExitCode::FAILURE);
        }
    };
    agent.run(Duration::from_secs(args.drain))
}

/// Each followed file is one handle: a thousand, the usual soft limit, are soon
/// used up, and the hard limit is there to be used.
fn raise_open_files() {
    let limit = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }) {
        tracing::warn!("cannot raise the limit of open files above {:?}: {error}", limit.current);
    }
}

/// One receiver: its thread, and what is known about its files.
struct Running {
    name: String,
    lane: std::thread::JoinHandle<()>,
    waker: Waker,
    books: Books,
}

/// A way before anything is read.
struct Prepared {
    name: String,
    parts: LaneParts,
    waker: Waker,
    books: Books,
    delivery: Delivery,
    source: metrics::Source,
    /// The folder of its spool.
    spool: Option<PathBuf>,
}

struct Agent {
    runtime: Runtime,
    running: Vec<Running>,
    /// Tells lanes to stop reading.
    stop: Arc<AtomicBool>,
    /// Tells senders to give up.
    give_up: watch::Sender<bool>,
    deliveries: JoinSet<()>,
    /// What brings spools to their backends.
    drains: JoinSet<()>,
    /// By their ids: pipelines that name the same one share its connections, or its
    /// file.
    exporters: HashMap<String, Delivery>,
}

impl Agent {
    /// Everything that can fail fails here, before the first line is read.
    fn build(config: &Config) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("delivery")
            .enable_all()
            .build()?;
        let cache = setup::env("CACHE_DIRECTORY")
            .map_or_else(|| config.state_dir.join("compiled"), |folder| folder.into());
        let library = Library::new(Some(&cache))?;
        setup::try_components(&library, config)?;
        let (give_up, given_up) = watch::channel(false);
        let mut agent = Self {
            runtime,
            running: Vec::new(),
            stop: Arc::new(AtomicBool::new(false)),
            give_up,
            deliveries: JoinSet::new(),
            drains: JoinSet::new(),
            exporters: HashMap::new(),
        };
        let mut ways = Vec::new();
        let identities = agent.identities(config, &library)?;
        for (pipeline, identity) in config.pipelines.iter().zip(&identities) {
            ways.extend(agent.prepare(config, pipeline, identity, &library, &given_up)?);
        }
        let spools: Vec<_> = ways.iter().filter_map(|way| way.spool.clone()).collect();
        spool::tell_abandoned(&config.state_dir, &spools);
        if let Some(endpoint) = &config.metrics {
            let sources = ways.iter().map(|way| way.source.clone()).collect();
            metrics::start(endpoint, sources, agent.runtime.handle())?;
        }
        if let Some(health_check) = &config.health_check {
            health::start(health_check, agent.runtime.handle())?;
        }
        // Nothing has been read so far; from here on nothing can fail.
        for Prepared { name, parts, waker, books, delivery, .. } in ways {
            if let Some(spooling) = books.spooling.clone() {
                let drain = async move { spooling.drain(delivery).await };
                agent.drains.spawn_on(drain, agent.runtime.handle());
            }
            let lane = Lane::new(parts);
            let lane = std::thread::Builder::new()
                .name(format!("lane {name}"))
                .spawn(move || lane.run())
                .context("cannot start a thread")?;
            agent.running.push(Running { name, lane, waker, books });
        }
        Ok(agent)
    }

    /// Who the host is, for each pipeline. All are asked for before any is waited for, or
    /// the last one's records would wait for the sum of it.
    fn identities(&self, config: &Config, library: &Library) -> Result<Vec<Identity>> {
        let runtime = self.runtime.handle();
        let of = |pipeline: &Pipeline| format!("pipeline {}", pipeline.name);
        let detect = |pipeline: &Pipeline| {
            identity::detect(&pipeline.resource, library, runtime, &setup::env).with_context(|| of(pipeline))
        };
        let identities = config.pipelines.iter().map(detect).collect::<Result<Vec<_>>>()?;
        for (pipeline, identity) in config.pipelines.iter().zip(&identities) {
            identity.require(runtime).with_context(|| of(pipeline))?;
        }
        Ok(identities)
    }

    /// The ways of a pipeline, from each of its receivers to each of its exporters.
    fn prepare(
        &mut self,
        config: &Config,
        pipeline: &Pipeline,
        identity: &Identity,
        library: &Library,
        given_up: &watch::Receiver<bool>,
    ) -> Result<Vec<Prepared>> {
        let runtime = self.runtime.handle().clone();
        let mut ways = Vec::new();
        for export in &pipeline.exporters {
            let room = Room::new(export.in_flight_bytes);
            let delivery = match self.exporters.get(&export.exporter.id) {
                Some(delivery) => delivery.clone(),
                None => {
                    let _inside = runtime.enter();
                    exporter::delivery(&export.exporter, &config.state_dir, given_up.clone())?
                }
            };
            self.exporters.insert(export.exporter.id.clone(), delivery.clone());
            let consumers = export.exporter.queue.consumers;
            let mut sender =
                |spooling| Sender::start(&runtime, &delivery, consumers, spooling, &mut self.deliveries);
            // Each receiver has a spool of its own, and what goes through that has to keep its order.
            let shared = export.exporter.queue.spool.is_none().then(|| sender(None));
            for receiver in &pipeline.receivers {
                let way =
                    Way { receiver: &receiver.id, pipeline: &pipeline.name, exporter: &export.exporter.id };
                let folder = way.state_folder(&config.state_dir)?;
                let host = match StateFile::exists(&folder) {
                    true => owner::known(identity, &runtime),
                    false => owner::now(identity),
                };
                let (state, resumer) = StateFile::open(&folder, &host)?;
                let spooling = match export.exporter.queue.spool {
                    Some(limits) => {
                        let spool = spool::open(&folder.join("spool"), limits, resumer.first_run())?;
                        Some(Arc::new(Spooling::new(spool, given_up.clone())))
                    }
                    None => None,
                };
                let sender = shared.clone().unwrap_or_else(|| sender(spooling.clone()));
                let tailer = files::tailer(receiver, resumer)?;
                let waker = tailer.wake_handle();
                let identity_waker = waker.clone();
                identity.on_change(&runtime, move || identity_waker.wake());
                room.wake(waker.clone());
                let ledger = Arc::new(Ledger::new());
                let source = metrics::Source {
                    receiver: receiver.id.clone(),
                    pipeline: pipeline.name.clone(),
                    exporter: export.exporter.id.clone(),
                    ledger: Arc::clone(&ledger),
                    spooling: spooling.clone(),
                };
                let own = setup::own_resource(receiver);
                let parts = LaneParts {
                    receiver: receiver.clone(),
                    stage: setup::stage(library, pipeline, receiver)?,
                    outbox: Outbox::new(export.batch.clone(), room.clone()),
                    tailer,
                    identity: identity.clone(),
                    sources: Sources::new(pipeline.resource.clone(), own, identity.now()),
                    ledger: Arc::clone(&ledger),
                    room: room.clone(),
                    sender,
                    stop: Arc::clone(&self.stop),
                };
                let books = Books { ledger, state, spooling, identity: identity.clone(), failing: false };
                let delivery = delivery.clone();
                let spool = books.spooling.is_some().then(|| folder.join("spool"));
                let name = way.to_string();
                ways.push(Prepared { name, parts, waker, books, delivery, source, spool });
            }
        }
        Ok(ways)
    }

    fn run(mut self, drain: Duration) -> Result<ExitCode> {
        let handle = self.runtime.handle().clone();
        let lost_lane = handle.block_on(self.until_told())?;
        let deadline = Instant::now() + drain;
        self.stop.store(true, Ordering::Release);
        let mut healthy = !lost_lane;
        let mut all_books = Vec::new();
        for Running { name, lane, waker, books } in std::mem::take(&mut self.running) {
            waker.wake();
            if lane.join().is_err() {
                healthy = false;
                tracing::warn!(
                    "lane {name} ended by a flaw of the agent; its lines are read again at the next start"
                );
            }
            all_books.push(books);
        }
        // The lanes' senders are gone: deliveries end when all is sent.
        handle.block_on(async {
            self.drain(deadline, &mut all_books).await?;
            self.close_spools(deadline, &all_books).await;
            anyhow::Ok(())
        })?;
        all_books.iter_mut().for_each(Books::save);
        let balanced = show(all_books.iter());
        // Something may still wait for a disk that does not answer.
        self.runtime.shutdown_timeout(TO_LET_GO);
        Ok(if balanced && healthy { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    /// Saves checkpoints until a signal comes, or a lane ends by itself, which is
    /// answered with true.
    async fn until_told(&mut self) -> Result<bool> {
        let (mut terminate, mut interrupt) = signals()?;
        let mut asked = signal(SignalKind::user_defined1())?;
        let mut ticks = tokio::time::interval(setup::SAVE_EVERY);
        tracing::info!(version = env!("CARGO_PKG_VERSION"), receivers = self.running.len(), "running");
        loop {
            tokio::select! {
                _ = terminate.recv() => break,
                _ = interrupt.recv() => break,
                _ = asked.recv() => {
                    show(self.running.iter().map(|running| &running.books));
                }
                _ = ticks.tick() => {
                    self.running.iter_mut().for_each(|running| running.books.save());
                    if self.running.iter().any(|running| running.lane.is_finished()) {
                        return Ok(true);
                    }
                }
            }
        }
        tracing::info!("stopping");
        Ok(false)
    }

    /// Waits for what was read to be delivered: until the deadline, or until a
    /// second signal comes.
    async fn drain(&mut self, deadline: Instant, books: &mut [Books]) -> Result<()> {
        let (mut terminate, mut interrupt) = signals()?;
        let all_sent = async { while self.deliveries.join_next().await.is_some() {} };
        tokio::select! {
            () = all_sent => return Ok(()),
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            () = tokio::time::sleep_until(deadline.into()) => {}
        }
        let waiting: u64 = books.iter().map(|books| books.ledger.totals().records_in_flight).sum();
        tracing::warn!(
            records = waiting,
            "not everything was delivered; the rest is read again at the next start"
        );
        self.give_up.send_replace(true);
        while self.deliveries.join_next().await.is_some() {}
        Ok(())
    }

    /// Leaves what is in spools where it is. The requests that are under way are waited
    /// for, or they would be made again at the next start.
    async fn close_spools(&mut self, deadline: Instant, books: &[Books]) {
        books.iter().filter_map(|books| books.spooling.as_ref()).for_each(|spooling| spooling.close());
        let all_closed = async { while self.drains.join_next().await.is_some() {} };
        // What is not answered by then is delivered again.
        let _ = tokio::time::timeout_at(deadline.into(), all_closed).await;
        self.drains.shutdown().await;
    }
}

fn signals() -> Result<(Signal, Signal)> {
    Ok((signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?))
}

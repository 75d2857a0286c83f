//! The agent at work: its pipelines, from the start until a signal, and what is exchanged
//! between them while it runs.
//!
//! A [`Plan`] becomes [`Opened`](plan::Opened) becomes a [`RunningPipeline`] becomes an
//! [`EndingPipeline`]; `reload` carries a changed config out with the same steps.

mod exporters;
mod pipeline;
mod plan;
mod reload;
mod watched;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use skidway_config::Config;
use skidway_state::Totals;
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::books::{Books, show};
use crate::cli::ConfigFiles;
use crate::library::Library;
use crate::metrics::Metrics;
use crate::serve::Server;
use crate::swap::Components;
use crate::{health, setup, spool};
use exporters::Exporters;
use pipeline::{EndingPipeline, RunningPipeline};
use plan::{Opened, Plan};
pub(crate) use watched::WatchedConfig;

/// For calls to the system that are still under way at the end.
const TO_LET_GO: Duration = Duration::from_secs(1);

/// The agent.
pub(crate) struct Agent<'a> {
    runtime: Runtime,
    signals: Signals,
    components: Arc<Components>,
    exporters: Exporters,
    pipelines: Vec<RunningPipeline>,
    /// What became of the records of pipelines that were replaced.
    past: Vec<Totals>,
    metrics: Metrics,
    metrics_server: Option<Server>,
    health_server: Option<Server>,
    config: Config,
    /// Where the config is read from, again and again.
    files: &'a ConfigFiles,
    watched: WatchedConfig,
    /// How long what was read may take to be delivered when a pipeline ends.
    drain: Duration,
}

/// The signals that it answers.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
    user1: Signal,
    /// It was told to stop while it was at something else.
    told_to_stop: bool,
}

/// What a signal asks for.
enum Asked {
    Stop,
    Reload,
    Books,
}

/// Why the agent does no more than go on.
enum Told {
    Stop,
    /// A lane has ended by itself.
    LaneLost,
    Reload,
}

impl Signals {
    fn new() -> Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
            user1: signal(SignalKind::user_defined1())?,
            told_to_stop: false,
        })
    }

    async fn next(&mut self) -> Asked {
        if self.told_to_stop {
            return Asked::Stop;
        }
        tokio::select! {
            _ = self.terminate.recv() => Asked::Stop,
            _ = self.interrupt.recv() => Asked::Stop,
            _ = self.hangup.recv() => Asked::Reload,
            _ = self.user1.recv() => Asked::Books,
        }
    }
}

impl<'a> Agent<'a> {
    /// Everything that can fail fails here, before the first line is read.
    pub(crate) fn build(
        config: Config,
        files: &'a ConfigFiles,
        watched: WatchedConfig,
        drain: Duration,
    ) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("delivery")
            .enable_all()
            .build()?;
        let signals = {
            let _inside = runtime.enter();
            Signals::new()?
        };
        let cache = setup::env("CACHE_DIRECTORY")
            .map_or_else(|| config.state_dir.join("compiled"), |folder| folder.into());
        let library = Library::of_config(Some(&cache), &config)?;
        setup::try_components(&library, &config)?;
        let components = Arc::new(Components::start(library)?);
        let mut agent = Self {
            signals,
            metrics: Metrics::new(Arc::clone(&components)),
            components,
            exporters: Exporters::new(&config),
            pipelines: Vec::new(),
            past: Vec::new(),
            metrics_server: None,
            health_server: None,
            config,
            files,
            watched,
            drain,
            runtime,
        };
        let (handle, config) = (agent.runtime.handle().clone(), agent.config.clone());
        let mut plans = Vec::new();
        for pipeline in &config.pipelines {
            plans.push(Plan::make(pipeline, None, &agent.components, &mut agent.exporters, &handle)?);
        }
        plans.iter().try_for_each(|plan| plan.require_identity(&handle))?;
        let open = |plan: Plan| plan.open(&config.state_dir, &handle);
        let opened = plans.into_iter().map(open).collect::<Result<Vec<_>>>()?;
        let spools: Vec<_> = opened.iter().flat_map(Opened::spools).collect();
        spool::tell_abandoned(&config.state_dir, &spools);
        if let Some(endpoint) = &config.metrics {
            agent.metrics_server = Some(agent.metrics.serve(endpoint, &handle)?);
        }
        if let Some(health_check) = &config.health_check {
            agent.health_server = Some(health::start(health_check, &handle)?);
        }
        // Nothing has been read so far; from here on nothing can fail.
        for opened in opened {
            agent.pipelines.push(opened.start(&handle)?);
        }
        agent.show_metrics();
        Ok(agent)
    }

    fn show_metrics(&self) {
        self.metrics.show(self.pipelines.iter().flat_map(RunningPipeline::sources).collect());
    }

    /// Until it is told to stop, and what was read is delivered.
    pub(crate) fn run(mut self) -> Result<ExitCode> {
        let receivers: usize = self.pipelines.iter().map(|pipeline| pipeline.books().count()).sum();
        tracing::info!(version = env!("CARGO_PKG_VERSION"), receivers, "running");
        let handle = self.runtime.handle().clone();
        let mut healthy = loop {
            match handle.block_on(self.until_told()) {
                Told::Stop => break true,
                Told::LaneLost => break false,
                Told::Reload => {
                    if let Err(error) = self.reload() {
                        tracing::warn!("stopping, since the config before is not to be had back: {error:#}");
                        break false;
                    }
                }
            }
        };
        tracing::info!("stopping");
        let all = std::mem::take(&mut self.pipelines);
        let (mut ended, all_healthy) = self.end(all);
        healthy &= all_healthy;
        ended.iter_mut().for_each(EndingPipeline::save);
        let balanced = show(ended.iter().flat_map(|pipeline| &pipeline.books), &self.past);
        drop(ended);
        // Something may still wait for a disk that does not answer.
        self.runtime.shutdown_timeout(TO_LET_GO);
        Ok(if balanced && healthy { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    /// Saves checkpoints until there is something to do.
    async fn until_told(&mut self) -> Told {
        let mut ticks = tokio::time::interval(setup::SAVE_EVERY);
        loop {
            tokio::select! {
                asked = self.signals.next() => match asked {
                    Asked::Stop => return Told::Stop,
                    Asked::Reload => return Told::Reload,
                    Asked::Books => {
                        show(self.pipelines.iter().flat_map(RunningPipeline::books), &self.past);
                        self.components.say();
                    }
                },
                _ = ticks.tick() => {
                    self.pipelines.iter_mut().for_each(RunningPipeline::save);
                    if self.pipelines.iter().any(RunningPipeline::has_lost_a_lane) {
                        return Told::LaneLost;
                    }
                    if self.watched.have_changed() {
                        return Told::Reload;
                    }
                }
            }
        }
    }

    /// Ends pipelines: they read no more, and what they have read is delivered before the
    /// deadline, or until the agent is told to stop (again), or left in its files. The others
    /// go on.
    fn end(&mut self, pipelines: Vec<RunningPipeline>) -> (Vec<EndingPipeline>, bool) {
        let deadline = Instant::now() + self.drain;
        pipelines.iter().for_each(RunningPipeline::stop_reading);
        let mut healthy = true;
        let mut ending = Vec::new();
        for pipeline in pipelines {
            let (pipeline, well) = pipeline.join_lanes();
            healthy &= well;
            ending.push(pipeline);
        }
        let Self { runtime, signals, pipelines: others, .. } = self;
        runtime.block_on(async {
            if !delivered(&mut ending, others, signals, deadline).await {
                for pipeline in &mut ending {
                    pipeline.give_up().await;
                }
            }
            for pipeline in &mut ending {
                pipeline.close_spools(deadline).await;
            }
        });
        (ending, healthy)
    }
}

/// Waits for all to be delivered while others go on; false where that was cut short.
async fn delivered(
    ending: &mut [EndingPipeline],
    others: &mut [RunningPipeline],
    signals: &mut Signals,
    deadline: Instant,
) -> bool {
    let mut ticks = tokio::time::interval(setup::SAVE_EVERY);
    let all = async {
        for pipeline in ending {
            pipeline.delivered().await;
        }
    };
    tokio::pin!(all);
    loop {
        tokio::select! {
            () = &mut all => return true,
            _ = signals.terminate.recv() => break,
            _ = signals.interrupt.recv() => break,
            () = tokio::time::sleep_until(deadline.into()) => return false,
            _ = ticks.tick() => others.iter_mut().for_each(RunningPipeline::save),
        }
    }
    signals.told_to_stop = true;
    false
}

impl EndingPipeline {
    /// What became of its records.
    fn totals(&self) -> impl Iterator<Item = Totals> {
        self.books.iter().map(|Books { ledger, .. }| ledger.totals())
    }
}

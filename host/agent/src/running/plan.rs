//! From a pipeline of the config to one that can run, in two steps.
//!
//! A [`Plan`] holds all that can be made while another pipeline of the same name is still at
//! work: components, identity, connections. Whoever replaces a pipeline makes the plan first:
//! most of what can fail fails there. [`Plan::open`] takes what only one can have: the state
//! of the ways, their spools, their places in the files. [`Opened::start`] reads.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::{Context as _, Result};
use skidway_config::{Export, FileLog, Pipeline};
use skidway_otlp::Delivery;
use skidway_state::{Ledger, StateFile};
use skidway_tail::Waker;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::exporters::Exporters;
use super::pipeline::{RunningPipeline, RunningWay};
use crate::books::Books;
use crate::identity::Identity;
use crate::pipeline::{Lane, LaneParts, Outbox, Room, Sender, Sources, Spooling};
use crate::stage::Stage;
use crate::swap::Components;
use crate::way::Way;
use crate::{files, identity, metrics, owner, setup, spool};

/// A pipeline that could run.
pub(crate) struct Plan {
    pipeline: Pipeline,
    identity: Identity,
    /// One for each exporter of the pipeline, in order.
    deliveries: Vec<Delivery>,
    /// One for each way: those to the first exporter come first.
    stages: Vec<Stage>,
    give_up: watch::Sender<bool>,
}

/// A pipeline that has all it needs, and has not read anything.
pub(crate) struct Opened {
    pipeline: Pipeline,
    identity: Identity,
    ways: Vec<OpenedWay>,
    stop: Arc<AtomicBool>,
    give_up: watch::Sender<bool>,
    deliveries: JoinSet<()>,
}

struct OpenedWay {
    name: String,
    parts: LaneParts,
    waker: Waker,
    books: Books,
    delivery: Delivery,
    source: metrics::Source,
    /// The folder of its spool.
    spool: Option<PathBuf>,
}

impl Plan {
    /// `known` is an identity that was found out for the same settings before.
    pub(crate) fn make(
        pipeline: &Pipeline,
        known: Option<Identity>,
        components: &Components,
        exporters: &mut Exporters,
        runtime: &Handle,
    ) -> Result<Self> {
        let of = || format!("pipeline {}", pipeline.name);
        let identity = match known {
            Some(identity) => identity,
            None => identity::detect(&pipeline.resource, components.library(), runtime, &setup::env)
                .with_context(of)?,
        };
        let (give_up, given_up) = watch::channel(false);
        let (mut deliveries, mut stages) = (Vec::new(), Vec::new());
        for export in &pipeline.exporters {
            deliveries.push(exporters.delivery(&export.exporter, &given_up, runtime)?);
            for receiver in &pipeline.receivers {
                stages.push(setup::stage(components, pipeline, receiver)?);
            }
        }
        Ok(Self { pipeline: pipeline.clone(), identity, deliveries, stages, give_up })
    }

    /// Waits for the host to be known, where the config says that nothing may run without.
    /// To be called after all plans are made, or the last one would wait for the sum of it.
    pub(crate) fn require_identity(&self, runtime: &Handle) -> Result<()> {
        self.identity.require(runtime).with_context(|| format!("pipeline {}", self.pipeline.name))
    }

    /// Takes what only one can have. Nobody else may run the same pipeline.
    pub(crate) fn open(self, state_dir: &Path, runtime: &Handle) -> Result<Opened> {
        let Self { pipeline, identity, deliveries, stages, give_up } = self;
        let mut opened = Opened {
            ways: Vec::new(),
            stop: Arc::new(AtomicBool::new(false)),
            deliveries: JoinSet::new(),
            give_up,
            identity,
            pipeline: pipeline.clone(),
        };
        let mut stages = stages.into_iter();
        for (export, delivery) in pipeline.exporters.iter().zip(deliveries) {
            let room = Room::new(export.in_flight_bytes);
            // Each receiver has a spool of its own, and what goes through that has to keep its order.
            let has_spool = export.exporter.queue.spool.is_some();
            let shared = (!has_spool).then(|| opened.sender(export, &delivery, None, runtime));
            for (receiver, stage) in pipeline.receivers.iter().zip(&mut stages) {
                opened.open_way(
                    export,
                    receiver,
                    stage,
                    &delivery,
                    shared.clone(),
                    &room,
                    state_dir,
                    runtime,
                )?;
            }
        }
        Ok(opened)
    }
}

impl Opened {
    fn sender(
        &mut self,
        export: &Export,
        delivery: &Delivery,
        spooling: Option<Arc<Spooling>>,
        runtime: &Handle,
    ) -> Sender {
        let consumers = export.exporter.queue.consumers;
        Sender::start(runtime, delivery, consumers, spooling, &mut self.deliveries)
    }

    #[expect(clippy::too_many_arguments, reason = "what the ways of a pipeline share")]
    fn open_way(
        &mut self,
        export: &Export,
        receiver: &FileLog,
        stage: Stage,
        delivery: &Delivery,
        shared: Option<Sender>,
        room: &Room,
        state_dir: &Path,
        runtime: &Handle,
    ) -> Result<()> {
        let identity = &self.identity;
        let (pipeline, exporter) = (&self.pipeline.name, &export.exporter.id);
        let way = Way { receiver: &receiver.id, pipeline, exporter };
        let name = way.to_string();
        let folder = way.state_folder(state_dir)?;
        let host = match StateFile::exists(&folder) {
            true => owner::known(identity, runtime),
            false => owner::now(identity),
        };
        let (state, resumer) = StateFile::open(&folder, &host)?;
        let spooling = match export.exporter.queue.spool {
            Some(limits) => {
                let spool = spool::open(&folder.join("spool"), limits, resumer.first_run())?;
                Some(Arc::new(Spooling::new(spool, self.give_up.subscribe())))
            }
            None => None,
        };
        let tailer = files::tailer(receiver, resumer)?;
        let waker = tailer.wake_handle();
        let identity_waker = waker.clone();
        identity.on_change(runtime, move || identity_waker.wake());
        room.wake(waker.clone());
        let ledger = Arc::new(Ledger::new());
        let source = metrics::Source {
            receiver: receiver.id.clone(),
            pipeline: pipeline.clone(),
            exporter: exporter.clone(),
            ledger: Arc::clone(&ledger),
            spooling: spooling.clone(),
        };
        let own = setup::own_resource(receiver);
        let identity = identity.clone();
        let sources = Sources::new(self.pipeline.resource.clone(), own, identity.now());
        let books = Books {
            ledger: Arc::clone(&ledger),
            state,
            spooling: spooling.clone(),
            identity: identity.clone(),
            failing: false,
        };
        let spool = spooling.is_some().then(|| folder.join("spool"));
        let sender = match shared {
            Some(sender) => sender,
            None => self.sender(export, delivery, spooling, runtime),
        };
        let parts = LaneParts {
            receiver: receiver.clone(),
            stage,
            outbox: Outbox::new(export.batch.clone(), room.clone()),
            tailer,
            identity,
            sources,
            ledger,
            room: room.clone(),
            sender,
            stop: Arc::clone(&self.stop),
        };
        let delivery = delivery.clone();
        self.ways.push(OpenedWay { name, parts, waker, books, delivery, source, spool });
        Ok(())
    }

    /// The folders of the spools that it delivers.
    pub(crate) fn spools(&self) -> impl Iterator<Item = PathBuf> {
        self.ways.iter().filter_map(|way| way.spool.clone())
    }

    /// Reads and delivers from here on.
    pub(crate) fn start(self, runtime: &Handle) -> Result<RunningPipeline> {
        let Self { pipeline, identity, ways, stop, give_up, deliveries } = self;
        let mut running = RunningPipeline {
            pipeline,
            identity,
            ways: Vec::new(),
            stop,
            give_up,
            deliveries,
            drains: JoinSet::new(),
        };
        for OpenedWay { name, parts, waker, books, delivery, source, spool } in ways {
            if let Some(spooling) = books.spooling.clone() {
                let drain = async move { spooling.drain(delivery).await };
                running.drains.spawn_on(drain, runtime);
            }
            let lane = Lane::new(parts);
            let lane = std::thread::Builder::new()
                .name(format!("lane {name}"))
                .spawn(move || lane.run())
                .context("cannot start a thread")?;
            running.ways.push(RunningWay { name, lane, waker, books, source, spool });
        }
        Ok(running)
    }
}

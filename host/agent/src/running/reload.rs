//! A config that was changed while the agent runs.
//!
//! What must stay true: a config that cannot be run changes nothing; pipelines that read the
//! same in both configs are not touched; a pipeline that does not is ended as at a stop (what it
//! has read is delivered, or left in its files) and begins again where it ended.

use std::collections::HashSet;

use anyhow::Result;
use skidway_config::{Config, Warning};

use super::Agent;
use super::pipeline::{EndingPipeline, RunningPipeline};
use super::plan::{Opened, Plan};
use crate::{health, logging, setup, spool};

impl Agent<'_> {
    /// Reads the config again and carries it out. An error: what ran before does not run any
    /// more, and cannot be had back.
    pub(super) fn reload(&mut self) -> Result<()> {
        tracing::info!("reading the config again");
        let config = match setup::config(self.files) {
            Ok(config) => config,
            Err(errors) => {
                tracing::warn!("the config is wrong, and the one before goes on: {errors}");
                return Ok(());
            }
        };
        if config.state_dir != self.config.state_dir {
            let (was, wanted) = (self.config.state_dir.display(), config.state_dir.display());
            tracing::warn!(
                "the state folder cannot change from {was} to {wanted} while the agent runs, and the config before \
                 goes on; restart it"
            );
            return Ok(());
        }
        let (was, wanted) = (&self.config.components, &config.components);
        if (&was.directory, &was.trust) != (&wanted.directory, &wanted.trust) {
            tracing::warn!(
                "where components lie and whose are loaded cannot change while the agent runs, and the config before \
                 goes on; restart it"
            );
            return Ok(());
        }
        let plans = match self.plans(&config) {
            Ok(plans) => plans,
            Err(error) => {
                let error = setup::shown(&error);
                tracing::warn!("the config cannot be run, and the one before goes on: {error}");
                return Ok(());
            }
        };
        for Warning(problem) in config.warnings.iter().filter(|new| !self.config.warnings.contains(new)) {
            let at = problem.at.as_ref().map(ToString::to_string);
            tracing::warn!(at, hint = problem.hint, "config: {}", problem.message);
        }
        self.exchange(config, plans)
    }

    /// For each pipeline that is new or changed.
    fn plans(&mut self, config: &Config) -> Result<Vec<Plan>> {
        let handle = self.runtime.handle().clone();
        setup::try_components(self.components.library(), config)?;
        let mut plans = Vec::new();
        for pipeline in &config.pipelines {
            if self.pipelines.iter().any(|running| running.pipeline == *pipeline) {
                continue;
            }
            // Who the host is does not change with what is read.
            let before = self.pipelines.iter().find(|running| running.pipeline.name == pipeline.name);
            let known = before
                .filter(|running| running.pipeline.resource == pipeline.resource)
                .map(|running| running.identity.clone());
            plans.push(Plan::make(pipeline, known, &self.components, &mut self.exporters, &handle)?);
        }
        plans.iter().try_for_each(|plan| plan.require_identity(&handle))?;
        Ok(plans)
    }

    fn exchange(&mut self, config: Config, plans: Vec<Plan>) -> Result<()> {
        let handle = self.runtime.handle().clone();
        let stays = |running: &RunningPipeline| config.pipelines.contains(&running.pipeline);
        let (staying, leaving): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.pipelines).into_iter().partition(stays);
        let (unchanged, left) = (staying.len(), leaving.len());
        self.pipelines = staying;
        // They hold on to spools, which the next ones open.
        self.show_metrics();
        let before: Vec<_> = leaving.iter().map(|running| running.pipeline.clone()).collect();
        let (mut ended, healthy) = self.end(leaving);
        ended.iter_mut().for_each(EndingPipeline::save);
        self.past.extend(ended.iter().flat_map(EndingPipeline::totals));
        drop(ended);
        if !healthy {
            tracing::warn!("a pipeline was replaced that had lost a lane");
        }

        if self.signals.told_to_stop {
            return Ok(());
        }

        let open = |plan: Plan| plan.open(&config.state_dir, &handle);
        let opened = plans.into_iter().map(open).collect::<Result<Vec<Opened>>>();
        let (opened, goes_on) = match opened {
            Ok(opened) => (opened, false),
            Err(error) => {
                tracing::warn!("the config cannot be run, and the one before goes on: {error:#}");
                let again = before.iter().map(|pipeline| {
                    Plan::make(pipeline, None, &self.components, &mut self.exporters, &handle)?
                        .open(&self.config.state_dir, &handle)
                });
                (again.collect::<Result<Vec<Opened>>>()?, true)
            }
        };
        for opened in opened {
            self.pipelines.push(opened.start(&handle)?);
        }
        self.show_metrics();
        if goes_on {
            return Ok(());
        }
        let names = |config: &Config| -> HashSet<String> {
            config.pipelines.iter().map(|pipeline| pipeline.name.clone()).collect()
        };
        let (old, new) = (names(&self.config), names(&config));
        let removed = old.difference(&new).count();
        if removed > 0 {
            let spools: Vec<_> = self.pipelines.iter().flat_map(RunningPipeline::spools).collect();
            spool::tell_abandoned(&config.state_dir, &spools);
        }
        self.exporters.keep_only(&config);
        self.renew_servers(&config);
        logging::set_level(config.log_level.as_str());
        let added = new.difference(&old).count();
        tracing::info!(unchanged, restarted = left - removed, added, removed, "config reloaded");
        self.config = config;
        Ok(())
    }

    /// A port that is taken is no reason to read no logs.
    fn renew_servers(&mut self, config: &Config) {
        let handle = self.runtime.handle().clone();
        if config.metrics != self.config.metrics {
            self.metrics_server.take().into_iter().for_each(|server| server.stop(&handle));
            let served = config.metrics.as_ref().map(|endpoint| self.metrics.serve(endpoint, &handle));
            self.metrics_server = said(served);
        }
        if config.health_check != self.config.health_check {
            self.health_server.take().into_iter().for_each(|server| server.stop(&handle));
            let served = config.health_check.as_ref().map(|wanted| health::start(wanted, &handle));
            self.health_server = said(served);
        }
    }
}

fn said<T>(served: Option<Result<T>>) -> Option<T> {
    let warn = |error: &anyhow::Error| tracing::warn!("{error:#}");
    served.transpose().inspect_err(warn).ok().flatten()
}

//! Backends by their ids: pipelines that name the same exporter share its connections, or its
//! file.

use std::collections::HashMap;
use std::path::PathBuf;

use anyhow::Result;
use skidway_config::{Config, Exporter};
use skidway_otlp::Delivery;
use tokio::runtime::Handle;
use tokio::sync::watch;

use crate::exporter;

/// What delivers to each of them, and the settings that it was made of.
pub(crate) struct Exporters {
    state_dir: PathBuf,
    made: HashMap<String, (Exporter, Delivery)>,
}

impl Exporters {
    pub(crate) fn new(config: &Config) -> Self {
        Self { state_dir: config.state_dir.clone(), made: HashMap::new() }
    }

    /// Delivers until `stop` says true.
    pub(crate) fn delivery(
        &mut self,
        wanted: &Exporter,
        stop: &watch::Receiver<bool>,
        runtime: &Handle,
    ) -> Result<Delivery> {
        if let Some((made_of, delivery)) = self.made.get(&wanted.id)
            && made_of == wanted
        {
            return Ok(delivery.clone().until(stop.clone()));
        }
        let _inside = runtime.enter();
        let delivery = exporter::delivery(wanted, &self.state_dir, stop.clone())?;
        self.made.insert(wanted.id.clone(), (wanted.clone(), delivery.clone()));
        Ok(delivery)
    }

    /// Forgets those that the config does not name, or not like this.
    pub(crate) fn keep_only(&mut self, config: &Config) {
        let exports = || config.pipelines.iter().flat_map(|pipeline| &pipeline.exporters);
        self.made.retain(|_, (made_of, _)| exports().any(|export| export.exporter == *made_of));
    }
}

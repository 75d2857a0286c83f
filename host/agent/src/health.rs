//! Answers that the agent runs, as the collector's `health_check` extension does.

use std::time::{Instant, SystemTime};

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use skidway_config::HealthCheck;
use tokio::runtime::Handle;

use crate::serve::{self, Page, Server};

/// Listens; a port that is taken is an error of the start.
pub(crate) fn start(health_check: &HealthCheck, runtime: &Handle) -> Result<Server> {
    let HealthCheck { endpoint, path } = health_check;
    let up_since = Timestamp::try_from(SystemTime::now()).map(|time| time.to_string()).unwrap_or_default();
    let started = Instant::now();
    let body = move || {
        let uptime = format!("{:?}", started.elapsed());
        let status = "Server available";
        serde_json::json!({ "status": status, "upSince": up_since, "uptime": uptime }).to_string()
    };
    let page = Page { path: path.clone(), content_type: "application/json", body: Box::new(body) };
    serve::start(endpoint, page, runtime)
        .with_context(|| format!("health_check cannot listen on {endpoint}; set another `endpoint`"))
}

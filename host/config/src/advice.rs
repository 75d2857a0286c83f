//! What works and yet does not do what its author thinks: mistakes that stand in
//! ClickStack's guide to EC2 host logs and in every config that was copied from it.
//!
//! Each piece of advice has the line to paste. None of them concerns a receiver with
//! a parser of ours, which reads all these forms.

use crate::config::FileLog;
use crate::problem::Report;
use crate::tree::{Node, Value};

/// Says what is known to go wrong with a receiver's operators and files.
pub(crate) fn receiver(receiver: &FileLog, node: &Node, report: &mut Report) {
    if let Some(operators) = node.get("operators") {
        stamps(operators, report);
    }
    missed(receiver, node, report);
    twice(receiver, node, report);
}

/// Layouts that do not take what log files have.
fn stamps(node: &Node, report: &mut Report) {
    let text = |key: &str| match node.get(key).map(|below| &below.value) {
        Some(Value::Scalar(scalar)) => Some(scalar.text.as_str()),
        _ => None,
    };
    if let Some(layout) = text("layout") {
        match text("layout_type") {
            None | Some("strptime") => strptime(node, layout, report),
            Some("gotime") => gotime(node, layout, report),
            Some(_) => {}
        }
    }
    if let Some(pattern) = text("regex")
        && pattern.contains(r"\w+ \d+ ")
    {
        let better = pattern.replace(r"\w+ \d+ ", r"\w+ +\d+ ");
        report.warn(
            node.at("regex"),
            "the pattern does not match days of one digit, which syslog pads with a blank: `Nov  7`",
            format!("`regex: '{better}'`"),
        );
    }
    match &node.value {
        Value::Scalar(_) => {}
        Value::List(items) => items.iter().for_each(|item| stamps(item, report)),
        Value::Map(entries) => entries.iter().for_each(|(_, below)| stamps(below, report)),
    }
}

fn strptime(node: &Node, layout: &str, report: &mut Report) {
    for month in ["%b", "%h"] {
        let (wrong, right) = (format!("{month} %d"), format!("{month} %e"));
        if layout.contains(&wrong) {
            report.warn(
                node.at("layout"),
                "`%d` needs two digits, and syslog pads days of one digit with a blank: `Nov  7` gets no time",
                format!("`layout: '{}'`", layout.replace(&wrong, &right)),
            );
        }
    }
    if layout.contains("%z") {
        report.warn(
            node.at("layout"),
            "`%z` takes `+0000` and `Z`, not `+00:00`, which journalctl prints since systemd 255",
            format!("where the files have it: `layout: '{}'`", layout.replace("%z", "%j")),
        );
    }
}

fn gotime(node: &Node, layout: &str, report: &mut Report) {
    if let Some(start) = layout.strip_suffix("-07:00").filter(|start| !start.ends_with('Z')) {
        report.warn(
            node.at("layout"),
            "`-07:00` takes `+00:00`, not `Z`, which rsyslog writes in UTC",
            format!("`layout: '{start}Z07:00'`"),
        );
    }
}

/// Files of Amazon Linux, RHEL and Fedora that have no ending.
const WITHOUT_ENDING: [&str; 4] =
    ["/var/log/messages", "/var/log/secure", "/var/log/cron", "/var/log/maillog"];

/// `*.log` finds none of the files that these systems write most to.
fn missed(receiver: &FileLog, node: &Node, report: &mut Report) {
    let globs: Vec<&str> = receiver.include.iter().map(|glob| glob.as_str()).collect();
    let all_logs = globs.iter().any(|glob| glob.starts_with("/var/log/") && glob.ends_with("*.log"));
    let missing: Vec<_> =
        WITHOUT_ENDING.into_iter().filter(|path| !globs.iter().any(|glob| takes(glob, path))).collect();
    if all_logs && !missing.is_empty() {
        report.warn(
            node.at("include"),
            format!(
                "these files of Amazon Linux and RHEL have no ending that `*.log` finds: {}",
                missing.join(", ")
            ),
            format!("`include: [{}]`", [globs, missing].concat().join(", ")),
        );
    }
}

/// Files of which rsyslog writes the lines to `syslog` or `messages` as well.
const COPIES: [&str; 4] =
    ["/var/log/auth.log", "/var/log/kern.log", "/var/log/mail.log", "/var/log/cron.log"];

fn twice(receiver: &FileLog, node: &Node, report: &mut Report) {
    let included = |path: &str| receiver.include.iter().any(|glob| takes(glob.as_str(), path));
    let excluded = |path: &str| receiver.exclude.iter().any(|glob| takes(glob.as_str(), path));
    let Some(whole) = ["/var/log/syslog", "/var/log/messages"].into_iter().find(|path| included(path)) else {
        return;
    };
    let copies: Vec<_> = COPIES.into_iter().filter(|path| included(path) && !excluded(path)).collect();
    if !copies.is_empty() {
        report.warn(
            node.at("include"),
            format!("lines of {} are in {whole} as well, and are sent twice", copies.join(", ")),
            format!("`exclude: [{}]`", copies.join(", ")),
        );
    }
}

/// Whether a glob that was read before takes a path.
fn takes(glob: &str, path: &str) -> bool {
    let glob = globset::GlobBuilder::new(glob).literal_separator(true).build();
    glob.is_ok_and(|glob| glob.compile_matcher().is_match(path))
}

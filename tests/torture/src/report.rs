//! What is printed at the end, and whether all is well.

use std::collections::BTreeMap;
use std::fmt;

use crate::faults::Missing;
use crate::keeper::{Account, How};
use crate::run::{Events, Plan, count};
use crate::verdict::{Cause, Verdict};

#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) plan: Plan,
    pub(crate) missing: Vec<Missing>,
    pub(crate) verdict: Verdict,
    pub(crate) mangled: u64,
    pub(crate) mangled_examples: Vec<String>,
    /// Requests of which lines were taken.
    pub(crate) requests: usize,
    pub(crate) all_arrived: bool,
    pub(crate) account: Account,
    pub(crate) answers: BTreeMap<&'static str, u64>,
    pub(crate) events: Events,
}

// === impl Report ===

impl Report {
    /// Everything that must not be, each with examples.
    pub(crate) fn failures(&self) -> Vec<String> {
        let verdict = &self.verdict;
        let mut failures = self.account.failures.clone();
        let mut zero = |count: u64, what: &str, examples: &[String]| {
            if count > 0 {
                failures.push(format!("{count} {what}\n    {}", examples.join("\n    ")));
            }
        };
        zero(verdict.lost, "lines are lost", &verdict.lost_examples.lines());
        let unexplained = self.duplicates(Cause::Unexplained);
        zero(unexplained, "lines arrived again for no reason", &verdict.unexplained_examples.lines());
        zero(verdict.out_of_order, "lines arrived out of order", &verdict.out_of_order_examples.lines());
        zero(verdict.made_up, "lines arrived that nobody has written", &[]);
        zero(self.mangled, "lines arrived that are not as they were written", &self.mangled_examples);
        let errors = &self.account.errors;
        zero(errors.len() as u64, "errors were logged", &errors[..errors.len().min(20)]);
        if !self.all_arrived {
            failures.push("not everything had arrived when time was up".to_owned());
        }
        failures
    }

    fn duplicates(&self, cause: Cause) -> u64 {
        self.verdict.duplicates.get(&cause).copied().unwrap_or_default()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { plan, verdict, account, events, .. } = self;
        let ends = |how| count(&account.ends, how);
        let mut row = |name: &str, value: String| writeln!(f, "{name:<36} {value}");
        row("seed", plan.seed.to_string())?;
        row("minutes", format!("{:.1}", events.writing.as_secs_f64() / 60.0))?;
        row("files", plan.files.to_string())?;
        row("lines written", verdict.written.to_string())?;
        row("  delivered", verdict.delivered.to_string())?;
        row("  dead-lettered", verdict.dead_lettered.to_string())?;
        row("  lost", verdict.lost.to_string())?;
        row("duplicates", verdict.duplicates.values().sum::<u64>().to_string())?;
        row("  in a crash window", self.duplicates(Cause::Crash).to_string())?;
        row("  taken and not answered", self.duplicates(Cause::Unanswered).to_string())?;
        row("  taken in part", self.duplicates(Cause::InPart).to_string())?;
        row("  from the disk again", self.duplicates(Cause::Disk).to_string())?;
        row("  unexplained", self.duplicates(Cause::Unexplained).to_string())?;
        row("out of order within a file", verdict.out_of_order.to_string())?;
        row("after the file that followed it", verdict.overtaken_texts.to_string())?;
        row("agents", account.ends.len().to_string())?;
        row("  killed", ends(How::Killed).to_string())?;
        row("  stopped", ends(How::Stopped).to_string())?;
        row("  stopped and killed meanwhile", ends(How::StoppedAndKilled).to_string())?;
        row("  with books that balance", account.balanced.to_string())?;
        row("  with another clock", account.clocks_moved.to_string())?;
        row("  errors they logged", account.errors.len().to_string())?;
        row("rotations", events.rotations.values().sum::<u64>().to_string())?;
        for (way, number) in &events.rotations {
            row(&format!("  {way}"), number.to_string())?;
        }
        row("  put off", events.put_off.to_string())?;
        row("times the disk was full", events.disk_full.len().to_string())?;
        row("outages", events.outages.to_string())?;
        row("requests", self.answers.values().sum::<u64>().to_string())?;
        row("  taken, in whole or in part", self.requests.to_string())?;
        for (answer, number) in &self.answers {
            row(&format!("  {answer}"), number.to_string())?;
        }
        for missing in &self.missing {
            writeln!(f, "{missing}")?;
        }
        Ok(())
    }
}

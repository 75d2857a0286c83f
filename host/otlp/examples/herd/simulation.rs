//! Many agents and a gateway that goes away and comes back, as a discrete-event
//! simulation. Pauses are the agent's own: [`Backoff`] and [`Pace`].
//!
//! An agent writes log at an even rate and sends what it has ten seconds' worth of, as
//! the shipped configs do, or, after an outage, full batches of 75 s' worth, one
//! after the other. The gateway answers so many requests a second in the order of
//! their arrival; what would have to wait too long for that is refused at once.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use skidway_otlp::{Backoff, Pace};

const ONE: u64 = 1_000_000;
/// From an agent to the gateway and back.
const WAY: u64 = 20_000;
/// A request waits no longer in the gateway.
const PATIENCE: u64 = ONE;
/// A batch is sent when this much log is in it, and is full with that much.
const BATCH: u64 = 10 * ONE;
const FULL: u64 = 75 * ONE;

/// What happens.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scenario {
    /// How many agents there are.
    pub(crate) agents: u32,
    /// How many requests a second the gateway answers.
    pub(crate) capacity: u32,
    /// The second in which it goes away.
    pub(crate) gone: u64,
    /// The second in which it is back.
    pub(crate) back: u64,
    /// The second in which the simulation ends.
    pub(crate) end: u64,
    /// What it says while it is away, from its load balancer.
    pub(crate) away: Refusal,
    /// What it says when it has too much to do.
    pub(crate) overloaded: Refusal,
}

/// What a refusal says of the next try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Nothing.
    Silent,
    /// `Retry-After` in seconds.
    After(u64),
    /// `Retry-After` as a date: the moment at which it is back, the same for all.
    WhenBack,
}

/// How agents pause.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Policy {
    /// The intervals.
    pub(crate) backoff: Backoff,
    /// What is done with them.
    pub(crate) way: Way,
}

/// What is done with a backoff.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// What the agent does.
    Paced,
    /// Each batch begins anew; what the gateway asks for comes before the pause.
    Anew,
    /// The same, as the collector does it: what the gateway asks for counts where it
    /// is longer than the pause.
    AnewAtLeast,
}

/// What the gateway saw.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    /// Requests in each second.
    pub(crate) requests: Vec<u32>,
    /// Those that it took.
    pub(crate) taken: Vec<u32>,
    /// The second in which no agent had more than a usual batch left.
    pub(crate) drained: Option<u64>,
}

impl Seen {
    /// The busiest second of those.
    pub(crate) fn peak(&self, seconds: std::ops::Range<u64>) -> u32 {
        self.within(seconds).iter().copied().max().unwrap_or_default()
    }

    /// Requests refused between the return and the end of the backlog, for each one taken.
    pub(crate) fn refused_per_taken(&self, back: u64) -> f64 {
        let drained = self.drained.unwrap_or(self.requests.len() as u64) as usize;
        let sum = |counts: &[u32]| counts[back as usize..drained].iter().sum::<u32>();
        let taken = sum(&self.taken);
        f64::from(sum(&self.requests) - taken) / f64::from(taken)
    }

    /// Requests a second over those.
    pub(crate) fn mean(&self, seconds: std::ops::Range<u64>) -> u32 {
        let within = self.within(seconds);
        within.iter().sum::<u32>() / (within.len() as u32).max(1)
    }

    fn within(&self, seconds: std::ops::Range<u64>) -> &[u32] {
        self.requests.get(seconds.start as usize..seconds.end as usize).unwrap_or_default()
    }
}

/// Times are microseconds.
struct Agent {
    pace: Pace,
    /// Until when its log is delivered.
    delivered: u64,
    /// It has not caught up yet since the gateway is back.
    behind: bool,
}

struct Gateway {
    scenario: Scenario,
    /// When it is done with what it has taken.
    free: u64,
}

impl Gateway {
    /// When it answers, and what.
    fn answer(&mut self, now: u64) -> (u64, Result<(), Refusal>) {
        if (self.scenario.gone * ONE..self.scenario.back * ONE).contains(&now) {
            return (now + WAY, Err(self.scenario.away));
        }
        let begun = self.free.max(now);
        if begun - now > PATIENCE {
            return (now + WAY, Err(self.scenario.overloaded));
        }
        self.free = begun + ONE / u64::from(self.scenario.capacity);
        (self.free + WAY, Ok(()))
    }
}

/// Plays a scenario. The same seed, the same course.
pub(crate) fn simulate(scenario: &Scenario, policy: &Policy, seed: u64) -> Seen {
    fastrand::seed(seed);
    let mut gateway = Gateway { scenario: *scenario, free: 0 };
    let seconds = scenario.end as usize;
    let mut seen = Seen { requests: vec![0; seconds], taken: vec![0; seconds], drained: None };
    // Agents have begun at their own times.
    let mut agents: Vec<Agent> = (0..scenario.agents)
        .map(|_| Agent { pace: policy.backoff.pace(), delivered: fastrand::u64(..BATCH), behind: true })
        .collect();
    let mut due: BinaryHeap<Reverse<(u64, usize)>> =
        agents.iter().enumerate().map(|(i, agent)| Reverse((agent.delivered + BATCH, i))).collect();
    let mut behind = scenario.agents;
    while let Some(Reverse((now, i))) = due.pop() {
        let second = (now / ONE) as usize;
        if second >= seconds {
            break;
        }
        seen.requests[second] += 1;
        let agent = &mut agents[i];
        let (answered, answer) = gateway.answer(now);
        let next = match answer {
            Ok(()) => {
                seen.taken[second] += 1;
                agent.delivered = now.min(agent.delivered + FULL);
                if now > scenario.back * ONE && agent.behind && now - agent.delivered < BATCH {
                    agent.behind = false;
                    behind -= 1;
                    if behind == 0 {
                        seen.drained = Some(now / ONE);
                    }
                }
                match policy.way {
                    Way::Paced => agent.pace.succeeded(),
                    Way::Anew | Way::AnewAtLeast => agent.pace = policy.backoff.pace(),
                }
                answered.max(agent.delivered + BATCH)
            }
            Err(refusal) => {
                let asked = match refusal {
                    Refusal::Silent => 0,
                    Refusal::After(seconds) => seconds * ONE,
                    Refusal::WhenBack => (scenario.back * ONE).saturating_sub(answered),
                };
                // As the agent bounds it.
                let asked = Duration::from_micros(asked).min(skidway_otlp::MAX_RETRY_AFTER);
                let pause = match policy.way {
                    Way::Paced => agent.pace.failed(asked),
                    Way::Anew => asked + agent.pace.failed(Duration::ZERO),
                    Way::AnewAtLeast => asked.max(agent.pace.failed(Duration::ZERO)),
                };
                answered + micros(pause)
            }
        };
        due.push(Reverse((next, i)));
    }
    seen
}

fn micros(duration: Duration) -> u64 {
    duration.as_micros() as u64
}

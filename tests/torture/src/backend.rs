//! The backend: good and bad weather, and in it an answer to each request.
//!
//! What it decides by content it decides the same each time: an entry with the poison word is rejected for ever, by
//! 400 or by partial success. Everything else is drawn.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use fastrand::Rng;
use skidway_test_support::sink::{Answer, Head, OtlpSink, Record};

use crate::arrivals::{Arrivals, Request, Said};
use crate::journal::Journal;
use crate::lines::{self, POISON};
use crate::stop::Stop;

/// The header by which the agent says which of the agents it is.
pub(crate) const RUN_HEADER: &str = "x-torture-run";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weather {
    /// Nearly everything is taken.
    Fair,
    /// Every other request goes wrong.
    Rough,
    /// An outage: every request ends like this.
    Outage(Trouble),
    /// An outage: nobody listens.
    Gone,
    /// Everything is taken but poison.
    Over,
}

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Trouble {
    None,
    Slow,
    Busy,
    Unavailable,
    Bad,
    Partial,
    CutBefore,
    CutAfter,
    Hang,
}

pub(crate) struct Backend {
    sink: Mutex<OtlpSink>,
    shared: Arc<Shared>,
    endpoint: String,
    /// When it closed all connections. An answer that was just given may have been cut by that.
    closed: Mutex<Vec<SystemTime>>,
}

struct Shared {
    weather: Mutex<Weather>,
    draws: Mutex<Rng>,
    arrivals: Mutex<Arrivals>,
    answers: Mutex<BTreeMap<&'static str, u64>>,
    rejects: bool,
}

// === impl Backend ===

impl Backend {
    pub(crate) fn start(seed: u64, rejects: bool) -> io::Result<Self> {
        let sink = OtlpSink::start_counting()?;
        let shared = Arc::new(Shared {
            weather: Mutex::new(Weather::Fair),
            draws: Mutex::new(Rng::with_seed(seed)),
            arrivals: Mutex::default(),
            answers: Mutex::default(),
            rejects,
        });
        let answering = Arc::clone(&shared);
        sink.set_answer_by(move |head| answer(&answering, head));
        Ok(Self { endpoint: sink.endpoint(), sink: Mutex::new(sink), shared, closed: Mutex::default() })
    }

    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    pub(crate) fn arrivals(&self) -> MutexGuard<'_, Arrivals> {
        lock(&self.shared.arrivals)
    }

    /// When it closed all connections.
    pub(crate) fn closed(&self) -> Vec<SystemTime> {
        lock(&self.closed).clone()
    }

    /// How often each answer was given.
    pub(crate) fn answers(&self) -> BTreeMap<&'static str, u64> {
        lock(&self.shared.answers).clone()
    }

    /// Changes the weather until it is time to stop, and then makes it good for ever. Answers how many outages there
    /// were.
    pub(crate) fn change_weather(&self, mut rng: Rng, stop: &Stop, journal: &Journal) -> io::Result<u32> {
        let mut outages = 0;
        loop {
            let (weather, seconds) = draw_weather(&mut rng);
            outages += u32::from(matches!(weather, Weather::Outage(_) | Weather::Gone));
            self.set(weather, journal)?;
            if !stop.pause(Duration::from_secs_f32(seconds)) {
                break;
            }
        }
        self.set(Weather::Over, journal)?;
        Ok(outages)
    }

    fn set(&self, weather: Weather, journal: &Journal) -> io::Result<()> {
        journal.note(format!("weather: {weather:?}"));
        let before = std::mem::replace(&mut *lock(&self.shared.weather), weather);
        match (before == Weather::Gone, weather == Weather::Gone) {
            (false, true) => lock(&self.sink).stop(),
            (true, false) => lock(&self.sink).restart()?,
            // What hangs is let go.
            _ if weather == Weather::Over => lock(&self.sink).restart()?,
            _ => return Ok(()),
        }
        lock(&self.closed).push(SystemTime::now());
        Ok(())
    }
}

fn draw_weather(rng: &mut Rng) -> (Weather, f32) {
    let seconds = |rng: &mut Rng, from: f32, to: f32| from + rng.f32() * (to - from);
    match rng.u8(..10) {
        0..=3 => (Weather::Fair, seconds(rng, 1.0, 6.0)),
        4..=6 => (Weather::Rough, seconds(rng, 1.0, 5.0)),
        7 => (Weather::Gone, seconds(rng, 0.5, 5.0)),
        _ => {
            const LASTING: [Trouble; 5] =
                [Trouble::Unavailable, Trouble::Busy, Trouble::CutBefore, Trouble::CutAfter, Trouble::Hang];
            (Weather::Outage(LASTING[rng.usize(..LASTING.len())]), seconds(rng, 0.5, 4.0))
        }
    }
}

fn answer(shared: &Arc<Shared>, head: &Head) -> Answer {
    let weather = *lock(&shared.weather);
    let (trouble, draw) = {
        let mut draws = lock(&shared.draws);
        (draw_trouble(weather, &mut draws, shared.rejects), draws.u64(..))
    };
    if trouble == Trouble::CutBefore {
        shared.count("cut before it was read");
        return Answer::CutBefore;
    }
    let run = head.headers.get(RUN_HEADER).and_then(|run| run.parse().ok()).unwrap_or_default();
    let shared = Arc::clone(shared);
    Answer::by_records(move |records| shared.decide(run, trouble, draw, records))
}

fn draw_trouble(weather: Weather, rng: &mut Rng, rejects: bool) -> Trouble {
    let odds: &[(Trouble, u32)] = match weather {
        Weather::Over | Weather::Gone => return Trouble::None,
        Weather::Outage(trouble) => return trouble,
        Weather::Fair => &[
            (Trouble::Slow, 5),
            (Trouble::Busy, 1),
            (Trouble::Unavailable, 3),
            (Trouble::Bad, 2),
            (Trouble::Partial, 2),
            (Trouble::CutBefore, 2),
            (Trouble::CutAfter, 2),
            (Trouble::Hang, 1),
        ],
        Weather::Rough => &[
            (Trouble::Slow, 5),
            (Trouble::Busy, 4),
            (Trouble::Unavailable, 15),
            (Trouble::Bad, 5),
            (Trouble::Partial, 5),
            (Trouble::CutBefore, 8),
            (Trouble::CutAfter, 8),
            (Trouble::Hang, 2),
        ],
    };
    let mut draw = rng.u32(..100);
    for &(trouble, share) in odds {
        if draw < share {
            let is_reject = matches!(trouble, Trouble::Bad | Trouble::Partial);
            return if is_reject && !rejects { Trouble::None } else { trouble };
        }
        draw -= share;
    }
    Trouble::None
}

// === impl Shared ===

impl Shared {
    fn count(&self, answer: &'static str) {
        *lock(&self.answers).entry(answer).or_default() += 1;
    }

    fn decide(&self, run: u32, trouble: Trouble, draw: u64, records: &[Record]) -> Answer {
        let mut rng = Rng::with_seed(draw);
        match trouble {
            Trouble::Busy => {
                self.count("429 with Retry-After");
                Answer::status(429).header("retry-after", if rng.u8(..4) == 0 { "1" } else { "0" })
            }
            Trouble::Unavailable => {
                self.count("503");
                Answer::status(503)
            }
            Trouble::Bad => {
                self.count("400 by chance");
                self.refuse(run, records);
                Answer::status(400)
            }
            Trouble::CutAfter | Trouble::Hang => {
                // Half of them are taken all the same, which the agent cannot know.
                if rng.bool() {
                    self.take(run, Said::Nothing, records.iter());
                }
                if trouble == Trouble::Hang {
                    self.count("left hanging");
                    Answer::Hang
                } else {
                    self.count("cut after it was read");
                    Answer::CutAfter
                }
            }
            Trouble::None | Trouble::Slow | Trouble::Partial | Trouble::CutBefore => {
                let bad = self.bad_records(trouble, &mut rng, records);
                self.take_but(run, trouble, &bad, records)
            }
        }
    }

    /// Which records are not to be taken.
    fn bad_records(&self, trouble: Trouble, rng: &mut Rng, records: &[Record]) -> Vec<bool> {
        let is_poison = |record: &Record| self.rejects && record.body.contains(POISON);
        let mut bad: Vec<bool> = records.iter().map(is_poison).collect();
        if trouble == Trouble::Partial && !bad.is_empty() {
            for _ in 0..rng.u32(1..=3) {
                let any = rng.usize(..bad.len());
                bad[any] = true;
            }
        }
        bad
    }

    fn take_but(&self, run: u32, trouble: Trouble, bad: &[bool], records: &[Record]) -> Answer {
        let rejected = bad.iter().filter(|bad| **bad).count();
        let by_content = bad.iter().zip(records).find(|(bad, _)| **bad).map(|(_, record)| record.body.len());
        match by_content {
            None => {
                self.take(run, Said::Taken, records.iter());
                if trouble == Trouble::Slow {
                    self.count("200, slowly");
                    return Answer::Slow(Duration::from_millis(150));
                }
                self.count("200");
                Answer::Accept
            }
            Some(length) if trouble != Trouble::Partial && length.is_multiple_of(2) => {
                self.count("400 by content");
                self.refuse(run, records);
                Answer::status(400)
            }
            Some(_) => {
                self.count(if trouble == Trouble::Partial {
                    "partial success by chance"
                } else {
                    "partial success by content"
                });
                let good = records.iter().zip(bad).filter(|(_, bad)| !**bad).map(|(record, _)| record);
                self.take(run, Said::TakenInPart, good);
                self.refuse(run, records);
                let left_out = records.iter().zip(bad).filter(|(_, bad)| **bad);
                let left_out = left_out.flat_map(|(record, _)| lines::read(&record.body)).flatten();
                lock(&self.arrivals).left_out.extend(left_out);
                Answer::PartialSuccess {
                    rejected: rejected as u64,
                    message: "so the test wants it".to_owned(),
                }
            }
        }
    }

    /// The agent goes on with the parts of it.
    fn refuse(&self, run: u32, records: &[Record]) {
        let ids: Vec<_> = records.iter().flat_map(|record| lines::read(&record.body)).flatten().collect();
        let (mut arrivals, is_single) = (lock(&self.arrivals), records.len() == 1);
        arrivals.splits.refused(run, SystemTime::now(), &ids, is_single);
        if is_single {
            // Should it come again after a crash, it may be taken then.
            arrivals.left_out.extend(ids);
        }
    }

    fn take<'r>(&self, run: u32, said: Said, records: impl Iterator<Item = &'r Record>) {
        let mut arrivals = lock(&self.arrivals);
        let mut read = Vec::new();
        for record in records {
            for line in lines::read(&record.body) {
                match line {
                    Ok(id) => read.push((id, record.observed_time_unix_nano)),
                    Err(line) => arrivals.enter_mangled(line),
                }
            }
        }
        let at = SystemTime::now();
        let is_answered = said == Said::Taken;
        let ids = read.iter().map(|(id, _)| *id);
        let part_of = if is_answered { arrivals.splits.answered(run, at, ids) } else { None };
        arrivals.enter(Request { at, run, said, part_of }, read);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

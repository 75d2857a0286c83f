//! One run: everything at once, then peace, then the verdict.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result, anyhow};
use fastrand::Rng;

use crate::backend::Backend;
use crate::dead_letters;
use crate::faults::{Fault, Faults};
use crate::journal::Journal;
use crate::keeper::{How, Keeper};
use crate::log_file::{LogFile, Written};
use crate::place::Place;
use crate::report::Report;
use crate::rotation::Way;
use crate::stop::Stop;
use crate::verdict::Evidence;

/// For everything to arrive once nothing goes wrong any more.
const TO_ARRIVE: Duration = Duration::from_secs(180);
/// When nothing has arrived for so long, nothing more will.
const SILENCE: Duration = Duration::from_secs(20);
const WRITERS: usize = 3;
/// Until the next rotation of any file, for so many files: each is rotated every ten seconds or so.
const ROTATION_OF_EACH: f32 = 10.0;
/// A file is left alone so long after it was rotated.
const BETWEEN_ROTATIONS: Duration = Duration::from_millis(1500);
/// A file whose rotated names match no glob is followed once it was seen, and known to the next run once that was
/// saved. Before that nobody can tell a rotated one from a file that is none of the agent's business.
const TO_BE_KNOWN: Duration = Duration::from_millis(1500);

/// What a run is made of.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) time: Duration,
    pub(crate) files: u16,
    /// Lines a second, of all files together.
    pub(crate) rate: u32,
    /// Batches go to the disk while the backend is away.
    pub(crate) storage: bool,
}

impl Plan {
    /// Decisions of one kind. They do not depend on how many of another kind there were.
    fn rng(&self, of: &str) -> Rng {
        let name = of.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
        });
        Rng::with_seed(self.seed ^ name)
    }
}

/// Runs the plan in a place that is its own.
///
/// # Errors
/// It cannot be done. What it finds is in the report.
pub(crate) fn run(plan: &Plan, without: &[Fault], place: &Place) -> Result<Report> {
    let faults = Faults::new(without, place.mounted);
    let journal = Journal::create(&place.root().join("journal.txt"))?;
    let backend = Backend::start(plan.rng("answers").u64(..), faults.reject)?;
    let keeper = Keeper::new(place, &journal, backend.endpoint(), faults.clock.clone(), plan.storage)?;
    let files = files(plan, place, &faults)?;
    keeper.warm_up()?;
    let all = All { plan, place, journal: &journal, backend: &backend, keeper: &keeper, files: &files };
    let events = all.go(&faults)?;

    let written: Vec<Written> = files.iter().map(|(file, _)| file.written()).collect();
    let total: u64 = written.iter().map(|written| u64::from(written.lines)).sum();
    journal.note(format!("{total} lines are written; peace"));
    let dead = || dead_letters::read(&place.state()).unwrap_or_default().len() as u64;
    let (mut last, mut since, mut all_arrived) = (0, Instant::now(), false);
    keeper.settle(TO_ARRIVE, || {
        let mut arrived = backend.arrivals().acknowledged;
        if faults.reject && arrived < total {
            arrived += dead();
        }
        if arrived != last {
            (last, since) = (arrived, Instant::now());
        }
        all_arrived = arrived >= total;
        all_arrived || since.elapsed() > SILENCE
    })?;
    // One more, which has nothing to do: what it sends was sent before.
    let started = Instant::now();
    keeper.settle(TO_ARRIVE, || started.elapsed() > Duration::from_secs(2))?;

    let account = keeper.into_account();
    let dead_letters = dead_letters::read(&place.state())?;
    let arrivals = backend.arrivals();
    let rotated_match: Vec<bool> = files.iter().map(|(file, _)| file.rotated_match).collect();
    let verdict = Evidence {
        written: &written,
        rotated_match: &rotated_match,
        arrivals: &arrivals,
        dead_letters: &dead_letters,
        ends: &account.ends,
        closed: &backend.closed(),
        disk_full: &events.disk_full,
        storage: plan.storage,
    }
    .judge();
    Ok(Report {
        plan: plan.clone(),
        missing: faults.missing,
        verdict,
        mangled: arrivals.mangled_lines,
        mangled_examples: arrivals.mangled.clone(),
        requests: arrivals.requests.len(),
        all_arrived,
        account,
        answers: backend.answers(),
        events,
    })
}

/// Half of them with rotated names that match, and each half with all ways to rotate.
fn files(plan: &Plan, place: &Place, faults: &Faults) -> Result<Vec<(LogFile, Way)>> {
    let mut rng = plan.rng("files");
    let file = |id: u16| {
        let rotated_match = id % 2 == 1;
        let path = place.logs(rotated_match).join(format!("f{id:03}.log"));
        let way = Way::of(usize::from(id / 2), faults.logrotate, &mut rng);
        let seed = plan.rng(&format!("lines of {id}")).u64(..);
        Ok((LogFile::create(id, path, rotated_match, seed)?, way))
    };
    (0..plan.files).map(file).collect()
}

/// What happened beside what the agents and the backend did.
#[derive(Debug, Default)]
pub(crate) struct Events {
    pub(crate) rotations: BTreeMap<&'static str, u64>,
    /// Rotations that were put off because nobody could have known the file.
    pub(crate) put_off: u64,
    /// From before it was filled until it was free.
    pub(crate) disk_full: Vec<RangeInclusive<SystemTime>>,
    pub(crate) outages: u32,
    pub(crate) writing: Duration,
}

struct All<'a> {
    plan: &'a Plan,
    place: &'a Place,
    journal: &'a Journal,
    backend: &'a Backend,
    keeper: &'a Keeper<'a>,
    files: &'a [(LogFile, Way)],
}

// === impl All ===

impl All<'_> {
    /// Everything at once, for as long as is planned.
    fn go(&self, faults: &Faults) -> Result<Events> {
        let (stop, events, lines) = (Stop::default(), Mutex::<Events>::default(), AtomicU64::new(0));
        let started = Instant::now();
        thread::scope(|scope| {
            let mut parts = Vec::new();
            for number in 0..WRITERS {
                let (stop, lines) = (&stop, &lines);
                parts.push(scope.spawn(move || self.write(number, lines, stop)));
            }
            parts.push(scope.spawn(|| self.rotate(&events, &stop)));
            parts.push(scope.spawn(|| self.keeper.torment(self.plan.rng("lives"), &stop)));
            parts.push(scope.spawn(|| {
                let outages = self.backend.change_weather(self.plan.rng("weather"), &stop, self.journal)?;
                lock(&events).outages = outages;
                Ok(())
            }));
            if faults.disk_full {
                parts.push(scope.spawn(|| self.fill_disk(&events, &stop)));
            }
            while started.elapsed() < self.plan.time && parts.iter().all(|part| !part.is_finished()) {
                stop.pause(Duration::from_millis(50));
            }
            stop.tell();
            parts
                .into_iter()
                .try_for_each(|part| part.join().map_err(|_| anyhow!("a part of the run panicked"))?)
        })?;
        let mut events = events.into_inner().unwrap_or_else(PoisonError::into_inner);
        events.writing = started.elapsed();
        Ok(events)
    }

    /// One of the writers: bursts to files that are its own, as many lines in all as are planned.
    fn write(&self, number: usize, lines: &AtomicU64, stop: &Stop) -> Result<()> {
        let mut rng = self.plan.rng(&format!("writer {number}"));
        let own: Vec<&LogFile> =
            self.files.iter().map(|(file, _)| file).skip(number).step_by(WRITERS).collect();
        let started = Instant::now();
        while !own.is_empty() {
            let ahead = lines.load(Ordering::Relaxed) as f32 / self.plan.rate as f32
                - started.elapsed().as_secs_f32();
            if !stop.pause(Duration::from_secs_f32(ahead.max(0.0))) {
                break;
            }
            let file = own[rng.usize(..own.len())];
            let count =
                file.write_burst().with_context(|| format!("cannot write {}", file.path.display()))?;
            lines.fetch_add(u64::from(count), Ordering::Relaxed);
        }
        Ok(())
    }

    fn rotate(&self, events: &Mutex<Events>, stop: &Stop) -> Result<()> {
        let mut rng = self.plan.rng("rotations");
        while stop
            .pause(Duration::from_secs_f32(rng.f32() * 2.0 * ROTATION_OF_EACH / self.files.len() as f32))
        {
            let (file, way) = &self.files[rng.usize(..self.files.len())];
            let mut draws = rng.fork();
            let mut quiet = file.quiet()?;
            // Names that logrotate gives are told apart by the second.
            let is_new = quiet.began().elapsed().is_ok_and(|time| time < BETWEEN_ROTATIONS);
            if is_new || quiet.is_empty() {
                continue;
            }
            if !file.rotated_match && !self.is_known(quiet.began(), quiet.inode()?) {
                lock(events).put_off += 1;
                continue;
            }
            way.rotate(&file.path, &mut quiet, &self.place.scratch(), &mut draws)?;
            self.journal.note(format!("f{:03} rotated: {way:?}", file.id));
            *lock(events).rotations.entry(way.name()).or_default() += 1;
        }
        Ok(())
    }

    /// Whether a file that has held its text since then is in a state that was saved. A new one is seen with the next
    /// scan, and after a slow scan the agent takes its time for that.
    fn is_known(&self, began: SystemTime, inode: u64) -> bool {
        self.keeper.saved_while_watching().is_some_and(|saved| saved > began + TO_BE_KNOWN)
            && self.keeper.has_saved(inode)
    }

    fn fill_disk(&self, events: &Mutex<Events>, stop: &Stop) -> Result<()> {
        let mut rng = self.plan.rng("disk");
        while stop.pause(Duration::from_secs_f32(3.0 + rng.f32() * 12.0)) {
            self.journal.note("the disk is full");
            let since = SystemTime::now();
            let until = Instant::now() + Duration::from_secs_f32(1.0 + rng.f32() * 5.0);
            while Instant::now() < until && stop.pause(Duration::from_millis(20)) {
                self.place.fill_disk().context("cannot fill the disk")?;
            }
            self.place.free_disk().context("cannot free the disk")?;
            lock(events).disk_full.push(since..=SystemTime::now());
            self.journal.note("the disk is free");
        }
        Ok(())
    }
}

/// Where a run of this seed has its place.
pub(crate) fn root(target: &Path, seed: u64) -> std::path::PathBuf {
    target.join("torture").join(format!("seed-{seed}"))
}

/// How the agents ended.
pub(crate) fn count(ends: &[crate::keeper::End], how: How) -> usize {
    ends.iter().filter(|end| end.how == how).count()
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

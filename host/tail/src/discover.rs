//! What the walk over the file system means for the files that are followed:
//! which are new, which have another name, which have none any more, and which
//! directories to watch.

use std::collections::HashMap;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use skidway_model::FileKey;
use skidway_state::{Checkpoint, Left, Resumer};

use crate::absent::Elsewhere;
use crate::copies::original_path;
use crate::followed::{Followed, open};
use crate::handles::is_crowded;
use crate::head::next_lineage;
use crate::notice::Notice;
use crate::options::{Compression, StartAt};
use crate::resume::Found;
use crate::scan::{Match, Node, Problem, Scan};
use crate::tailer::Tailer;
use crate::turn::{IDLE_FACTOR, POLL_FACTOR};
use crate::watch::{Watch, remedy};

/// The shortest pause between two walks ...
const MIN_SCAN_PAUSE: Duration = Duration::from_millis(20);
/// ... and how much longer than the walk itself it is: a walk over a large tree
/// takes a twentieth of a core at the most, whatever happens there.
const SCAN_PAUSE_FACTOR: u32 = 20;
/// How often to walk at least when nothing says that something happened; a walk that is
/// done quickly is made more often, like a look.
const SLOW_SCAN: Duration = Duration::from_secs(30);

/// Which files a walk takes up.
#[derive(Clone, Copy)]
enum Round<'a> {
    /// Those that an earlier run was reading, at the start.
    Known,
    /// All.
    All { first: bool, missing: &'a [Left] },
}

/// What became of a file that was found.
enum Taken {
    Followed(Node),
    /// There is nothing to read in it now.
    No,
    /// It is up to the next round.
    Later,
}

impl Round<'_> {
    fn is_first(self) -> bool {
        matches!(self, Self::Known | Self::All { first: true, .. })
    }
}

// === impl Tailer ===

impl Tailer {
    /// Walks, and takes up what has changed.
    pub(crate) fn scan(&mut self, first: bool) {
        let started = Instant::now();
        let mut scan = Scan::new(&self.globs);
        let walked = started.elapsed();
        self.aliases.clear();
        self.passed_over.clear();
        self.pass_over_old(&mut scan);
        self.pass_over_last(&mut scan);
        let nodes: Vec<Node> = self.by_node.keys().copied().collect();
        for node in nodes {
            let is_it = |_: &Node, found: &mut Match| {
                let file = self.by_node.get(&node).and_then(|key| self.files.get(key));
                file.is_some_and(|file| file.was_born(found.born_unix_nano))
            };
            match scan.files.extract_if(node..=node, is_it).next() {
                Some((_, found)) => self.still_there(node, found),
                None => self.left(node, started),
            }
        }
        self.take_up(first, started, &mut scan);
        self.report(std::mem::take(&mut scan.problems));
        let fresh = self.watch_directories(std::mem::take(&mut scan.directories));
        let ended = Instant::now();
        let cost = ended - started;
        // Opening new files is no reason to be late for the next ones.
        self.scan_not_before = ended + (walked * SCAN_PAUSE_FACTOR).max(MIN_SCAN_PAUSE);
        let factor = if self.watch.is_some() { IDLE_FACTOR } else { POLL_FACTOR };
        let slow = (cost * factor).min(SLOW_SCAN);
        self.next_scan = self.scan_not_before.max(ended + self.options.poll_interval.max(slow));
        // Between the walk and the first watch of a directory nobody was told of
        // what happened there.
        self.scan_wanted = fresh || std::mem::take(&mut self.crowded);
        if fresh {
            self.next_look = ended;
        }
    }

    /// Leaves files out that nobody has written to for too long. Those that are
    /// followed already stay, unless there is an order and they would count in it.
    fn pass_over_old(&mut self, scan: &mut Scan) {
        let Some(limit) = self.options.exclude_older_than else { return };
        let now = SystemTime::now();
        let age = |found: &Match| now.duration_since(found.modified?).ok();
        let is_old = |found: &Match| age(found).is_some_and(|age| age > limit);
        let stays = |node: &Node| self.order.is_none() && self.by_node.contains_key(node);
        let old = scan.files.extract_if(.., |node, found| is_old(found) && !stays(node));
        self.passed_over.extend(old.flat_map(|(_, found)| found.names().collect::<Vec<_>>()));
    }

    /// Leaves files out that are not among the first ones of the order. One that is
    /// followed is read to its end, as if it had been renamed away.
    fn pass_over_last(&mut self, scan: &mut Scan) {
        let Some(order) = &self.order else { return };
        let chosen = order.choose(&scan.files);
        let last = scan.files.extract_if(.., |node, _| !chosen.contains(node));
        let names = last.flat_map(|(_, found)| found.names().collect::<Vec<_>>());
        if order.looks_at_changes() {
            self.passed_over.extend(names);
        } else {
            names.for_each(drop);
        }
    }

    fn still_there(&mut self, node: Node, found: Match) {
        let Some(&key) = self.by_node.get(&node) else { return };
        let Some(file) = self.files.get_mut(&key) else { return };
        file.leaving = None;
        if !found.paths.iter().any(|(_, path)| *path == file.path)
            && let Some((_, path)) = found.paths.first()
        {
            tracing::info!(from = %file.path.display(), to = %path.display(), "a file was renamed");
            file.path.clone_from(path);
            self.series.enter(key, path);
            file.walked();
            self.notices.push_back(Notice::Changed { file: key });
            self.restless.insert(key);
        }
        self.remember_names(node, &found);
    }

    fn left(&mut self, node: Node, now: Instant) {
        let Some(&key) = self.by_node.get(&node) else { return };
        let Some(file) = self.files.get(&key) else { return };
        if !file.is_open() && !self.open_leaving(key, now) {
            return;
        }
        let Some(file) = self.files.get_mut(&key) else { return };
        if file.leaving.is_none() {
            tracing::debug!(path = %file.path.display(), "the path leads elsewhere: reading the file to its end");
            file.leaving = Some(now);
        }
        self.restless.insert(key);
    }

    fn remember_names(&mut self, node: Node, found: &Match) {
        self.aliases.extend(found.names().map(|path| (path, node)));
    }

    /// Follows new files: at the start first those that an earlier run knows, so that
    /// what is left can be compared with what they have become; originals before their
    /// copies, and those before what is being made of them by compressing.
    fn take_up(&mut self, first: bool, now: Instant, scan: &mut Scan) {
        let mut new: Vec<(Node, Match)> = std::mem::take(&mut scan.files).into_iter().collect();
        new.sort_by_cached_key(|(_, found)| {
            let path = found.paths.first().map(|(_, path)| path);
            path.map(|path| (original_path(path).is_some(), path.extension().is_some_and(|end| end == "gz")))
        });
        self.look_at_families(&new, now);
        if first {
            new.retain(|(node, found)| !self.found(*node, found, Round::Known, now, scan));
        }
        let missing = if new.is_empty() { Vec::new() } else { self.missing() };
        for (node, found) in new {
            self.found(node, &found, Round::All { first, missing: &missing }, now, scan);
        }
    }

    /// `false` where the file is left to the next round.
    fn found(&mut self, node: Node, found: &Match, round: Round<'_>, now: Instant, scan: &mut Scan) -> bool {
        let first = round.is_first();
        let Some((_, path)) = found.paths.first() else { return true };
        if !self.make_room() {
            self.put_off(node, found, first);
            return true;
        }
        match self.follow(path, round, now) {
            Ok(Taken::Followed(opened)) => self.remember_names(opened, found),
            Ok(Taken::No) => {}
            Ok(Taken::Later) => return false,
            Err(error) if is_crowded(&error) => {
                self.lower_limit();
                self.put_off(node, found, first);
            }
            Err(error) => {
                if first {
                    self.absent.present_at_start.insert(node, found.length);
                }
                scan.problem(path, error);
            }
        }
        true
    }

    /// There is no room for one more open file: the next walk finds it again.
    fn put_off(&mut self, node: Node, found: &Match, first: bool) {
        self.crowded = true;
        if first {
            self.absent.present_at_start.insert(node, found.length);
        }
    }

    /// Opens a file and begins to follow it, unless it turns out to be one that is
    /// followed or no file at all any more.
    fn follow(&mut self, path: &Path, round: Round<'_>, now: Instant) -> io::Result<Taken> {
        let handle = open(path)?;
        let metadata = handle.metadata()?;
        if !metadata.is_file() || self.by_node.contains_key(&(metadata.dev(), metadata.ino())) {
            return Ok(Taken::No);
        }
        let mut file = Followed::new(path.to_owned(), handle, now, &self.options, &mut self.scratch)?;
        let node = file.node();
        let first = round.is_first();
        // The file's earlier content has its name already.
        while self.resumer.knows(file.lineage) {
            file.lineage = next_lineage(file.lineage);
        }
        if self.options.compression != Compression::None && !file.head_is_whole() && self.is_young(&file, now)
        {
            // It is being written, perhaps by who compresses another one.
            if first {
                self.absent.present_at_start.insert(node, file.length);
            }
            self.passed_over.insert(path.to_owned());
            return Ok(Taken::No);
        }
        let known = match (self.resumed(&file), round) {
            (Some(known), _) => Some(known),
            (None, Round::Known) => return Ok(Taken::Later),
            (None, Round::All { missing, .. }) => self.held_before(&file, missing),
        };
        if known.is_none() && self.is_spare_copy(&file, now) {
            self.passed_over.insert(path.to_owned());
            return Ok(Taken::No);
        }
        let present = self.absent.present_at_start.remove(&node).or(first.then_some(file.length));
        match (known, self.options.start_at, present) {
            (Some(known), ..) => {
                file.go_on(&known);
                if !file.is_packed() {
                    file.say_what_is_cut_off(file.length);
                }
            }
            (None, StartAt::End, Some(length)) => {
                let length = if file.is_packed() { file.text_length()? } else { length };
                file.begin_at(length - length % self.options.line_feed.width() as u64);
                file.learn_anchor()?;
            }
            (None, ..) => match self.read_elsewhere(&mut file, now)? {
                Elsewhere::UpTo(known) => file.go_on(&known),
                Elsewhere::All => {
                    self.passed_over.insert(path.to_owned());
                    return Ok(Taken::No);
                }
                Elsewhere::Beginning if self.is_young(&file, now) => {
                    self.passed_over.insert(path.to_owned());
                    return Ok(Taken::No);
                }
                Elsewhere::Beginning | Elsewhere::Nothing => file.begin_at(0),
            },
        }
        tracing::info!(path = %path.display(), offset = file.offset, "following");
        self.insert(file, now);
        Ok(Taken::Followed(node))
    }

    /// Where an earlier run, or this one, stopped reading the file.
    fn resumed(&mut self, file: &Followed) -> Option<Checkpoint> {
        let found = Found::new(file);
        let find = |resumer: &mut Resumer, path: &Path| resumer.find(path, found.identity, &found);
        self.absent.returned(&found).or_else(|| find(&mut self.resumer, found.path)).or_else(|| {
            // Compressed while nobody looked: the name without the ending leads to it.
            let was_plain = file.is_packed() && file.path.extension().is_some_and(|ending| ending == "gz");
            was_plain.then(|| find(&mut self.resumer, &file.path.with_extension("")))?
        })
    }

    /// Takes a file in under a new key.
    pub(crate) fn insert(&mut self, mut file: Followed, now: Instant) -> FileKey {
        let key = Self::new_key();
        self.by_node.insert(file.node(), key);
        self.handles.used(key, &mut file);
        self.notices.push_back(Notice::Opened { file: key, offset: file.offset });
        self.series.enter(key, &file.path);
        self.files.insert(key, file);
        self.revisit(key, now);
        key
    }

    /// Says what stands in the way, when it is not what stood there before.
    fn report(&mut self, problems: HashMap<PathBuf, Problem>) {
        for (path, problem) in &problems {
            if self.problems.get(path).is_some_and(|before| before.same(problem)) {
                continue;
            }
            let path = path.display();
            match problem {
                Problem::Unreadable(error) => tracing::warn!(%path, %error, "cannot read this; trying again"),
                Problem::NotAFile(_) => tracing::info!(%path, "skipped: {problem}"),
            }
        }
        for (path, before) in &self.problems {
            let seen = self.aliases.contains_key(path) || path.is_dir();
            if matches!(before, Problem::Unreadable(_)) && !problems.contains_key(path) && seen {
                tracing::info!(path = %path.display(), "can be read now");
            }
        }
        self.problems = problems;
    }

    /// Brings the watched directories in line; `true` when there are new ones.
    fn watch_directories(&mut self, directories: HashMap<PathBuf, Node>) -> bool {
        let Some(watch) = &mut self.watch else { return false };
        let mut fresh = false;
        self.watched.retain(|path, node| {
            let keep = directories.get(path) == Some(node);
            if !keep {
                watch.remove(path);
            }
            keep
        });
        for (path, node) in directories {
            if self.watched.contains_key(&path) {
                continue;
            }
            if let Err(error) = watch.add(&path) {
                let hint = remedy(&error);
                self.poll_from_now_on(&error.to_string(), hint);
                return false;
            }
            self.watched.insert(path, node);
            fresh = true;
        }
        fresh
    }

    pub(crate) fn start_watching(&mut self) {
        match Watch::new(self.ear.clone()) {
            Ok(watch) => self.watch = Some(watch),
            Err(error) => {
                let hint = remedy(&error);
                self.poll_from_now_on(&error.to_string(), hint);
            }
        }
    }

    pub(crate) fn poll_from_now_on(&mut self, error: &str, hint: &str) {
        tracing::warn!(
            error,
            poll_interval = ?self.options.poll_interval,
            "the system does not tell of changed files, so they are polled; to change that, {hint}"
        );
        self.watch = None;
        self.watched.clear();
        self.next_look = Instant::now();
        self.scan_wanted = true;
    }

    /// Whether what happened at this path can change the outcome of a walk.
    pub(crate) fn concerns(&mut self, path: &Path) -> bool {
        let was_watched = self.watched.remove(path).is_some();
        if was_watched && let Some(watch) = &mut self.watch {
            // It may be another directory by now: the next walk sees to it.
            watch.remove(path);
        }
        was_watched
            || self.aliases.contains_key(path)
            || self.globs.leads_to_root(path)
            || self.globs.matches(path)
            || (self.globs.enters(path) && path.is_dir())
    }
}

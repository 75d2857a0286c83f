use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use skidway_model::{Anchor, FileKey};
use skidway_state::{Checkpoint, Resumer};

use crate::absent::Absent;
use crate::followed::{Followed, Piece};
use crate::globs::Globs;
use crate::handles::Handles;
use crate::notice::{Chunk, FileInfo, Notice, Woken};
use crate::order::Order;
use crate::scan::{Node, Problem};
use crate::series::Series;
use crate::watch::{Ear, Waker, Watch};
use crate::{Error, Options, StartAt};

/// The shortest time between two looks at what has changed. A file that is written
/// line by line is so read in chunks, not line by line.
const PACE: Duration = Duration::from_millis(10);
/// Follows the files that match some globs.
///
/// One thread calls, in a loop; notices are taken before anything is read, so that
/// the ledger knows a file before its first span:
///
/// ```no_run
/// # use std::time::{Duration, Instant};
/// # use skidway_state::Resumer;
/// # use skidway_tail::{Options, Tailer};
/// # fn parse(text: &[u8], flush: bool) -> usize { text.len() }
/// # fn main() -> Result<(), skidway_tail::Error> {
/// let options = Options { include: vec!["/var/log/**/*.log".to_owned()], ..Options::default() };
/// let mut tailer = Tailer::new(options, Resumer::new(None))?;
/// let mut buffer = Vec::new();
/// loop {
///     tailer.wait(Instant::now() + Duration::from_secs(1));
///     loop {
///         let file = tailer.next();
///         while let Some(notice) = tailer.take_notice() {
///             println!("{notice:?}");
///         }
///         let Some(file) = file else { break };
///         if let Some(chunk) = tailer.read(file, &mut buffer) {
///             let consumed = parse(chunk.bytes, chunk.flush);
///             tailer.consume(file, &chunk.bytes[..consumed]);
///         }
///     }
/// }
/// # }
/// ```
pub struct Tailer {
    pub(crate) options: Options,
    pub(crate) globs: Globs,
    pub(crate) order: Option<Order>,
    pub(crate) resumer: Resumer,
    pub(crate) files: BTreeMap<FileKey, Followed>,
    pub(crate) by_node: HashMap<Node, FileKey>,
    pub(crate) series: Series,
    pub(crate) handles: Handles,
    /// A file could not be taken up because too many are open: walk again.
    pub(crate) crowded: bool,
    /// All names of followed files, those of links included.
    pub(crate) aliases: HashMap<PathBuf, Node>,
    pub(crate) absent: Absent,
    pub(crate) problems: HashMap<PathBuf, Problem>,
    /// Names of files that match and are not followed: they may be once they change.
    pub(crate) passed_over: HashSet<PathBuf>,
    pub(crate) notices: VecDeque<Notice>,
    /// Files that have, or may have, something to read now: round robin.
    pub(crate) ready: VecDeque<FileKey>,
    /// Files for which the passing of time matters; the idle ones are not in here.
    pub(crate) restless: BTreeSet<FileKey>,
    pub(crate) ear: Arc<Ear>,
    pub(crate) woken: bool,
    pub(crate) watch: Option<Watch>,
    pub(crate) watched: HashMap<PathBuf, Node>,
    pub(crate) poll_until: Option<Instant>,
    pub(crate) turned_at: Instant,
    pub(crate) next_look: Instant,
    /// The same for those that are written to.
    pub(crate) next_brisk_look: Instant,
    pub(crate) next_scan: Instant,
    pub(crate) scan_wanted: bool,
    pub(crate) scan_not_before: Instant,
    pub(crate) scratch: Vec<u8>,
}

// === impl Tailer ===

impl Tailer {
    /// Finds the files that are there now. Files that cannot be read are said once
    /// and tried again; only settings that cannot work are an error.
    ///
    /// `start_at` counts on a first run only: later, a file that the state does not
    /// know appeared while nobody looked.
    pub fn new(options: Options, resumer: Resumer) -> Result<Self, Error> {
        let mut options = options.checked()?;
        if !resumer.first_run() {
            options.start_at = StartAt::Beginning;
        }
        let globs = Globs::new(&options.include, &options.exclude)?;
        let order = options.ordering.as_ref().map(Order::new).transpose()?;
        let now = Instant::now();
        let handles = Handles::new(options.max_open_files);
        let mut tailer = Self {
            options,
            globs,
            order,
            resumer,
            files: BTreeMap::new(),
            by_node: HashMap::new(),
            series: Series::default(),
            handles,
            crowded: false,
            aliases: HashMap::new(),
            absent: Absent::default(),
            problems: HashMap::new(),
            passed_over: HashSet::new(),
            notices: VecDeque::new(),
            ready: VecDeque::new(),
            restless: BTreeSet::new(),
            ear: Arc::default(),
            woken: false,
            watch: None,
            watched: HashMap::new(),
            poll_until: None,
            turned_at: now,
            next_look: now,
            next_brisk_look: now,
            next_scan: now,
            scan_wanted: false,
            scan_not_before: now,
            scratch: Vec::new(),
        };
        if tailer.options.notify {
            tailer.start_watching();
        }
        tailer.scan(true);
        tailer.look_for_missing(now);
        Ok(tailer)
    }

    /// For other threads: ends a wait, to shut down or because there is room in
    /// flight again.
    pub fn wake_handle(&self) -> Waker {
        Waker(self.ear.clone())
    }

    /// Waits until there is something to read or to take notice of, somebody wakes
    /// it, or the deadline. Also does what is due in between: looks, walks, ends
    /// of silences.
    pub fn wait(&mut self, deadline: Instant) -> Woken {
        self.wait_for(deadline, |tailer| !tailer.ready.is_empty() || !tailer.notices.is_empty())
    }

    /// The same while nothing may be read, because too much is in flight: files to
    /// read do not end this wait, but it goes on looking, so a rotation is seen and
    /// the old file held meanwhile.
    pub fn hold(&mut self, deadline: Instant) -> Woken {
        self.wait_for(deadline, |tailer| !tailer.notices.is_empty())
    }

    fn wait_for(&mut self, deadline: Instant, has_work: fn(&Self) -> bool) -> Woken {
        loop {
            let until = if has_work(self) { self.turned_at } else { deadline.min(self.next_alarm()) };
            let heard = self.ear.wait(until, self.turned_at + PACE);
            let now = Instant::now();
            self.turn(now, heard);
            if std::mem::take(&mut self.woken) {
                return Woken::Waker;
            }
            if has_work(self) {
                return Woken::Files;
            }
            if now >= deadline {
                return Woken::Deadline;
            }
        }
    }

    /// The next file that has something to hand over; each in its turn, so a busy
    /// one does not keep the others waiting, but what rotation has put away before what was
    /// written after it: see `series.rs`.
    #[expect(clippy::should_implement_trait, reason = "the answer changes with the file system: no iterator")]
    pub fn next(&mut self) -> Option<FileKey> {
        let now = Instant::now();
        if now >= self.turned_at + PACE {
            let heard = self.ear.take();
            self.turn(now, heard);
        }
        for _ in 0..self.ready.len() {
            let key = self.ready.pop_front()?;
            let Some(file) = self.files.get_mut(&key) else { continue };
            file.queued = false;
            if file.is_suspect() {
                self.look(key, now);
            }
            if self.waits_for_earlier(key, now) {
                self.revisit(key, now);
                continue;
            }
            if self.files.get(&key).is_some_and(|file| !file.is_open() && file.is_due(now, &self.options)) {
                self.open_again(key, now);
            }
            self.revisit(key, now);
            if self.files.get(&key).is_some_and(|file| file.queued) {
                return Some(key);
            }
        }
        None
    }

    /// Reads what comes next in the file into the buffer, which grows for long
    /// lines and shrinks again. `None` when there is nothing to hand over after
    /// all. Reading again without [`consume`](Self::consume) gives the same bytes.
    ///
    /// A read that fails is said once; the file is left alone for a second and then
    /// tried again.
    pub fn read<'b>(&mut self, file: FileKey, buffer: &'b mut Vec<u8>) -> Option<Chunk<'b>> {
        let now = Instant::now();
        if !self.open_again(file, now) {
            return None;
        }
        if !self.may_unpack(file, now) {
            return None;
        }
        let followed = self.files.get_mut(&file)?;
        self.handles.used(file, followed);
        let piece = followed.read(now, &self.options, buffer);
        if followed.is_packed() {
            self.complain(file, now);
        }
        let followed = self.files.get_mut(&file)?;
        match piece {
            Ok(piece) => {
                let piece = piece?;
                if followed.succeeded() {
                    tracing::info!(path = %followed.path.display(), "the file can be read again");
                }
                let bytes = &buffer[..piece.span.len() as usize];
                let Piece { span, flush, more, surplus } = piece;
                Some(Chunk { file, span, bytes, flush, more, surplus })
            }
            Err(error) => {
                if followed.failed(now, error.kind()) {
                    tracing::warn!(path = %followed.path.display(), %error, "cannot read the file; trying again");
                }
                None
            }
        }
    }

    /// The parser took these bytes, with which the chunk that was read last from this
    /// file begins. The rest is offered again with what follows, or with `flush` when
    /// nothing follows for a while. Without a chunk, nothing happens. Answers what
    /// stands before the place where reading stands now.
    pub fn consume(&mut self, file: FileKey, taken: &[u8]) -> Anchor {
        let Some(followed) = self.files.get_mut(&file) else { return Anchor::default() };
        followed.consume(taken, &self.options);
        let anchor = followed.anchor;
        self.revisit(file, Instant::now());
        anchor
    }

    /// The next thing to tell the ledger.
    pub fn take_notice(&mut self) -> Option<Notice> {
        self.notices.pop_front()
    }

    /// What is known of a file; `None` once it is closed.
    pub fn file(&self, file: FileKey) -> Option<FileInfo<'_>> {
        self.files.get(&file).map(|file| FileInfo {
            path: &file.path,
            identity: file.identity,
            lineage: file.lineage,
            offset: file.offset,
            anchor: file.anchor,
            length: file.length,
            modified: file.modified,
        })
    }

    /// What is to be saved of a file as it stands; `None` once it is closed.
    pub fn checkpoint(&self, file: FileKey) -> Option<Checkpoint> {
        self.files.get(&file).map(Followed::checkpoint)
    }

    /// The files that are followed, in the order in which they were found.
    pub fn files(&self) -> impl Iterator<Item = FileKey> + '_ {
        self.files.keys().copied()
    }

    /// Bytes that are known to be in files and were not consumed yet.
    pub fn unread_bytes(&self) -> u64 {
        self.files.values().map(|file| file.unread().len()).sum()
    }

    /// Unique in this process, whichever tailer asks: one ledger serves them all.
    pub(crate) fn new_key() -> FileKey {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        FileKey(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

impl fmt::Debug for Tailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tailer")
            .field("include", &self.options.include)
            .field("files", &self.files.len())
            .finish()
    }
}

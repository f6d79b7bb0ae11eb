//! An endless pipe: lines are dealt with when they come.
//!
//! It is read on a thread of its own, which may wait for ever; so nobody else has
//! to wait for the pipe to be told of a signal.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::time::Duration;

use s3sentry::pipeline::BlockSource;
use s3sentry::source::{Block, Counts, Options, PAST, Sources, Spec};

use super::names::Names;
use super::signals::Signals;

/// Blocks that wait to be dealt with.
const AHEAD: usize = 4;

/// What the reading thread tells.
enum News {
    Block(Box<Block>),
    /// Nothing more will come.
    End(Box<Sources>),
    /// A signal may have come.
    Signal,
}

/// A pipe that is being read.
pub struct Pipe {
    news: Receiver<News>,
    /// Buffers, to be used again.
    used: Sender<Box<Block>>,
    name: Arc<str>,
    signals: Signals,
    /// After so long without anything it is worth keeping what has come.
    patience: Duration,
    held: Option<Box<Block>>,
    ended: Option<Box<Sources>>,
    /// Inputs of earlier runs.
    names: Names,
}

impl Pipe {
    /// Begins to read. A FIFO is opened again when all who wrote to it have left.
    pub fn open(
        spec: Spec,
        options: Options,
        signals: &Signals,
        patience: Duration,
    ) -> std::io::Result<Self> {
        let (tell, news) = sync_channel(AHEAD);
        let (used, buffers) = channel();
        let name = match &spec {
            Spec::Stdin => "stdin".into(),
            Spec::Path(path) => path.to_string_lossy().into(),
        };
        let waker: SyncSender<News> = tell.clone();
        // Where there is no room somebody will look soon.
        signals.on_any(move || drop(waker.try_send(News::Signal)));
        std::thread::Builder::new()
            .name("pipe".to_owned())
            .spawn(move || read(&spec, &options, &tell, &buffers))?;
        Ok(Self {
            news,
            used,
            name,
            signals: signals.clone(),
            patience,
            held: None,
            ended: None,
            names: Names::default(),
        })
    }

    /// Inputs that windows of earlier runs refer to.
    pub fn remember(&mut self, names: Names) {
        self.names = names;
    }

    /// What became of it, once it has ended by itself.
    pub fn ended(&self) -> Option<&Sources> {
        self.ended.as_deref()
    }

    /// Takes what has come; `None` where it was a signal.
    fn take(&mut self, news: News) -> Option<()> {
        match news {
            News::Block(block) => self.held = Some(block),
            News::End(sources) => self.ended = Some(sources),
            News::Signal => return None,
        }
        Some(())
    }

    fn is_over(&self) -> bool {
        self.held.is_some() || self.ended.is_some() || self.signals.is_any()
    }
}

impl BlockSource for Pipe {
    fn next(&mut self, block: &mut Block) -> bool {
        while !self.is_over() {
            let Ok(news) = self.news.recv() else {
                return false;
            };
            self.take(news);
        }
        if self.signals.is_any() {
            return false;
        }
        let Some(mut come) = self.held.take() else {
            return false;
        };
        std::mem::swap(block, &mut come);
        // The thread may have ended.
        let _ = self.used.send(come);
        true
    }

    fn is_ready(&mut self) -> bool {
        while !self.is_over() {
            match self.news.try_recv() {
                Ok(news) => self.take(news),
                Err(_) => return false,
            };
        }
        true
    }

    fn wait(&mut self) -> bool {
        while !self.is_over() {
            match self.news.recv_timeout(self.patience) {
                Ok(news) => self.take(news),
                Err(RecvTimeoutError::Timeout) => return false,
                Err(RecvTimeoutError::Disconnected) => return true,
            };
        }
        true
    }

    fn is_cut(&self) -> bool {
        self.ended.is_none()
    }

    fn counts(&self) -> Counts {
        self.ended().map(Sources::counts).unwrap_or_default()
    }

    fn name(&self, source: u32) -> Arc<str> {
        if source >= PAST {
            self.names.name(source)
        } else {
            Arc::clone(&self.name)
        }
    }

    fn reopen(&self, source: u32) -> Option<File> {
        self.names.reopen(source)
    }
}

/// Reads until nobody listens, or nothing more can come.
fn read(spec: &Spec, options: &Options, tell: &SyncSender<News>, buffers: &Receiver<Box<Block>>) {
    loop {
        let mut sources = Sources::open(vec![spec.clone()], options.clone());
        loop {
            let mut block = buffers.try_recv().unwrap_or_default();
            if !sources.next(&mut block) {
                break;
            }
            if tell.send(News::Block(block)).is_err() {
                return;
            }
        }
        if !is_fifo(spec) || !sources.problems().is_empty() {
            // Nobody has to listen.
            let _ = tell.send(News::End(Box::new(sources)));
            return;
        }
    }
}

/// Whether it is a pipe that others open by its name.
fn is_fifo(spec: &Spec) -> bool {
    match spec {
        Spec::Stdin => false,
        Spec::Path(path) => !is_descriptor(path) && is_stream(path),
    }
}

/// What a path of a file descriptor leads to cannot be opened again.
fn is_descriptor(path: &Path) -> bool {
    path.starts_with("/dev") || path.starts_with("/proc")
}

/// Whether a path is neither a file nor a directory.
pub fn is_stream(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|data| !data.is_file() && !data.is_dir())
}

//! Log lines on their way to standard error.
//!
//! A thread of its own writes them, so that no request waits for whoever reads the log: where the reader has stopped
//! reading, lines are dropped and counted; where it has gone away, they go nowhere.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

/// So many lines may wait to be written.
const WAITING: usize = 1024;
/// So long the end of the program waits for lines to be written.
const PATIENCE: Duration = Duration::from_secs(1);

enum Job {
    Line(Vec<u8>),
    /// Answered once all lines before it are written.
    Flush(Sender<()>),
}

/// Takes lines and never waits.
#[derive(Clone)]
pub struct LogWriter {
    jobs: SyncSender<Job>,
    dropped: Arc<AtomicU64>,
}

/// Writes what is still waiting when it is dropped.
pub struct LogGuard {
    jobs: SyncSender<Job>,
}

/// Begins the thread that writes lines to `output`.
pub fn to(output: impl Write + Send + 'static) -> io::Result<(LogWriter, LogGuard)> {
    let (jobs, received) = sync_channel(WAITING);
    let dropped = Arc::new(AtomicU64::new(0));
    let writer = LogWriter { jobs: jobs.clone(), dropped: dropped.clone() };
    thread::Builder::new().name("log".to_owned()).spawn(move || write_lines(output, &received, &dropped))?;
    Ok((writer, LogGuard { jobs }))
}

fn write_lines(mut output: impl Write, jobs: &Receiver<Job>, dropped: &AtomicU64) {
    for job in jobs {
        match job {
            // Nobody may be there to read it.
            Job::Line(line) => drop(output.write_all(&line)),
            Job::Flush(done) => drop(done.send(())),
        }
        let lost = dropped.swap(0, Ordering::Relaxed);
        if lost > 0 {
            writeln!(output, "{lost} log lines were dropped: they were not read as fast as they came").ok();
        }
    }
}

impl Write for LogWriter {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.jobs.try_send(Job::Line(line.to_owned())).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for LogWriter {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

impl Drop for LogGuard {
    fn drop(&mut self) {
        let (done, is_done) = channel();
        // Where as many lines wait as may, nobody reads.
        if self.jobs.try_send(Job::Flush(done)).is_ok() {
            is_done.recv_timeout(PATIENCE).ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// Writes into memory once it is allowed to.
    #[derive(Clone, Default)]
    struct Slow(Arc<Mutex<Vec<u8>>>);

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_are_written_in_order_before_the_end() {
        let output = Slow::default();
        let (mut writer, guard) = to(output.clone()).unwrap();
        (0..100).for_each(|line| writeln!(writer, "{line}").unwrap());
        drop(guard);
        let written = String::from_utf8(output.0.lock().unwrap().clone()).unwrap();
        assert_eq!(written, (0..100).map(|line| format!("{line}\n")).collect::<String>());
    }

    #[test]
    fn a_reader_that_stalls_loses_lines_and_hears_how_many() {
        let output = Slow::default();
        let (mut writer, guard) = to(output.clone()).unwrap();
        let stalled = output.0.lock().unwrap();
        (0..WAITING + 50).for_each(|_| writer.write_all(b"line\n").unwrap());
        drop(stalled);
        while writer.dropped.load(Ordering::Relaxed) > 0 {
            thread::yield_now();
        }
        drop(guard);
        let written = String::from_utf8(output.0.lock().unwrap().clone()).unwrap();
        let lost: usize = written
            .lines()
            .find_map(|line| line.strip_suffix(" log lines were dropped: they were not read as fast as they came"))
            .unwrap()
            .parse()
            .unwrap();
        // One line may be with the thread.
        assert!((49..=50).contains(&lost), "{lost}");
        assert_eq!(written.matches("line\n").count() + lost, WAITING + 50);
    }
}

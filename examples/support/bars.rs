//! Progress on a terminal: a bar for each task, redrawn in place. If the output is no terminal, one line per result.

use std::io::{IsTerminal, Write, stdout};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use super::host::{End, Event, What};

/// The width of the narrowest terminal in use.
const COLUMNS: usize = 80;

/// The data of the callbacks of one task so far.
pub struct Task {
    pub label: String,
    pub bytes: u64,
    pub total: Option<u64>,
    /// Status and number of headers.
    pub headers: Option<(u16, usize)>,
    pub progress_events: usize,
    /// The HAR entries of its requests.
    pub traces: Vec<String>,
    pub end: Option<End>,
    /// The number of ends that were reported. More than one would be a fault.
    pub ends: usize,
    started: Instant,
    took: Duration,
}

impl Task {
    /// A task that was just started.
    pub fn new(label: impl Into<String>) -> Task {
        Task {
            label: label.into(),
            bytes: 0,
            total: None,
            headers: None,
            progress_events: 0,
            traces: Vec::new(),
            end: None,
            ends: 0,
            started: Instant::now(),
            took: Duration::ZERO,
        }
    }

    fn take(&mut self, what: What) {
        match what {
            What::Headers(received) => self.headers = Some((received.status_code, received.header.iter().count())),
            What::Progress(progress) => {
                self.bytes = progress.total_bytes;
                self.total = progress.total_bytes_expected;
                self.progress_events += 1;
            }
            What::End(end) => {
                self.end = Some(end);
                self.ends += 1;
                self.took = self.started.elapsed();
            }
            What::Trace(entry) => self.traces.push(entry),
        }
    }

    /// The received callbacks, as text.
    pub fn callbacks(&self) -> String {
        let headers = match self.headers {
            Some((status, count)) => format!("headersReceived (status {status}, {count} headers), "),
            None => String::new(),
        };
        let progress = match self.progress_events {
            0 => String::new(),
            count => format!("progress × {count}, "),
        };
        let end = match &self.end {
            Some(End::Success { status, .. }) => format!("success (statusCode {status})"),
            Some(End::Failure(failure)) => {
                format!("fail (errMsg \"{}\", errno {})", failure.err_msg, failure.err_no)
            }
            None => "nothing".into(),
        };
        format!("{headers}{progress}{end}")
    }

    fn line(&self) -> String {
        const WIDTH: u64 = 24;
        let filled = match self.total {
            Some(total) if total > 0 => self.bytes * WIDTH / total,
            _ if matches!(self.end, Some(End::Success { .. })) => WIDTH,
            _ => 0,
        };
        let bar: String = (0..WIDTH).map(|place| if place < filled { '█' } else { '·' }).collect();
        let state = match &self.end {
            None => String::new(),
            Some(End::Success { status, .. }) => format!("{status} in {} ms", self.took.as_millis()),
            Some(End::Failure(failure)) => failure.err_msg.clone(),
        };
        format!("  {:<22} {bar} {:>9}  {state}", shortened(&self.label, 22), size(self.bytes))
    }
}

/// Shows the tasks until `done` returns `true`; it is called after every event. Fails after a minute without an event.
pub fn show(tasks: &mut [Task], events: &Receiver<Event>, mut done: impl FnMut(&[Task]) -> bool) -> Result<(), String> {
    let terminal = stdout().is_terminal();
    let mut drawn = Instant::now();
    if terminal {
        draw(tasks, false);
    }
    while !done(tasks) {
        let event = events.recv_timeout(Duration::from_secs(60)).map_err(|_| "no callback for a minute")?;
        let ended = matches!(event.what, What::End(_));
        let task = &mut tasks[event.task];
        task.take(event.what);
        if !terminal {
            if ended {
                println!("{}", task.line());
            }
        } else if ended || drawn.elapsed() > Duration::from_millis(30) {
            draw(tasks, true);
            drawn = Instant::now();
        }
    }
    if terminal {
        draw(tasks, true);
    }
    Ok(())
}

/// Whether every task has ended.
pub fn all_ended(tasks: &[Task]) -> bool {
    tasks.iter().all(|task| task.end.is_some())
}

fn draw(tasks: &[Task], again: bool) {
    let mut output = stdout().lock();
    // Write errors are ignored: the transfers continue without a terminal.
    if again {
        let _ = write!(output, "\x1b[{}A", tasks.len());
    }
    for task in tasks {
        // Shortened, because a wrapped line takes two lines, and only one would be redrawn.
        let _ = writeln!(output, "\x1b[2K{}", shortened(&task.line(), COLUMNS));
    }
    let _ = output.flush();
}

/// The text, shortened to `columns` columns. A letter that is not Latin, Greek or Cyrillic counts as two.
fn shortened(text: &str, columns: usize) -> String {
    let width = |letter: char| if matches!(letter, '\u{1100}'..='\u{1fff}' | '\u{2e80}'..) { 2 } else { 1 };
    if text.chars().map(width).sum::<usize>() <= columns {
        return text.to_owned();
    }
    let mut left = columns - 1;
    let kept = text.chars().take_while(|letter| {
        let fits = width(*letter) <= left;
        left -= if fits { width(*letter) } else { 0 };
        fits
    });
    kept.chain(['…']).collect()
}

/// A number of bytes as text for people.
pub fn size(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{:.1} KiB", bytes as f64 / 1024.0),
        _ => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
    }
}

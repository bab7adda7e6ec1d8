//! A download over TLS succeeds only with the whole body that the server sent, for any change of its records.
//!
//! Input: a description of an answer, of its records, and of the edits of these records.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection};

use crate::answer::Answer;
use crate::certificate::certificate;
use crate::host::Host;
use crate::input::Input;
use crate::scripted_server::ScriptedServer;

/// How long a server waits for a client that may wait for lost records.
const PATIENCE_AFTER_EDITS: Duration = Duration::from_millis(10);

struct World {
    host: Host,
    server: ScriptedServer,
    url: String,
    /// With TLS 1.2 and 1.3, each without and with resumption.
    configs: [Arc<ServerConfig>; 4],
}

thread_local! {
    static WORLD: World = World::new();
}

impl World {
    fn new() -> World {
        let server = ScriptedServer::start(|_| {});
        let config = |index| certificate().server(index & 1 == 1, index & 2 == 2);
        World {
            host: Host::open(&certificate().root),
            url: format!("https://{}/", server.address),
            server,
            configs: [0, 1, 2, 3].map(config),
        }
    }
}

/// Checks one input.
pub fn check(data: &[u8]) {
    let mut input = Input::new(data);
    WORLD.with(|world| {
        let config = world.configs[input.below(world.configs.len())].clone();
        let answer = Answer::read(&mut input);
        let plan = Plan::read(&mut input, &answer);
        let (altered, is_clean, sent) = (plan.alters(), plan.close_notify, plan.bytes.len());
        world.server.expect(Box::new(move |stream| {
            // The client may have given up. Its result is what counts.
            let _ = plan.serve(stream, config);
            let _ = stream.shutdown(Shutdown::Write);
        }));
        let result = world.host.download(&world.url);
        world.server.wait();
        let expected = match answer.expected(sent, is_clean) {
            // A lost record may have been the last one.
            expected if altered => expected.or_failure(),
            expected => expected,
        };
        answer.assert(&result, &expected);
    });
}

/// The answer of a server, and the edits of its records.
struct Plan {
    bytes: Vec<u8>,
    /// The wanted number of plaintext bytes in each record. 0 means as many as fit.
    record: usize,
    /// Updates the keys before each record. TLS 1.3 only.
    updates_keys: bool,
    close_notify: bool,
    /// Sends the records of a flight at once.
    joins: bool,
    /// The numbers of edited records, counted from the ServerHello, and their edits.
    edits: Vec<(usize, Edit)>,
}

enum Edit {
    /// Sent in two parts.
    Split(usize),
    Drop,
    Repeat,
    /// Sent after the next one of the same flight.
    Delay,
    Truncate(usize),
    ChangeByte(usize, u8),
    /// Another record before it.
    Insert(Vec<u8>),
    /// The connection ends before it.
    Cut,
}

impl Plan {
    fn read(input: &mut Input<'_>, answer: &Answer) -> Plan {
        let options = input.byte();
        let sent = match options & 1 {
            1 => input.number() % (answer.bytes.len() + 1),
            _ => answer.bytes.len(),
        };
        let record = input.number();
        let edits = (0..input.below(5)).map(|_| (usize::from(input.byte()), Edit::read(input))).collect();
        Plan {
            bytes: answer.bytes[..sent].to_vec(),
            record,
            updates_keys: options & 2 != 0,
            close_notify: options & 4 == 0,
            joins: options & 8 != 0,
            edits,
        }
    }

    /// Whether an edit does more than split a record, so that the download may fail.
    fn alters(&self) -> bool {
        self.edits.iter().any(|(_, edit)| !matches!(edit, Edit::Split(_)))
    }

    fn serve(self, stream: &mut TcpStream, config: Arc<ServerConfig>) -> io::Result<()> {
        let mut connection = ServerConnection::new(config).map_err(io::Error::other)?;
        connection.set_buffer_limit(None);
        let mut records = Records { edits: &self.edits, joins: self.joins, number: 0 };
        if self.alters() {
            stream.set_read_timeout(Some(PATIENCE_AFTER_EDITS))?;
        }
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            records.send(&mut connection, stream)?;
            if connection.read_tls(stream)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let arrived = connection.process_new_packets();
            let mut plaintext = vec![0; arrived.as_ref().map_or(0, |state| state.plaintext_bytes_to_read())];
            connection.reader().read_exact(&mut plaintext)?;
            request.extend(plaintext);
            if let Err(error) = arrived {
                // Sends the alert that tells the client the reason.
                records.send(&mut connection, stream)?;
                return Err(io::Error::other(error));
            }
        }
        let most = match (self.record, self.updates_keys) {
            (0, _) => usize::MAX,
            // A client gives up on too many updates.
            (size, true) => size.max(self.bytes.len() / 16 + 1),
            (size, false) => size.max(self.bytes.len() / 256 + 1),
        };
        for plaintext in self.bytes.chunks(most) {
            if self.updates_keys {
                let _ = connection.refresh_traffic_keys();
            }
            connection.writer().write_all(plaintext)?;
            records.send(&mut connection, stream)?;
        }
        if self.close_notify {
            connection.send_close_notify();
            records.send(&mut connection, stream)?;
        }
        Ok(())
    }
}

impl Edit {
    fn read(input: &mut Input<'_>) -> Edit {
        match input.below(8) {
            0 => Edit::Split(input.number()),
            1 => Edit::Drop,
            2 => Edit::Repeat,
            3 => Edit::Delay,
            4 => Edit::Truncate(input.number()),
            5 => Edit::ChangeByte(input.number(), input.byte().max(1)),
            6 => {
                let (content_type, content) = (input.byte(), input.bytes());
                Edit::Insert([&[content_type, 3, 3, 0, content.len() as u8], content].concat())
            }
            _ => Edit::Cut,
        }
    }
}

/// Sends the records of a connection with the edits of a plan.
struct Records<'a> {
    edits: &'a [(usize, Edit)],
    joins: bool,
    /// The number of the next record.
    number: usize,
}

impl Records<'_> {
    fn send(&mut self, connection: &mut ServerConnection, stream: &mut TcpStream) -> io::Result<()> {
        let mut flight = Vec::new();
        while connection.wants_write() {
            connection.write_tls(&mut flight)?;
        }
        let (mut writes, mut delayed, mut is_cut) = (Vec::new(), Vec::new(), false);
        let mut rest = flight.as_slice();
        while !rest.is_empty() && !is_cut {
            let size = 5 + usize::from(u16::from_be_bytes([rest[3], rest[4]]));
            let (record, after) = rest.split_at(size.min(rest.len()));
            rest = after;
            let waiting = std::mem::take(&mut delayed);
            is_cut = self.edit(record.to_vec(), &mut writes, &mut delayed);
            writes.extend(waiting);
        }
        writes.extend(delayed);
        if self.joins {
            writes = vec![writes.concat()];
        }
        for bytes in writes {
            stream.write_all(&bytes)?;
        }
        if is_cut { Err(io::ErrorKind::ConnectionAborted.into()) } else { Ok(()) }
    }

    /// Applies the edits of the next record. `true` if the connection ends.
    fn edit(&mut self, mut record: Vec<u8>, writes: &mut Vec<Vec<u8>>, delayed: &mut Vec<Vec<u8>>) -> bool {
        let (mut copies, mut is_delayed, mut split) = (1, false, None);
        for (_, edit) in self.edits.iter().filter(|(number, _)| *number == self.number) {
            match edit {
                Edit::Split(at) => split = Some(*at),
                Edit::Drop => copies = 0,
                Edit::Repeat => copies = 2,
                Edit::Delay => is_delayed = true,
                Edit::Truncate(size) => record.truncate(*size),
                Edit::ChangeByte(at, change) => {
                    let length = record.len();
                    if let Some(byte) = record.get_mut(at % length.max(1)) {
                        *byte ^= change;
                    }
                }
                Edit::Insert(other) => writes.push(other.clone()),
                Edit::Cut => return true,
            }
        }
        self.number += 1;
        let output = if is_delayed { delayed } else { writes };
        for _ in 0..copies {
            let (first, second) = record.split_at(split.unwrap_or(0).min(record.len()));
            output.extend([first.to_vec(), second.to_vec()]);
        }
        false
    }
}

//! A server whose connections follow scripts.

use std::io::Read;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// An operation that takes this long hangs.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The actions of one connection.
pub type Script = Box<dyn FnOnce(&mut TcpStream) + Send>;

/// The actions of a connection after its script, or at once if it has no script.
pub type Afterwards = fn(&mut TcpStream);

/// The script of the next connection.
type Next = Arc<Mutex<Option<Script>>>;

/// A listener on loopback.
pub struct ScriptedServer {
    /// The address of the listener.
    pub address: SocketAddr,
    next: Next,
    ended: Receiver<()>,
    stopping: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl ScriptedServer {
    /// Starts to listen.
    pub fn start(afterwards: Afterwards) -> ScriptedServer {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a listener");
        let address = listener.local_addr().expect("an address");
        let (next, stopping) = (Next::default(), Arc::new(AtomicBool::new(false)));
        let (report, ended) = channel();
        let (scripts, stop) = (next.clone(), stopping.clone());
        let thread = thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::SeqCst) {
                    break;
                }
                let Ok(stream) = stream else { continue };
                let script = scripts.lock().unwrap_or_else(PoisonError::into_inner).take();
                let report = report.clone();
                thread::spawn(move || serve(stream, script, &report, afterwards));
            }
        });
        ScriptedServer { address, next, ended, stopping, thread: Some(thread) }
    }

    /// The script of the next connection.
    pub fn expect(&self, script: Script) {
        *self.next.lock().unwrap_or_else(PoisonError::into_inner) = Some(script);
    }

    /// Waits until the script has ended.
    pub fn wait(&self) {
        self.ended.recv_timeout(PATIENCE).expect("the script ends");
    }
}

impl Drop for ScriptedServer {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(mut stream: TcpStream, script: Option<Script>, report: &Sender<()>, afterwards: Afterwards) {
    let _ = stream.set_nodelay(true);
    let _ = stream.set_read_timeout(Some(PATIENCE));
    let _ = stream.set_write_timeout(Some(PATIENCE));
    if let Some(script) = script {
        script(&mut stream);
        let _ = report.send(());
    }
    afterwards(&mut stream);
    let _ = stream.shutdown(Shutdown::Write);
    // Closing with unread input would reset the connection, and the client could lose what it has not read.
    let mut buffer = [0; 4096];
    while !matches!(stream.read(&mut buffer), Ok(0) | Err(_)) {}
}

/// Reads the head of a request. `false` if the client closed before its end.
pub fn read_head(stream: &mut TcpStream) -> bool {
    let (mut head, mut buffer) = (Vec::new(), [0; 4096]);
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return false,
            Ok(size) => head.extend_from_slice(&buffer[..size]),
        }
    }
    true
}

//! Calls of the C functions with arbitrary arguments return the statuses that the header names, end each accepted task
//! once, and touch no file outside of the session's directory.
//!
//! Input: a list of calls with their arguments.

// A host relies on the header only. Every pointer that is passed points to memory that lives until the call returns.
#![allow(unsafe_code, clippy::undocumented_unsafe_blocks)]

mod arguments;
mod files;
mod resolution;
mod sessions;
mod tasks;

use std::cell::RefCell;
use std::fs;
use std::path::PathBuf;
use std::ptr;
use std::sync::mpsc::Receiver;

use tempfile::TempDir;
use wxtransfer::ffi::network::{WXT_NETWORK_OTHER, WxtNetwork, wxt_session_network_changed};
use wxtransfer::ffi::options::{WXT_LAN_OFF, WXT_PLATFORM_IOS, WxtSessionOptions};
use wxtransfer::ffi::session::{
    WxtSession, wxt_session_close, wxt_session_enter_foreground, wxt_session_open, wxt_session_set_max_bytes_per_second,
};
use wxtransfer::ffi::status::{WXT_INTERNAL, WXT_INVALID_ARGUMENT, WXT_OK, WXT_SESSION_CLOSED, WxtStatus};
use wxtransfer::ffi::string::WxtStr;

use self::arguments::Arguments;
use self::resolution::Resolving;
use crate::certificate::certificate;
use crate::host::{TaskEvent, end_of, zeroed};
use crate::input::Input;
use crate::scripted_server::ScriptedServer;

/// The number of inputs that use the same session. Files of earlier inputs fill its quota.
const INPUTS_PER_SESSION: u32 = 100;
const QUOTA: u64 = 256 * 1024;
/// The number of calls of one input.
const MOST_CALLS: usize = 12;
const SECRET: &[u8] = b"outside of the session's directory";

/// A session, whose connections all go to a proxy that refuses them, and the directories around its own.
struct World {
    session: *mut WxtSession,
    /// The handle of a closed session.
    closed: *mut WxtSession,
    resolving: Resolving,
    directory: TempDir,
    _proxy: ScriptedServer,
    inputs: u32,
    /// The path that the last file call returned.
    last_path: String,
    tasks: Vec<Receiver<TaskEvent>>,
}

thread_local! {
    static WORLD: RefCell<Option<World>> = const { RefCell::new(None) };
}

/// Checks one input.
pub fn check(data: &[u8]) {
    WORLD.with_borrow_mut(|world| {
        if world.as_ref().is_some_and(|world| world.inputs == INPUTS_PER_SESSION) {
            *world = None;
        }
        let world = world.get_or_insert_with(World::new);
        world.inputs += 1;
        let mut input = Input::new(data);
        for _ in 0..MOST_CALLS {
            if input.is_empty() {
                break;
            }
            world.call(&mut input);
        }
        world.settle();
    });
}

impl World {
    fn new() -> World {
        let directory = TempDir::new().expect("a temporary directory");
        for name in ["data", "outside", "native"] {
            fs::create_dir(directory.path().join(name)).expect("a directory is created");
        }
        fs::write(directory.path().join("outside/secret"), SECRET).expect("a file is written");
        let proxy = ScriptedServer::start(|_| {});
        let (data, proxy_url) = (path_text(directory.path().join("data")), format!("http://{}", proxy.address));
        let mut options: WxtSessionOptions = zeroed();
        options.struct_size = size_of::<WxtSessionOptions>();
        options.app_id = WxtStr::new("wx");
        options.platform = WXT_PLATFORM_IOS;
        options.client_version = WxtStr::new("8.0.50");
        options.data_directory = WxtStr::new(&data);
        options.proxy = WxtStr::new(&proxy_url);
        options.lan_policy = WXT_LAN_OFF;
        options.skip_domain_check = 1;
        options.allow_plain_http = 1;
        options.max_timeout = 2_000;
        options.storage_quota = QUOTA;
        options.temporary_quota = QUOTA;
        options.root_certificates = WxtStr::new(&certificate().root);
        let open = || {
            let mut session = ptr::null_mut();
            assert_eq!(unsafe { wxt_session_open(&options, &mut session, ptr::null_mut()) }, WXT_OK);
            session
        };
        let closed = open();
        assert_eq!(wxt_session_close(closed), WXT_OK);
        let session = open();
        let resolving = Resolving::open(&directory.path().join("data"));
        World {
            session,
            closed,
            resolving,
            directory,
            _proxy: proxy,
            inputs: 0,
            last_path: String::new(),
            tasks: Vec::new(),
        }
    }

    /// A directory beside those of the session, with a file that calls may import.
    fn native(&self) -> PathBuf {
        self.directory.path().join("native")
    }

    fn restore_sources(&self) {
        if !self.native().join("a.png").exists() {
            fs::write(self.native().join("a.png"), b"png").expect("a file is written");
        }
    }

    fn call(&mut self, input: &mut Input<'_>) {
        // An earlier call may have moved the file.
        self.restore_sources();
        let function = input.byte();
        let (session, refusal) = self.handle(input);
        let mut arguments = Arguments::new(input, refusal, &self.last_path);
        match function % 9 {
            0 => self.tasks.extend(tasks::upload(session, &mut arguments, &self.native())),
            1 => self.tasks.extend(tasks::download(session, &mut arguments)),
            2 => tasks::other(session, &mut arguments),
            3 => {
                // Takes no handle.
                arguments.refusal = None;
                sessions::open(&mut arguments, self.directory.path());
            }
            4 => sessions::change(session, &mut arguments),
            5 => {
                arguments.refusal = None;
                self.resolving.answer(&mut arguments);
            }
            _ => {
                let path = files::call(session, &mut arguments, &self.native(), self.directory.path());
                self.last_path = path.unwrap_or_else(|| self.last_path.clone());
            }
        }
    }

    /// The session's handle, or an invalid handle with the status that it must cause.
    fn handle(&self, input: &mut Input<'_>) -> (*mut WxtSession, Option<WxtStatus>) {
        match input.byte() {
            0xff => (ptr::null_mut(), Some(WXT_INVALID_ARGUMENT)),
            0xfe => (ptr::without_provenance_mut(usize::MAX), Some(WXT_SESSION_CLOSED)),
            0xfd => (self.closed, Some(WXT_SESSION_CLOSED)),
            _ => (self.session, None),
        }
    }

    /// Ends the tasks, and checks the directories.
    fn settle(&mut self) {
        let mut network: WxtNetwork = zeroed();
        network.struct_size = size_of::<WxtNetwork>();
        network.kind = WXT_NETWORK_OTHER;
        let status = unsafe { wxt_session_network_changed(self.session, &network, ptr::null_mut()) };
        assert_eq!(status, WXT_OK);
        assert_eq!(wxt_session_enter_foreground(self.session), WXT_OK);
        assert_eq!(wxt_session_set_max_bytes_per_second(self.session, 0), WXT_OK);
        for events in self.tasks.drain(..) {
            assert!(end_of(&events).is_err(), "no server is reached");
        }
        let secret = fs::read(self.directory.path().join("outside/secret"));
        assert_eq!(secret.expect("the file outside is still there"), SECRET);
        for (directory, expected) in [("", 3), ("outside", 1)] {
            let entries = fs::read_dir(self.directory.path().join(directory)).expect("a directory").count();
            assert_eq!(entries, expected, "{directory:?} has other entries");
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = wxt_session_close(self.session);
    }
}

/// A status that the header names, and not that of a bug.
fn assert_known(status: WxtStatus) {
    assert!((WXT_OK..WXT_INTERNAL).contains(&status), "status {status}");
}

fn path_text(path: PathBuf) -> String {
    path.into_os_string().into_string().expect("a UTF-8 path")
}

//! Answers to look-ups of the host's own resolver.

use std::ffi::c_void;
use std::net::IpAddr;
use std::path::Path;
use std::ptr;
use std::sync::mpsc::{Receiver, Sender, channel};

use wxtransfer::ffi::options::{WXT_LAN_OFF, WXT_PLATFORM_IOS, WxtSessionOptions};
use wxtransfer::ffi::request::WxtDownloadRequest;
use wxtransfer::ffi::resolver::{WxtResolution, wxt_resolution_finish};
use wxtransfer::ffi::session::{WxtSession, wxt_session_close, wxt_session_open};
use wxtransfer::ffi::status::WXT_OK;
use wxtransfer::ffi::string::WxtStr;
use wxtransfer::ffi::task::wxt_download_file;

use super::arguments::Arguments;
use super::path_text;
use crate::host::{callbacks, end_of, zeroed};
use crate::scripted_server::PATIENCE;

/// The address of a `WxtResolution`.
type Question = usize;

/// A session with its own resolver. It makes no connection: its rules forbid this device, and the resolver returns no
/// address of another device.
pub struct Resolving {
    session: *mut WxtSession,
    questions: Receiver<Question>,
    _asked: Box<Sender<Question>>,
}

impl Resolving {
    pub fn open(data: &Path) -> Resolving {
        let (sender, questions) = channel();
        let asked = Box::new(sender);
        let data = path_text(data.to_owned());
        let mut options: WxtSessionOptions = zeroed();
        options.struct_size = size_of::<WxtSessionOptions>();
        options.app_id = WxtStr::new("resolving");
        options.platform = WXT_PLATFORM_IOS;
        options.client_version = WxtStr::new("8.0.50");
        options.data_directory = WxtStr::new(&data);
        options.lan_policy = WXT_LAN_OFF;
        options.skip_domain_check = 1;
        options.resolver.context = ptr::from_ref(&*asked).cast_mut().cast();
        options.resolver.resolve = Some(resolve);
        let mut session = ptr::null_mut();
        assert_eq!(unsafe { wxt_session_open(&options, &mut session, ptr::null_mut()) }, WXT_OK);
        Resolving { session, questions, _asked: asked }
    }

    /// Starts a download, and answers its look-up.
    pub fn answer(&self, arguments: &mut Arguments<'_, '_>) {
        let (callbacks, events) = callbacks();
        let mut request: WxtDownloadRequest = zeroed();
        request.struct_size = size_of::<WxtDownloadRequest>();
        request.url = WxtStr::new("https://name.example/");
        let mut task = 0;
        let status = unsafe { wxt_download_file(self.session, &request, &callbacks, &mut task, ptr::null_mut()) };
        assert_eq!(status, WXT_OK);
        let question = self.questions.recv_timeout(PATIENCE).expect("the resolver is asked");
        let (addresses, count) = arguments.list(address);
        let resolution = ptr::with_exposed_provenance_mut::<WxtResolution>(question);
        arguments.assert(unsafe { wxt_resolution_finish(resolution, addresses, count) });
        assert!(end_of(&events).is_err(), "no server is reached");
    }
}

impl Drop for Resolving {
    fn drop(&mut self) {
        let _ = wxt_session_close(self.session);
    }
}

/// A text that is no address, or an address of this device.
fn address(arguments: &mut Arguments<'_, '_>) -> WxtStr {
    let text = arguments.text(&["127.0.0.1", "::1", "127.0.0.1:80", "[::1]", "localhost"]);
    if text.ptr.is_null() {
        arguments.forbid_if(true);
        return text;
    }
    let bytes = unsafe { std::slice::from_raw_parts(text.ptr.cast::<u8>(), text.len) };
    match std::str::from_utf8(bytes).map(str::parse::<IpAddr>) {
        Ok(Ok(address)) if address.is_loopback() => text,
        Ok(Ok(_)) => arguments.str_of(b"127.0.0.1"),
        _ => {
            arguments.forbid_if(true);
            text
        }
    }
}

/// Passes the question on to the thread that answers it.
unsafe extern "C" fn resolve(context: *mut c_void, host: WxtStr, resolution: *mut WxtResolution) {
    let host = unsafe { std::slice::from_raw_parts(host.ptr.cast::<u8>(), host.len) };
    assert_eq!(host, b"name.example");
    let asked = unsafe { &*context.cast::<Sender<Question>>() };
    let _ = asked.send(resolution.expose_provenance());
}

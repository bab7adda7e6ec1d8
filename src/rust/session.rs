//! A session of the Rust interface.

use std::fmt;
use std::mem;
use std::sync::Arc;
use std::thread;

use super::callbacks::{Callbacks, DownloadSuccess, UploadSuccess};
use super::error::{Error, of_partials, of_timer};
use super::guarded::guarded;
use super::handler::ClosureHandler;
use super::{TransferTask, UrlCheck};
use crate::http::Pin;
use crate::session::{Admission, Network, OpenSession, SessionOptions, SessionStatistics, TrustChange};
use crate::task::in_callback;
use crate::terms::Api;
use crate::transfer::{DownloadRequest, UploadRequest};
use crate::worker::return_free_memory;

/// One launch of one mini program: its rules, its tasks and its files.
///
/// Every method may be called from any thread at any time, also in a closure. Only [`close`](Session::close) fails in a
/// closure. Put the session into an `Arc` to share it.
///
/// Dropping the session closes it. If it is dropped in a closure, where closing would wait for itself, a new thread
/// closes it.
pub struct Session(Arc<OpenSession>);

impl Session {
    /// Opens the mini program's files. Makes no connection. Waits for the disk.
    ///
    /// # Errors
    /// [`Error::InvalidOption`], [`Error::TrustStoreUnavailable`], [`Error::StorageLocked`], [`Error::StorageFailed`],
    /// [`Error::OutOfResources`], [`Error::Internal`]. The log of the options receives the text of the error, too.
    pub fn open(options: SessionOptions) -> Result<Session, Error> {
        Ok(Session(Arc::new(OpenSession::open(guarded(options))?)))
    }

    /// Closes the session: aborts the remaining tasks, delivers their ends, deletes the temporary files that
    /// [`temporary_retention`](crate::Limits::temporary_retention) does not keep, and joins the session's threads. When
    /// it returns `Ok`, no closure is running or will run, and all closures of tasks are dropped. The closures of the
    /// options are dropped with the session.
    ///
    /// It waits for a closure that is running, and for calls of other threads that use this session. It also waits for
    /// what the system does not interrupt: a read or write of a slow device; the fsync of a file that is being saved, or
    /// of a partial file ([`Resume::AcrossLaunches`](crate::Resume::AcrossLaunches)); on Apple's systems the check of a
    /// certificate. It deletes temporary files for at most 100 ms. It does not wait for the executor: it runs the
    /// remaining closures itself. A look-up in the system's resolver may outlive the session.
    ///
    /// # Errors
    /// [`Error::CalledFromCallback`]: called in a closure of any session. The session stays open.
    /// [`Error::SessionClosed`]: it is closed already, or another thread is closing it.
    pub fn close(&self) -> Result<(), Error> {
        if in_callback() {
            return Err(Error::CalledFromCallback);
        }
        if !self.0.close() {
            return Err(Error::SessionClosed);
        }
        return_free_memory();
        Ok(())
    }

    /// Starts `wx.uploadFile`. The first closures may run before this function returns.
    ///
    /// Mistakes of the page in the request are failures of the task: a malformed URL or header, a host that is not in
    /// the domain list, a file that cannot be read. `docs/failures.md` lists them.
    ///
    /// # Errors
    /// [`Error::SessionClosed`]. The closures are dropped without a call.
    pub fn upload_file(
        &self,
        request: UploadRequest,
        callbacks: Callbacks<UploadSuccess>,
    ) -> Result<TransferTask, Error> {
        let admission = self.admit()?;
        let submission = admission.prepare_upload(Ok(request));
        let handler = ClosureHandler::of_upload(Arc::downgrade(&self.0), callbacks);
        let id = admission.submit(submission, Box::new(handler));
        Ok(TransferTask::new(Arc::downgrade(&self.0), id))
    }

    /// Starts `wx.downloadFile`. The first closures may run before this function returns. Mistakes of the page in the
    /// request are failures of the task, as for an upload.
    ///
    /// # Errors
    /// [`Error::SessionClosed`]. The closures are dropped without a call.
    pub fn download_file(
        &self,
        request: DownloadRequest,
        callbacks: Callbacks<DownloadSuccess>,
    ) -> Result<TransferTask, Error> {
        let admission = self.admit()?;
        let submission = admission.prepare_download(Ok(request));
        let handler = ClosureHandler::of_download(Arc::downgrade(&self.0), callbacks);
        let id = admission.submit(submission, Box::new(handler));
        Ok(TransferTask::new(Arc::downgrade(&self.0), id))
    }

    /// Applies the session's rules to a URL and a header, in the order in which a call applies them. Sends nothing,
    /// resolves nothing and logs nothing. It does not predict what a call meets later: the queue, the background,
    /// files, the addresses of a name, redirects.
    ///
    /// # Errors
    /// [`Error::SessionClosed`].
    pub fn check_url(&self, api: Api, url: &str, header: &[(String, String)]) -> Result<UrlCheck, Error> {
        let verdict = self.admit()?.check_url(api, Ok(url.to_owned()), Ok(header.to_vec()));
        Ok(UrlCheck::of(api, verdict))
    }

    /// Counters since the session was opened. They are read one after another while tasks run, so they need not belong
    /// to the same instant. About as fast as taking a lock.
    ///
    /// # Errors
    /// [`Error::SessionClosed`].
    pub fn statistics(&self) -> Result<SessionStatistics, Error> {
        Ok(self.admit()?.statistics())
    }

    /// Opens a connection to a server ahead of its first transfer. Returns at once; the outcome is only logged.
    /// `server` is a host with or without a port, which means `https`, or a URL, of which only scheme, host and port
    /// are used. See `docs/networks.md` for the limits.
    ///
    /// # Errors
    /// [`Error::SessionClosed`].
    pub fn prepare(&self, server: &str) -> Result<(), Error> {
        self.admit()?.prepare_connection(server);
        Ok(())
    }

    /// Tells the session that the device's network changed or is gone. Call it whenever the system reports a change,
    /// and once after opening if requests set [`needs_unmetered`](crate::TaskOptions::needs_unmetered). Returns at
    /// once. See `docs/networks.md`.
    ///
    /// # Errors
    /// [`Error::SessionClosed`]. [`Error::OutOfResources`]: the timer's thread cannot be started, and nothing has
    /// changed.
    pub fn network_changed(&self, network: Network) -> Result<(), Error> {
        self.admit()?.network_changed(network).map_err(of_timer)
    }

    /// Tells the session that the mini program entered the background. For 5 s calls are accepted as before. After
    /// that, every task and every later call fails with `interrupted`, or waits for the return with
    /// [`wait_in_background`](SessionOptions::wait_in_background). Has no effect in the background.
    ///
    /// # Errors
    /// [`Error::SessionClosed`]. [`Error::OutOfResources`]: the timer's thread cannot be started, and nothing has
    /// changed.
    pub fn enter_background(&self) -> Result<(), Error> {
        self.admit()?.enter_background().map_err(of_timer)
    }

    /// Tells the session that the mini program is in the foreground again.
    ///
    /// # Errors
    /// [`Error::SessionClosed`].
    pub fn enter_foreground(&self) -> Result<(), Error> {
        self.admit()?.enter_foreground();
        Ok(())
    }

    /// Changes [`max_bytes_per_second`](crate::Limits::max_bytes_per_second); 0 means no limit. Applies at once, also
    /// to running tasks.
    ///
    /// # Errors
    /// [`Error::SessionClosed`].
    pub fn set_max_bytes_per_second(&self, bytes_per_second: u64) -> Result<(), Error> {
        self.admit()?.set_max_bytes_per_second(bytes_per_second);
        Ok(())
    }

    /// Replaces [`root_certificates`](SessionOptions::root_certificates) and [`pins`](SessionOptions::pins) for new
    /// connections, both at once. Unfinished handshakes begin again, and idle connections are closed. See
    /// `docs/trust.md`.
    ///
    /// # Errors
    /// [`Error::SessionClosed`], [`Error::InvalidOption`], [`Error::TrustStoreUnavailable`]. Nothing has changed.
    pub fn set_trust(&self, root_certificates: Option<Vec<u8>>, pins: Vec<Pin>) -> Result<(), Error> {
        Ok(self.admit()?.set_trust(TrustChange { root_certificates, pins })?)
    }

    /// Deletes the partial files that [`Resume::AcrossLaunches`](crate::Resume::AcrossLaunches) has kept, for example
    /// at a logout. Downloads that are running go on and can complete. If one of them fails or is aborted, or its
    /// session is closed, its file is not kept. This applies to all sessions of the process with the same mini program
    /// and user. A download that runs in another process may keep its file. Reads and writes the disk.
    ///
    /// # Errors
    /// [`Error::SessionClosed`], [`Error::OutOfResources`]. [`Error::StorageFailed`]: a file cannot be deleted; others
    /// may have been deleted.
    pub fn discard_partials(&self) -> Result<(), Error> {
        self.admit()?.discard_partials().map_err(of_partials)
    }

    pub(super) fn admit(&self) -> Result<Admission<'_>, Error> {
        self.0.admit().ok_or(Error::SessionClosed)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if !in_callback() {
            // A session that the host has closed is closed once more, which does nothing.
            let _ = self.close();
            return;
        }
        let session = self.0.clone();
        let closing = thread::Builder::new().name("wxt-close".into()).spawn(move || {
            session.close();
            return_free_memory();
        });
        if closing.is_err() {
            // No thread can close the session. Its own threads need it, so it stays open until the process ends.
            mem::forget(self.0.clone());
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Session").finish_non_exhaustive()
    }
}

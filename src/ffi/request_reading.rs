//! Copies the parameters of a task that a host passes.

use std::os::fd::{BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::io::Errno;

use super::refusal::{FieldName, RefusedCall, choice};
use super::request::{WXT_METHOD_POST, WXT_METHOD_PUT, WxtDownloadRequest, WxtUploadPart, WxtUploadRequest};
use super::status::WXT_OUT_OF_RESOURCES;
use super::string::{PageText, WxtStr, array, copied, page_pairs};
use crate::terms::TransferError;
use crate::transfer::{
    DownloadRequest, IntegrityRequest, TaskOptions, UploadBody, UploadMethod, UploadPart, UploadRequest, UploadSource,
};

/// The maximum number of files in one upload.
const MOST_PARTS: usize = 100;

/// The outer error is a mistake of the host (a status), the inner one of the page (a failure).
type Read<T> = Result<Result<T, TransferError>, RefusedCall>;

/// Copies the parameters of an upload.
///
/// # Safety
/// Everything that `request` points to must be readable. No other thread may close the descriptors meanwhile.
pub(super) unsafe fn upload_request(request: &WxtUploadRequest) -> Read<UploadRequest> {
    // SAFETY: passed on to the caller, for every string and list.
    let (url, name, header, form_data, file_name, parts) = unsafe {
        (
            request.url.page_text("url")?,
            request.name.page_text("name")?,
            page_pairs(request.header, request.header_count, "header")?,
            page_pairs(request.form_data, request.form_data_count, "form_data")?,
            request.file_name.page_text("file_name")?,
            array(request.parts, request.part_count, "parts")?,
        )
    };
    let methods = [
        (WXT_METHOD_POST, "WXT_METHOD_POST", UploadMethod::Post),
        (WXT_METHOD_PUT, "WXT_METHOD_PUT", UploadMethod::Put),
    ];
    let method = choice("method", request.method, &methods)?;
    let is_raw = request.raw != 0;
    let has_one_file = !is_empty(&name) || !is_empty(&file_name);
    if parts.len() > MOST_PARTS {
        let reason = format!("part_count is {}, but must be at most {MOST_PARTS}", parts.len());
        return Err(RefusedCall::argument(reason));
    }
    if is_raw && (has_one_file || !form_data.is_empty() || !parts.is_empty()) {
        return Err(RefusedCall::argument("raw excludes name, file_name, form_data and parts"));
    }
    if !parts.is_empty() && has_one_file {
        return Err(RefusedCall::argument("parts excludes name and file_name"));
    }
    let place = FilePlace {
        part: None,
        path: request.file_path,
        data: (request.data, request.data_length),
        descriptor: (request.has_file_descriptor != 0).then_some(request.file_descriptor),
        length: request.file_length,
    };
    // Read before the page's parameters are checked: a length without a pointer is a mistake of the host, and a missing
    // parameter of the page must not hide it.
    // SAFETY: passed on to the caller.
    let source = unsafe { place.read() }?;
    // SAFETY: as above.
    let read_part = |(index, part)| unsafe { upload_part(index, part) };
    let parts = parts.iter().enumerate().map(read_part).collect::<Result<Vec<_>, RefusedCall>>()?;
    if !parts.is_empty() && !source.is_absent() {
        return Err(RefusedCall::argument("parts excludes file_path, data and has_file_descriptor"));
    }
    let read = || {
        let url = required(url, "url")?;
        let fields = || pairs(form_data, "formData");
        let body = if is_raw {
            UploadBody::Raw(source.upload_source()?)
        } else if parts.is_empty() {
            let source = source.upload_source()?;
            let (name, file_name) = (required(name, "name")?, optional(file_name, "fileName")?);
            UploadBody::Form {
                form_data: fields()?,
                parts: vec![UploadPart { source, name, file_name, media_type: None }],
            }
        } else {
            UploadBody::Form { form_data: fields()?, parts: parts.into_iter().collect::<Result<_, _>>()? }
        };
        Ok(UploadRequest {
            url,
            method,
            body,
            header: pairs(header, "header")?,
            task: TaskOptions {
                timeout: timeout(request.timeout),
                disable_profile: request.disable_profile != 0,
                needs_unmetered: request.needs_unmetered != 0,
                max_bytes_per_second: request.max_bytes_per_second,
                priority: request.priority,
            },
        })
    };
    Ok(read())
}

/// # Safety
/// Everything that `part` points to must be readable. No other thread may close the descriptor meanwhile.
unsafe fn upload_part(index: usize, part: &WxtUploadPart) -> Read<UploadPart> {
    let member = |name| FieldName::member("parts", index, name);
    let place = FilePlace {
        part: Some(index),
        path: part.file_path,
        data: (part.data, part.data_length),
        descriptor: (part.has_file_descriptor != 0).then_some(part.file_descriptor),
        length: part.file_length,
    };
    // SAFETY: passed on to the caller.
    let (source, name, file_name, media_type) = unsafe {
        (
            place.read()?,
            part.name.page_text(member("name"))?,
            part.file_name.page_text(member("file_name"))?,
            part.media_type.page_text(member("media_type"))?,
        )
    };
    let read = || {
        Ok(UploadPart {
            source: source.upload_source()?,
            name: required(name, "name")?,
            file_name: optional(file_name, "fileName")?,
            media_type: optional(media_type, "mediaType")?,
        })
    };
    Ok(read())
}

/// The fields of a request that say where a file's content is.
struct FilePlace {
    /// The index in `parts`. `None` for the single file.
    part: Option<usize>,
    path: WxtStr,
    data: (*const u8, usize),
    descriptor: Option<i32>,
    /// The number of bytes to read from a pipe. 0 for a file.
    length: u64,
}

/// A [`FilePlace`] whose memory was copied and whose descriptor was duplicated.
struct CopiedPlace {
    path: Option<PageText>,
    data: Option<Vec<u8>>,
    descriptor: Option<OwnedFd>,
    length: Option<u64>,
}

impl FilePlace {
    fn field(&self, name: &'static str) -> FieldName {
        self.part.map_or(FieldName::from(name), |index| FieldName::member("parts", index, name))
    }

    /// # Safety
    /// As for [`upload_part`].
    unsafe fn read(self) -> Result<CopiedPlace, RefusedCall> {
        let (data, length) = self.data;
        if self.descriptor.is_some() && !data.is_null() {
            return Err(RefusedCall::argument(format!("{} excludes has_file_descriptor", self.field("data"))));
        }
        // SAFETY: passed on to the caller.
        let (path, data) =
            unsafe { (self.path.page_text(self.field("file_path"))?, copy(data, length, self.field("data"))?) };
        let descriptor = match self.descriptor {
            // SAFETY: the caller promises an open descriptor; a closed one is an error.
            Some(descriptor) => Some(unsafe { duplicate(descriptor, self.field("file_descriptor")) }?),
            None => None,
        };
        Ok(CopiedPlace { path, data, descriptor, length: Some(self.length).filter(|length| *length > 0) })
    }
}

impl CopiedPlace {
    fn is_absent(&self) -> bool {
        is_empty(&self.path) && self.data.is_none() && self.descriptor.is_none()
    }

    fn upload_source(self) -> Result<UploadSource, TransferError> {
        let CopiedPlace { path, data, descriptor, length } = self;
        let path = optional(path, "filePath")?;
        Ok(match (descriptor, data) {
            (Some(descriptor), _) => UploadSource::Descriptor { descriptor, path: path.unwrap_or_default(), length },
            (None, Some(bytes)) => UploadSource::Data { bytes, path: path.unwrap_or_default() },
            (None, None) => UploadSource::Path(path.ok_or_else(|| TransferError::missing("filePath"))?),
        })
    }
}

/// Copies bytes of the host. `None` for NULL.
///
/// # Safety
/// `data` must be NULL or point to `length` readable bytes.
unsafe fn copy(data: *const u8, length: usize, field: FieldName) -> Result<Option<Vec<u8>>, RefusedCall> {
    // SAFETY: passed on to the caller.
    let bytes = unsafe { array(data, length, field) }?;
    if data.is_null() { Ok(None) } else { copied(bytes, field).map(Some) }
}

/// Copies the parameters of a download.
///
/// # Safety
/// Everything that `request` points to must be readable.
pub(super) unsafe fn download_request(request: &WxtDownloadRequest) -> Read<DownloadRequest> {
    // SAFETY: passed on to the caller, for every string and list.
    let (url, header, file_path, expected_sha256) = unsafe {
        (
            request.url.page_text("url")?,
            page_pairs(request.header, request.header_count, "header")?,
            request.file_path.page_text("file_path")?,
            request.expected_sha256.page_text("expected_sha256")?,
        )
    };
    let read = || {
        Ok(DownloadRequest {
            url: required(url, "url")?,
            header: pairs(header, "header")?,
            file_path: optional(file_path, "filePath")?,
            task: TaskOptions {
                timeout: timeout(request.timeout),
                disable_profile: request.disable_profile != 0,
                needs_unmetered: request.needs_unmetered != 0,
                max_bytes_per_second: request.max_bytes_per_second,
                priority: request.priority,
            },
            integrity: IntegrityRequest {
                expected_sha256: optional(expected_sha256, "expectedSha256")?,
                expected_length: request.expected_length,
                want_sha256: request.want_sha256 != 0,
                verify_digest: request.verify_digest != 0,
            },
        })
    };
    Ok(read())
}

/// `timeout` in milliseconds. 0 means the default.
fn timeout(milliseconds: u32) -> Option<Duration> {
    (milliseconds > 0).then(|| Duration::from_millis(milliseconds.into()))
}

fn optional(text: Option<PageText>, parameter: &'static str) -> Result<Option<String>, TransferError> {
    text.transpose().map_err(|_| TransferError::not_text(parameter))
}

pub(super) fn required(text: Option<PageText>, parameter: &'static str) -> Result<String, TransferError> {
    optional(text, parameter)?.ok_or_else(|| TransferError::missing(parameter))
}

pub(super) fn pairs(
    pairs: Vec<(PageText, PageText)>,
    parameter: &'static str,
) -> Result<Vec<(String, String)>, TransferError> {
    pairs
        .into_iter()
        .map(|pair| match pair {
            (Ok(name), Ok(value)) => Ok((name, value)),
            (name, _) => Err(TransferError::request_data(parameter, name.ok(), format!("{parameter} is not UTF-8"))),
        })
        .collect()
}

/// Whether a text is absent or empty.
fn is_empty(text: &Option<PageText>) -> bool {
    text.as_ref().is_none_or(|text| text.as_ref().is_ok_and(String::is_empty))
}

/// Duplicates a descriptor of the host.
///
/// # Safety
/// No other thread may close `descriptor` during the call.
pub(super) unsafe fn duplicate(descriptor: i32, field: impl Into<FieldName>) -> Result<OwnedFd, RefusedCall> {
    let field = field.into();
    let not_open = || RefusedCall::argument(format!("{field} is {descriptor}, which is not an open descriptor"));
    if descriptor < 0 {
        return Err(not_open());
    }
    // SAFETY: not negative; the caller promises that it stays open. If it was never open, the call fails.
    let borrowed = unsafe { BorrowedFd::borrow_raw(descriptor) };
    borrowed.try_clone_to_owned().map_err(|error| match error.raw_os_error().map(Errno::from_raw_os_error) {
        Some(Errno::BADF) => not_open(),
        // The process or the system has no descriptor left.
        _ => RefusedCall::new(WXT_OUT_OF_RESOURCES, format!("{field} cannot be duplicated: {error}")),
    })
}

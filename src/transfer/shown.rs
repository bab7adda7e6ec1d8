//! Requests as text for logs: without user-info and query of a URL, values of headers and form fields, and bytes.

use std::fmt;

use super::{DownloadRequest, UploadBody, UploadPart, UploadRequest, UploadSource};
use crate::policy::url;

impl fmt::Debug for UploadRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("UploadRequest")
            .field("url", &url::shown(&self.url))
            .field("method", &self.method)
            .field("body", &self.body)
            .field("header", &NamesOf(&self.header))
            .field("task", &self.task)
            .finish()
    }
}

impl fmt::Debug for DownloadRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("DownloadRequest")
            .field("url", &url::shown(&self.url))
            .field("header", &NamesOf(&self.header))
            .field("file_path", &self.file_path)
            .field("task", &self.task)
            .field("integrity", &self.integrity)
            .finish()
    }
}

impl fmt::Debug for UploadBody {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UploadBody::Form { form_data, parts } => {
                formatter.debug_struct("Form").field("form_data", &NamesOf(form_data)).field("parts", parts).finish()
            }
            UploadBody::Raw(source) => formatter.debug_tuple("Raw").field(source).finish(),
        }
    }
}

impl fmt::Debug for UploadPart {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("UploadPart")
            .field("source", &self.source)
            .field("name", &self.name)
            .field("file_name", &self.file_name)
            .field("media_type", &self.media_type)
            .finish()
    }
}

impl fmt::Debug for UploadSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UploadSource::Path(path) => formatter.debug_tuple("Path").field(path).finish(),
            UploadSource::Descriptor { descriptor, path, length } => formatter
                .debug_struct("Descriptor")
                .field("descriptor", descriptor)
                .field("path", path)
                .field("length", length)
                .finish(),
            UploadSource::Data { bytes, path } => {
                formatter.debug_struct("Data").field("length", &bytes.len()).field("path", path).finish()
            }
        }
    }
}

/// The names of headers or form fields.
struct NamesOf<'a>(&'a [(String, String)]);

impl fmt::Debug for NamesOf<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transfer::TaskOptions;

    const SECRET: &str = "s3cret";

    #[test]
    fn printed_requests_contain_no_secret() {
        let pairs = || vec![("Authorization".to_owned(), SECRET.to_owned())];
        let urls = [
            "https://user:s3cret@example.com/a?token=s3cret#s3cret",
            "s3cret://example.com",
            "https://exa mple.com/s3cret",
            "//s3cret",
        ];
        for url in urls {
            let sources = [
                UploadSource::Data { bytes: SECRET.as_bytes().to_vec(), path: String::new() },
                UploadSource::Path("wxfile://usr/a".into()),
            ];
            for source in sources {
                let parts = vec![UploadPart::new("file", source)];
                let body = UploadBody::Form { form_data: pairs(), parts };
                let upload = UploadRequest { header: pairs(), ..UploadRequest::new(url, body) };
                let text = format!("{upload:?}");
                assert!(!text.contains(SECRET) && text.contains("Authorization"), "{text}");
                assert!(!text.contains(&format!("{:?}", SECRET.as_bytes())), "{text}");
            }
            let download =
                DownloadRequest { header: pairs(), task: TaskOptions::default(), ..DownloadRequest::new(url) };
            let text = format!("{download:?}");
            assert!(!text.contains(SECRET) && text.contains("Authorization"), "{text}");
        }
        assert!(format!("{:?}", DownloadRequest::new("https://example.com/a?b")).contains("\"https://example.com/a\""));
    }
}

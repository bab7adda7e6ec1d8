//! Which extension a downloaded file gets.

/// The extension of a download, without the dot: from its `Content-Type`, else its URL path's suffix, else its
/// `Content-Disposition`. At most 10 ASCII letters and digits, in lower case.
pub fn extension(_content_type: Option<&str>, _url_path: &str, _content_disposition: Option<&str>) -> Option<String> {
    unimplemented!()
}

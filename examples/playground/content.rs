//! The files of the page, which are compiled into the program.

/// The content type and the text of a path.
pub fn content(path: &str) -> Option<(&'static str, &'static str)> {
    let script = |text| Some(("text/javascript", text));
    match path {
        "/" => Some(("text/html", include_str!("page/index.html"))),
        "/icon.svg" => Some(("image/svg+xml", include_str!("page/icon.svg"))),
        "/style.css" => Some(("text/css", include_str!("page/style.css"))),
        "/main.js" => script(include_str!("page/main.js")),
        "/host.js" => script(include_str!("page/host.js")),
        "/phone.js" => script(include_str!("page/phone.js")),
        "/callbacks.js" => script(include_str!("page/callbacks.js")),
        "/waterfall.js" => script(include_str!("page/waterfall.js")),
        "/files.js" => script(include_str!("page/files.js")),
        "/lab.js" => script(include_str!("page/lab.js")),
        "/servers.js" => script(include_str!("page/servers.js")),
        "/elements.js" => script(include_str!("page/elements.js")),
        "/wx.js" => script(include_str!("../../bindings/javascript/wx.js")),
        // The unchanged programs of WeChat's guide.
        "/upload.js" => script(include_str!("../../bindings/kotlin/src/test/resources/upload.js")),
        "/download.js" => script(include_str!("../../bindings/kotlin/src/test/resources/download.js")),
        _ => None,
    }
}

use super::*;

fn check(content_type: Option<&str>, path: &str, disposition: Option<&str>, expected: Option<&str>) {
    let found = of_download(content_type, path, disposition);
    assert_eq!(found.as_deref(), expected, "{content_type:?} {path:?} {disposition:?}");
}

#[test]
fn extension_comes_from_type_then_disposition_then_url() {
    let disposition = Some("attachment; filename=c.pdf");
    let untold = Some("application/octet-stream");
    check(Some("image/png"), "/a/b.gif", disposition, Some("png"));
    check(untold, "/a/b.gif", disposition, Some("pdf"));
    check(untold, "/a/b", disposition, Some("pdf"));
    check(Some("image/unheard-of"), "/a/b.gif", None, Some("gif"));
    check(untold, "/a/b.gif", Some("inline"), Some("gif"));
    check(untold, "/a/b.gif", Some("attachment; filename=noextension"), Some("gif"));
    check(None, "/a.d/b", disposition, Some("pdf"));
    check(None, "/download.php", Some("attachment; filename=\"a.pdf\""), Some("pdf"));
    check(None, "/", None, None);
    check(Some(""), "", Some(""), None);
    let both = "attachment; filename=\"a.doc\"; filename*=UTF-8''%e2%82%ac.TXT";
    check(None, "/a.gif", Some(both), Some("txt"));
    check(None, "/a.gif", Some("attachment; filename*=UTF-8''noextension; filename=a.png"), Some("png"));
}

#[test]
fn extension_of_the_name_refines_a_shared_media_type() {
    let cases = [
        ("application/zip", "a.docx", "docx"),
        ("application/zip", "a.apk", "apk"),
        ("application/x-zip-compressed", "a.XLSX", "xlsx"),
        ("application/zip", "a.epub", "epub"),
        ("application/zip", "a.jar", "jar"),
        ("application/java-archive", "a.apk", "apk"),
        ("text/plain", "a.csv", "csv"),
        ("text/plain; charset=utf-8", "a.md", "md"),
        ("text/plain", "a.json", "json"),
        ("text/plain", "a.svg", "svg"),
        ("text/xml", "a.svg", "svg"),
        ("application/json", "a.geojson", "geojson"),
        ("application/gzip", "a.tgz", "tgz"),
        ("audio/ogg", "a.opus", "opus"),
        ("application/vnd.ms-excel", "a.xlsx", "xlsx"),
        ("application/vnd.ms-excel; charset=utf-8", "a.CSV", "csv"),
        ("application/vnd.ms-excel", "a.tsv", "tsv"),
        ("application/vnd.ms-excel", "a.xlsm", "xlsm"),
        ("application/vnd.ms-excel", "a.xlsb", "xlsb"),
        ("application/vnd.ms-excel", "a.et", "et"),
        ("application/x-msexcel", "a.xlsx", "xlsx"),
        ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "a.xlsm", "xlsm"),
        ("application/zip", "a.xlsm", "xlsm"),
        ("application/msword", "a.docx", "docx"),
        ("application/msword", "a.docm", "docm"),
        ("application/msword", "a.rtf", "rtf"),
        ("application/msword", "a.wps", "wps"),
        ("application/vnd.ms-powerpoint", "a.pptx", "pptx"),
        ("application/vnd.ms-powerpoint", "a.ppsx", "ppsx"),
        ("application/vnd.ms-powerpoint", "a.pps", "pps"),
        ("application/xml", "a.svg", "svg"),
        ("application/xml", "a.gpx", "gpx"),
        ("text/xml", "a.kml", "kml"),
        ("text/xml", "a.rss", "rss"),
        ("application/x-gzip", "a.tgz", "tgz"),
        ("application/x-tar", "a.tgz", "tgz"),
        ("application/x-bzip2", "a.tbz2", "tbz2"),
        ("image/heif", "a.heic", "heic"),
        ("video/mp4", "a.m4a", "m4a"),
        ("audio/ogg", "a.ogv", "ogv"),
        ("application/java-archive", "a.war", "war"),
        ("application/vnd.visio", "a.vsdx", "vsdx"),
        ("application/postscript", "a.eps", "eps"),
        ("application/postscript", "a.ai", "ai"),
        ("text/html", "a.xhtml", "xhtml"),
        ("application/xml", "a.xhtml", "xhtml"),
        ("text/plain", "a.eml", "eml"),
        // No table contains all text and zip formats.
        ("application/zip", "a.unheard", "unheard"),
        ("application/x-zip-compressed", "a.sketch", "sketch"),
        ("text/plain", "a.properties", "properties"),
        ("text/plain;charset=utf-8", "a.C", "c"),
        ("text/plain", "a.sh", "sh"),
        // Otherwise the type decides.
        ("text/plain", "a.php8", "txt"),
        ("text/plain", "a.rb", "txt"),
        ("application/zip", "a.do", "zip"),
        ("application/zip", "a.001", "zip"),
        ("text/plain", "v1.2b", "txt"),
        ("text/plain", "a.abcdefghijk", "txt"),
        ("text/html", "a.unheard", "html"),
        ("application/gzip", "a.unheard", "gz"),
        ("application/vnd.ms-excel", "a.xls", "xls"),
        ("application/vnd.ms-excel", "a.docx", "xls"),
        ("application/vnd.ms-excel", "a.zip", "xls"),
        ("application/vnd.ms-excel", "a.html", "xls"),
        ("application/vnd.ms-excel", "a", "xls"),
        ("application/msword", "a.xlsx", "doc"),
        ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "a.doc", "docx"),
        ("application/xml", "a.html", "xml"),
        ("application/zip", "a.zip", "zip"),
        ("application/zip", "a.csv", "zip"),
        ("application/zip", "a.pdf", "zip"),
        ("text/plain", "a.docx", "txt"),
        ("text/plain", "a.png", "txt"),
        ("text/plain", "a", "txt"),
        ("text/html", "a.csv", "html"),
        ("image/png", "a.jpg", "png"),
        ("application/pdf", "a.docx", "pdf"),
    ];
    for (content_type, name, expected) in cases {
        let disposition = format!("attachment; filename=\"{name}\"");
        check(Some(content_type), "/download.php", Some(&disposition), Some(expected));
        check(Some(content_type), &format!("/files/{name}"), None, Some(expected));
    }
    let packed = "3mf aab aar apks cbz odg vsdx war whl xpi xps apk docx epub";
    for extension in packed.split(' ') {
        check(Some("application/zip"), &format!("/a.{extension}"), None, Some(extension));
    }
    let written = "pem crt ass m3u obj tex properties cfg c java sh wxml wxss ps md svg";
    for extension in written.split(' ') {
        check(Some("text/plain"), &format!("/a.{extension}"), None, Some(extension));
    }
    // The server's name for the file precedes the URL's.
    check(Some("application/zip"), "/a.apk", Some("attachment; filename=a.docx"), Some("docx"));
    check(Some("text/plain"), "/a.csv", Some("attachment; filename=a.zip"), Some("txt"));
}

#[test]
fn extension_from_a_url_has_only_letters_and_digits() {
    for (path, expected) in [
        ("/a.MP4", Some("mp4")),
        ("/a.tar.gz", Some("gz")),
        ("/a.7z", Some("7z")),
        ("/a.3GP", Some("3gp")),
        ("/a.abcdefghij", Some("abcdefghij")),
        ("/a.abcdefghijk", None),
        ("/a.", None),
        ("/.png", None),
        ("/a.png/", None),
        ("/a.png/b", None),
        ("/a.p%6eg", None),
        ("/a.jpg!thumb", None),
        ("/a.png\0", None),
        ("/a.图", None),
        ("/a.ｐｎｇ", None),
        ("/a.s h", None),
        ("/a.jpg;v=1.2", Some("jpg")),
    ] {
        check(None, path, None, expected);
    }
}

#[test]
fn program_suffixes_and_numbers_are_ignored() {
    for path in [
        "/download.php",
        "/Download.PHP",
        "/a.asp",
        "/a.aspx",
        "/a.ashx",
        "/a.jsp",
        "/a.do",
        "/a.action",
        "/cgi-bin/a.cgi",
        "/a.do;jsessionid=0A1B.node1",
        "/api/v1.0",
        "/api/v2.13.4",
        "/v1.2b",
        "/v1.0rc1",
        "/a.php8",
        "/a.phps",
        "/a.pht",
        "/a.rb",
        "/a.lua",
        "/a.faces",
        "/a.psp",
        "/a.jws",
        "/a.asax",
        "/1.2",
    ] {
        check(None, path, None, None);
        check(Some("application/octet-stream"), path, Some("attachment; filename=report.xlsx"), Some("xlsx"));
        check(Some("text/csv"), path, None, Some("csv"));
    }
    // A file name of the server is not a URL.
    check(None, "/", Some("attachment; filename=source.php"), Some("php"));
    check(None, "/", Some("attachment; filename=archive.001"), Some("001"));
}

#[test]
fn extension_from_a_servers_file_name_has_only_letters_and_digits() {
    for (name, expected) in [
        ("../../etc/a.sh", Some("sh")),
        ("C:\\\\dir.d\\\\a", None),
        ("a.p/ng", None),
        ("a.png ", Some("png")),
        (".png", None),
        ("..", None),
        ("a.verylongextension", None),
        ("a.图", None),
        ("a%2Epdf", Some("pdf")),
        ("a.png%00", None),
        ("a.png%2Fb", None),
    ] {
        check(None, "", Some(&format!("attachment; filename=\"{name}\"")), expected);
    }
    for (value, expected) in
        [("a.png%00.exe", Some("exe")), ("a.png%00", None), ("..%2Fb.exe", Some("exe")), ("a.%E2%80%AEgnp", None)]
    {
        check(None, "", Some(&format!("attachment; filename*=UTF-8''{value}")), expected);
    }
}

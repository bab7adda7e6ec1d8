//! The formats of mini programs with their file name extensions and media types. The library has only this table: an
//! upload maps an extension to a type, a download a type to an extension.
//!
//! Existing crates are not suitable: `mime_guess` 2.0.5 has 1,376 extensions (more than 100 kB on a phone), does not
//! say which extension of a type is the usual one (`image/jpeg` starts with `jfif`), and knows neither recordings of
//! clients (`silk`) nor which formats are based on others.

use std::convert::Infallible;

use once_cell::sync::Lazy;

use crate::worker::sort;

/// The type for an unknown extension (RFC 2046 §4.5.1).
const UNKNOWN: &str = "application/octet-stream";

/// A format.
struct Format {
    /// In lower case. A download gets the first one.
    extensions: &'static [&'static str],
    /// Letter case is ignored. An upload sends the first one; a download may have any. If the list is empty, an upload
    /// sends the type of the first format in `passes_for`. The first one is IANA's, or the common name if IANA has
    /// none.
    media_types: &'static [&'static str],
    /// The extensions of formats whose types servers also send for this one: first the format that it is based on, if
    /// any, then those that the same program opens. For `docx`: `zip` and `doc`.
    passes_for: &'static [&'static str],
}

/// A format with its own types.
const fn own(extensions: &'static [&'static str], media_types: &'static [&'static str]) -> Format {
    Format { extensions, media_types, passes_for: &[] }
}

/// A format that is also sent with the types of others.
const fn like(
    others: &'static [&'static str],
    extensions: &'static [&'static str],
    media_types: &'static [&'static str],
) -> Format {
    Format { extensions, media_types, passes_for: others }
}

/// Ordered by first extension.
const FORMATS: [Format; 152] = [
    own(&["3g2"], &["video/3gpp2"]),
    own(&["3gp"], &["video/3gpp", "audio/3gpp"]),
    like(&["zip"], &["3mf"], &["model/3mf", "application/vnd.ms-package.3dmanufacturing-3dmodel+xml"]),
    own(&["7z"], &["application/x-7z-compressed"]),
    like(&["zip"], &["aab"], &[]),
    own(&["aac"], &["audio/aac", "audio/x-aac", "audio/aacp", "audio/x-hx-aac-adts"]),
    like(&["jar"], &["aar"], &[]),
    like(&["ps", "pdf"], &["ai"], &[]),
    own(&["aiff", "aif"], &["audio/aiff", "audio/x-aiff"]),
    own(&["amr"], &["audio/AMR", "audio/x-amr"]),
    like(&["jar"], &["apk"], &["application/vnd.android.package-archive"]),
    like(&["zip"], &["apks", "xapk"], &[]),
    like(&["png"], &["apng"], &["image/apng", "image/vnd.mozilla.apng"]),
    like(&["xml"], &["atom"], &["application/atom+xml"]),
    own(&["avi"], &["video/x-msvideo", "video/vnd.avi", "video/avi", "video/msvideo"]),
    like(&["heif"], &["avif"], &["image/avif"]),
    own(&["awb"], &["audio/AMR-WB"]),
    own(&["bmp"], &["image/bmp", "image/x-ms-bmp", "image/x-bmp"]),
    own(&["bz2"], &["application/x-bzip2", "application/x-bzip", "application/bzip2"]),
    own(&["caf"], &["audio/x-caf"]),
    like(&["zip"], &["cbz"], &["application/vnd.comicbook+zip", "application/x-cbz"]),
    like(&["txt"], &["conf"], &[]),
    like(&["txt"], &["css"], &["text/css"]),
    like(&["txt", "xls"], &["csv"], &["text/csv", "application/csv", "text/x-csv"]),
    own(&["dmg"], &["application/x-apple-diskimage"]),
    own(&["doc"], &["application/msword"]),
    like(&["docx"], &["docm"], &["application/vnd.ms-word.document.macroEnabled.12"]),
    like(&["zip", "doc"], &["docx"], &["application/vnd.openxmlformats-officedocument.wordprocessingml.document"]),
    like(&["docx"], &["dotx"], &["application/vnd.openxmlformats-officedocument.wordprocessingml.template"]),
    like(&["ppt"], &["dps"], &["application/ksdps"]),
    own(&["dwg"], &["image/vnd.dwg", "application/acad", "application/x-dwg"]),
    like(&["txt"], &["dxf"], &["image/vnd.dxf", "application/dxf"]),
    like(&["txt"], &["eml"], &["message/rfc822"]),
    like(&["ps"], &["eps"], &[]),
    like(&["zip"], &["epub"], &["application/epub+zip"]),
    like(&["xls"], &["et"], &["application/kset"]),
    own(&["flac"], &["audio/flac", "audio/x-flac"]),
    own(&["flv"], &["video/x-flv", "video/flv"]),
    like(&["json"], &["geojson"], &["application/geo+json", "application/vnd.geo+json"]),
    own(&["gif"], &["image/gif"]),
    own(&["glb"], &["model/gltf-binary"]),
    like(&["json"], &["gltf"], &["model/gltf+json"]),
    like(&["xml"], &["gpx"], &["application/gpx+xml"]),
    own(&["gz"], &["application/gzip", "application/x-gzip"]),
    like(&["zip"], &["hap"], &[]),
    like(&["heif"], &["heic"], &["image/heic"]),
    own(&["heif"], &["image/heif"]),
    like(&["txt"], &["html", "htm"], &["text/html"]),
    own(&["ico"], &["image/vnd.microsoft.icon", "image/x-icon"]),
    like(&["txt"], &["ics"], &["text/calendar"]),
    like(&["txt"], &["ini"], &[]),
    like(&["zip"], &["ipa"], &[]),
    own(&["iso"], &["application/vnd.efi.iso", "application/x-iso9660-image"]),
    like(&["zip"], &["jar"], &["application/java-archive", "application/x-java-archive"]),
    own(&["jpg", "jpeg", "jpe", "jfif"], &["image/jpeg", "image/jpg", "image/pjpeg", "image/x-jpeg"]),
    like(&["txt"], &["js", "mjs"], &["text/javascript", "application/javascript", "application/x-javascript"]),
    like(&["txt"], &["json"], &["application/json", "text/json", "application/x-json"]),
    own(&["jxl"], &["image/jxl"]),
    like(&["zip"], &["key"], &["application/vnd.apple.keynote"]),
    like(&["xml"], &["kml"], &["application/vnd.google-earth.kml+xml"]),
    like(&["zip"], &["kmz"], &["application/vnd.google-earth.kmz"]),
    like(&["txt"], &["log"], &[]),
    like(&["txt"], &["lrc"], &[]),
    like(
        &["txt"],
        &["m3u8"],
        &["application/vnd.apple.mpegurl", "application/x-mpegurl", "audio/mpegurl", "audio/x-mpegurl"],
    ),
    like(&["mp4"], &["m4a"], &["audio/mp4", "audio/x-m4a", "audio/m4a"]),
    like(&["mp4"], &["m4v"], &["video/x-m4v"]),
    like(&["txt"], &["md", "markdown"], &["text/markdown", "text/x-markdown"]),
    own(&["mid", "midi"], &["audio/midi", "audio/x-midi", "audio/mid"]),
    like(&["mkv"], &["mka"], &["audio/matroska", "audio/x-matroska"]),
    own(&["mkv"], &["video/matroska", "video/x-matroska"]),
    own(&["mobi"], &["application/x-mobipocket-ebook"]),
    own(&["mov", "qt"], &["video/quicktime"]),
    own(&["mp3"], &["audio/mpeg", "audio/mp3", "audio/x-mp3", "audio/mpeg3", "audio/x-mpeg"]),
    own(&["mp4"], &["video/mp4", "application/mp4", "video/x-mp4"]),
    own(&["mpeg", "mpg"], &["video/mpeg", "video/x-mpeg"]),
    own(&["msg"], &["application/vnd.ms-outlook"]),
    like(&["zip"], &["numbers"], &["application/vnd.apple.numbers"]),
    like(&["zip"], &["odg"], &["application/vnd.oasis.opendocument.graphics"]),
    like(&["zip"], &["odp"], &["application/vnd.oasis.opendocument.presentation"]),
    like(&["zip"], &["ods"], &["application/vnd.oasis.opendocument.spreadsheet"]),
    like(&["zip"], &["odt"], &["application/vnd.oasis.opendocument.text"]),
    like(&["zip"], &["ofd"], &["application/ofd"]),
    own(&["ogg", "oga"], &["audio/ogg", "application/ogg", "audio/x-ogg"]),
    like(&["ogg"], &["ogv"], &["video/ogg"]),
    // RFC 7845 §9: Opus in Ogg is audio/ogg; audio/opus is for RTP.
    like(&["ogg"], &["opus"], &[]),
    own(&["otf"], &["font/otf", "application/x-font-otf"]),
    like(&["zip"], &["pages"], &["application/vnd.apple.pages"]),
    own(&["pdf"], &["application/pdf", "application/x-pdf"]),
    like(&["zip"], &["pkpass"], &["application/vnd.apple.pkpass"]),
    like(&["xml"], &["plist"], &["application/x-plist"]),
    own(&["png"], &["image/png", "image/x-png"]),
    like(&["pptx"], &["potx"], &["application/vnd.openxmlformats-officedocument.presentationml.template"]),
    like(&["ppt"], &["pps"], &[]),
    like(&["pptx"], &["ppsx"], &["application/vnd.openxmlformats-officedocument.presentationml.slideshow"]),
    own(&["ppt"], &["application/vnd.ms-powerpoint"]),
    like(&["pptx"], &["pptm"], &["application/vnd.ms-powerpoint.presentation.macroEnabled.12"]),
    like(&["zip", "ppt"], &["pptx"], &["application/vnd.openxmlformats-officedocument.presentationml.presentation"]),
    like(&["txt"], &["ps"], &["application/postscript"]),
    own(&["psd"], &["image/vnd.adobe.photoshop", "image/x-photoshop"]),
    own(&["rar"], &["application/vnd.rar", "application/x-rar-compressed", "application/x-rar", "application/rar"]),
    own(&["rmvb"], &["application/vnd.rn-realmedia-vbr"]),
    like(&["xml"], &["rss"], &["application/rss+xml"]),
    like(&["txt", "doc"], &["rtf"], &["application/rtf", "text/rtf"]),
    own(&["silk"], &["audio/silk", "audio/x-silk"]),
    like(&["txt"], &["sql"], &["application/sql"]),
    like(&["txt"], &["srt"], &["application/x-subrip"]),
    own(&["stl"], &["model/stl"]),
    like(&["xml"], &["svg"], &["image/svg+xml"]),
    like(&["gz"], &["svgz"], &[]),
    own(&["swf"], &["application/vnd.adobe.flash.movie", "application/x-shockwave-flash"]),
    own(&["tar"], &["application/x-tar"]),
    like(&["bz2", "tar"], &["tbz2", "tbz"], &[]),
    like(&["gz", "tar"], &["tgz"], &[]),
    own(&["tiff", "tif"], &["image/tiff"]),
    like(&["txt"], &["toml"], &["application/toml"]),
    own(&["ts"], &["video/mp2t"]),
    like(&["txt", "xls"], &["tsv"], &["text/tab-separated-values"]),
    own(&["ttc"], &["font/collection"]),
    own(&["ttf"], &["font/ttf", "application/x-font-ttf"]),
    own(&["txt"], &["text/plain"]),
    like(&["xz", "tar"], &["txz"], &[]),
    like(&["zip"], &["usdz"], &["model/vnd.usdz+zip"]),
    like(&["txt"], &["vcf"], &["text/vcard", "text/x-vcard"]),
    own(&["vsd"], &["application/vnd.visio", "application/x-visio"]),
    like(&["zip", "vsd"], &["vsdx"], &["application/vnd.ms-visio.drawing"]),
    like(&["txt"], &["vtt"], &["text/vtt"]),
    like(&["jar"], &["war"], &[]),
    own(&["wasm"], &["application/wasm"]),
    own(&["wav"], &["audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave"]),
    like(&["webm"], &["weba"], &["audio/webm"]),
    like(&["mkv"], &["webm"], &["video/webm"]),
    own(&["webp"], &["image/webp"]),
    like(&["zip"], &["whl"], &[]),
    own(&["wma"], &["audio/x-ms-wma"]),
    own(&["wmv"], &["video/x-ms-wmv"]),
    own(&["woff"], &["font/woff", "application/font-woff"]),
    own(&["woff2"], &["font/woff2", "application/font-woff2"]),
    like(&["doc"], &["wps"], &["application/kswps"]),
    like(&["xml", "html"], &["xhtml"], &["application/xhtml+xml"]),
    own(&["xls"], &["application/vnd.ms-excel", "application/msexcel", "application/x-msexcel", "application/excel"]),
    like(&["xlsx"], &["xlsb"], &["application/vnd.ms-excel.sheet.binary.macroEnabled.12"]),
    like(&["xlsx"], &["xlsm"], &["application/vnd.ms-excel.sheet.macroEnabled.12"]),
    like(&["zip", "xls"], &["xlsx"], &["application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"]),
    like(&["xlsx"], &["xltx"], &["application/vnd.openxmlformats-officedocument.spreadsheetml.template"]),
    like(&["zip"], &["xmind"], &["application/vnd.xmind.workbook"]),
    like(&["txt"], &["xml"], &["text/xml", "application/xml"]),
    like(&["zip"], &["xpi"], &["application/x-xpinstall"]),
    like(&["zip"], &["xps"], &["application/vnd.ms-xpsdocument"]),
    own(&["xz"], &["application/x-xz"]),
    like(&["txt"], &["yaml", "yml"], &["application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml"]),
    own(&["zip"], &["application/zip", "application/x-zip-compressed", "application/x-zip"]),
    own(&["zst"], &["application/zstd", "application/x-zstd"]),
];

/// The media type of a file name, for an upload. `application/octet-stream` if the extension is missing or unknown. A
/// leading dot marks a hidden file, not an extension.
pub fn by_file_name(file_name: &str) -> &'static str {
    let mut extension = match file_name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => extension,
        _ => return UNKNOWN,
    };
    while let Some(format) = by_extension(extension) {
        match (format.media_types.first(), format.passes_for.first()) {
            (Some(media_type), _) => return media_type,
            (None, Some(base)) => extension = base,
            (None, None) => break,
        }
    }
    UNKNOWN
}

/// The usual extension of a `Content-Type`, for a download. Parameters are ignored. `None` for a type that is not in
/// the table, such as `application/octet-stream`, which names no format.
pub fn usual_extension(content_type: &str) -> Option<&'static str> {
    let essence = content_type.split(';').next()?.trim_matches([' ', '\t']);
    let letters = || essence.bytes().map(|byte| byte.to_ascii_lowercase());
    let found = BY_MEDIA_TYPE.binary_search_by(|(known, _)| known.bytes().cmp(letters())).ok()?;
    Some(BY_MEDIA_TYPE[found].1)
}

/// Each media type in lower case with its format's usual extension, in order. Each download searches it, and
/// searching `FORMATS` would read all of it.
static BY_MEDIA_TYPE: Lazy<Vec<(String, &str)>> = Lazy::new(|| {
    let of_format = |format: &Format| {
        let usual = format.extensions[0];
        format.media_types.iter().map(move |media_type| (media_type.to_ascii_lowercase(), usual))
    };
    let mut types: Vec<_> = FORMATS.iter().flat_map(of_format).collect();
    let Ok(()) = sort(&mut types, |one, other| one < other, || Ok::<(), Infallible>(()));
    types
});

/// Whether servers also send a file with `extension` as a type of `other`'s format, directly or through other formats:
/// an `apk` as a `zip`, an `xlsx` as an `xls`.
pub fn passes_for(extension: &str, other: &str) -> bool {
    let others = by_extension(extension).map_or(&[][..], |format| format.passes_for);
    others.iter().any(|known| *known == other || passes_for(known, other))
}

/// Whether the table contains a format with that extension.
pub fn is_known(extension: &str) -> bool {
    by_extension(extension).is_some()
}

fn by_extension(extension: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.extensions.iter().any(|known| known.eq_ignore_ascii_case(extension)))
}

#[cfg(test)]
#[path = "media_types_tests.rs"]
mod tests;

//! Generates the C header from `src/ffi` into `OUT_DIR`. A test compares it with the one that is checked in.

use std::env;
use std::error::Error;
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

/// A section of the header. cbindgen writes the constants of its sources first, then their types, then their functions.
struct Section {
    heading: &'static str,
    /// Files of `src/ffi`.
    sources: &'static [&'static str],
    /// Type and name of each inline function that initialises a struct.
    initialisers: &'static [(&'static str, &'static str)],
}

/// The sections in reading order. C needs a type before the functions that use it, so the events come before the tasks.
const SECTIONS: [Section; 7] = [
    Section {
        heading: "Strings and statuses",
        sources: &["version", "string", "status", "status_detail"],
        initialisers: &[("WxtStatusDetail", "wxt_status_detail")],
    },
    Section {
        heading: "Sessions",
        sources: &["options", "session", "trust", "network", "resolver", "client_certificate", "android", "statistics"],
        initialisers: &[("WxtSessionOptions", "wxt_session_options"), ("WxtNetwork", "wxt_network")],
    },
    Section {
        heading: "Requests",
        sources: &["request", "check"],
        initialisers: &[("WxtUploadRequest", "wxt_upload_request"), ("WxtDownloadRequest", "wxt_download_request")],
    },
    Section { heading: "Events", sources: &["callback"], initialisers: &[("WxtCallbacks", "wxt_callbacks")] },
    Section { heading: "Tasks", sources: &["task"], initialisers: &[] },
    Section { heading: "Files", sources: &["file_result", "file", "file_system"], initialisers: &[] },
    Section { heading: "Numbers", sources: &["error"], initialisers: &[] },
];

/// The one inline function that does not initialise a struct.
const WXT_STR: &str = "\
/** The `WxtStr` of a C string that ends with a NUL. NULL gives `{NULL, 0}`, which means absent. */
static inline WxtStr wxt_str(const char *text) {
  WxtStr string;
  string.ptr = text;
  string.len = text == NULL ? 0 : strlen(text);
  return string;
}
";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=src/ffi");
    println!("cargo::rerun-if-changed=cbindgen.toml");
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let config = cbindgen::Config::from_file(root.join("cbindgen.toml"))?;
    let (overview, end) = (config.header.clone().unwrap_or_default(), config.trailer.clone().unwrap_or_default());
    let mut text = format!("{}\n\n", overview.trim_start());
    for include in &config.sys_includes {
        writeln!(text, "#include <{include}>")?;
    }
    for section in SECTIONS {
        let mut config = config.clone();
        config.header = Some(format!("/* ==== {} ==== */", section.heading));
        config.trailer = None;
        config.sys_includes.clear();
        let mut builder = cbindgen::Builder::new().with_config(config);
        for source in section.sources {
            builder = builder.with_src(root.join("src/ffi").join(source).with_extension("rs"));
        }
        let mut generated = Vec::new();
        builder.generate()?.write(&mut generated);
        write!(text, "\n{}", String::from_utf8(generated)?)?;
        if section.sources.contains(&"string") {
            write!(text, "\n{WXT_STR}")?;
        }
        for (struct_name, function) in section.initialisers {
            write!(text, "\n{}", initialiser(struct_name, function))?;
        }
    }
    writeln!(text, "\n{end}")?;
    let header = PathBuf::from(env::var("OUT_DIR")?).join("wxtransfer.h");
    fs::write(&header, text)?;
    println!("cargo::rustc-env=WXTRANSFER_GENERATED_HEADER={}", header.display());
    Ok(())
}

fn initialiser(struct_name: &str, function: &str) -> String {
    format!(
        "\
/** A `{struct_name}` with `struct_size` set and every other field zero, which is its default. */
static inline {struct_name} {function}(void) {{
  {struct_name} value;
  memset(&value, 0, sizeof value);
  value.struct_size = sizeof value;
  return value;
}}
"
    )
}

//! Which functions of the C interface are safe functions in Rust.

use super::sources;

/// The parameter types of functions that are not `unsafe`. A handle is not dereferenced, and any number is allowed. All
/// other pointers and callbacks must be valid, so functions that take them are `unsafe`.
const HARMLESS: [&str; 4] = ["*mut WxtSession", "WxtTaskId", "WxtStatus", "u64"];

#[test]
fn safe_functions_of_the_c_interface_take_only_handles_and_numbers() {
    let (mut functions, mut faults) = (0, Vec::new());
    for source in sources().iter().filter(|source| source.path.starts_with("ffi/")) {
        let text = source.lines.join("\n");
        for declared in text.split("pub extern \"C\" fn ").skip(1) {
            let (name, rest) = declared.split_once('(').expect("a list of parameters");
            let parameters = rest.split(')').next().unwrap_or_default().split(',').map(str::trim);
            functions += 1;
            for parameter in parameters.filter(|parameter| !parameter.is_empty()) {
                if !HARMLESS.iter().any(|harmless| parameter.ends_with(&format!(": {harmless}"))) {
                    faults.push(format!("{}: {name}: {parameter}", source.path));
                }
            }
        }
    }
    assert!(functions > 5, "too few functions were found");
    assert!(faults.is_empty(), "these need `unsafe`:\n{}", faults.join("\n"));
}

//! Which functions of the C interface are safe functions in Rust.

use super::sources;

/// The types of parameters that a function may have without being `unsafe`: a handle points to nothing, and any number
/// is allowed. Every other pointer and every callback must be one that the library may use.
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
    assert!(functions > 5, "the functions are not where they are looked for");
    assert!(faults.is_empty(), "these need `unsafe`:\n{}", faults.join("\n"));
}

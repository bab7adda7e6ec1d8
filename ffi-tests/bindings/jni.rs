//! The generated lines of the Rust code that Kotlin calls: values of structs as numbers and texts, and back.

use crate::bindings::header::{Field, Header, Kind};

/// The lines of `what`, of the struct `of`.
pub fn lines(header: &Header, what: &str, of: &str) -> Vec<String> {
    let numbers = header.fields(of).iter().filter(|field| field.is_number());
    let texts = header.fields(of).iter().filter(|field| field.kind == Kind::Text);
    match what {
        "numbers" => numbers.map(number).collect(),
        "texts" => texts.map(|field| format!("value.{},", field.name)).collect(),
        "number count" => vec![format!("pub const NUMBERS: usize = {};", numbers.count())],
        "text count" => vec![format!("pub const TEXTS: usize = {};", texts.count())],
        "set numbers" => numbers.enumerate().map(|(index, field)| set_number(index, field)).collect(),
        "set texts" => {
            texts.enumerate().map(|(index, field)| format!("options.{} = texts[{index}];", field.name)).collect()
        }
        _ => panic!("unknown kind of generated JNI lines: {what}"),
    }
}

/// The number of a field for Java. In C, `u64::MAX` means "absent". Java receives it as -1.
fn number(field: &Field) -> String {
    match field.kind {
        Kind::U64 => format!("value.{}.cast_signed(),", field.name),
        _ => format!("value.{}.into(),", field.name),
    }
}

fn set_number(index: usize, field: &Field) -> String {
    let value = match field.kind {
        Kind::Flag => format!("u8::from(numbers[{index}] != 0)"),
        Kind::I32 => format!("numbers[{index}] as i32"),
        Kind::U32 => format!("numbers[{index}] as u32"),
        Kind::U64 => format!("numbers[{index}].cast_unsigned()"),
        _ => panic!("no option is like {}", field.name),
    };
    format!("options.{} = {value};", field.name)
}

//! The generated lines in Swift.

use crate::bindings::comments::{of_constant, of_field};
use crate::bindings::header::{Constant, Field, Header, Kind};
use crate::bindings::names::Language;
use crate::bindings::table::{SWIFT_BY_HAND, Shown, default, family, members, shown};

const SWIFT: Language = Language::Swift;

/// The lines of `what`, of the constants or the struct `of`.
pub fn lines(header: &Header, what: &str, of: &str, indent: usize) -> Vec<String> {
    match what {
        "constants" => of_each(members(header, of), |constant| declaration(header, constant, indent)),
        "names" => of_each(members(header, of), |constant| vec![format!("case .{0}: \"{0}\"", SWIFT.member(constant))]),
        "cases" => of_each(members(header, of), |constant| {
            let code = format!("case {}", declared(&SWIFT.member(constant)));
            [of_constant(header, SWIFT, constant, indent), vec![code]].concat()
        }),
        "values" => of_each(members(header, of), |constant| {
            vec![format!("case .{}: {}", SWIFT.member(constant), constant.name)]
        }),
        "properties" => of_each(header.fields(of), |field| {
            let code = format!("public let {}: {}", declared(&SWIFT.property(of, field)), kind(field));
            [of_field(header, SWIFT, of, field, indent), vec![code]].concat()
        }),
        "parameters" => parameters(header, of),
        "assignments" => of_each(header.fields(of), |field| {
            let name = SWIFT.property(of, field);
            vec![format!("self.{name} = {}", declared(&name))]
        }),
        "reading" => {
            of_each(header.fields(of), |field| vec![format!("self.{} = {}", SWIFT.property(of, field), read(field))])
        }
        "options" => of_each(header.fields(of), |field| option(header, of, field, indent)),
        "setting" => of_each(header.fields(of), |field| setting(of, field)),
        "shown" => of_each(header.fields(of), |field| shown_value(of, field)),
        "durations" => of_each(header.fields(of), |field| duration(of, field)),
        _ => panic!("unknown kind of generated Swift lines: {what}"),
    }
}

fn of_each<T>(items: impl IntoIterator<Item = T>, lines: impl Fn(T) -> Vec<String>) -> Vec<String> {
    items.into_iter().flat_map(lines).collect()
}

/// A name where it is declared. Some are words of the language.
fn declared(name: &str) -> String {
    if ["internal", "protocol"].contains(&name) { format!("`{name}`") } else { name.to_owned() }
}

fn declaration(header: &Header, constant: &Constant, indent: usize) -> Vec<String> {
    // Success is never thrown.
    if constant.name == "WXT_OK" {
        return Vec::new();
    }
    let code = format!("public static let {} = Self(rawValue: {})", declared(&SWIFT.member(constant)), constant.name);
    [of_constant(header, SWIFT, constant, indent), vec![code]].concat()
}

/// The type of a property of an event.
fn kind(field: &Field) -> String {
    let kind = match field.kind {
        Kind::Flag => "Bool",
        Kind::I32 => "Int32",
        Kind::U16 => "UInt16",
        Kind::U32 => "UInt32",
        Kind::U64 => "UInt64",
        Kind::Text => "String",
        Kind::Texts | Kind::Other => panic!("{} is written by hand", field.name),
    };
    format!("{kind}{}", if field.can_be_absent() { "?" } else { "" })
}

/// A value of C.
fn read(field: &Field) -> String {
    let value = format!("value.{}", field.name);
    match field.kind {
        Kind::Text => format!("{value}.text{}", if field.can_be_absent() { "" } else { " ?? \"\"" }),
        Kind::U64 if field.can_be_absent() => format!("present({value})"),
        _ => value,
    }
}

/// The parameters of an initialiser for an app's tests.
fn parameters(header: &Header, structure: &str) -> Vec<String> {
    let parameter = |field: &Field| {
        let default = default(field).unwrap_or(match field.kind {
            _ if field.can_be_absent() => "nil",
            Kind::Flag => "false",
            Kind::Text => "\"\"",
            _ => "0",
        });
        format!("{}: {} = {default}", declared(&SWIFT.property(structure, field)), kind(field))
    };
    let mut lines: Vec<String> = header.fields(structure).iter().map(parameter).map(|line| line + ",").collect();
    // Swift 6.0 takes no comma after the last one.
    if let Some(last) = lines.last_mut() {
        last.pop();
    }
    lines
}

/// Whether the option is generated.
fn is_mechanical(field: &Field) -> bool {
    field.kind != Kind::Other && !SWIFT_BY_HAND.contains(&field.name.as_str())
}

/// A property of the options.
fn option(header: &Header, structure: &str, field: &Field, indent: usize) -> Vec<String> {
    if !is_mechanical(field) {
        return Vec::new();
    }
    let kind = match field.kind {
        Kind::Text if field.is_required() => ": String".to_owned(),
        Kind::Text => ": String?".to_owned(),
        Kind::Texts => ": [String] = []".to_owned(),
        Kind::Flag => " = false".to_owned(),
        Kind::I32 => choice(header, field),
        _ if field.is_time() => ": Int?".to_owned(),
        Kind::U32 if field.zero_means_default() => ": UInt32?".to_owned(),
        Kind::U64 if field.zero_means_default() => ": UInt64?".to_owned(),
        Kind::U32 => ": UInt32 = 0".to_owned(),
        _ => ": UInt64 = 0".to_owned(),
    };
    let code = format!("public var {}{kind}", SWIFT.property(structure, field));
    [of_field(header, SWIFT, structure, field, indent), vec![code]].concat()
}

/// The type of a choice, and its default if there is one.
fn choice(header: &Header, field: &Field) -> String {
    let first = header.first_choice(field);
    let family = family(first).unwrap_or_else(|| panic!("{} has no type", first.name));
    let kind = family.swift.rsplit('.').next().unwrap_or_default();
    if field.is_required() { format!(": {kind}") } else { format!(" = {kind}.{}", SWIFT.member(first)) }
}

/// Sets the field of C.
fn setting(structure: &str, field: &Field) -> Vec<String> {
    if !is_mechanical(field) {
        return Vec::new();
    }
    let name = SWIFT.property(structure, field);
    let value = match field.kind {
        Kind::Texts => {
            return vec![
                format!("let {name} = memory.strings(self.{name})"),
                format!("options.{} = {name}.baseAddress", field.name),
                format!("options.{} = {name}.count", field.count_name()),
            ];
        }
        Kind::Text => format!("memory.string({name})"),
        Kind::Flag => format!("{name} ? 1 : 0"),
        Kind::I32 => format!("{name}.cValue"),
        _ if field.is_time() => format!("cMilliseconds({name})"),
        _ if field.zero_means_default() => format!("{name} ?? 0"),
        _ => name,
    };
    vec![format!("options.{} = {value}", field.name)]
}

/// The generated value of a text form.
fn shown_value(structure: &str, field: &Field) -> Vec<String> {
    if !is_mechanical(field) {
        return Vec::new();
    }
    let name = SWIFT.property(structure, field);
    let optional = if field.is_required() { "" } else { "?" };
    let value = match if field.is_number() { Shown::All } else { shown(&field.name) } {
        Shown::All => name.clone(),
        Shown::Length if optional.is_empty() => format!("Redaction.length({name})"),
        Shown::Length => format!("{name}.map(Redaction.length)"),
        Shown::Proxy => format!("Redaction.proxy({name})"),
        Shown::Urls => format!("{name}.map(Redaction.url)"),
    };
    vec![format!("\"{name}\": {value},")]
}

/// A time as a `Duration`.
fn duration(structure: &str, field: &Field) -> Vec<String> {
    if !field.is_time() {
        return Vec::new();
    }
    let name = SWIFT.property(structure, field);
    vec![
        format!("/// ``{name}`` as a `Duration`."),
        format!("public var {}: Duration? {{", SWIFT.camel(&field.name)),
        format!("    get {{ {name}.map {{ .milliseconds($0) }} }}"),
        format!("    set {{ {name} = newValue.map(\\.wholeMilliseconds) }}"),
        "}".to_owned(),
    ]
}

//! The generated lines for HarmonyOS, in C and in the declarations for ArkTS.

use crate::bindings::comments::of_field;
use crate::bindings::header::{Field, Header, Kind};
use crate::bindings::names::Language;
use crate::bindings::table::{family, members};

const ARKTS: Language = Language::ArkTs;

/// The lines of `what` in C, of the constants or the struct `of`.
pub fn c_lines(header: &Header, what: &str, of: &str) -> Vec<String> {
    match what {
        "choices" => {
            let constants = members(header, of).into_iter();
            constants.map(|constant| format!("{{\"{}\", {}}},", ARKTS.member(constant), constant.name)).collect()
        }
        "members" => fields(header, of).map(|field| member(header, of, field)).collect(),
        "values" => fields(header, of).map(|field| value(of, field)).collect(),
        _ => panic!("unknown kind of generated C lines: {what}"),
    }
}

/// The lines of `what` in the declarations, of the constants or the struct `of`.
pub fn arkts_lines(header: &Header, what: &str, of: &str, indent: usize) -> Vec<String> {
    match what {
        "words" => members(header, of).into_iter().map(|constant| format!("| '{}'", ARKTS.member(constant))).collect(),
        "members" => fields(header, of).flat_map(|field| declaration(header, of, field, indent)).collect(),
        _ => panic!("unknown kind of generated ArkTS lines: {what}"),
    }
}

fn fields<'a>(header: &'a Header, structure: &str) -> impl Iterator<Item = &'a Field> {
    header.fields(structure).iter().filter(|field| field.kind != Kind::Other)
}

/// A row of the table that describes how an object is read into the options.
fn member(header: &Header, structure: &str, field: &Field) -> String {
    let name = ARKTS.property(structure, field);
    let start = if field.is_required() { "REQUIRED" } else { "FIELD" };
    let place = format!("SessionSettings, options.{}", field.name);
    match field.kind {
        Kind::Text => format!("{start}(\"{name}\", MEMBER_TEXT, {place}),"),
        Kind::Flag => format!("{start}(\"{name}\", MEMBER_FLAG, {place}),"),
        Kind::U32 => format!("{start}(\"{name}\", MEMBER_NUMBER, {place}),"),
        Kind::U64 => format!("{start}(\"{name}\", MEMBER_LONG, {place}),"),
        Kind::Texts => format!("COUNTED(\"{name}\", MEMBER_TEXTS, {place}, options.{}),", field.count_name()),
        Kind::I32 => {
            let prefix = family(header.first_choice(field)).map_or("", |family| family.prefix);
            let choices = prefix.trim_start_matches("WXT_").trim_end_matches('_');
            let start = if field.is_required() { "REQUIRED_CHOICE" } else { "CHOICE" };
            format!("{start}(\"{name}\", {place}, {choices}),")
        }
        Kind::U16 | Kind::Other => panic!("no option is like {}", field.name),
    }
}

/// Sets the member of an object. An absent value is omitted.
fn value(structure: &str, field: &Field) -> String {
    let name = ARKTS.property(structure, field);
    let function = match field.kind {
        Kind::Text => "set_text",
        Kind::Flag => "set_boolean",
        Kind::U64 if field.can_be_absent() => "set_present",
        Kind::U64 => return format!("set_number(env, object, \"{name}\", (double)value->{});", field.name),
        _ => "set_number",
    };
    format!("{function}(env, object, \"{name}\", value->{});", field.name)
}

fn declaration(header: &Header, structure: &str, field: &Field, indent: usize) -> Vec<String> {
    let is_option = structure == "WxtSessionOptions";
    let kind = match field.kind {
        Kind::Text => "string".to_owned(),
        Kind::Texts => "string[]".to_owned(),
        Kind::Flag => "boolean".to_owned(),
        Kind::I32 if is_option => {
            let prefix = family(header.first_choice(field)).map_or("", |family| family.prefix);
            let words = members(header, prefix).into_iter().map(|constant| format!("'{}'", ARKTS.member(constant)));
            words.collect::<Vec<_>>().join(" | ")
        }
        _ => "number".to_owned(),
    };
    let can_be_missing = if is_option { !field.is_required() } else { field.can_be_absent() };
    let mark = if can_be_missing { "?" } else { "" };
    let code = format!("{}{mark}: {kind};", ARKTS.property(structure, field));
    [of_field(header, ARKTS, structure, field, indent), vec![code]].concat()
}

//! The generated lines in Kotlin.

use crate::bindings::comments::{of_constant, of_field};
use crate::bindings::header::{Field, Header, Kind};
use crate::bindings::names::Language;
use crate::bindings::table::{self, KOTLIN_BY_HAND, KOTLIN_INT, Shown, family, members, shown};

const KOTLIN: Language = Language::Kotlin;
/// The longest line of code.
const WIDTH: usize = 140;

/// The lines of `what`, of the constants or the struct `of`.
pub fn lines(header: &Header, what: &str, of: &str, indent: usize) -> Vec<String> {
    match what {
        "constants" => constants(header, of, indent),
        "entries" => entries(header, of, indent),
        "properties" => properties(header, of, indent, true),
        "values" => properties(header, of, indent, false),
        "builder" => separated(header.fields(of).iter().map(|field| part_of_builder(of, field, indent))),
        "options" => separated(header.fields(of).iter().flat_map(|field| option(header, of, field, indent))),
        "shown" => shown_values(header, of),
        "json" => json(header, of),
        "numbers" => numbers(header, of),
        "texts" => texts(header, of),
        "count" => vec![format!("const val COUNT = {}", header.fields(of).len())],
        _ => panic!("unknown kind of generated Kotlin lines: {what}"),
    }
}

fn constants(header: &Header, prefix: &str, indent: usize) -> Vec<String> {
    let groups = members(header, prefix).into_iter().map(|constant| {
        let code = format!("public const val {}: Int = {}", KOTLIN.member(constant), constant.value);
        [of_constant(header, KOTLIN, constant, indent), vec![code]].concat()
    });
    separated(groups)
}

fn entries(header: &Header, prefix: &str, indent: usize) -> Vec<String> {
    let groups = members(header, prefix).into_iter().map(|constant| {
        let code = format!("{}({}),", KOTLIN.member(constant), constant.value);
        [of_constant(header, KOTLIN, constant, indent), vec![code]].concat()
    });
    separated(groups)
}

/// Groups of lines with an empty line between them.
fn separated(groups: impl Iterator<Item = Vec<String>>) -> Vec<String> {
    groups.collect::<Vec<_>>().join(&String::new())
}

/// Properties that are read from `numbers` and `texts`, which native code fills in the order of the fields.
fn properties(header: &Header, structure: &str, indent: usize, public: bool) -> Vec<String> {
    let (mut numbers, mut texts) = (0, 0);
    let mut groups = Vec::new();
    for field in header.fields(structure).iter().filter(|field| field.is_number() || field.kind == Kind::Text) {
        let place = if field.is_number() { &mut numbers } else { &mut texts };
        let (kind, value) = value(field, *place);
        *place += 1;
        let code = format!("val {}: {kind} = {value}", KOTLIN.property(structure, field));
        groups.push(if public {
            [of_field(header, KOTLIN, structure, field, indent), vec![format!("public {code}")]].concat()
        } else {
            vec![code]
        });
    }
    if public { separated(groups.into_iter()) } else { groups.concat() }
}

/// The type of a property, and its value at its place of `numbers` or `texts`.
fn value(field: &Field, place: usize) -> (&'static str, String) {
    let number = format!("numbers[{place}]");
    match field.kind {
        Kind::Text if field.can_be_absent() => ("String?", format!("texts[{place}]")),
        Kind::Text => ("String", format!("texts[{place}].orEmpty()")),
        Kind::Flag => ("Boolean", format!("{number} != 0L")),
        Kind::U64 if field.can_be_absent() => ("Long?", format!("{number}.orAbsent()")),
        Kind::U64 if !KOTLIN_INT.contains(&field.name.as_str()) => ("Long", number),
        _ => ("Int", format!("{number}.toInt()")),
    }
}

/// A property of a builder with its setter for Java.
fn settable(name: &str, kind: &str, default: &str, indent: usize) -> Vec<String> {
    let property = format!("@set:JvmSynthetic public var {name}: {kind} = {default}");
    let setter = format!("public fun set{}({name}: {kind}): Builder =", capitalised(name));
    let body = format!("apply {{ this.{name} = {name} }}");
    if indent + setter.len() + 1 + body.len() <= WIDTH {
        vec![property, format!("{setter} {body}")]
    } else {
        vec![property, setter, format!("    {body}")]
    }
}

/// A property of the builder of an event, for an app's tests.
fn part_of_builder(structure: &str, field: &Field, indent: usize) -> Vec<String> {
    let name = KOTLIN.property(structure, field);
    let (kind, _) = value(field, 0);
    let default = table::default(field).unwrap_or(match kind {
        "Boolean" => "false",
        "Int" | "Long" => "0",
        "String" => "\"\"",
        _ => "null",
    });
    let comment = format!("/** [{}.{name}]. */", structure.replacen("Wxt", "WXTransfer", 1));
    [vec![comment], settable(&name, kind, default, indent)].concat()
}

/// An option of a builder. A time is a `Duration`, too.
fn option(header: &Header, structure: &str, field: &Field, indent: usize) -> Vec<Vec<String>> {
    if field.kind == Kind::Other || KOTLIN_BY_HAND.contains(&field.name.as_str()) {
        return Vec::new();
    }
    let name = KOTLIN.property(structure, field);
    let (kind, default) = match field.kind {
        Kind::Text if field.is_required() => ("String", name.clone()),
        Kind::Text => ("String?", "null".to_owned()),
        Kind::Texts => ("List<String>", "emptyList()".to_owned()),
        Kind::Flag => ("Boolean", "false".to_owned()),
        Kind::I32 => choice(header, field),
        Kind::U32 if !field.is_time() => ("Int", "0".to_owned()),
        _ => ("Long", "0".to_owned()),
    };
    let comment = of_field(header, KOTLIN, structure, field, indent);
    let lines = [comment, settable(&name, kind, &default, indent)].concat();
    if !field.is_time() {
        return vec![lines];
    }
    let duration = vec![
        format!("/** [{name}] as a duration. */"),
        format!("public var {}: Duration", KOTLIN.camel(&field.name)),
        format!("    get() = {name}.milliseconds"),
        "    set(duration) {".to_owned(),
        format!("        {name} = duration.toMillis()"),
        "    }".to_owned(),
    ];
    vec![lines, duration]
}

/// The type of a choice and its default.
fn choice(header: &Header, field: &Field) -> (&'static str, String) {
    let first = header.first_choice(field);
    let kind = family(first).unwrap_or_else(|| panic!("{} has no type", first.name)).kotlin;
    (kind, format!("{kind}.{}", KOTLIN.member(first)))
}

fn capitalised(name: &str) -> String {
    name[..1].to_uppercase() + &name[1..]
}

/// The generated values of a text form.
fn shown_values(header: &Header, structure: &str) -> Vec<String> {
    let fields = header.fields(structure).iter().filter(|field| field.kind != Kind::Other);
    let line = |field: &Field| {
        let name = KOTLIN.property(structure, field);
        let is_option = structure == "WxtSessionOptions" && !field.is_number();
        let value = match if is_option { shown(&field.name) } else { Shown::All } {
            Shown::All => name.clone(),
            Shown::Length => format!("Redaction.length({name})"),
            Shown::Proxy => format!("Redaction.proxy({name})"),
            Shown::Urls => format!("{name}.map(Redaction::url)"),
        };
        format!("\"{name}\" to {value},")
    };
    fields.map(line).collect()
}

/// The members of the JSON object for a page. An absent value has no member.
fn json(header: &Header, structure: &str) -> Vec<String> {
    let line = |field: &Field| {
        let name = KOTLIN.property(structure, field);
        let put = if field.can_be_absent() { "putOpt" } else { "put" };
        format!(".{put}(\"{name}\", {name})")
    };
    header.fields(structure).iter().map(line).collect()
}

/// The values of a builder's numbers, in the order of the fields.
fn numbers(header: &Header, structure: &str) -> Vec<String> {
    let fields = header.fields(structure).iter().filter(|field| field.is_number());
    let line = |field: &Field| {
        let name = KOTLIN.property(structure, field);
        match field.kind {
            Kind::Flag => format!("if ({name}) 1L else 0L,"),
            Kind::I32 => format!("{name}.value.toLong(),"),
            Kind::U64 if field.can_be_absent() => format!("{name} ?: -1,"),
            Kind::U64 if !KOTLIN_INT.contains(&field.name.as_str()) => format!("{name},"),
            _ if field.is_time() => format!("{name}.toNativeMillis(),"),
            _ => format!("{name}.toLong(),"),
        }
    };
    fields.map(line).collect()
}

/// The values of a builder's texts, in the order of the fields.
fn texts(header: &Header, structure: &str) -> Vec<String> {
    let fields = header.fields(structure).iter().filter(|field| field.kind == Kind::Text);
    fields.map(|field| format!("{},", KOTLIN.property(structure, field))).collect()
}

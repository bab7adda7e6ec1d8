//! The form of a header's name in each language, and links from comments to it.

use crate::bindings::header::{Constant, Field, Header};
use crate::bindings::table::{FUNCTIONS, family};

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Language {
    Kotlin,
    Swift,
    /// The declarations for HarmonyOS.
    ArkTs,
}

impl Language {
    /// The literal for an absent value.
    pub fn none(self) -> &'static str {
        match self {
            Language::Kotlin => "null",
            Language::Swift => "nil",
            Language::ArkTs => "undefined",
        }
    }

    /// `lowerCamelCase` of a name in `snake_case`. An acronym is in one case in Swift: `appID`.
    pub fn camel(self, name: &str) -> String {
        let mut words = name.split('_').filter(|word| !word.is_empty());
        let mut camel = words.next().unwrap_or_default().to_owned();
        for word in words {
            let is_acronym = self == Language::Swift && ["id", "url", "http", "utf8"].contains(&word);
            let capitals = if is_acronym { word.len() } else { 1 };
            camel.push_str(&word[..capitals].to_uppercase());
            camel.push_str(&word[capitals..]);
        }
        camel
    }

    /// The property of a field. A field of a profile has WeChat's name, which its comment begins with. A time names its
    /// unit.
    pub fn property(self, structure: &str, field: &Field) -> String {
        if structure == "WxtProfile" {
            let name = field.comment.split('`').nth(1);
            return name
                .unwrap_or_else(|| panic!("the comment of `{}` does not begin with its name", field.name))
                .to_owned();
        }
        let unit = match self {
            Language::Kotlin => "Millis",
            Language::Swift => "Milliseconds",
            Language::ArkTs => "",
        };
        self.camel(&field.name) + if field.is_time() { unit } else { "" }
    }

    /// The name of a constant in its type.
    pub fn member(self, constant: &Constant) -> String {
        let prefix = family(constant).map_or("", |family| family.prefix);
        let name = &constant.name[prefix.len()..];
        match self {
            Language::Kotlin => name.to_owned(),
            Language::Swift if name == "IOS" => "iOS".to_owned(),
            _ => self.camel(&name.to_lowercase()),
        }
    }

    /// The text in this language for `code`, which a comment of `structure` contains. Code of pages stays unchanged.
    pub fn code(self, header: &Header, structure: &str, code: &str) -> String {
        let symbol = if code.starts_with("WXT_") {
            self.constant(header, code)
        } else if code.starts_with("wxt_") {
            self.function(code)
        } else if code.chars().all(|part| part.is_ascii_lowercase() || part.is_ascii_digit() || part == '_') {
            Some(self.field(header, structure, code))
        } else {
            None
        };
        symbol.unwrap_or_else(|| format!("`{code}`"))
    }

    /// A link to a symbol, which is in the same type or begins with the name of another type.
    fn link(self, symbol: &str) -> String {
        match self {
            Language::Kotlin => format!("[{symbol}]"),
            Language::Swift => format!("``{}``", symbol.replace('.', "/")),
            Language::ArkTs => format!("`{}`", symbol.rsplit('.').next().unwrap_or_default()),
        }
    }

    fn constant(self, header: &Header, name: &str) -> Option<String> {
        let constant = header.constants.iter().find(|constant| constant.name == name)?;
        let (family, member) = (family(constant)?, self.member(constant));
        match self {
            Language::Kotlin => Some(self.link(&format!("{}.{member}", family.kotlin))),
            Language::Swift => Some(self.link(&format!("{}.{member}", family.swift))),
            // A constant that is a number for HarmonyOS has only its C name.
            Language::ArkTs if family.is_number_in_javascript() => None,
            Language::ArkTs => Some(format!("`'{member}'`")),
        }
    }

    fn function(self, name: &str) -> Option<String> {
        let row = FUNCTIONS.iter().find(|(other, ..)| *other == name);
        let (_, kotlin, swift) = row.unwrap_or_else(|| panic!("`FUNCTIONS` has to name {name} in each language"));
        let symbol = if self == Language::Swift { swift } else { kotlin };
        if symbol.is_empty() { None } else { Some(self.link(symbol)) }
    }

    /// A field of the comment's struct, or an option, or a word of pages such as `timeout`.
    fn field(self, header: &Header, structure: &str, name: &str) -> String {
        if let Some(field) = header.field(structure, name) {
            return self.link(&self.property(structure, field));
        }
        let options =
            if self == Language::Kotlin { "WXTransferSessionOptions.Builder" } else { "WXTransferSessionOptions" };
        match header.field("WxtSessionOptions", name) {
            Some(field) if name.contains('_') => {
                self.link(&format!("{options}.{}", self.property("WxtSessionOptions", field)))
            }
            _ => format!("`{}`", self.camel(name)),
        }
    }
}

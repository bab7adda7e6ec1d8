//! Writes JSON objects (RFC 8259) as text.

use std::fmt::Write;
use std::time::Duration;

/// An object under construction. Members are written in the order of the calls.
#[derive(Debug)]
pub struct Object(String);

impl Object {
    /// An object without members.
    pub fn new() -> Object {
        Object(String::from("{"))
    }

    /// The text.
    pub fn finish(mut self) -> String {
        self.0.push('}');
        self.0
    }

    /// A string member.
    pub fn text(&mut self, name: &str, value: &str) {
        self.name(name);
        write_text(&mut self.0, value);
    }

    /// An integer member.
    pub fn number(&mut self, name: &str, value: u64) {
        self.name(name);
        self.0.push_str(&value.to_string());
    }

    /// An integer member, or -1 if unknown.
    pub fn number_or_unknown(&mut self, name: &str, value: Option<u64>) {
        match value {
            Some(value) => self.number(name, value),
            None => {
                self.name(name);
                self.0.push_str("-1");
            }
        }
    }

    /// A time in milliseconds with three decimals, or -1 if absent. Avoids floating point, whose formatting takes 20 kB
    /// of code.
    pub fn milliseconds(&mut self, name: &str, value: Option<Duration>) {
        self.name(name);
        // Writing to a string cannot fail.
        let _ = match value.map(|value| value.as_micros()) {
            Some(micros) => write!(self.0, "{}.{:03}", micros / 1000, micros % 1000),
            None => write!(self.0, "-1"),
        };
    }

    /// A boolean member.
    pub fn boolean(&mut self, name: &str, value: bool) {
        self.name(name);
        self.0.push_str(if value { "true" } else { "false" });
    }

    /// A member that is a list of strings.
    pub fn texts(&mut self, name: &str, values: impl Iterator<Item = String>) {
        self.list(name, values, |text, value| write_text(text, &value));
    }

    /// A member that is an object.
    pub fn object(&mut self, name: &str, fill: impl FnOnce(&mut Object)) {
        self.name(name);
        let mut object = Object::new();
        fill(&mut object);
        self.0.push_str(&object.finish());
    }

    /// A member that is a list of objects.
    pub fn objects<T>(&mut self, name: &str, items: &[T], fill: impl Fn(&mut Object, &T)) {
        self.list(name, items.iter(), |text, item| {
            let mut object = Object::new();
            fill(&mut object, item);
            text.push_str(&object.finish());
        });
    }

    fn list<T>(&mut self, name: &str, items: impl Iterator<Item = T>, write: impl Fn(&mut String, T)) {
        self.name(name);
        self.0.push('[');
        for (index, item) in items.enumerate() {
            if index > 0 {
                self.0.push(',');
            }
            write(&mut self.0, item);
        }
        self.0.push(']');
    }

    fn name(&mut self, name: &str) {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        write_text(&mut self.0, name);
        self.0.push(':');
    }
}

/// Writes a string that is also safe within an HTML page: `<` is escaped.
fn write_text(text: &mut String, value: &str) {
    text.push('"');
    for character in value.chars() {
        match character {
            '"' | '\\' => text.extend(['\\', character]),
            '<' | '\u{0}'..='\u{1f}' | '\u{7f}' => {
                // Writing to a string cannot fail.
                let _ = write!(text, "\\u{:04x}", u32::from(character));
            }
            _ => text.push(character),
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_object_is_parsed_to_the_same_values() {
        let odd = "\"\\/<script>\n\r\t\u{0}\u{1f}\u{7f}ä你😀\u{2028}";
        let mut object = Object::new();
        object.text(odd, odd);
        object.number("number", u64::MAX);
        object.number_or_unknown("unknown", None);
        object.milliseconds("time", Some(Duration::from_micros(1_025)));
        object.milliseconds("none", None);
        object.boolean("yes", true);
        object.texts("texts", [odd.to_owned(), String::new()].into_iter());
        object.texts("no texts", std::iter::empty());
        object.object("empty", |_| {});
        object.objects("objects", &[1_u64, 2], |object, item| object.number("item", *item));
        let text = object.finish();
        assert!(!text.contains('<'), "{text}");
        let read: serde_json::Value = serde_json::from_str(&text).unwrap();
        let expected = serde_json::json!({
            odd: odd, "number": u64::MAX, "unknown": -1, "time": 1.025, "none": -1, "yes": true, "texts": [odd, ""], "no texts": [],
            "empty": {}, "objects": [{"item": 1}, {"item": 2}],
        });
        assert_eq!(read, expected);
    }
}

//! Reads the generated header: its constants, and the fields of its structs, each with its comment.

/// `#define WXT_… number`.
pub struct Constant {
    /// Such as `WXT_ERRNO_TIMEOUT`.
    pub name: String,
    pub value: i32,
    pub comment: String,
    /// The section of the header, such as `Sessions`.
    pub section: String,
}

/// The type of a field, as the generated bindings distinguish it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Flag,
    /// In an option, this is one of the constants that the comment names.
    I32,
    U16,
    U32,
    U64,
    Text,
    /// A list of texts. The number of its elements is another field.
    Texts,
    /// Anything else, which the bindings write by hand.
    Other,
}

/// A field of a struct, besides sizes and numbers of elements.
pub struct Field {
    pub name: String,
    pub kind: Kind,
    pub comment: String,
}

impl Field {
    /// The field goes to and comes from JNI as one number.
    pub fn is_number(&self) -> bool {
        !matches!(self.kind, Kind::Text | Kind::Texts | Kind::Other)
    }

    /// A time. The header's comments say the unit of each number.
    pub fn is_time(&self) -> bool {
        self.kind == Kind::U32 && self.is_in_milliseconds()
    }

    fn is_in_milliseconds(&self) -> bool {
        self.comment.contains("in milliseconds")
    }

    /// Whether the comment says when the value is absent.
    pub fn can_be_absent(&self) -> bool {
        self.comment.contains("Absent")
    }

    /// The field with the number of elements of a list.
    pub fn count_name(&self) -> String {
        format!("{}_count", self.name.trim_end_matches('s'))
    }

    pub fn is_required(&self) -> bool {
        self.comment.ends_with("Required.")
    }

    /// Whether the comment says that 0 stands for another default, as in "Default: 0, which means 10".
    pub fn zero_means_default(&self) -> bool {
        self.comment.contains("Default: 0,")
    }
}

pub struct Header {
    pub constants: Vec<Constant>,
    structs: Vec<(String, Vec<Field>)>,
}

impl Header {
    pub fn parse(text: &str) -> Header {
        let mut header = Header { constants: Vec::new(), structs: Vec::new() };
        let (mut section, mut comment) = (String::new(), String::new());
        let mut fields: Option<Vec<Field>> = None;
        let mut lines = text.lines();
        while let Some(line) = lines.next().map(str::trim) {
            if line == "/**" {
                let inside = lines.by_ref().map(str::trim).take_while(|line| *line != "*/");
                comment = joined(inside.map(|line| line.strip_prefix("* ").unwrap_or_default()));
            } else if let Some(heading) = line.strip_prefix("/* ==== ") {
                section = heading.trim_end_matches(" ==== */").to_owned();
            } else if let Some(definition) = line.strip_prefix("#define ") {
                let (name, value) = definition.split_once(' ').unwrap_or((definition, ""));
                if let Ok(value) = value.parse() {
                    let comment = std::mem::take(&mut comment);
                    header.constants.push(Constant { name: name.to_owned(), value, comment, section: section.clone() });
                }
            } else if line == "typedef struct {" {
                fields = Some(Vec::new());
            } else if let Some(name) = line.strip_prefix("} ").and_then(|rest| rest.strip_suffix(';')) {
                header.structs.extend(fields.take().map(|fields| (name.to_owned(), fields)));
            } else if let (Some(fields), Some((c_type, name))) =
                (&mut fields, line.strip_suffix(';').and_then(declaration))
            {
                let comment = std::mem::take(&mut comment);
                if c_type != "size_t" {
                    fields.push(Field { name: name.to_owned(), kind: kind(c_type), comment });
                }
            }
        }
        header
    }

    /// The fields of a struct, in their order.
    pub fn fields(&self, name: &str) -> &[Field] {
        let found = self.structs.iter().find(|(other, _)| other == name);
        &found.unwrap_or_else(|| panic!("the header has no struct {name}")).1
    }

    /// A field, if there is such a struct and it has such a field.
    pub fn field(&self, structure: &str, name: &str) -> Option<&Field> {
        let (_, fields) = self.structs.iter().find(|(other, _)| other == structure)?;
        fields.iter().find(|field| field.name == name)
    }

    /// Fails if a field of the struct is in milliseconds, but the bindings do not treat it as a time. They would have a
    /// number without a unit and without a `Duration`.
    pub fn check_times(&self, structure: &str) {
        for field in self.fields(structure).iter().filter(|field| field.is_number() && field.is_in_milliseconds()) {
            assert!(field.is_time(), "`{}` is in milliseconds, so it has to be a `u32` in src/ffi", field.name);
        }
    }

    /// The first constant that the comment of an option names. If the option is not required, it is the default.
    pub fn first_choice(&self, option: &Field) -> &Constant {
        let named = option.comment.split('`').skip(1).step_by(2);
        let mut constants = named.filter_map(|name| self.constants.iter().find(|constant| constant.name == name));
        let first = constants.next().unwrap_or_else(|| panic!("the comment of {} names no constant", option.name));
        let is_default = option.comment.contains(&format!("`{}` (default)", first.name));
        assert!(is_default || option.is_required(), "the comment of {} does not begin with the default", option.name);
        first
    }
}

/// The lines of a comment as one text. Paragraphs are separated by an empty line, and items of a list begin a line.
fn joined<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    let mut text = String::new();
    for line in lines {
        let between = match line {
            "" => "\n\n",
            _ if text.is_empty() || text.ends_with('\n') => "",
            _ if line.starts_with("- ") => "\n",
            _ => " ",
        };
        text = text + between + line.trim();
    }
    text
}

/// The type and the name of a field. `None` for a pointer to a function.
fn declaration(line: &str) -> Option<(&str, &str)> {
    let name = line.split([' ', '*']).next_back().filter(|_| !line.contains(['(', ')']))?;
    Some((line.strip_suffix(name)?.trim_end(), name))
}

fn kind(c_type: &str) -> Kind {
    match c_type {
        "bool" | "uint8_t" => Kind::Flag,
        "int32_t" => Kind::I32,
        "uint16_t" => Kind::U16,
        "uint32_t" => Kind::U32,
        "uint64_t" => Kind::U64,
        "WxtStr" => Kind::Text,
        "const WxtStr *" => Kind::Texts,
        _ => Kind::Other,
    }
}

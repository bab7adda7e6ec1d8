//! A second parser of chunked bodies, for the checks to compare with. It reads lines, and is as lenient as the library:
//! LF alone ends a line, blanks may follow a size, and extensions and trailer fields are ignored. It has no limits except
//! the number of trailer fields.

/// The maximum number of trailer fields.
const MAX_FIELDS: usize = 128;

/// The body (RFC 9112 section 7.1), and the size of the framed body. `None` if it is malformed or incomplete.
pub fn dechunked(input: &[u8]) -> Option<(Vec<u8>, usize)> {
    let (mut body, mut rest) = (Vec::new(), input);
    loop {
        let size = size_of_chunk(line(&mut rest)?)?;
        if size == 0 {
            break;
        }
        let (data, after) = rest.split_at_checked(usize::try_from(size).ok()?)?;
        body.extend_from_slice(data);
        rest = after.strip_prefix(b"\r\n").or_else(|| after.strip_prefix(b"\n"))?;
    }
    let mut fields = 0;
    loop {
        match line(&mut rest)? {
            [] => return Some((body, input.len() - rest.len())),
            field if field.contains(&0) => return None,
            [b' ' | b'\t', ..] if fields > 0 => {}
            field => {
                fields += 1;
                let name = field.split(|&byte| byte == b':').next().filter(|name| name.len() < field.len())?;
                let length = name.iter().rposition(|byte| !b" \t".contains(byte))? + 1;
                if fields > MAX_FIELDS || !name[..length].iter().all(|&byte| may_name(byte)) {
                    return None;
                }
            }
        }
    }
}

/// The next line without its end. A CR elsewhere is malformed.
fn line<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let end = rest.iter().position(|&byte| byte == b'\n')?;
    let line = &rest[..end];
    *rest = &rest[end + 1..];
    Some(line.strip_suffix(b"\r").unwrap_or(line)).filter(|line| !line.contains(&b'\r'))
}

/// The number before the extensions of a size line.
fn size_of_chunk(line: &[u8]) -> Option<u64> {
    let digits = line.split(|&byte| byte == b';').next()?;
    let digits = std::str::from_utf8(digits).ok()?.trim_end_matches([' ', '\t']);
    // `from_str_radix` would accept a sign.
    u64::from_str_radix(digits, 16).ok().filter(|_| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Whether a byte may be part of a field's name (RFC 9110 section 5.6.2).
fn may_name(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"\"(),/:;<=>?@[\\]{}".contains(&byte)
}

/// Whether all bytes of `part` are in `whole`, in order.
pub fn is_part(part: &[u8], whole: &[u8]) -> bool {
    let mut rest = whole.iter();
    part.iter().all(|byte| rest.any(|other| other == byte))
}

use super::*;

type Fields<'a> = &'a [(&'a str, &'a str)];

fn headers(fields: Fields<'_>) -> Headers {
    fields.iter().copied().collect()
}

fn known(validator: &str) -> Representation {
    let resource = "00ff".to_owned();
    Representation { resource, validator: validator.into(), total: 10, described: Headers::default() }
}

#[test]
fn only_a_strong_validator_lets_a_body_be_resumed() {
    const DATE: (&str, &str) = ("Date", "Sun, 06 Nov 1994 08:49:37 GMT");
    const OLD: &str = "Sun, 06 Nov 1994 08:48:37 GMT";
    // (headers, the validator)
    let cases: [(Fields<'_>, Option<&str>); 14] = [
        (&[("ETag", "\"v1\"")], Some("\"v1\"")),
        (&[("etag", " \"\" ")], Some("\"\"")),
        (&[("ETag", "W/\"v1\"")], None),
        (&[("ETag", "v1")], None),
        (&[("ETag", "\"v1")], None),
        (&[("ETag", "\"")], None),
        (&[("ETag", "\"v\"1\"")], None),
        (&[("ETag", "\"é\"")], None),
        (&[("ETag", "\"v1\""), ("ETag", "\"v2\"")], None),
        (&[("Last-Modified", OLD), DATE], Some(OLD)),
        (&[("Last-Modified", "Sun, 06 Nov 1994 08:48:38 GMT"), DATE], None),
        (&[("Last-Modified", OLD)], None),
        (&[("ETag", "W/\"v1\""), ("Last-Modified", OLD), DATE], None),
        (&[], None),
    ];
    for (fields, validator) in cases {
        let found = representation(200, &headers(fields), Some(10), String::new());
        assert_eq!(found.map(|known| known.validator).as_deref(), validator, "{fields:?}");
    }
}

#[test]
fn only_an_uncoded_whole_body_of_known_size_can_be_resumed() {
    let tag = ("ETag", "\"v1\"");
    let found =
        |status, fields: &[(&str, &str)], length| representation(status, &headers(fields), length, String::new());
    let described = [tag, ("content-type", "image/png"), ("Content-Disposition", "inline"), ("X-Other", "1")];
    let known = found(200, &described, Some(10)).unwrap();
    assert_eq!(known.total, 10);
    assert_eq!(known.described, headers(&described[1..3]));
    assert!(found(200, &[tag, ("Content-Encoding", "identity")], Some(10)).is_some());
    assert!(found(200, &[tag, ("Content-Encoding", "gzip")], Some(10)).is_none());
    for status in [201, 203, 206, 404, 503] {
        assert!(found(status, &[tag], Some(10)).is_none(), "{status}");
    }
    assert!(found(200, &[tag], None).is_none());
    assert!(found(200, &[tag], Some(0)).is_none());
}

#[test]
fn range_and_conditions_of_the_page_are_not_changed() {
    for name in ["Range", "range", "If-Range", "If-None-Match", "if-modified-since", "If-Match"] {
        assert!(!leaves_range_to_us(&headers(&[("Accept", "*/*"), (name, "x")])), "{name}");
    }
    assert!(leaves_range_to_us(&headers(&[
        ("Accept-Ranges", "x"),
        ("Ifé", "x"),
        ("If", "x"),
        ("Accept-Encoding", "br")
    ])));
}

#[test]
fn rest_is_requested_uncoded_and_of_the_same_version() {
    let asked = rest_headers(&headers(&[("accept-encoding", "gzip"), ("X-Page", "1")]), 4, &known("\"v1\""));
    let expected = [("X-Page", "1"), ("Accept-Encoding", "identity"), ("Range", "bytes=4-"), ("If-Range", "\"v1\"")];
    assert_eq!(asked, headers(&expected));
}

#[test]
fn answer_is_the_rest_only_if_its_whole_head_matches() {
    let tag = ("ETag", "\"v1\"");
    let range = ("Content-Range", "bytes 4-9/10");
    let judged = |status, fields: &[(&str, &str)], rest| judge(status, &headers(fields), rest, 4, &known("\"v1\""));
    assert_eq!(judged(206, &[tag, range], Some(6)), RestAnswer::Rest);
    assert_eq!(judged(206, &[range, ("etag", " \"v1\" ")], Some(6)), RestAnswer::Rest);
    assert_eq!(judged(206, &[tag, ("Content-Range", "Bytes 4-9/10")], Some(6)), RestAnswer::Rest);
    for status in [200, 201, 304, 404, 412, 500, 503] {
        assert_eq!(judged(status, &[tag, range], Some(6)), RestAnswer::Other, "{status}");
    }
    assert_eq!(judged(416, &[("Content-Range", "bytes */10")], Some(0)), RestAnswer::Unusable);
    for value in [
        "bytes 3-9/10",
        "bytes 5-9/10",
        "bytes 4-8/10",
        "bytes 4-9/11",
        "bytes 4-9/*",
        "bytes */10",
        "items 4-9/10",
        "bytes=4-9/10",
        "bytes 4-9",
        "bytes +4-9/10",
        "bytes 99999999999999999999-9/10",
        "",
    ] {
        assert_eq!(judged(206, &[tag, ("Content-Range", value)], Some(6)), RestAnswer::Unusable, "{value:?}");
    }
    let unusable: [(Fields<'_>, Option<u64>); 8] = [
        (&[tag], Some(6)),
        (&[range], Some(6)),
        (&[tag, range, range], Some(6)),
        (&[tag, tag, range], Some(6)),
        (&[("ETag", "\"v2\""), range], Some(6)),
        (&[("ETag", "W/\"v1\""), range], Some(6)),
        (&[tag, range, ("Content-Encoding", "gzip")], Some(6)),
        (&[tag, range], None),
    ];
    for (fields, rest) in unusable {
        assert_eq!(judged(206, fields, rest), RestAnswer::Unusable, "{fields:?}, {rest:?}");
    }
    assert_eq!(judged(206, &[tag, range], Some(7)), RestAnswer::Unusable);
    let date = "Sun, 06 Nov 1994 08:48:37 GMT";
    let by_date = |value| judge(206, &headers(&[("Last-Modified", value), range]), Some(6), 4, &known(date));
    assert_eq!(by_date(date), RestAnswer::Rest);
    assert_eq!(by_date("Sun, 06 Nov 1994 08:48:38 GMT"), RestAnswer::Unusable);
}

#[test]
fn host_receives_the_head_of_a_whole_answer() {
    let described = headers(&[("Content-Type", "image/png"), ("Content-Disposition", "inline")]);
    let known = Representation { described, ..known("\"v1\"") };
    let fields =
        [("content-length", "6"), ("Content-Range", "bytes 4-9/10"), ("Content-Type", "image/webp"), ("X-A", "1")];
    let whole = as_whole(&headers(&fields), &known);
    let expected =
        [("content-length", "10"), ("Content-Type", "image/webp"), ("X-A", "1"), ("Content-Disposition", "inline")];
    assert_eq!(whole, headers(&expected));
}

#[test]
fn all_digests_of_the_first_answer_return_and_none_of_the_rest() {
    let digests = [("Repr-Digest", "md5=:AA==:"), ("Repr-Digest", "sha-256=:AA==:"), ("Content-MD5", "AA==")];
    let known = Representation { described: headers(&digests), ..known("\"v1\"") };
    let fields = [("Content-Length", "6"), ("Content-MD5", "BB=="), ("Content-Digest", "sha-256=:BB==:")];
    let expected = [("Content-Length", "10"), digests[0], digests[1], digests[2]];
    assert_eq!(as_whole(&headers(&fields), &known), headers(&expected));
    // The last answer's own digest of the whole replaces all of them.
    let fields = [("Content-Length", "6"), ("Repr-Digest", "sha-512=:CC==:")];
    let expected = [("Content-Length", "10"), fields[1], digests[2]];
    assert_eq!(as_whole(&headers(&fields), &known), headers(&expected));
}

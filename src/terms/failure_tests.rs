//! The failures that a page receives.

use super::*;

const CALLS: [Call; 21] = [
    Call::UploadFile,
    Call::DownloadFile,
    Call::SaveFile,
    Call::GetSavedFileList,
    Call::GetSavedFileInfo,
    Call::RemoveSavedFile,
    Call::Access,
    Call::Stat,
    Call::Unlink,
    Call::CopyFile,
    Call::Rename,
    Call::MakeDirectory,
    Call::RemoveDirectory,
    Call::ListDirectory,
    Call::GetFileInfo,
    Call::ReadFile,
    Call::WriteFile,
    Call::AppendFile,
    Call::Write,
    Call::ImportFile,
    Call::ResolvePath,
];

/// Each kind of failure whose text contains text of a server, a page or the system.
fn with(text: &str) -> Vec<TransferError> {
    [
        Failure::Network(Category::Protocol),
        Failure::Tls,
        Failure::TrustStoreUnavailable,
        Failure::SourceFile,
        Failure::DataTooLarge,
        Failure::Integrity,
        Failure::SaveFile,
        Failure::PermissionDenied { path: text.to_owned() },
        Failure::File { kind: FileErrorKind::NotFound, path: Some(text.to_owned()) },
        Failure::TargetDenied { path: text.to_owned() },
        Failure::DirectoryNotFound { path: text.to_owned() },
    ]
    .map(|failure| TransferError::new(failure, text))
    .into()
}

fn utf16_length(text: &str) -> usize {
    text.encode_utf16().count()
}

#[test]
fn err_msg_is_never_longer_than_200_characters() {
    for character in ["a", "\u{e9}", "\u{4e2d}", "\u{1f600}", "a\u{1f600}"] {
        for repeats in [1, 50, 86, 87, 88, 89, 90, 91, 92, 93, 175, 180, 185, 190, 199, 200, 201, 10_000] {
            let text = character.repeat(repeats);
            for (error, call) in with(&text).iter().flat_map(|error| CALLS.map(|call| (error, call))) {
                let whole = format!("{}:fail ", call.name());
                let message = error.err_msg(call);
                assert!(message.starts_with(&whole), "{message}");
                assert!(utf16_length(&message) <= 200, "{} of {message}", utf16_length(&message));
                if utf16_length(&whole) + utf16_length(&text) + "no such file or directory ".len() <= 200 {
                    assert!(message.ends_with(&text), "a text that fits is not truncated: {message}");
                } else if let Some(kept) = message.strip_suffix('\u{2026}') {
                    assert!(utf16_length(kept) >= 197, "no more is removed than necessary: {message}");
                }
                assert_eq!(error.detail, text, "the detail contains the whole text");
            }
        }
    }
}

#[test]
fn err_msg_of_exactly_200_characters_is_not_truncated() {
    let text = "x".repeat(200 - "uploadFile:fail ".len());
    let error = |text: &str| TransferError::new(Failure::Network(Category::Connect), text);
    assert_eq!(error(&text).err_msg(Call::UploadFile), format!("uploadFile:fail {text}"));
    let cut = error(&format!("{text}y")).err_msg(Call::UploadFile);
    assert_eq!(cut, format!("uploadFile:fail {}\u{2026}", &text[1..]));
}

/// A transfer fails with the number of the network component, and a file call with that of the system (WeChat's
/// documentation, "Errno").
#[test]
fn lack_of_resources_has_its_own_category() {
    let error = TransferError::new(Failure::OutOfResources, "a thread");
    let cases = [
        (Call::UploadFile, 600_001, "uploadFile:fail out of resources: a thread"),
        (Call::DownloadFile, 600_001, "downloadFile:fail out of resources: a thread"),
        (Call::ImportFile, 1_300_201, "importFile:fail out of resources: a thread"),
        (Call::SaveFile, 1_300_201, "saveFile:fail out of resources: a thread"),
    ];
    for (call, number, text) in cases {
        assert_eq!((error.err_no(call), error.err_msg(call).as_str()), (number, text));
    }
    assert_eq!(error.category() as i32, 15);
    assert!(error.retryable());
}

/// `errCode` of `FileError` in Tencent's typings (`miniprogram-api-typings` 5.2.3).
const FILE_ERRORS: [i32; 36] = [
    1_300_001, 1_300_002, 1_300_005, 1_300_009, 1_300_013, 1_300_014, 1_300_020, 1_300_021, 1_300_022, 1_300_036,
    1_300_066, 1_300_201, 1_300_202, 1_300_203, 1_300_300, 1_300_301, 1_301_000, 1_301_002, 1_301_003, 1_301_004,
    1_301_005, 1_301_006, 1_301_007, 1_301_009, 1_301_100, 1_301_102, 1_301_103, 1_301_104, 1_301_111, 1_301_112,
    1_302_001, 1_302_002, 1_302_003, 1_302_004, 1_302_005, 1_302_100,
];

/// For every failure, including those that no file call has.
#[test]
fn file_calls_fail_only_with_numbers_of_their_table() {
    let path = || "wxfile://usr/a".to_owned();
    let failures = [
        (Failure::Cancelled(StopReason::Aborted), 1_300_201),
        (Failure::Cancelled(StopReason::DeadlinePassed), 1_300_201),
        (Failure::Cancelled(StopReason::Interrupted), 1_300_201),
        (Failure::OutOfResources, 1_300_201),
        (Failure::Internal, 1_300_201),
        (TransferError::missing("filePath").failure, 1_300_022),
        (TransferError::not_text("filePath").failure, 1_300_022),
        (Failure::File { kind: FileErrorKind::NotFound, path: Some(path()) }, 1_300_002),
        (Failure::File { kind: FileErrorKind::AlreadyExists, path: Some(path()) }, 1_301_005),
        (Failure::Network(Category::Connect), 1_300_201),
        (Failure::SaveFile, 1_300_201),
        (Failure::InvalidRequestData { parameter: "header", name: None }, 1_300_201),
    ];
    for (failure, expected) in failures {
        let error = TransferError::new(failure, "detail");
        for call in CALLS.into_iter().filter(|call| !call.is_transfer()) {
            assert_eq!(error.err_no(call), expected, "{error:?} {}", call.name());
            assert!(FILE_ERRORS.contains(&error.err_no(call)), "{error:?}");
        }
    }
}

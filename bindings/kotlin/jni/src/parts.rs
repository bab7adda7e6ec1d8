//! Converts the parts of an upload from Java to C.

use jni::Env;
use jni::errors::{Error, Result};
use jni::objects::{JByteArray, JIntArray, JLongArray, JObjectArray};
use wxtransfer::ffi::request::WxtUploadPart;

use crate::convert::{Text, TextList};

/// The number of texts per part: its name, path, file name and media type.
const TEXTS: usize = 4;
/// The number of numbers per part: its descriptor, which exceeds 32 bits if there is none, and the length of a pipe.
const NUMBERS: usize = 2;

/// The parts, copied from Java.
pub struct Parts {
    texts: TextList,
    data: Vec<Text>,
    numbers: Vec<i64>,
}

impl Parts {
    /// Copies the parts. Each array contains the values of the first part, then those of the second one, and so on.
    pub fn read<'local>(
        env: &mut Env<'local>,
        texts: &JByteArray,
        text_lengths: &JIntArray,
        data: &JObjectArray<'local, JByteArray<'local>>,
        numbers: &JLongArray,
    ) -> Result<Parts> {
        let texts = TextList::read(env, texts, text_lengths)?;
        let count = data.len(env)?;
        let mut copied = Vec::with_capacity(count);
        for index in 0..count {
            let bytes = data.get_element(env, index)?;
            copied.push(Text::read(env, &bytes)?);
            // A hundred local references could exceed the capacity of the frame.
            env.delete_local_ref(bytes);
        }
        let mut list = vec![0; numbers.len(env)?];
        numbers.get_region(env, 0, &mut list)?;
        if texts.len() == TEXTS * count && list.len() == NUMBERS * count {
            Ok(Parts { texts, data: copied, numbers: list })
        } else {
            Err(Error::IndexOutOfBounds)
        }
    }

    /// The list that C borrows.
    pub fn views(&self) -> Vec<WxtUploadPart> {
        let texts = self.texts.views();
        let parts = texts.chunks_exact(TEXTS).zip(&self.data).zip(self.numbers.chunks_exact(NUMBERS));
        parts
            .map(|((texts, data), numbers)| {
                let descriptor = i32::try_from(numbers[0]).ok();
                WxtUploadPart {
                    name: texts[0],
                    file_path: texts[1],
                    file_name: texts[2],
                    media_type: texts[3],
                    data: data.view().ptr.cast(),
                    data_length: data.view().len,
                    file_length: numbers[1].cast_unsigned(),
                    file_descriptor: descriptor.unwrap_or(-1),
                    has_file_descriptor: descriptor.is_some().into(),
                }
            })
            .collect()
    }
}

//! The voice message that the guide's program downloads from `http://example.com/download/123`: a short tune.

use std::f64::consts::TAU;

const SAMPLES_A_SECOND: u32 = 8000;
/// Semitones above 440 Hz, and lengths in eighths of a second.
const TUNE: [(i32, u32); 8] = [(3, 1), (7, 1), (10, 1), (15, 2), (10, 1), (12, 1), (7, 1), (3, 3)];

/// A WAV file: 8 bits, one channel.
pub fn wav() -> Vec<u8> {
    let samples: Vec<u8> = TUNE.iter().flat_map(|(note, length)| tone(*note, length * SAMPLES_A_SECOND / 8)).collect();
    let length = samples.len() as u32;
    let mut file = b"RIFF".to_vec();
    file.extend((36 + length).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(16_u32.to_le_bytes());
    // PCM, one channel.
    file.extend([1_u16, 1].into_iter().flat_map(u16::to_le_bytes));
    // Samples and bytes per second.
    file.extend([SAMPLES_A_SECOND; 2].into_iter().flat_map(u32::to_le_bytes));
    // Bytes and bits per sample.
    file.extend([1_u16, 8].into_iter().flat_map(u16::to_le_bytes));
    file.extend(b"data");
    file.extend(length.to_le_bytes());
    file.extend(samples);
    file
}

/// A note that fades out.
fn tone(note: i32, length: u32) -> impl Iterator<Item = u8> {
    let frequency = 440.0 * (f64::from(note) / 12.0).exp2();
    (0..length).map(move |sample| {
        let time = f64::from(sample) / f64::from(SAMPLES_A_SECOND);
        let loudness = 60.0 * (1.0 - f64::from(sample) / f64::from(length));
        (128.0 + loudness * (TAU * frequency * time).sin()) as u8
    })
}

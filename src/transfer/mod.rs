//! What one transfer does, step by step.

mod media_type;
mod multipart;
mod text;

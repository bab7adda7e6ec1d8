//! The differences between Linux, Android, macOS and iOS, and the few system calls that need `unsafe`.

mod allocator;
mod clock;
mod clone;
mod interfaces;
mod pages;
mod socket;
pub mod sync;
mod tcp_info;
mod trust_store;
#[cfg(not(models))]
mod waker;

pub use allocator::give_back_free_memory;
pub use clock::time_since_boot;
pub use clone::clone_file;
pub use interfaces::{InterfaceAddress, interface_addresses, is_usable_local_address};
pub use pages::Pages;
pub use socket::{
    CLOSE_IS_AN_EVENT, LOW_WATER_MARK, PEER_CLOSED, SEND_FLAGS, set_receive_low_water_mark, unsent_bytes,
};
#[cfg(models)]
pub use sync::Waker;
pub use tcp_info::smoothed_round_trip_time;
pub use trust_store::trust_store_is_ready;
#[cfg(target_os = "android")]
pub use trust_store::{Verdict, ask_trust_store, initialise_trust_store};
#[cfg(not(models))]
pub use waker::Waker;

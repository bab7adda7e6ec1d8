//! Runs a program and records what each of its system calls does to the files below a directory. Each thread of the
//! program stops at each of its calls. The record has the calls in the order in which the recorder sees them return.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use libc::{c_int, c_long, c_void, pid_t};

/// The inode number of a file or directory. The recorder relies on a file system that never reuses such a number.
pub type Inode = u64;

/// The effect of a system call that succeeded.
#[derive(Clone, Debug)]
pub enum Operation {
    /// A file was created, with its first name.
    Create {
        directory: Inode,
        name: String,
        inode: Inode,
    },
    MakeDirectory {
        directory: Inode,
        name: String,
        inode: Inode,
    },
    Write {
        inode: Inode,
        offset: u64,
        bytes: Vec<u8>,
    },
    Truncate {
        inode: Inode,
        length: u64,
    },
    Rename {
        directory: Inode,
        name: String,
        inode: Inode,
        new_directory: Inode,
        new_name: String,
    },
    /// Removes a file or an empty directory.
    Remove {
        directory: Inode,
        name: String,
        inode: Inode,
    },
    /// `fsync` or `fdatasync` of a file or a directory.
    Flush {
        inode: Inode,
    },
    /// A line that the program has printed.
    Said(String),
}

/// Runs `command` to its end. `directory` must exist and be empty.
pub fn record(command: &mut Command, directory: &Path) -> Vec<Operation> {
    let root = fs::metadata(directory).expect("the directory").ino();
    let trace_me = || match unsafe { libc::ptrace(libc::PTRACE_TRACEME, 0, 0, 0) } {
        0 => Ok(()),
        _ => Err(std::io::Error::last_os_error()),
    };
    // SAFETY: between fork and exec it makes one system call.
    unsafe { command.pre_exec(trace_me) };
    let main = command.spawn().expect("the program starts").id() as pid_t;
    let mut recorder =
        Recorder { root, names: HashMap::new(), called: HashMap::new(), said: String::new(), operations: Vec::new() };
    let (first, status) = wait();
    assert!(first == main && libc::WIFSTOPPED(status), "the program must stop at its start");
    let options = libc::PTRACE_O_TRACESYSGOOD | libc::PTRACE_O_TRACECLONE | libc::PTRACE_O_EXITKILL;
    ptrace(libc::PTRACE_SETOPTIONS, main, 0, options as usize);
    ptrace(libc::PTRACE_SYSCALL, main, 0, 0);
    loop {
        let (thread, status) = wait();
        if libc::WIFSTOPPED(status) {
            let mut signal = libc::WSTOPSIG(status);
            if signal == libc::SIGTRAP | 0x80 {
                recorder.stopped(thread);
            }
            // A stop that the tracing causes must not be delivered to the program as a signal.
            if signal & !0x80 == libc::SIGTRAP || signal == libc::SIGSTOP {
                signal = 0;
            }
            ptrace(libc::PTRACE_SYSCALL, thread, 0, signal as usize);
        } else if thread == main {
            assert!(libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0, "the program ended with {status:#x}");
            return recorder.operations;
        }
    }
}

fn wait() -> (pid_t, c_int) {
    let mut status = 0;
    let thread = unsafe { libc::waitpid(-1, &mut status, libc::__WALL) };
    assert!(thread > 0, "{}", std::io::Error::last_os_error());
    (thread, status)
}

fn ptrace(request: libc::c_uint, thread: pid_t, address: usize, data: usize) -> c_long {
    // A failure is allowed: the thread is gone if another thread has ended the process.
    unsafe { libc::ptrace(request, thread, address, data) }
}

/// A system call that has begun.
#[derive(Clone, Copy)]
struct Call {
    number: c_long,
    arguments: [u64; 6],
}

struct Recorder {
    root: Inode,
    names: HashMap<(Inode, String), Inode>,
    called: HashMap<pid_t, Call>,
    said: String,
    operations: Vec<Operation>,
}

impl Recorder {
    fn stopped(&mut self, thread: pid_t) {
        let mut info: libc::ptrace_syscall_info = unsafe { std::mem::zeroed() };
        let size = size_of::<libc::ptrace_syscall_info>();
        let got = ptrace(libc::PTRACE_GET_SYSCALL_INFO, thread, size, (&raw mut info).cast::<c_void>() as usize);
        if got <= 0 {
            return;
        }
        match info.op {
            libc::PTRACE_SYSCALL_INFO_ENTRY => {
                let entry = unsafe { info.u.entry };
                self.called.insert(thread, Call { number: entry.nr as c_long, arguments: entry.args });
            }
            libc::PTRACE_SYSCALL_INFO_EXIT => {
                let exit = unsafe { info.u.exit };
                if let Some(call) = self.called.remove(&thread)
                    && exit.is_error == 0
                {
                    self.returned(thread, call, exit.sval as u64);
                }
            }
            _ => {}
        }
    }

    /// Records a system call that has succeeded.
    fn returned(&mut self, thread: pid_t, call: Call, result: u64) {
        let [a, b, c, d, ..] = call.arguments;
        let here = libc::AT_FDCWD as u64;
        match call.number {
            libc::SYS_openat => self.opened(thread, (a, b), c, result),
            #[cfg(target_arch = "x86_64")]
            libc::SYS_open => self.opened(thread, (here, a), b, result),
            libc::SYS_write if a == 1 => self.say(thread, b, result),
            libc::SYS_write | libc::SYS_writev => self.wrote(thread, a, None, result),
            libc::SYS_pwrite64 | libc::SYS_pwritev | libc::SYS_pwritev2 => self.wrote(thread, a, Some(d), result),
            libc::SYS_copy_file_range => self.wrote(thread, c, None, result),
            libc::SYS_sendfile => self.wrote(thread, a, None, result),
            libc::SYS_ftruncate => {
                if let Some(inode) = self.tracked(thread, a) {
                    self.operations.push(Operation::Truncate { inode, length: b });
                }
            }
            libc::SYS_fsync | libc::SYS_fdatasync => {
                if let Some(inode) = self.tracked(thread, a) {
                    self.operations.push(Operation::Flush { inode });
                }
            }
            libc::SYS_mkdirat => self.made_directory(thread, (a, b)),
            #[cfg(target_arch = "x86_64")]
            libc::SYS_mkdir => self.made_directory(thread, (here, a)),
            libc::SYS_unlinkat => self.removed(thread, (a, b)),
            #[cfg(target_arch = "x86_64")]
            libc::SYS_unlink | libc::SYS_rmdir => self.removed(thread, (here, a)),
            libc::SYS_renameat | libc::SYS_renameat2 => self.renamed(thread, (a, b), (c, d)),
            #[cfg(target_arch = "x86_64")]
            libc::SYS_rename => self.renamed(thread, (here, a), (here, b)),
            // The recorder does not support these calls, because the library makes none of them. If the library made
            // one, the model would miss the change, so the recorder stops here.
            libc::SYS_linkat
            | libc::SYS_symlinkat
            | libc::SYS_fallocate
            | libc::SYS_splice
            | libc::SYS_truncate
            | libc::SYS_mknodat
            | libc::SYS_openat2
            | libc::SYS_io_uring_setup => panic!("a call that is not recorded: {}", call.number),
            #[cfg(target_arch = "x86_64")]
            libc::SYS_link | libc::SYS_symlink | libc::SYS_creat | libc::SYS_mknod => {
                panic!("a call that is not recorded: {}", call.number)
            }
            // Clones are not tried. The library calls FICLONE (`src/platform/clone.rs`), but the file system in memory
            // cannot clone: the call fails, and the library copies the bytes.
            libc::SYS_ioctl if matches!(b as libc::Ioctl, libc::FICLONE | libc::FICLONERANGE) => {
                assert!(self.tracked(thread, a).is_none(), "a file is cloned, which is not recorded");
            }
            libc::SYS_mmap => {
                let writes = c & libc::PROT_WRITE as u64 != 0 && d & libc::MAP_SHARED as u64 != 0;
                assert!(!writes || self.tracked(thread, call.arguments[4]).is_none(), "a file is written by a mapping");
            }
            _ => {}
        }
    }

    fn opened(&mut self, thread: pid_t, path: (u64, u64), flags: u64, descriptor: u64) {
        let flags = flags as c_int;
        let Some((directory, name)) = self.place(thread, path) else { return };
        let inode = fs::metadata(format!("/proc/{thread}/fd/{descriptor}")).expect("an open file").ino();
        if flags & libc::O_CREAT != 0 && !self.names.contains_key(&(directory, name.clone())) {
            self.names.insert((directory, name.clone()), inode);
            self.operations.push(Operation::Create { directory, name, inode });
        } else if flags & libc::O_TRUNC != 0 {
            self.operations.push(Operation::Truncate { inode, length: 0 });
        }
    }

    fn wrote(&mut self, thread: pid_t, descriptor: u64, offset: Option<u64>, length: u64) {
        let Some(inode) = self.tracked(thread, descriptor) else { return };
        let offset = offset.unwrap_or_else(|| {
            let state = fs::read_to_string(format!("/proc/{thread}/fdinfo/{descriptor}")).expect("an open file");
            let position = state.lines().find_map(|line| line.strip_prefix("pos:")).expect("its position");
            position.trim().parse::<u64>().expect("a number") - length
        });
        // The written bytes are read back from the file. The thread that wrote them is stopped.
        let mut bytes = vec![0; length as usize];
        let file = fs::File::open(format!("/proc/{thread}/fd/{descriptor}")).expect("an open file");
        file.read_exact_at(&mut bytes, offset).expect("what was written");
        self.operations.push(Operation::Write { inode, offset, bytes });
    }

    fn say(&mut self, thread: pid_t, address: u64, length: u64) {
        let mut bytes = vec![0; length as usize];
        let memory = fs::File::open(format!("/proc/{thread}/mem")).expect("its memory");
        memory.read_exact_at(&mut bytes, address).expect("what it said");
        self.said.push_str(&String::from_utf8(bytes).expect("UTF-8"));
        while let Some((line, rest)) = self.said.split_once('\n') {
            self.operations.push(Operation::Said(line.to_owned()));
            self.said = rest.to_owned();
        }
    }

    fn made_directory(&mut self, thread: pid_t, path: (u64, u64)) {
        let Some((directory, name)) = self.place(thread, path) else { return };
        let inode = fs::metadata(self.path(thread, path)).expect("a directory").ino();
        self.names.insert((directory, name.clone()), inode);
        self.operations.push(Operation::MakeDirectory { directory, name, inode });
    }

    fn removed(&mut self, thread: pid_t, path: (u64, u64)) {
        let Some((directory, name)) = self.place(thread, path) else { return };
        let inode = self.names.remove(&(directory, name.clone())).expect("a known name");
        self.operations.push(Operation::Remove { directory, name, inode });
    }

    fn renamed(&mut self, thread: pid_t, old: (u64, u64), new: (u64, u64)) {
        let (old, new) = (self.place(thread, old), self.place(thread, new));
        let (Some((directory, name)), Some((new_directory, new_name))) = (&old, &new) else {
            assert!(
                old.is_none() && new.is_none(),
                "a file was moved into or out of the directory: {old:?} to {new:?}"
            );
            return;
        };
        let inode = self.names.remove(&(*directory, name.clone())).expect("a known name");
        self.names.insert((*new_directory, new_name.clone()), inode);
        self.operations.push(Operation::Rename {
            directory: *directory,
            name: name.clone(),
            inode,
            new_directory: *new_directory,
            new_name: new_name.clone(),
        });
    }

    /// The inode of an open descriptor, if its file is below the recorded directory.
    fn tracked(&self, thread: pid_t, descriptor: u64) -> Option<Inode> {
        let inode = fs::metadata(format!("/proc/{thread}/fd/{}", descriptor as c_int)).ok()?.ino();
        self.is_tracked(inode).then_some(inode)
    }

    fn is_tracked(&self, inode: Inode) -> bool {
        let created = |operation: &Operation| matches!(operation, Operation::Create { inode: known, .. } | Operation::MakeDirectory { inode: known, .. } if *known == inode);
        inode == self.root || self.operations.iter().any(created)
    }

    /// The directory and the name of a path, if the directory is recorded.
    fn place(&self, thread: pid_t, path: (u64, u64)) -> Option<(Inode, String)> {
        let path = self.path(thread, path);
        let (parent, name) = path.trim_end_matches('/').rsplit_once('/')?;
        let directory = fs::metadata(format!("{parent}/.")).ok()?.ino();
        self.is_tracked(directory).then(|| (directory, name.to_owned()))
    }

    /// The path in a form that this process can use. A relative path goes through the thread's entries in `/proc`.
    fn path(&self, thread: pid_t, (directory, address): (u64, u64)) -> String {
        let memory = fs::File::open(format!("/proc/{thread}/mem")).expect("its memory");
        let mut bytes = Vec::new();
        let mut byte = [0];
        while memory.read_exact_at(&mut byte, address + bytes.len() as u64).is_ok() && byte[0] != 0 {
            bytes.push(byte[0]);
        }
        let path = String::from_utf8(bytes).expect("UTF-8");
        match directory as c_int {
            _ if path.starts_with('/') => path,
            libc::AT_FDCWD => format!("/proc/{thread}/cwd/{path}"),
            descriptor => format!("/proc/{thread}/fd/{descriptor}/{path}"),
        }
    }
}

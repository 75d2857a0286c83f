//! Which fields of an audit record are which attributes: OpenTelemetry's names where there
//! are some.

use skidway_sdk::{Kind, Record};

use crate::is_integer;

/// The attributes that are texts: those of every line, then those of fields.
pub(crate) static KEYS: [&str; 26] = [
    "timestamp",
    "hostname",
    "audit.type",
    "message",
    "pid",
    "audit.key",
    "audit.operation",
    "audit.result",
    "audit.architecture",
    "audit.architecture_name",
    "audit.syscall_name",
    "audit.proctitle",
    "audit.subject",
    "audit.terminal",
    "audit.audit_user.name",
    "user.name",
    "process.user.name",
    "process.real_user.name",
    "process.executable.name",
    "process.executable.path",
    "process.working_directory",
    "file.path",
    "file.inode",
    "client.address",
    "unit",
    "audit.command",
];

/// Sets the attribute of a field, if it has one.
#[inline]
pub(crate) fn field(name: &[u8], value: &[u8], out: &mut Record<'_>) {
    if let Some(key) = text(name) {
        out.attribute(key, value);
    } else if let Some(key) = integer(name)
        && is_integer(value)
    {
        out.attribute_as(key, Kind::Integer, value);
    }
}

#[inline]
fn text(name: &[u8]) -> Option<&'static str> {
    let at = match name {
        b"pid" => 4,
        b"key" => 5,
        b"op" => 6,
        // Of system calls, and of what programs report.
        b"success" | b"res" => 7,
        b"arch" => 8,
        b"ARCH" => 9,
        b"SYSCALL" => 10,
        b"proctitle" => 11,
        b"subj" => 12,
        b"tty" | b"terminal" => 13,
        b"AUID" => 14,
        b"acct" => 15,
        b"EUID" => 16,
        b"UID" => 17,
        b"comm" => 18,
        b"exe" => 19,
        b"cwd" => 20,
        b"name" => 21,
        b"inode" => 22,
        b"addr" => 23,
        b"unit" => 24,
        b"cmd" => 25,
        _ => return None,
    };
    KEYS.get(at).copied()
}

#[inline]
fn integer(name: &[u8]) -> Option<&'static str> {
    Some(match name {
        b"syscall" => "audit.syscall",
        b"exit" => "audit.exit",
        b"auid" => "audit.audit_user.id",
        b"ses" => "audit.session",
        b"ppid" => "process.parent_pid",
        b"uid" => "process.real_user.id",
        b"euid" => "process.user.id",
        _ => return None,
    })
}

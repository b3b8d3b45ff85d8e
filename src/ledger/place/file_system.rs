//! Kinds of file systems by their magic numbers: on which of them SQLite's log works.
//!
//! The log needs memory that is shared by all who have the ledger open, and locks that hold for all of them: on one
//! machine only (<https://www.sqlite.org/wal.html>, section 1). Nothing is asked on systems other than Linux.

use std::io;
use std::path::Path;

/// What a file system means for a ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// One machine writes it, as far as its number says.
    Local,
    /// Several machines may write it: no ledger there.
    Network(&'static str),
    /// It may be either: a program behind it decides.
    Unsure(&'static str),
}

/// `f_type` of statfs(2), as 32 bits. Sources: linux/magic.h (Linux 6.18) where no other is named.
const KINDS: &[(u32, Kind)] = &[
    (0x0000_6969, Kind::Network("NFS")),
    (0x0000_517b, Kind::Network("SMB")),
    (0xff53_4d42, Kind::Network("CIFS (SMB)")),
    (0xfe53_4d42, Kind::Network("SMB2")),
    (0x5346_414f, Kind::Network("AFS")),
    (0x6b41_4653, Kind::Network("AFS")),
    (0x7375_7245, Kind::Network("Coda")),
    (0x00c3_6400, Kind::Network("Ceph")),
    (0x0000_564c, Kind::Network("NCP")),
    (0x7461_636f, Kind::Network("OCFS2")),
    (0x0102_1997, Kind::Network("9p")),
    // linux/gfs2_ondisk.h.
    (0x0116_1970, Kind::Network("GFS2")),
    // fs/vboxsf in Linux: a folder of the host.
    (0x786f_4256, Kind::Network("a shared folder of VirtualBox")),
    // The others stand in no header of Linux: GNU coreutils, src/stat.c, human_fstype.
    (0x0bd0_0bd0, Kind::Network("Lustre")),
    (0x4750_4653, Kind::Network("GPFS")),
    (0x2003_0528, Kind::Network("OrangeFS")),
    (0x1983_0326, Kind::Network("BeeGFS")),
    (0xaad7_aaea, Kind::Network("PanFS")),
    (0x6163_6673, Kind::Network("ACFS")),
    (0xbeef_dead, Kind::Network("SNFS")),
    (0x0131_11a8, Kind::Network("IBRIX")),
    (0xbacb_acbc, Kind::Network("a shared folder of VMware")),
    (0x7c7c_6673, Kind::Network("a shared folder of Parallels")),
    // sshfs, GlusterFS and s3fs, but also ntfs-3g; virtiofs bears the same number.
    (0x6573_5546, Kind::Unsure("FUSE")),
];

/// What a magic number means. Whatever is not known is taken for a disk of this machine.
fn of_magic(magic: u32) -> Kind {
    let known = KINDS.iter().find(|(known, _)| *known == magic);
    known.map_or(Kind::Local, |(_, kind)| *kind)
}

/// The kind of file system that an existing folder is on.
#[cfg(target_os = "linux")]
pub(super) fn of(folder: &Path) -> io::Result<Kind> {
    /// The type of `f_type` differs between machines; a signed one is extended.
    fn low(word: impl Into<i64>) -> u32 {
        u32::try_from(word.into() & 0xffff_ffff).unwrap_or_default()
    }
    Ok(of_magic(low(rustix::fs::statfs(folder)?.f_type)))
}

/// Nothing is asked.
#[cfg(not(target_os = "linux"))]
pub(super) fn of(_: &Path) -> io::Result<Kind> {
    Ok(of_magic(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_systems_of_several_machines_are_known_by_their_numbers() {
        // Numbers as statfs(2) prints them, so that a slip in the table's own is seen.
        let network = [
            26_985,
            20_859,
            4_283_649_346,
            4_266_872_130,
            1_397_113_167,
            1_799_439_955,
            1_937_076_805,
            12_805_120,
            22_092,
            1_952_539_503,
            16_914_839,
            18_225_520,
            198_183_888,
            1_196_443_219,
        ];
        for magic in network {
            assert!(matches!(of_magic(magic), Kind::Network(_)), "{magic:#x}");
        }
        assert_eq!(of_magic(0x6573_5546), Kind::Unsure("FUSE"));
        let local = [
            0xef53,
            0x5846_5342,
            0x9123_683e,
            0x0102_1994,
            0x794c_7630,
            0x2fc1_2fc1,
            0xf2f5_2010,
            0,
        ];
        for magic in local {
            assert_eq!(of_magic(magic), Kind::Local, "{magic:#x}");
        }
        let mut numbers: Vec<u32> = KINDS.iter().map(|(number, _)| *number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), KINDS.len(), "no number stands there twice");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_kernel_is_asked_for_a_folder_that_exists() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!matches!(of(folder.path()).unwrap(), Kind::Network(_)));
        assert!(of(&folder.path().join("none")).is_err());
    }
}

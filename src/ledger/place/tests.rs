//! Places that are refused, and what stands there afterwards.

use super::*;

#[test]
fn a_folder_on_a_network_is_refused_before_anything_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("made/for/it/ledger.db");
    let asked = std::cell::RefCell::new(PathBuf::new());
    let refused = Place::to_write_on(&path, |folder| {
        asked.replace(folder.to_owned());
        Ok(Kind::Network("NFS"))
    })
    .unwrap_err();
    assert_eq!(*asked.borrow(), folder.path(), "the folder that exists is asked");
    let text = refused.to_string();
    assert!(text.contains("made/for/it") && text.contains("NFS"), "{text}");
    assert!(refused.hint().unwrap().contains("--ledger /a/local/folder/ledger.db"));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    let unsure = Place::to_write_on(&path, |_| Ok(Kind::Unsure("FUSE"))).unwrap();
    assert!(unsure.notices.concat().contains("FUSE"), "{unsure:?}");
    let local = Place::to_write_on(&path, |_| Ok(Kind::Local)).unwrap();
    assert_eq!(local.notices, <[String; 0]>::default());
}

#[test]
fn hints_can_be_typed_as_they_stand() {
    for (path, shown) in [
        ("a b/l.db", "'a b/l.db'"),
        ("-l.db", "./-l.db"),
        ("it's", r"'it'\''s'"),
        ("x/l.db", "x/l.db"),
    ] {
        assert_eq!(typed(Path::new(path)), shown);
    }
}

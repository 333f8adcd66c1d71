//! Story: somebody presses Tab, and somebody asks for the manual.

use std::process::Command;

use crate::program::{Desk, PROGRAM};

/// What bash offers for the last of these words.
fn offered(words: &[&str]) -> Vec<String> {
    let script = format!(
        "set -u; source <({PROGRAM} completions bash); COMP_WORDS=({}); COMP_CWORD={}; \
         _inkproof inkproof \"${{COMP_WORDS[-1]}}\" \"${{COMP_WORDS[-2]}}\"; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        words.join(" "),
        words.len() - 1
    );
    let output = Command::new("bash").args(["-c", &script]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn bash_completes_commands_and_options() {
    assert_eq!(offered(&["inkproof", "verif"]), ["verify", "verify-batch"]);
    assert_eq!(offered(&["inkproof", "store", "ch"]), ["check"]);
    assert_eq!(offered(&["inkproof", "verify", "--ref"]), ["--reference"]);
}

#[test]
fn every_command_has_a_page_in_the_manual() {
    let desk = Desk::new();
    let printed = desk.run("manual").succeeds().out;
    assert!(printed.contains(".TH inkproof 1") && printed.contains("verify\\-batch"), "{printed}");
    desk.run("manual --out pages").succeeds();
    let page = |name: &str| std::fs::read_to_string(desk.path("pages").join(name)).unwrap();
    let help = desk.run("--help").succeeds().out;
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names: Vec<&str> = commands.filter_map(|line| line.strip_prefix("  ")?.split(' ').next()).collect();
    let names: Vec<&str> = names.into_iter().filter(|name| !["", "help"].contains(name)).collect();
    assert!(names.len() > 25, "{names:?}");
    for name in names {
        assert!(page(&format!("inkproof-{name}.1")).contains(".SH SYNOPSIS"), "{name}");
    }
    assert!(page("inkproof-store-check.1").contains("store check"));
}

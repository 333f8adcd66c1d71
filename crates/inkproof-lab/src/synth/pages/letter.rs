//! Letters and memos.

use rand::RngExt;

use super::canvas::Type;
use super::desk::Desk;
use super::fonts::Family;
use super::words;

/// A letter, with or without its head, its end and its signatures.
pub(super) fn letter(desk: &mut Desk<'_>, is_signed: bool) {
    let (width, height) = desk.paper();
    let sides = [desk.between(18.0, 33.0), width - desk.between(16.0, 32.0)];
    // A page that goes on, or the last of several.
    let is_first = desk.chance(0.8);
    let is_last = is_signed || desk.chance(0.65);
    let mut y = if is_first { opening(desk, sides) } else { running_head(desk, sides) };
    let lowest = height - desk.between(20.0, 30.0);
    if !is_last {
        desk.paragraphs(sides, y, lowest);
        return;
    }
    // A closing takes some 45 mm.
    let last = lowest - 45.0;
    let floor = if y + 12.0 < last { desk.between(y + 8.0, last) } else { last };
    let floor = if desk.chance(0.4) { floor.max(0.5 * (y + last)) } else { floor };
    y = if desk.chance(0.04) { by_hand(desk, sides, y, floor) } else { desk.paragraphs(sides, y, floor) };
    y += desk.between(0.5, 2.5) * desk.single();
    y = ending(desk, sides, y, is_signed);
    afterwards(desk, sides[0], y, lowest);
}

/// The text of a letter that was written by hand; returns the first free baseline after it.
fn by_hand(desk: &mut Desk<'_>, sides: [f64; 2], y: f64, floor: f64) -> f64 {
    let rows = ((floor - y) / 10.0).max(1.0);
    desk.note(sides[0], y, sides[1] - sides[0], rows as usize);
    y + 11.0 * rows
}

/// Head, date, address and salutation; returns the first baseline of the text.
fn opening(desk: &mut Desk<'_>, sides: [f64; 2]) -> f64 {
    let mut y = if desk.chance(0.82) { letterhead(desk) } else { desk.between(25.0, 50.0) };
    y += desk.between(4.0, 18.0);
    let date = words::date(&mut desk.rng);
    let body = desk.body;
    match desk.rng.random_range(0..3) {
        0 => {
            desk.print(&date, sides[0], y, body);
        }
        1 => desk.print_to(&date, sides[1], y, body),
        _ => {
            desk.print(&date, 0.55 * (sides[0] + sides[1]), y, body);
        }
    }
    y += desk.between(2.0, 5.0) * desk.single();
    let mut address = vec![words::name(&mut desk.rng)];
    if desk.chance(0.5) {
        address.push(words::title(&mut desk.rng).to_owned());
    }
    if desk.chance(0.7) {
        address.push(words::firm(&mut desk.rng));
    }
    address.push(words::street(&mut desk.rng));
    address.push(words::town(&mut desk.rng));
    let single = desk.single();
    y = desk.lines(&address, sides[0], y, single) + single;
    if desk.chance(0.3) {
        let (label, count) = (desk.pick(&["RE: ", "Re: ", "Subject: ", "Betreft: ", ""]), desk.rng.random_range(2..7));
        let subject = format!("{label}{}", words::phrase(&mut desk.rng, desk.language, count));
        let style = if desk.chance(0.5) { desk.bold() } else { body };
        let indent = if desk.chance(0.4) { 12.0 } else { 0.0 };
        if desk.chance(0.5) {
            desk.print_underlined(&subject, sides[0] + indent, y, style);
        } else {
            desk.print(&subject, sides[0] + indent, y, style);
        }
        y += 2.0 * single;
    }
    let greeting = desk.pick(&[
        "Dear Mr. ",
        "Dear Dr. ",
        "Dear Ms. ",
        "Dear ",
        "Gentlemen, ",
        "Geachte heer ",
        "Sehr geehrte Frau ",
    ]);
    let end = desk.pick(&[":", ",", ":"]);
    let greeting = format!("{greeting}{}{end}", words::surname(&mut desk.rng));
    desk.print(&greeting, sides[0], y, body);
    y + 2.0 * single
}

/// Name and address of a firm, with an emblem or without; returns where it ends.
pub(super) fn letterhead(desk: &mut Desk<'_>) -> f64 {
    let (width, height) = desk.paper();
    let (firm, points) = (words::firm(&mut desk.rng), desk.between(11.0, 24.0));
    let firm = if desk.chance(0.5) { firm.to_uppercase() } else { firm };
    let mut head = desk.display(points);
    if desk.chance(0.08) {
        head = Type { em: head.em, ..desk.face(Family::Script, false, points) };
    }
    head.em *= (0.75 * width / head.width(&firm)).min(1.0);
    let points = desk.between(6.0, 9.5);
    let small = Type { stretch: 1.0, ..desk.display(points) };
    let top = desk.between(8.0, 20.0);
    let tall = desk.between(9.0, 24.0);
    let has_logo = desk.chance(0.5);
    let middle = 0.5 * width;
    let lines = [
        format!("{} • {}", words::street(&mut desk.rng), words::town(&mut desk.rng)),
        format!("Telephone {} • Telex {}", words::figures(&mut desk.rng, 9), words::figures(&mut desk.rng, 6)),
    ];
    let step = 1.3 * small.em;
    let bottom = match desk.rng.random_range(0..4) {
        // All in the middle.
        0 | 1 => {
            let mut y = top;
            if has_logo {
                desk.logo(middle - 0.5 * tall, y, tall);
                y += tall + 2.0;
            }
            y += head.em;
            desk.print_centered(&firm, middle, y, head);
            for line in &lines[..desk.rng.random_range(1..3)] {
                y += step + 0.6;
                desk.print_centered(line, middle, y, small);
            }
            y
        }
        // An emblem at the left, the name beside it.
        2 => {
            let mut x = desk.between(12.0, 26.0);
            if has_logo {
                x += desk.logo(x, top, tall) + 4.0;
            }
            head.em *= ((width - x - 12.0) / head.width(&firm)).min(1.0);
            let mut y = top + head.em;
            desk.print(&firm, x, y, head);
            for line in &lines {
                y += step;
                desk.print(line, x, y, small);
            }
            y.max(if has_logo { top + tall } else { 0.0 })
        }
        // The name at the left, the address at the right, an emblem above or none.
        _ => {
            let mut y = top;
            if has_logo {
                let x = if desk.chance(0.5) { desk.between(12.0, 26.0) } else { width - 2.2 * tall - 12.0 };
                desk.logo(x, y, tall);
                y += tall + 1.0;
            }
            head.em *= (0.5 * width / head.width(&firm)).min(1.0);
            desk.print(&firm, 18.0, y + head.em, head);
            for (row, line) in lines.iter().enumerate() {
                desk.print_to(line, width - 14.0, y + (row + 1) as f64 * step, small);
            }
            y + head.em.max(2.0 * step)
        }
    };
    if desk.chance(0.35) {
        let (left, thick) = (desk.between(10.0, 22.0), desk.between(0.2, 1.2));
        desk.rule(left, width - left, bottom + 2.5, thick);
    }
    if desk.chance(0.15) {
        let foot = words::sentence(&mut desk.rng, desk.language);
        let small = small.sized((0.85 * width / small.width(&foot)).min(1.0));
        desk.print_centered(&foot, middle, height - 9.0, small);
    }
    bottom + 4.0
}

/// What stands above a second page; returns the first baseline of the text.
fn running_head(desk: &mut Desk<'_>, sides: [f64; 2]) -> f64 {
    let y = desk.between(14.0, 28.0);
    let page = desk.rng.random_range(2..9);
    let (name, date) = (words::name(&mut desk.rng), words::date(&mut desk.rng));
    let body = desk.body;
    let single = desk.single();
    if desk.chance(0.5) {
        desk.print(&name, sides[0], y, body);
        desk.print_centered(&format!("- {page} -"), 0.5 * (sides[0] + sides[1]), y, body);
        desk.print_to(&date, sides[1], y, body);
        return y + 3.0 * single;
    }
    desk.lines(&[name, date, format!("Page {page}")], sides[0], y, single) + 1.5 * single
}

/// Closing phrase, signatures and names; returns the baseline after them.
fn ending(desk: &mut Desk<'_>, sides: [f64; 2], y: f64, is_signed: bool) -> f64 {
    let middle = 0.5 * (sides[0] + sides[1]);
    let x = if desk.chance(0.72) { middle + desk.between(-8.0, 22.0) } else { sides[0] };
    let (single, body) = (desk.single(), desk.body);
    let gap = desk.between(8.0, 22.0);
    let closing = words::closing(&mut desk.rng);
    let has_closing = desk.chance(0.9);
    if has_closing {
        desk.print(closing, x, y, body);
    }
    let mut names = y + gap;
    if desk.chance(0.15) {
        let firm = words::firm(&mut desk.rng).to_uppercase();
        desk.print(&firm, x, y + single, body);
        names += single;
    }
    let room = (sides[1] - x).min(85.0);
    let signers = if desk.chance(0.12) { 2 } else { 1 };
    // The second one stands at the left, or where the first one does not.
    let second = if x > middle - 10.0 { sides[0] } else { middle + 10.0 };
    let mut end = names;
    for x in [x, second].into_iter().take(signers) {
        end = end.max(signer(desk, x, names, gap, single, room, is_signed));
    }
    end
}

/// One name with its title, signed above; returns the baseline after it.
fn signer(desk: &mut Desk<'_>, x: f64, y: f64, gap: f64, single: f64, room: f64, is_signed: bool) -> f64 {
    let body = desk.body;
    let has_name = desk.chance(0.9);
    let mut end = y;
    if has_name {
        let name = words::name(&mut desk.rng);
        desk.print(&name, x, y, body);
        end += single;
        for _ in 0..desk.rng.random_range(0..3) {
            let title = words::title(&mut desk.rng);
            desk.print(title, x, end, body);
            end += single;
        }
    }
    if desk.chance(0.1) {
        desk.rule(x, x + 0.9 * room, y - body.em, 0.3);
    }
    if is_signed {
        let up = desk.between(-0.1, 0.6) * gap;
        desk.sign(x, y - up - 0.2 * body.em, room);
        // Signed for somebody else.
        if desk.chance(0.06) {
            let beside = x + desk.between(0.4, 0.8) * room;
            desk.initial(beside, y + 1.0);
        }
    }
    end
}

/// Typist's initials, enclosures and copies.
pub(super) fn afterwards(desk: &mut Desk<'_>, x: f64, y: f64, lowest: f64) {
    let single = desk.single();
    let mut lines = Vec::new();
    if desk.chance(0.55) {
        let letters: String = words::surname(&mut desk.rng).to_uppercase().chars().take(3).collect();
        lines.push(format!(
            "{letters}{}{}",
            desk.pick(&[":", "/", ":mb/"]),
            desk.pick(&["ms", "djn", "er", "cak", "lw"])
        ));
        lines.push(String::new());
    }
    if desk.chance(0.35) {
        lines.push(desk.pick(&["Enclosure", "Enclosures", "Encl.", "Attachments", "Bijlage", "Anlage"]).to_owned());
        lines.push(String::new());
    }
    if desk.chance(0.45) {
        for copy in 0..desk.rng.random_range(1..7) {
            let label = if copy == 0 { "cc:  " } else { "     " };
            lines.push(format!("{label}{}", words::name(&mut desk.rng)));
        }
    }
    let mut at = y + single;
    for line in lines {
        if at > lowest {
            return;
        }
        let body = desk.body;
        desk.print(&line, x, at, body);
        at += single;
    }
}

/// A memo: who to whom, with initials beside the name more often than a signature.
pub(super) fn memo(desk: &mut Desk<'_>, is_signed: bool) {
    let (width, height) = desk.paper();
    let sides = [desk.between(18.0, 30.0), width - desk.between(16.0, 30.0)];
    let body = desk.body;
    let mut y = if desk.chance(0.45) { letterhead(desk) } else { desk.between(14.0, 30.0) };
    let heading = desk.pick(&[
        "MEMORANDUM",
        "INTER-OFFICE CORRESPONDENCE",
        "Memo",
        "M E M O",
        "Interne Mitteilung",
        "INTEROFFICE MEMO",
    ]);
    let points = desk.between(11.0, 22.0);
    let style = desk.display(points);
    let style = style.sized((0.8 * (width - 40.0) / style.width(heading)).min(1.0));
    y += 1.4 * style.em;
    if desk.chance(0.5) {
        desk.print_centered(heading, 0.5 * width, y, style)
    } else {
        desk.print_to(heading, sides[1], y, style)
    };
    y += desk.between(6.0, 14.0);
    let single = desk.single() * desk.pick(&[1.0, 1.5, 2.0]);
    let value = sides[0] + desk.between(22.0, 34.0);
    let label = if desk.chance(0.4) { desk.bold() } else { body };
    let has_initials = desk.chance(0.35);
    for field in ["TO:", "FROM:", "DATE:", "SUBJECT:"] {
        desk.print(field, sides[0], y, label);
        let text = match field {
            "DATE:" => words::date(&mut desk.rng),
            "SUBJECT:" => words::phrase(&mut desk.rng, desk.language, 5),
            _ if desk.chance(0.3) => words::department(&mut desk.rng).to_owned(),
            _ => words::name(&mut desk.rng),
        };
        let end = desk.print(&text, value, y, body);
        if field == "FROM:" && has_initials {
            let beside = end + desk.between(-2.0, 10.0);
            desk.initial(beside, y);
        }
        y += single;
    }
    if desk.chance(0.6) {
        let thick = desk.between(0.2, 1.0);
        desk.rule(sides[0], sides[1], y, thick);
    }
    y += 2.0 * body.em;
    let lowest = height - desk.between(20.0, 30.0);
    let last = lowest - 30.0;
    let floor = if y + 12.0 < last { desk.between(y + 10.0, last) } else { last };
    y = desk.paragraphs(sides, y, floor);
    if desk.chance(0.3) && y + 30.0 < last {
        y = super::report::table(desk, sides, y, 4);
    }
    if is_signed {
        let x = 0.5 * (sides[0] + sides[1]) + desk.between(-20.0, 20.0);
        let gap = desk.between(8.0, 18.0);
        let has_name = desk.chance(0.5);
        if has_name {
            let name = words::name(&mut desk.rng);
            desk.print(&name, x, y + gap, body);
        }
        desk.sign(x, y + gap - 2.0, (sides[1] - x).min(75.0));
        y += gap + single;
    }
    afterwards(desk, sides[0], y, lowest);
}

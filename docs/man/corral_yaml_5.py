#!/usr/bin/env python3
"""Writes corral.yaml(5) from config/corral.yaml, in which every key stands with its default and its meaning.
    corral_yaml_5.py config/corral.yaml > corral.yaml.5"""
import re
import sys

HEAD = r""".\" Made from config/corral.yaml by docs/man/corral_yaml_5.py.
.Dd November 23, 2026
.Dt CORRAL.YAML 5
.Os corral
.Sh NAME
.Nm corral.yaml
.Nd configuration of corral
.Sh DESCRIPTION
"""
TAIL = r""".Sh FILES
.Bl -tag -width Ds
.It Pa /etc/corral/corral.yaml
of corral.service
.It Pa /etc/corral/NAME.yaml
of corral@NAME.service
.It Pa /usr/share/doc/corral/examples/corral.yaml
this page as a file to copy from
.El
.Pp
The services are started in
.Pa /var/lib/corral :
relative paths begin there.
.Sh SEE ALSO
.Xr corral 1
"""
KEY = re.compile(r"(?P<indent> *(?:- )?)(?P<key>[a-z_]+):(?: +(?P<value>[^# ].*?))?(?: +# (?P<text>.*))?")
COMMENT = re.compile(r"(?P<indent> *)# (?P<text>.*)")
# Keys that are off by default stand behind a `#` at their place.
OFF = re.compile(r"( {2,4})# ( *(?:[a-z_]+:.*|# .*))")
BEHIND = 20  # a comment from this column on goes on with that of the key above, others belong to the key below


class Entry:
    def __init__(self, path, default, text):
        self.path, self.default, self.text = path, default, text


def entries(lines):
    found, before, around = [], [], []
    for line in lines:
        off = OFF.fullmatch(line)
        line = off[1] + off[2] if off else line
        key, comment = KEY.fullmatch(line), COMMENT.fullmatch(line)
        if key:
            indent = len(key["indent"])
            around = [one for one in around if one[0] < indent] + [(indent, key["key"])]
            path = ".".join(name for _, name in around).replace("pools.", "pools[].")
            found.append(Entry(path, key["value"], before + [key["text"] or ""]))
            before = []
        elif comment and len(comment["indent"]) >= BEHIND:
            found[-1].text.append(comment["text"])
        elif comment:
            before.append(comment["text"])
        elif line:
            raise SystemExit(f"this line is neither a key nor a comment: {line}")
    return found


def escaped(text):
    for char, roff in (("\\", r"\e"), ("`", "'"), ("'", r"\(aq"), ('"', r"\(dq"), ("-", r"\-")):
        text = text.replace(char, roff)
    return r"\&" + text if text.startswith((".", r"\(aq")) else text


def sentences(lines):
    """Each on a line of its own, as mdoc wants it."""
    text = " ".join(line for line in lines if line)
    return "".join(escaped(one) + "\n" for one in re.split(r"(?<=\.) (?=[A-Z])", text) if one)


def introduction(comment):
    """The comment at the head of the file; its points begin with a dash."""
    text = " ".join(line.removeprefix("#").strip() for line in comment.splitlines())
    return ".Pp\n".join(sentences([point.strip()]) for point in text.split(" - "))


def page(source):
    head, _, rest = source.partition("\n\n")
    out = [HEAD, introduction(head), ".Sh KEYS\n"]
    listing = False
    for entry in entries(rest.splitlines()):
        section = "." not in entry.path
        if section != (not listing):
            out.append(".El\n" if listing else ".Bl -tag -width Ds\n")
            listing = not listing
        default = f" : {escaped(entry.default)}" if entry.default else ""
        out.append((".Ss " if section else ".It ") + entry.path + default + "\n" + sentences(entry.text))
    return "".join(out) + ".El\n" + TAIL


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        sys.stdout.write(page(file.read()))

#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Whether the dissector and "romon decode" see the same in the same frames.

    check.py ROMON FOLDER TSHARK...

FOLDER is where captures go. In FOLDER/plugins is the dissector, installed.
Results are TAP.

A frame is compared field by field: what decode tells of some bytes is put
together anew from what tshark shows of just these, and has to be the same
words; and tshark shows nothing of bytes that decode is silent about. Beside
that are what only the dissector tells: digests, streams, warnings.
"""

import collections
import concurrent.futures
import io
import json
import os
import pathlib
import re
import subprocess
import sys
import xml.etree.ElementTree as ET

import corpus

# A field of the tree that has bytes and no parts, with the text of what it is in.
Leaf = collections.namedtuple("Leaf", "at size name show text value parent")
Seen = collections.namedtuple("Seen", "leaves error names digest")

# Shown of no bytes, or of some that are another field's already.
GENERATED = {"romon.stream.data"}


class Tshark:
    """One with nobody's preferences and plugins, but for the dissector."""

    def __init__(self, program, folder, plugins="plugins"):
        self.program = program
        self.environ = dict(
            os.environ,
            LC_ALL="C.UTF-8",
            HOME=str(folder),
            XDG_CONFIG_HOME=str(folder / "config"),
            WIRESHARK_PLUGIN_DIR=str(folder / plugins),
        )
        said = self.run("--version")[0].decode()
        self.name = "tshark " + re.search(r"TShark \(Wireshark\) (\d[\d.]*\d)", said)[1]
        self.lua = "Lua " + re.search(r"\bLua:?\s+(\d[\d.]*\d)", said)[1]

    def run(self, *options, secrets=()):
        command = [self.program, "-n", *options]
        if options == ("--version",):
            del command[1]
        if secrets:
            text = ",".join(s.replace(",", "\\x2c") for s in secrets)
            command += ["-o", f"romon.secrets:{text}"]
        # Lua is not for root.
        if os.geteuid() == 0:
            command = ["unshare", "--user", "--map-user=65534", "--map-group=65534", *command]
        done = subprocess.run(command, env=self.environ, capture_output=True, check=False)
        said = done.stderr.decode(errors="replace")
        if done.returncode:
            raise RuntimeError(f"{self.name}: {' '.join(command)}: {said}")
        return done.stdout, said


    def fields(self, capture, filter, *names, options=()):
        """Of the frames that a filter lets through, a list of values each."""
        names = [word for name in names for word in ("-e", name)]
        out, _ = self.run("-r", str(capture.path), "-Y", filter, "-T", "fields", *names, *options,
                          secrets=capture.secrets)
        return [line.split("\t") for line in out.decode().splitlines()]


# What tshark shows


def leaves(proto):
    start = int(proto.get("pos"))
    found = []

    def visit(item, parent):
        below = False
        for field in item:
            if field.get("hide") == "yes" or field.get("size") == "0":
                continue
            if field.get("name").startswith("_ws.") or field.get("name") in GENERATED:
                continue
            below = True
            if not visit(field, field.get("showname")):
                found.append(Leaf(int(field.get("pos")) - start, int(field.get("size")), field.get("name"),
                                  field.get("show"), field.get("showname"), field.get("value"), parent))
        return below

    visit(proto, "")
    return sorted(found, key=lambda leaf: leaf.at)


def seen(packet):
    """A packet of PDML, or None if it has no RoMON."""
    protos = [proto for proto in packet if proto.get("name") == "romon"]
    if not protos:
        return None
    fields = {}
    for field in protos[0].iter("field"):
        fields.setdefault(field.get("name"), field)
    error, status = fields.get("romon.error"), fields.get("romon.auth.digest.status")
    text = fields["romon.malformed"].get("showname") if "romon.malformed" in fields else None
    return Seen(
        leaves(protos[0]),
        (error.get("show"), text) if error is not None else None,
        set(fields),
        re.search(r": (.*) \(\d\)", status.get("showname"))[1] if status is not None else None,
    )


def shown(tshark, capture):
    out, said = tshark.run("-r", str(capture.path), "-T", "pdml", "-J", "romon", secrets=capture.secrets)
    said += "".join(error.decode() + "\n" for error in re.findall(rb'show="(Lua Error[^"]*)', out))
    packets = []
    for _, element in ET.iterparse(io.BytesIO(out)):
        if element.tag == "packet":
            packets.append(seen(element))
            element.clear()
    return packets, said


# Decode's words, of what tshark shows


def named(leaf, title):
    """"Type: Data (3)" -> "3 Data"."""
    match = re.fullmatch(rf"{title}: (.*) \((\d+)\)", leaf.text)
    return f"{match[2]} {'unknown' if match[1] == 'Unknown' else match[1]}"


def service(leaf):
    match = re.search(r" \((\w+)\)$", leaf.text)
    return leaf.show + (f" {match[1]}" if match else "")


def entry(found):
    link, mac = found
    text = f"link {link.show} to {mac.show}"
    return f"{text}  ← ptr" if link.parent.endswith(", in use") else text


def tlv(found):
    tag, length = found
    return f"{tag.show} {re.search(r'[(](.*)[)]', tag.text)[1]}, {length.show} bytes"


def end(found):
    if len(found) == 1:
        return found[0].text.split(": ")[1]
    link, l2mtu, cost, mac = (leaf.show for leaf in found)
    return f"link {link} l2mtu {l2mtu} cost {cost} mac {mac}"


def show(found):
    return found[0].show


def size(found):
    return f"{found[0].size} bytes"


def plain(found):
    return found[0].show.replace(":", "")


def string(found):
    """Up to a zero byte, as the bytes are: each has its own way to show what is no text."""
    return bytes.fromhex(found[0].value).split(b"\0")[0].decode(errors="replace")


def zero(found):
    """Of the bytes that are reserved decode has nothing to say."""
    return "should be zero" if found[0].name == "romon.zero" and int(found[0].show, 0) else ""


def silent(_):
    return ""


def ends(which):
    whole = f"romon.route.{which}"
    return [[whole], [f"{whole}.{part}" for part in ("link", "l2mtu", "cost", "mac")]]


# By decode's name: the fields that may show it, and how they say it.
WORDS = {
    "type": ([["romon.type"]], lambda found: named(found[0], "Type")),
    "zero": ([["romon.zero"], ["romon.reserved"]], zero),
    "length": ([["romon.length"]], lambda found: found[0].text.split(": ", 1)[1]),
    "authentication": ([["romon.auth"]],
                       lambda found: "all zero: " + re.search(r"\((.*)\)", found[0].text)[1]),
    "sequence": ([["romon.auth.sequence"]], show),
    "digest": ([["romon.auth.digest"]], lambda _: "hashed"),
    "source": ([["romon.src"]], show),
    "destination": ([["romon.dst"]],
                    lambda found: "everybody" if "(everybody)" in found[0].text else found[0].show),
    "hops": ([["romon.hops"]], show),
    "ptr": ([["romon.ptr"]], show),
    "entry": ([["romon.entry.link", "romon.entry.mac"]], entry),
    "tlv": ([["romon.tlv.type", "romon.tlv.length"]], tlv),
    "route id": ([["romon.route.id"]], show),
    "route in": (ends("in"), end),
    "route out": (ends("out"), end),
    "identity": ([["romon.identity"]], string),
    "version": ([["romon.version"]], show),
    "board": ([["romon.board"]], string),
    "challenge": ([["romon.challenge"]], plain),
    "echo": ([["romon.challenge.echo"]], plain),
    "mark": ([["romon.mark"]], plain),
    "value": ([["romon.tlv.value"]], size),
    "source port": ([["romon.srcport"]], lambda found: service(found[0])),
    "dest. port": ([["romon.dstport"]], lambda found: service(found[0])),
    "kind": ([["romon.segment.kind"]], lambda found: named(found[0], "Kind")),
    "any": ([["romon.segment.any"]], silent),
    "seq": ([["romon.segment.seq"], ["romon.echo.seq"]],
            lambda found: found[0].text.split(": ")[1].replace(" of an", " an")),
    "ack": ([["romon.segment.ack"]], show),
    "reason": ([["romon.segment.reason"]], lambda found: named(found[0], "Reason")),
    "payload": ([["romon.payload"], ["romon.segment.data"]], size),
    "body": ([["romon.body"]], size),
    "padding": ([["romon.padding"]], size),
}


def same(name, ours, theirs):
    if name in ("identity", "board"):
        return ours.replace("\ufffd", "") == theirs.replace("\ufffd", "")
    if name == "tlv":
        # Of Hello nothing says that it is skipped.
        theirs = theirs.replace("unknown, skipped", "unknown")
    return ours == theirs.replace("<- ptr", "← ptr")


def compare(told, packet):
    """What differs between a frame of decode and one of tshark; nothing if they agree."""
    if packet is None:
        return [] if not told["fields"] else ["tshark has no RoMON there"]
    wrong, rest = [], list(packet.leaves)
    for field in told["fields"]:
        at, stop, name = field["offset"], field["offset"] + field["length"], field["name"]
        what = f"{name} at {at}"
        found = []
        while rest and rest[0].at < stop:
            found.append(rest.pop(0))
        edges = [at] + [leaf.at + leaf.size for leaf in found]
        if [leaf.at for leaf in found] != edges[:-1] or edges[-1] != stop:
            wrong.append(f"{what}: not the same bytes: {found}")
            continue
        if field["value"] == "cut off":
            if found[0].name != "romon.cut" or not found[0].text.startswith(f"Cut off: {name},"):
                wrong.append(f"{what}: cut off, shown as {found}")
            continue
        fields, words = WORDS[re.sub(r"\[\d+\]$", "", name)]
        if [leaf.name for leaf in found] not in fields:
            wrong.append(f"{what}: shown as {found}")
        elif not same(name, words(found), field["value"]):
            wrong.append(f"{what}: {field['value']!r}, shown as {words(found)!r}")
    if rest:
        wrong.append(f"only tshark shows {rest}")
    error = packet.error[0] if packet.error else None
    if error != told.get("error"):
        wrong.append(f"error {told.get('error')}, shown as {error}")
    elif error and not packet.error[1].endswith(f"{error}: {told['reason']}"):
        wrong.append(f"reason {told['reason']!r}, shown as {packet.error[1]!r}")
    return wrong


# Results, which are lists of (what holds, what is against it)


def wrong_digests(capture, told):
    """What they should be is a status, or "not" one."""
    wrong = []
    for number, how in capture.digests.items():
        status = told[number - 1]
        if status == how[4:] if how.startswith("not ") else status != how:
            wrong.append(f"{capture.path.name}: frame {number}: digest {status}, should be {how}")
    return wrong


def check_fields(results, tshark, capture, told):
    packets, said = shown(tshark, capture)
    name = capture.path.name
    wrong = [f"{name}: frame {number}: {line}"
             for number, (one, other) in enumerate(zip(told, packets), 1) for line in compare(one, other)]
    if len(told) != len(packets):
        wrong.insert(0, f"{len(told)} frames, {len(packets)} of them shown")
    if not told:
        wrong.append("no frame at all")
    results.append((f"{tshark.name}: the {len(told)} frames of {name} are what decode says", wrong))
    complaints = [line for line in said.splitlines() if line and not line.startswith("Running as user")]
    results.append((f"{tshark.name}: {name} raises no error in Lua", complaints))

    wrong = wrong_digests(capture, [packet.digest for packet in packets])
    if capture.digests:
        results.append((f"{tshark.name}: right and wrong digests are told apart", wrong))
    wrong = [f"{name}: frame {number} has no {missing}" for number, wanted in capture.expected.items()
             for missing in set(wanted) - packets[number - 1].names]
    if capture.expected:
        results.append((f"{tshark.name}: what is suspicious in {name} is told", wrong))


STATUS = {"0": "Bad", "1": "Good", "2": "Unverified", "3": "Not present"}


def check_secrets(results, tshark, folder, capture):
    """The same of a file, with one secret a line."""
    file = folder / f"secrets-{tshark.name[7:]}"
    file.write_text("".join(f"{secret}\n" for secret in capture.secrets), encoding="utf-8")
    told = tshark.fields(capture._replace(secrets=()), "romon", "romon.auth.digest.status",
                         options=["-o", f"romon.secrets_file:{file}"])
    wrong = wrong_digests(capture, [STATUS[status] for status, in told])
    _, said = tshark.run("-r", str(capture.path), "-c", "1", "-o", f"romon.secrets_file:{file}.gone")
    if f"{file}.gone" not in said:
        wrong.append(f"of a file that is not there is said {said!r}")
    results.append((f"{tshark.name}: secrets are read from a file", wrong))


def check_again(results, tshark, capture):
    """A second pass has what the first one has found out, of frames before as well."""
    wrong = [f"an error in frame {number}"
             for number, in tshark.fields(capture, "_ws.lua.error", "frame.number", options=["-2"])]
    if capture.digests.get(1) == "Unverified":
        right = tshark.fields(capture, "romon.auth.digest.status == 1", "frame.number", options=["-2"])
        if right[:1] != [["1"]]:
            wrong.append("the digest of frame 1 is not right, with all marks known")
    results.append((f"{tshark.name}: {capture.path.name} is right on a second pass", wrong))


def check_streams(results, tshark, capture):
    """Each byte of a stream once, in order, whatever became of its segments."""
    carried = {}
    for index, port, data in tshark.fields(
            capture, "romon.stream.data", "romon.stream", "romon.srcport", "romon.stream.data"):
        key = int(index), int(port)
        carried[key] = carried.get(key, b"") + bytes.fromhex(data.replace(":", ""))
    wrong = [f"stream {key[0]} from port {key[1]}: {carried.get(key)!r}, not {data!r}"
             for key, data in capture.streams.items() if carried.get(key) != data]
    results.append((f"{tshark.name}: streams are what was sent, in order", wrong))
    found = tshark.fields(capture, "ssh.kex_algorithms", "romon.srcport", "ssh.kex_algorithms")
    wanted = [["50000", "curve25519-sha256"], ["3", "curve25519-sha256"]]
    wrong = [] if found == wanted else [f"key exchanges: {found}"]
    results.append((f"{tshark.name}: the dissector of SSH has what it carries", wrong))
    out, _ = tshark.run("-r", str(capture.path), "-q", "-z", "romon,streams")
    listed = [line.split()[0] for line in out.decode().splitlines()]
    wrong = [] if listed == ["Stream", "0", "1", "2", "3"] else [f"lines of {listed}"]
    results.append((f"{tshark.name}: -z romon,streams lists them", wrong))


def check_planted(results, tshark, folder, capture):
    """That nothing is said of errors says something."""
    planted = folder / f"planted-{tshark.name[7:]}"
    planted.mkdir(exist_ok=True)
    source = (folder / "plugins/romon.lua").read_text(encoding="utf-8")
    place = "function romon.dissector(tvb, pinfo, root)\n"
    source = source.replace(place, place + '\terror("planted")\n')
    (planted / "romon.lua").write_text(source, encoding="utf-8")
    _, said = shown(Tshark(tshark.program, folder, planted.name), capture)
    wrong = [] if place in source and "planted" in said else [f"said: {said!r}"]
    results.append((f"{tshark.name}: an error in Lua would be seen", wrong))


def decode(romon, capture):
    done = subprocess.run([romon, "-j", "decode", str(capture.path)], stdout=subprocess.PIPE, check=True,
                          env=dict(os.environ, LC_ALL="C.UTF-8"))
    return json.loads(done.stdout)


def check_all(tshark, folder, captures, told):
    results = []
    for capture in captures:
        check_fields(results, tshark, capture, told[capture.path])
        if capture.secrets or capture.streams:
            check_again(results, tshark, capture)
        if capture.digests:
            check_secrets(results, tshark, folder, capture)
        if capture.streams:
            check_streams(results, tshark, capture)
    check_planted(results, tshark, folder, captures[0])
    return results


def main():
    romon, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    captures = corpus.captures(folder / "captures")
    told = {capture.path: decode(romon, capture) for capture in captures}
    tsharks = [Tshark(program, folder) for program in sys.argv[3:]]
    failed, count = False, 0
    print("TAP version 13")
    for tshark in tsharks:
        print(f"# {tshark.name}, {tshark.lua}")
    with concurrent.futures.ThreadPoolExecutor(len(tsharks)) as pool:
        for results in pool.map(lambda tshark: check_all(tshark, folder, captures, told), tsharks):
            for count, (what, wrong) in enumerate(results, count + 1):
                for line in wrong[:10]:
                    print(f"# {line}")
                if len(wrong) > 10:
                    print(f"# ... and {len(wrong) - 10} more")
                print(f"{'not ok' if wrong else 'ok'} {count} - {what}", flush=True)
                failed = failed or bool(wrong)
    print(f"1..{count}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())

-- SPDX-License-Identifier: GPL-2.0-only
--
-- RoMON, the Router Management Overlay Network, for Wireshark and tshark: 4.0 and
-- newer, with Lua 5.2 or 5.4.
--
-- What is on the wire is told by Documentation/protocol.rst of romon, what can be
-- done with this file by Documentation/wireshark.rst. Whether a frame is right is
-- decided by the rules of kernel/path/wire.c, under the same names; all else is
-- shown as far as it goes, and field by field as `romon decode` has it.

-- All state of a capture, made anew by romon.init(), is in here.
local capture

-- Sizes of parts of a frame, in bytes. Offsets count from the type byte.
local ETH_HEADER = 14
local HEADER = 40
local ENTRY = 10
local ROUTE = 34
local ROUTE_END = 14
local SEGMENT = 10

local DISCOVER, RESP, DATA, SEQERR, HELLO = 1, 2, 3, 4, 5
local ROUTE_TLV, IDENTITY_TLV, VERSION_TLV, BOARD_TLV = 1, 3, 4, 5
local CHALLENGE_TLV, ECHO_TLV, MARK_TLV = 1, 2, 3
local ECHO_PORT, SSH_PORT, WINBOX_PORT = 1, 3, 4
local OPEN, ANSWER, SEGMENT_DATA, ACK, CLOSE = 0, 1, 2, 3, 4

local NO_ID, EVERYBODY = ("\0"):rep(6), ("\255"):rep(6)
local GROUP = "\1\128\194\0\136\191"

local type_names = {
	[DISCOVER] = "Discover",
	[RESP] = "DiscoverResp",
	[DATA] = "Data",
	[SEQERR] = "SeqErr",
	[HELLO] = "Hello",
}

local tlv_names = {
	[ROUTE_TLV] = "Route",
	[IDENTITY_TLV] = "Identity",
	[VERSION_TLV] = "Version",
	[BOARD_TLV] = "Board",
}

-- Hello and SeqErr have tags of their own.
local hello_tlv_names = {
	[CHALLENGE_TLV] = "Challenge",
	[ECHO_TLV] = "Echo",
	[MARK_TLV] = "Mark",
}

local service_names = {
	[ECHO_PORT] = "echo",
	[SSH_PORT] = "SSH",
	[WINBOX_PORT] = "WinBox",
}

local kind_names = {
	[OPEN] = "open",
	[ANSWER] = "open-answer",
	[SEGMENT_DATA] = "data",
	[ACK] = "ack",
	[CLOSE] = "close",
}

local close_reasons = {
	[1] = "no such stream, or nothing served",
	[2] = "not permitted",
	[3] = "busy",
	[4] = "the service failed",
	[5] = "aborted",
	[6] = "nothing heard",
}

-- Of kernel/path/drop.h, those that a frame alone is enough for.
local drop_reasons = {
	too_short = "shorter than the header of its type",
	bad_length = "length field beyond the end of the frame",
	unknown_type = "unknown frame type",
	bad_hops = "no route entries, or more than the frame holds",
	bad_pointer = "route pointer outside of the route",
	bad_tlv = "TLV beyond the end of the frame or of a wrong length",
	bad_route_tlv = "not the Route TLVs that this type of frame has",
	bad_id = "source or destination ID that cannot be one",
	bad_transport = "no ports, or an echo request from the echo port",
}

-- As of ip.checksum.status and its like.
local BAD, GOOD, UNVERIFIED, NOT_PRESENT = 0, 1, 2, 3
local status_names = {
	[BAD] = "Bad",
	[GOOD] = "Good",
	[UNVERIFIED] = "Unverified",
	[NOT_PRESENT] = "Not present",
}

local romon = Proto("RoMON", "Router Management Overlay Network")

local f = {
	type = ProtoField.uint8("romon.type", "Type", base.DEC, type_names),
	zero = ProtoField.uint8("romon.zero", "Zero", base.HEX),
	length = ProtoField.uint16("romon.length", "Length", base.DEC, nil, nil,
		"Of the frame, its Ethernet header included"),
	auth = ProtoField.bytes("romon.auth", "Authentication", base.NONE,
		"All zero in a frame that is not hashed"),
	sequence = ProtoField.uint64("romon.auth.sequence", "Sequence number", base.DEC),
	digest = ProtoField.bytes("romon.auth.digest", "Digest", base.NONE, "HMAC-MD5"),
	status = ProtoField.uint8("romon.auth.digest.status", "Digest status", base.DEC, status_names),
	secret = ProtoField.uint8("romon.auth.secret", "Secret", base.DEC, nil, nil,
		"Which of the secrets of the preferences it is hashed with, from 1"),
	bound = ProtoField.string("romon.auth.mark", "Bound to mark", base.ASCII,
		"The mark of the port that it is for"),
	repeats = ProtoField.framenum("romon.auth.sequence.first", "Sequence number first seen in", base.NONE,
		frametype.DUP_ACK),
	src = ProtoField.ether("romon.src", "Source ID"),
	dst = ProtoField.ether("romon.dst", "Destination ID"),
	id = ProtoField.ether("romon.id", "ID", "Source, destination, or of a Route TLV"),
	name = ProtoField.string("romon.name", "Name", base.UNICODE,
		"The identity that an answer in this capture has told"),

	hops = ProtoField.uint8("romon.hops", "Hops", base.DEC, nil, nil, "Entries of the source route"),
	ptr = ProtoField.uint8("romon.ptr", "Pointer", base.DEC, nil, nil, "Index of the entry in use"),
	reserved = ProtoField.bytes("romon.reserved", "Zero"),
	entry = ProtoField.none("romon.entry", "Entry"),
	entry_link = ProtoField.uint32("romon.entry.link", "Link", base.DEC, nil, nil,
		"The sending router's number for its port"),
	entry_mac = ProtoField.ether("romon.entry.mac", "To", "Link MAC of the next router"),

	tlv = ProtoField.none("romon.tlv", "TLV"),
	tlv_type = ProtoField.uint8("romon.tlv.type", "Tag", base.DEC),
	tlv_length = ProtoField.uint8("romon.tlv.length", "Length", base.DEC),
	tlv_value = ProtoField.bytes("romon.tlv.value", "Value"),
	route_id = ProtoField.ether("romon.route.id", "Router"),
	identity = ProtoField.string("romon.identity", "Identity"),
	version = ProtoField.string("romon.version", "Version"),
	board = ProtoField.string("romon.board", "Board"),
	flood = ProtoField.framenum("romon.discover", "Answer to", base.NONE, frametype.REQUEST, nil,
		"The Discover that it answers"),
	flood_time = ProtoField.relative_time("romon.discover.time", "Time from it"),

	challenge = ProtoField.bytes("romon.challenge", "Challenge"),
	echoed = ProtoField.bytes("romon.challenge.echo", "Echo"),
	mark = ProtoField.bytes("romon.mark", "Mark", base.NONE, "Of the sending port"),
	challenged = ProtoField.framenum("romon.challenge.frame", "Challenged in", base.NONE,
		frametype.REQUEST),
	challenge_time = ProtoField.relative_time("romon.challenge.time", "Time from the challenge"),

	srcport = ProtoField.uint16("romon.srcport", "Source port", base.DEC),
	dstport = ProtoField.uint16("romon.dstport", "Destination port", base.DEC),
	port = ProtoField.uint16("romon.port", "Port", base.DEC, nil, nil, "Source or destination"),
	copy = ProtoField.framenum("romon.first_hop", "First seen in", base.NONE, frametype.NONE, nil,
		"The same datagram on another hop of its route"),
	copy_time = ProtoField.relative_time("romon.first_hop.time", "Time since"),
	payload = ProtoField.bytes("romon.payload", "Payload"),

	echo_seq = ProtoField.uint32("romon.echo.seq", "Sequence number", base.DEC),
	request = ProtoField.framenum("romon.echo.request", "Request in", base.NONE, frametype.REQUEST),
	response = ProtoField.framenum("romon.echo.response", "Answer in", base.NONE, frametype.RESPONSE),
	echo_time = ProtoField.relative_time("romon.echo.time", "Round trip"),

	stream = ProtoField.uint32("romon.stream", "Stream index", base.DEC),
	kind = ProtoField.uint8("romon.segment.kind", "Kind", base.DEC, kind_names),
	any = ProtoField.uint8("romon.segment.any", "Any", base.HEX, nil, nil,
		"Sent as any value; meaning not known"),
	seq = ProtoField.uint32("romon.segment.seq", "Sequence number", base.DEC),
	ack = ProtoField.uint32("romon.segment.ack", "Acknowledgement number", base.DEC),
	rel_seq = ProtoField.uint32("romon.segment.seq_relative", "Bytes before", base.DEC),
	rel_ack = ProtoField.uint32("romon.segment.ack_relative", "Bytes acknowledged", base.DEC),
	len = ProtoField.uint32("romon.segment.len", "Bytes in this segment", base.DEC),
	data = ProtoField.bytes("romon.segment.data", "Data"),
	reason = ProtoField.uint8("romon.segment.reason", "Reason", base.DEC, close_reasons),
	in_order = ProtoField.bytes("romon.stream.data", "Stream data", base.NONE,
		"What this segment adds to the stream: every byte once, in order"),
	acked = ProtoField.framenum("romon.segment.acks", "Acknowledges", base.NONE, frametype.ACK),
	rtt = ProtoField.relative_time("romon.segment.ack_rtt", "Time to acknowledge it"),
	flight = ProtoField.uint32("romon.segment.in_flight", "Bytes in flight", base.DEC),

	cut = ProtoField.bytes("romon.cut", "Cut off"),
	body = ProtoField.bytes("romon.body", "Body"),
	padding = ProtoField.bytes("romon.padding", "Padding"),
	error = ProtoField.string("romon.error", "Error", base.ASCII,
		"Why routers drop it: a drop reason of the module"),
}

-- The two ends of a Route TLV.
for _, which in ipairs({ "in", "out" }) do
	local abbreviation = "romon.route." .. which

	f["route_" .. which] = ProtoField.none(abbreviation, which == "in" and "In" or "Out")
	f[which .. "_link"] = ProtoField.uint32(abbreviation .. ".link", "Link", base.DEC)
	f[which .. "_l2mtu"] = ProtoField.uint16(abbreviation .. ".l2mtu", "L2 MTU", base.DEC)
	f[which .. "_cost"] = ProtoField.uint16(abbreviation .. ".cost", "Cost", base.DEC)
	f[which .. "_mac"] = ProtoField.ether(abbreviation .. ".mac", "Link MAC")
end

romon.fields = f

local function problem(severity, group, name, text)
	return ProtoExpert.new("romon." .. name, text, expert.group[group], expert.severity[severity])
end

local e = {
	malformed = problem("ERROR", "MALFORMED", "malformed", "Routers drop this frame"),
	zero = problem("NOTE", "PROTOCOL", "not_zero", "Should be zero"),
	unknown_tag = problem("CHAT", "PROTOCOL", "unknown_tag", "Unknown tag, which is skipped"),
	unknown_kind = problem("WARN", "PROTOCOL", "unknown_kind", "Unknown kind of segment"),
	not_group = problem("NOTE", "PROTOCOL", "not_group",
		"Discover that is not sent to the group"),
	not_unicast = problem("WARN", "PROTOCOL", "not_unicast",
		"Sent to a group, but meant for the next router"),
	bad_source = problem("WARN", "PROTOCOL", "bad_source",
		"Ethernet source is not a unicast address"),
	bad_next = problem("WARN", "PROTOCOL", "bad_next",
		"Not a unicast address: no router sends there"),
	wrong_hop = problem("WARN", "PROTOCOL", "wrong_hop",
		"The entry in use is not where this frame is going"),
	loop = problem("WARN", "PROTOCOL", "loop", "The route visits a router twice"),
	echo_port = problem("WARN", "PROTOCOL", "echo_port",
		"Echo request from the echo port, which is dropped: bad_transport"),
	small_l2mtu = problem("WARN", "PROTOCOL", "small_l2mtu",
		"Longer than the L2 MTU of the hop that it tells of"),
	no_answer = problem("WARN", "SEQUENCE", "echo.no_answer", "No answer in this capture"),

	wrong_digest = problem("ERROR", "CHECKSUM", "wrong_digest",
		"Hashed with none of the secrets"),
	unhashed = problem("WARN", "SECURITY", "unhashed",
		"Not hashed, but the secrets demand it"),
	unhashed_hello = problem("WARN", "SECURITY", "unhashed_hello",
		"Hello and SeqErr are always hashed"),
	repeated = problem("WARN", "SECURITY", "repeated",
		"Sequence number used before: a replay, or captured twice"),
	seqerr = problem("NOTE", "SEQUENCE", "seqerr",
		"A frame of the receiver was dropped for its sequence number"),

	opened = problem("CHAT", "SEQUENCE", "stream.open", "Opens a stream"),
	ended = problem("CHAT", "SEQUENCE", "stream.end", "End of one direction"),
	broken = problem("WARN", "SEQUENCE", "stream.broken", "Stream refused or broken off"),
	retransmission = problem("NOTE", "SEQUENCE", "segment.retransmission", "Sent again"),
	gap = problem("WARN", "SEQUENCE", "segment.gap",
		"Data before this is not in the capture, or late"),
	fills_gap = problem("NOTE", "SEQUENCE", "segment.fills_gap",
		"Fills a gap: out of order, or sent again after a loss"),
	missed = problem("WARN", "SEQUENCE", "segment.missed",
		"Acknowledges data that is not in the capture"),
	duplicate_ack = problem("NOTE", "SEQUENCE", "segment.duplicate_ack",
		"Acknowledges the same again"),
	alive = problem("NOTE", "SEQUENCE", "segment.alive",
		"Asks whether the other side is there"),
}

romon.experts = e

romon.prefs.secrets = Pref.string("Secrets", "",
	"Up to 16, with commas between them, as romon(8) takes them: \\xNN is a byte, " ..
	"an empty one stands for frames that are not hashed. Kept in the preferences as they stand")
romon.prefs.secrets_file = Pref.string("File of secrets", "",
	"A file with one secret a line, as romon(8) takes it. It is read when a capture is opened")
romon.prefs.stream_ports = Pref.range("Ports of streams", "3-4",
	"RoMON ports whose datagrams are segments of a stream", 65535)
romon.prefs.reassemble = Pref.bool("Dissect what streams carry", true,
	"Hand what streams carry, in order, to the dissector of the port, as is SSH")
romon.prefs.addresses = Pref.bool("IDs as addresses", true,
	"Show IDs as source and destination of a frame, instead of the MACs of the link")

-- What datagrams and streams carry, by RoMON port.
local services = DissectorTable.new("romon.port", "RoMON port", ftypes.UINT16, base.DEC, romon)

local eth_dst, eth_src = Field.new("eth.dst"), Field.new("eth.src")

-- Wireshark's Lua has no hashes. RFC 1321, by bit operations that it brings along in
-- all its versions, whatever those of Lua itself are.
local md5_shifts = {
	{ 7, 12, 17, 22 }, { 5, 9, 14, 20 }, { 4, 11, 16, 23 }, { 6, 10, 15, 21 },
}
local md5_sines = {}
for i = 1, 64 do
	md5_sines[i] = math.floor(math.abs(math.sin(i)) * 0x100000000)
end

local function md5_little_endian(number, bytes)
	local out = {}

	for i = 1, bytes do
		out[i] = string.char(number % 256)
		number = math.floor(number / 256)
	end
	return table.concat(out)
end

local function md5_block(text, at, a, b, c, d)
	local band, bor, bxor, bnot = bit.band, bit.bor, bit.bxor, bit.bnot
	local word = {}

	for i = 0, 15 do
		local b1, b2, b3, b4 = text:byte(at + 4 * i, at + 4 * i + 3)

		word[i] = b1 + b2 * 0x100 + b3 * 0x10000 + b4 * 0x1000000
	end
	for i = 0, 63 do
		local round = math.floor(i / 16)
		local mixed, which

		if round == 0 then
			mixed, which = bor(band(b, c), band(bnot(b), d)), i
		elseif round == 1 then
			mixed, which = bor(band(d, b), band(bnot(d), c)), (5 * i + 1) % 16
		elseif round == 2 then
			mixed, which = bxor(b, c, d), (3 * i + 5) % 16
		else
			mixed, which = bxor(c, bor(b, bnot(d))), 7 * i % 16
		end
		mixed = bit.tobit(mixed + a + md5_sines[i + 1] + word[which])
		a, d, c = d, c, b
		b = bit.tobit(b + bit.rol(mixed, md5_shifts[round + 1][i % 4 + 1]))
	end
	return a, b, c, d
end

local function md5(text)
	local a, b, c, d = 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476
	local padded = text .. "\128" .. ("\0"):rep((55 - #text) % 64) .. md5_little_endian(8 * #text, 8)

	for at = 1, #padded, 64 do
		local a2, b2, c2, d2 = md5_block(padded, at, a, b, c, d)

		a, b, c, d = bit.tobit(a + a2), bit.tobit(b + b2), bit.tobit(c + c2), bit.tobit(d + d2)
	end
	return md5_little_endian(a % 0x100000000, 4) .. md5_little_endian(b % 0x100000000, 4) ..
		md5_little_endian(c % 0x100000000, 4) .. md5_little_endian(d % 0x100000000, 4)
end

-- No secret is longer than a block of MD5.
local function hmac_md5(secret, text)
	local inner, outer = {}, {}

	for i = 1, 64 do
		local byte = secret:byte(i) or 0

		inner[i] = string.char(bit.bxor(byte, 0x36))
		outer[i] = string.char(bit.bxor(byte, 0x5c))
	end
	return md5(table.concat(outer) .. md5(table.concat(inner) .. text))
end

local SECRET_MAX = 64

-- Adds one; the empty one only says that frames need not be hashed.
local function add_secret(list, secret)
	if secret == "" then
		list.unhashed = true
	elseif #secret <= SECRET_MAX then
		list[#list + 1] = secret
	else
		report_failure("romon: a secret of more than " .. SECRET_MAX .. " bytes")
	end
end

local function read_secrets(list, name)
	local file, wrong = io.open(name, "rb")

	if not file then
		report_failure("romon: secrets: " .. wrong)
		return
	end
	for line in file:lines() do
		add_secret(list, line)
	end
	file:close()
end

-- The list of the preferences: .unhashed if it has the empty one, or none.
local function load_secrets()
	local list = {}

	if romon.prefs.secrets ~= "" and romon.prefs.secrets ~= "none" then
		for secret in (romon.prefs.secrets .. ","):gmatch("([^,]*),") do
			add_secret(list, (secret:gsub("\\x(%x%x)", function(digits)
				return string.char(tonumber(digits, 16))
			end)))
		end
	end
	if romon.prefs.secrets_file ~= "" then
		read_secrets(list, romon.prefs.secrets_file)
	end
	if #list == 0 then
		list.unhashed = true
	end
	return list
end

-- "3-4,22" as a list of the first and the last of each.
local function load_ranges(text)
	local ranges = {}

	for part in text:gmatch("[^,%s]+") do
		local first, last = part:match("^(%d+)%-?(%d*)$")

		if first then
			ranges[#ranges + 1] = { tonumber(first), tonumber(last) or tonumber(first) }
		end
	end
	return ranges
end

local function is_stream_port(port)
	for _, range in ipairs(capture.stream_ports) do
		if port >= range[1] and port <= range[2] then
			return true
		end
	end
	return false
end

-- Also before each time that all is dissected anew, as after a change of preferences.
function romon.init()
	capture = {
		secrets = load_secrets(),
		stream_ports = load_ranges(romon.prefs.stream_ports),
		frames = {},		-- by number: what was found out on the first pass
		names = {},		-- by ID: the identity that it told
		floods = {},		-- by origin, and with its Route TLV: the last such Discover
		challenges = {},	-- by challenge: the frame
		marks = {},		-- by MAC: those that it told
		sequences = {},		-- by MAC and number: the first frame
		datagrams = {},		-- by what is the same at all hops: the first
		requests = {},		-- of echo, by IDs, port and payload
		streams = {},		-- by IDs and ports: the last one
		n_streams = 0,
		all_streams = {},	-- by index
	}
end

local function u16(raw, at)
	local a, b = raw:byte(at + 1, at + 2)

	return a * 0x100 + b
end

local function u32(raw, at)
	return u16(raw, at) * 0x10000 + u16(raw, at + 2)
end

local function bytes(raw, at, len)
	return raw:sub(at + 1, at + len)
end

local function hex(raw, separator)
	return (raw:gsub(".", function(byte)
		return ("%02x%s"):format(byte:byte(), separator or "")
	end))
end

local function mac_text(raw)
	return hex(raw, ":"):sub(1, -2)
end

local function is_group(mac)
	return mac:byte() % 2 == 1
end

local function is_id(raw)
	return raw ~= NO_ID and raw ~= EVERYBODY
end

-- With the name that it has told, if there is one.
local function id_text(raw)
	local name = capture.names[raw]

	if raw == EVERYBODY then
		return "everybody"
	end
	return name and ("%s (%s)"):format(mac_text(raw), name) or mac_text(raw)
end

local function id_short(raw)
	return raw == EVERYBODY and "everybody" or capture.names[raw] or mac_text(raw)
end

-- A character of UTF-8, by how many bytes it has.
local characters = {
	"^[\1-\127]",
	"^[\194-\223][\128-\191]",
	"^\224[\160-\191][\128-\191]",
	"^\237[\128-\159][\128-\191]",
	"^[\225-\236\238\239][\128-\191][\128-\191]",
	"^\240[\144-\191][\128-\191][\128-\191]",
	"^[\241-\243][\128-\191][\128-\191][\128-\191]",
	"^\244[\128-\143][\128-\191][\128-\191]",
}

-- Names come from strangers, who may have put anything into them.
local function clean(raw)
	local out, at = {}, 1

	raw = raw:gsub("\0.*", "")
	while at <= #raw do
		local character

		for _, shape in ipairs(characters) do
			character = character or raw:match(shape, at)
		end
		out[#out + 1] = character and not character:find("^[\1-\31\127]") and character or "?"
		at = at + (character and #character or 1)
	end
	return table.concat(out)
end

local function version_text(raw)
	local major, minor, kind, number = raw:byte(1, 4)
	local kinds = { [0x61] = "alpha", [0x62] = "beta", [0x63] = "rc", [0x66] = "." }

	if kind == 0x66 and number == 0 then
		return ("%d.%d"):format(major, minor)
	end
	return ("%d.%d%s%d"):format(major, minor, kinds[kind] or "?", number)
end

local function nstime(seconds)
	local all = math.floor(seconds * 1e9 + 0.5)

	return NSTime.new(math.floor(all / 1000000000), all % 1000000000)
end

-- The frame was not captured as far as would have to be looked at.
local IN_PART = "in part"

-- A reason to drop it, or nothing, as romon_wire_parse_tlvs() and _hello() say.
local function check_tlvs(x, lengths)
	local raw, at = x.raw, x.body

	while at < x.length do
		if x.length - at < 2 then
			return "bad_tlv"
		end
		local tag, len = raw:byte(at + 1, at + 2)

		at = at + 2
		if len > x.length - at or lengths[tag] and lengths[tag] ~= len then
			return "bad_tlv"
		end
		if x.routes and tag == ROUTE_TLV then
			if #x.routes == 2 then
				return "bad_route_tlv"
			end
			x.routes[#x.routes + 1] = at
		end
		x.tlvs[#x.tlvs + 1] = { tag = tag, at = at, len = len }
		at = at + len
	end
end

local function check_discover(x)
	if x.type == DISCOVER and x.ptr ~= x.hops or x.ptr > x.hops then
		return "bad_pointer"
	end
	x.routes = {}
	local wrong = check_tlvs(x, { [ROUTE_TLV] = ROUTE, [VERSION_TLV] = 4 })

	if wrong then
		return wrong
	end
	local first = x.routes[1] and bytes(x.raw, x.routes[1], 6)

	if x.type == DISCOVER then
		if x.dst ~= EVERYBODY then
			return "bad_id"
		end
		if #x.routes ~= 1 then
			return "bad_route_tlv"
		end
	else
		if not is_id(x.dst) then
			return "bad_id"
		end
		if #x.routes ~= 2 or bytes(x.raw, x.routes[2], 6) ~= x.dst then
			return "bad_route_tlv"
		end
		if first == x.dst or x.src == x.dst then
			return "bad_route_tlv"
		end
	end
	if not is_id(first) or (first == x.src) ~= (x.hops == 0) then
		return "bad_route_tlv"
	end
end

--
-- Settle all lengths of a frame, as romon_wire_parse() does.
--
-- x.raw has the bytes that were captured, of x.total on the wire; Ethernet padding is
-- in both. Returns a reason to drop it, IN_PART, or nothing.
--
local function check(x)
	local raw, captured = x.raw, #x.raw

	if x.total < HEADER then
		return "too_short"
	end
	if captured < HEADER then
		return IN_PART
	end
	if u16(raw, 2) < ETH_HEADER + HEADER then
		return "too_short"
	end
	x.length = u16(raw, 2) - ETH_HEADER
	if x.length > x.total then
		return "bad_length"
	end
	if not type_names[x.type] then
		return "unknown_type"
	end
	if not is_id(x.src) then
		return "bad_id"
	end
	if x.type == HELLO or x.type == SEQERR then
		x.body = HEADER
		if captured < x.length then
			return IN_PART
		end
		return check_tlvs(x, { [CHALLENGE_TLV] = 8, [ECHO_TLV] = 8, [MARK_TLV] = 8 })
	end

	local entries = x.type == DATA and 46 or 48

	if x.length < entries then
		return "too_short"
	end
	if captured < entries then
		return IN_PART
	end
	x.hops, x.ptr = raw:byte(HEADER + 1, HEADER + 2)
	if x.hops * ENTRY > x.length - entries then
		return "bad_hops"
	end
	x.entries, x.body = entries, entries + x.hops * ENTRY
	if x.type ~= DATA then
		if captured < x.length then
			return IN_PART
		end
		return check_discover(x)
	end
	if x.hops == 0 then
		return "bad_hops"
	end
	if x.ptr >= x.hops then
		return "bad_pointer"
	end
	if not is_id(x.dst) then
		return "bad_id"
	end
	if x.length < x.body + 4 then
		return "bad_transport"
	end
	if captured < x.body + 4 then
		return IN_PART
	end
end

-- Whether it is hashed with the mark of the port that it is for, if that told one.
local function is_bound(x)
	if is_group(x.eth_dst) then
		return false
	end
	if x.type ~= HELLO and x.type ~= SEQERR then
		return true
	end
	for _, tlv in ipairs(x.tlvs) do
		if tlv.tag == ECHO_TLV then
			return true
		end
	end
	return false
end

local function digest(x, secret, mark)
	local head = x.eth_dst .. x.eth_src .. mark .. bytes(x.raw, 0, 12) .. ("\0"):rep(16) ..
		bytes(x.raw, 28, x.body - 28)

	return hmac_md5(secret, bytes(x.raw, x.body, x.length - x.body) .. head ..
		string.char(math.floor(#head / 256), #head % 256))
end

-- The marks that may be in the digest: ports may have the same MAC.
local function marks_of(x)
	local marks = { "" }

	if is_bound(x) then
		for i, mark in ipairs(capture.marks[x.eth_dst] or {}) do
			table.insert(marks, i, mark)
		end
	end
	return marks
end

--
-- Returns the status, which secret, the mark.
--
-- Good stays so. All else is tried again when more marks are known than before: those
-- of a capture that begins in the middle come later.
--
local function verify(x, info)
	local known = info.verified

	if #capture.secrets == 0 or not x.whole or not x.eth_dst then
		return UNVERIFIED
	end
	local marks = marks_of(x)

	if known and (known.status == GOOD or known.marks == #marks) then
		return known.status, known.secret, known.mark
	end
	info.verified = { status = BAD, marks = #marks }
	if is_bound(x) and #marks == 1 then
		info.verified.status = UNVERIFIED
	end
	local wanted = bytes(x.raw, 12, 16)

	for which, secret in ipairs(capture.secrets) do
		for _, mark in ipairs(marks) do
			if digest(x, secret, mark) == wanted then
				info.verified = { status = GOOD, secret = which, mark = mark }
				return GOOD, which, mark
			end
		end
	end
	return info.verified.status
end

--
-- Whether so many bytes are there; if not, what is left is told.
--
local function has(x, at, len, what)
	if at + len <= x.len then
		return true
	end
	if at < x.len then
		local left = x.len - at

		x.tree:add(f.cut, x.tvb(at, left)):set_text(("Cut off: %s, %d bytes are left"):format(what, left))
	end
	return false
end

local function generated(tree, ...)
	return tree:add(...):set_generated()
end

local function hidden(tree, ...)
	return tree:add(...):set_hidden()
end

-- An ID, which is hidden under its common name too.
local function add_id(x, tree, field, at)
	local raw = bytes(x.raw, at, 6)
	local item = tree:add(field, x.tvb(at, 6))

	hidden(tree, f.id, x.tvb(at, 6))
	if capture.names[raw] then
		item:append_text((" (%s)"):format(capture.names[raw]))
		generated(item, f.name, capture.names[raw])
	elseif raw == EVERYBODY then
		item:append_text(" (everybody)")
	end
end

local function add_zeros(x, field, at, len)
	local item = x.tree:add(field, x.tvb(at, len))

	if bytes(x.raw, at, len):find("[^\0]") then
		item:add_proto_expert_info(e.zero)
	end
end

local function add_auth(x, info)
	if not bytes(x.raw, 4, 24):find("[^\0]") then
		local item = x.tree:add(f.auth, x.tvb(4, 24)):append_text(" (not hashed)")

		generated(item, f.status, NOT_PRESENT)
		if x.type == HELLO or x.type == SEQERR then
			item:add_proto_expert_info(e.unhashed_hello)
		elseif not capture.secrets.unhashed then
			item:add_proto_expert_info(e.unhashed)
		end
		return NOT_PRESENT
	end

	local item = x.tree:add(f.sequence, x.tvb(4, 8))

	if info.repeats then
		generated(item, f.repeats, info.repeats)
		item:add_proto_expert_info(e.repeated)
	end
	item = x.tree:add(f.digest, x.tvb(12, 16))

	local status, secret, mark = verify(x, info)

	generated(item, f.status, status)
	if status == GOOD then
		item:append_text(" (right)")
		generated(item, f.secret, secret)
		if mark ~= "" then
			generated(item, f.bound, hex(mark))
		end
	elseif status == BAD then
		item:append_text(" (wrong)")
		item:add_proto_expert_info(e.wrong_digest)
	end
	return status
end

local function add_header(x, info)
	local length = u16(x.raw, 2)

	x.tree:add(f.type, x.tvb(0, 1))
	add_zeros(x, f.zero, 1, 1)
	x.tree:add(f.length, x.tvb(2, 2)):append_text((", %d of Ethernet header + %d%s"):format(ETH_HEADER,
		length - ETH_HEADER, length > x.total + ETH_HEADER and ": more than there is" or ""))
	x.status = add_auth(x, info)
	add_id(x, x.tree, f.src, 28)
	add_id(x, x.tree, f.dst, 34)
end

-- Where the entries end, or nothing if the frame ends before.
local function add_route(x)
	local at = x.type == DATA and 46 or 48

	if not has(x, HEADER, at - HEADER, "hops") then
		return
	end
	local hops, ptr = x.raw:byte(HEADER + 1, HEADER + 2)

	x.tree:add(f.hops, x.tvb(40, 1))
	x.tree:add(f.ptr, x.tvb(41, 1))
	add_zeros(x, f.reserved, 42, at - 42)

	local seen = {}

	for i = 0, hops - 1 do
		if not has(x, at, ENTRY, ("entry[%d]"):format(i)) then
			return
		end
		local mac = bytes(x.raw, at + 4, 6)
		local item = x.tree:add(f.entry, x.tvb(at, ENTRY))

		item:set_text(("Entry %d: link %d to %s%s"):format(i, u32(x.raw, at), mac_text(mac),
			i == ptr and ", in use" or ""))
		item:add(f.entry_link, x.tvb(at, 4))
		item:add(f.entry_mac, x.tvb(at + 4, 6))
		if is_group(mac) then
			item:add_proto_expert_info(e.bad_next)
		elseif seen[mac] and x.type == DATA then
			item:add_proto_expert_info(e.loop)
		end
		if x.type == DATA and i == ptr and x.eth_dst ~= mac and x.eth_dst and not is_group(x.eth_dst) then
			item:add_proto_expert_info(e.wrong_hop)
		end
		seen[mac] = true
		at = at + ENTRY
	end
	return at
end

local function add_end(x, tree, which, at)
	local item = tree:add(f["route_" .. which], x.tvb(at, ROUTE_END))
	local title = which == "in" and "In" or "Out"

	if not bytes(x.raw, at, ROUTE_END):find("[^\0]") then
		item:set_text(title .. ": none")
		return
	end
	item:set_text(("%s: link %d, L2 MTU %d, cost %d, MAC %s"):format(title, u32(x.raw, at),
		u16(x.raw, at + 4), u16(x.raw, at + 6), mac_text(bytes(x.raw, at + 8, 6))))
	item:add(f[which .. "_link"], x.tvb(at, 4))
	item:add(f[which .. "_l2mtu"], x.tvb(at + 4, 2))
	item:add(f[which .. "_cost"], x.tvb(at + 6, 2))
	item:add(f[which .. "_mac"], x.tvb(at + 8, 6))
end

local function add_value(x, tree, tag, at, len)
	if tag == ROUTE_TLV and len == ROUTE then
		add_id(x, tree, f.route_id, at)
		add_end(x, tree, "in", at + 6)
		add_end(x, tree, "out", at + 20)
		tree:append_text((" of %s"):format(id_text(bytes(x.raw, at, 6))))
	elseif tag == IDENTITY_TLV or tag == BOARD_TLV then
		local text = clean(bytes(x.raw, at, len))

		local name = tag == IDENTITY_TLV and "identity" or "board"

		tree:add_packet_field(f[name], x.tvb(at, len), ENC_UTF_8)
		tree:append_text(": " .. text)
		x[name] = text
	elseif tag == VERSION_TLV and len == 4 then
		x.version = version_text(bytes(x.raw, at, 4))
		tree:add(f.version, x.tvb(at, 4), x.version)
		tree:append_text(": " .. x.version)
	else
		tree:add(f.tlv_value, x.tvb(at, len))
	end
end

local function add_hello_value(x, tree, tag, at, len, info)
	if len ~= 8 or not hello_tlv_names[tag] then
		tree:add(f.tlv_value, x.tvb(at, len))
		return
	end
	local item = tree:add(tag == CHALLENGE_TLV and f.challenge or tag == ECHO_TLV and f.echoed or f.mark,
		x.tvb(at, len))

	tree:append_text(": " .. hex(bytes(x.raw, at, len)))
	if tag == ECHO_TLV and info.challenged then
		generated(item, f.challenged, info.challenged.number)
		generated(item, f.challenge_time, nstime(info.time - info.challenged.time))
	end
end

local function add_tlvs(x, at, info)
	local names = (x.type == HELLO or x.type == SEQERR) and hello_tlv_names or tlv_names

	while at < x.len do
		if not has(x, at, 2, "tlv") then
			return
		end
		local tag, len = x.raw:byte(at + 1, at + 2)
		local tree = x.tree:add(f.tlv, x.tvb(at, math.min(2 + len, x.len - at)))
		local item = tree:add(f.tlv_type, x.tvb(at, 1))

		tree:set_text(names[tag] or ("Unknown tag %d"):format(tag))
		item:append_text((" (%s)"):format(names[tag] or "unknown"))
		if not names[tag] then
			item:add_proto_expert_info(e.unknown_tag)
		end
		tree:add(f.tlv_length, x.tvb(at + 1, 1))
		at = at + 2
		if len > 0 then
			if not has(x, at, len, "value") then
				return
			end
			if names == hello_tlv_names then
				add_hello_value(x, tree, tag, at, len, info)
			else
				add_value(x, tree, tag, at, len)
			end
		end
		at = at + len
	end
end

-- How far b is behind a, of two numbers on a circle.
local function distance(a, b)
	local d = (b - a) % 0x100000000

	return d < 0x80000000 and d or d - 0x100000000
end

local function later(a, d)
	return (a + d) % 0x100000000
end

local function new_side(id, port)
	return {
		id = id,
		port = port,
		first = nil,		-- its first number, or the first that was seen
		opened = false,		-- that is the one that it was opened with
		next = nil,		-- of the byte after all that is there without a gap
		high = nil,		-- of the byte after the last one that was sent
		ahead = {},		-- by number: data behind a gap
		late = "",		-- what came ahead of bytes that were never captured
		sent = {},		-- by number after it: what has not been acknowledged
		ack = nil,		-- the last acknowledgement
		pending = "",		-- what the dissector of the port wants to see again
		lost = false,		-- bytes of it are not in the capture
		segments = 0,
		bytes = 0,
	}
end

-- The stream of this frame, and the sides that it comes from and goes to.
local function find_stream(x, segment)
	local a, b = x.src .. bytes(x.raw, x.body, 2), x.dst .. bytes(x.raw, x.body + 2, 2)
	local key = a < b and a .. b or b .. a
	local stream = capture.streams[key]
	local from = stream and stream.sides[a]

	-- Whoever opens again, with another number, has begun anew.
	if from and segment.kind == OPEN and from.first and from.first ~= segment.seq then
		stream = nil
	end
	if not stream then
		stream = {
			index = capture.n_streams,
			sides = { [a] = new_side(x.src, x.srcport), [b] = new_side(x.dst, x.dstport) },
			a = a, b = b,
			start = x.time,
		}
		capture.n_streams = capture.n_streams + 1
		capture.streams[key] = stream
		capture.all_streams[stream.index] = stream
	end
	stream.stop = x.time
	return stream, stream.sides[a], stream.sides[b]
end

-- Take what is now without a gap out of what came ahead.
local function take_ahead(side, fresh)
	local found = true

	while found do
		found = false
		for seq, data in pairs(side.ahead) do
			local d = distance(seq, side.next)

			if d >= 0 then
				side.ahead[seq] = nil
				if d < #data then
					fresh = fresh .. data:sub(d + 1)
					side.next = later(seq, #data)
				end
				found = true
				break
			end
		end
	end
	return fresh
end

-- What a segment with data adds to the stream; notes go to info.
local function add_data(side, segment, info)
	local size = #segment.data
	local stop = later(segment.seq, segment.len)
	local d = distance(side.next, segment.seq)
	local is_end = segment.kind == CLOSE
	local fresh

	if is_end then
		-- It uses up a number.
		stop = later(segment.seq, 1)
	end
	if distance(side.high, segment.seq) > 0 then
		info.notes[#info.notes + 1] = { e.gap,
			("%d bytes before this are not in the capture, or late"):format(
				distance(side.high, segment.seq)) }
	elseif distance(side.high, stop) <= 0 then
		if distance(stop, side.next) >= 0 or side.ahead[segment.seq] then
			info.notes[#info.notes + 1] = { e.retransmission }
		else
			info.notes[#info.notes + 1] = { e.fills_gap }
		end
		side.sent[stop] = nil
	end
	if distance(side.high, stop) > 0 then
		side.high = stop
		side.sent[stop] = { number = info.number, time = info.time }
	end
	fresh, side.late = side.late, ""
	if is_end then
		return fresh
	end
	-- What was cut off by the capture is not there.
	if size < segment.len then
		side.lost = true
	end
	if d > 0 then
		local old = side.ahead[segment.seq]

		if d <= 4 * 1024 * 1024 and (not old or #old < size) then
			side.ahead[segment.seq] = segment.data
		end
	elseif -d < size then
		side.next = later(segment.seq, size)
		fresh = take_ahead(side, fresh .. segment.data:sub(1 - d))
	end
	return fresh
end

-- The other side acknowledges what we have not seen: it will not come any more. What
-- is behind that is handed on with the next segment.
local function skip_lost(side, ack)
	while distance(side.next, ack) > 0 do
		local nearest = ack

		for seq in pairs(side.ahead) do
			if distance(seq, nearest) > 0 then
				nearest = seq
			end
		end
		side.lost = true
		side.pending = ""
		side.next = nearest
		side.late = take_ahead(side, side.late)
	end
end

local function analyse_ack(from, to, segment, info)
	local sent = to.sent[segment.ack]

	if to.high and distance(to.high, segment.ack) > 0 then
		info.notes[#info.notes + 1] = { e.missed }
		to.high = segment.ack
	end
	if segment.kind == ACK and from.ack == segment.ack and from.high == segment.seq and
	   to.high and distance(segment.ack, to.high) > 0 then
		from.same_acks = from.same_acks + 1
		info.notes[#info.notes + 1] = { e.duplicate_ack,
			("Acknowledges the same again, for the %d. time"):format(from.same_acks) }
	elseif from.ack ~= segment.ack then
		from.same_acks = 0
	end
	if sent then
		info.acks = sent.number
		info.rtt = info.time - sent.time
	end
	if not from.ack or distance(from.ack, segment.ack) > 0 then
		for stop in pairs(to.sent) do
			if distance(stop, segment.ack) >= 0 then
				to.sent[stop] = nil
			end
		end
		if to.next then
			skip_lost(to, to.ended == segment.ack and later(segment.ack, -1) or segment.ack)
		end
		from.ack = segment.ack
	end
end

-- On the first pass over the capture, in its order.
local function analyse(x, segment, info)
	local stream, from, to = find_stream(x, segment)
	local kind = segment.kind

	info.stream, info.from, info.to = stream.index, from, to
	info.notes = {}
	from.segments = from.segments + 1
	from.bytes = from.bytes + segment.len
	if kind == OPEN or kind == ANSWER then
		if from.opened and from.first == segment.seq then
			info.notes[1] = { e.retransmission }
		elseif not from.opened then
			from.opened = true
			from.first, from.next, from.high = segment.seq, segment.seq, segment.seq
		end
		if kind == ANSWER and not to.first then
			to.first, to.next, to.high = segment.ack, segment.ack, segment.ack
		end
		if kind == OPEN then
			stream.opener = from
		end
		info.first, info.to_first = from.first, to.first
		return
	end
	if kind == CLOSE and segment.len > 0 or kind > CLOSE then
		info.first, info.to_first = from.first, to.first
		return
	end

	local question = kind == SEGMENT_DATA and segment.len == 0

	if not from.first then
		local first = question and later(segment.seq, 1) or segment.seq

		from.first, from.next, from.high = first, first, first
	end
	if question then
		info.notes[1] = { e.alive }
	elseif kind ~= ACK then
		info.fresh = add_data(from, segment, info)
		if kind == CLOSE then
			from.ended = later(segment.seq, 1)
		end
	end
	analyse_ack(from, to, segment, info)
	info.first, info.to_first = from.first, to.first
	if from.high and to.ack and segment.len > 0 then
		info.flight = math.max(distance(to.ack, from.high), 0)
	end
end

-- Hand on to the dissector of the port, if there is one. It may fail over what is
-- malformed, which it has told then.
local function call_service(x, tvb)
	for _, port in ipairs({ x.dstport, x.srcport }) do
		if services:get_dissector(port) then
			return pcall(services.try, services, port, tvb, x.pinfo, x.root)
		end
	end
end

--
-- Show what has become whole by this segment. A dissector that wants more is handed
-- what it has left, together with what comes next.
--
local function add_carried(x, info, at)
	local pinfo, from = x.pinfo, info.from

	if not info.pdu then
		if info.visited or not info.fresh or info.fresh == "" or from.lost or not from.opened then
			return
		end
		info.pdu = from.pending .. info.fresh
	end
	if not romon.prefs.reassemble then
		return
	end

	local tvb

	if at and info.pdu == bytes(x.raw, at, x.len - at) then
		tvb = x.tvb(at, x.len - at):tvb()
	else
		tvb = ByteArray.new(info.pdu, true):tvb("RoMON stream")
	end

	local could = pinfo.can_desegment

	pinfo.can_desegment = 2
	call_service(x, tvb)
	pinfo.can_desegment = could
	if pinfo.desegment_len == 0 then
		from.pending = ""
	elseif not info.visited then
		from.pending = info.pdu:sub(pinfo.desegment_offset + 1)
	end
	-- It had nothing to say yet.
	if pinfo.desegment_len ~= 0 and pinfo.desegment_offset == 0 then
		pinfo.cols.protocol = "RoMON"
		pinfo.cols.info = x.text .. " [more comes]"
	end
	pinfo.desegment_len = 0
	pinfo.desegment_offset = 0
end

local function relative(number, first)
	return first and (number - first) % 0x100000000
end

-- Mostly all or the end of what is in this frame.
local function fresh_range(x, info)
	local size = #info.fresh

	if x.len >= size and bytes(x.raw, x.len - size, size) == info.fresh then
		return x.tvb(x.len - size, size)
	end
	return ByteArray.new(info.fresh, true):tvb("RoMON stream data")()
end

local function add_analysis(x, info, tree, segment)
	local title = {}

	generated(tree, f.stream, info.stream)
	segment.rel_seq = relative(segment.seq, info.first)
	segment.rel_ack = segment.kind ~= OPEN and relative(segment.ack, info.to_first)
	if segment.rel_seq then
		generated(tree, f.rel_seq, segment.rel_seq)
	end
	if segment.rel_ack then
		generated(tree, f.rel_ack, segment.rel_ack)
	end
	generated(tree, f.len, segment.len)
	if info.flight then
		generated(tree, f.flight, info.flight)
	end
	if info.acks then
		generated(tree, f.acked, info.acks)
		generated(tree, f.rtt, nstime(info.rtt))
	end
	for _, note in ipairs(info.notes) do
		if note[2] then
			tree:add_proto_expert_info(note[1], note[2])
		else
			tree:add_proto_expert_info(note[1])
		end
		title[#title + 1] = note[1] == e.retransmission and "sent again" or
			note[1] == e.fills_gap and "fills a gap" or
			note[1] == e.gap and "after a gap" or
			note[1] == e.missed and "ack of what was not captured" or
			note[1] == e.alive and "alive?" or
			note[1] == e.duplicate_ack and "same ack" or nil
	end
	if info.fresh and info.fresh ~= "" then
		generated(tree, f.in_order, fresh_range(x, info))
	end
	return #title > 0 and (" [%s]"):format(table.concat(title, ", ")) or ""
end

local function segment_text(segment)
	local parts = { kind_names[segment.kind] or "kind " .. segment.kind }

	if segment.rel_seq then
		parts[#parts + 1] = ("Seq=%d"):format(distance(0, segment.rel_seq))
	end
	if segment.rel_ack then
		parts[#parts + 1] = ("Ack=%d"):format(segment.rel_ack)
	end
	if segment.len > 0 and segment.kind ~= CLOSE then
		parts[#parts + 1] = ("Len=%d"):format(segment.len)
	end
	if segment.reason then
		parts[#parts + 1] = ("Reason=%d (%s)"):format(segment.reason,
			close_reasons[segment.reason] or "unknown")
	end
	return table.concat(parts, " ")
end

local function add_segment(x, at, info)
	if not has(x, at, SEGMENT, "segment") then
		return
	end
	local tree = x.tree
	local segment = { kind = x.raw:byte(at + 1), seq = u32(x.raw, at + 2), ack = u32(x.raw, at + 6) }
	local item = tree:add(f.kind, x.tvb(at, 1))

	if not kind_names[segment.kind] then
		item:add_proto_expert_info(e.unknown_kind)
	elseif segment.kind == OPEN then
		item:add_proto_expert_info(e.opened)
	end
	tree:add(f.any, x.tvb(at + 1, 1))
	tree:add(f.seq, x.tvb(at + 2, 4))
	tree:add(f.ack, x.tvb(at + 6, 4))
	at = at + SEGMENT
	segment.data = bytes(x.raw, at, x.len - at)
	segment.len = math.max((x.length or x.len) - at, 0)
	if segment.kind == CLOSE and at + 1 == x.len then
		segment.reason = x.raw:byte(at + 1)
		tree:add(f.reason, x.tvb(at, 1))
		item:add_proto_expert_info(e.broken)
	elseif at < x.len then
		tree:add(f.data, x.tvb(at, x.len - at))
	elseif segment.kind == CLOSE and segment.len == 0 then
		item:add_proto_expert_info(e.ended)
	end
	x.info = segment_text(segment)
	-- Neither what routers drop nor what has been seen one hop before counts.
	if x.wrong and x.wrong ~= IN_PART or info.copy then
		return
	end
	if not info.visited then
		analyse(x, segment, info)
	end
	if info.stream then
		local notes = add_analysis(x, info, tree, segment)

		x.info = segment_text(segment) .. notes
		x.carried = function()
			add_carried(x, info, at < x.len and at)
		end
	end
end

--
-- The same datagram on another hop of its route has another pointer; the entries
-- before both are replaced already, those behind both are not yet.
--
local function find_copy(x, info)
	local at, stop = x.body, x.length
	local raw = x.raw
	local same = 4 + (x.is_stream and SEGMENT or 64)
	local key = x.src .. x.dst .. string.char(x.hops) .. bytes(raw, at, math.min(same, #raw - at)) .. stop
	local first = capture.datagrams[key]
	local entries = bytes(raw, x.entries, x.hops * ENTRY)

	if first and first.ptr ~= x.ptr then
		local low, high = math.min(first.ptr, x.ptr), math.max(first.ptr, x.ptr)

		if entries:sub(1, low * ENTRY) == first.entries:sub(1, low * ENTRY) and
		   entries:sub((high + 1) * ENTRY + 1) == first.entries:sub((high + 1) * ENTRY + 1) then
			info.copy = first
			return
		end
	end
	capture.datagrams[key] = { number = info.number, time = info.time, ptr = x.ptr, entries = entries }
end

-- Match echo requests and their answers, on the first pass.
local function find_request(x, info, at)
	local payload = bytes(x.raw, at, math.min(64, x.len - at))

	if x.dstport == ECHO_PORT then
		capture.requests[x.src .. x.dst .. x.srcport .. payload] = info
	else
		local request = capture.requests[x.dst .. x.src .. x.dstport .. payload]

		if request and not request.response then
			info.request = request
			request.response = info
		end
	end
end

local function add_echo(x, at, info)
	local is_request = x.dstport == ECHO_PORT
	local what = is_request and "Echo request" or "Echo answer"
	local item = x.tree

	if not info.visited and not info.copy and not x.wrong then
		find_request(x, info, at)
	end
	if at + 4 <= x.len then
		item = x.tree:add(f.echo_seq, x.tvb(at, 4))
		item:append_text(is_request and ", of an echo request" or ", of an echo answer")
		what = ("%s seq=%d"):format(what, u32(x.raw, at))
		at = at + 4
	end
	x.info = what
	if info.request then
		generated(x.tree, f.request, info.request.number)
		generated(x.tree, f.echo_time, nstime(info.time - info.request.time))
		x.info = ("%s, request in %d, %.3f ms"):format(what, info.request.number,
			(info.time - info.request.time) * 1000)
	elseif info.response then
		generated(x.tree, f.response, info.response.number)
		x.info = ("%s, answer in %d"):format(what, info.response.number)
	elseif is_request and info.visited and not info.copy then
		item:add_proto_expert_info(e.no_answer)
	end
	return at
end

local function port_text(port)
	return service_names[port] or tostring(port)
end

local function add_transport(x, at, info)
	if not has(x, at, 4, "ports") then
		return
	end
	local tree = x.tree

	x.srcport, x.dstport = u16(x.raw, at), u16(x.raw, at + 2)
	for _, side in ipairs({ { f.srcport, at, x.srcport }, { f.dstport, at + 2, x.dstport } }) do
		local item = tree:add(side[1], x.tvb(side[2], 2))

		hidden(tree, f.port, x.tvb(side[2], 2))
		if service_names[side[3]] then
			item:append_text((" (%s)"):format(service_names[side[3]]))
		end
	end
	x.pinfo.src_port, x.pinfo.dst_port = x.srcport, x.dstport
	if x.srcport == ECHO_PORT and x.dstport == ECHO_PORT then
		tree:add_proto_expert_info(e.echo_port)
	end

	x.is_stream = is_stream_port(x.srcport) or is_stream_port(x.dstport)
	if not x.wrong and not info.visited then
		find_copy(x, info)
	end
	if info.copy then
		generated(tree, f.copy, info.copy.number)
		generated(tree, f.copy_time, nstime(info.time - info.copy.time))
	end
	at = at + 4
	if x.is_stream then
		add_segment(x, at, info)
		return
	end
	if x.srcport == ECHO_PORT or x.dstport == ECHO_PORT then
		at = add_echo(x, at, info)
	end
	if at < x.len then
		tree:add(f.payload, x.tvb(at, x.len - at))
		if not x.info then
			x.carried = function()
				call_service(x, x.tvb(at, x.len - at):tvb())
			end
		end
	end
	x.info = x.info or ("Datagram Len=%d"):format(x.len - at)
end

-- What is remembered of frames that are right, for those that come later.
local function remember(x, info)
	if x.eth_src and bytes(x.raw, 4, 24):find("[^\0]") then
		local key = x.eth_src .. bytes(x.raw, 4, 8)

		info.repeats = capture.sequences[key]
		capture.sequences[key] = info.repeats or info.number
	end
	if x.type == DISCOVER then
		capture.floods[x.src .. bytes(x.raw, x.routes[1], ROUTE)] = info
		capture.floods[x.src] = info
	elseif x.type == RESP then
		-- Of a router further away it is a copy that is seen on another link only.
		info.flood = capture.floods[x.src .. bytes(x.raw, x.routes[1], ROUTE)] or
			capture.floods[x.src]
		for _, tlv in ipairs(x.tlvs) do
			if tlv.tag == IDENTITY_TLV and tlv.len > 0 then
				local name = clean(bytes(x.raw, tlv.at, tlv.len))

				capture.names[x.dst] = name ~= "" and name or nil
			end
		end
	end
	if x.type ~= HELLO and x.type ~= SEQERR then
		return
	end
	for _, tlv in ipairs(x.tlvs) do
		local value = bytes(x.raw, tlv.at, tlv.len)

		if tlv.tag == CHALLENGE_TLV then
			capture.challenges[value] = info
		elseif tlv.tag == ECHO_TLV then
			info.challenged = capture.challenges[value]
		elseif tlv.tag == MARK_TLV and x.eth_src and verify(x, info) ~= BAD then
			local marks = capture.marks[x.eth_src] or {}

			-- The newest first, and no more than there may be ports.
			for i, mark in ipairs(marks) do
				if mark == value then
					table.remove(marks, i)
					break
				end
			end
			table.insert(marks, 1, value)
			marks[17] = nil
			capture.marks[x.eth_src] = marks
		end
	end
end

local function discover_text(x)
	local where = x.hops == 0 and "" or (", %d hop%s on, by %s"):format(x.hops, x.hops == 1 and "" or "s",
		id_short(bytes(x.raw, x.routes[1], 6)))

	return ("Who is there? Tell %s%s"):format(id_short(x.src), where)
end

local function resp_text(x)
	local text = ("%s is here"):format(x.identity and x.identity ~= "" and x.identity or mac_text(x.dst))
	local cost = u16(x.raw, x.routes[1] + 26) + u16(x.raw, x.routes[2] + 12)

	if x.version then
		text = ("%s, %s"):format(text, x.version)
	end
	if x.board and x.board ~= "" then
		text = ("%s on %s"):format(text, x.board)
	end
	return ("%s, behind %s, cost %d"):format(text, id_short(bytes(x.raw, x.routes[1], 6)), cost)
end

local function hello_text(x)
	local has_tag = {}
	local text

	for _, tlv in ipairs(x.tlvs) do
		has_tag[tlv.tag] = true
	end
	if has_tag[CHALLENGE_TLV] and has_tag[ECHO_TLV] then
		text = "gives proof to be alive, and asks for it"
	elseif has_tag[CHALLENGE_TLV] then
		text = "asks for proof to be alive"
	elseif has_tag[ECHO_TLV] then
		text = "gives proof to be alive"
	else
		text = "is here"
	end
	if x.type == SEQERR then
		text = "has refused a sequence number, " .. text
	end
	return ("%s %s"):format(id_short(x.src), text)
end

local function data_text(x)
	local text

	if not x.srcport then
		return "no ports"
	end
	text = ("%s → %s %s"):format(port_text(x.srcport), port_text(x.dstport), x.info or "")
	return ("%s, hop %d of %d"):format(text, x.ptr + 1, x.hops)
end

local function add_body(x, info)
	local at

	if x.type == DISCOVER or x.type == RESP then
		at = add_route(x)
		if at then
			add_tlvs(x, at, info)
		end
	elseif x.type == DATA then
		at = add_route(x)
		if at then
			add_transport(x, at, info)
		end
	elseif x.type == HELLO or x.type == SEQERR then
		add_tlvs(x, HEADER, info)
	elseif HEADER < x.len then
		x.tree:add(f.body, x.tvb(HEADER, x.len - HEADER))
	end
end

-- What is right by itself, but not where it is or with what comes with it.
local function add_suspicions(x)
	if x.eth_src and is_group(x.eth_src) then
		x.tree:add_proto_expert_info(e.bad_source)
	end
	if x.eth_dst and x.type == DISCOVER and x.eth_dst ~= GROUP then
		x.tree:add_proto_expert_info(e.not_group)
	end
	if x.eth_dst and (x.type == RESP or x.type == DATA) and is_group(x.eth_dst) then
		x.tree:add_proto_expert_info(e.not_unicast)
	end
	if x.type == SEQERR then
		x.tree:add_proto_expert_info(e.seqerr)
	end
	if x.type == RESP and not x.wrong then
		local l2mtu = math.min(u16(x.raw, x.routes[1] + 24), u16(x.raw, x.routes[2] + 10))

		if x.length > l2mtu then
			x.tree:add_proto_expert_info(e.small_l2mtu)
		end
	end
end

-- Hello and SeqErr are between the ports of a link.
local function addresses(x)
	local from, to = x.src, x.dst

	if x.type == HELLO or x.type == SEQERR then
		return
	end
	-- The source of an answer is who has asked.
	if x.type == RESP then
		from, to = to, from
	end
	x.pinfo.src = Address.ether(mac_text(from))
	x.pinfo.dst = Address.ether(mac_text(to))
end

-- The innermost one: frames may be in a tunnel.
local function innermost(extractor)
	local all = { extractor() }
	local info = all[#all]

	return info and info.len == 6 and info.range:raw() or nil
end

function romon.dissector(tvb, pinfo, root)
	local number = pinfo.number
	local info = capture.frames[number]
	local x = {
		tvb = tvb,
		pinfo = pinfo,
		root = root,
		raw = tvb:len() > 0 and tvb:raw() or "",
		total = tvb:reported_len(),
		tlvs = {},
		time = pinfo.rel_ts,
		eth_dst = innermost(eth_dst),
		eth_src = innermost(eth_src),
	}

	pinfo.cols.protocol = "RoMON"
	x.type = x.raw:byte(1)
	x.src, x.dst = bytes(x.raw, 28, 6), bytes(x.raw, 34, 6)
	x.wrong = check(x)
	x.whole = not x.wrong and #x.raw >= x.length
	if not pinfo.visited or not info then
		info = { number = number, time = x.time }
		capture.frames[number] = info
		if not x.wrong then
			remember(x, info)
		end
	end
	info.visited = pinfo.visited

	-- What is behind the end that the length field tells is padding.
	x.len = #x.raw
	if x.len >= 4 and u16(x.raw, 2) >= ETH_HEADER then
		x.len = math.min(x.len, u16(x.raw, 2) - ETH_HEADER)
	end
	if x.len < HEADER then
		x.len = #x.raw
	end

	local name = type_names[x.type] or "Unknown"

	x.tree = root:add(romon, tvb())
	x.tree:append_text(", " .. name)
	if has(x, 0, HEADER, "header") then
		x.tree:append_text((", %s → %s"):format(id_text(x.src), id_text(x.dst)))
		if romon.prefs.addresses then
			addresses(x)
		end
		add_header(x, info)
		add_body(x, info)
		add_suspicions(x)
	end
	if info.flood then
		generated(x.tree, f.flood, info.flood.number)
		generated(x.tree, f.flood_time, nstime(info.time - info.flood.time))
	end
	if x.len < #x.raw then
		x.tree:add(f.padding, tvb(x.len, #x.raw - x.len))
	end

	local text

	if x.wrong and x.wrong ~= IN_PART then
		generated(x.tree, f.error, x.wrong)
		x.tree:add_proto_expert_info(e.malformed, ("Routers drop this frame: %s: %s"):format(x.wrong,
			drop_reasons[x.wrong]))
		text = ("malformed: %s"):format(drop_reasons[x.wrong])
	elseif x.wrong == IN_PART then
		text = "captured in part"
	elseif x.type == DISCOVER then
		text = discover_text(x)
	elseif x.type == RESP then
		text = resp_text(x)
	elseif x.type == DATA then
		text = data_text(x)
	else
		text = hello_text(x)
	end
	x.text = ("%s: %s%s"):format(name, text, x.status == BAD and ", WRONG DIGEST" or "")
	pinfo.cols.info = x.text

	if x.carried then
		x.carried()
	end
	return #x.raw
end

-- tshark -z romon,streams: a line for each, as -z conv has them for other protocols.
local function print_streams()
	local line = "%6s  %-45s %8s %10s  %-45s %8s %10s  %12s %10s"

	print(line:format("Stream", "Opener", "Segments", "Bytes", "Listener", "Segments", "Bytes", "Start",
		"Duration"))
	for index = 0, capture.n_streams - 1 do
		local stream = capture.all_streams[index]
		local a, b = stream.sides[stream.a], stream.sides[stream.b]

		if stream.opener == b then
			a, b = b, a
		end
		print(line:format(index,
			("%s port %s"):format(id_text(a.id), port_text(a.port)), a.segments, a.bytes,
			("%s port %s"):format(id_text(b.id), port_text(b.port)), b.segments, b.bytes,
			("%.6f"):format(stream.start), ("%.6f"):format(stream.stop - stream.start)))
	end
end

register_stat_cmd_arg("romon,streams", function()
	local tap = Listener.new("frame", "romon.stream")

	function tap.draw()
		print_streams()
	end
end)

DissectorTable.get("ethertype"):add(0x88bf, romon)
services:add(SSH_PORT, Dissector.get("ssh"))

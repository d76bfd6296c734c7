-- SPDX-License-Identifier: GPL-2.0-only
-- What of Wireshark's Lua romon.lua makes use of, in Lua 5.2 as in 5.4.
std = "lua52"
max_line_length = 120
read_globals = {
	"Address", "ByteArray", "Dissector", "DissectorTable", "ENC_UTF_8", "Field", "Listener", "NSTime", "Pref",
	"Proto", "ProtoExpert", "ProtoField", "base", "bit", "expert", "frametype", "ftypes",
	"register_stat_cmd_arg", "report_failure",
}

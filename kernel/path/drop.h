/* SPDX-License-Identifier: GPL-2.0-only */
/* Why frames are dropped: the one list. */

#ifndef ROMON_DROP_H
#define ROMON_DROP_H

/*
 * X(name, sentence). The name is what counters, tracepoints and netlink show
 * and what scripts match, so it never changes; the sentence is for people.
 */
#define ROMON_DROP_REASONS(X)						       \
	X(too_short, "shorter than the header of its type")		       \
	X(bad_length, "length field beyond the end of the frame")	       \
	X(unknown_type, "unknown frame type")				       \
	X(bad_hops, "no route entries, or more than the frame holds")	       \
	X(bad_pointer, "route pointer outside of the route")		       \
	X(bad_tlv, "TLV beyond the end of the frame or of a wrong length")     \
	X(bad_route_tlv, "not the Route TLVs that this type of frame has")     \
	X(bad_id, "source or destination ID that cannot be one")	       \
	X(bad_transport, "no ports, or an echo request from the echo port")    \
	X(other_host, "Ethernet destination neither this port nor the group")  \
	X(bad_source, "Ethernet source is not a unicast address")	       \
	X(hashed, "hashed, but no secret is set here")			       \
	X(no_md5, "secrets are set here, but FIPS mode has no MD5")	       \
	X(no_secret, "Hello or SeqErr, but no secret is set here")	       \
	X(unhashed, "not hashed, but the secrets set here demand it")	       \
	X(wrong_digest, "hashed with none of the secrets set here")	       \
	X(neighbor_down, "hashed, but the neighbour has not proved to be alive") \
	X(replayed, "sequence number used before, or too old")		       \
	X(own_source, "hashed, but sent by this router itself")		       \
	X(neighbor_table, "more neighbours than max-neighbors")		       \
	X(own_flood, "this router's own Discover came back")		       \
	X(loop, "has passed this router before")			       \
	X(duplicate, "copy of a flood that came over no fewer hops")	       \
	X(hop_limit, "hop limit reached")				       \
	X(flood_rate, "more floods by a port than flood-rate allows")	       \
	X(origin_rate, "more floods of an origin by a port than windows")      \
	X(flood_table, "more origins at a time than max-origins")	       \
	X(flood_queue, "more floods waiting to be passed on than queue-len")   \
	X(answer_rate, "more answers by a port, or to an origin, than answer-rate")  \
	X(answer_queue, "more answers waiting to be sent than queue-len")      \
	X(unsolicited, "DiscoverResp without a recent Discover")	       \
	X(small_l2mtu, "answer longer than the L2 MTU of the hop it tells of")	       \
	X(wrong_port, "answer by another port or station than it tells of")    \
	X(topology_full, "more nodes or edges than max-nodes or max-edges")    \
	X(topology_queue, "more answers waiting to be read than queue-len")    \
	X(no_link, "route entry names a link that no running port has")	       \
	X(bad_next, "route entry's MAC is not a unicast address")	       \
	X(too_big, "longer than the L2 MTU of the port it should leave by")    \
	X(not_mine, "arrived, but addressed to another ID")		       \
	X(no_endpoint, "no program has bound the RoMON port")		       \
	X(endpoint_queue, "receive queue of the bound socket is full")	       \
	X(no_route, "no route to the router was found in time")		       \
	X(route_queue, "more datagrams waiting for a route than queue-len")    \
	X(hash_failed, "could not be hashed on its way out")		       \
	X(no_memory, "out of memory")					       \
	X(xmit, "refused by the device or its queue")

enum romon_drop {
	ROMON_DROP_NONE,
#define X(name, text) ROMON_DROP_##name,
	ROMON_DROP_REASONS(X)
#undef X
	ROMON_DROP_COUNT
};

#endif /* ROMON_DROP_H */

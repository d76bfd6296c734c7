// SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause)
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/romon.yaml */
/* YNL-GEN kernel source */

#include <net/netlink.h>
#include <net/genetlink.h>

#include "netlink-gen.h"

#include <uapi/linux/romon.h>
#include <net/net_namespace.h>

/* Integer value ranges */
static const struct netlink_range_validation romon_a_config_flood_window_range = {
	.min	= 10ULL,
	.max	= 60000ULL,
};

static const struct netlink_range_validation romon_a_config_flood_rate_range = {
	.min	= 1ULL,
	.max	= 100000ULL,
};

static const struct netlink_range_validation romon_a_config_node_timeout_range = {
	.min	= 1ULL,
	.max	= 86400ULL,
};

static const struct netlink_range_validation romon_a_config_max_nodes_range = {
	.min	= 1ULL,
	.max	= 1048576ULL,
};

static const struct netlink_range_validation romon_a_config_max_edges_range = {
	.min	= 1ULL,
	.max	= 4194304ULL,
};

static const struct netlink_range_validation romon_a_config_max_origins_range = {
	.min	= 1ULL,
	.max	= 1048576ULL,
};

static const struct netlink_range_validation romon_a_config_max_ports_range = {
	.min	= 1ULL,
	.max	= 65536ULL,
};

static const struct netlink_range_validation romon_a_config_max_endpoints_range = {
	.min	= 1ULL,
	.max	= 65535ULL,
};

static const struct netlink_range_validation romon_a_config_queue_len_range = {
	.min	= 1ULL,
	.max	= 65536ULL,
};

static const struct netlink_range_validation romon_a_config_max_neighbors_range = {
	.min	= 1ULL,
	.max	= 1048576ULL,
};

static const struct netlink_range_validation romon_a_config_answer_rate_range = {
	.min	= 1ULL,
	.max	= 100000ULL,
};

/* Common nested types */
const struct nla_policy romon_secrets_nl_policy[ROMON_A_SECRETS_SECRET + 1] = {
	[ROMON_A_SECRETS_SECRET] = { .type = NLA_BINARY, },
};

/* ROMON_CMD_CONFIG_SET - do */
static const struct nla_policy romon_config_set_nl_policy[ROMON_A_CONFIG_ANSWER_RATE + 1] = {
	[ROMON_A_CONFIG_ENABLED] = NLA_POLICY_MAX(NLA_U8, 1),
	[ROMON_A_CONFIG_ID] = NLA_POLICY_EXACT_LEN(ROMON_ID_LEN),
	[ROMON_A_CONFIG_IDENTITY] = { .type = NLA_NUL_STRING, .len = ROMON_IDENTITY_MAX_LEN, },
	[ROMON_A_CONFIG_BOARD] = { .type = NLA_NUL_STRING, .len = ROMON_IDENTITY_MAX_LEN, },
	[ROMON_A_CONFIG_HOP_LIMIT] = NLA_POLICY_RANGE(NLA_U8, 1, ROMON_HOP_LIMIT_MAX),
	[ROMON_A_CONFIG_FLOOD_WINDOW] = NLA_POLICY_FULL_RANGE(NLA_U32, &romon_a_config_flood_window_range),
	[ROMON_A_CONFIG_FLOOD_RATE] = NLA_POLICY_FULL_RANGE(NLA_U32, &romon_a_config_flood_rate_range),
	[ROMON_A_CONFIG_ANSWER_DELAY] = NLA_POLICY_MAX(NLA_U32, 1000),
	[ROMON_A_CONFIG_NODE_TIMEOUT] = NLA_POLICY_FULL_RANGE(NLA_U32, &romon_a_config_node_timeout_range),
	[ROMON_A_CONFIG_MAX_NODES] = NLA_POLICY_FULL_RANGE(NLA_U32, &romon_a_config_max_nodes_range),
	[ROMON_A_CONFIG_MAX_EDGES] = NLA_POLICY_FULL_RANGE(NLA_U32, &romon_a_config_max_edges_range),
	[ROMON_A_CONFIG_MAX_ORIGINS] = NLA_POLICY_FULL_RANGE(NLA_U32, &romon_a_config_max_origins_range),
	[ROMON_A_CONFIG_MAX_PORTS] = NLA_POLICY_FULL_RANGE(NLA_U32, &romon_a_config_max_ports_range),
	[ROMON_A_CONFIG_MAX_ENDPOINTS] = NLA_POLICY_FULL_RANGE(NLA_U32, &romon_a_config_max_endpoints_range),
	[ROMON_A_CONFIG_QUEUE_LEN] = NLA_POLICY_FULL_RANGE(NLA_U32, &romon_a_config_queue_len_range),
	[ROMON_A_CONFIG_SECRETS] = NLA_POLICY_NESTED(romon_secrets_nl_policy),
	[ROMON_A_CONFIG_HELLO_INTERVAL] = NLA_POLICY_RANGE(NLA_U32, 1, 3600),
	[ROMON_A_CONFIG_MAX_NEIGHBORS] = NLA_POLICY_FULL_RANGE(NLA_U32, &romon_a_config_max_neighbors_range),
	[ROMON_A_CONFIG_ANSWER_RATE] = NLA_POLICY_FULL_RANGE(NLA_U32, &romon_a_config_answer_rate_range),
};

/* ROMON_CMD_PORT_GET - do */
static const struct nla_policy romon_port_get_nl_policy[ROMON_A_PORT_INTERFACE + 1] = {
	[ROMON_A_PORT_INTERFACE] = { .type = NLA_NUL_STRING, .len = ROMON_IFNAME_MAX_LEN, },
};

/* ROMON_CMD_PORT_ADD - do */
static const struct nla_policy romon_port_add_nl_policy[ROMON_A_PORT_SECRETS + 1] = {
	[ROMON_A_PORT_INTERFACE] = { .type = NLA_NUL_STRING, .len = ROMON_IFNAME_MAX_LEN, },
	[ROMON_A_PORT_COST] = { .type = NLA_U16, },
	[ROMON_A_PORT_FORBID] = NLA_POLICY_MAX(NLA_U8, 1),
	[ROMON_A_PORT_DISABLED] = NLA_POLICY_MAX(NLA_U8, 1),
	[ROMON_A_PORT_COMMENT] = { .type = NLA_NUL_STRING, .len = ROMON_COMMENT_MAX_LEN, },
	[ROMON_A_PORT_SECRETS] = NLA_POLICY_NESTED(romon_secrets_nl_policy),
};

/* ROMON_CMD_PORT_SET - do */
static const struct nla_policy romon_port_set_nl_policy[ROMON_A_PORT_SECRETS + 1] = {
	[ROMON_A_PORT_INTERFACE] = { .type = NLA_NUL_STRING, .len = ROMON_IFNAME_MAX_LEN, },
	[ROMON_A_PORT_COST] = { .type = NLA_U16, },
	[ROMON_A_PORT_FORBID] = NLA_POLICY_MAX(NLA_U8, 1),
	[ROMON_A_PORT_DISABLED] = NLA_POLICY_MAX(NLA_U8, 1),
	[ROMON_A_PORT_COMMENT] = { .type = NLA_NUL_STRING, .len = ROMON_COMMENT_MAX_LEN, },
	[ROMON_A_PORT_SECRETS] = NLA_POLICY_NESTED(romon_secrets_nl_policy),
};

/* ROMON_CMD_PORT_DEL - do */
static const struct nla_policy romon_port_del_nl_policy[ROMON_A_PORT_INTERFACE + 1] = {
	[ROMON_A_PORT_INTERFACE] = { .type = NLA_NUL_STRING, .len = ROMON_IFNAME_MAX_LEN, },
};

/* ROMON_CMD_NODE_GET - do */
static const struct nla_policy romon_node_get_nl_policy[ROMON_A_NODE_NOW + 1] = {
	[ROMON_A_NODE_ID] = NLA_POLICY_EXACT_LEN(ROMON_ID_LEN),
	[ROMON_A_NODE_NOW] = { .type = NLA_FLAG, },
};

/* ROMON_CMD_ENDPOINT_BIND - do */
static const struct nla_policy romon_endpoint_bind_nl_policy[ROMON_A_DATAGRAM_LOCAL_PORT + 1] = {
	[ROMON_A_DATAGRAM_LOCAL_PORT] = { .type = NLA_U16, },
};

/* ROMON_CMD_ENDPOINT_UNBIND - do */
static const struct nla_policy romon_endpoint_unbind_nl_policy[ROMON_A_DATAGRAM_LOCAL_PORT + 1] = {
	[ROMON_A_DATAGRAM_LOCAL_PORT] = { .type = NLA_U16, },
};

/* ROMON_CMD_DATAGRAM_SEND - do */
static const struct nla_policy romon_datagram_send_nl_policy[ROMON_A_DATAGRAM_ROUTE + 1] = {
	[ROMON_A_DATAGRAM_ID] = NLA_POLICY_EXACT_LEN(ROMON_ID_LEN),
	[ROMON_A_DATAGRAM_LOCAL_PORT] = { .type = NLA_U16, },
	[ROMON_A_DATAGRAM_REMOTE_PORT] = { .type = NLA_U16, },
	[ROMON_A_DATAGRAM_PAYLOAD] = { .type = NLA_BINARY, },
	[ROMON_A_DATAGRAM_ROUTE] = { .type = NLA_BINARY, },
};

/* Ops table for romon */
static const struct genl_split_ops romon_nl_ops[] = {
	{
		.cmd	= ROMON_CMD_CONFIG_GET,
		.doit	= romon_nl_config_get_doit,
		.flags	= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= ROMON_CMD_CONFIG_SET,
		.pre_doit	= romon_nl_admin_pre_doit,
		.doit		= romon_nl_config_set_doit,
		.policy		= romon_config_set_nl_policy,
		.maxattr	= ROMON_A_CONFIG_ANSWER_RATE,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= ROMON_CMD_PORT_GET,
		.doit		= romon_nl_port_get_doit,
		.policy		= romon_port_get_nl_policy,
		.maxattr	= ROMON_A_PORT_INTERFACE,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd	= ROMON_CMD_PORT_GET,
		.dumpit	= romon_nl_port_get_dumpit,
		.flags	= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= ROMON_CMD_PORT_ADD,
		.pre_doit	= romon_nl_admin_pre_doit,
		.doit		= romon_nl_port_add_doit,
		.policy		= romon_port_add_nl_policy,
		.maxattr	= ROMON_A_PORT_SECRETS,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= ROMON_CMD_PORT_SET,
		.pre_doit	= romon_nl_admin_pre_doit,
		.doit		= romon_nl_port_set_doit,
		.policy		= romon_port_set_nl_policy,
		.maxattr	= ROMON_A_PORT_SECRETS,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= ROMON_CMD_PORT_DEL,
		.pre_doit	= romon_nl_admin_pre_doit,
		.doit		= romon_nl_port_del_doit,
		.policy		= romon_port_del_nl_policy,
		.maxattr	= ROMON_A_PORT_INTERFACE,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= ROMON_CMD_NODE_GET,
		.doit		= romon_nl_node_get_doit,
		.policy		= romon_node_get_nl_policy,
		.maxattr	= ROMON_A_NODE_NOW,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd	= ROMON_CMD_NODE_GET,
		.dumpit	= romon_nl_node_get_dumpit,
		.flags	= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd	= ROMON_CMD_EDGE_GET,
		.dumpit	= romon_nl_edge_get_dumpit,
		.flags	= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= ROMON_CMD_DISCOVER,
		.pre_doit	= romon_nl_admin_pre_doit,
		.doit		= romon_nl_discover_doit,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= ROMON_CMD_ENDPOINT_BIND,
		.pre_doit	= romon_nl_admin_pre_doit,
		.doit		= romon_nl_endpoint_bind_doit,
		.policy		= romon_endpoint_bind_nl_policy,
		.maxattr	= ROMON_A_DATAGRAM_LOCAL_PORT,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= ROMON_CMD_ENDPOINT_UNBIND,
		.doit		= romon_nl_endpoint_unbind_doit,
		.policy		= romon_endpoint_unbind_nl_policy,
		.maxattr	= ROMON_A_DATAGRAM_LOCAL_PORT,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= ROMON_CMD_DATAGRAM_SEND,
		.doit		= romon_nl_datagram_send_doit,
		.policy		= romon_datagram_send_nl_policy,
		.maxattr	= ROMON_A_DATAGRAM_ROUTE,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd	= ROMON_CMD_NEIGHBOR_GET,
		.dumpit	= romon_nl_neighbor_get_dumpit,
		.flags	= GENL_CMD_CAP_DUMP,
	},
};

static const struct genl_multicast_group romon_nl_mcgrps[] = {
	[ROMON_NLGRP_EVENTS] = { "events", },
};

struct genl_family romon_nl_family __ro_after_init = {
	.name		= ROMON_FAMILY_NAME,
	.version	= ROMON_FAMILY_VERSION,
	.netnsok	= true,
	.parallel_ops	= true,
	.module		= THIS_MODULE,
	.split_ops	= romon_nl_ops,
	.n_split_ops	= ARRAY_SIZE(romon_nl_ops),
	.mcgrps		= romon_nl_mcgrps,
	.n_mcgrps	= ARRAY_SIZE(romon_nl_mcgrps),
};

/* SPDX-License-Identifier: GPL-2.0-only */
/* Tracepoints: a frame came in, was sent on, was for us, was dropped. */

#undef TRACE_SYSTEM
#define TRACE_SYSTEM romon

#if !defined(ROMON_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define ROMON_TRACE_H

#include <linux/netdevice.h>
#include <linux/tracepoint.h>

#include "port/port.h"
#include "wire.h"

#ifndef ROMON_TRACE_ONCE
#define ROMON_TRACE_ONCE
#define romon_trace_type(type)						\
	__print_symbolic(type,						\
			 { ROMON_TYPE_DISCOVER, "discover" },		\
			 { ROMON_TYPE_RESP, "resp" },			\
			 { ROMON_TYPE_DATA, "data" },			\
			 { ROMON_TYPE_SEQERR, "seqerr" },		\
			 { ROMON_TYPE_HELLO, "hello" })

#define ROMON_DROP_SYMBOL(name, text) { ROMON_DROP_##name, #name },
#define romon_trace_drop(reason)					\
	__print_symbolic(reason,					\
			 ROMON_DROP_REASONS(ROMON_DROP_SYMBOL)		\
			 { ROMON_DROP_NONE, "none" })
#endif

/* Programs that read the format know the names, not the numbers. */
#define X(name, text) TRACE_DEFINE_ENUM(ROMON_DROP_##name);
ROMON_DROP_REASONS(X)
#undef X
TRACE_DEFINE_ENUM(ROMON_DROP_NONE);
TRACE_DEFINE_ENUM(ROMON_TYPE_DISCOVER);
TRACE_DEFINE_ENUM(ROMON_TYPE_RESP);
TRACE_DEFINE_ENUM(ROMON_TYPE_DATA);
TRACE_DEFINE_ENUM(ROMON_TYPE_SEQERR);
TRACE_DEFINE_ENUM(ROMON_TYPE_HELLO);

DECLARE_EVENT_CLASS(romon_frame,
	TP_PROTO(const struct romon_port *port, const struct sk_buff *skb,
		 const struct romon_frame *f),
	TP_ARGS(port, skb, f),
	TP_STRUCT__entry(
		__array(char, dev, IFNAMSIZ)
		__array(u8, src, ETH_ALEN)
		__array(u8, dst, ETH_ALEN)
		__field(u32, link)
		__field(u16, len)
		__field(u8, type)
		__field(u8, hops)
		__field(u8, ptr)
	),
	TP_fast_assign(
		const struct romon_wire_header *h = (const void *)skb->data;

		memcpy(__entry->dev, port->dev->name, IFNAMSIZ);
		memcpy(__entry->src, h->src, ETH_ALEN);
		memcpy(__entry->dst, h->dst, ETH_ALEN);
		__entry->link = port->link;
		__entry->len = f->len;
		__entry->type = f->type;
		__entry->hops = f->hops;
		__entry->ptr = f->ptr;
	),
	TP_printk("dev=%s link=%u type=%s src=%pM dst=%pM hops=%u ptr=%u len=%u",
		  __entry->dev, __entry->link, romon_trace_type(__entry->type),
		  __entry->src, __entry->dst, __entry->hops, __entry->ptr,
		  __entry->len)
);

/* A well-formed frame came in; dev is the ingress port. */
DEFINE_EVENT(romon_frame, romon_rx,
	TP_PROTO(const struct romon_port *port, const struct sk_buff *skb,
		 const struct romon_frame *f),
	TP_ARGS(port, skb, f)
);

/* A Data or DiscoverResp in transit goes on; dev is the egress port. */
DEFINE_EVENT(romon_frame, romon_forward,
	TP_PROTO(const struct romon_port *port, const struct sk_buff *skb,
		 const struct romon_frame *f),
	TP_ARGS(port, skb, f)
);

/* A frame was for this router; dev is the ingress port. */
DEFINE_EVENT(romon_frame, romon_deliver,
	TP_PROTO(const struct romon_port *port, const struct sk_buff *skb,
		 const struct romon_frame *f),
	TP_ARGS(port, skb, f)
);

TRACE_EVENT(romon_drop,
	TP_PROTO(const struct romon_port *port, enum romon_drop reason),
	TP_ARGS(port, reason),
	TP_STRUCT__entry(
		__array(char, dev, IFNAMSIZ)
		__field(u32, reason)
	),
	TP_fast_assign(
		if (port)
			memcpy(__entry->dev, port->dev->name, IFNAMSIZ);
		else
			strscpy_pad(__entry->dev, "-", IFNAMSIZ);
		__entry->reason = reason;
	),
	TP_printk("dev=%s reason=%s", __entry->dev,
		  romon_trace_drop(__entry->reason))
);

#endif /* ROMON_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH path
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>

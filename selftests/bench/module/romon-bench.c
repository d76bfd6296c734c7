// SPDX-License-Identifier: GPL-2.0-only
/*
 * Send frames down devices and measure what becomes of them costs.
 *
 * Each open of /sys/kernel/debug/romon-bench is a measurement of its own. What
 * is written to it is a struct bench_request and its lanes: each is a frame, the
 * device that it is sent by, and the one at which it ends. Slices of some 100 us
 * are sent by all lanes in turn, so that what disturbs the machine disturbs all
 * alike. What is read then is a struct bench_slice for each slice of each lane.
 *
 * Devices are those of the namespace of whoever writes. Frames are sent in
 * batches with softirqs off and are handled when these are on again, on the
 * same CPU, all the way to the end: the time of a slice is that of the CPU. For
 * virtual devices, that is. A lane without a device is one HMAC-MD5 of each frame.
 */

#include <crypto/md5.h>
#include <linux/bits.h>
#include <linux/debugfs.h>
#include <linux/etherdevice.h>
#include <linux/if_ether.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <linux/nsproxy.h>
#include <linux/rtnetlink.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#define BENCH_LANES	16
#define BENCH_SLICES	BIT(16)
#define BENCH_BATCH	64
/* What has not come to its end after so many tasks had their turn is lost. */
#define BENCH_PATIENCE	100000

/* As forward.py packs them. */
struct bench_lane_request {
	char	source[IFNAMSIZ];
	char	sink[IFNAMSIZ];
	u32	len;			/* of the frame with its Ethernet header */
	u32	linear;			/* of it in the skb's head, at least that */
	u8	frame[2048];
};

struct bench_request {
	u32	n_lanes;
	u32	n_slices;		/* of each lane */
	u32	frames;			/* in a slice, a multiple of BENCH_BATCH */
	u32	reserved;
	struct bench_lane_request lane[];
};

struct bench_slice {
	u64	ns;
	u64	delivered;
};

/* What ends at a device: before all others, a router for example. */
struct bench_sink {
	struct net_device *dev;
	struct nf_hook_ops hook;
	/* The CPU of the measurement writes and reads both. */
	unsigned int	len;		/* of what counts, without Ethernet header */
	u64		got;
};

struct bench_lane {
	struct net_device *source;
	struct bench_sink *sink;
	struct page	*page;		/* what is not linear of the frame */
	const struct bench_lane_request *request;
};

struct bench {
	struct mutex	lock;		/* guards all of it: a file may be shared */
	struct bench_request *request;
	u32		n_lanes;
	u32		n_sinks;
	struct bench_lane lane[BENCH_LANES];
	struct bench_sink sink[BENCH_LANES];
	struct bench_slice *slice;
	size_t		len;		/* of all slices, in bytes */
};

static struct hmac_md5_key bench_key;

static unsigned int bench_end(void *priv, struct sk_buff *skb,
			      const struct nf_hook_state *state)
{
	struct bench_sink *sink = priv;

	/* Others go on: neighbours may say hello meanwhile. */
	if (skb->len != sink->len)
		return NF_ACCEPT;
	sink->got++;
	consume_skb(skb);
	return NF_STOLEN;
}

static struct sk_buff *bench_skb(const struct bench_lane *lane)
{
	const struct bench_lane_request *r = lane->request;
	struct sk_buff *skb;

	skb = alloc_skb(NET_SKB_PAD + r->linear, GFP_ATOMIC);
	if (!skb)
		return NULL;
	skb_reserve(skb, NET_SKB_PAD);
	skb_put_data(skb, r->frame, r->linear);
	if (r->len > r->linear) {
		get_page(lane->page);
		skb_add_rx_frag(skb, 0, lane->page, 0, r->len - r->linear,
				PAGE_SIZE);
	}
	skb_reset_mac_header(skb);
	skb->dev = lane->source;
	skb->protocol = eth_hdr(skb)->h_proto;
	return skb;
}

/* Return: 0, or -ENOMEM. What was sent is handled when this returns. */
static int bench_batch(const struct bench_lane *lane)
{
	struct sk_buff *skb;
	unsigned int i;
	int err = 0;

	local_bh_disable();
	for (i = 0; i < BENCH_BATCH; i++) {
		skb = bench_skb(lane);
		if (!skb) {
			err = -ENOMEM;
			break;
		}
		dev_queue_xmit(skb);
	}
	local_bh_enable();
	return err;
}

static void bench_digest(const struct bench_lane *lane, u32 frames)
{
	const struct bench_lane_request *r = lane->request;
	u8 digest[MD5_DIGEST_SIZE];
	unsigned int i;

	for (i = 0; i < frames; i++)
		hmac_md5(&bench_key, r->frame, r->len, digest);
}

static int bench_slice(const struct bench_lane *lane, u32 frames,
		       struct bench_slice *slice)
{
	const struct bench_lane_request *r = lane->request;
	u64 before, start = ktime_get_ns();
	unsigned int i;
	int err;

	if (!lane->source) {
		bench_digest(lane, frames);
		slice->ns = ktime_get_ns() - start;
		slice->delivered = frames;
		return 0;
	}
	lane->sink->len = r->len - ETH_HLEN;
	before = lane->sink->got;
	for (i = 0; i < frames; i += BENCH_BATCH) {
		err = bench_batch(lane);
		if (err)
			return err;
	}
	/* ksoftirqd may have taken over, or it is a program that forwards. */
	for (i = 0; i < BENCH_PATIENCE; i++) {
		if (READ_ONCE(lane->sink->got) - before >= frames)
			break;
		yield();
		local_bh_disable();
		local_bh_enable();
	}
	slice->ns = ktime_get_ns() - start;
	slice->delivered = READ_ONCE(lane->sink->got) - before;
	return 0;
}

static int bench_measure(struct bench *b)
{
	const struct bench_request *r = b->request;
	unsigned int i, k;
	int err;

	for (i = 0; i < r->n_slices; i++) {
		for (k = 0; k < b->n_lanes; k++) {
			err = bench_slice(&b->lane[k], r->frames,
					  &b->slice[i * b->n_lanes + k]);
			if (err)
				return err;
			if (fatal_signal_pending(current))
				return -EINTR;
			cond_resched();
		}
	}
	return 0;
}

/* Under rtnl. Devices that several lanes end at have one sink. */
static struct bench_sink *bench_sink(struct bench *b, struct net_device *dev)
{
	struct bench_sink *sink;
	unsigned int i;

	for (i = 0; i < b->n_sinks; i++)
		if (b->sink[i].dev == dev)
			return &b->sink[i];
	sink = &b->sink[b->n_sinks];
	sink->dev = dev;
	sink->got = 0;
	sink->hook = (struct nf_hook_ops){
		.hook = bench_end,
		.priv = sink,
		.dev = dev,
		.pf = NFPROTO_NETDEV,
		.hooknum = NF_NETDEV_INGRESS,
		/* And the last that is added is asked first. */
		.priority = INT_MIN,
	};
	if (nf_register_net_hook(dev_net(dev), &sink->hook))
		return NULL;
	b->n_sinks++;
	return sink;
}

static int bench_lane(struct bench *b, struct net *net,
		      const struct bench_lane_request *r)
{
	struct bench_lane *lane = &b->lane[b->n_lanes];
	struct net_device *end;

	if (r->len > sizeof(r->frame) || r->linear > r->len ||
	    r->linear < ETH_HLEN || r->len - r->linear > PAGE_SIZE)
		return -EINVAL;
	if (strnlen(r->source, IFNAMSIZ) == IFNAMSIZ ||
	    strnlen(r->sink, IFNAMSIZ) == IFNAMSIZ)
		return -EINVAL;
	lane->request = r;
	if (!*r->source) {
		lane->source = NULL;
		lane->page = NULL;
		b->n_lanes++;
		return 0;
	}
	lane->source = __dev_get_by_name(net, r->source);
	end = __dev_get_by_name(net, r->sink);
	if (!lane->source || !end)
		return -ENODEV;
	lane->sink = bench_sink(b, end);
	if (!lane->sink)
		return -EBUSY;
	lane->page = alloc_page(GFP_KERNEL);
	if (!lane->page)
		return -ENOMEM;
	memcpy(page_address(lane->page), r->frame + r->linear,
	       r->len - r->linear);
	/* Devices stay while the measurement runs: whoever asks for it sees to that. */
	dev_hold(lane->source);
	b->n_lanes++;
	return 0;
}

static void bench_undo(struct bench *b)
{
	unsigned int i;

	rtnl_lock();
	for (i = 0; i < b->n_sinks; i++)
		nf_unregister_net_hook(dev_net(b->sink[i].dev),
				       &b->sink[i].hook);
	rtnl_unlock();
	for (i = 0; i < b->n_lanes; i++) {
		if (!b->lane[i].source)
			continue;
		dev_put(b->lane[i].source);
		put_page(b->lane[i].page);
	}
	b->n_sinks = 0;
	b->n_lanes = 0;
}

static int bench_prepare(struct bench *b)
{
	const struct bench_request *r = b->request;
	unsigned int i;
	int err = 0;

	rtnl_lock();
	for (i = 0; i < r->n_lanes && !err; i++)
		err = bench_lane(b, current->nsproxy->net_ns, &r->lane[i]);
	rtnl_unlock();
	return err;
}

static int bench_run(struct bench *b)
{
	const struct bench_request *r = b->request;
	int err;

	kvfree(b->slice);
	b->len = array3_size(r->n_lanes, r->n_slices, sizeof(*b->slice));
	b->slice = kvzalloc(b->len, GFP_KERNEL);
	if (!b->slice)
		return -ENOMEM;
	err = bench_prepare(b);
	if (!err)
		err = bench_measure(b);
	bench_undo(b);
	return err;
}

static ssize_t bench_write(struct file *file, const char __user *from,
			   size_t len, loff_t *pos)
{
	struct bench *b = file->private_data;
	struct bench_request *r;
	int err = -EINVAL;

	if (len < sizeof(*r) ||
	    len > struct_size(r, lane, BENCH_LANES))
		return -EINVAL;
	r = vmemdup_user(from, len);
	if (IS_ERR(r))
		return PTR_ERR(r);
	mutex_lock(&b->lock);
	b->request = r;
	b->len = 0;
	if (r->n_lanes && r->n_lanes <= BENCH_LANES &&
	    len == struct_size(r, lane, r->n_lanes) &&
	    r->n_slices && r->n_slices <= BENCH_SLICES &&
	    r->frames && r->frames % BENCH_BATCH == 0)
		err = bench_run(b);
	if (err)
		b->len = 0;
	b->request = NULL;
	mutex_unlock(&b->lock);
	kvfree(r);
	return err ?: len;
}

static ssize_t bench_read(struct file *file, char __user *to, size_t len,
			  loff_t *pos)
{
	struct bench *b = file->private_data;
	ssize_t ret;

	mutex_lock(&b->lock);
	ret = simple_read_from_buffer(to, len, pos, b->slice, b->len);
	mutex_unlock(&b->lock);
	return ret;
}

static int bench_open(struct inode *inode, struct file *file)
{
	struct bench *b = kzalloc(sizeof(*b), GFP_KERNEL);

	if (!b)
		return -ENOMEM;
	mutex_init(&b->lock);
	file->private_data = b;
	return 0;
}

static int bench_release(struct inode *inode, struct file *file)
{
	struct bench *b = file->private_data;

	kvfree(b->slice);
	kfree(b);
	return 0;
}

static const struct file_operations bench_fops = {
	.owner		= THIS_MODULE,
	.open		= bench_open,
	.release	= bench_release,
	.read		= bench_read,
	.write		= bench_write,
};

static struct dentry *bench_file;

static int __init bench_init(void)
{
	hmac_md5_preparekey(&bench_key, "key", 3);
	bench_file = debugfs_create_file_unsafe("romon-bench", 0600, NULL, NULL,
						&bench_fops);
	return PTR_ERR_OR_ZERO(bench_file);
}
module_init(bench_init);

static void __exit bench_exit(void)
{
	debugfs_remove(bench_file);
}
module_exit(bench_exit);

MODULE_DESCRIPTION("Measure what a frame costs on its way through devices");
MODULE_LICENSE("GPL");

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hashing and verifying frames, and the rules of lists.
 *
 * The digests were computed by Python's hmac. For a frame FRAME of hexadecimal
 * digits with anything as its digest, MACs DST and SRC, and a secret:
 *
 *	import hmac
 *	f = bytearray.fromhex(FRAME)
 *	f[12:28] = bytes(16)
 *	head = bytes.fromhex(DST + SRC) + f[:BODY]
 *	text = f[BODY:] + head + len(head).to_bytes(2, "big")
 *	f[12:28] = hmac.digest(bytes.fromhex(SECRET), text, "md5")
 *	print(f.hex())
 */

#include <kunit/test.h>
#include <linux/etherdevice.h>
#include <linux/hex.h>
#include <linux/skbuff.h>

#include "path/auth.h"

#define MAX_FRAME	512

struct vector {
	const char *name;
	const char *secret;
	const char *dst;
	const char *src;
	const char *frame;
	unsigned int body;
};

static const struct vector vectors[] = {
	{
		.name = "Discover",
		.secret = "736563726574", .dst = "0180c20088bf", .src = "d4ca6ddd8cbe",
		.body = 48,
		.frame =
			"01000062"
			"18e0a1b2c3d4e5f66b3096ce5b3672e5fcc9fb4c53769fa9"
			"aabbccddeeffffffffffffff"
			"00000000000000000122aabbccddeeff0000000000000000"
			"0000000000000000000a063e0064d4ca6ddd8cbe",
	},
	{
		.name = "DiscoverResp",
		.secret = "736563726574", .dst = "d4ca6ddd8cbe", .src = "18fd7473c53a",
		.body = 48,
		.frame =
			"0200009e"
			"0000000000000001cd74e62f7f5b0f3381114c8ff9b6809b"
			"aabbccddeeff18fd7473c53a"
			"00000000000000000122aabbccddeeff0000000000000000"
			"0000000000000000000a063e0064d4ca6ddd8cbe012218fd"
			"7473c53a0000000c0638006418fd7473c53a000000000000"
			"0000000000000000030644756e6547570404070d66000508"
			"5242373530477233",
	},
	{
		.name = "Data",
		.secret = "736563726574", .dst = "18fd7473c53a", .src = "d4ca6ddd8cbe",
		.body = 66,
		.frame =
			"03000059"
			"01020304050607086475083bae9e1363ca038f6c8fa1ceaf"
			"aabbccddeeff020000000002"
			"0200000000000000000718fd7473c53a0000000c02010000"
			"0021c12300010102030405",
	},
	{
		.name = "Data, longer than MD5's block",
		.secret =
			"6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b"
			"6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b"
			"6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b",
		.dst = "18fd7473c53a", .src = "d4ca6ddd8cbe",
		.body = 56,
		.frame =
			"03000112"
			"ffffffffffffffffbcccdf45c51cf8dc727e40e844d9a64a"
			"aabbccddeeff18fd7473c53a"
			"0100000000000000000718fd7473c53ac123000100010203"
			"0405060708090a0b0c0d0e0f101112131415161718191a1b"
			"1c1d1e1f202122232425262728292a2b2c2d2e2f30313233"
			"3435363738393a3b3c3d3e3f404142434445464748494a4b"
			"4c4d4e4f505152535455565758595a5b5c5d5e5f60616263"
			"6465666768696a6b6c6d6e6f707172737475767778797a7b"
			"7c7d7e7f808182838485868788898a8b8c8d8e8f90919293"
			"9495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaab"
			"acadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3"
			"c4c5c6c7",
	},
	{
		.name = "Hello to the group",
		.secret = "73", .dst = "0180c20088bf", .src = "d4ca6ddd8cbe",
		.body = 40,
		.frame =
			"05000036"
			"18e91efd5bd380007b68e5703cab638bf56c3f9cd07aff78"
			"aabbccddeeffffffffffffff",
	},
	{
		.name = "Hello with challenge and echo",
		.secret =
			"0102030405060708090a0b0c0d0e0f101112131415161718"
			"191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f30"
			"3132333435363738393a3b3c3d3e3f40",
		.dst = "18fd7473c53a", .src = "d4ca6ddd8cbe",
		.body = 40,
		.frame =
			"0500004a"
			"800000000000000037e63c1783430acae12f65978a264703"
			"aabbccddeeffffffffffffff"
			"01080123456789abcdef0208fedcba9876543210",
	},
	{
		.name = "SeqErr",
		.secret = "00", .dst = "18fd7473c53a", .src = "d4ca6ddd8cbe",
		.body = 40,
		.frame =
			"04000040"
			"000000000000010034cd6a90e599948ff1d6232256944ad7"
			"aabbccddeeffffffffffffff"
			"0108a1a2a3a4a5a6a7a8",
	},
};

KUNIT_ARRAY_PARAM_DESC(vectors, vectors, name);

/* Bytes of hexadecimal digits; returns how many. */
static unsigned int unhex(struct kunit *test, u8 *to, const char *digits)
{
	unsigned int len = strlen(digits) / 2;

	KUNIT_ASSERT_EQ(test, hex2bin(to, digits, len), 0);
	return len;
}

static void free_list(void *list)
{
	romon_secrets_free(list);
}

static const struct romon_secrets *
make_list(struct kunit *test, const struct romon_secret_text *text, u8 n)
{
	struct romon_secrets *list;

	if (!n)
		return NULL;
	list = romon_secrets_alloc(text, n);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, list);
	KUNIT_ASSERT_EQ(test,
			kunit_add_action_or_reset(test, free_list, list), 0);
	if (list->closed)
		kunit_skip(test, "no MD5 in FIPS mode");
	return list;
}

/* A list of this one secret, between two others. */
static const struct romon_secrets *list_with(struct kunit *test,
					     const u8 *secret, u8 len)
{
	struct romon_secret_text text[] = {
		{ "another", 7 }, { secret, len }, { "", 0 },
	};

	return make_list(test, text, ARRAY_SIZE(text));
}

static void free_skb(void *skb)
{
	kfree_skb(skb);
}

/* A frame as it is received, its first @linear bytes linear. */
static struct sk_buff *make_skb(struct kunit *test, const u8 *dst,
				const u8 *src, const u8 *frame,
				unsigned int linear, unsigned int len)
{
	struct sk_buff *skb = alloc_skb(ETH_HLEN + linear, GFP_KERNEL);
	struct ethhdr *eth;

	KUNIT_ASSERT_NOT_NULL(test, skb);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, free_skb, skb),
			0);
	skb_reset_mac_header(skb);
	eth = skb_put(skb, ETH_HLEN);
	memcpy(eth->h_dest, dst, ETH_ALEN);
	memcpy(eth->h_source, src, ETH_ALEN);
	eth->h_proto = htons(ETH_P_ROMON);
	skb_put_data(skb, frame, linear);
	skb_pull(skb, ETH_HLEN);

	/* The rest in two pages, one byte in the first. */
	while (linear < len) {
		unsigned int n = skb_is_nonlinear(skb) ? len - linear : 1;
		struct page *page = alloc_page(GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, page);
		memcpy(page_address(page) + 100, frame + linear, n);
		skb_add_rx_frag(skb, skb_shinfo(skb)->nr_frags, page, 100, n,
				PAGE_SIZE);
		linear += n;
	}
	KUNIT_ASSERT_EQ(test, skb->len, len);
	return skb;
}

/* By whichever secret of the list, as rx.c does it. */
static enum romon_drop verify(const struct romon_secrets *list,
			      const struct sk_buff *skb,
			      const struct romon_frame *f, u64 mark,
			      struct romon_auth *auth)
{
	enum romon_drop reason = romon_auth_verify(list, skb, f, mark, 0, NULL,
						   auth);

	if (reason == ROMON_DROP_wrong_digest &&
	    romon_auth_has_others(list, auth))
		reason = romon_auth_verify_others(list, skb, f, mark, auth);
	return reason;
}

/* A vector in bytes. */
struct sample {
	u8	frame[MAX_FRAME];
	u8	secret[ROMON_SECRET_MAX_LEN];
	u8	dst[ETH_ALEN];
	u8	src[ETH_ALEN];
	u8	secret_len;
	unsigned int len;
	u64	seq;
	struct romon_frame f;
	const struct romon_secrets *list;
};

static struct sample *make_sample(struct kunit *test, const struct vector *v)
{
	struct sample *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, s);
	KUNIT_ASSERT_LE(test, strlen(v->frame) / 2, (size_t)MAX_FRAME);
	s->len = unhex(test, s->frame, v->frame);
	s->secret_len = unhex(test, s->secret, v->secret);
	unhex(test, s->dst, v->dst);
	unhex(test, s->src, v->src);
	s->seq = get_unaligned_be64(s->frame + 4);
	s->list = list_with(test, s->secret, s->secret_len);
	KUNIT_ASSERT_EQ(test, romon_wire_parse(&s->f, s->frame, s->len,
					       s->len), ROMON_DROP_NONE);
	KUNIT_ASSERT_EQ(test, s->f.body, v->body);
	return s;
}

static void hash_is_what_others_compute(struct kunit *test)
{
	const struct vector *v = test->param_value;
	struct sample *s = make_sample(test, v);
	unsigned int linear;

	/* Whatever of the body is in pages, and whatever was in the digest. */
	for (linear = v->body; linear <= s->len; linear++) {
		struct sk_buff *skb = make_skb(test, s->dst, s->src, s->frame,
					       linear, s->len);
		u8 found[MAX_FRAME];

		memset(skb->data + 4, linear, ROMON_AUTH_LEN);
		romon_auth_hash(&s->list->secret[1], skb, s->dst, s->src, s->seq,
				0);
		KUNIT_ASSERT_EQ(test, skb_copy_bits(skb, 0, found, s->len), 0);
		KUNIT_EXPECT_MEMEQ(test, found, s->frame, s->len);
	}
}

static void good_frame_is_verified(struct kunit *test)
{
	const struct vector *v = test->param_value;
	struct sample *s = make_sample(test, v);
	unsigned int linear;

	for (linear = v->body; linear <= s->len; linear++) {
		struct sk_buff *skb = make_skb(test, s->dst, s->src, s->frame,
					       linear, s->len);
		struct romon_auth auth;

		KUNIT_EXPECT_EQ(test,
				verify(s->list, skb, &s->f, 0, &auth),
				ROMON_DROP_NONE);
		KUNIT_EXPECT_PTR_EQ(test, auth.secret, &s->list->secret[1]);
		KUNIT_EXPECT_EQ(test, auth.index, 1);
		KUNIT_EXPECT_EQ(test, auth.seq, s->seq);
	}
}

/* What is for one port is nothing to another that has the same MAC. */
static void frame_for_one_port_is_bound_to_its_mark(struct kunit *test)
{
	const u64 mark = 0x0102030405060708;
	struct sample *s = make_sample(test, test->param_value);
	bool hello = s->f.type == ROMON_TYPE_HELLO ||
		     s->f.type == ROMON_TYPE_SEQERR;
	bool bound = !is_multicast_ether_addr(s->dst) &&
		     (!hello || s->f.echo);
	struct romon_auth auth;
	struct sk_buff *skb;

	skb = make_skb(test, s->dst, s->src, s->frame, s->len, s->len);
	KUNIT_EXPECT_EQ(test,
			verify(s->list, skb, &s->f, mark, &auth),
			bound ? ROMON_DROP_wrong_digest : ROMON_DROP_NONE);
	romon_auth_hash(&s->list->secret[1], skb, s->dst, s->src, s->seq,
			bound ? mark : 0);
	KUNIT_EXPECT_EQ(test,
			verify(s->list, skb, &s->f, mark, &auth),
			ROMON_DROP_NONE);
	KUNIT_EXPECT_EQ(test,
			verify(s->list, skb, &s->f, mark + 1, &auth),
			bound ? ROMON_DROP_wrong_digest : ROMON_DROP_NONE);
}

static void padding_is_not_hashed(struct kunit *test)
{
	struct sample *s = make_sample(test, test->param_value);
	struct romon_auth auth;
	struct sk_buff *skb;

	memset(s->frame + s->len, 0x5a, 10);
	skb = make_skb(test, s->dst, s->src, s->frame, s->len + 10,
		       s->len + 10);
	skb_trim(skb, s->len);
	KUNIT_EXPECT_EQ(test, verify(s->list, skb, &s->f, 0, &auth),
			ROMON_DROP_NONE);
}

static void expect_refused(struct kunit *test, const struct sample *s,
			   const u8 *ether, const u8 *frame,
			   unsigned int at, unsigned int bit)
{
	struct sk_buff *skb = make_skb(test, ether, ether + ETH_ALEN, frame,
				       s->len, s->len);
	struct romon_auth auth;
	struct romon_frame f;

	/* As it was parsed, and as it parses now if it does. */
	KUNIT_EXPECT_EQ_MSG(test,
			    verify(s->list, skb, &s->f, 0, &auth),
			    ROMON_DROP_wrong_digest, "byte %u bit %u", at, bit);
	if (!romon_wire_parse(&f, frame, s->len, s->len)) {
		skb_trim(skb, f.len);
		KUNIT_EXPECT_EQ_MSG(test,
				    verify(s->list, skb, &f, 0, &auth),
				    ROMON_DROP_wrong_digest,
				    "byte %u bit %u, parsed", at, bit);
	}
}

static void every_flipped_bit_is_refused(struct kunit *test)
{
	struct sample *s = make_sample(test, test->param_value);
	u8 ether[2 * ETH_ALEN];
	unsigned int at, bit;

	memcpy(ether, s->dst, ETH_ALEN);
	memcpy(ether + ETH_ALEN, s->src, ETH_ALEN);
	for (bit = 0; bit < 8; bit++) {
		for (at = 0; at < sizeof(ether); at++) {
			ether[at] ^= BIT(bit);
			expect_refused(test, s, ether, s->frame, at, bit);
			ether[at] ^= BIT(bit);
		}
		for (at = 0; at < s->len; at++) {
			s->frame[at] ^= BIT(bit);
			expect_refused(test, s, ether, s->frame,
				       ETH_HLEN + at, bit);
			s->frame[at] ^= BIT(bit);
		}
	}
}

static const struct vector *data_vector(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(vectors); i++)
		if (!strcmp(vectors[i].name, "Data"))
			return &vectors[i];
	KUNIT_ASSERT_TRUE(test, false);
	return NULL;
}

/* What a forwarder does to a frame. */
static void pass_on(struct sk_buff *skb, const struct romon_auth_next *next)
{
	struct romon_wire_data *d = (void *)skb->data;

	if (next->replaces)
		d->entry[d->ptr] = next->entry;
	d->ptr = next->ptr;
}

/*
 * The digest of a frame that goes on is the same whether it is computed beside
 * the one to verify, with @text as the secret of the way out, or afterwards.
 */
static void compare_both(struct kunit *test, struct sample *s, const u8 *text,
			 u8 len, u64 mark_in, u64 mark_out, bool replaces,
			 unsigned int linear)
{
	static const struct romon_port *egress = (const void *)&egress;
	const struct romon_secrets *list = list_with(test, text, len);
	struct romon_auth_next next = {
		.egress = egress,
		.secret = &list->secret[1],
		.dst = { 2, 1, 0, 0, 0, 0x21 },
		.src = { 2, 1, 0, 0, 0, 0x12 },
		.seq = 4711,
		.mark = mark_out,
		.ptr = 1,
		.replaces = replaces,
		.entry = { cpu_to_be32(99), { 2, 3, 4, 5, 6, 7 } },
	};
	u8 found[ROMON_DIGEST_LEN];
	struct romon_auth auth;
	struct sk_buff *skb;

	skb = make_skb(test, s->dst, s->src, s->frame, linear, s->len);
	romon_auth_hash(&s->list->secret[1], skb, s->dst, s->src, s->seq,
			mark_in);
	KUNIT_EXPECT_EQ(test,
			romon_auth_verify(s->list, skb, &s->f, mark_in, 1,
					  &next, &auth),
			ROMON_DROP_NONE);
	KUNIT_EXPECT_TRUE(test, next.hashed);
	memcpy(found, next.digest, sizeof(found));
	pass_on(skb, &next);
	romon_auth_hash(next.secret, skb, next.dst, next.src, next.seq,
			next.mark);
	KUNIT_EXPECT_MEMEQ(test, found, skb->data + 12, sizeof(found));
}

static void two_digests_at_once_are_those_of_each(struct kunit *test)
{
	struct sample *s = make_sample(test, data_vector(test));
	unsigned int linear, marks;

	for (linear = s->f.body; linear <= s->len; linear++) {
		for (marks = 0; marks < 4; marks++) {
			u64 in = marks & 1 ? 0x0102030405060708ULL : 0;
			u64 out = marks & 2 ? 0x1112131415161718ULL : 0;

			compare_both(test, s, s->secret, s->secret_len, in,
				     out, true, linear);
			compare_both(test, s, "another", 7, in, out, true,
				     linear);
			compare_both(test, s, "another", 7, in, out, false,
				     linear);
		}
	}
}

/* Lists: protocol.rst, "Authentication". */
struct rule {
	const char *name;
	/* each a secret of one letter, - the empty one */
	const char *list;
	/* what is sent, and what Hellos are hashed with; 0: not hashed, none */
	char sends;
	char key;
	/* what is accepted, - for not hashed */
	const char *accepts;
};

static const struct rule rules[] = {
	{ "no list",		"",	0,	0,	"-" },
	{ "{\"\"}",		"-",	0,	0,	"-" },
	{ "{a}",		"a",	'a',	'a',	"a" },
	{ "{a,b}",		"ab",	'a',	'a',	"ab" },
	{ "{\"\",a}",		"-a",	0,	'a',	"-a" },
	{ "{a,\"\"}",		"a-",	'a',	'a',	"-a" },
	{ "{b}",		"b",	'b',	'b',	"b" },
	{ "{b,a}",		"ba",	'b',	'b',	"ab" },
	{ "{\"\",\"\"}",	"--",	0,	0,	"-" },
	{ "{\"\",\"\",b,a}",	"--ba",	0,	'b',	"-ab" },
	{ "{a,\"\",b}",		"a-b",	'a',	'a',	"-ab" },
	{ "{a,a}",		"aa",	'a',	'a',	"a" },
};

KUNIT_ARRAY_PARAM_DESC(rules, rules, name);

static const struct romon_secrets *rule_list(struct kunit *test,
					     const char *letters)
{
	struct romon_secret_text text[8];
	u8 n;

	for (n = 0; letters[n]; n++) {
		text[n].value = letters + n;
		text[n].len = letters[n] != '-';
	}
	return make_list(test, text, n);
}

/* What verifying says of a frame that is hashed with a letter, or not. */
static enum romon_drop verdict(struct kunit *test, struct sample *s, u8 type,
			       const struct romon_secrets *list, char letter)
{
	struct romon_frame f = s->f;
	struct romon_auth auth;
	struct sk_buff *skb;

	skb = make_skb(test, s->dst, s->src, s->frame, s->len, s->len);
	f.type = type;
	memset(skb->data + 4, 0, ROMON_AUTH_LEN);
	if (letter != '-') {
		const struct romon_secrets *with;

		with = rule_list(test, (char[]){ letter, 0 });
		romon_auth_hash(&with->secret[0], skb, s->dst, s->src, s->seq,
				0);
	}
	return verify(list, skb, &f, 0, &auth);
}

static void list_is_used_as_the_vendor_says(struct kunit *test)
{
	const struct rule *rule = test->param_value;
	const struct romon_secrets *list = rule_list(test, rule->list);
	const struct romon_secret *key = romon_secrets_key(list);
	struct sample *s = make_sample(test, data_vector(test));
	const char *letter;

	KUNIT_EXPECT_EQ(test, romon_secrets_hash(list), rule->sends != 0);
	KUNIT_EXPECT_EQ(test, key ? key->value[0] : 0, rule->key);
	if (rule->sends)
		KUNIT_EXPECT_EQ(test, rule->sends, rule->key);
	KUNIT_EXPECT_EQ(test, romon_secrets_unhashed(list),
			!!strchr(rule->accepts, '-'));

	for (letter = "-abc"; *letter; letter++) {
		enum romon_drop wanted = ROMON_DROP_NONE, hello;

		if (!strchr(rule->accepts, *letter))
			wanted = *letter == '-' ? ROMON_DROP_unhashed :
				 rule->key ? ROMON_DROP_wrong_digest :
					     ROMON_DROP_hashed;
		KUNIT_EXPECT_EQ_MSG(test,
				    verdict(test, s, ROMON_TYPE_DATA, list,
					    *letter), wanted,
				    "letter %c", *letter);
		/* Hello and SeqErr are hashed always. */
		hello = !rule->key ? ROMON_DROP_no_secret :
			*letter == '-' ? ROMON_DROP_unhashed : wanted;
		KUNIT_EXPECT_EQ_MSG(test,
				    verdict(test, s, ROMON_TYPE_HELLO, list,
					    *letter), hello,
				    "Hello, letter %c", *letter);
		KUNIT_EXPECT_EQ_MSG(test,
				    verdict(test, s, ROMON_TYPE_SEQERR, list,
					    *letter), hello,
				    "SeqErr, letter %c", *letter);
	}
}

/* All 24 bytes zero is the only way to be not hashed. */
static void one_bit_makes_a_frame_hashed(struct kunit *test)
{
	struct sample *s = make_sample(test, data_vector(test));
	struct romon_auth auth;
	unsigned int bit;

	memset(s->frame + 4, 0, ROMON_AUTH_LEN);
	for (bit = 0; bit < 8 * ROMON_AUTH_LEN; bit++) {
		struct sk_buff *skb = make_skb(test, s->dst, s->src, s->frame,
					       s->len, s->len);

		skb->data[4 + bit / 8] |= BIT(bit % 8);
		KUNIT_EXPECT_EQ_MSG(test,
				    verify(s->list, skb, &s->f, 0, &auth),
				    ROMON_DROP_wrong_digest, "bit %u", bit);
		KUNIT_EXPECT_EQ_MSG(test,
				    verify(NULL, skb, &s->f, 0, &auth),
				    ROMON_DROP_hashed, "bit %u", bit);
	}
}

/* As long as lists may be, with the empty secret in it. */
static const struct romon_secrets *long_list(struct kunit *test)
{
	static const char names[] = "abcdefghijklmnop";
	struct romon_secret_text text[ROMON_SECRETS_MAX];
	u8 i;

	for (i = 0; i < ROMON_SECRETS_MAX; i++) {
		text[i].value = names + i;
		text[i].len = i != 5;
	}
	return make_list(test, text, ROMON_SECRETS_MAX);
}

static void a_forged_frame_costs_two_passes(struct kunit *test)
{
	const struct romon_secrets *list = long_list(test);
	struct sample *s = make_sample(test, data_vector(test));
	struct romon_auth auth;
	struct sk_buff *skb;
	unsigned int first;

	skb = make_skb(test, s->dst, s->src, s->frame, s->len, s->len);
	/* Whatever is believed to be likely, even if there is no such secret */
	for (first = 0; first <= U8_MAX; first++) {
		u8 tried = first < list->n && first != 5 ? first : 0;

		KUNIT_EXPECT_EQ(test,
				romon_auth_verify(list, skb, &s->f, 0, first,
						  NULL, &auth),
				ROMON_DROP_wrong_digest);
		KUNIT_EXPECT_EQ(test, hweight16(auth.tried), 2);
		KUNIT_EXPECT_TRUE(test, auth.tried & BIT(tried));
	}
	KUNIT_EXPECT_TRUE(test, romon_auth_has_others(list, &auth));
	KUNIT_EXPECT_EQ(test, romon_auth_verify_others(list, skb, &s->f, 0,
						       &auth),
			ROMON_DROP_wrong_digest);
	KUNIT_EXPECT_EQ(test, auth.tried, 0xffff & ~BIT(5));
	KUNIT_EXPECT_FALSE(test, romon_auth_has_others(list, &auth));
}

static void the_likely_secret_is_tried_first(struct kunit *test)
{
	const struct romon_secrets *list = long_list(test);
	struct sample *s = make_sample(test, data_vector(test));
	struct romon_auth auth;
	struct sk_buff *skb;
	u8 i;

	skb = make_skb(test, s->dst, s->src, s->frame, s->len, s->len);
	for (i = 0; i < list->n; i++) {
		unsigned int times = 0;

		if (!list->secret[i].len)
			continue;
		romon_auth_hash(&list->secret[i], skb, s->dst, s->src, s->seq,
				0);
		KUNIT_EXPECT_EQ(test, romon_auth_verify(list, skb, &s->f, 0, i,
							NULL, &auth),
				ROMON_DROP_NONE);
		KUNIT_EXPECT_EQ(test, auth.tried, BIT(i));
		KUNIT_EXPECT_EQ(test, auth.index, i);

		/* One that is not is found at random, and so by all frames. */
		while (romon_auth_verify(list, skb, &s->f, 0, !i, NULL, &auth) &&
		       ++times < 2000)
			;
		KUNIT_EXPECT_LT(test, times, 2000);
		KUNIT_EXPECT_EQ(test, auth.index, i);

		KUNIT_EXPECT_EQ(test, verify(list, skb, &s->f, 0, &auth),
				ROMON_DROP_NONE);
		KUNIT_EXPECT_EQ(test, auth.index, i);
	}
}

static struct kunit_case romon_auth_cases[] = {
	KUNIT_CASE_PARAM(hash_is_what_others_compute, vectors_gen_params),
	KUNIT_CASE_PARAM(good_frame_is_verified, vectors_gen_params),
	KUNIT_CASE_PARAM(frame_for_one_port_is_bound_to_its_mark,
			 vectors_gen_params),
	KUNIT_CASE_PARAM(padding_is_not_hashed, vectors_gen_params),
	KUNIT_CASE_PARAM(every_flipped_bit_is_refused, vectors_gen_params),
	KUNIT_CASE(two_digests_at_once_are_those_of_each),
	KUNIT_CASE_PARAM(list_is_used_as_the_vendor_says, rules_gen_params),
	KUNIT_CASE(one_bit_makes_a_frame_hashed),
	KUNIT_CASE(a_forged_frame_costs_two_passes),
	KUNIT_CASE(the_likely_secret_is_tried_first),
	{}
};

static struct kunit_suite romon_auth_test_suite = {
	.name = "romon_auth",
	.test_cases = romon_auth_cases,
};

kunit_test_suites(&romon_auth_test_suite);

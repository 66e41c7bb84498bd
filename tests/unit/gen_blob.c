// SPDX-License-Identifier: GPL-2.0-only
/* Blobs, item by item */
#include <string.h>

#include "gen.h"

void blob_item(struct blob *o, u32 type, u32 flags, const void *p, size_t len)
{
	size_t at = o->b.len;

	zeros(&o->b, CVM_EVIDENCE_ITEM_HEADER_LEN);
	put32(&o->b, at, type);
	put32(&o->b, at + 4, flags);
	put32(&o->b, at + 8, (u32)len);
	buf_add(&o->b, p, len);
	zeros(&o->b, (8 - len % 8) % 8);
	o->items++;
}

void blob_text(struct blob *o, u32 type, const char *text)
{
	blob_item(o, type, 0, text, strlen(text));
}

static void blob_u64(struct blob *o, u32 type, u64 v)
{
	struct buf b = { 0 };

	zeros(&b, 8);
	put64(&b, 0, v);
	blob_item(o, type, 0, b.p, 8);
	buf_free(&b);
}

void blob_start(struct blob *o, u32 tee, u32 provider, u32 flags, u32 binding)
{
	memset(o, 0, sizeof(*o));
	zeros(&o->b, CVM_EVIDENCE_BLOB_HEADER_LEN);
	put(&o->b, 0, CVM_EVIDENCE_BLOB_MAGIC, 4);
	o->b.p[4] = CVM_EVIDENCE_BLOB_MAJOR;
	o->b.p[6] = CVM_EVIDENCE_BLOB_MINOR;
	put32(&o->b, 8, CVM_EVIDENCE_BLOB_HEADER_LEN);
	put32(&o->b, 24, tee);
	put32(&o->b, 28, provider);
	put32(&o->b, 32, flags);
	put32(&o->b, 36, binding);
}

void blob_end(struct blob *o)
{
	put32(&o->b, 12, o->items);
	put64(&o->b, 16, o->b.len);
}

void blob_save(struct blob *o, const char *name)
{
	blob_end(o);
	save(name, &o->b);
	buf_free(&o->b);
}

void blob_common(struct blob *o, const char *driver)
{
	u8 boot[16], level[4] = { 0 };
	struct buf t = { 0 };
	size_t i;

	for (i = 0; i < 16; i++)
		boot[i] = (u8)(0x10 + i);
	blob_text(o, CVM_EVIDENCE_ITEM_DRIVER, driver);
	blob_item(o, CVM_EVIDENCE_ITEM_PRIVLEVEL, 0, level, 4);
	blob_u64(o, CVM_EVIDENCE_ITEM_SEQUENCE, 7);
	blob_item(o, CVM_EVIDENCE_ITEM_BOOT_ID, 0, boot, 16);
	blob_u64(o, CVM_EVIDENCE_ITEM_VM_EPOCH, 1);
	zeros(&t, 16);
	put64(&t, 0, 12345678901);
	put64(&t, 8, 1700000000123456789);
	blob_item(o, CVM_EVIDENCE_ITEM_TIME, 0, t.p, 16);
	buf_free(&t);
	blob_text(o, CVM_EVIDENCE_ITEM_MODULE_VERSION, "1.0");
}

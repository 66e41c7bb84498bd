// SPDX-License-Identifier: GPL-2.0-only
/*
 * Conceptual message wrappers in CBOR (RFC 9999) become the JSON that carries the same:
 * from there on both are read in one way.
 */
#include <string.h>

#include "base/cbor_read.h"
#include "base/json.h"
#include "evidence/cmw.h"
#include "evidence/tsm_report.h"

#define COLLECTION_TYPE	"__cmwc_t"

/* A text at the start of @s, whose head has one byte or two; @s is what follows it */
static bool text(struct span *s, struct span *out)
{
	size_t head = s->len && s->p[0] == 0x78 ? 2 : 1, len;

	if (s->len < head || (head == 1 && (s->p[0] < 0x60 || s->p[0] > 0x77)))
		return false;
	len = head == 2 ? s->p[1] : s->p[0] & 31;
	if (s->len - head < len)
		return false;
	*out = (struct span){ s->p + head, len };
	*s = (struct span){ s->p + head + len, s->len - head - len };
	return true;
}

static bool begins_record(struct span s)
{
	struct span type;
	size_t i;

	if (s.len < 2 || (s.p[0] != 0x82 && s.p[0] != 0x83))
		return false;
	s = (struct span){ s.p + 1, s.len - 1 };
	if (!text(&s, &type) || !memchr(type.p, '/', type.len))
		return false;
	/* random bytes begin so now and then: a media type is printable, and a byte string behind it */
	for (i = 0; i < type.len; i++)
		if (type.p[i] < 0x21 || type.p[i] > 0x7e)
			return false;
	return s.len && s.p[0] >> 5 == 2;
}

bool cmw_looks_like(struct span s)
{
	struct span label, type;

	if (begins_record(s))
		return true;
	if (!s.len || s.p[0] < 0xa1 || s.p[0] > 0xb7)
		return false;
	s = (struct span){ s.p + 1, s.len - 1 };
	if (!text(&s, &label))
		return false;
	if (label.len == strlen(COLLECTION_TYPE) && !memcmp(label.p, COLLECTION_TYPE, label.len) &&
	    (!text(&s, &type) || !text(&s, &label)))
		return false;
	return begins_record(s);
}

static bool is_type(const cbor_item_t *item, const char *type)
{
	struct span s;

	return cbor_text_of(item, &s) && s.len == strlen(type) && !memcmp(s.p, type, s.len);
}

/* A value that is CBOR itself: its byte strings would be hidden in base64. */
static struct json_object *tsm_report(struct span value, int *rc)
{
	struct json_object *o = NULL;
	cbor_item_t *map;

	*rc = cbor_read(value, "TSM report", &map);
	if (!*rc)
		o = cbor_to_json(map);
	cbor_put(&map);
	return o;
}

static struct json_object *message(const cbor_item_t *item, int *rc);

static struct json_object *record(const cbor_item_t *item, int *rc)
{
	struct json_object *o = json_object_new_array();
	cbor_item_t **part = cbor_array_handle(item);
	size_t i, n = cbor_array_size(item);
	struct span value;

	if (n < 2 || n > 3 || (!cbor_isa_string(part[0]) && !cbor_isa_uint(part[0])) ||
	    !cbor_bytes_of(part[1], &value) || (n == 3 && !cbor_isa_uint(part[2]))) {
		*rc = fail(RC_EVIDENCE, "CMW: a record is not a type, a byte string and maybe an indicator");
		return o;
	}
	for (i = 0; !*rc && i < n; i++)
		json_object_array_add(o, i == 1 && is_type(part[0], TSM_REPORT_CBOR) ?
				      tsm_report(value, rc) : cbor_to_json(part[i]));
	return o;
}

static struct json_object *collection(const cbor_item_t *item, int *rc)
{
	struct json_object *o = json_object_new_object();
	size_t i;

	for (i = 0; !*rc && i < cbor_map_size(item); i++) {
		const struct cbor_pair *p = &cbor_map_handle(item)[i];
		char *label CLEANUP(free_str) = cbor_key_text(p->key);

		/* 1 and "1" are two labels in CBOR */
		if (json_object_object_get_ex(o, label, NULL))
			*rc = fail(RC_EVIDENCE, "CMW: two messages of a collection are called \"%s\"", label);
		else
			json_object_object_add(o, label, strcmp(label, COLLECTION_TYPE) ?
					       message(p->value, rc) : cbor_to_json(p->value));
	}
	return o;
}

/* How deep it is was limited by cbor_read(). */
static struct json_object *message(const cbor_item_t *item, int *rc)
{
	if (cbor_isa_array(item))
		return record(item, rc);
	return cbor_isa_map(item) ? collection(item, rc) : cbor_to_json(item);
}

int cmw_to_json(struct span s, struct buf *out)
{
	cbor_item_t *root;
	struct json_object *o;
	int rc = cbor_read(s, "CMW", &root);

	if (rc)
		return rc;
	o = message(root, &rc);
	if (!rc)
		buf_add_str(out, json_text(o));
	json_object_put(o);
	cbor_put(&root);
	return rc;
}

// SPDX-License-Identifier: GPL-2.0-only
/* CBOR as the JSON that means the same (RFC 8949, 6.1): bytes are base64url */
#include <math.h>

#include "base/cbor_read.h"
#include "base/json.h"

static struct json_object *of_text(struct span s)
{
	return json_object_new_string_len((const char *)s.p, (int)s.len);
}

static struct json_object *of_int(const cbor_item_t *item)
{
	u64 v = cbor_get_int(item);

	if (cbor_isa_uint(item))
		return json_object_new_uint64(v);
	return v > INT64_MAX ? NULL : json_object_new_int64(-1 - (s64)v);
}

static struct json_object *of_map(const cbor_item_t *item)
{
	struct json_object *o = json_object_new_object();
	size_t i;

	for (i = 0; i < cbor_map_size(item); i++) {
		const struct cbor_pair *p = &cbor_map_handle(item)[i];
		char *key CLEANUP(free_str) = cbor_key_text(p->key);

		json_object_object_add(o, key, cbor_to_json(p->value));
	}
	return o;
}

struct json_object *cbor_to_json(const cbor_item_t *item)
{
	struct json_object *o;
	cbor_item_t *inner;
	struct span s;
	double number;
	size_t i;

	if (cbor_text_of(item, &s))
		return of_text(s);
	if (cbor_bytes_of(item, &s)) {
		char *text CLEANUP(free_str) = base64_encode(s.p, s.len, BASE64_URL);

		return json_object_new_string(text);
	}
	if (cbor_is_int(item))
		return of_int(item);
	if (cbor_isa_map(item))
		return of_map(item);
	if (cbor_isa_array(item)) {
		o = json_object_new_array();
		for (i = 0; i < cbor_array_size(item); i++)
			json_object_array_add(o, cbor_to_json(cbor_array_handle(item)[i]));
		return o;
	}
	if (cbor_isa_tag(item)) {
		inner = cbor_tag_item(item);
		o = cbor_to_json(inner);
		cbor_decref(&inner);
		return o;
	}
	if (!cbor_isa_float_ctrl(item))
		return NULL;
	if (cbor_float_ctrl_is_ctrl(item))
		return cbor_is_bool(item) ? json_object_new_boolean(cbor_get_bool(item)) : NULL;
	number = cbor_float_get_float(item);
	/* of infinity and NaN JSON has no number */
	return isfinite(number) ? json_object_new_double(number) : NULL;
}

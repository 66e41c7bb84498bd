/* SPDX-License-Identifier: GPL-2.0-only */
/* Contents of a file of Intel's Provisioning Certification Service */
#ifndef CVM_VERIFY_COLLATERAL_H
#define CVM_VERIFY_COLLATERAL_H

#include "base/json.h"
#include "verify/verify.h"

/* An object in a JSON text, as it is written: that is what was signed */
bool pcs_raw(struct span s, const char *key, struct span *out);
/* The signed object @key of @file, to be put; NULL when a check failed. @what is
 * its name in the checks.
 */
struct json_object *pcs_signed(struct verify *v, const struct buf *file, const char *key,
			       const char *what);
/* Members of an object: NULL, false or -1 when it has no such, of this type */
struct json_object *pcs_member(struct json_object *o, const char *key, enum json_type type);
bool pcs_hex(struct json_object *o, const char *key, u8 *out, size_t len);
int pcs_int(struct json_object *o, const char *key);

#endif

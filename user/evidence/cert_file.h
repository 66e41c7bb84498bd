/* SPDX-License-Identifier: GPL-2.0-only */
/* Certificates in files as tools leave them: one, or all of a directory */
#ifndef CVM_EVIDENCE_CERT_FILE_H
#define CVM_EVIDENCE_CERT_FILE_H

#include "base/util.h"

/*
 * Calls @add for the content of @path, decoded when it is text (hex, base64,
 * URL-encoded PEM). Of a directory each file that is a certificate is added; what
 * else is in it is passed over, but one without any is a failure. @option names
 * it in messages; a status of @add ends it.
 */
int cert_file_each(const char *option, const char *path,
		   int (*add)(void *arg, struct span s, const char *name), void *arg);

#endif

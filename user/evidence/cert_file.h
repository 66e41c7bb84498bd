/* SPDX-License-Identifier: GPL-2.0-only */
/* Certificates in files as tools leave them: one, or all of a directory */
#ifndef CVM_EVIDENCE_CERT_FILE_H
#define CVM_EVIDENCE_CERT_FILE_H

#include "base/util.h"

/*
 * Calls @add for the content of @path, decoded when it is text (hex, base64,
 * URL-encoded PEM). If @path is a directory, calls it for each certificate file,
 * and skips other files; a directory without any certificate is a failure.
 * Messages name
 * @option; an error status of @add ends it.
 */
int cert_file_each(const char *option, const char *path,
		   int (*add)(void *arg, struct span s, const char *name), void *arg);

#endif

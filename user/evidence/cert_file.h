/* SPDX-License-Identifier: GPL-2.0-only */
/* Certificates in files as tools leave them: one, or all of a directory */
#ifndef CVM_EVIDENCE_CERT_FILE_H
#define CVM_EVIDENCE_CERT_FILE_H

#include "base/util.h"

typedef int cert_file_fn(void *arg, struct span s, const char *name);

/*
 * Calls @add for the content of @path, decoded when it is text (hex, base64,
 * URL-encoded PEM). If @path is a directory, calls it for each certificate file, and
 * @other (which may be NULL) for each other file as it is: an error status of @other
 * skips the file, one of @add ends it. A directory where none was taken is a failure.
 * Messages name @option.
 */
int cert_file_each(const char *option, const char *path, cert_file_fn *add, cert_file_fn *other,
		   void *arg);

#endif

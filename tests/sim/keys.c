// SPDX-License-Identifier: GPL-2.0-only
/* Keys and certificates that mkkeys made, by name. */
#include <stdio.h>
#include <string.h>

#include "simtee.h"

struct embedded {
	const char *name;
	size_t len;
	const unsigned char *p;
};

#include "keys.h"

#define NR_EMBEDDED	(sizeof(embedded) / sizeof(embedded[0]))

static void *cache[NR_EMBEDDED];

static unsigned int find(const char *name)
{
	for (unsigned int i = 0; i < NR_EMBEDDED; i++)
		if (!strcmp(embedded[i].name, name))
			return i;
	die("there is no '%s' among the keys", name);
}

EVP_PKEY *sim_key(const char *name)
{
	char full[32];
	unsigned int i;

	snprintf(full, sizeof(full), "key-%s", name);
	i = find(full);
	if (!cache[i]) {
		const unsigned char *p = embedded[i].p;

		cache[i] = must(d2i_AutoPrivateKey(NULL, &p, embedded[i].len), full);
	}
	return cache[i];
}

X509 *sim_cert(const char *name, unsigned int product)
{
	char full[32];
	unsigned int i;

	snprintf(full, sizeof(full), "%s-%u", name, product);
	i = find(full);
	if (!cache[i]) {
		const unsigned char *p = embedded[i].p;

		cache[i] = must(d2i_X509(NULL, &p, embedded[i].len), full);
	}
	return cache[i];
}

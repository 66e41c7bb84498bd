// SPDX-License-Identifier: GPL-2.0-only
#include <sys/mman.h>
#include <unistd.h>

#include "base/json.h"
#include "fuzz.h"

void fuzz_broken(const char *file, int line, const char *what)
{
	dprintf(STDERR_FILENO, "%s:%d: broken: %s\n", file, line, what);
	abort();
}

__attribute__((weak)) void fuzz_prepare(void)
{
}

void fuzz_one(void (*target)(struct span s), const u8 *p, size_t len)
{
	struct buf said CLEANUP_BUF;
	static FILE *silence;
	/* a copy of just that size, whoever calls */
	u8 *copy = malloc(len ? len : 1);

	/* some code sends messages elsewhere for a while, and then to stderr */
	if (!silence) {
		silence = fopen("/dev/null", "w");
		stderr = silence;
	}

	if (len)
		memcpy(copy, p, len);
	complain_into(&said);
	target((struct span){ copy, len });
	complain_into(NULL);
	fuzz_is_text((char *)said.p, said.len);
	free(copy);
}

struct part fuzz_part(struct span *rest)
{
	size_t sep = strlen(FUZZ_SEPARATOR), len;
	const u8 *end = rest->len ? memmem(rest->p, rest->len, FUZZ_SEPARATOR, sep) : NULL;
	u8 *copy;

	len = end ? (size_t)(end - rest->p) : rest->len;
	copy = malloc(len ? len : 1);
	if (len)
		memcpy(copy, rest->p, len);
	if (end)
		len += sep;
	rest->p += len;
	rest->len -= len;
	return (struct part){ { copy, end ? len - sep : len } };
}

void fuzz_part_free(struct part *p)
{
	free((void *)p->s.p);
}

void fuzz_inside(struct span part, struct span whole)
{
	if (!part.len)
		return;
	must(part.p >= whole.p && part.len <= whole.len);
	must((size_t)(part.p - whole.p) <= whole.len - part.len);
}

void fuzz_is_text(const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		must((u8)s[i] >= ' ' ? s[i] != 0x7f : s[i] == '\n');
}

void fuzz_rendered(const struct node *root, bool json)
{
	char *text = report_render(root, json);
	struct json_object *o;

	fuzz_is_text(text, strlen(text));
	if (json) {
		o = json_parse((struct span){ (u8 *)text, strlen(text) });
		must(json_object_is_type(o, json_type_object));
		json_put(&o);
	}
	free(text);
}

void fuzz_report(struct node **root)
{
	fuzz_rendered(*root, true);
	fuzz_rendered(*root, false);
	report_free(root);
}

char *fuzz_file(struct span s, int *fd)
{
	*fd = memfd_create("fuzz", MFD_CLOEXEC);
	must(*fd >= 0);
	must(write(*fd, s.p, s.len) == (ssize_t)s.len);
	return xasprintf("/proc/self/fd/%d", *fd);
}

// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

#include "net/http_url.h"

/* Between the scheme and the path, query or fragment; false: there is no scheme */
static bool authority(const char *url, struct span *out)
{
	const char *p = strstr(url, "://");

	if (!p)
		return false;
	*out = (struct span){ (const u8 *)p + 3, strcspn(p + 3, "/?#") };
	return true;
}

char *url_host(const char *url)
{
	struct span a;
	size_t at;

	if (!authority(url, &a))
		return xstrdup("the URL");
	/* leave out a user name, up to the last @, which may hide the real host */
	for (at = a.len; at && a.p[at - 1] != '@'; at--)
		;
	return xasprintf("%.*s", (int)(a.len - at), (const char *)a.p + at);
}

int url_check(const char *what, const char *url)
{
	struct span a;
	size_t i;

	if ((strncmp(url, "https://", 8) && strncmp(url, "http://", 7)) || !authority(url, &a) ||
	    !a.len)
		return fail(RC_USAGE, "%s: it must be https://HOST[:PORT][/PREFIX]", what);
	for (i = 0; i < a.len; i++)
		if (a.p[i] == '@')
			return fail(RC_USAGE, "%s: an @ before the path is not allowed; put a secret into --secret-file FILE, never into a URL",
				    what);
	for (i = 0; i < a.len; i++)
		if (!isalnum(a.p[i]) && !strchr(".-_:[]%", a.p[i]))
			return fail(RC_USAGE, "%s: the host has a character that is not allowed", what);
	return RC_OK;
}

/* Splits host and port; false if what follows the host is not a port */
static bool split_host(struct span a, char *host, size_t size, bool *v6)
{
	const u8 *end, *p = a.p, *stop = a.p + a.len;

	*v6 = *p == '[';
	if (*v6)
		p++;
	end = memchr(p, *v6 ? ']' : ':', (size_t)(stop - p));
	if (!end && *v6)
		return false;
	end = end ? end : stop;
	if ((size_t)(end - p) >= size)
		return false;
	memcpy(host, p, (size_t)(end - p));
	host[end - p] = '\0';
	p = *v6 ? end + 1 : end;
	if (p < stop && *p++ != ':')
		return false;
	while (p < stop && isdigit(*p))
		p++;
	return p == stop;
}

bool url_is_loopback(const char *url)
{
	struct in6_addr v6;
	struct in_addr v4;
	char host[64];
	struct span a;
	bool is_v6;

	if (!authority(url, &a) || !a.len || !split_host(a, host, sizeof(host), &is_v6))
		return false;
	if (is_v6)
		return inet_pton(AF_INET6, host, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
	return inet_pton(AF_INET, host, &v4) == 1 && ntohl(v4.s_addr) >> 24 == 127;
}

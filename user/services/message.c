// SPDX-License-Identifier: GPL-2.0-only
/* A request as HTTP text, or as a line for a shell */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "services/service.h"

void message_free(struct message *m)
{
	buf_free(&m->target);
	buf_free(&m->headers);
	buf_free(&m->body);
	*m = (struct message){ 0 };
}

void message_to(struct message *m, const char *method, const char *fmt, ...)
{
	char *text CLEANUP(free_str) = NULL;
	va_list ap;

	message_free(m);
	m->method = method;
	m->accept = "application/json";
	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = xstrdup("/");
	va_end(ap);
	buf_add_str(&m->target, text);
}

/* Of a whole URL, which a service may have given, the path */
static const char *path_of(const struct message *m)
{
	const char *target = (const char *)m->target.p, *host = strstr(target, "://");

	if (!host || host > strchr(target, '/'))
		return target;
	return strchrnul(host + 3, '/');
}

/*
 * Secrets are not printed: where one belongs stands the name of the variable of
 * the environment that has it, as a shell would put it in.
 */
void message_http(const struct service *s, const struct message *m, const char *host,
		  struct buf *out)
{
	const char *line, *end;

	buf_printf(out, "%s %s HTTP/1.1\r\nHost: %s\r\n", m->method, path_of(m), host);
	if (m->type)
		buf_printf(out, "Content-Type: %s\r\n", m->type);
	buf_printf(out, "Accept: %s\r\n", m->accept);
	for (line = (char *)m->headers.p; line && *line; line = end + 1) {
		end = strchr(line, '\n');
		buf_printf(out, "%.*s\r\n", (int)(end - line), line);
	}
	if (s->secret_header) {
		buf_printf(out, "%s${%s}\r\n", s->secret_header, s->secret_env);
		warning("a secret is not printed: put the value of %s in its place before this is sent",
			s->secret_env);
	}
	if (m->type)
		buf_printf(out, "Content-Length: %zu\r\n", m->body.len);
	buf_add_str(out, "Connection: close\r\n\r\n");
	buf_add(out, m->body.p, m->body.len);
}

/* Single quotes keep everything but themselves. */
static void add_quoted(struct buf *out, const char *text, size_t len)
{
	size_t i;

	buf_add_str(out, "'");
	for (i = 0; i < len; i++) {
		if (text[i] == '\'')
			buf_add_str(out, "'\\''");
		else
			buf_add(out, text + i, 1);
	}
	buf_add_str(out, "'");
}

static void add_header(struct buf *out, const char *name, const char *value)
{
	char *text CLEANUP(free_str) = xasprintf("%s: %s", name, value);

	buf_add_str(out, " -H ");
	add_quoted(out, text, strlen(text));
}

/* A here-document carries text; other bytes travel in base64. */
static bool is_line(const struct buf *b)
{
	size_t i;

	for (i = 0; i < b->len; i++)
		if (b->p[i] < 0x20 || b->p[i] > 0x7e)
			return false;
	return true;
}

void message_curl(const struct service *s, const struct message *m, const char *host,
		  struct buf *out)
{
	char *url CLEANUP(free_str) = xasprintf("https://%s%s", host, path_of(m));
	bool text = is_line(&m->body);
	const char *line, *end;

	if (m->type && !text)
		buf_add_str(out, "base64 -d <<'EOF' | ");
	buf_printf(out, "curl --fail-with-body -sS -X %s", m->method);
	if (m->type)
		add_header(out, "Content-Type", m->type);
	add_header(out, "Accept", m->accept);
	for (line = (char *)m->headers.p; line && *line; line = end + 1) {
		end = strchr(line, '\n');
		buf_add_str(out, " -H ");
		add_quoted(out, line, (size_t)(end - line));
	}
	/* from a file descriptor: all users of the machine can see arguments */
	if (s->secret_header)
		buf_add_str(out, " -H @/dev/fd/3");
	if (m->type)
		buf_add_str(out, " --data-binary @-");
	buf_add_str(out, " ");
	add_quoted(out, url, strlen(url));
	if (s->secret_header)
		buf_add_str(out, " 3<<EOS");
	if (m->type && text)
		buf_add_str(out, " <<'EOF'");
	buf_add_str(out, "\n");
	/* bodies of here-documents follow in the order of their operators */
	if (m->type && !text) {
		char *b64 CLEANUP(free_str) = base64_encode(m->body.p, m->body.len, BASE64_STD);

		buf_printf(out, "%s\nEOF\n", b64);
	}
	if (s->secret_header)
		buf_printf(out, "%s${%s:?}\nEOS\n", s->secret_header, s->secret_env);
	if (m->type && text) {
		buf_add(out, m->body.p, m->body.len);
		buf_add_str(out, "\nEOF\n");
	}
}

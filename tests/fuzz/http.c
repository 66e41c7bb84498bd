// SPDX-License-Identifier: GPL-2.0-only
/* Header lines and body, as libcurl hands them over */
#include "../../user/net/http.c"

#include "fuzz.h"

FUZZ(http)
{
	struct http_request r = { .url = FUZZ_ENDPOINT "/", .method = "GET", .max = 100 };
	struct http_answer a CLEANUP(http_answer_free) = { 0 };
	struct transfer t = { &r, &a, false };
	struct span rest = s;

	while (rest.len) {
		struct part line CLEANUP_PART = fuzz_part(&rest);

		if (line.s.len & 1)
			on_body((char *)line.s.p, 1, line.s.len, &t);
		else
			must(on_header((char *)line.s.p, 1, line.s.len, &t) == line.s.len);
	}
	must(a.body.len <= r.max);
	must(!a.cookie || !strchr(a.cookie, ';'));
	may_repeat(&r, a.status);
}

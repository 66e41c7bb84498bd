// SPDX-License-Identifier: GPL-2.0-only
/*
 * replay DIRECTORY...: gives each file to the target that its directory is named
 * after, without libFuzzer: what once went wrong must not come back.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <unistd.h>

#include "fuzz.h"
#include "services/service.h"

static int failed;

static void replay(const char *dir, const char *name, void (*target)(struct span s))
{
	char *path CLEANUP(free_str) = xasprintf("%s/%s", dir, name);
	struct buf b CLEANUP_BUF;
	int rc = file_read(path, 1 << 24, &b);

	/* before, as a crash ends all of it */
	dprintf(STDERR_FILENO, "replay: %s\n", path);
	if (!rc)
		fuzz_one(target, b.p, b.len);
	failed |= rc;
	printf("%s %s\n", rc ? "not ok" : "ok", path);
	fflush(stdout);
}

static void replay_all(const char *dir)
{
	const char *base = strrchr(dir, '/') ? strrchr(dir, '/') + 1 : dir;
	char *symbol CLEANUP(free_str) = xasprintf("fuzz_%s", base);
	void (*target)(struct span s) = (void (*)(struct span))dlsym(RTLD_DEFAULT, symbol);
	struct dirent **files;
	int i, n = scandir(dir, &files, NULL, alphasort);

	if (n < 0 || !target) {
		printf("not ok %s: %s\n", dir, n < 0 ? "it cannot be read" : "no such target");
		failed = 1;
	}
	for (i = 0; i < n; i++) {
		if (target && files[i]->d_name[0] != '.')
			replay(dir, files[i]->d_name, target);
		free(files[i]);
	}
	if (n >= 0)
		free(files);
}

/* A service without a target would go unnoticed. */
static void every_service(void)
{
	size_t i;

	for (i = 0; i < n_services; i++) {
		char *symbol CLEANUP(free_str) = xasprintf("fuzz_service_%s", services[i]->name);
		char *c;

		for (c = symbol; *c; c++)
			if (*c == '-')
				*c = '_';
		if (!services[i]->answer || dlsym(RTLD_DEFAULT, symbol))
			continue;
		printf("not ok tests/fuzz/service.c lacks a target for %s\n", services[i]->name);
		failed = 1;
	}
}

int main(int argc, char **argv)
{
	int i;

	every_service();
	for (i = 1; i < argc; i++)
		replay_all(argv[i]);
	return failed;
}

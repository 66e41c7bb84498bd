// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "base/tree.h"
#include "cli/cmd.h"
#include "cli/platform.h"

static const char help[] =
"Usage: cvm-evidence load [--json]\n"
"\n"
"Loads the module cvm_evidence, and the driver of the TEE this machine is a guest\n"
"of: sev-guest, tdx-guest or arm-cca-guest. If the TEE cannot be determined, every\n"
"driver is tried; one that does not fit refuses to load.\n"
"\n"
"  --json        the outcome for programs\n"
"  -h, --help    this text\n"
"\n"
"Exit status: 0 cvm_evidence is loaded, whatever drivers there are ('cvm-evidence\n"
"status' shows whether one of them gives evidence); 1 failed, 3 cvm_evidence is\n"
"not installed, 4 not allowed (not root, Secure Boot, lockdown).\n"
"\n"
"Example:\n"
"  cvm-evidence load && cvm-evidence status\n";

static const struct {
	const char *name, *tee;
} drivers[] = {
#if defined(__aarch64__)
	{ "arm-cca-guest", "cca" },
#else
	{ "sev-guest", "sev-snp" },
	{ "tdx-guest", "tdx" },
#endif
};

static int load(struct node *list, const char *name)
{
	enum module_state before = module_state(name);
	int err = module_load(name);
	struct node *n = add_map(list, NULL, name);

	json_only(add_text(n, "module", "%s", name));
	add_bool(n, "loaded", !err);
	if (!err) {
		add_text(n, "outcome", "%s", before == MODULE_LOADED ? "already loaded" : "loaded now");
	} else {
		add_text(n, "error", "%s", strerror(-err));
		add_text(n, "remedy", "%s", module_load_hint(name, err));
	}
	return err;
}

static int load_all(bool json)
{
	struct node *root CLEANUP(report_free) = report_new(NULL);
	struct node *list = add_list(root, "modules", NULL);
	const char *seen = NULL, *tee = platform_tee(&seen);
	int err, rc = RC_OK, out;
	size_t i;

	err = load(list, "cvm_evidence");
	for (i = 0; i < ARRAY_SIZE(drivers); i++)
		if (!tee || !strcmp(tee, drivers[i].tee))
			load(list, drivers[i].name);
	if (tee)
		note(add_text(root, "tee", "%s", tee), "by %s", seen);
	else
		note(add_text(root, "tee", "unknown"), "nothing says that this is a confidential VM");

	if (err == -ENOENT)
		rc = RC_NO_PROVIDER;
	else if (err == -EPERM || err == -EACCES || err == -EKEYREJECTED || err == -ENOKEY)
		rc = RC_DENIED;
	else if (err)
		rc = RC_FAILED;
	out = report_print(root, json);
	if (rc)
		return fail(rc, "cannot load cvm_evidence: %s; %s", strerror(-err),
			    module_load_hint("cvm_evidence", err));
	return out;
}

static int run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "json", no_argument, NULL, 'j' },
		{ 0 }
	};
	bool json = false;
	int c;

	while ((c = cmd_getopt(argc, argv, "h", options)) != -1) {
		switch (c) {
		case 'h':
			return cmd_help(&cmd_load);
		case 'j':
			json = true;
			break;
		default:
			return cmd_usage(&cmd_load);
		}
	}
	if (optind < argc) {
		complain("load takes no argument '%s'", argv[optind]);
		return cmd_usage(&cmd_load);
	}
	return load_all(json);
}

const struct cmd cmd_load = {
	.name = "load",
	.summary = "loads the module and the drivers of this TEE",
	.help = help,
	.run = run,
};

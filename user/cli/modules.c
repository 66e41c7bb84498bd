// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include <libkmod.h>

#include "cli/platform.h"

static struct kmod_ctx *context(void)
{
	struct kmod_ctx *ctx = kmod_new(NULL, NULL);

	/* our own messages say what went wrong */
	if (ctx)
		kmod_set_log_priority(ctx, 0);
	return ctx;
}

/* The first module of that name or alias, or NULL; *err without one */
static struct kmod_module *lookup(struct kmod_ctx *ctx, const char *name, int *err)
{
	struct kmod_list *list = NULL;
	struct kmod_module *mod = NULL;

	*err = ctx ? kmod_module_new_from_lookup(ctx, name, &list) : -ENOMEM;
	if (*err >= 0 && !list)
		*err = -ENOENT;
	if (list)
		mod = kmod_module_get_module(list);
	kmod_module_unref_list(list);
	return mod;
}

enum module_state module_state(const char *name)
{
	struct kmod_ctx *ctx = context();
	struct kmod_module *mod;
	enum module_state state = MODULE_MISSING;
	int err, s;

	mod = lookup(ctx, name, &err);
	/* one that was loaded by path is in no index */
	if (!mod && ctx && !kmod_module_new_from_name(ctx, name, &mod) &&
	    kmod_module_get_initstate(mod) < 0) {
		kmod_module_unref(mod);
		mod = NULL;
	}
	if (mod) {
		s = kmod_module_get_initstate(mod);
		state = s == KMOD_MODULE_LIVE || s == KMOD_MODULE_BUILTIN ? MODULE_LOADED :
			MODULE_THERE;
		kmod_module_unref(mod);
	}
	kmod_unref(ctx);
	return state;
}

int module_load(const char *name)
{
	struct kmod_ctx *ctx = context();
	struct kmod_module *mod;
	int err;

	if (module_state(name) == MODULE_LOADED) {
		kmod_unref(ctx);
		return 0;
	}
	mod = lookup(ctx, name, &err);
	if (mod) {
		/* as modprobe: with options and blacklists of modprobe.d */
		err = kmod_module_probe_insert_module(mod, KMOD_PROBE_APPLY_BLACKLIST_ALIAS_ONLY,
						      NULL, NULL, NULL, NULL);
		if (err > 0)
			err = -EPERM;
		kmod_module_unref(mod);
	}
	kmod_unref(ctx);
	return err < 0 ? err : 0;
}

const char *module_load_hint(const char *name, int err)
{
	bool ours = !strcmp(name, "cvm_evidence");

	switch (-err) {
	case EKEYREJECTED:
	case ENOKEY:
		return "the kernel demands a signature by a key it trusts (Secure Boot): enrol the key DKMS signs with, 'mokutil --import /var/lib/dkms/mok.pub', and confirm it at the next boot; or sign the module with the image's own key";
	case EPERM:
	case EACCES:
		if (platform_lockdown() && strcmp(platform_lockdown(), "none"))
			return "the kernel is locked down (Secure Boot) and takes signed modules only: enrol the key DKMS signs with, 'mokutil --import /var/lib/dkms/mok.pub', and confirm it at the next boot; if you are not root, run as root";
		return "loading modules needs root and CAP_SYS_MODULE, which containers lack";
	case ENOENT:
		return ours ? "it is not installed for this kernel: install linux-headers for this kernel and the package cvm-evidence-dkms, or run 'make dkms-install' in the source of cvm-evidence" :
			"this kernel has no such driver";
	case ENOEXEC:
		return ours ? "it was built for another kernel: run 'dkms autoinstall', or build it again" :
			"the file was built for another kernel";
	case ENODEV:
		return "this machine is not a guest of that TEE";
	default:
		return "the kernel's log (dmesg) may say more";
	}
}

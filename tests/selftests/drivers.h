/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The simulated driver as root handles it: loaded, unloaded, its TSM entries.
 * What a case did to it is undone when the case ends.
 */
#ifndef DRIVERS_H
#define DRIVERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TSM_REPORT_DIR	"/sys/kernel/config/tsm/report"

/* main() of a program whose cases load and unload drivers; as cvm_main() */
struct ktap_case;
struct cvm_state;
int drivers_main(const struct ktap_case *cases, size_t nr, int argc, char **argv);

#define DRIVERS_TEST_MAIN(cases)					\
int main(int argc, char **argv)						\
{									\
	return drivers_main(cases, ARRAY_SIZE(cases), argc, argv);	\
}

/* "sev_guest"; SKIPs the case without a simulated TEE. */
const char *driver_name(void);
/* SKIPs without the simulator; who serves AUTO, and the rest of GET_INFO */
void driver_state(struct cvm_state *st);
/* Does a request go through TSM configfs here? */
bool driver_tsm(void);
/*
 * Have an entry of ours outlive its request, as it does for CVME_IDLE_MS unless
 * it had certificates (provider_tsm.c): the simulated sev_guest sends none.
 */
void driver_keeps_entry(void);
/* Whatever the case is about to change by itself is undone when it ends. */
void drivers_touched(void);
/* Its parameters at start, and these; 0 or the wait status of ctl. */
int driver_load(const char *params);
/* One attempt: 0 or -errno of delete_module(2). */
int module_unload_once(const char *name);
/* Until it is not in use; returns how long that took, or fails the case. */
unsigned int module_unload(const char *name, unsigned int timeout_ms);
bool module_loaded(const char *name);
/* modprobe; fails the case */
void module_load(const char *name);
/* rmmod and modprobe of cvm_evidence; all files on it must be closed. */
void reload_ours(void);
/* insmod of a simulated driver other than the one started; 0 or wait status */
int other_driver_load(const char *name, const char *params);

/*
 * Whether this kernel, of Debian's, was built with the provider's interface: TSM reports
 * came with Linux 6.7, tdx_guest with 6.2, and the cloud flavour of 6.1 has no sev-guest.
 * A driver may come from elsewhere nevertheless.
 */
bool driver_built_with(uint32_t id);
/* "sev_guest" is "sev-guest" in GET_INFO and /dev; the status of that or tsm */
struct cvm_state;
const struct cvm_evidence_provider *driver_provider(const struct cvm_state *st);
/*
 * Waits until that provider is probed after a load of its driver: available, or
 * a probe that failed; fails the case after 5 s.
 */
struct cvm_evidence_provider;
void driver_probed(struct cvm_evidence_provider *p);
/* The same, and GET_INFO says that it is available */
void driver_ready(int fd, struct cvm_state *st);

/* A knob or counter by the driver's name, also when it is not loaded. */
unsigned long long driver_counter(const char *name);

/* Entries that cvm_evidence has under tsm/report; -1 where there is no TSM. */
int tsm_entries(void);
/* The name of one of them; false when there is none. */
bool tsm_entry(char *name, size_t size);
/* Waits for the first; false after that time. */
bool tsm_entry_wait(char *name, size_t size, unsigned int timeout_ms);
/* Waits until there is none; false after that time. */
bool tsm_entries_gone(unsigned int timeout_ms);

#endif

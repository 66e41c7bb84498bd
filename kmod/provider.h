/* SPDX-License-Identifier: GPL-2.0 */
/* The table of providers, as the worker and GET_INFO see it. */
#ifndef _CVME_PROVIDER_H
#define _CVME_PROVIDER_H

#include <linux/cvm_evidence.h>
#include <linux/types.h>

#include "evidence.h"

struct cvme_provider;

int cvme_providers_init(void);
void cvme_providers_exit(void);

/* Any context */
bool cvme_provider_info(unsigned int n, struct cvm_evidence_provider *info);
u32 cvme_provider_auto(void);
void cvme_provider_failed(struct cvme_provider *p, int err);
bool cvme_providers_module(const char *module, bool going);
bool cvme_providers_hold(const char *driver);

/* The worker's side */
void cvme_providers_probe(void);
void cvme_providers_release(void);
struct cvme_provider *cvme_provider_pick(const struct cvme_params *par);
u32 cvme_provider_id(const struct cvme_provider *p);
u32 cvme_provider_tee(const struct cvme_provider *p);
int cvme_provider_check_params(const struct cvme_provider *p,
			       const struct cvme_params *par);
u64 cvme_provider_pace_ns(const struct cvme_provider *p);
int cvme_provider_take(struct cvme_provider *p, const struct cvme_params *par,
		       struct cvme_result *res);
u64 cvme_provider_note(struct cvme_provider *p, int err, u64 firmware_ns);

#endif /* _CVME_PROVIDER_H */

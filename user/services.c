// SPDX-License-Identifier: GPL-2.0-only
/* The table of services: a further one is one line here, and one file */
#include "request.h"

extern const struct service service_kbs, service_maa;

const struct service *const services[] = {
	&service_maa,
	&service_kbs,
};

const size_t n_services = ARRAY_SIZE(services);

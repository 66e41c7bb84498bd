// SPDX-License-Identifier: GPL-2.0-only
/* The table of services. CONTRIBUTING.md lists what else a new service touches. */
#include "services/service.h"

extern const struct service service_cmw, service_coco_as, service_gcp, service_ita, service_kbs,
			    service_maa, service_veraison;

const struct service *const services[] = {
	&service_maa,
	&service_ita,
	&service_kbs,
	&service_coco_as,
	&service_veraison,
	&service_gcp,
	&service_cmw,
};

const size_t n_services = ARRAY_SIZE(services);

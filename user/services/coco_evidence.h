/* SPDX-License-Identifier: GPL-2.0-only */
/* Evidence as CoCo's attesters write it: for KBS and for AS */
#ifndef CVM_SERVICES_COCO_EVIDENCE_H
#define CVM_SERVICES_COCO_EVIDENCE_H

#include "services/service.h"

/* "snp", "tdx", "az-snp-vtpm" or "az-tdx-vtpm" */
const char *coco_tee(const struct request *q);
int coco_evidence(const struct request *q, struct json_object **out);
/* HOST_DATA or MRCONFIGID is a hash of --init-data, when there are any */
int coco_check_init_data(const struct request *q);

#endif

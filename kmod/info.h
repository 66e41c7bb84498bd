/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CVME_INFO_H
#define _CVME_INFO_H

#include <linux/cvm_evidence.h>

/* CVM_EVIDENCE_F_* that are known, and those of them that are served */
#define CVME_REQUEST_FLAGS_SERVED					\
	(CVM_EVIDENCE_F_EVENT_LOG | CVM_EVIDENCE_F_TPM_QUOTE |		\
	 CVM_EVIDENCE_F_QUOTE_DATA | CVM_EVIDENCE_F_FRESH |		\
	 CVM_EVIDENCE_F_SERVICE_GUID | CVM_EVIDENCE_F_MANIFEST_VERSION | \
	 CVM_EVIDENCE_F_TDREPORT)
#define CVME_REQUEST_FLAGS_KNOWN					\
	(CVME_REQUEST_FLAGS_SERVED | CVM_EVIDENCE_F_SHARED |		\
	 CVM_EVIDENCE_F_CONTEXT)

void cvme_info_fill(struct cvm_evidence_info *info);
void cvme_info_events(bool there);
bool cvme_info_has_events(void);

#endif /* _CVME_INFO_H */

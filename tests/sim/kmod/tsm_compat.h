/* SPDX-License-Identifier: GPL-2.0 */
/* TSM's report API was renamed, field for field the same; Kbuild probes it. */
#ifndef TSM_COMPAT_H
#define TSM_COMPAT_H

#ifdef SIM_HAVE_TSM
#include <linux/tsm.h>

#ifdef SIM_HAVE_TSM_REPORT
#define sim_tsm_ops		tsm_report_ops
#define sim_tsm_desc		tsm_report_desc
#define sim_tsm_register	tsm_report_register
#define sim_tsm_unregister	tsm_report_unregister
#else
#define sim_tsm_ops		tsm_ops
#define sim_tsm_desc		tsm_desc
#define sim_tsm_register	tsm_register
#define sim_tsm_unregister	tsm_unregister
#endif
#endif /* SIM_HAVE_TSM */

#endif /* TSM_COMPAT_H */
